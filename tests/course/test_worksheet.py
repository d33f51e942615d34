"""The worksheet's answers in the teacher's guide are those that the package computes."""

import re

import numpy as np

from patchviz import (
    Cohort,
    PatchGrid,
    compute_patch_indices,
    create_patch_index_list,
    get_number_of_patches,
    get_number_of_steps,
    get_validation_split,
)
from tests.notebooks import GUIDE

SHEET = GUIDE.with_name("worksheet.html").read_text("utf-8")
HEAD = (144, 144, 144)


def compute_answers():
    """Return the numbers of each question, those with decimals in per cent."""
    ruler, line, grid = PatchGrid((18,), 8), PatchGrid((144,), 64), PatchGrid(HEAD, 64)
    cohort = Cohort.phantom()
    training, validation = get_validation_split(cohort)
    n_training, n_validation = (
        get_number_of_patches(cohort, side, 64) for side in (training, validation)
    )
    n_steps = get_number_of_steps(n_validation, 8)
    sticks_out = sum(any(n < 0 or n + 64 > 144 for n in corner) for corner in grid)
    tidy, *shuffled = (
        create_patch_index_list(training, HEAD, 64, order=order, epoch=epoch).count_reads()
        for order, epoch in [("by_subject", 0), *(("shuffle", epoch) for epoch in range(300))]
    )
    shifted = np.zeros(HEAD, int)
    for i, j, k in PatchGrid(HEAD, 64, policy="shifted"):
        shifted[i : i + 64, j : j + 64, k : k + 64] += 1
    overlapping = PatchGrid(HEAD, 64, overlap=16)
    return [
        [len(ruler)],
        [ruler.overflow[0]],
        compute_patch_indices((18,), 8).ravel().tolist(),
        [len(line), len(grid)],
        [line.overflow[0], line.starts[0][0]],
        [sticks_out],
        [100 * (1 - 144**3 / (27 * 64**3)), 100 * grid.real_fraction.min()],
        [len(PatchGrid(HEAD, size)) for size in (48, 71, 72)],
        [len(overlapping), 100 * (1 - overlapping.real_fraction.mean())],
        [len(training), len(validation)],
        [n_training, get_number_of_steps(n_training, 8)],
        [n_validation, n_steps, n_validation - 8 * (n_steps - 1)],
        [get_number_of_steps(5, 8)],
        [tidy, round(np.mean(shuffled))],
        [len(PatchGrid(HEAD, 64, overlap=32, policy=p)) for p in ("centered", "tight")],
        [PatchGrid((144,), 64, policy="shifted").starts[0][-1], 100 * (shifted > 1).mean()],
        [100 * (1 - (128 / 144) ** 3)],
    ]


def write(number):
    return f"{number:.1f}" if isinstance(number, float) else str(number)


def test_the_guide_has_the_answers():
    guide, answers = GUIDE.read_text("utf-8"), compute_answers()
    (listed,) = re.findall(r"<!-- answers -->\n(.*)<!-- end of answers -->", guide, re.DOTALL)
    assert listed.splitlines() == [
        f"{n}. {', '.join(map(write, numbers))}" for n, numbers in enumerate(answers, 1)
    ]
    assert f"asks for {len(answers)} things" in guide


def test_the_worksheet_has_a_blank_for_each_number():
    questions = re.findall(r"<li>(.*)</li>", SHEET)
    assert [q.count("<u></u>") for q in questions] == [len(a) for a in compute_answers()]


def test_the_worksheet_prints_on_one_page(browser, tmp_path):
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        page.goto(GUIDE.with_name("worksheet.html").as_uri())
        assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1

"""Views of patches that are drawn, against what brute force finds voxel by voxel."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchviz import Cohort, Explorer, Settings, get_validation_split, resolve
from patchviz.data.facts import CohortFacts
from patchviz.epochs.options import PatchOptions
from patchviz.epochs.orders import ORDERS
from patchviz.epochs.plan import plan_cohort
from patchviz.epochs.queue import PatchQueue
from patchviz.explorer.answers import Answers
from patchviz.grid.cut import cut_patch
from patchviz.grid.foreground import Foreground
from patchviz.scene import coverage
from patchviz.scene.coverage import compute_coverage
from patchviz.scene.sets import plan_sets
from patchviz.scene.wording import percent
from tests.oracle import slice_of_padded

HEADS = Cohort.phantom(6, (40, 40, 40))
TRAINING = get_validation_split(HEADS)[0][0]
SAMPLINGS = ("uniform", 0.33, 1.0, (0.0, 1.0, 2.0), (1.0, 1.0))


@st.composite
def cases(draw) -> tuple[Cohort, Settings]:
    """Small cohorts with labels that may be empty, and patches that may be larger than images."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    shape = draw(st.tuples(*[st.integers(1, 9)] * 3))
    density = draw(st.sampled_from([0, 0.02, 0.3]))
    labels = [(rng.random(shape) < density) * rng.integers(1, 4, shape) for _ in range(5)]
    cohort = Cohort.from_arrays([np.zeros(shape)] * 5, [label.astype("uint8") for label in labels])
    return cohort, Settings(
        patch_size=draw(st.tuples(*[st.integers(1, 12)] * 3)),
        sampling=draw(st.sampled_from(SAMPLINGS)),
        patches_per_subject=draw(st.none() | st.integers(1, 9)),
        batch_size=draw(st.integers(1, 9)),
        order=draw(st.sampled_from(ORDERS)),
        window=draw(st.integers(1, 5)),
        seed=draw(st.integers(0, 9)),
        epoch=draw(st.integers(0, 3)),
        subject=draw(st.integers(0, 4)),
    )


def plan_of(cohort, chosen):
    """Plan as the training generator does."""
    training, _ = get_validation_split(cohort, seed=chosen.seed)
    options = PatchOptions(
        chosen.patch_size,
        sampling=chosen.sampling,
        patches_per_subject=chosen.patches_per_subject,
        order=chosen.order,
        window=chosen.window,
        seed=chosen.seed,
    )
    return training, plan_cohort(cohort, training, options)


def count_voxels(shape, corners, size) -> np.ndarray:
    seen = np.zeros(shape, int)
    for corner in corners:
        seen[box(corner, size)] += 1
    return seen


def box(corner, size):
    return tuple(slice(max(0, c), max(0, c + p)) for c, p in zip(corner, size, strict=True))


@given(cases())
def test_a_scene_shows_the_patches_that_are_drawn(case):
    cohort, chosen = case
    scene = resolve(chosen, cohort.facts)
    training, plan = plan_of(cohort, chosen)
    assert list(plan_sets(scene.settings, cohort.facts).queue) == list(plan.queue(chosen.epoch))
    assert scene.n_queue == len(plan.queue(0))
    if chosen.subject not in training:
        on_grid = replace(chosen, sampling="grid", patches_per_subject=None)
        assert scene.sampled is None
        assert scene.axes == resolve(on_grid, cohort.facts).axes
        return
    patches = plan.patches(chosen.epoch)
    corners = list(patches[training.index(chosen.subject)])
    starts = [axis.starts for axis in scene.axes]
    assert list(zip(*starts, strict=True)) == corners

    size, label = scene.settings.patch_size, cohort[chosen.subject].label
    seen = count_voxels(label.shape, corners, size)
    real = [seen[box(corner, size)].size for corner in corners]
    assert scene.n_patches == len(corners) == sum(c.count for c in scene.classes)
    assert scene.n_real == sum(real)
    assert scene.n_whole == real.count(np.prod(size))
    assert (scene.n_seen, scene.n_seen_once) == ((seen > 0).sum(), (seen == 1).sum())
    assert scene.sampling_rule.n_by_rule == sum(some.n_by_rule for some in patches)
    if chosen.sampling != "uniform":
        held = [corner for corner in corners if label[box(corner, size)].any()]
        assert scene.sampled.n_foreground == len(held)
    for axis in scene.axes:
        low, high = min(axis.starts), max(axis.starts) + axis.patch
        assert axis.span == (min(0, low), max(axis.size, high))
        assert axis.patch > axis.size or axis.span == (0, axis.size)


@given(cases())
def test_the_ledger_of_drawn_patches_holds_their_numbers_and_none_of_the_grid(case):
    cohort, chosen = case
    scene = resolve(chosen, cohort.facts)
    rows = {row.key: row for row in scene.ledger}
    if scene.sampled is None:
        assert {"overflow", "start", "counts"} <= set(rows)
        return
    assert not {"overflow", "start", "starts", "counts"} & set(rows)
    volume = np.prod([axis.size for axis in scene.axes])
    never = 1 - scene.n_seen / volume
    assert float(rows["unseen"].value.rstrip(" %")) == pytest.approx(100 * never, abs=0.051)
    assert bool(rows["unseen"].reason) == (never > 0)
    hints = [hint.text for hint in scene.hints if hint.control == "sampling"]
    if isinstance(chosen.sampling, float):
        asked = -(-scene.n_queue * round(100 * chosen.sampling) // 100)
        training, plan = plan_of(cohort, chosen)
        sizes = zip(training, map(len, plan.patches(0)), strict=True)
        able = sum(size for n, size in sizes if cohort[n].label.any())
        assert rows["n_by_rule"].value == f"{min(asked, able):,}"
        assert any("too few training subjects" in text for text in hints) == (able < asked)
    values = {0.33: {1, 2, 3}, 1.0: {1, 2, 3}, (0.0, 1.0, 2.0): {1, 2}, (1.0, 1.0): {0, 1}}
    wanted = values.get(chosen.sampling, {0, 1, 2, 3})
    has_none = not wanted & set(np.unique(cohort[chosen.subject].label).tolist())
    assert any("its patches lie anywhere" in text for text in hints) == has_none


@given(cases(), st.integers(1, 4))
def test_coverage_of_drawn_patches_over_epochs(case, n_epochs):
    cohort, chosen = case
    chosen = resolve(chosen, cohort.facts).settings
    training, plan = plan_of(cohort, chosen)
    if chosen.subject not in training:
        return
    corners = [
        corner
        for epoch in range(n_epochs)
        for corner in plan.patches(epoch)[training.index(chosen.subject)]
    ]
    found = compute_coverage(plan_sets(chosen, cohort.facts), n_epochs)
    counts = found.counts
    for axis, edges in enumerate(found.edges):
        counts = counts.repeat(np.diff(edges), axis)
    expected = count_voxels(cohort.facts.shapes[0], corners, chosen.patch_size)
    np.testing.assert_array_equal(counts, expected)


@given(
    st.integers(0, 99),
    st.lists(st.tuples(*[st.integers(-9, 9)] * 3)),
    st.tuples(*[st.integers(1, 9)] * 3),
)
def test_foreground_is_counted_in_boxes_anywhere(seed, corners, size):
    rng = np.random.default_rng(seed)
    label = rng.random((7, 5, 6)) < rng.choice([0, 0.01, 0.5])
    counts = Foreground(label).count_each(np.array(corners).reshape(-1, 3), size)
    expected = [slice_of_padded(label, corner, size, "constant").sum() for corner in corners]
    assert counts.tolist() == expected


def said(**chosen) -> str:
    scene = resolve(Settings(**chosen), Cohort.phantom(30).facts)
    return "".join(word.text for word in scene.sentence)


def test_the_sentence_says_how_patches_are_drawn():
    assert said(sampling=0.33) == (
        "144 → 27 patches of 64 drawn (33 % hold foreground) × 24 subjects = 648 → 81 steps"
    )
    assert said(sampling="uniform", patches_per_subject=10) == (
        "144 → 10 patches of 64 drawn anywhere × 24 subjects = 240 → 30 steps"
    )
    validating = resolve(Settings(), Cohort.phantom(30).facts).validating[0][0]
    assert said(sampling=(0, 1), patches_per_subject=10, subject=validating) == (
        "144 → 3 boxes of 64 per axis → 27 patches to validate; "
        "drawn by the class in the middle in 24 subjects: 240 → 30 steps"
    )


def test_a_share_that_can_not_be_reached_is_told_before_a_patch_is_drawn():
    lesion = np.zeros((16, 16, 16), np.uint8)
    lesion[4, 5, 6] = 1
    training, validation = get_validation_split(10)
    labels = [lesion if n in training[:2] else 0 * lesion for n in range(10)]
    cohort = Cohort.from_arrays([np.zeros(lesion.shape)] * 10, labels)
    for shown in (training[0], training[2], validation[0]):
        chosen = Settings(patch_size=8, sampling=0.33, subject=shown)
        scene = resolve(chosen, cohort.facts)
        assert "(25 % hold foreground)" in "".join(word.text for word in scene.sentence)
        told = "only 25 % hold foreground, not 33 %: too few training subjects"
        assert any(hint.text.startswith(told) for hint in scene.hints)
    scene = resolve(replace(chosen, subject=training[0]), cohort.facts)
    (row,) = (row for row in scene.ledger if row.key == "n_by_rule")
    assert row.value == "16"
    assert row.formula.startswith("all of the subjects that have any, less than ceil(64·0.33)")
    held = 0
    for patches in plan_sets(chosen, cohort.facts).training.patches(0):
        label = cohort[patches.subject].label
        held += sum(label[box(corner, (8,) * 3)].any() for corner in patches)
    assert held == 16


def test_the_reference_case_draws_214_for_their_foreground():
    scene = resolve(Settings(sampling=0.33), Cohort.phantom(30).facts)
    row = {row.key: row for row in scene.ledger}["n_by_rule"]
    assert (row.value, row.formula) == ("214", "ceil(648·0.33) = 214; 9 of them here")


def test_settings_print_chances_as_they_are():
    assert repr(Settings(sampling=(1.0, 1.0))) == "Settings(sampling=(1.0, 1.0))"


def test_too_many_blocks_are_said_and_not_counted(monkeypatch):
    monkeypatch.setattr(coverage, "MOST_BLOCKS", 100)
    chosen = Settings(patch_size=8, sampling="uniform", subject=TRAINING)
    scene = resolve(chosen, HEADS.facts)
    assert (scene.n_seen, scene.n_seen_once) == (None, None)
    assert {row.key: row.value for row in scene.ledger}["unseen"] == "not counted"
    with pytest.raises(ValueError, match="coverage can be counted of at most 100 blocks"):
        compute_coverage(plan_sets(chosen, HEADS.facts))
    asked = {"kind": "coverage", "settings": scene.to_json()["settings"], "n_epochs": 1}
    content, _ = Answers(HEADS).to(id="", **asked)
    assert "shares" not in content
    assert content["failure"].startswith("coverage can be counted of at most 100 blocks")


def entries_of(queue: PatchQueue, n: int) -> list[tuple[int, int]]:
    """Return subject and patch of the last n entries."""
    offsets = np.cumsum([0, *map(len, queue.grids)])
    return [
        (int(queue.subjects[visit]), int(number - offsets[visit]))
        for visit, number in zip(queue.visits[-n:], queue.order[-n:], strict=True)
    ]


@pytest.mark.parametrize("sampling", ["grid", *SAMPLINGS])
def test_a_batch_is_told_with_the_corners_of_all_its_subjects(sampling):
    scene = resolve(Settings(patch_size=16, sampling=sampling, order="buffered"), HEADS.facts)
    queue = plan_sets(scene.settings, HEADS.facts).queue
    entries, corners = entries_of(queue, 8), [corner for _, corner in queue[-8:]]
    assert len({n for n, _ in entries}) > 1
    asked = {"settings": scene.to_json()["settings"], "entries": entries}
    pictures, [greys] = Answers(HEADS).to(kind="patches", id="", axis=2, **asked)
    contents, _ = Answers(HEADS).to(kind="contents", id="", **asked)
    assert pictures["corners"] == contents["corners"] == corners
    slices = np.frombuffer(greys, np.uint8).reshape(8, *pictures["shape"]).astype(float)
    shares = []
    for (n, _), corner, insides, slice_ in zip(
        entries, corners, contents["insides"], slices, strict=True
    ):
        middle = (max(0, corner[2]) + min(40, corner[2] + 16)) // 2
        cut = cut_patch(HEADS[n].image[0], (*corner[:2], middle), (16, 16, 1))[..., 0]
        assert np.corrcoef(cut.ravel(), slice_.ravel())[0, 1] > 0.95
        inside = HEADS[n].label[box(corner, (16,) * 3)]
        assert insides == list(inside.shape)
        shares.append(np.mean(inside > 0))
    assert contents["foreground"] == pytest.approx(shares)
    held = f"{np.count_nonzero(shares)} of 8 patches hold foreground"
    assert contents["text"].startswith(f"{held}; it is {percent(np.mean(shares))} of a patch")


def test_without_labels_a_batch_has_no_foreground():
    cohort = Cohort.from_arrays([np.zeros((8, 8, 8))] * 3)
    scene = resolve(Settings(patch_size=4, sampling="uniform"), cohort.facts)
    asked = {"settings": scene.to_json()["settings"], "entries": [(0, 0), (1, 5)]}
    contents, _ = Answers(cohort).to(kind="contents", id="", **asked)
    assert (contents.get("foreground"), contents["text"]) == (None, "")


@pytest.mark.parametrize(
    ("chosen", "control"),
    [
        ({"sampling": 0.33, "skip_blank": "any"}, "skip_blank"),
        ({"sampling": 0.33, "start_offset": 8}, "start_offset"),
        ({"sampling": 33}, "sampling"),
        ({"patches_per_subject": 9}, "patches_per_subject"),
        ({"sampling": "uniform", "patches_per_subject": 0}, "patches_per_subject"),
        ({"window": 0}, "window"),
    ],
)
def test_a_refusal_blames_a_control_by_name(chosen, control):
    asked = resolve(Settings(), HEADS.facts).to_json()["settings"] | chosen
    content, _ = Answers(HEADS).to(kind="scene", id="", settings=asked)
    assert "scene" not in content
    assert content["control"] == control


def test_the_explorer_takes_up_sampling():
    explorer = Explorer(HEADS, settings=Settings(patch_size=16, subject=TRAINING))
    explorer.settings = replace(explorer.settings, sampling=[0, 1], patches_per_subject=5)
    assert explorer.scene.sampling_rule.text == "by the class in the middle"
    explorer.selected = 4
    with pytest.raises(ValueError, match="`selected` must be from 0 to 4, got 5"):
        explorer.selected = 5


def test_shapes_alone_are_enough_to_draw_anywhere():
    scene = resolve(Settings(sampling="uniform"), CohortFacts.from_shape((144,) * 3))
    assert scene.sampled.n_foreground is None


@settings(max_examples=30)
@given(cases())
def test_every_padding_of_the_track_is_that_of_its_scene(case):
    cohort, chosen = case
    scene = resolve(chosen, cohort.facts)
    if scene.sampled is None:
        return
    for size, padding, count in zip(
        scene.size_sweep.sizes, scene.size_sweep.padding, scene.size_sweep.counts, strict=True
    ):
        there = resolve(replace(chosen, patch_size=size), cohort.facts)
        assert count == there.n_patches
        assert padding == pytest.approx(1 - there.n_real / (count * size**3), abs=1e-4)


def test_the_code_of_the_readme_runs(capsys):
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    (code,) = (c for c in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "sampling=" in c)
    exec(code, {})
    steps, share = capsys.readouterr().out.split()
    assert steps == "81"
    assert 0 < float(share) < 0.1

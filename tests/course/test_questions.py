"""What is right, what is not, and how it is said; typed in a real JupyterLab, too."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest

import patchviz
from patchviz.course.questions import Question, check, find_answer
from tests.lab import TIMEOUT, write_notebook
from tests.node import ask_node

UNITS = ["", " ", "%", " %", " voxels", " mm³", " boxes in all", " MiB", "."]

# What is right ----------------------------------------------------------------------------------


@pytest.fixture
def verdicts():
    """Return what the page says of (guess, what is right, how it is written)."""

    def judge(cases):
        code = "const answer = given.map((case_) => it.judge(...case_));"
        return ask_node("state/guess.js", code, cases)

    return judge


@pytest.fixture
def wrongly_judged(verdicts):
    """Return of (guess, answer) those that are right though they should not be, or the reverse."""

    def judge(cases, expected):
        asked = [(guess, find_answer(value)["right"], "") for guess, value in cases]
        found = zip(cases, verdicts(asked), strict=True)
        return [case for case, verdict in found if verdict["right"] is not expected]

    return judge


def whole_numbers(n):
    draw = random.Random(0)
    return [draw.randint(-(10 ** draw.randint(1, 7)), 10 ** draw.randint(1, 7)) for _ in range(n)]


def test_numbers_are_right_as_typed_or_rounded_and_no_others(wrongly_judged):
    draw = random.Random(1)
    right, wrong = [], []
    for value in whole_numbers(300):
        unit = draw.choice(UNITS)
        right += [(f" {value:{mark}}{unit}", value) for mark in ("", ",", "_")]
        right += [(f"{value:,}{unit}".replace("-", "\N{MINUS SIGN}"), np.int64(value))]
        wrong += [(f"{value + 1}{unit}", value), (f"{value}.4", value), (f"{-value or 1}", value)]
    for _ in range(300):
        value, decimals, unit = draw.uniform(-1e4, 1e4), draw.randint(0, 4), draw.choice(UNITS)
        if abs(value) < 1:  # a share in per cent is another case
            continue
        right += [(f"{value:{mark}.{decimals}f}{unit}", value) for mark in ("", ",")]
        off = max(1.6 * 10**-decimals, 2e-6 * abs(value))  # six digits are enough
        wrong += [(f"{value + off:.{max(decimals, 2)}f}{unit}", value)]
    assert wrongly_judged(right, True) == []
    assert wrongly_judged(wrong, False) == []


def test_sequences_are_compared_element_by_element(wrongly_judged):
    draw, values = random.Random(2), whole_numbers(400)
    right, wrong = [], []
    while len(values) > 5:
        some = [values.pop() % 1000 for _ in range(draw.randint(2, 5))]
        between = draw.choice([", ", " ", " and "])
        typed = between.join(map(str, some))
        right += [(f"({typed})", tuple(some)), (typed, np.array(some))]
        wrong += [(between.join(map(str, [*some[:-1], some[-1] + 1])), some)]
        wrong += [(typed + between + "7", some)]
    assert wrongly_judged(right, True) == []
    assert wrongly_judged(wrong, False) == []


RIGHT = [
    ("72", 71.9),
    ("58", 57.8125),
    ("57,8", 57.8125),
    ("57.81 %", 57.8125),
    ("57.8%", 0.578125),
    ("58 %", 0.578125),
    ("0.4", 0.391),
    ("25 %", 0.25),
    ("27", 27.0),
    ("1e3", 1000),
    ("1E+3 voxels", 1000),
    ("1.5e-7", 1.5e-7),
    ("57.812", 57.8125),
    ("57.813", 57.8125),
    ("0.3333331", 1 / 3),
    ("3 x 3 x 3", (3, 3, 3)),
    ("3×3×3", (3, 3, 3)),
    ("3", (3, 3, 3)),
    ("24 and 6", [24, 6]),
    ("1,000, 2,000", (1000, 2000)),
    (".5", 0.5),
    ("Yes", True),
    ("no", np.bool_(False)),
    ("By subject", "by_subject"),
    ("sub-01 and sub-02", "sub-01 and sub-02"),
]
WRONG = [
    ("57", 57.8125),
    ("60", 57.8125),
    ("57.9", 57.8125),
    ("71", 71.9),
    ("27.2", 27.0),
    ("1", 0.578125),
    ("0", 0.391),
    ("0.3", 0.391),
    ("0", 1.5e-7),
    ("0.55", 0.5),
    ("1e3", 1),
    ("1e2", 57.8125),
    ("0.333330", 1 / 3),
    ("2", (-24, 40)),
    ("27", 0.27),
    ("", 27),
    ("many", 27),
    ("27 of 30", 27),
    ("3", True),
    ("true or false", True),
    ("centered", "tight"),
]


def test_these_are_right_and_these_are_not(wrongly_judged):
    assert wrongly_judged(RIGHT, True) == []
    assert wrongly_judged(WRONG, False) == []


def test_a_number_of_the_ledger_is_known_as_far_as_it_is_written(verdicts):
    right = ["57.8", "58 %", "57.81%", "57.8125 %"]
    wrong = ["57", "57.9", "57.7", "60", ""]
    assert [v["right"] for v in verdicts([(g, "57.8 %", "") for g in right])] == [True] * 4
    assert [v["right"] for v in verdicts([(g, "57.8 %", "") for g in wrong])] == [False] * 5
    whole = verdicts(
        [("648", "648", ""), ("648.3", "648", ""), ("3000", "3,000", ""), ("3", "4", "")]
    )
    assert [v["right"] for v in whole] == [True, False, True, False]


# What a learner of Python has, what is right, and whether that agrees: `check` says what the page
# says where the same is typed.
HAD = [
    (58, 57.8125, True),
    (57.8, 57.8125, True),
    (57.812, 57.8125, True),
    (57.8125, 57.8125, True),
    (np.float32(0.1), 0.1, True),
    (57, 57.8125, False),
    (57.9, 57.8125, False),
    (58.0, 57.8125, False),
    (60, 57.8125, False),
    (0.5, 0.53, True),
    (0, 0.391, False),
    (1, 0.391, False),
    (1 / 3, 0.3333333, True),
    (1 / 3, 0.3334, False),
    (1.5e-7, 1.52e-7, True),
    (1.6e-7, 1.52e-7, False),
    (27, 27, True),
    (27.0, 27, True),
    (27, 27.0, True),
    (27.2, 27, False),
    (1e3, 1000, True),
    (-24, 24, False),
    (math.inf, 24, False),
    (math.nan, 0.5, False),
    (3, (3, 3, 3), True),
    ((3, 3, 3), (3, 3, 3), True),
    ((3, 4), (3, 3, 3), False),
    ([-3, 5, 13], np.array([-3, 5, 13]), True),
    ([-3, 5, 14], [-3, 5, 13], False),
    ([], [1], False),
    ([0.21, 0.62], [0.2124, 0.6189], True),
    ([0.21, 0.63], [0.2124, 0.6189], False),
    (True, True, True),
    (False, True, False),
    (1, True, False),
    ("yes", True, True),
    ("tight", "tight", True),
    ("By subject", "by_subject", True),
    ("shifted", "tight", False),
    (3, "tight", False),
    (None, 3, False),
]


def test_check_and_the_page_have_one_rule(verdicts, capsys):
    def write(mine):
        return " ".join(map(str, mine)) if isinstance(mine, (list, tuple)) else str(mine)

    typed = [(write(mine), find_answer(answer)["right"], "") for mine, answer, _ in HAD]
    expected = [agrees for *_, agrees in HAD]
    assert [verdict["right"] for verdict in verdicts(typed)] == expected
    for mine, answer, _ in HAD:
        check(mine, answer)
    said = capsys.readouterr().out.splitlines()
    assert [line == "right" for line in said] == expected


# How it is said ----------------------------------------------------------------------------------


def test_the_verdict_in_words(verdicts):
    cases = [
        ("27 ", lambda: 27, "27: right"),
        (" 9", 27, "you said 9; it is 27"),
        ("3000", 3000, "3,000: right"),
        ("57.8", 57.8125, "57.8125: right"),
        ("3", 64 / 27, "you said 3; it is 2.3704"),
        ("0", 1.5e-7, "you said 0; it is 1.5e-07"),
        ("1", np.array([-24, 40, 1040]), "you said 1; it is -24, 40, 1040"),
        ("no", True, "you said no; it is yes"),
    ]
    asked = [(guess, *find_answer(value).values()) for guess, value, _ in cases]
    assert [verdict["text"] for verdict in verdicts(asked)] == [text for *_, text in cases]


def test_what_the_page_gets_is_in_json():
    assert find_answer((np.int64(3), np.float32(0.5), np.bool_(True))) == {
        "right": [3, 0.5, True],
        "text": "3, 0.5, yes",
    }
    assert find_answer(Path("a")) == {"right": ["a"], "text": "a"}


def test_an_answer_that_fails_is_told_in_words():
    found = find_answer(lambda: len(grid))  # noqa: F821 -- as a learner's cell has it
    assert found["right"] is None
    assert found["text"] == (
        "no answer yet: name 'grid' is not defined (NameError). Run the cells above this one first."
    )


@pytest.mark.parametrize(
    ("mine", "answer", "printed"),
    [
        (..., 27, "your turn: replace the dots"),
        ((1, ...), (1, 2), "your turn: replace the dots"),
        (27, lambda: 27, "right"),
        (27.0, 27, "right"),
        (26, 27, "not yet: you have 26"),
        (57.8, 57.8125, "right"),
        (58, 57.8125, "right"),
        (0.4, 0.53, "not yet: you have 0.4"),
        ([-3, 5, 13], np.array([-3, 5, 13]), "right"),
        (np.array([[1, 2]]), [1, 3], "not yet: you have 1, 2"),
        ([0] * 200, [1] * 200, "not yet: you have " + 12 * "0, " + "…"),
        ("tight", "tight", "right"),
        (None, 3, "not yet: you have None"),
        (1, lambda: 1 / 0, "no answer yet: division by zero (ZeroDivisionError). "),
    ],
)
def test_an_exercise_is_checked_without_telling(mine, answer, printed, capsys):
    check(mine, answer)
    out = capsys.readouterr().out
    assert out.startswith(printed)
    assert out.count("\n") == 1


def test_where_nothing_runs_the_answer_is_in_a_fold():
    data, _ = patchviz.ask("How many < 30?", lambda: 27)._repr_mimebundle_()
    assert data["text/html"] == (
        '<div class="patchviz-question" '  # the site's pages ask by what it carries
        'data-answer="{&quot;right&quot;: [27], &quot;text&quot;: &quot;27&quot;}">'
        "<p>How many &lt; 30?</p>"
        "<details><summary>answer</summary>27</details></div>"
    )


def test_a_question_is_text():
    with pytest.raises(TypeError, match="`question` must be text, got 27"):
        patchviz.ask(27, 27)


def test_the_answer_comes_when_the_page_asks_for_it(monkeypatch):
    sent = []
    monkeypatch.setattr(Question, "send", lambda _, content: sent.append(content))
    Question("How many?", 27)._handle_custom_msg({"kind": "answer"}, [])
    assert sent == [{"right": [27], "text": "27"}]


# In JupyterLab -----------------------------------------------------------------------------------

CELL = """import patchviz
n = 27
patchviz.ask("How many boxes in all?", lambda: n)"""


def test_a_guess_typed_in_jupyterlab(lab, page):
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import expect

    write_notebook(lab.root / "question.ipynb", [CELL])
    lab.open(page, "question.ipynb")
    lab.run_all(page)
    field = page.get_by_role("textbox", name="How many boxes in all?")
    field.wait_for(timeout=TIMEOUT)
    button = page.get_by_role("button", name="check", exact=True)
    button.click()
    said = page.locator(".patchviz-question").get_by_role("status")
    expect(said).to_have_text("type a guess first")
    field.fill("9")
    button.click()
    expect(said).to_have_text("you said 9; it is 27", timeout=TIMEOUT)
    field.fill("27 boxes")
    field.press("Enter")
    expect(said).to_have_text("27: right", timeout=TIMEOUT)
    results = Axe().run(page, ".patchviz-question")
    assert results.violations_count == 0, results.generate_report()

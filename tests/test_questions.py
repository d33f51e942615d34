"""What is right, what is not, and how it is said; typed in a real JupyterLab, too."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import patchviz
from patchviz.questions import Question, check, is_right, judge

from .lab import TIMEOUT, write_notebook

UNITS = ["", " ", "%", " %", " voxels", " mm³", " boxes in all", " MiB", "."]
units = st.sampled_from(UNITS)


# What is right -----------------------------------------------------------------------------------


@given(st.integers(-(10**7), 10**7), units, st.sampled_from(["", ",", "_"]))
def test_a_whole_number_is_right_however_it_is_typed(value, unit, thousands):
    assert is_right(f" {value:{thousands}}{unit}", value)
    assert is_right(f"{value:{thousands}}".replace("-", "\N{MINUS SIGN}"), np.int64(value))


@given(st.integers(-(10**7), 10**7), st.integers(-(10**7), 10**7), units)
def test_no_other_whole_number_is_right(value, other, unit):
    assume(value != other)
    assert not is_right(f"{other}{unit}", value)


@given(st.floats(-1e4, 1e4), st.integers(1, 4), units)
def test_a_float_is_right_when_rounded_to_the_decimals_typed(value, decimals, unit):
    assume(not math.isclose(value, 0, abs_tol=1e-6))
    assert is_right(f"{value:.{decimals}f}{unit}", value)
    assert is_right(f"{value:,.{decimals}f}{unit}", value)
    off = value + 1.6 * 10**-decimals
    share = "%" in unit and 0 < value < 1  # which is also right in per cent
    assert share or not is_right(f"{off:.{decimals}f}{unit}", value)


@given(st.lists(st.integers(-999, 999), min_size=2, max_size=5), st.sampled_from([", ", " ", ","]))
def test_sequences_are_compared_element_by_element(values, between):
    typed = between.join(map(str, values))
    assert is_right(f"({typed})", tuple(values))
    assert is_right(typed, np.array(values))
    assert not is_right(between.join(map(str, [*values[:-1], values[-1] + 1])), values)
    assert not is_right(typed + between + "7", values)


@pytest.mark.parametrize(
    ("guess", "value"),
    [
        ("57,8", 57.8125),
        ("57.81 %", 57.8125),
        ("57.8%", 0.578125),
        ("25 %", 0.25),
        ("27", 27.0),
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
    ],
)
def test_these_are_right(guess, value):
    assert is_right(guess, value)


@pytest.mark.parametrize(
    ("guess", "value"),
    [
        ("58", 57.8125),
        ("57.9", 57.8125),
        ("0.55", 0.5),
        ("2", (-24, 40)),
        ("27", 0.27),
        ("", 27),
        ("many", 27),
        ("27 of 30", 27),
        ("3", True),
        ("true or false", True),
        ("centered", "tight"),
        ("1", math.nan),
    ],
)
def test_these_are_not_right(guess, value):
    assert not is_right(guess, value)


# How it is said ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("guess", "value", "text"),
    [
        ("27 ", lambda: 27, "27: right"),
        (" 9", 27, "you said 9; it is 27"),
        ("3000", 3000, "3,000: right"),
        ("57.8", 57.8125, "57.8125: right"),
        ("2", 64 / 27, "you said 2; it is 2.3704"),
        ("0", 1.5e-7, "you said 0; it is 1.5e-07"),
        ("1", np.array([-24, 40, 1040]), "you said 1; it is -24, 40, 1040"),
        ("no", True, "you said no; it is yes"),
    ],
)
def test_the_verdict_in_words(guess, value, text):
    assert judge(guess, value) == {"right": text.endswith("right"), "text": text}


def test_an_answer_that_fails_is_told_in_words():
    verdict = judge("9", lambda: len(grid))  # noqa: F821 -- as a learner's cell has it
    assert verdict["right"] is None
    assert verdict["text"] == (
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
        (0.5, 0.53, "not yet: you have 0.5"),
        ([-3, 5, 13], np.array([-3, 5, 13]), "right"),
        (np.array([[1, 2]]), [1, 3], "not yet: you have 1, 2"),
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
        '<div class="patchviz-question"><p>How many &lt; 30?</p>'
        "<details><summary>answer</summary>27</details></div>"
    )


def test_a_question_is_text():
    with pytest.raises(TypeError, match="`question` must be text, got 27"):
        patchviz.ask(27, 27)


def test_a_guess_is_answered_to_all_views(monkeypatch):
    sent = []
    monkeypatch.setattr(Question, "send", lambda _, content: sent.append(content))
    Question("How many?", 27)._handle_custom_msg({"guess": "27"}, [])
    assert sent == [{"right": True, "text": "27: right"}]


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

"""Questions of the course: a guess before the number is shown, and exercises."""

from __future__ import annotations

import html
import json
import math
import re
from decimal import Decimal
from typing import Any

import numpy as np
import traitlets

from patchviz.explorer.bundle import SCRIPTS, STYLES, bundle
from patchviz.explorer.widget import Widget

MOST_SHOWN = 12  # items of a sequence
HALF = 0.5 + 1e-9  # of the last digit: 57.812 and 57.813 are 57.8125 rounded


class Question(Widget):
    """A question with room for a guess; the answer is computed when asked for. `ask` makes it."""

    _esm = bundle(SCRIPTS / "pages/question.js")
    _css = (STYLES / "ask.css").read_text("utf-8")

    question = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, question: str, answer: Any):
        super().__init__()
        self.set_trait("question", question)
        self._answer = answer
        self.on_msg(self._hear)

    def _hear(self, *_: Any) -> None:
        self.send(find_answer(self._answer))

    def _stand_in(self) -> dict[str, str]:
        found = find_answer(self._answer)
        fold = (  # which js/pages/site.js makes a live question of
            f'<div class="patchviz-question" data-answer="{html.escape(json.dumps(found))}">'
            f"<p>{html.escape(self.question)}</p>"
            f"<details><summary>answer</summary>{html.escape(found['text'])}</details></div>"
        )
        return {"text/html": fold}


def ask(question: str, answer: Any) -> Question:
    """Ask for a guess, and say how right it is.

    In a saved notebook, where nothing runs, the question stands with its answer in a fold.

    Parameters
    ----------
    question : str
        One sentence, in plain text.
    answer : number, bool, str, sequence of these, or callable
        What is right, or a function without arguments that computes it, whenever a guess is
        checked. Of a guess, spaces, thousands commas, percent signs and units don't matter. A
        whole number must be exact; of others the first digits will do, rounded: 72 for 71.9. Six
        digits are always enough.

    Returns
    -------
    Question
        The widget; the last line of a cell shows it.

    Raises
    ------
    TypeError
        When `question` is no text.
    """
    if not isinstance(question, str):
        raise TypeError(f"`question` must be text, got {question!r}")
    return Question(question, answer)


def check(mine: Any, answer: Any) -> None:
    """Print whether the solution of an exercise is right, but never the answer.

    Parameters
    ----------
    mine : object
        The learner's; ``...`` while it is missing.
    answer : object or callable
        What is right, as for `ask`, and by the same rule.
    """
    items = _items(mine)
    if any(item is ... for item in items):
        print("your turn: replace the dots")
        return
    found = find_answer(answer)
    if found["right"] is None:
        print(found["text"])
    else:
        print("right" if _is_right(items, found["right"]) else f"not yet: you have {_show(mine)}")


def find_answer(answer: Any) -> dict[str, Any]:
    """Compute what is right, as the page needs it to compare a guess with it.

    "right" has truth values, numbers and texts in one flat list, or is None where there is no
    answer; "text" says how it is written, or why there is none.
    """
    try:
        value = answer() if callable(answer) else answer
    except Exception as error:  # whatever the learner's cells left behind
        why = f"{error} ({type(error).__name__})"
        return {"right": None, "text": f"no answer yet: {why}. Run the cells above this one first."}
    known = (bool, int, float)
    right = [item if isinstance(item, known) else str(item) for item in _items(value)]
    return {"right": right, "text": _show(value)}


def _is_right(mine: list[Any], right: list[Any]) -> bool:
    """Compare as `is_right` in js/state/guess.js does, where a learner types what is `mine`."""
    if not all(map(_is_number, right)):
        return _words(mine) == _words(right)
    if not mine or not all(map(_is_number, mine)):
        return False
    if mine.count(mine[0]) == len(mine):
        mine = mine[:1] * len(right)  # 3 where it is 3 on every axis
    return len(mine) == len(right) and all(map(_is_near, mine, right))


def _is_near(number: float, right: float) -> bool:
    if float(right).is_integer() or not math.isfinite(number):
        return number == right
    digits = Decimal(str(number)).as_tuple()
    unit = 10.0 ** int(digits.exponent)  # of the last digit
    return unit <= abs(right) and math.isclose(number, right, rel_tol=1e-6, abs_tol=HALF * unit)


def _is_number(item: Any) -> bool:
    return isinstance(item, (int, float)) and not isinstance(item, bool)


def _words(items: list[Any]) -> list[str]:
    return re.findall(r"[^\W_]+", " ".join(_show_item(item, "") for item in items).lower())


def _items(value: Any) -> list[Any]:
    """Return what a value holds, in one flat list of Python's own types."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in _items(part)]
    return [value]


def _show(value: Any) -> str:
    items = _items(value)
    if len(items) == 1:
        return _show_item(items[0], ",")
    more = ["…"] if len(items) > MOST_SHOWN else []
    return ", ".join([*(_show_item(item, "") for item in items[:MOST_SHOWN]), *more])


def _show_item(item: Any, thousands: str) -> str:
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, float) and math.isfinite(item):
        if 0 < abs(item) < 0.001:
            return f"{item:.3g}"
        return f"{item:{thousands}.4f}".rstrip("0").rstrip(".")
    return f"{item:{thousands}}" if isinstance(item, int) else str(item)

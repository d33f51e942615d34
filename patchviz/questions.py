"""Questions of the course: a guess before the number is shown, and exercises."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from patchviz.explorer.fallback import beside

HERE = Path(__file__).parent
YES_OR_NO = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+(?:\.(\d+))?|\.(\d+))")


class Question(anywidget.AnyWidget):
    """A question with room for a guess, which is compared in Python; `ask` makes it."""

    _esm = HERE / "question.js"
    _css = HERE / "question.css"

    question = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, question: str, answer: Any):
        super().__init__()
        self.set_trait("question", question)
        self._answer = answer
        self.on_msg(self._hear)

    def _hear(self, _: Any, content: dict[str, Any], __: Any) -> None:
        self.send(judge(content["guess"], self._answer))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        text = (
            f'<div class="patchviz-question"><p>{html.escape(self.question)}</p>'
            f"<details><summary>answer</summary>{html.escape(_tell(self._answer))}</details></div>"
        )
        return beside(super()._repr_mimebundle_(**kwargs), "text/html", text)


def ask(question: str, answer: Any) -> Question:
    """Ask for a guess, and say how right it is.

    In a saved notebook, where nothing runs, the question stands with its answer in a fold.

    Parameters
    ----------
    question : str
        One sentence, in plain text.
    answer : number, bool, str, sequence of these, or callable
        What is right, or a function without arguments that computes it, whenever a guess is
        checked. Of a guess, spaces, thousands commas, percent signs and units don't matter; a
        float may be rounded, to one decimal or more.

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
        What is right, or a function without arguments that computes it. Floats agree when they
        differ by less than one in a thousand.
    """
    if mine is ... or (isinstance(mine, (list, tuple)) and any(item is ... for item in mine)):
        print("your turn: replace the dots")
        return
    try:
        right = _agree(mine, _compute(answer))
    except Exception as error:  # whatever the learner's cells left behind
        print(_explain(error))
    else:
        print("right" if right else f"not yet: you have {_show(mine)}")


def judge(guess: str, answer: Any) -> dict[str, Any]:
    """Compare a guess, as somebody typed it, with the answer.

    Parameters
    ----------
    guess : str
        What was typed.
    answer : object or callable
        As for `ask`.

    Returns
    -------
    dict
        "right": True or False, or None where there is no answer; "text": the same in words.
    """
    try:
        value = _compute(answer)
        right = is_right(guess, value)
    except Exception as error:  # whatever the learner's cells left behind
        return {"right": None, "text": _explain(error)}
    shown = _show(value)
    return {
        "right": right,
        "text": f"{shown}: right" if right else f"you said {guess.strip()}; it is {shown}",
    }


def is_right(guess: str, value: Any) -> bool:
    """Tell whether typed text says a value: a bool, a number, a text, or a sequence of these."""
    items = _items(value)
    if all(isinstance(item, bool) for item in items):
        return [YES_OR_NO.get(word) for word in re.findall(r"\w+", guess.casefold())] == items
    if any(isinstance(item, str) for item in items):
        return _words(guess) == _words(" ".join(map(str, items)))
    return any(_says(reading, items) for reading in _readings(guess))


def _readings(guess: str) -> Iterable[str]:
    """Yield what typed numbers may mean: 3,000 is one number or two, 57,8 one or two."""
    text = guess.replace("\N{MINUS SIGN}", "-")
    text = re.sub(r"(?<=\d)\s*[x×*]\s*(?=\d)", " ", text)  # 3 x 3 x 3
    yield text
    yield re.sub(r"(?<=\d)[,\s'_](?=\d{3}(?!\d))", "", text)
    yield re.sub(r"(?<=\d),(?=\d)", ".", text)


def _says(reading: str, items: list[Any]) -> bool:
    found = [(float(match[0]), match[1] or match[2]) for match in _NUMBER.finditer(reading)]
    if len(found) == 1:
        found *= len(items)  # 3, for 3 on every axis
    if len(found) != len(items):
        return False
    percent = "%" in reading
    return all(
        _is_near(number, decimals, item, percent)
        for (number, decimals), item in zip(found, items, strict=True)
    )


def _is_near(number: float, decimals: str | None, item: float, percent: bool) -> bool:
    """Tell whether a number is an item, rounded to the decimals that it was typed with."""
    if isinstance(item, int):
        return number == item
    half = 0.5 * 10 ** -len(decimals) if decimals else 0
    values = [item, 100 * item] if percent and 0 < item < 1 else [item]  # 25 % for 0.25
    return any(abs(number - value) <= half + 1e-12 * (1 + abs(value)) for value in values)


def _agree(mine: Any, value: Any) -> bool:
    """Compare two values, sequences elementwise, floats to one in a thousand."""
    ours, theirs = _items(mine), _items(value)
    return len(ours) == len(theirs) and all(
        math.isclose(one, other, rel_tol=1e-3 if isinstance(other, float) else 0)
        if _is_number(one) and _is_number(other)
        else one == other
        for one, other in zip(ours, theirs, strict=True)
    )


def _is_number(item: Any) -> bool:
    return isinstance(item, (int, float)) and not isinstance(item, bool)


def _items(value: Any) -> list[Any]:
    """Return what a value holds, in one flat list of Python's own types."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in _items(part)]
    return [value]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _compute(answer: Any) -> Any:
    return answer() if callable(answer) else answer


def _tell(answer: Any) -> str:
    try:
        return _show(_compute(answer))
    except Exception as error:  # whatever the learner's cells left behind
        return _explain(error)


def _explain(error: Exception) -> str:
    name = type(error).__name__
    return f"no answer yet: {error} ({name}). Run the cells above this one first."


def _show(value: Any) -> str:
    items = _items(value)
    if len(items) == 1:
        return _show_item(items[0], ",")
    return ", ".join(_show_item(item, "") for item in items)


def _show_item(item: Any, thousands: str) -> str:
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, float) and math.isfinite(item):
        if 0 < abs(item) < 0.001:
            return f"{item:.3g}"
        return f"{item:{thousands}.4f}".rstrip("0").rstrip(".")
    return f"{item:{thousands}}" if isinstance(item, int) else str(item)

"""Questions of the course: a guess before the number is shown, and exercises."""

from __future__ import annotations

import html
import math
from typing import Any

import anywidget
import numpy as np
import traitlets

from patchviz.explorer.bundle import SCRIPTS, STYLES, bundle
from patchviz.explorer.fallback import beside

MOST_SHOWN = 12  # items of a sequence


class Question(anywidget.AnyWidget):
    """A question with room for a guess; the answer is computed when asked for. `ask` makes it."""

    _esm = bundle(SCRIPTS / "pages/ask.js")
    _css = STYLES / "ask.css"

    question = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, question: str, answer: Any):
        super().__init__()
        self.set_trait("question", question)
        self._answer = answer
        self.on_msg(self._hear)

    def _hear(self, *_: Any) -> None:
        self.send(find_answer(self._answer))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        question, answer = map(html.escape, (self.question, find_answer(self._answer)["text"]))
        text = (
            f'<div class="patchviz-question"><p>{question}</p>'
            f"<details><summary>answer</summary>{answer}</details></div>"
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
        checked. Of a guess, spaces, thousands commas, percent signs and units don't matter. A
        whole number must be exact; of others the first digits will do, rounded: 72 for 71.9.

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


def find_answer(answer: Any) -> dict[str, Any]:
    """Compute what is right, as the page needs it to compare a guess with it.

    Parameters
    ----------
    answer : object or callable
        As for `ask`.

    Returns
    -------
    dict
        "right": the answer's truth values, numbers and texts in one flat list, or None where
        there is no answer; "text": how it is written, or why there is none.
    """
    try:
        value = _compute(answer)
    except Exception as error:  # whatever the learner's cells left behind
        return {"right": None, "text": _explain(error)}
    known = (bool, int, float)
    right = [item if isinstance(item, known) else str(item) for item in _items(value)]
    return {"right": right, "text": _show(value)}


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


def _compute(answer: Any) -> Any:
    return answer() if callable(answer) else answer


def _explain(error: Exception) -> str:
    name = type(error).__name__
    return f"no answer yet: {error} ({name}). Run the cells above this one first."


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

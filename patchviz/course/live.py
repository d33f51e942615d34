"""What a kernel shows in place of widgets, while its notebook becomes a page."""

from __future__ import annotations

import html
import json
from itertools import count
from pathlib import Path

from IPython import get_ipython

from patchviz.course.questions import Question, find_answer
from patchviz.explorer import Explorer
from patchviz.explorer.fallback import WidgetCheck

_FRAME = """<figure>
<iframe src="{name}" title="explorer {number}" loading="lazy"></iframe>
<figcaption>Live; what is greyed out needs the notebook.
<a href="{name}" target="_blank" aria-label="explorer {number} alone">Open it alone</a></figcaption>
</figure>"""
_CHECKED = "<p>✓ On this page all cells have run, and explorers and questions work.</p>"


def show_live(folder: str, stem: str) -> None:
    """Make this kernel show explorers as pages, which it writes, and questions with answers."""
    numbers = count(1)

    def show_explorer(explorer: Explorer) -> dict[str, str]:
        number = next(numbers)
        name = f"{stem}-explorer-{number}.html"
        explorer.export(Path(folder, name))
        return {"text/html": _FRAME.format(name=name, number=number)}

    def show_question(question: Question) -> dict[str, str]:
        answer = html.escape(json.dumps(find_answer(question._answer)))
        fold = question._repr_mimebundle_()[0]["text/html"]
        return {"text/html": f'<div data-answer="{answer}">{fold}</div>'}

    formatter = get_ipython().display_formatter.mimebundle_formatter
    formatter.for_type(Explorer, show_explorer)
    formatter.for_type(Question, show_question)
    formatter.for_type(WidgetCheck, lambda _: {"text/html": _CHECKED})

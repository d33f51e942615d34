"""Where widgets don't run: what stands in their place, and the line that says so."""

from __future__ import annotations

import base64
from collections.abc import Collection
from html import escape
from typing import Any

import anywidget

from patchviz.scene import Scene


def beside(bundle: Any, mime_type: str, content: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Put beside a widget what stands in its place where widgets don't run."""
    data, metadata = bundle
    return {**data, mime_type: content}, metadata


def write_picture(scene: Scene, png: bytes, show: Collection[str]) -> str:
    """Write a picture as HTML, with sentence and ledger as far as they are among the parts shown.

    Without styles or scripts, which pages that show notebooks take away.
    """
    words = (f"<b>{escape(w.text)}</b>" if w.strong else escape(w.text) for w in scene.sentence)
    rows = (
        f"<tr><th>{escape(row.label)}</th><td>{escape(row.value)}</td>"
        f"<td>{escape(row.formula)}</td><td>{escape(row.reason)}</td></tr>"
        for row in scene.ledger
    )
    name = f"a plane of {escape(scene.subject_id)} and the patches that it cuts"
    parts = [f'<img alt="{name}" src="data:image/png;base64,{base64.b64encode(png).decode()}">']
    if "sentence" in show:
        parts.insert(0, f"<p>{''.join(words)}</p>")
    if "ledger" in show:
        summary = "<summary>every number, and its formula</summary>"
        parts.append(f"<details>{summary}<table>{''.join(rows)}</table></details>")
    return "\n".join(parts)


class WidgetCheck(anywidget.AnyWidget):
    """Says in the browser that widgets work."""

    _esm = """export default { render({ el }) {
        el.innerHTML = '<p role="status">✓ Widgets work here: go on to the next cell.</p>';
    } };"""

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return beside(super()._repr_mimebundle_(**kwargs), "text/markdown", _REMEDY)


_REMEDY = """**Widgets are not running here** (or this is a saved page). To make them run:

1. start JupyterLab with the command `patchviz`, from the environment where patchviz is installed;
2. choose *Run > Run All Cells*;
3. if this text stays, JupyterLab and the notebook's kernel live in different environments: install
   `anywidget` where JupyterLab runs, start it anew and reload the page."""


def check_widgets() -> Any:
    """Show a line that says whether widgets work, and what to do where they don't."""
    return WidgetCheck()

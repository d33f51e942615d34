"""Where widgets don't run: what stands in their place, and the line that says so."""

from __future__ import annotations

from typing import Any

import anywidget


def beside(bundle: Any, mime_type: str, content: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Put beside a widget what stands in its place where widgets don't run."""
    data, metadata = bundle
    return {**data, mime_type: content}, metadata


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

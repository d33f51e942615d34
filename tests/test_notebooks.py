"""Every notebook runs from top to bottom, and is stored as it reads well where nothing runs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from patchviz.course import find_stored_outputs

from .notebooks import NOTEBOOKS, REPOSITORY, WIDGET, execute, strip

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


def outputs_of(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def test_there_are_notebooks() -> None:
    assert (REPOSITORY / "notebooks/00-explorer.ipynb") in NOTEBOOKS


@every_notebook
def test_it_runs(path: Path) -> None:
    ran = outputs_of(execute(path))  # raises where a cell does
    stored = outputs_of(nbformat.read(path, as_version=4))
    assert [o.output_type for o in ran] == [o.output_type for o in stored]
    assert [set(o.get("data", {})) for o in ran] == [set(o.get("data", {})) for o in stored]


@every_notebook
def test_it_is_stored_with_pictures_and_nothing_else(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert strip(nbformat.read(path, as_version=4)) == notebook
    assert path.stat().st_size < 1_000_000
    assert any("image/png" in output.get("data", {}) for output in outputs_of(notebook))
    for output in outputs_of(notebook):
        assert output.output_type != "error"
        assert output.get("name") != "stderr"
        assert WIDGET not in output.get("data", {})
        texts = [output.get("text", ""), *map(str, dict(output.get("data", {})).values())]
        assert not any("/home/" in text or "site-packages" in text for text in texts)


def test_what_a_cell_put_out_is_found_where_the_cell_can_not_run() -> None:
    """The notebook that trains shows its stored pictures where there is no PyTorch."""
    notebook = nbformat.read(REPOSITORY / "notebooks/09-training.ipynb", as_version=4)
    cells = [c for c in notebook.cells if c.source.startswith("%%torch")]
    pictures = 0
    for cell in cells:
        found = find_stored_outputs("09-training.ipynb", cell.source.partition("\n")[2] + "\n")
        assert found == [dict(output.data) for output in cell.outputs]
        pictures += sum("image/png" in data for data in found)
    assert pictures == 4
    assert find_stored_outputs("09-training.ipynb", "changed = True") == []

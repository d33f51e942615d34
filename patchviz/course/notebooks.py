"""Owns the course: where its notebooks are, how they are copied, and JupyterLab opened on them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from patchviz.files import write_whole

PACKAGE = Path(__file__).resolve().parents[1]
EXPLORER = "00-explorer.ipynb"  # the notebook that opens


def find_checkout() -> Path | None:
    """Return the notebooks' folder of the checkout that this package lies in, if it does."""
    folder = PACKAGE.parent / "notebooks"
    in_checkout = (PACKAGE.parent / "pyproject.toml").is_file() and (folder / EXPLORER).is_file()
    return folder if in_checkout else None


def find_notebooks() -> Path:
    """Return the folder of the notebooks as shipped: the checkout's, or the installed package's.

    Raises
    ------
    FileNotFoundError
        When the package came without them.
    """
    folder = find_checkout() or PACKAGE / "notebooks"
    if not (folder / EXPLORER).is_file():
        raise FileNotFoundError(
            f"there is no {EXPLORER} in {folder}: install patchviz-notebooks anew"
        )
    return folder


def copy_notebooks(folder: Path) -> list[str]:
    """Copy the notebooks, sub-folders too, and never overwrite what somebody edited.

    Parameters
    ----------
    folder : Path
        Made if need be. Files that are there already stay as they are.

    Returns
    -------
    list of str
        The files in `folder` that differ from the shipped ones, sorted.

    Raises
    ------
    OSError
        When a file can't be read or written; no part of it is left behind.
    """
    shipped, folder = find_notebooks(), folder.resolve()
    kept = []
    for path in _shipped_files(shipped, folder):
        copy, content = folder / path, (shipped / path).read_bytes()
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            write_whole(copy, content)
        elif copy.read_bytes() != content:
            kept.append(path.as_posix())
    return kept


def find_stored_outputs(notebook: str, code: str) -> list[dict[str, Any]]:
    """Return what a cell of a notebook, as shipped, once put out: to show where it can't run.

    Parameters
    ----------
    notebook : str
        Name of the file.
    code : str
        How the cell ends; of a cell that somebody changed there is nothing.

    Returns
    -------
    list of dict
        The data of each output, by MIME type.
    """
    cells = json.loads((find_notebooks() / notebook).read_text("utf-8"))["cells"]
    return [
        {kind: "".join(data) for kind, data in output["data"].items()}
        for cell in cells
        if "".join(cell["source"]).endswith(code.rstrip())
        for output in cell.get("outputs", ())
        if "data" in output
    ]


def add_torch_magic(notebook: str) -> None:
    """Let cells begin with ``%%torch``: they run where PyTorch is.

    Elsewhere they show what they put out in the notebook as shipped.

    Parameters
    ----------
    notebook : str
        Name of the file that the cells are in.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.magic import register_cell_magic
    from IPython.display import publish_display_data

    def torch(_: str, code: str) -> None:
        """Run a cell that needs PyTorch, or show what it once put out."""
        if find_spec("torch"):
            InteractiveShell.instance().run_cell(code).raise_error()
            return
        for output in find_stored_outputs(notebook, code):
            publish_display_data(output)

    register_cell_magic(torch)


def open_lab(folder: Path, options: Sequence[str] = ()) -> None:
    """Run JupyterLab on the explorer notebook in `folder` until it is stopped.

    Parameters
    ----------
    folder : Path
        The root that JupyterLab serves.
    options : sequence of str
        More of JupyterLab's own options, ``("--no-browser",)`` say.

    Raises
    ------
    SystemExit
        With JupyterLab's own status, when it can't start.
    """
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    # JupyterLab's defaults for this run alone: it asks no questions about news and updates.
    paths = [str(PACKAGE / "course" / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    LabApp.launch_instance(
        [
            f"--ServerApp.root_dir={folder.resolve()}",
            f"--LabApp.default_url=/lab/tree/{EXPLORER}",
            "--ServerApp.answer_yes=True",  # one Ctrl-C is enough
            *options,
        ]
    )


def _shipped_files(shipped: Path, folder: Path) -> Iterator[Path]:
    """Yield the paths below `shipped`, but none hidden and no copy that was made in there."""
    for path in sorted(shipped.rglob("*")):
        below = path.relative_to(shipped)
        hidden = any(part.startswith((".", "__")) for part in below.parts)
        if path.is_file() and not hidden and folder not in path.parents:
            yield below

"""Owns the course: where its notebooks are, how they are copied, and JupyterLab opened on them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from patchviz.files import write_whole

PACKAGE = Path(__file__).resolve().parents[1]
EXPLORER = "00-explorer.ipynb"  # the notebook that opens
LAB = ("jupyterlab", "nbclient", "nbconvert")  # what the extra of that name brings


def find_checkout() -> Path | None:
    """Return the notebooks' folder of the checkout that this package lies in, if it does."""
    folder = PACKAGE.parent / "notebooks"
    in_checkout = (PACKAGE.parent / "pyproject.toml").is_file() and (folder / EXPLORER).is_file()
    return folder if in_checkout else None


def find_notebooks() -> Path:
    """Return the folder of the notebooks as shipped: the checkout's, or the installed package's."""
    folder = find_checkout() or PACKAGE / "notebooks"
    if not (folder / EXPLORER).is_file():
        raise FileNotFoundError(
            f"there is no {EXPLORER} in {folder}: install patchviz-notebooks anew"
        )
    return folder


def copy_notebooks(folder: Path) -> list[str]:
    """Copy the notebooks, sub-folders too, and return the names of those that differ there.

    What is there already stays as it is: somebody may have edited it. No file is copied in part.
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


def _shipped_files(shipped: Path, folder: Path) -> Iterator[Path]:
    """Yield the paths below `shipped`, but none hidden and no copy that was made in there."""
    for path in sorted(shipped.rglob("*")):
        below = path.relative_to(shipped)
        hidden = any(part.startswith((".", "__")) for part in below.parts)
        if path.is_file() and not hidden and folder not in path.parents:
            yield below


def require_lab() -> None:
    """Raise `ModuleNotFoundError`, which tells the remedy, where the extra ``lab`` is missing."""
    if missing := [name for name in LAB if find_spec(name) is None]:
        raise ModuleNotFoundError(
            f"{', '.join(missing)} must be installed for this: "
            'python -m pip install "patchviz-notebooks[lab]"'
        )


def open_lab(folder: Path, options: Sequence[str] = ()) -> None:
    """Run JupyterLab on the explorer notebook in `folder`, with more of its own options.

    It returns when it is stopped, and raises `SystemExit` with its own status if it can't start.
    """
    require_lab()
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

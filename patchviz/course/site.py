"""The course as a web site: a folder of pages that any browser opens without server or network."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from patchviz import __version__
from patchviz.course.notebooks import find_notebooks
from patchviz.course.pages import Page, convert, convert_code, run_notebook, write_page
from patchviz.errors import DataError
from patchviz.explorer import Explorer

MARKER = "patchviz-site.json"  # says that we made the folder, and what was in it
HOME, EXPLORER = "index.html", "explorer.html"


def write_site(
    folder: str | os.PathLike[str],
    *,
    notebooks: Sequence[Path] | None = None,
    say: Callable[[str], object] = print,
) -> Path:
    """Run all notebooks, and write them as pages with live explorers.

    The folder appears when all is done. A site that was written there before is replaced.

    Parameters
    ----------
    folder : str or path
        Where the site goes.
    notebooks : sequence of Path, optional
        Those of the course, by default.
    say : callable
        Told in a line what is done.

    Returns
    -------
    Path
        The home page.

    Raises
    ------
    DataError
        When the folder is not a site of ours, or somebody edited it, or a notebook fails.
    OSError
        When a file can't be read or written.
    """
    folder = Path(folder).expanduser().resolve()
    _check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as room:
        made = Path(room, "new")
        made.mkdir()
        _fill(made, notebooks or sorted(find_notebooks().glob("*.ipynb")), say)
        _mark(made)
        _check_replaceable(folder)  # running the notebooks took a while
        _put(made, folder, Path(room, "old"))
    return folder / HOME


def _check_replaceable(folder: Path) -> None:
    """Raise `DataError` unless a folder is free, or a site of ours that nobody edited."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    remedy = "name another folder, or move it away"
    try:
        known = dict(json.loads((folder / MARKER).read_text("utf-8"))["files"])
    except (OSError, ValueError, TypeError, KeyError):
        raise DataError(
            f"`{folder}` must be free or a site that patchviz wrote, got something else: {remedy}"
        ) from None
    changed = [name for name, sum_ in _sums(folder).items() if known.get(name) != sum_]
    if changed:
        names = ", ".join(changed)
        raise DataError(
            f"`{folder}` must be as patchviz wrote it, got changes in {names}: {remedy}"
        )


def _sums(folder: Path) -> dict[str, str]:
    """Return what tells the files of a site from others, by name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MARKER)
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files
    }


def _mark(folder: Path) -> None:
    content = {"made by": f"patchviz {__version__}", "files": _sums(folder)}
    (folder / MARKER).write_text(json.dumps(content, indent=1), "utf-8")


def _put(made: Path, folder: Path, old: Path) -> None:
    """Move a folder into its place; whatever happens, that holds the old one or the new one."""
    try:
        if folder.exists():
            folder.rename(old)
        made.rename(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise


def _fill(folder: Path, notebooks: Sequence[Path], say: Callable[[str], object]) -> None:
    """Write all files of the site."""
    answers = {path.stem: path.parent / "answers" / f"{path.stem}.py" for path in notebooks}
    answers = {stem: path for stem, path in answers.items() if path.is_file()}
    links = {path.stem: f"{path.stem}.html" for path in notebooks}
    links |= {f"answers/{stem}": f"answers-{stem}.html" for stem in answers}
    pages, solved = {}, {}
    for path in notebooks:
        file = links[path.stem]
        pages[path] = convert(run_notebook(path, folder), file, links)
        say(f"{path.name} -> {file}")
    for stem, path in answers.items():
        notebook = pages[path.parents[1] / f"{stem}.ipynb"]
        title, file = f"Answers to {notebook.title}", links[f"answers/{stem}"]
        solved[notebook] = convert_code(path.read_text("utf-8"), title, file)

    Explorer().export(folder / EXPLORER)
    guide = Path(notebooks[0].parent, "README.md").read_text("utf-8")
    home = Page(HOME, "patchviz", _list(pages, solved.values(), guide))
    written = {HOME: write_page(home)}
    ways = zip([None, *pages.values()], pages.items(), [*[*pages.values()][1:], None], strict=False)
    for before, (path, page), after in ways:
        note = _NOTE.format(name=path.name)
        written[page.file] = write_page(page, home=home, before=before, after=after, note=note)
    for page, answer in solved.items():
        written[answer.file] = write_page(answer, home=home, before=page)
    for file, text in written.items():
        (folder / file).write_text(text, "utf-8")


_NOTE = (
    "All cells have run; explorers and questions work. To change code, open <code>{name}</code>."
)


def _list(pages: Mapping[Path, Page], answers: Iterable[Page], guide: str) -> str:
    """Write the home page's content."""
    items = "\n".join(
        f'<li><a href="{page.file}">{page.title}</a><span>{_find_minutes(guide, path.stem)}</span>'
        f"<p>{page.first_sentence}</p></li>"
        for path, page in pages.items()
    )
    solutions = ", ".join(f'<a href="{page.file}">{page.title}</a>' for page in answers)
    return f"""<h1>patchviz</h1>
<p>See, tweak, check and run the way 3-D scans are cut into patches to train a network.</p>
<p><a href="{EXPLORER}">Open the explorer</a>, or go through the course. Nothing here needs Python
or a network.</p>
<h2>The course</h2>
<ol class="site-course">
{items}
</ol>
<p class="site-note">{solutions}</p>"""


def _find_minutes(guide: str, stem: str) -> str:
    """Return what the teacher's guide says of how long a notebook takes."""
    found = re.search(rf"^#+ [^\n]*{re.escape(stem)}[^#]*?(\d+ minutes)", guide, re.MULTILINE)
    return found[1] if found else ""

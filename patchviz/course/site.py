"""The course as a web site: a folder of pages that any browser opens without server or network."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from patchviz import __version__
from patchviz.course.notebooks import find_notebooks, require_lab
from patchviz.course.pages import Page, convert, convert_code, run_notebook, write_page
from patchviz.errors import DataError
from patchviz.explorer import Explorer

MARKER = "patchviz-site.json"  # says that we made the folder, and what was in it
HOME, EXPLORER = "index.html", "explorer.html"
_NOTE = (
    "All cells have run; explorers and questions work. To change code, open <code>{name}</code>."
)


def write_site(
    folder: str | os.PathLike[str],
    *,
    notebooks: Sequence[Path] | None = None,
    say: Callable[[str], object] = print,
) -> Path:
    """Run all notebooks, write them as pages with live explorers, and return the home page.

    The folder appears when all is done. A site that was written there before is replaced, but
    `DataError` is raised for one that somebody edited, for anything else that is there, and for a
    notebook that fails. `say` is told, in a line, each notebook that is done.
    """
    require_lab()
    folder = Path(folder).expanduser().resolve()
    _check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as room:
        made, old = Path(room, "new"), Path(room, "old")
        made.mkdir()
        _fill(made, notebooks or sorted(find_notebooks().glob("*.ipynb")), say)
        content = {"made by": f"patchviz {__version__}", "files": _sums(made)}
        (made / MARKER).write_text(json.dumps(content, indent=1), "utf-8")
        _check_replaceable(folder)  # running the notebooks took a while
        try:  # whatever happens, there is the old site or the new one
            if folder.exists():
                folder.rename(old)
            made.rename(folder)
        except BaseException:
            if old.exists() and not folder.exists():
                old.rename(folder)
            raise
    return folder / HOME


def _check_replaceable(folder: Path) -> None:
    """Raise `DataError` unless a folder is free, or a site of ours that nobody edited."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    wanted, got = "free or a site that patchviz wrote", "something else"
    try:
        known = dict(json.loads((folder / MARKER).read_text("utf-8"))["files"])
    except (OSError, ValueError, TypeError, KeyError):
        pass
    else:
        changed = [name for name, sum_ in _sums(folder).items() if known.get(name) != sum_]
        if not changed:
            return
        wanted, got = "as patchviz wrote it", f"changes in {', '.join(changed)}"
    raise DataError(f"`{folder}` must be {wanted}, got {got}: name another folder, or move it away")


def _sums(folder: Path) -> dict[str, str]:
    """Return what tells the files of a site from others, by name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MARKER)
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files
    }


def _fill(folder: Path, notebooks: Sequence[Path], say: Callable[[str], object]) -> None:
    """Write all files of the site."""
    answers = {path.stem: path.parent / "answers" / f"{path.stem}.py" for path in notebooks}
    answers = {stem: path for stem, path in answers.items() if path.is_file()}
    links = {path.stem: f"{path.stem}.html" for path in notebooks}
    links |= {f"answers/{stem}": f"answers-{stem}.html" for stem in answers}
    pages = {}
    for path in notebooks:
        pages[path.stem] = convert(run_notebook(path, folder), links[path.stem], links)
        say(f"{path.name} -> {links[path.stem]}")
    solved = {}
    for stem, path in answers.items():
        title, file = f"Answers to {pages[stem].title}", links[f"answers/{stem}"]
        solved[stem] = convert_code(path.read_text("utf-8"), title, file)

    Explorer().export(folder / EXPLORER)
    guide = Path(notebooks[0].parent, "README.md").read_text("utf-8")
    home = Page(HOME, "patchviz", _list(pages, solved, guide))
    written = {HOME: write_page(home)}
    ways = zip([None, *pages.values()], pages.items(), [*[*pages.values()][1:], None], strict=False)
    for before, (stem, page), after in ways:
        note = _NOTE.format(name=f"{stem}.ipynb")
        written[page.file] = write_page(page, note, home=home, prev=before, next=after)
    for stem, page in solved.items():
        written[page.file] = write_page(page, home=home, prev=pages[stem])
    for file, text in written.items():
        (folder / file).write_text(text, "utf-8")


def _list(pages: Mapping[str, Page], solved: Mapping[str, Page], guide: str) -> str:
    """Write the home page's content, with how long the teacher's guide says a notebook takes."""
    items = []
    for stem, page in pages.items():
        time = re.search(rf"^#+ [^\n]*{re.escape(stem)}[^#]*?(\d+ minutes)", guide, re.MULTILINE)
        first = re.search(r"<p>(.+?[.?!])(?=\s|</p>)", page.content, re.DOTALL)
        items.append(
            f'<li><a href="{page.file}">{page.title}</a><span>{time[1] if time else ""}</span>'
            f"<p>{first[1] if first else ''}</p></li>"
        )
    course = "\n".join(items)
    answers = ", ".join(f'<a href="{page.file}">{page.title}</a>' for page in solved.values())
    return f"""<h1>patchviz</h1>
<p>See, tweak, check and run the way 3-D scans are cut into patches to train a network.</p>
<p><a href="{EXPLORER}">Open the explorer</a>, or go through the course. Nothing here needs Python
or a network.</p>
<h2>The course</h2>
<ol class="site-course">
{course}
</ol>
<p class="site-note">{answers}</p>"""

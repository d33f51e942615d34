"""Notebooks as HTML pages: run from top to bottom, with their explorers and questions alive."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING

from patchviz.errors import DataError
from patchviz.explorer import Explorer, export
from patchviz.explorer.bundle import SCRIPTS, STYLES, write_script
from patchviz.explorer.widget import WidgetCheck

if TYPE_CHECKING:
    from nbformat import NotebookNode

# What runs and converts notebooks is imported where it is needed: it comes with the extra `lab`.

# "self" means nothing to some browsers where pages are files
POLICY = f"{export.POLICY}; frame-src 'self' file:"
SHOWN = ["text/html", "text/markdown", "image/png", "text/plain"]  # of an output, the first it has
WIDGET = "application/vnd.jupyter.widget-view+json"
TIMEOUT = 600  # seconds a cell
MISSING = "this cell needs "  # begins what a cell prints in place of what it can't show

_FRAME = """<figure>
<iframe src="{name}" title="explorer {number}" loading="lazy"></iframe>
<figcaption>Live; what is greyed out needs the notebook.
<a href="{name}" target="_blank" aria-label="explorer {number} alone">Open it alone</a></figcaption>
</figure>"""
_PREPARE = """import sys
sys.path.insert(0, {!r})
from patchviz.course.pages import show_live
show_live({!r}, {!r})"""
_CHECKED = "<p>✓ On this page all cells have run, and explorers and questions work.</p>"


@dataclass(frozen=True)
class Page:
    """One page: the name of its file, and its title and content in HTML."""

    file: str
    title: str
    content: str


def show_live(folder: str, stem: str) -> None:
    """Make this kernel show explorers as pages, which it writes into a folder."""
    from IPython import get_ipython

    numbers = count(1)

    def show_explorer(explorer: Explorer) -> dict[str, str]:
        number = next(numbers)
        name = f"{stem}-explorer-{number}.html"
        explorer.export(Path(folder, name))
        return {"text/html": _FRAME.format(name=name, number=number)}

    formatter = get_ipython().display_formatter.mimebundle_formatter
    formatter.for_type(Explorer, show_explorer)
    formatter.for_type(WidgetCheck, lambda _: {"text/html": _CHECKED})


def run_notebook(path: Path, folder: Path) -> NotebookNode:
    """Run a notebook in a kernel of its own and in an empty folder, and return it with its outputs.

    Each explorer that it shows becomes a page in `folder`. A cell that lacks a package keeps the
    outputs it was stored with. Raises `DataError` where a cell fails.
    """
    import nbformat
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook: NotebookNode = nbformat.read(path, as_version=4)
    prepare = _PREPARE.format(str(Path(__file__).parents[2]), str(folder), path.stem)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(prepare))
    # this very Python, whatever kernels the user has installed
    kernel = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    options = {"timeout": TIMEOUT, "store_widget_state": False, "coalesce_streams": True}
    client = NotebookClient(notebook, km=kernel, **options)
    # cell by cell: `execute` would take Ctrl-C for itself
    with (
        tempfile.TemporaryDirectory() as empty,
        client.setup_kernel(cwd=empty, stderr=DEVNULL, cleanup_kc=True),
    ):
        for index, cell in enumerate(notebook.cells):
            stored = cell.get("outputs")
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                raise DataError(
                    f"{path} must run from top to bottom, got {error.ename}: {error.evalue}"
                ) from error
            said = (output.get("text", "") for output in cell.get("outputs", ()))
            if any(text.startswith(MISSING) for text in said):
                cell.outputs = stored
    del notebook.cells[0]
    return notebook


def convert(notebook: NotebookNode, file: str, links: Mapping[str, str]) -> Page:
    """Turn a notebook that was run, and begins with its title, into a page for `write_page`.

    `links` are pages by the names, without suffix, by which notebooks speak of them.
    """
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    for cell in notebook.cells:
        if cell.cell_type == "code":
            # widgets that have no other form than text are bars of progress
            cell.outputs = [
                output
                for output in cell.outputs
                if WIDGET not in output.get("data", ()) or output.data.keys() & set(SHOWN[:-1])
            ]
            cell.metadata["alt"] = "picture that the code above draws"
    exporter = HTMLExporter(
        template_name="basic",
        exclude_anchor_links=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        config=Config({"NbConvertBase": {"display_data_priority": SHOWN}}),
    )
    content, _ = exporter.from_notebook_node(notebook)
    title = re.search(r"<h1>(.*?)</h1>", content)
    return Page(file, title[1] if title else file, _link(content, links))


def _link(content: str, links: Mapping[str, str]) -> str:
    """Let links to notebooks and answers lead to their pages, and make links of their names."""

    def redirect(match: re.Match[str]) -> str:
        return f'href="{links.get(match[1], match[1] + match[2])}'

    def name(match: re.Match[str]) -> str:
        page = links.get(match[2].removesuffix(".py").removesuffix(".ipynb"))
        return match[0] if match[1] or not page else f'<a href="{page}">{match[0]}</a>'

    content = re.sub(r'href="([\w/-]+)(\.ipynb|\.py)', redirect, content)
    return re.sub(r"(<a [^>]*>)?<code>([\w/.-]+)</code>", name, content)


def convert_code(code: str, title: str, file: str) -> Page:
    """Turn Python code into a page."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    notebook = new_notebook(cells=[new_markdown_cell(f"# {title}"), new_code_cell(code)])
    return convert(notebook, file, {})


def write_page(page: Page, note: str = "", **ways: Page | None) -> str:
    """Write a whole HTML file around a page's content; `ways` are home, prev and next."""
    texts = {"home": "{}", "prev": "← {}", "next": "{} →"}
    links = " ".join(
        f'<a rel="{way}" href="{other.file}">{texts[way].format(other.title)}</a>'
        for way, other in ways.items()
        if other
    )
    top, bottom = (
        links and f'<{element}><nav aria-label="{name}">{links}</nav></{element}>'
        for element, name in (("header", "pages"), ("footer", "more pages"))
    )
    title = re.sub(r"<[^>]+>", "", page.title) + " · patchviz" * bool(ways)
    body = f"""{top}
<main>
{note and f'<p class="site-note">{note}</p>'}
{page.content}
</main>
{bottom}
{write_script(SCRIPTS / "pages/site.js")}"""
    styles = (STYLES / name for name in ("page.css", "ask.css", "site.css"))
    return export.frame_page(title, POLICY, styles, body)

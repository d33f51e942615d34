"""Notebooks as HTML pages: run from top to bottom, with their explorers and questions alive."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from patchviz.errors import DataError
from patchviz.explorer import export
from patchviz.explorer.bundle import SCRIPTS, STYLES, write_script

# "self" means nothing to some browsers where pages are files
POLICY = f"{export.POLICY}; frame-src 'self' file:"
SHOWN = ["text/html", "text/markdown", "image/png", "text/plain"]  # of an output, the first it has
WIDGET = "application/vnd.jupyter.widget-view+json"
TIMEOUT = 600  # seconds a cell


@dataclass(frozen=True)
class Page:
    """One page: the name of its file, and its title and content in HTML."""

    file: str
    title: str
    content: str

    @property
    def first_sentence(self) -> str:
        """What the page says first, below its title."""
        found = re.search(r"<p>(.+?[.?!])(?=\s|</p>)", self.content, re.DOTALL)
        return found[1] if found else ""


def run_notebook(path: Path, folder: Path) -> NotebookNode:
    """Run a notebook in a kernel of its own, which writes each explorer shown as a page.

    Parameters
    ----------
    path : Path
        The notebook; it stays as it is, and runs in an empty folder.
    folder : Path
        Where the explorers' pages go, named after the notebook.

    Returns
    -------
    NotebookNode
        With its outputs.

    Raises
    ------
    DataError
        When a cell fails.
    """
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    prepare = (
        f"from patchviz.course.live import show_live\nshow_live({str(folder)!r}, {path.stem!r})"
    )
    notebook.cells.insert(0, nbformat.v4.new_code_cell(prepare))
    # this very Python, whatever kernels the user has installed
    kernel = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    options = {"timeout": TIMEOUT, "store_widget_state": False, "coalesce_streams": True}
    client = NotebookClient(notebook, km=kernel, **options)
    search = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, search))}
    # cell by cell: `execute` would take Ctrl-C for itself
    with (
        tempfile.TemporaryDirectory() as empty,
        client.setup_kernel(cwd=empty, env=environment, stderr=DEVNULL, cleanup_kc=True),
    ):
        for index, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                raise DataError(
                    f"{path} must run from top to bottom, got {error.ename}: {error.evalue}"
                ) from error
    del notebook.cells[0]
    return notebook


def convert(notebook: NotebookNode, file: str, links: Mapping[str, str]) -> Page:
    """Turn a notebook that was run into a page.

    Parameters
    ----------
    notebook : NotebookNode
        Its first cell begins with the title.
    file : str
        Name of the page's file.
    links : mapping of str to str
        Pages by the names, without suffix, by which notebooks speak of them.

    Returns
    -------
    Page
        Written by `write_page`.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _is_shown(output.get("data"))]
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


def _is_shown(data: Mapping[str, Any] | None) -> bool:
    """Leave out widgets that have no other form than text, as bars of progress."""
    return data is None or WIDGET not in data or bool(data.keys() & set(SHOWN[:-1]))


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
    cells = [nbformat.v4.new_markdown_cell(f"# {title}"), nbformat.v4.new_code_cell(code)]
    return convert(nbformat.v4.new_notebook(cells=cells), file, {})


def write_page(
    page: Page,
    *,
    home: Page | None = None,
    before: Page | None = None,
    after: Page | None = None,
    note: str = "",
) -> str:
    """Write a whole HTML file around a page's content, with the ways to its neighbours."""
    ways = (("home", home, "{}"), ("prev", before, "← {}"), ("next", after, "{} →"))
    links = " ".join(
        f'<a rel="{way}" href="{other.file}">{text.format(other.title)}</a>'
        for way, other, text in ways
        if other
    )
    top, bottom = (
        links and f'<{element}><nav aria-label="{name}">{links}</nav></{element}>'
        for element, name in (("header", "pages"), ("footer", "more pages"))
    )
    name = re.sub(r"<[^>]+>", "", page.title)
    body = f"""{top}
<main>
{note and f'<p class="site-note">{note}</p>'}
{page.content}
</main>
{bottom}
{write_script(SCRIPTS / "pages/site.js")}"""
    styles = (STYLES / name for name in ("page.css", "ask.css", "site.css"))
    return export.frame_page(f"{name}{' · patchviz' * bool(home)}", POLICY, styles, body)

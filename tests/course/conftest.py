"""The site of the whole course, built once, and the notebooks as they ran for it."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import pytest
from jupyter_core.utils import ensure_event_loop
from nbformat import NotebookNode

from patchviz.cli import main
from patchviz.course import site
from tests.notebooks import strip


@dataclass(frozen=True)
class Built:
    """A site, as the command built it: its folder, the notebooks that ran, and what was said."""

    folder: Path
    ran: dict[Path, NotebookNode]
    status: int
    printed: str


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the site of the whole course, which runs all its notebooks."""
    folder, ran, printed = tmp_path_factory.mktemp("whole") / "site", {}, io.StringIO()
    run_notebook = site.run_notebook

    def run_and_keep(path: Path, where: Path) -> NotebookNode:
        notebook = run_notebook(path, where)
        ran[path] = strip(deepcopy(notebook))
        return notebook

    def build() -> int:
        try:
            return main(["site", str(folder)])
        finally:
            ensure_event_loop().close()

    # in a thread of its own: where Playwright runs, no other asyncio loop can
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setattr(site, "run_notebook", run_and_keep)
        with ThreadPoolExecutor(1) as thread:
            status = thread.submit(build).result()
    return Built(folder, ran, status, printed.getvalue())

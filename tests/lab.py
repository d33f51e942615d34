"""A real JupyterLab in a real Chromium: the ground of browser tests, benchmarks and screenshots."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

import nbformat
from playwright.sync_api import Browser, Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
VIEWPORT = {"width": 1280, "height": 800}
TIMEOUT = 60_000  # ms: what a loaded two-core machine may need; the usual is 1 to 5 s

BROWSERS = (  # any Chromium will do; bare names are looked up on PATH
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chrome",
    "msedge",
    "microsoft-edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)

BROWSER_FLAGS = (  # draw in software, and talk to nobody; Playwright itself adds --no-sandbox
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """Return the path of a Chromium: $CHROMIUM, Playwright's own, or one that is installed."""
    if named := os.environ.get("CHROMIUM"):
        if found := shutil.which(named):
            return found
        raise FileNotFoundError(f"`CHROMIUM` must name an executable, got {named!r}")
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return next(filter(None, map(shutil.which, (own, *BROWSERS))), None)


@contextmanager
def open_browser(executable: str) -> Iterator[Browser]:
    """Start a headless browser; until it ends, no other asyncio loop can run in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*BROWSER_FLAGS])
        yield browser
        browser.close()


def make_notebook(cells: Sequence[str]) -> nbformat.NotebookNode:
    """Make a notebook of code cells; it names its kernel, or JupyterLab would ask for one."""
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": kernel},
    )


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """Write code cells as a notebook."""
    nbformat.write(make_notebook(cells), path)


class Lab:
    """One `jupyter lab` server on the folder `root`, with none of the user's configuration."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.token = uuid.uuid4().hex

    def __enter__(self) -> "Lab":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self._private = Path(tempfile.mkdtemp(prefix="patchviz-lab-"))
        self._set("notification", fetchNews="false", checkForUpdates=False)
        log = self._private / "server.log"
        with log.open("wb") as stream:
            self._server = subprocess.Popen(
                self._command(),
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,  # Ctrl+C is ours; __exit__ then stops the server
            )
        try:
            self._wait_until_up(log)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._ask("shutdown", "POST")  # ends its kernels too, on every platform
            self._server.wait(timeout=10)
        except (OSError, http.client.HTTPException, subprocess.TimeoutExpired):
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self._private, ignore_errors=True)

    def open(
        self,
        page: Page,
        notebook: str,
        theme: Literal["light", "dark"] = "light",
        wide: bool = False,
    ) -> None:
        """Show `notebook` (its path below `root`) and wait until its kernel is idle.

        `wide` hides the file browser.
        """
        self._set("themes", theme=THEMES[theme])
        # In a workspace of its own, no tab or side bar comes back from an earlier page.
        workspace = f"{self.url}/lab/workspaces/{uuid.uuid4().hex}"
        page.goto(f"{workspace}/tree/{quote(notebook)}?token={self.token}")
        page.wait_for_function(_KERNEL_IS_IDLE, arg=notebook, timeout=TIMEOUT)
        page.locator(f"body[data-jp-theme-name='{THEMES[theme]}']").wait_for(state="attached")
        page.evaluate("() => window.jupyterapp.restored.then(() => {})")
        if wide:
            page.evaluate("() => window.jupyterapp.shell.collapseLeft()")

    def open_as_document(self, page: Page, notebook: str) -> None:
        """Show `notebook` in Notebook 7, which this server holds too; wait until it is idle."""
        page.goto(f"{self.url}/notebooks/{quote(notebook)}?token={self.token}")
        page.wait_for_function(_KERNEL_IS_IDLE, arg=notebook, timeout=TIMEOUT)
        page.evaluate("() => window.jupyterapp.restored.then(() => {})")

    def replace_cells(self, page: Page, cells: Sequence[str]) -> None:
        """Replace the cells of the notebook that is shown, whose kernel goes on."""
        self.replace_notebook(page, make_notebook(cells))

    def replace_notebook(self, page: Page, notebook: nbformat.NotebookNode) -> None:
        """Replace all of the notebook that is shown, whose kernel goes on."""
        page.evaluate(_REPLACE_NOTEBOOK, notebook)

    def run_all(self, page: Page) -> None:
        """Start all cells, and return at once: `wait_until_ready` waits for what they show."""
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")

    def wait_until_ready(self, page: Page, count: int = 1) -> None:
        """Wait for `count` views whose voxels are all here, or raise the error of a cell."""
        page.wait_for_function(_VIEWS_ARE_READY, arg=count, timeout=TIMEOUT)

    def wait_until_done(self, page: Page) -> None:
        """Wait until all cells have run and all explorers are ready, or raise a cell's error."""
        page.wait_for_function(_ALL_HAVE_RUN, timeout=2 * TIMEOUT)
        self.wait_until_ready(page, page.locator(".patchviz").count())

    def save(self, page: Page) -> None:
        """Save the notebook, and wait until that is done."""
        page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def shut_down_kernels(self) -> None:
        """End the kernels of all notebooks."""
        for session in json.loads(self._ask("sessions")):
            self._ask(f"sessions/{session['id']}", "DELETE")

    def _command(self) -> list[str]:
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": urlsplit(self.url).port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": self.root,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,  # in containers, tests run as root
            "LabApp.expose_app_in_browser": True,
            "JupyterNotebookApp.expose_app_in_browser": True,
        }
        return [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in options.items())]

    def _environment(self) -> dict[str, str]:
        """Move what is the user's; the extensions and the kernel in sys.prefix stay in sight."""
        private = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        folders = {name: str(self._private / folder) for name, folder in private.items()}
        # Kernels import the patchviz that the tests import.
        path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
        return {**os.environ, **folders, "PYTHONPATH": path, "JUPYTER_TOKEN": self.token}

    def _set(self, plugin: str, **settings: object) -> None:
        folder = self._private / "settings/@jupyterlab/apputils-extension"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{plugin}.jupyterlab-settings").write_text(json.dumps(settings))

    def _ask(self, path: str, method: str = "GET") -> bytes:
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.url}/api/{path}", headers=headers, method=method)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as response:
            return response.read()

    def _wait_until_up(self, log: Path) -> None:
        for _ in range(TIMEOUT // 100):
            try:
                self._ask("status")
                return
            except OSError:  # it does not listen yet
                pass
            try:
                self._server.wait(timeout=0.1)
                break  # it has ended
            except subprocess.TimeoutExpired:
                pass
        raise RuntimeError(f"jupyter lab did not start:\n{log.read_text(errors='replace')}")


_REPLACE_NOTEBOOK = """notebook => {
  window.jupyterapp.shell.currentWidget.context.model.fromJSON(notebook);
}"""

_KERNEL_IS_IDLE = """notebook => {
  const dialog = document.querySelector('.jp-Dialog');
  if (dialog) throw new Error('JupyterLab asks: ' + dialog.innerText);
  const panel = window.jupyterapp?.shell?.currentWidget;
  const kernel = panel?.context?.path === notebook && panel.sessionContext.session?.kernel;
  return kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""

_VIEWS_ARE_READY = """count => {
  for (const { outputs } of window.jupyterapp.shell.currentWidget.content.model.cells) {
    for (let i = 0; i < (outputs?.length ?? 0); i++) {
      const { output_type, ename, evalue } = outputs.get(i).toJSON();
      if (output_type === 'error') throw new Error(`a cell failed: ${ename}: ${evalue}`);
    }
  }
  const here = '[data-ready="1"]:not([data-volume="arriving"])';
  return document.querySelectorAll(here).length >= count;
}"""

_ALL_HAVE_RUN = """() => {
  const { content, sessionContext } = window.jupyterapp.shell.currentWidget;
  const to_run = [...content.model.cells].filter(cell => cell.type === 'code');
  return sessionContext.session.kernel.status === 'idle'
    && to_run.every(cell => cell.executionState === 'idle' && cell.executionCount > 0);
}"""

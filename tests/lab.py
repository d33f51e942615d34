"""A real JupyterLab in a real Chromium: the ground of browser tests, benchmarks and screenshots."""

import http.client
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import quote, urlsplit

import nbformat
from playwright.sync_api import Browser, ConsoleMessage, Page, WebSocket, sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
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

# How a console message of JupyterLab's own begins: why it cannot be avoided. JupyterLab 4.6 has
# none, from loading to running, saving and reloading.
JUPYTERLAB_NOISE: dict[str, str] = {}

# What JupyterLab asks a kernel of its own accord: when it connects, and for its debugger.
JUPYTERLAB_QUESTIONS = (
    "kernel_info_request",
    "debug_request",
    "history_request",
    "comm_info_request",
    "create_subshell_request",
    "delete_subshell_request",
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


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """Write code cells as a notebook; it names its kernel, or JupyterLab would ask for one."""
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": kernel},
    )
    nbformat.write(notebook, path)


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

_ASK_KERNEL = """async () => {
  await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestKernelInfo();
}"""


class Frame(NamedTuple):
    """One websocket frame between page and kernel."""

    sent: bool
    kind: str  # the message's type, such as "comm_msg"
    cause: str  # the type of the message that it answers, or ""
    n_bytes: int


class Frames:
    """The frames between a page and its kernels."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._frames: list[Frame] = []
        page.on("websocket", self._listen)

    def clear(self) -> None:
        """Forget the frames so far, those under way included."""
        self.settled()
        self._frames.clear()

    def settled(self) -> list[Frame]:
        """Return the frames since `clear`, once the kernel has answered all that was sent.

        What JupyterLab asks of its own accord is left out, and so is the question asked here.
        """
        self._page.evaluate(_ASK_KERNEL)
        return [f for f in self._frames if (f.cause or f.kind) not in JUPYTERLAB_QUESTIONS]

    def _listen(self, socket: WebSocket) -> None:
        if "/channels" in socket.url:
            socket.on("framesent", lambda payload: self._add(True, payload))
            socket.on("framereceived", lambda payload: self._add(False, payload))

    def _add(self, sent: bool, payload: bytes) -> None:
        # Protocol v1.kernel.websocket.jupyter.org: the number of parts, where each begins, and
        # the parts: channel, header, parent header, metadata, content, buffers.
        (n_offsets,) = struct.unpack_from("<Q", payload)
        at = struct.unpack_from(f"<{n_offsets}Q", payload, 8)
        header, parent = json.loads(payload[at[1] : at[2]]), json.loads(payload[at[2] : at[3]])
        kind, cause = header["msg_type"], parent.get("msg_type", "")
        self._frames.append(Frame(sent, kind, cause, len(payload)))


def count_frames(page: Page) -> Frames:
    """Start to count the frames of `page`; call it before the page loads."""
    return Frames(page)


class Watch:
    """What pages asked of the network, and what went wrong in their consoles."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.messages: list[str] = []  # "error: ..." and "warning: ..."

    def attach(self, page: Page) -> None:
        """Start to watch `page`; call it before the page loads."""
        page.on("request", lambda request: self.urls.append(request.url))
        page.on("websocket", lambda socket: self.urls.append(socket.url))
        page.on("pageerror", lambda error: self.messages.append(f"error: {error}"))
        page.on("console", self._hear)

    @property
    def foreign(self) -> list[str]:
        """The URLs on other machines than this one."""
        here = {"127.0.0.1", "localhost", None}  # None: file, data and blob URLs have no host
        return [url for url in self.urls if urlsplit(url).hostname not in here]

    @property
    def problems(self) -> list[str]:
        """The console's errors and warnings, but for JupyterLab's own."""
        return [m for m in self.messages if not m.startswith(tuple(JUPYTERLAB_NOISE))]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.messages.append(f"{message.type}: {message.text}")

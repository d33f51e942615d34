"""A real JupyterLab in a real Chromium: the ground of browser tests, benchmarks and screenshots."""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import nbformat
from playwright.sync_api import Browser, ConsoleMessage, Page, WebSocket, sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
TIMEOUT = 60_000  # ms; what a cold, loaded two-core machine may need, not what is usual (2 s)

BROWSERS = (  # any Chromium will do; names are looked up on PATH
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)

BROWSER_FLAGS = (  # a quiet browser that draws in software; Playwright adds --no-sandbox itself
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

JUPYTERLAB_NOISE: dict[str, str] = {}  # how a console message starts: why it is unavoidable


def find_chromium() -> str | None:
    """Return the path of a Chromium: $CHROMIUM, Playwright's own, or one that is installed."""
    if named := os.environ.get("CHROMIUM"):
        if found := shutil.which(named):
            return found
        raise FileNotFoundError(f"`$CHROMIUM` must name a browser's executable, got {named!r}")
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return next((found for name in (own, *BROWSERS) if (found := shutil.which(name))), None)


@contextmanager
def open_browser(executable: str) -> Iterator[Browser]:
    """Start a headless browser; while it runs, asyncio takes this thread's loop for running."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*BROWSER_FLAGS])
        yield browser
        browser.close()


def write_notebook(path: Path, cells: list[str]) -> Path:
    """Write code cells as a notebook that starts its python3 kernel without asking."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, path)
    return path


class Lab:
    """One `jupyter lab` server on `root`, with nothing of the user's configuration."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.token = uuid.uuid4().hex
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self._private = Path(tempfile.mkdtemp(prefix="patchviz-lab-"))
        self.log = self._private / "server.log"

    def __enter__(self) -> "Lab":
        self._set("notification", fetchNews="false", checkForUpdates=False)
        with self.log.open("wb") as log:
            self._server = subprocess.Popen(
                self._command(), env=self._environment(), stdout=log, stderr=log
            )
        try:
            self._wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._ask("shutdown", "POST")  # ends the kernels too, on every platform
            self._server.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self._private, ignore_errors=True)

    def open(self, page: Page, notebook: str, theme: str = "light", wide: bool = False) -> None:
        """Show `notebook` (a path below `root`) and wait until its kernel is idle."""
        self._set("themes", theme=THEMES[theme])
        # A workspace of its own: no tab or side bar comes back from an earlier page.
        workspace = f"/lab/workspaces/{uuid.uuid4().hex}/tree/{quote(notebook)}"
        page.goto(f"{self.url}{workspace}?token={self.token}")
        page.wait_for_function(_KERNEL_IS_IDLE, arg=notebook, timeout=TIMEOUT)
        if wide:
            page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        page.locator(f"body[data-jp-theme-name='{THEMES[theme]}']").wait_for(state="attached")

    def run_all(self, page: Page) -> None:
        """Start all cells without waiting for them: `wait_until_ready` does."""
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")

    def wait_until_ready(self, page: Page, count: int = 1) -> None:
        """Wait for `count` elements with data-ready="1"; a cell's exception is raised here."""
        page.wait_for_function(_VIEWS_ARE_READY, arg=count, timeout=TIMEOUT)

    def save(self, page: Page) -> None:
        """Save the notebook to `root` and wait until that is done."""
        page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def shut_down_kernels(self) -> None:
        """End what the notebooks of one test left running."""
        for session in json.loads(self._ask("sessions")):
            self._ask(f"sessions/{session['id']}", "DELETE")

    def _command(self) -> list[str]:
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": urlsplit(self.url).port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": self.root,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,  # containers run tests as root
            "LabApp.expose_app_in_browser": True,
        }
        return [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in options.items())]

    def _environment(self) -> dict[str, str]:
        """Move all that is the user's; what sys.prefix holds (extensions, kernel) stays in sight."""
        private = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        folders = {name: str(self._private / folder) for name, folder in private.items()}
        # Kernels import the package that the tests import.
        path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
        return {**os.environ, **folders, "PYTHONPATH": path, "JUPYTER_TOKEN": self.token}

    def _set(self, plugin: str, **settings: object) -> None:
        file = f"settings/@jupyterlab/apputils-extension/{plugin}.jupyterlab-settings"
        (self._private / file).parent.mkdir(parents=True, exist_ok=True)
        (self._private / file).write_text(json.dumps(settings))

    def _ask(self, path: str, method: str = "GET") -> bytes:
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.url}/api/{path}", None, headers, method=method)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as response:
            return response.read()

    def _wait_until_up(self) -> None:
        for _ in range(600):
            try:
                self._ask("status")
                return
            except OSError:  # nobody listens yet
                pass
            try:
                self._server.wait(timeout=0.1)
                break  # it ended
            except subprocess.TimeoutExpired:
                pass
        raise RuntimeError(f"jupyter lab did not start:\n{self.log.read_text(errors='replace')}")


_KERNEL_IS_IDLE = """notebook => {
  const dialog = document.querySelector('.jp-Dialog');
  if (dialog) throw new Error('JupyterLab asks: ' + dialog.innerText);
  const panel = window.jupyterapp?.shell?.currentWidget;
  const kernel = panel?.context?.path === notebook && panel.sessionContext.session?.kernel;
  return kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""

_VIEWS_ARE_READY = """count => {
  const error = document.querySelector('[data-mime-type="application/vnd.jupyter.error"]');
  if (error) throw new Error('a cell failed: ' + error.innerText);
  return document.querySelectorAll('[data-ready="1"]').length >= count;
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
    """The frames between a page and its kernels, counted from before the page loads."""

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

        The question that finds this out, kernel_info, is left out; so is JupyterLab's own.
        """
        self._page.evaluate(_ASK_KERNEL)
        return [f for f in self._frames if not (f.cause or f.kind).startswith("kernel_info")]

    def _listen(self, socket: WebSocket) -> None:
        if "/channels" in socket.url:
            socket.on("framesent", lambda payload: self._add(True, payload))
            socket.on("framereceived", lambda payload: self._add(False, payload))

    def _add(self, sent: bool, payload: bytes | str) -> None:
        kind, cause = _message_types(payload)
        self._frames.append(Frame(sent, kind, cause, len(payload)))


def count_frames(page: Page) -> Frames:
    """Start counting; call it before the page loads."""
    return Frames(page)


def _message_types(payload: bytes | str) -> tuple[str, str]:
    """Read the types of a message and of its parent (protocol v1.kernel.websocket.jupyter.org)."""
    n_offsets = int.from_bytes(payload[:8], "little")
    offsets = struct.unpack_from(f"<{n_offsets}Q", payload, 8)
    header, parent = (json.loads(payload[offsets[i] : offsets[i + 1]]) for i in (1, 2))
    return header["msg_type"], parent.get("msg_type", "")


class Watch:
    """What a page asked of the network, and what went wrong in its console."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.messages: list[str] = []  # "error: …" and "warning: …"

    def attach(self, page: Page) -> None:
        """Listen to `page`; call it before the page loads."""
        page.context.on("request", lambda request: self.urls.append(request.url))
        page.on("websocket", lambda socket: self.urls.append(socket.url))
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.messages.append(f"error: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.messages.append(f"{message.type}: {message.text}")

    @property
    def foreign(self) -> list[str]:
        """URLs on other machines than this one."""
        hosts = {"127.0.0.1", "localhost", None}  # None: data:, blob:, file:
        return [url for url in self.urls if urlsplit(url).hostname not in hosts]

    @property
    def problems(self) -> list[str]:
        """Console errors and warnings that are not JupyterLab's own."""
        return [m for m in self.messages if not m.startswith(tuple(JUPYTERLAB_NOISE))]

"""What passes between a page and its kernel, the network and the console."""

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, WebSocket

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
    """The frames between a page and its kernels; made before the page loads."""

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


class Watch:
    """What pages asked of the network, and what went wrong in their consoles."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.messages: list[str] = []  # "error: ..." and "warning: ..."

    @contextmanager
    def over(self, page: Page) -> Iterator[None]:
        """Watch `page`; in the end it must have asked this machine only, and been quiet."""
        hear = {
            "request": lambda request: self.urls.append(request.url),
            "websocket": lambda socket: self.urls.append(socket.url),
            "pageerror": lambda error: self.messages.append(f"error: {error}"),
            "console": self._hear,
        }
        for event, handler in hear.items():
            page.on(event, handler)
        yield
        for event, handler in hear.items():
            page.remove_listener(event, handler)
        assert self.foreign == []
        assert self.problems == []

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

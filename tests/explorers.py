"""The explorer on a page of JupyterLab: how tests open, find, change and picture it."""

import base64
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from patchviz import Cohort, Scene, Settings, resolve
from tests.lab import THEMES, TIMEOUT, VIEWPORT, Lab, write_notebook
from tests.traffic import Frames, Watch

NOTEBOOK = "explorer.ipynb"
IMPORTS = "import numpy as np\nfrom patchviz import Cohort, Explorer, Settings\n"
REFERENCE = "explorer = Explorer()\nexplorer"  # 144³, patches of 64, thirty heads
HEADS = "Cohort.phantom(10, (48, 48, 48))"
SMALL = f"explorer = Explorer({HEADS})\nexplorer"
HALVED = f"explorer = Explorer({HEADS}, settings=Settings(patch_size=24))\nexplorer"
FACTS = Cohort.phantom(10, (48, 48, 48)).facts  # of these heads


def resolve_halved(**chosen: Any) -> Scene:
    """Return what `HALVED` must show with some settings."""
    return resolve(Settings(patch_size=24, **chosen), FACTS)


def say(scene: Scene) -> str:
    """Return the sentence of a scene."""
    return "".join(word.text for word in scene.sentence)


# The kernel --------------------------------------------------------------------------------------

_KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
_RUN = f"""async code => {{
  const {{ content }} = await {_KERNEL}.requestExecute({{ code }}).done;
  if (content.status === 'error') throw new Error(content.evalue);
}}"""
_IS_TRUE = f"""async expression => {{
  const request = {{ code: '', user_expressions: {{ answer: expression }} }};
  const {{ content }} = await {_KERNEL}.requestExecute(request).done;
  return content.user_expressions.answer.data?.['text/plain'] === 'True';
}}"""


def run(page: Page, code: str) -> None:
    """Run code in the kernel, as a cell would."""
    page.evaluate(_RUN, code)


def wait_for_python(page: Page, expression: str, value: object) -> None:
    """Wait until an expression has a value in the kernel."""
    end = monotonic() + TIMEOUT / 1000
    while not page.evaluate(_IS_TRUE, f"({expression}) == {value!r}"):
        assert monotonic() < end, f"{expression} is not {value!r}"


# JupyterLab --------------------------------------------------------------------------------------

_FORGET_ALL = """
from ipywidgets import Widget
Widget.close_all()
get_ipython().reset(new_session=False)
"""


class SharedPage:
    """JupyterLab with one notebook and one kernel, which tests use one after another.

    To load JupyterLab, start a kernel and import patchviz takes five times as long as most tests.
    """

    def __init__(self, lab: Lab, browser: Browser) -> None:
        self._lab = lab
        self._browser = browser
        self._page: Page | None = None

    def open(self) -> Page:
        """Return the page, opened if it isn't: a notebook without cells, its kernel idle."""
        if self._page is None:
            write_notebook(self._lab.root / NOTEBOOK, [])
            self._page = self._browser.new_context(viewport=VIEWPORT).new_page()
            self.frames = Frames(self._page)
            self._lab.open(self._page, NOTEBOOK, wide=True)
        return self._page

    def clean(self) -> None:
        """Take away what a test left: cells, widgets, names in the kernel, looks, permissions."""
        page = self._page
        if page is None:
            return
        self._lab.replace_cells(page, [])
        run(page, _FORGET_ALL)
        set_theme(page, "light")
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        page.set_viewport_size(VIEWPORT)
        page.mouse.move(0, 0)
        page.context.clear_permissions()

    @contextmanager
    def lend(self, watch: Watch, session: pytest.Session) -> Iterator[Page]:
        """Lend the page to a test, without a trace of the tests before.

        A test must leave its console clean, as must the removal of what it showed. After one that
        failed, the next gets a new page and a new kernel.
        """
        n_failed = session.testsfailed
        with watch.over(self.open()):
            yield self.open()
            if session.testsfailed > n_failed:
                self.close()
            else:
                self.clean()

    def close(self) -> None:
        """Close the page and end its kernel; the next test opens another."""
        if self._page is not None:
            self._page.context.close()
            self._lab.shut_down_kernels()
            self._page = None


def set_theme(page: Page, name: Literal["light", "dark"]) -> None:
    page.evaluate(
        """async theme => {
          if (document.body.dataset.jpThemeName !== theme)
            await window.jupyterapp.commands.execute('apputils:change-theme', { theme });
        }""",
        THEMES[name],
    )
    page.locator(f"body[data-jp-theme-name='{THEMES[name]}']").wait_for(state="attached")


def open_exported(page: Page, path: Path) -> None:
    """Open an exported page without a network, and wait until it shows its volume."""
    page.context.set_offline(True)
    page.goto(path.as_uri())
    page.wait_for_selector("[data-ready='1']")


# The page ----------------------------------------------------------------------------------------


def sentence(page: Page | Locator) -> Locator:
    return page.get_by_role("heading", name="→")


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def canvas(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("application", name=name)


def slider(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def number(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("spinbutton", name=name, exact=True)


def choice(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("combobox", name=name, exact=True)


def plane(page: Page | Locator) -> Locator:
    """The large canvas."""
    return page.get_by_role("application", name="with patch boxes")


def readout(page: Page | Locator) -> Locator:
    return page.get_by_text(re.compile(r"^patch \d+ of \d+ · corner"))


def open_fold(page: Page) -> None:
    page.get_by_text("overlap, policy, padding mode, batch size").click()


def enter(field: Locator, value: object) -> None:
    field.fill(str(value))
    field.press("Enter")


def drag(page: Page, slider: Locator, *values: int) -> None:
    """Press the button on a slider's handle and move it over values; the button stays down."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    low, high = (int(slider.get_attribute(end)) for end in ("min", "max"))

    def move(value: int) -> None:
        along = 8 + (box["width"] - 16) * (value - low) / (high - low)  # the handle is 16 px wide
        page.mouse.move(box["x"] + along, box["y"] + box["height"] / 2)

    move(int(slider.input_value()))
    page.mouse.down()
    for value in values:
        move(value)


def picture(canvas: Locator) -> np.ndarray:
    """Return the pixels of a canvas (y, x, red green blue) once all changes so far are drawn."""
    url = canvas.evaluate(
        """canvas => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
          () => done(canvas.toDataURL()))))"""
    )
    png = base64.b64decode(url.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def differ(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape != other.shape or bool((one != other).any())

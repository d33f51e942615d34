"""The explorer on a page of JupyterLab: how tests find, change and picture what it shows."""

import base64
import io
import re
from time import monotonic

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.lab import TIMEOUT

NOTEBOOK = "explorer.ipynb"
IMPORTS = "import numpy as np\nfrom patchviz import Cohort, Explorer, Settings\n"
REFERENCE = "explorer = Explorer()\nexplorer"  # 144³, patches of 64, thirty heads
SMALL = "explorer = Explorer(Cohort.phantom(10, (48, 48, 48)))\nexplorer"


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


# The page ----------------------------------------------------------------------------------------


def sentence(page: Page | Locator) -> Locator:
    return page.get_by_role("heading", name="→")


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


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

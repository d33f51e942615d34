"""Record the README's animation in a real JupyterLab: ``python -m benchmarks.record_animation``.

The patch size is dragged from 64 over 48 and 71 to 72, while numbers and boxes follow; then an
epoch's queue is played from its end to 0, boxes lighting up and batches filling, and refilled.
"""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.lab import REPOSITORY, Lab, find_chromium, open_browser, write_notebook

TARGET = REPOSITORY / "benchmarks/explorer.webp"
SIZE = {"width": 1280, "height": 1130}
SHOWN_WIDTH = 960  # pixels of the picture
MOST_BYTES = 3_000_000
CELL = """from patchviz import Explorer
Explorer(show=["sentence", "patch_size", "planes", "cage", "boards", "queue", "batch"])"""

CURSOR = """() => {
  const arrow = document.createElement('div');
  arrow.style = 'position:fixed;z-index:99999;pointer-events:none;width:22px;height:30px';
  arrow.innerHTML = `<svg viewBox="0 0 22 30"><path d="M1 1v22l6-5 4 10 4-2-4-9h8z"
    fill="#fff" stroke="#111" stroke-width="1.6"/></svg>`;
  document.body.append(arrow);
  document.addEventListener('mousemove', (event) => {
    Object.assign(arrow.style, { left: `${event.clientX}px`, top: `${event.clientY}px` });
  }, true);
  // the explorer alone: no code, no status
  const around = '.jp-Cell-inputWrapper, .jp-OutputPrompt, #jp-main-statusbar';
  document.querySelectorAll(around).forEach((element) => element.remove());
  document.querySelector('.patchviz').scrollIntoView();
}"""
PLACE = """element => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return [x, y, width, height];
}"""


class Film:
    """Pictures of one element, each with the time that it stays."""

    def __init__(self, page: Page) -> None:
        self.page = page
        x, y, width, height = page.locator(".patchviz").evaluate(PLACE)
        self.clip = {"x": x, "y": y, "width": width, "height": min(height, SIZE["height"] - y)}
        self.pictures: list[Image.Image] = []
        self.times: list[int] = []  # ms

    def shoot(self, ms: int = 90) -> None:
        """Take one picture, once the next frame is drawn."""
        self.page.evaluate("() => new Promise(requestAnimationFrame)")
        picture = Image.open(io.BytesIO(self.page.screenshot(clip=self.clip))).convert("RGB")
        height = round(picture.height * SHOWN_WIDTH / picture.width)
        self.pictures.append(picture.resize((SHOWN_WIDTH, height), Image.Resampling.LANCZOS))
        self.times.append(ms)

    def save(self, path: Path) -> None:
        """Write it in the best quality that is small enough."""
        first, *rest = self.pictures
        for quality in (80, 65, 50, 35):
            how = {"quality": quality, "method": 6, "loop": 0, "duration": self.times}
            first.save(path, save_all=True, append_images=rest, **how)
            if path.stat().st_size <= MOST_BYTES:
                break
        print(
            f"{path.relative_to(REPOSITORY)}: {len(self.times)} pictures, "
            f"{sum(self.times) / 1000:.1f} s, {path.stat().st_size / 1e6:.2f} MB"
        )


def between(start: float, end: float, steps: int) -> Iterator[float]:
    """Give points on the way, slow at both ends."""
    for n in range(1, steps + 1):
        t = n / steps
        yield start + (end - start) * t * t * (3 - 2 * t)


def drag_patch_size(page: Page, film: Film) -> None:
    """Drag 64 -> 48 -> 71 -> 72, and rest at each."""
    slider = page.get_by_role("slider", name="patch size", exact=True)
    x, y, width, height = slider.evaluate(PLACE)
    low, high = (int(slider.get_attribute(name)) for name in ("min", "max"))
    thumb = 16

    def at(size: float) -> float:
        return x + thumb / 2 + (size - low) / (high - low) * (width - thumb)

    middle = y + height / 2
    page.mouse.move(at(64) + 120, middle + 160)
    film.shoot(700)
    for t in between(0, 1, 5):
        page.mouse.move(at(64) + 120 * (1 - t), middle + 160 * (1 - t))
        film.shoot()
    page.mouse.down()
    for start, end, steps in ((64, 48, 9), (48, 71, 12), (71, 72, 1)):
        for size in between(start, end, steps):
            page.mouse.move(at(size), middle)
            film.shoot()
        film.shoot(900)
    page.mouse.up()
    undo = page.get_by_role("button", name="undo")
    undo.click()
    page.locator(".pv-left", has_text="648").wait_for()
    film.shoot(500)


def play_queue(page: Page, film: Film) -> None:
    """Pop some by hand, then play to 0, and refill."""
    for _ in range(10):
        page.get_by_role("button", name="pop", exact=True).click()
        film.shoot(130)
    page.get_by_role("combobox", name="speed").select_option("240")
    page.get_by_role("button", name="play").click()
    while int(page.locator(".pv-left").inner_text()) > 0:
        film.shoot(110)
    film.shoot(800)
    page.get_by_role("button", name="next epoch").click()
    page.locator(".pv-left", has_text="648").wait_for()
    film.shoot(900)


def main() -> None:
    """Record, and write the file."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("no Chromium found: see tests/lab.py")
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        write_notebook(lab.root / "animation.ipynb", [CELL])
        with open_browser(chromium) as browser:
            page = browser.new_page(viewport=SIZE)
            lab.open(page, "animation.ipynb", wide=True)
            lab.run_all(page)
            lab.wait_until_ready(page)
            page.evaluate(CURSOR)
            film = Film(page)
            drag_patch_size(page, film)
            play_queue(page, film)
            film.save(TARGET)


if __name__ == "__main__":
    main()

"""Time the explorer in a real JupyterLab in headless Chromium: ``python -m benchmarks.viewer``.

All times are taken by the page's own clock and end when pixels have changed:

- *slice step*: from an input event at a slice slider, sent at a random moment between frames, to
  the end of the first animation frame whose texts and large plane differ from those before. All
  canvases are read back in that frame, so that their deferred drawing is done and counted. The
  wait for the frame, up to 16.7 ms, is part of it.
- *patch size, known*: likewise, from an input event at the patch-size slider in mid-drag, where
  the browser holds the Scene already.
- *patch size, through Python*: likewise, for sizes that the browser has not seen; the kernel, idle
  until then, is asked for the Scene.
- *first frame*: from the command that runs the cell ``Explorer()`` to the first frame with voxels
  in it, in a fresh kernel that has imported nothing but patchviz itself, and when run again.

- *selection*: from a click on the boards to the frame with another patch in words and plane.
- *a frame of playing*: what drawing takes while the queue plays 60 entries a second.
- *interact*: the same sliders in ipywidgets' `interact`, redrawing a matplotlib figure.

Messages are websocket frames sent and received per step. 144³ voxels are the reference case, 512³ a
large one; drawing is in software, without a GPU. What compositing and a screen add is left out.
"""

import os
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page

from patchviz import Explorer
from tests.lab import Lab, find_chromium, open_browser, write_notebook
from tests.traffic import Frames

N_STEPS = 150
N_WARM_UP = 20
N_RUNS = 4
N_INTERACT = 30

STEP = """async ([name, value]) => {
  const slider = [...document.querySelectorAll('.patchviz input[type=range]')]
    .find((input) => (input.ariaLabel ?? input.parentElement.textContent.trim()) === name);
  const plane = document.querySelector('.pv-main canvas');
  const canvases = [...document.querySelectorAll('.patchviz canvas')]
    .sort((canvas) => (canvas === plane ? -1 : 0))
    .filter((canvas) => canvas.clientWidth);
  const read = () => canvases.map((canvas) => {
    const { width, height } = canvas;
    return new Uint32Array(canvas.getContext('2d').getImageData(0, 0, width, height).data.buffer);
  })[0];
  const texts = () => document.querySelector('.pv-sentence').textContent + plane.ariaLabel;
  const [before, said] = [read(), texts()];
  await new Promise((done) => setTimeout(done, 20 + 17 * Math.random()));
  slider.value = value;
  const start = performance.now();
  slider.dispatchEvent(new Event('input'));
  for (;;) {
    await new Promise(requestAnimationFrame); // those of the explorer come first
    if (texts() === said) continue; // to read pixels takes time
    const now = read();
    const end = performance.now();
    if (now.length !== before.length || now.some((pixel, n) => pixel !== before[n])) {
      return end - start;
    }
    throw new Error(`${name} ${value}: no pixel changed`);
  }
}"""

RUN = """async (cell) => {
  const { content } = window.jupyterapp.shell.currentWidget;
  content.activeCellIndex = cell;
  document.querySelectorAll('.patchviz').forEach((root) => root.classList.add('seen'));
  const start = performance.now();
  window.jupyterapp.commands.execute('notebook:run-cell');
  for (;;) {
    await new Promise(requestAnimationFrame);
    const root = document.querySelector('.patchviz[data-ready="1"]:not(.seen)');
    if (!root) continue;
    root.querySelectorAll('canvas').forEach((c) => c.getContext('2d').getImageData(0, 0, 1, 1));
    return performance.now() - start;
  }
}"""


def report(name: str, times: Sequence[float], messages: str = "") -> float:
    """Print one row of the table; return the median."""
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    median = statistics.median(ordered)
    print(f"{name:<32}{len(times):>6}{median:>12.1f}{p95:>10.1f}   {messages}", flush=True)
    return median


def time_steps(page: Page, frames: Frames, label: str, slider: str, values: Sequence[int]) -> float:
    """Move a slider from value to value, and report."""
    times = []
    sent = received = 0
    for n, value in enumerate(values):
        frames.clear()
        took = page.evaluate(STEP, [slider, value])
        if n < N_WARM_UP:
            continue
        times.append(took)
        seen = frames.settled()
        sent += sum(frame.sent for frame in seen)
        received += sum(not frame.sent for frame in seen)
    return report(label, times, f"{sent / len(times):.3g} + {received / len(times):.3g}")


def spread(values: Sequence[int]) -> list[int]:
    """Put values in an order that jumps about, the same each time."""
    return sorted(values, key=lambda value: value * 0.618 % 1)


IMPORTS = """import numpy as np
from patchviz import Explorer
noise = np.random.default_rng(0).integers(0, 1000, (512,) * 3, dtype=np.int16)"""

# the same two sliders as one would write them without patchviz
INTERACT = """import matplotlib.pyplot as plt
from ipywidgets import interact
from matplotlib.patches import Rectangle
from patchviz import PatchGrid
from patchviz.data.phantom import make_phantom
%matplotlib inline
image, label = make_phantom()

def show(k=(0, 143), patch_size=(16, 144)):
    figure, ax = plt.subplots(figsize=(5, 5))
    ax.imshow(image[:, :, k].T, cmap="gray", origin="lower")
    ax.set(xlim=(-72, 216), ylim=(-72, 216))
    starts = PatchGrid(image.shape, patch_size).starts
    for i in starts[0]:
        for j in starts[1]:
            ax.add_patch(Rectangle((i, j), patch_size, patch_size, fill=False, color="cyan"))
    plt.show()"""

# a slider of ipywidgets', moved by its arrow key, to another picture that is decoded
INTERACT_STEP = """async (n) => {
  const handle = document.querySelectorAll('.widget-slider .noUi-handle')[n];
  const picture = () => document.querySelector('.widget-output img');
  const before = picture().src;
  const start = performance.now();
  handle.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
  while (!picture() || picture().src === before) await new Promise(requestAnimationFrame);
  await picture().decode();
  return performance.now() - start;
}"""

INTERACT_RUN = """async (cell) => {
  const { content } = window.jupyterapp.shell.currentWidget;
  content.activeCellIndex = cell;
  const start = performance.now();
  window.jupyterapp.commands.execute('notebook:run-cell');
  while (!document.querySelector('.widget-output img')) await new Promise(requestAnimationFrame);
  await document.querySelector('.widget-output img').decode();
  return performance.now() - start;
}"""

# play for two seconds: the time that each frame's drawing takes, read back so that none is deferred
PLAY = """async () => {
  const region = document.querySelector('.pv-queue');
  const button = (act) => region.querySelector(`[data-act="${act}"]`);
  const speed = region.querySelector('[data-of="speed"]');
  speed.value = '60';
  speed.dispatchEvent(new Event('change'));
  const canvases = [...document.querySelectorAll('.patchviz canvas')].filter((c) => c.clientWidth);
  const times = [];
  button('play').click();
  const start = performance.now();
  while (performance.now() - start < 2000) {
    const frame = await new Promise(requestAnimationFrame);
    for (const c of canvases) c.getContext('2d').getImageData(0, 0, 1, 1);
    times.push(performance.now() - frame);
  }
  button('play').click();
  return [times, (1000 * times.length) / (performance.now() - start)];
}"""

# click a patch of the boards, to another large plane
SELECT = """async ([x, y]) => {
  const boards = document.querySelector('.pv-boards canvas');
  const plane = document.querySelector('.pv-main canvas');
  const said = () => document.querySelector('.pv-main .pv-readout').textContent;
  const before = said();
  const { left, top, width, height } = boards.getBoundingClientRect();
  const at = { clientX: left + x * width, clientY: top + y * height, bubbles: true };
  const start = performance.now();
  boards.dispatchEvent(new MouseEvent('click', at));
  for (let frames = 0; said() === before; frames++) {
    if (frames > 60) return null;
    await new Promise(requestAnimationFrame);
  }
  plane.getContext('2d').getImageData(0, 0, plane.width, plane.height);
  return performance.now() - start;
}"""


def open_page(lab: Lab, browser: Browser, cells: Sequence[str]) -> tuple[Page, Frames]:
    """Open a notebook in a fresh kernel and run its first cell."""
    lab.shut_down_kernels()
    write_notebook(lab.root / "viewer.ipynb", cells)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    frames = Frames(page)
    lab.open(page, "viewer.ipynb", wide=True)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    frames.settled()
    return page, frames


def time_explorer(lab: Lab, browser: Browser, size: int, cell: str) -> tuple[float, float, float]:
    """Time one explorer; return medians: first frame again, slice step, patch size by Python."""
    first: list[float] = []
    again: list[float] = []
    print(f"\n{cell}: {size} voxels along each axis")
    for n in range(N_RUNS):
        page, frames = open_page(lab, browser, [IMPORTS, cell])
        first.append(page.evaluate(RUN, 1))
        for _ in range(2):
            lab.wait_until_ready(page)
            frames.settled()
            again.append(page.evaluate(RUN, 1))
        lab.wait_until_ready(page)
        if n < N_RUNS - 1:
            page.close()
    report("first frame, fresh kernel", first)
    warm = report("first frame, run again", again)
    slices = [n % size for n in range(N_WARM_UP + N_STEPS)]  # padding repeats its edge
    step = time_steps(page, frames, "slice step", "slice along k", slices)
    sizes = spread([n for n in range(16, 145) if abs(n - 64) > 8])
    asked = time_steps(page, frames, "patch size, through Python", "patch size", sizes)
    time_steps(page, frames, "patch size, known", "patch size", sizes)
    page.evaluate(STEP, ["patch size", 64])
    places = [(x / 9, y / 9) for x in range(1, 9, 2) for y in range(2, 9)]
    found = [page.evaluate(SELECT, place) for place in places]
    report("selection on the boards", [took for took in found if took is not None])
    frames.clear()
    drawn, rate = page.evaluate(PLAY)
    report("queue, a frame of playing", drawn, f"{len(frames.settled())}; {rate:.0f} frames / s")
    page.close()
    return warm, step, asked


def time_interact(lab: Lab, browser: Browser) -> tuple[float, float, float]:
    """Time the same with interact: the medians of a first frame, a slice and a patch size."""
    print("\nipywidgets.interact with matplotlib, inline: 144 voxels along each axis")
    page, frames = open_page(lab, browser, [INTERACT, "interact(show);"])
    first = report("first frame", [page.evaluate(INTERACT_RUN, 1)])
    medians = []
    for n, name in enumerate(("slice step", "patch size")):
        times = []
        for _ in range(N_INTERACT):
            frames.clear()
            times.append(page.evaluate(INTERACT_STEP, n))
            seen = frames.settled()
        sent = sum(frame.sent for frame in seen)
        medians.append(report(name, times, f"{sent} + {len(seen) - sent}"))
    page.close()
    return first, *medians


def time_exported_page(folder: Path, browser: Browser) -> None:
    """Time the exported page from its file to its first frame."""
    path = Explorer().export(folder / "patches.html")
    times = []
    for _ in range(N_RUNS):
        page = browser.new_page()
        page.goto(path.as_uri(), wait_until="commit")
        page.wait_for_selector("[data-ready='1']")
        times.append(page.evaluate("() => performance.now()"))
        page.close()
    print()
    report(f"exported page, {path.stat().st_size / 1e6:.2f} MB", times)


def main() -> None:
    """Run everything and print the table."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("no Chromium found: see tests/lab.py")
    print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores\n")
    print(f"{'ms':<32}{'n':>6}{'median':>12}{'p95':>10}   messages sent + received")
    folders = tempfile.TemporaryDirectory()
    with folders as folder, Lab(Path(folder)) as lab, open_browser(chromium) as browser:
        ours = time_explorer(lab, browser, 144, "Explorer()")
        theirs = time_interact(lab, browser)
        names = ("first frame", "slice step", "patch size")
        for name, one, other in zip(names, ours, theirs, strict=True):
            print(f"{'  ' + name:<32}{other / one:>18.1f} times the explorer's")
        time_explorer(lab, browser, 512, "Explorer(noise)")
        time_exported_page(Path(folder), browser)


if __name__ == "__main__":
    main()

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

Messages are websocket frames sent and received per step. The volume has 144³ voxels, and 27 boxes
at the start; drawing is in software, without a GPU. What compositing and a screen add is left out.
"""

import os
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page

from tests.lab import Frames, Lab, count_frames, find_chromium, open_browser, write_notebook

N_STEPS = 150
N_WARM_UP = 20
N_RUNS = 4

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


def report(name: str, times: Sequence[float], messages: str = "") -> None:
    """Print one row of the table."""
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    median = statistics.median(ordered)
    print(f"{name:<32}{len(times):>6}{median:>12.1f}{p95:>10.1f}   {messages}", flush=True)


def time_steps(page: Page, frames: Frames, label: str, slider: str, values: Sequence[int]) -> None:
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
    report(label, times, f"{sent / len(times):.3g} + {received / len(times):.3g}")


def spread(values: Sequence[int]) -> list[int]:
    """Put values in an order that jumps about, the same each time."""
    return sorted(values, key=lambda value: value * 0.618 % 1)


def main() -> None:
    """Run everything and print the table."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("no Chromium found: see tests/lab.py")
    print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores\n")
    print(f"{'ms':<32}{'n':>6}{'median':>12}{'p95':>10}   messages sent + received")
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        write_notebook(lab.root / "viewer.ipynb", ["from patchviz import Explorer", "Explorer()"])
        with open_browser(chromium) as browser:
            first, again = [], []
            for _ in range(N_RUNS):
                lab.shut_down_kernels()
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                frames = count_frames(page)
                lab.open(page, "viewer.ipynb", wide=True)
                page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
                frames.settled()
                first.append(page.evaluate(RUN, 1))
                for _ in range(2):
                    frames.settled()
                    again.append(page.evaluate(RUN, 1))
                if len(first) < N_RUNS:
                    page.close()
            report("first frame, fresh kernel", first)
            report("first frame, run again", again)
            slices = [n % 144 for n in range(N_WARM_UP + N_STEPS)]  # padding repeats its edge
            time_steps(page, frames, "slice step", "slice along k", slices)
            sizes = spread([size for size in range(16, 145) if abs(size - 64) > 8])
            time_steps(page, frames, "patch size, through Python", "patch size", sizes)
            time_steps(page, frames, "patch size, known", "patch size", sizes)


if __name__ == "__main__":
    main()

"""The whole picture, or the parts of it that are shown, as it stands where widgets don't run."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from patchviz.arguments import Array
from patchviz.epochs.queue import PatchQueue
from patchviz.figures import marks
from patchviz.figures.boards import draw_boards
from patchviz.figures.ledger import draw_ledger
from patchviz.figures.marks import INK, MUTED
from patchviz.figures.plane import draw_plane
from patchviz.figures.queue import draw_queue
from patchviz.figures.track import draw_padding_track
from patchviz.scene.resolve import Scene

ROWS = (("planes", "boards"), ("patch_size",), ("ledger",), ("queue",))
HEIGHTS = {"planes": 4, "boards": 3, "patch_size": 0.6, "ledger": 3.2, "queue": 1.2}  # inches


def draw_explorer(
    scene: Scene,
    image: Array | None = None,
    label: Array | None = None,
    *,
    show: Collection[str] | None = None,
    queue: PatchQueue | None = None,
) -> Figure:
    """Draw the picture as it stands where widgets don't run, at most 1100 pixels wide.

    Parameters
    ----------
    scene, image, label
        As in `draw_plane`, and so are errors; pyplot doesn't know of the figure.
    show : collection of str, optional
        The explorer's parts. Drawn of them are the sentence, planes, boards, the patch size's
        track, the ledger and, if given, the `queue`; a plane where that leaves nothing.
    queue : PatchQueue, optional
    """
    draws = {
        "planes": lambda ax: draw_plane(scene, image, label, ax=ax),
        "boards": lambda ax: draw_boards(scene, image, ax=ax),
        "patch_size": lambda ax: draw_padding_track(scene, ax=ax),
        "ledger": lambda ax: draw_ledger(scene, ax=ax),
    }
    if queue is not None:
        draws["queue"] = lambda ax: draw_queue(queue, scene.settings.batch_size, ax=ax)
    if show is None:
        return _draw_all(scene, draws)
    places, height = _place([name for name in draws if name in show] or ["planes"])
    width = (
        11 if "sentence" in show else 0.3 + max(left + wide for left, _, wide, _ in places.values())
    )
    figure = Figure(figsize=(width, height), dpi=100, facecolor="white")
    if "sentence" in show:
        _write_sentence(figure, scene)
    for name, (left, top, wide, high) in places.items():
        place = (left / width, 1 - (top + high) / height, wide / width, high / height)
        draws[name](figure.add_axes(place, anchor="NW"))
    return figure


def _draw_all(scene: Scene, draws: dict[str, Callable[[Axes], Axes]]) -> Figure:
    """Draw all but the queue, 620 pixels high."""
    figure = Figure(figsize=(11, 6.2), dpi=100, facecolor="white")
    _write_sentence(figure, scene)
    draws["planes"](figure.add_axes((0.06, 0.271, 0.349, 0.606), anchor="NW"))
    draws["patch_size"](figure.add_axes((0.06, 0.039, 0.36, 0.097)))
    draws["boards"](figure.add_axes((0.431, 0.595, 0.564, 0.315)))
    draws["ledger"](figure.add_axes((0.431, 0.01, 0.564, 0.52)))
    return figure


def _place(names: Sequence[str]) -> tuple[dict[str, tuple[float, float, float, float]], float]:
    """Give parts their left, top, width and height, and all of it its height, in inches."""
    places, top = {}, 0.76
    for row in ROWS:
        if here := [name for name in row if name in names]:
            left = 0.66
            for name in here:
                wide = 4.4 if name == "planes" else 10.7 - left
                places[name] = (left, top, wide, HEIGHTS[name])
                left += wide
            top += max(HEIGHTS[name] for name in here) + 0.76
    return places, top - 0.3


def _write_sentence(figure: Figure, scene: Scene) -> None:
    """Write the sentence on top, as large as it fits, its strong words in bold."""
    words = [(word, "bold" if word.strong else "normal") for word in scene.sentence]
    wide, x = 72 * figure.get_figwidth(), 20.0
    y = 1 - 0.37 / figure.get_figheight()
    whole = sum(marks.width_of(word.text, 20, weight) for word, weight in words)
    size = min(20, 20 * (wide - 2 * x) / whole)
    for word, weight in words:
        colour = INK if word.key else MUTED
        figure.text(x / wide, y, word.text, size=size, weight=weight, color=colour)
        x += marks.width_of(word.text, size, weight)


def explorer_png(scene: Scene, *voxels: Array | None, **options: Any) -> bytes:
    """Draw the picture as the bytes of a PNG: parameters are those of `draw_explorer`."""
    canvas: Any = FigureCanvasAgg(draw_explorer(scene, *voxels, **options))
    file = io.BytesIO()
    canvas.print_png(file, pil_kwargs={"compress_level": 3})  # a third sooner, hardly larger
    return file.getvalue()

"""The whole picture, as it stands where widgets don't run."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from patchviz.figures import marks
from patchviz.figures.boards import draw_boards
from patchviz.figures.ledger import draw_ledger
from patchviz.figures.marks import INK, MUTED, Array
from patchviz.figures.plane import draw_plane
from patchviz.figures.track import draw_padding_track
from patchviz.scene import Scene


def draw_explorer(scene: Scene, image: Array | None = None, label: Array | None = None) -> Figure:
    """Draw the whole picture, 1100 x 620 pixels, as it stands where widgets don't run.

    Parameters and errors are those of `draw_plane`; pyplot doesn't know of the figure.
    """
    figure = Figure(figsize=(11, 6.2), dpi=100, facecolor="white")
    _write_sentence(figure, scene)
    draw_plane(scene, image, label, ax=figure.add_axes((0.06, 0.271, 0.349, 0.606), anchor="NW"))
    draw_padding_track(scene, ax=figure.add_axes((0.06, 0.039, 0.36, 0.097)))
    draw_boards(scene, image, ax=figure.add_axes((0.431, 0.595, 0.564, 0.315)))
    draw_ledger(scene, ax=figure.add_axes((0.431, 0.01, 0.564, 0.52)))
    return figure


def _write_sentence(figure: Figure, scene: Scene) -> None:
    """Write the sentence on top, as large as it fits, its strong words in bold."""
    words = [(word, "bold" if word.strong else "normal") for word in scene.sentence]
    wide, x = 72 * figure.get_figwidth(), 20.0
    whole = sum(marks.width_of(word.text, 20, weight) for word, weight in words)
    size = min(20, 20 * (wide - 2 * x) / whole)
    for word, weight in words:
        colour = INK if word.key else MUTED
        figure.text(x / wide, 0.94, word.text, size=size, weight=weight, color=colour)
        x += marks.width_of(word.text, size, weight)


def explorer_png(scene: Scene, image: Array | None = None, label: Array | None = None) -> bytes:
    """Draw the whole picture as the bytes of a PNG: see `draw_explorer`."""
    canvas: Any = FigureCanvasAgg(draw_explorer(scene, image, label))
    file = io.BytesIO()
    canvas.print_png(file, pil_kwargs={"compress_level": 3})  # a third sooner, hardly larger
    return file.getvalue()

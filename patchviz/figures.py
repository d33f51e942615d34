"""The matplotlib views of a Scene: each `draw_*` draws into `ax`.

Without one it is pyplot's current, or all of a new figure that suits the view.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from patchviz import marks
from patchviz.epochs import PatchQueue
from patchviz.ledger import axes_text
from patchviz.marks import INK, MUTED, REAL, RULE, TEXT, Array, Turned
from patchviz.scene import Scene

SELECTION, UNSEEN = "#e8710a", "#ff2fd0"
LABELS = np.array([to_rgba(tint, 0.5) for tint in ("#ffc43d", "#7ad678", "#f07a7a", "#6eaaff")])


def draw_plane(
    scene: Scene,
    image: Array | None = None,
    label: Array | None = None,
    axis: int = 2,
    position: int | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a plane of the volume with all that sticks out of it, and the boxes that it cuts.

    Parameters
    ----------
    scene : Scene
    image, label : ndarray of the subject's shape, optional
        Grey values (plain grey without), and what is laid over them where it isn't 0.
    axis : int
        The array axis that the plane is perpendicular to. Of the others the lower runs to the
        right and the higher upwards.
    position : int, optional
        Voxels along `axis`, also in the padding; by default the middle of the image. Where
        several layers of patches hold it, the one that it cuts most centrally is drawn.
    ax : Axes, optional

    Raises
    ------
    ValueError, TypeError
        For an array of another shape, and an `axis` or `position` that isn't there.
    """
    ax = ax or _current(6, 6)
    turned = Turned(scene, axis)
    across, right, up = turned.axes
    middle = across.size // 2 if position is None else position
    position = marks.require_within("position", middle, across.span)
    ax.set(facecolor="#8a9097", xlim=right.span, ylim=up.span, aspect=up.spacing / right.spacing)
    ax.apply_aspect()
    if image is not None:
        marks.show(ax, turned.cut("image", image, position), image)
    if label is not None:
        values = turned.cut("label", label, position)
        tints = LABELS[np.clip(values, 1, len(LABELS)).astype(int) - 1]
        marks.show(ax, tints * (values != 0)[..., None])
    _draw_outside(ax, turned, position)
    off = np.abs(position - np.array(across.starts) - (across.patch - 1) / 2)
    if min(off) < across.patch / 2:
        layer = np.flatnonzero(turned.places[:, 0] == np.argmin(off))
        marks.draw_patches(ax, turned, layer, turned.corners[layer, 1:], facecolors="none")
    _name_sides(ax, turned)
    marks.draw_ruler(ax.xaxis, right.starts, right.size)
    marks.draw_ruler(ax.yaxis, up.starts, up.size)
    return ax


def _draw_outside(ax: Axes, turned: Turned, position: int) -> None:
    """Outline the image (dashed: elsewhere), hatch what isn't image, tint what no patch holds."""
    across, size = turned.across, turned.size
    inside = 0 <= position < across.size
    where = f"{across.name} = {position}" + ("" if inside else " (padding)")
    ax.set_title(where if across.name else "", loc="left", fontsize=TEXT + 1, color=INK)
    whole = np.transpose([axis.span for axis in turned.axes])
    image = np.array((0 * size, size))
    how = {"facecolors": (0.13, 0.17, 0.21, 0.6), "edgecolors": (1, 1, 1, 0.28), "hatch": "////"}
    _draw_around(ax, image, whole, position, gid="padding", **how)
    how = {"facecolors": "none", "edgecolors": "white", "linestyles": "-" if inside else "--"}
    marks.draw_boxes(ax, image[:, 1:], gid="image", linewidths=1.5, **how)
    if inside and any(axis.unseen for axis in turned.axes):  # the rest is one box: without holes
        seen = np.clip((turned.corners[0], turned.corners[-1] + turned.patch), 0, size)
        _draw_around(ax, seen, image, position, gid="unseen", facecolors=to_rgba(UNSEEN, 0.75))
        ax.set_title("■ in no patch", loc="right", fontsize=TEXT, color=UNSEEN)


def _draw_around(ax: Axes, hole: Array, whole: Array, position: int, **how: Any) -> None:
    """Draw what a plane shows of a box without the box in it; both are (low, high) corners."""
    if not hole[0, 0] <= position < hole[1, 0]:
        hole = whole[[0, 0]]
    (left, low), (right, high), (x, y), (end, top) = *whole[:, 1:], *hole[:, 1:]
    beside = [(left, low, x, high), (end, low, right, high)]
    marks.draw_boxes(ax, [*beside, (x, low, end, y), (x, top, end, high)], **how)


def _name_sides(ax: Axes, turned: Turned) -> None:
    """Write where the image's sides point, and the axes' names where the rulers end."""
    _, right, up = turned.axes
    (left, end), (low, high), (x, y) = right.span, up.span, 1 / marks.points_per_unit(ax)
    for place, text, how in (
        ((left - 35 * x, up.size / 2), right.ends[0], {"weight": "bold"}),
        ((end + 9 * x, up.size / 2), right.ends[1], {"weight": "bold"}),
        ((right.size / 2, low - 22 * y), up.ends[0], {"weight": "bold"}),
        ((right.size / 2, high + 9 * y), up.ends[1], {"weight": "bold"}),
        ((end + 9 * x, low), right.name, {"color": MUTED}),
        ((left - 9 * x, high + 9 * y), up.name, {"color": MUTED}),
    ):
        marks.write(ax, place, text, ha="center", **how)


def draw_axis(scene: Scene, axis: int = 0, *, ax: Axes | None = None) -> Axes:
    """Draw one axis as a ruler: the image as a bar, and over it each patch with its start.

    Raises ValueError for an `axis` that isn't there.
    """
    ax = ax or _current(10, 1.8)
    it = scene.axes[marks.require_within("axis", axis, (0, len(scene.axes)))]
    starts, inside = np.array(it.starts), np.array(it.inside)
    lanes = min(len(starts), max(3, 1 + math.ceil(it.patch / (it.patch - it.overlap))))
    lane = 1 + np.arange(len(starts)) % lanes
    ax.set(xlim=it.span, ylim=(-0.6, lanes + 0.5), yticks=())
    marks.draw_boxes(ax, (0, -0.36, it.size, 0.36), facecolors=RULE)
    unseen = [(low, -0.36, high, 0.36) for low, high in it.unseen]
    marks.draw_boxes(ax, unseen, gid="unseen", facecolors=UNSEEN)
    marks.write(ax, (it.size / 2, 0), f"image: {it.size} voxels", ha="center")
    ax.vlines((0, it.size), -0.6, lanes + 0.5, INK, linewidth=1, linestyle="--", clip_on=False)
    low, high = lane - 0.36, lane + 0.36
    bars, real = np.c_[starts, low, starts + it.patch, high], np.clip(starts, 0, None)
    how = {"linewidths": 1, "edgecolors": MUTED}
    marks.draw_boxes(ax, bars, gid="patches", facecolors="white", hatch="////", **how)
    bars = np.c_[real, low, real + inside, high]
    marks.draw_boxes(ax, bars, gid="real", facecolors=REAL(inside / it.patch), **how)
    room = marks.points_per_unit(ax)[0] * it.patch
    for n, start in enumerate(it.starts if room > 26 else ()):
        text = f"patch {n + 1} from {start}" if room > 100 else f"{start}"
        marks.write_tag(ax, (start, lane[n] - 0.25), text, "white")
    ax.spines[["left", "top", "right"]].set_visible(False)
    marks.draw_ruler(ax.xaxis, it.starts, it.size)
    ax.set_xlabel(f"{it.name} (voxels)", fontsize=TEXT, color=MUTED)
    return ax


def draw_padding_track(scene: Scene, *, ax: Axes | None = None) -> Axes:
    """Draw the padding and the number of patches by cubic patch size, and mark the scene's own."""
    ax = ax or _current(10, 2)
    track, sizes = scene.track, [axis.patch for axis in scene.axes]
    saw = [math.nan if share is None else 100 * share for share in track.padding]
    ax.set(xlim=(track.sizes[0] - 0.5, track.sizes[-1] + 0.5), ylim=(-5, 105))
    ax.fill_between(track.sizes, saw, color=REAL(0.25), alpha=0.25, linewidth=0)
    ax.plot(track.sizes, saw, color=REAL(0.25), linewidth=1.5)
    ax.set_yticks((0, 50, 100), ("0 %", "50 %", "100 %"), fontsize=TEXT, color=MUTED)
    counts = dict(zip(track.sizes, track.counts, strict=True))
    for size in marks.draw_ruler(ax.xaxis, track.ticks):
        if (count := counts[size]) is not None:
            marks.write(ax, (size, 112), f"{count:,}", color=MUTED, ha="center", va="bottom")
    cut = math.prod(axis.patch * len(axis.starts) for axis in scene.axes)
    share = 100 * (1 - math.prod(sum(axis.inside) for axis in scene.axes) / cut)
    ax.vlines(sizes, 0, share, color=SELECTION, linewidth=1.5)
    ax.plot(sizes, [share] * len(sizes), "o", color=SELECTION, markersize=7)
    present = f"patch size {axes_text(sizes)}: {share:.3g} % padding"
    ax.set_title(present, loc="left", fontsize=TEXT + 1, color=SELECTION, pad=19)
    ax.set_title("patches", loc="right", fontsize=TEXT, color=MUTED, pad=19)
    ax.spines[["left", "top", "right"]].set_visible(False)
    return ax


def draw_boards(
    scene: Scene, image: Array | None = None, axis: int = 2, *, ax: Axes | None = None
) -> Axes:
    """Draw all patches: a board for each layer, and below how many are how real.

    Parameters
    ----------
    scene, image, ax
        As in `draw_plane`. The image shows each patch as the network gets it, in the middle slice
        of its real part; without one, and for more than 200 patches, there are plain cells.
    axis : int
        The array axis along which layers follow each other; the others run as in `draw_plane`.
    """
    ax = ax or _current(10, 4.5)
    turned = Turned(scene, axis)
    origins, pitch, gap = _lay_out(ax, turned)
    places = origins[turned.places[:, 0]] + turned.places[:, 1:] * (turned.patch[1:] + gap)
    fill = turned.colours
    if image is not None and scene.n_patches <= 200:
        _show_thumbnails(ax, turned, image, places)
        fill = "none"
    marks.draw_patches(ax, turned, range(len(places)), places, facecolors=fill)
    points, across = marks.points_per_unit(ax), turned.across
    for start, (x, y) in zip(across.starts, origins, strict=True):
        if across.name and min(points * pitch) > 90:
            text = f"{across.name} = {start} … {start + across.patch - 1}"
            marks.write(ax, (x, y + 0.99 * pitch[1]), text, color=MUTED, va="top")
    for n, kind in enumerate(scene.classes):
        text = f"{kind.count:,} × {kind.label}" + ("" if n else " real")
        marks.write_tag(ax, (n % 4 * 105, -18 - n // 4 * 13.5) / points, text, turned.tints[n])
    return ax


def _lay_out(ax: Axes, turned: Turned) -> tuple[Array, Array, Array]:
    """Make room for boards as large as they fit: their corners, their pitch, the gap in them."""
    _, right, up = turned.axes
    patch, voxel = turned.patch[1:], np.array((1, up.spacing / right.spacing))
    gap = np.maximum(1, np.rint(0.1 * min(patch * voxel) / voxel)).astype(int)
    board = (turned.places[-1, 1:] + 1) * (patch + gap)
    pitch = np.ceil(board + 0.1 * max(board * voxel) / voxel).astype(int)  # with room for a title
    n = np.arange(len(turned.across.starts))
    grids = [(columns, -(-len(n) // columns)) for columns in 1 + n]
    columns, rows = max(grids, key=lambda grid: min(ax.bbox.size / (pitch * voxel * grid)))
    ax.set(xlim=(0, columns * pitch[0]), ylim=(0, rows * pitch[1]), aspect=voxel[1], anchor="NW")
    ax.set_axis_off()
    ax.apply_aspect()
    return np.stack([n % columns, rows - 1 - n // columns], axis=-1) * pitch, pitch, gap


def _show_thumbnails(ax: Axes, turned: Turned, image: Array, places: Array) -> None:
    """Show the middle slice of every patch's real part, all as one picture."""
    across, right, up = turned.axes
    middles = [(max(n, 0) + min(n + across.patch, across.size)) // 2 for n in across.starts]
    planes = [turned.cut("image", image, middle) for middle in middles]
    canvas = np.full((int(ax.get_xlim()[1]), int(ax.get_ylim()[1])), np.nan, np.float32)
    for (layer, *_), corner, (x, y) in zip(turned.places, turned.corners, places, strict=True):
        i, j = corner[1:] - (right.span[0], up.span[0])
        patch = planes[layer][i : i + right.patch, j : j + up.patch]
        canvas[x : x + right.patch, y : y + up.patch] = patch
    marks.show(ax, canvas, image)


def draw_patch(
    scene: Scene, image: Array, patch: int, axis: int = 2, *, ax: Axes | None = None
) -> Axes:
    """Draw one patch as the network gets it, with an outline around what is image in it.

    Parameters
    ----------
    scene, axis, ax
        As in `draw_plane`; the slice is the middle one of the patch's real part.
    image : ndarray of the subject's shape
    patch : int
        Counted from 0.
    """
    ax = ax or _current(4, 4)
    turned = Turned(scene, axis)
    n = marks.require_within("patch", patch, (0, scene.n_patches))
    _, right, up = turned.axes
    low, high = turned.corners[n], turned.corners[n] + turned.patch
    ax.set(xlim=(low[1], high[1]), ylim=(low[2], high[2]), aspect=up.spacing / right.spacing)
    real = np.clip((low, high), 0, turned.size)
    i, j = low[1:] - (right.span[0], up.span[0])
    plane = turned.cut("image", image, sum(real[:, 0]) // 2)
    marks.show(ax, plane[i : i + right.patch, j : j + up.patch], image)
    how = {"facecolors": "none", "edgecolors": SELECTION, "linewidths": 1.5}
    marks.draw_boxes(ax, real[:, 1:], gid="image", **how)
    mode = "" if turned.shares[n] == 1 else f", padding: {scene.settings.padding_mode}"
    ax.set_title(f"patch {n + 1}{mode}", loc="left", fontsize=TEXT + 1, color=INK)
    ax.set(xticks=(), yticks=())
    return ax


def draw_ledger(scene: Scene, *, ax: Axes | None = None) -> Axes:
    """Draw the ledger: each number, its value, and the formula, cut short where it doesn't fit."""
    ax = ax or _current(10, 6)
    rows = scene.ledger
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.set_axis_off()
    wide, high = marks.points_per_unit(ax)
    ax.set(xlim=(0, wide), ylim=(high, 0))
    values = [row.value.split("; ") for row in rows]  # those of several axes are in lines
    line = min((high - 16) / sum(map(len, values)), 14)
    x_value = 10 + max(marks.width_of(row.label) for row in rows)
    y = line / 2
    for (above, row), lines in zip(pairwise((rows[0], *rows)), values, strict=True):
        if row.group != above.group:
            ax.axhline(y + 2 - line / 2, color=RULE, linewidth=0.8)
            y += 4
        x = x_value + max(96, 10 + max(map(marks.width_of, lines)))
        marks.write(ax, (0, y), row.label)
        marks.write(ax, (x, y), _fit(row.formula, wide - x), color=MUTED)
        for text in lines:
            marks.write(ax, (x_value, y), text)
            y += line
    return ax


def _fit(formula: str, room: float) -> str:
    """Leave away a formula's result, which the value says, and then its end, where too long."""
    if marks.width_of(formula) > room:
        formula = formula.rpartition(" = ")[0] or formula
    if (wide := marks.width_of(formula)) > room:
        formula = formula[: max(0, int(len(formula) * (room - 12) / wide))] + "…"
    return formula


def draw_queue(queue: PatchQueue, batch_size: int, *, ax: Axes | None = None) -> Axes:
    """Draw a queue as columns of one batch each, a colour for each subject; the last is first."""
    ax = ax or _current(10, 1.4)
    missing = np.full(-len(queue) % batch_size, math.nan)  # of the batch that comes last
    cells = np.concatenate([missing, queue.visits]).reshape(-1, batch_size).T
    ax.imshow(cells, "viridis", aspect="auto", interpolation="nearest")
    ax.set(xticks=(), yticks=())
    ax.spines[:].set_visible(False)
    n_batches = cells.shape[1]
    text = f"{len(queue):,} patches in {n_batches:,} batches of {batch_size}; popped from the right"
    ax.set_title(text, loc="left", fontsize=TEXT + 1, color=INK)
    return ax


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
    """Draw the picture as it stands where widgets don't run, 1100 pixels wide.

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
    figure = Figure(figsize=(11, height), dpi=100, facecolor="white")
    if "sentence" in show:
        _write_sentence(figure, scene)
    for name, (left, top, wide, high) in places.items():
        place = (left / 11, 1 - (top + high) / height, wide / 11, high / height)
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


def _current(wide: float, high: float) -> Axes:
    from matplotlib import pyplot

    if not pyplot.get_fignums():
        pyplot.figure(figsize=(wide, high))
    return pyplot.gca()

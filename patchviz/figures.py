"""The matplotlib views of a Scene: a `draw_*` draws one into `ax` (default: pyplot's current)."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from functools import lru_cache
from operator import index as as_int
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.path import Path
from numpy.typing import NDArray
from PIL import Image

from patchviz.ledger import axes_text
from patchviz.scene import Axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from patchviz.scene import RealClass, Scene

Array = NDArray[Any]
Turned = tuple[Axis, Axis, Axis]  # the axis looked along, the one to the right, the one upwards
Side = Literal["x", "y"]
Colour = str | tuple[float, float, float, float]

INK, MUTED, RULE, SAW = "#1c2733", "#66727e", "#d3d9df", "#2f789c"
GREY, VEIL, HATCH = "#8a9097", (0.13, 0.17, 0.21, 0.6), (1.0, 1.0, 1.0, 0.28)
SELECTION, UNSEEN = "#e8710a", "#ff2fd0"
# How much of a patch is real: one hue, the lighter the more, as in the explorer's paint.js.
REAL = LinearSegmentedColormap.from_list(
    "real", [(0, "#265e80"), (0.25, "#2f789c"), (0.5, "#42a0c4"), (1, "#b0ecff")]
)
LABELS = np.array([to_rgba(tint, 0.5) for tint in ("#ffc43d", "#7ad678", "#f07a7a", "#6eaaff")])
# Half the greys of a screen halve the PNG of a noisy scan, and look the same.
ANATOMY = colormaps["gray"].resampled(48)
TEXT, LINE, GAP = 9, 11, 4  # points: of text, from line to line of the ledger, between its groups
MOST_THUMBNAILS = 200  # patches; boards of more are plain cells
_make_renderer: Any = RendererAgg  # it has no types

# Stands for the axes that a scene of one or two doesn't have: a single voxel.
FLAT = Axis("", 1, 1, 0, 0, 1.0, ("", ""), (0,), (1,), (0, 0), (0, 1), (0,), (), 1, 1)


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

    Returns
    -------
    Axes

    Raises
    ------
    ValueError, TypeError
        For an array of another shape, and an `axis` or `position` that isn't there.
    """
    ax = ax or _current()
    across, right, up = axes = _turn(scene, axis)
    position = across.size // 2 if position is None else as_int(position)
    low, high = across.span
    if not low <= position < high:
        raise ValueError(f"`position` must be from {low} to {high - 1} (voxels), got {position}")
    inside = 0 <= position < across.size
    box = ((position, position + 1), right.span, up.span)
    ax.set(facecolor=GREY, aspect=up.spacing / right.spacing)
    if image is not None:
        voxels = _check("image", image, scene, axis)
        _show(ax, _look_up(voxels, axes, box)[0], box[1:], **_window(voxels))
    if label is not None:
        values = _look_up(_check("label", label, scene, axis), axes, box)[0]
        tints = LABELS[np.clip(values, 1, len(LABELS)).astype(int) - 1]
        _show(ax, tints * (values != 0)[..., None], box[1:])
    unseen = _known(across)[position - low] * np.outer(_known(right), _known(up)) > 1
    if unseen.any():
        _show(ax, unseen[..., None] * np.array(to_rgba(UNSEEN, 0.75)), box[1:])
        ax.set_title("■ in no patch", loc="right", fontsize=TEXT, color=UNSEEN)
    where = f"{across.name} = {position}" + ("" if inside else " (padding)")
    ax.set_title(where if across.name else "", loc="left", fontsize=TEXT + 1, color=INK)
    ax.set(xlim=right.span, ylim=up.span)
    ax.apply_aspect()
    _draw_outside(ax, right, up, inside)
    _draw_boxes(ax, scene, axis, position)
    _name_sides(ax, right, up)
    _draw_ruler(ax, "x", right)
    _draw_ruler(ax, "y", up)
    return ax


def draw_axis(scene: Scene, axis: int = 0, *, ax: Axes | None = None) -> Axes:
    """Draw one axis as a ruler: the image as a bar, and over it each patch with its start.

    Parameters
    ----------
    scene : Scene
    axis : int
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        For an `axis` that isn't there.
    """
    ax = ax or _current()
    if not 0 <= axis < len(scene.axes):
        raise ValueError(f"`axis` must be from 0 to {len(scene.axes) - 1}, got {axis}")
    it = scene.axes[axis]
    lanes = min(len(it.starts), max(3, 1 + -(-it.patch // (it.patch - it.overlap))))
    margin = 0.01 * (it.span[1] - it.span[0])
    ax.set(xlim=(it.span[0] - margin, it.span[1] + margin), ylim=(-0.6, lanes + 0.5))
    _draw_bar(ax, (0, it.size), 0, facecolor=RULE)
    for run in it.unseen:
        _draw_bar(ax, run, 0, facecolor=UNSEEN)
    _write(ax, it.size / 2, 0, f"image: {it.size} voxels", ha="center")
    ax.vlines((0, it.size), -0.6, lanes + 0.5, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    points = _points_per_unit(ax)[0]
    for n, (start, inside) in enumerate(zip(it.starts, it.inside, strict=True)):
        lane, stop, colour = 1 + n % lanes, start + it.patch, REAL(inside / it.patch)
        real = (max(start, 0), max(start, 0) + inside)
        _draw_bar(ax, (start, stop), lane, facecolor="white", hatch="////", edgecolor=MUTED)
        _draw_bar(ax, real, lane, facecolor=colour)
        _draw_bar(ax, (start, stop), lane, fill=False, edgecolor=INK, gid=f"patch {n + 1}")
        if points * it.patch > 26:
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
            _write(ax, start + 4 / points, lane, f"{start}", bbox=box)
        x = max(start + 42 / points, real[0] + 8 / points)
        if x + 42 / points < real[1]:
            _write(ax, x, lane, f"patch {n + 1}", color=_ink_on(colour))
    ax.set_yticks([])
    ax.spines[["left", "top", "right"]].set_visible(False)
    _draw_ruler(ax, "x", it)
    ax.set_xlabel(f"{it.name} (voxels)", fontsize=TEXT, color=MUTED)
    return ax


def draw_padding_track(scene: Scene, *, ax: Axes | None = None) -> Axes:
    """Draw the share of padding by cubic patch size, the saw behind the patch-size slider.

    The scene's own share is marked, and numbers of patches stand above the ticks.

    Parameters
    ----------
    scene : Scene
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or _current()
    track, sizes = scene.track, [axis.patch for axis in scene.axes]
    shares = [math.nan if share is None else 100 * share for share in track.padding]
    ax.set(xlim=(track.sizes[0] - 0.5, track.sizes[-1] + 0.5), ylim=(0, 100))
    ax.fill_between(track.sizes, shares, color=SAW, alpha=0.25, linewidth=0)
    ax.plot(track.sizes, shares, color=SAW, linewidth=1.5)
    ax.set_yticks((0, 50, 100), ("0 %", "50 %", "100 %"), fontsize=TEXT, color=MUTED)
    counts, above = dict(zip(track.sizes, track.counts, strict=True)), ax.get_xaxis_transform()
    for size in _set_ticks(ax, "x", track.ticks):
        if (count := counts[size]) is not None:
            how: Any = {"xycoords": above, "textcoords": "offset points", "ha": "center"}
            ax.annotate(f"{count:,}", (size, 1), (0, 4), color=MUTED, fontsize=TEXT, **how)
    cut = math.prod(axis.patch * len(axis.starts) for axis in scene.axes)
    share = 100 * (1 - math.prod(sum(axis.inside) for axis in scene.axes) / cut)
    if len(set(sizes)) == 1:
        ax.plot(sizes[:1] * 2, (0, share), color=SELECTION, linewidth=1.5)
        ax.plot(sizes[:1], (share,), "o", color=SELECTION, markersize=7, clip_on=False)
    else:
        ax.axhline(share, color=SELECTION, linewidth=1.5, linestyle="--")
    present = f"patch size {axes_text(sizes)}: {share:.3g} % padding"
    ax.set_title(present, loc="left", fontsize=TEXT + 1, color=SELECTION, pad=19)
    ax.set_title("patches", loc="right", fontsize=TEXT, color=MUTED, pad=19)
    ax.spines[["left", "top", "right"]].set_visible(False)
    return ax


def draw_boards(
    scene: Scene, image: Array | None = None, axis: int = 2, *, ax: Axes | None = None
) -> Axes:
    """Draw all patches: a board of thumbnails for each layer, framed by how real they are.

    A thumbnail shows a patch as the network gets it, in the middle slice of its real part.

    Parameters
    ----------
    scene : Scene
    image : ndarray of the subject's shape, optional
        Without one, or with more than 200 patches, there are plain cells.
    axis : int
        The array axis along which layers follow each other; the others run as in `draw_plane`.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        For an image of another shape, and an `axis` that isn't there.
    """
    ax = ax or _current()
    axes = across, right, up = _turn(scene, axis)
    places = _place_patches(ax, axes)
    corners = places.reshape(-1, 2)
    numbers, _, colours = _describe_patches(scene, axis)
    points, frame = _points_per_unit(ax), np.zeros(2)
    if image is not None and scene.n_patches <= MOST_THUMBNAILS:
        _show_thumbnails(ax, _check("image", image, scene, axis), axes, places)
        frame = 0.06 * min(points * (right.patch, up.patch)) / points
    cells = _rectangles(corners, right.patch, up.patch, frame)
    _draw_rectangles(ax, cells, facecolors=colours, edgecolors=MUTED, linewidths=0.4, zorder=-1)
    if min(points * (right.patch, up.patch)) > 20:
        for corner, n, colour in zip(corners, numbers.flat, colours, strict=True):
            _write_tag(ax, corner, f"{n}", colour)
    if across.name and points[0] * right.patch * len(right.starts) > 80:
        for start, (x, y) in zip(across.starts, places[:, 0, -1], strict=True):
            text = f"{across.name} = {start} … {start + across.patch - 1}"
            above = y + up.patch + frame[1] + 2 / points[1]
            _write(ax, x, above, text, color=MUTED, va="bottom")
    _draw_legend(ax, scene)
    return ax


def draw_ledger(scene: Scene, *, ax: Axes | None = None) -> Axes:
    """Draw the ledger: each number, its value, and muted the formula that gives it.

    Parameters
    ----------
    scene : Scene
    ax : Axes, optional
        Where it is too small for the formulas these are cut short; the values never are.

    Returns
    -------
    Axes
    """
    ax = ax or _current()
    ax.set_axis_off()
    wide, high = _points(ax)
    ax.set(xlim=(0, wide), ylim=(high, 0))
    rows = scene.ledger
    values = [[r.value] if len(r.value) < 20 else r.value.split("; ") for r in rows]
    x_value = 10 + max(_width(row.label) for row in rows)
    widths = [max(map(_width, lines)) for lines in values]
    x_formula = x_value + 10 + max((w for w in widths if w < 0.25 * wide), default=0)
    formulas = [row.formula.split("; ") for row in rows]
    gaps = [n > 0 and row.group != rows[n - 1].group for n, row in enumerate(rows)]
    room = high - GAP * sum(gaps)
    if LINE * sum(map(max, map(len, values), map(len, formulas))) > room:
        formulas = [[row.formula] for row in rows]
    heights = list(map(max, map(len, values), map(len, formulas)))
    line = min(max(LINE, room / sum(heights)), 1.3 * LINE)
    y = line / 2
    for n, row in enumerate(rows):
        if gaps[n]:
            ax.axhline(y + GAP / 2 - line / 2, color=RULE, linewidth=0.8)
            y += GAP
        _write(ax, 0, y, row.label)
        for m, text in enumerate(values[n]):
            _write(ax, x_value, y + m * line, text)
        x = max(x_formula, x_value + 10 + widths[n])
        for m, text in enumerate(formulas[n]):
            _write(ax, x, y + m * line, _fit(text, wide - x), color=MUTED)
        y += heights[n] * line
    return ax


def draw_explorer(scene: Scene, image: Array | None = None, label: Array | None = None) -> Figure:
    """Draw the whole picture, as it stands where widgets don't run.

    Parameters
    ----------
    scene : Scene
    image, label : ndarray of the subject's shape, optional

    Returns
    -------
    Figure
        1100 x 620 pixels, white, unknown to pyplot.

    Raises
    ------
    ValueError
        For an array of another shape.
    """
    figure = Figure(figsize=(11, 6.2), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    plane, track, boards, ledger = (
        figure.add_axes((left / 1100, 1 - (top + high) / 620, wide / 1100, high / 620))
        for left, top, wide, high in (
            (66, 76, 384, 376),
            (66, 536, 396, 60),
            (474, 56, 620, 195),
            (474, 280, 620, 334),
        )
    )
    _write_sentence(figure, scene)
    plane.set_anchor("NW")
    draw_plane(scene, image, label, ax=plane)
    draw_padding_track(scene, ax=track)
    draw_boards(scene, image, ax=boards)
    draw_ledger(scene, ax=ledger)
    return figure


def explorer_png(scene: Scene, image: Array | None = None, label: Array | None = None) -> bytes:
    """Draw the whole picture as the bytes of a PNG: see `draw_explorer`."""
    canvas: Any = draw_explorer(scene, image, label).canvas
    canvas.draw()
    file = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).save(file, "png")
    return file.getvalue()


def _current() -> Axes:
    from matplotlib import pyplot

    return pyplot.gca()


def _turn(scene: Scene, axis: int) -> Turned:
    axes = _at_least_three(scene)
    if len(axes) > 3:
        raise ValueError(f"`scene` must have at most 3 axes to be drawn, got {len(axes)}")
    if not 0 <= axis < len(axes):
        raise ValueError(f"`axis` must be from 0 to {len(axes) - 1}, got {axis}")
    across = axes.pop(axis)
    return across, axes[0], axes[1]


def _at_least_three(scene: Scene) -> list[Axis]:
    return [*scene.axes, FLAT, FLAT][: max(3, len(scene.axes))]


def _check(name: str, voxels: Array, scene: Scene, axis: int) -> Array:
    """Check the shape of an array, and turn it as `_turn` turns the axes."""
    shape = tuple(a.size for a in scene.axes)
    if voxels.shape != shape:
        raise ValueError(f"`{name}` must have the scene's shape {shape}, got {voxels.shape}")
    return np.moveaxis(voxels.reshape([a.size for a in _at_least_three(scene)]), axis, 0)


def _look_up(voxels: Array, axes: Turned, box: Sequence[tuple[int, int]]) -> Array:
    """Take the voxels of a box by the scene's index maps, in the padding too."""
    place = [
        np.asarray(axis.image_index[low - axis.span[0] : high - axis.span[0]])
        for axis, (low, high) in zip(axes, box, strict=True)
    ]
    found: Array = voxels[np.ix_(*place)]
    for n, index in enumerate(place):
        np.moveaxis(found, n, 0)[index < 0] = 0
    return found


def _known(axis: Axis) -> Array:
    """Tell of each position of the span: 0 outside the image, 1 in a patch, 2 in none."""
    known = np.pad(np.ones(axis.size, int), axis.padding)
    for low, high in axis.unseen:
        known[low - axis.span[0] : high - axis.span[0]] = 2
    return known


def _window(voxels: Array) -> dict[str, Any]:
    """Choose how the greys of a volume are shown: between all but its extreme values."""
    step = max(1, round((voxels.size / 50_000) ** (1 / 3)))
    sample = voxels[::step, ::step, ::step].astype(float)
    finite = sample[np.isfinite(sample)]
    low, high = np.percentile(finite, (1, 99.7)) if finite.size else (0, 0)
    return {"cmap": ANATOMY, "vmin": low, "vmax": high if high > low else low + 1}


def _show(ax: Axes, plane: Array, spans: Sequence[tuple[int, int]], **how: Any) -> None:
    """Show an array (right, up), of colours where a third axis follows."""
    (left, right), (low, high) = spans
    how = {"origin": "lower", "interpolation": "nearest", "aspect": ax.get_aspect(), **how}
    ax.imshow(plane.swapaxes(0, 1), extent=(left, right, low, high), **how)


def _describe_patches(scene: Scene, axis: int) -> tuple[Array, Array, Array]:
    """Return numbers from 1 and real shares (layer, right, up), and of all in a row the colours."""
    parts = [np.asarray(a.inside) / a.patch for a in _at_least_three(scene)]
    shares = np.asarray(math.prod(np.ix_(*parts)))
    numbers = 1 + np.arange(shares.size).reshape(shares.shape)
    numbers, shares = np.moveaxis(numbers, axis, 0), np.moveaxis(shares, axis, 0)
    far = [np.maximum(kind.low - shares, shares - kind.high).ravel() for kind in scene.classes]
    colours = np.array([_colour(kind) for kind in scene.classes])
    return numbers, shares, colours[np.argmin(far, axis=0)]


def _colour(kind: RealClass) -> Colour:
    return REAL((kind.low + kind.high) / 2)


def _rectangles(corners: Array, wide: int, high: int, grow: Array) -> Array:
    """Return the four points of each rectangle, an array (n, 4, 2)."""
    sides = np.array([(0, 0), (wide, 0), (wide, high), (0, high)])
    points: Array = corners[:, None] + sides + grow * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    return points


def _pairs(x: Sequence[int] | Array, y: Sequence[int] | Array) -> Array:
    return np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)


def _draw_outside(ax: Axes, right: Axis, up: Axis, inside: bool) -> None:
    """Dim and hatch what isn't image, and outline the image: dashed where this is elsewhere."""
    image, whole = (
        Path([(left, low), (end, low), (end, high), (left, high), (left, low)], closed=True)
        for (left, end), (low, high) in (((0, right.size), (0, up.size)), (right.span, up.span))
    )
    hole = Path(np.asarray(image.vertices)[::-1], image.codes)  # turns the other way
    outside = Path.make_compound_path(whole, hole) if inside else whole
    how = {"facecolor": VEIL, "edgecolor": HATCH, "hatch": "////", "linewidth": 0}
    ax.add_patch(PathPatch(outside, gid="padding", **how))
    how = {"edgecolor": "white", "linewidth": 1.5, "linestyle": "-" if inside else "--"}
    ax.add_patch(PathPatch(image, gid="image", fill=False, **how))


def _draw_boxes(ax: Axes, scene: Scene, axis: int, position: int) -> None:
    """Draw the patches that a plane cuts, those of one layer, with their numbers."""
    across, right, up = _turn(scene, axis)
    cut = [n for n, start in enumerate(across.starts) if 0 <= position - start < across.patch]
    if not cut:
        return
    middle = position - (across.patch - 1) / 2
    layer = min(cut, key=lambda n: abs(across.starts[n] - middle))
    numbers, shares, colours = _describe_patches(scene, axis)
    colours = colours.reshape(*numbers.shape, 4)[layer].reshape(-1, 4)
    corners, points = _pairs(right.starts, up.starts), _points_per_unit(ax)
    line = 0.03 * min(points * (right.patch - right.overlap, up.patch - up.overlap))
    line = min(max(line, 0.8), 2.5)
    boxes = _rectangles(corners, right.patch, up.patch, -0.55 * line / points)
    _draw_rectangles(ax, boxes, facecolors="none", edgecolors=colours, linewidths=line)
    wide, high = points * [min(np.diff(a.starts), default=a.patch) for a in (right, up)]
    if wide < 24 or high < 16 or len(corners) > 50:
        return
    for n, corner in enumerate(corners):
        text = f"{numbers[layer].flat[n]}"
        text += f": {round(100 * shares[layer].flat[n], 1):g} %" if wide > 75 else ""
        _write_tag(ax, corner, text, colours[n])


def _place_patches(ax: Axes, axes: Turned) -> NDArray[np.int64]:
    """Lay boards out as large as they fit: where patches go, an array (layer, right, up, 2)."""
    across, right, up = axes
    aspect = up.spacing / right.spacing
    gap = max(1, round(0.15 * min(right.patch, up.patch * aspect)))
    cells = _pairs(
        np.arange(len(right.starts)) * (right.patch + gap),
        np.arange(len(up.starts)) * (up.patch + max(1, round(gap / aspect))),
    )
    wide, high = cells[-1] + (right.patch, up.patch)
    layers, room = len(across.starts), _points(ax)

    def scale(columns: int) -> float:  # points a voxel, with room around a board for its title
        rows = -(-layers // columns)
        return float(min((room[0] / columns - 12) / wide, (room[1] / rows - 20) / high / aspect))

    columns = max(range(1, layers + 1), key=scale)
    points = max(scale(columns), 0.02)
    pitch = np.array([wide + math.ceil(12 / points), high + math.ceil(20 / points / aspect)])
    rows, n = -(-layers // columns), np.arange(layers)
    boards = np.stack([n % columns, rows - 1 - n // columns], axis=-1) * pitch
    ax.set_axis_off()
    ax.set(xlim=(0, columns * pitch[0]), ylim=(0, rows * pitch[1]), aspect=aspect, anchor="NW")
    ax.apply_aspect()
    places: Array = boards[:, None] + cells
    return places.reshape(layers, len(right.starts), len(up.starts), 2)


def _show_thumbnails(ax: Axes, voxels: Array, axes: Turned, places: NDArray[np.int64]) -> None:
    """Show the middle slice of every patch's real part, all as one picture."""
    across, right, up = axes
    wide, high = int(ax.get_xlim()[1]), int(ax.get_ylim()[1])
    canvas = np.full((wide, high), np.nan, np.float32)
    for n in np.ndindex(places.shape[:3]):
        start, i, j = across.starts[n[0]], right.starts[n[1]], up.starts[n[2]]
        middle = (max(start, 0) + min(start + across.patch, across.size)) // 2
        box = ((middle, middle + 1), (i, i + right.patch), (j, j + up.patch))
        x, y = places[n]
        canvas[x : x + right.patch, y : y + up.patch] = _look_up(voxels, axes, box)[0]
    _show(ax, canvas, ((0, wide), (0, high)), **_window(voxels))


def _draw_legend(ax: Axes, scene: Scene) -> None:
    """Name the colours below, with the number of patches of each."""
    texts = [f"{kind.count:,} × {kind.label}" for kind in scene.classes]
    texts[0] += " real"
    keys = [Patch(facecolor=_colour(kind), edgecolor=MUTED, lw=0.4) for kind in scene.classes]
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0, 0)}
    figure: Any = ax.figure
    room = ax.get_position(original=True).width * figure.bbox.width * 72 / figure.dpi
    place["ncols"] = min(len(texts), max(1, int(room // 80)))
    place |= {"handlelength": 1, "handletextpad": 0.4, "columnspacing": 1.2, "borderaxespad": 0.6}
    ax.legend(keys, texts, fontsize=TEXT, labelcolor=INK, frameon=False, borderpad=0, **place)


def _name_sides(ax: Axes, right: Axis, up: Axis) -> None:
    """Write where the image's sides point, and the axes' names where the rulers end."""
    x, y = right.size / 2, up.size / 2
    for place, text, offset, frame, colour in (
        ((0, y), right.ends[0], (-35, 0), ("axes fraction", "data"), INK),
        ((1, y), right.ends[1], (9, 0), ("axes fraction", "data"), INK),
        ((x, 0), up.ends[0], (0, -22), ("data", "axes fraction"), INK),
        ((x, 1), up.ends[1], (0, 9), ("data", "axes fraction"), INK),
        ((1, 0), right.name, (9, 0), "axes fraction", MUTED),
        ((0, 1), up.name, (-9, 9), "axes fraction", MUTED),
    ):
        how: Any = {"textcoords": "offset points", "ha": "center", "va": "center", "color": colour}
        how["fontweight"] = "bold" if colour == INK else "normal"
        ax.annotate(text, place, offset, frame, fontsize=TEXT, **how)


def _draw_ruler(ax: Axes, side: Side, axis: Axis) -> None:
    """Write the starts along a side, and in a second lane where the image ends."""
    _set_ticks(ax, side, axis.starts)
    artist, lane = (ax.xaxis, 15) if side == "x" else (ax.yaxis, 28)
    artist.set_ticks((0, axis.size), ("0", f"{axis.size}"), minor=True, fontsize=TEXT, color=MUTED)
    artist.set_tick_params("minor", length=lane, pad=1, color=MUTED)


def _set_ticks(ax: Axes, side: Side, places: Sequence[int]) -> list[int]:
    """Set ticks, and return those that have room for their number."""
    artist, n = (ax.xaxis, 0) if side == "x" else (ax.yaxis, 1)
    need = 13 if n else 8 + max((_width(f"{place}") for place in places), default=0)
    need /= _points_per_unit(ax)[n]
    shown: list[int] = []
    for place in places:
        if not shown or place - shown[-1] >= need:
            shown.append(place)
    texts = [f"{place}" if place in shown else "" for place in places]
    artist.set_ticks(places, texts, fontsize=TEXT, color=INK)
    artist.set_tick_params("major", length=4, color=INK)
    ax.grid(False)
    return shown


def _draw_rectangles(ax: Axes, points: Any, **how: Any) -> None:
    ax.add_collection(PolyCollection(points, clip_on=False, **how), autolim=False)


def _draw_bar(ax: Axes, ends: tuple[int, int], lane: int, **how: Any) -> None:
    how = {"edgecolor": "none", **how}
    ax.add_patch(Rectangle((ends[0], lane - 0.36), ends[1] - ends[0], 0.72, **how))


def _write(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    ax.text(x, y, text, **{"color": INK, "va": "center", "fontsize": TEXT, **how})


def _write_tag(ax: Axes, corner: Array, text: str, colour: Colour) -> None:
    """Write on a piece of colour, up and right of a patch's corner."""
    x, y = corner + 3.5 / _points_per_unit(ax)
    box = {"facecolor": colour, "edgecolor": "none", "pad": 1.5}
    _write(ax, x, y, text, color=_ink_on(colour), va="bottom", bbox=box)


def _ink_on(colour: Colour) -> str:
    return INK if np.dot(to_rgba(colour), (0.3, 0.6, 0.1, 0)) > 0.5 else "white"


def _write_sentence(figure: Figure, scene: Scene) -> None:
    """Write the sentence on top, as large as it fits, its strong words in bold."""
    wide, high = figure.get_size_inches() * 72
    words = [(word, "bold" if word.strong else "normal") for word in scene.sentence]
    room, x = wide - 2 * 20, 20.0
    size = min(20, 20 * room / sum(_width(word.text, 20, weight) for word, weight in words))
    for word, weight in words:
        colour = INK if word.key else MUTED
        figure.text(x / wide, 1 - 27 / high, word.text, size=size, weight=weight, color=colour)
        x += _width(word.text, size, weight)


@lru_cache(maxsize=1024)
def _width(text: str, size: float = TEXT, weight: str = "normal") -> float:
    """Return the width of a text in points, spaces at its ends included."""
    font = FontProperties(size=size, weight=weight)
    measure: Any = _make_renderer(1, 1, 100).get_text_width_height_descent
    return float(measure(f"|{text}|", font, False)[0] - measure("||", font, False)[0]) * 72 / 100


def _fit(text: str, room: float) -> str:
    """Leave away a formula's result, which the value says, and then its end, where too long."""
    for whole in (text, text.rpartition(" = ")[0]):
        if whole and _width(whole) <= room:
            return whole
    return text[: max(0, int(len(text) * room / _width(text)) - 2)] + "…"


def _points(ax: Axes) -> Array:
    """Return the width and height of an Axes in points (1/72 inch)."""
    figure: Any = ax.figure
    return np.asarray(ax.bbox.size * 72 / figure.dpi)


def _points_per_unit(ax: Axes) -> Array:
    return np.asarray(_points(ax) / (np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())))

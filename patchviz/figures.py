"""The matplotlib views of a Scene: each `draw_*` draws one into an Axes and returns that Axes."""

from __future__ import annotations

import io
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from numpy.typing import NDArray
from PIL import Image

from patchviz.ledger import axes_text
from patchviz.scene import Axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from patchviz.scene import RealClass, Scene

Array = NDArray[Any]
Turned = tuple[Axis, Axis, Axis]  # the axis looked along, the one to the right, the one upwards
Range = tuple[int, int]
Side = Literal["x", "y"]
Colour = tuple[float, float, float, float]

INK, MUTED, RULE = "#1c2733", "#66727e", "#d3d9df"
GREY, VEIL, HATCH = "#8a9097", (0.13, 0.17, 0.21, 0.6), (1.0, 1.0, 1.0, 0.28)
# How much of a patch is real: one hue, told apart by lightness.
REAL = LinearSegmentedColormap.from_list(
    "real", [(0, "#f3fafb"), (0.25, "#cdebf1"), (0.4, "#8dd0de"), (0.62, "#379fb9"), (1, "#005d78")]
)
SELECTION, UNSEEN, LABEL = "#e8710a", "#ff00cc", "#ffe34d"
TEXT = 9  # points, the least that is read from the last row
LINE, GAP = 1.22 * TEXT, 4.0  # points from one line of the ledger to the next, and between groups
MOST_THUMBNAILS = 200  # patches; boards of more are plain cells

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
        Grey values, and what is laid over them where it isn't 0; plain grey without an image.
    axis : int
        The array axis that the plane is perpendicular to. Of the others the lower runs to the
        right and the higher upwards.
    position : int, optional
        Voxels along `axis`, also in the padding; by default the middle of the image. Where
        several layers of patches hold it, the one that it cuts most centrally is drawn.
    ax : Axes, optional
        By default pyplot's current one.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        For an array of another shape, and an `axis` or `position` that isn't there.
    """
    ax = _given_or_current(ax)
    across, right, up = axes = _turn(scene, axis)
    if position is None:
        position = across.size // 2
    low, high = across.span
    if not low <= position < high:
        raise ValueError(f"`position` must be from {low} to {high - 1} (voxels), got {position}")
    box = ((position, position + 1), right.span, up.span)
    extent = (*right.span, *up.span)
    ax.set(facecolor=GREY, aspect=up.spacing / right.spacing)
    if image is not None:
        voxels = _check("image", image, scene, axis)
        _show(ax, _look_up(voxels, axes, box)[0], extent, **_grey(voxels))
    if label is not None:
        marks = _look_up(_check("label", label, scene, axis), axes, box)[0] != 0
        _show_mask(ax, marks, extent, LABEL, 0.5)
    unseen = _find_unseen(axes, position)
    if unseen.any():
        _show_mask(ax, unseen, extent, UNSEEN, 0.8)
        ax.set_title("■ in no patch", loc="right", fontsize=TEXT, color=UNSEEN)
    ax.set(xlim=right.span, ylim=up.span)
    ax.apply_aspect()
    inside = 0 <= position < across.size
    where = f"{across.name} = {position}" + ("" if inside else ", in the padding")
    ax.set_title(where if across.name else "", loc="left", fontsize=TEXT + 1, color=INK)
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
        By default pyplot's current one.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        For an `axis` that isn't there.
    """
    ax = _given_or_current(ax)
    if not 0 <= axis < len(scene.axes):
        raise ValueError(f"`axis` must be from 0 to {len(scene.axes) - 1}, got {axis}")
    it = scene.axes[axis]
    lanes = min(len(it.starts), max(3, 1 + -(-it.patch // (it.patch - it.overlap))))
    margin = 0.01 * (it.span[1] - it.span[0])
    ax.set(xlim=(it.span[0] - margin, it.span[1] + margin), ylim=(-0.6, lanes + 0.5))
    _draw_bar(ax, (0, it.size), 0, RULE)
    for run in it.unseen:
        _draw_bar(ax, run, 0, UNSEEN)
    _write(ax, it.size / 2, 0, f"image: {it.size} voxels", INK, ha="center")
    ax.vlines((0, it.size), -0.6, lanes + 0.5, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    room = _points_per_unit(ax)[0] * it.patch
    for n, start in enumerate(it.starts):
        lane, stop = 1 + n % lanes, start + it.patch
        colour = REAL(it.inside[n] / it.patch)
        _draw_bar(ax, (start, stop), lane, "white", hatch="////", edgecolor=MUTED)
        if it.inside[n]:
            _draw_bar(ax, (max(start, 0), min(stop, it.size)), lane, colour)
        _draw_bar(ax, (start, stop), lane, "none", edgecolor=INK, gid=f"patch {n + 1}")
        if room > 26:
            _draw_tag(ax, (start, lane - 0.3), f"{start}", "white")
        if room > 110:
            _write(ax, (start + stop) / 2, lane, f"patch {n + 1}", _ink_on(colour), ha="center")
    ax.set_yticks([])
    ax.spines[["left", "top", "right"]].set_visible(False)
    _draw_ruler(ax, "x", it)
    return ax


def draw_padding_track(scene: Scene, *, ax: Axes | None = None) -> Axes:
    """Draw the share of padding by cubic patch size: the saw behind the patch-size slider.

    Parameters
    ----------
    scene : Scene
        Its own share is marked; above the ticks stand the numbers of patches.
    ax : Axes, optional
        By default pyplot's current one.

    Returns
    -------
    Axes
    """
    ax = _given_or_current(ax)
    track = scene.track
    shares = [math.nan if share is None else 100 * share for share in track.padding]
    ax.set(xlim=(track.sizes[0], track.sizes[-1]), ylim=(0, 100))
    ax.fill_between(track.sizes, shares, color=REAL(0.25), linewidth=0)
    ax.plot(track.sizes, shares, color=REAL(1.0), linewidth=1.5)
    ax.set_yticks((0, 50, 100), ("0 %", "50 %", "100 %"), fontsize=TEXT, color=MUTED)
    counts = dict(zip(track.sizes, track.counts, strict=True))
    for size in _set_ticks(ax, "x", track.ticks, INK):
        if counts[size] is not None:
            text = _write(ax, size, 1.15, f"{counts[size]:,}", MUTED, ha="center")
            text.set_transform(ax.get_xaxis_transform())
    sizes = [axis.patch for axis in scene.axes]
    share = 100 * _padding_share(scene)
    if len(set(sizes)) == 1:
        ax.plot([sizes[0]] * 2, [0, share], color=SELECTION, linewidth=1.5)
        ax.plot(sizes[0], share, "o", color=SELECTION, markersize=7, clip_on=False)
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

    Parameters
    ----------
    scene : Scene
    image : ndarray of the subject's shape, optional
        A thumbnail is the middle slice of a patch as the network gets it. Without an image, or
        with more than 200 patches, it is a plain cell.
    axis : int
        The array axis along which layers follow each other; the others as in `draw_plane`.
    ax : Axes, optional
        By default pyplot's current one.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        For an image of another shape and an `axis` that isn't there.
    """
    ax = _given_or_current(ax)
    axes = across, right, up = _turn(scene, axis)
    numbers, shares = _number(scene, axis)
    ax.set_axis_off()
    places = _place_patches(ax, axes)
    thumbnails = image is not None and scene.n_patches <= MOST_THUMBNAILS
    if thumbnails:
        _show_thumbnails(ax, _check("image", image, scene, axis), axes, places)
    colours = _colour(scene, shares)
    grow = 0.06 * right.patch if thumbnails else 0
    cells = _rectangles(places.reshape(-1, 2), right.patch, up.patch, grow)
    style = {"edgecolors": MUTED, "linewidths": 0.4, "zorder": -1, "clip_on": False}
    ax.add_collection(PolyCollection(cells, facecolors=colours, **style), autolim=False)
    room = _points_per_unit(ax)[0] * right.patch
    if room > 24:
        for place, n, colour in zip(places.reshape(-1, 2), numbers.flat, colours, strict=True):
            _draw_tag(ax, place, f"{n}", colour)
    if across.name and room * len(right.starts) > 80:
        for start, (x, y) in zip(across.starts, places[:, 0, -1], strict=True):
            text = f"{across.name} = {start} … {start + across.patch - 1}"
            _write(ax, x, y + 1.08 * up.patch, text, MUTED, va="bottom")
    _draw_legend(ax, scene)
    return ax


def draw_ledger(scene: Scene, *, ax: Axes | None = None) -> Axes:
    """Draw the ledger: each number, its value, and muted the formula that gives it.

    Parameters
    ----------
    scene : Scene
    ax : Axes, optional
        By default pyplot's current one. Where it is too low for formulas of several lines these
        are cut short, values never.

    Returns
    -------
    Axes
    """
    ax = _given_or_current(ax)
    ax.set_axis_off()
    wide, high = _points(ax)
    ax.set(xlim=(0, wide), ylim=(high, 0))
    rows = scene.ledger
    values = [_wrap(row.value, 0.25 * wide) for row in rows]
    x_value = 12 + max(_width(row.label) for row in rows)
    x_formula = x_value + 12 + max(_width(line) for lines in values for line in lines)
    formulas = [_wrap_formula(row.formula, wide - x_formula) for row in rows]
    starts = {n for n in range(1, len(rows)) if rows[n].group != rows[n - 1].group}
    room = high - GAP * len(starts)
    if LINE * sum(max(len(v), len(f)) for v, f in zip(values, formulas, strict=True)) > room:
        formulas = [_cut(f, len(v)) for v, f in zip(values, formulas, strict=True)]
    heights = [max(len(v), len(f)) for v, f in zip(values, formulas, strict=True)]
    line = min(max(LINE, room / sum(heights)), 1.3 * LINE)
    y = 0.0
    for n, row in enumerate(rows):
        if n in starts:
            ax.plot((0, wide), (y + GAP / 2, y + GAP / 2), color=RULE, linewidth=0.8)
            y += GAP
        _write(ax, 0, y + line / 2, row.label, INK)
        for m, text in enumerate(values[n]):
            _write(ax, x_value, y + (m + 0.5) * line, text, INK)
        for m, text in enumerate(formulas[n]):
            _write(ax, x_formula, y + (m + 0.5) * line, text, MUTED)
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
        1100 x 620 pixels, unknown to pyplot.

    Raises
    ------
    ValueError
        For an array of another shape.
    """
    figure = Figure(figsize=(11, 6.2), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    _write_sentence(figure, scene)
    plane, track, boards, ledger = (
        figure.add_axes((left / 1100, 1 - (top + high) / 620, wide / 1100, high / 620))
        for left, top, wide, high in (
            (70, 76, 400, 376),
            (70, 536, 394, 60),
            (500, 56, 590, 195),
            (500, 280, 590, 334),
        )
    )
    plane.set_anchor("NW")
    draw_plane(scene, image, label, ax=plane)
    draw_padding_track(scene, ax=track)
    draw_boards(scene, image, ax=boards)
    draw_ledger(scene, ax=ledger)
    return figure


def explorer_png(scene: Scene, image: Array | None = None, label: Array | None = None) -> bytes:
    """Draw the whole picture as the bytes of a PNG: see `draw_explorer`.

    Parameters
    ----------
    scene : Scene
    image, label : ndarray of the subject's shape, optional

    Returns
    -------
    bytes
    """
    canvas = draw_explorer(scene, image, label).canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    file = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).save(file, "png")
    return file.getvalue()


def _given_or_current(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.gca()


def _turn(scene: Scene, axis: int) -> Turned:
    """Return the axis looked along, the one to the right and the one upwards."""
    axes = [*scene.axes, FLAT, FLAT][: max(3, len(scene.axes))]
    if not 0 <= axis < len(axes):
        raise ValueError(f"`axis` must be from 0 to {len(axes) - 1}, got {axis}")
    across = axes.pop(axis)
    return across, axes[0], axes[1]


def _check(name: str, voxels: Array, scene: Scene, axis: int) -> Array:
    """Return an array turned as `_turn` turns the axes."""
    shape = tuple(a.size for a in scene.axes)
    if voxels.shape != shape:
        raise ValueError(f"`{name}` must have the scene's shape {shape}, got {voxels.shape}")
    return np.moveaxis(voxels.reshape(shape + (1,) * (3 - len(shape))), axis, 0)


def _number(scene: Scene, axis: int) -> tuple[Array, Array]:
    """Return all patches' numbers from 1 and real shares, arrays (layer, right, up)."""
    axes = [*scene.axes, FLAT, FLAT][:3]
    shares = math.prod(np.ix_(*(np.asarray(a.inside) / a.patch for a in axes)))
    numbers = 1 + np.arange(scene.n_patches).reshape(shares.shape)
    return np.moveaxis(numbers, axis, 0), np.moveaxis(shares, axis, 0)


def _look_up(voxels: Array, axes: Turned, box: tuple[Range, Range, Range]) -> Array:
    """Take the voxels of a box by the scene's index maps, in the padding too."""
    place = [
        np.asarray(axis.image_index[low - axis.span[0] : high - axis.span[0]])
        for axis, (low, high) in zip(axes, box, strict=True)
    ]
    found = voxels[np.ix_(*place)]
    for n in range(3):
        np.moveaxis(found, n, 0)[place[n] < 0] = 0
    return found


def _grey(voxels: Array) -> dict[str, Any]:
    """Choose how grey values are shown: all but the extreme ones, one window for the volume."""
    step = max(1, round((voxels.size / 50_000) ** (1 / 3)))
    sample = voxels[::step, ::step, ::step].astype(float)
    low, high = np.percentile(sample[np.isfinite(sample)], (1, 99.7))
    return {"cmap": colormaps["gray"].resampled(48), "vmin": low, "vmax": high if high > low else low + 1}


def _show(ax: Axes, plane: Array, extent: Sequence[float], **how: Any) -> None:
    """Show an array (right, up)."""
    aspect = ax.get_aspect()
    ax.imshow(plane.T, extent=extent, origin="lower", interpolation="nearest", aspect=aspect, **how)


def _show_mask(ax: Axes, mask: Array, extent: Sequence[float], colour: str, alpha: float) -> None:
    _show(ax, np.ma.masked_equal(mask, False), extent, cmap=ListedColormap([colour]), alpha=alpha)


def _find_unseen(axes: Turned, position: int) -> Array:
    """Tell which voxels of the image in a plane are in no patch, a bool array (right, up)."""
    inside, seen = [], []
    for axis in axes:
        place = np.arange(*axis.span)
        inside.append((place >= 0) & (place < axis.size))
        seen.append(inside[-1].copy())
        for low, high in axis.unseen:
            seen[-1][(place >= low) & (place < high)] = False
    at = position - axes[0].span[0]
    both = np.outer(seen[1], seen[2]) & seen[0][at]
    unseen: Array = np.outer(inside[1], inside[2]) & inside[0][at] & ~both
    return unseen


def _draw_outside(ax: Axes, right: Axis, up: Axis, inside: bool) -> None:
    """Dim and hatch what isn't image, outline the image and name its sides."""
    image = Path([(0, 0), (0, up.size), (right.size, up.size), (right.size, 0), (0, 0)], closed=True)
    (left, end), (low, high) = right.span, up.span
    whole = Path([(left, low), (end, low), (end, high), (left, high), (left, low)], closed=True)
    outside = Path.make_compound_path(whole, image) if inside else whole
    veil = PathPatch(outside, facecolor=VEIL, edgecolor=HATCH, hatch="////", linewidth=0)
    outline = PathPatch(image, fill=False, edgecolor="white", linewidth=1.5)
    outline.set_linestyle("-" if inside else "--")
    for patch, name in ((veil, "padding"), (outline, "image")):
        patch.set_gid(name)
        ax.add_patch(patch)


def _name_sides(ax: Axes, right: Axis, up: Axis) -> None:
    """Write where the image's sides point, and the axes' names at the rulers' ends."""
    x, y = right.size / 2, up.size / 2
    along_x, along_y = ax.get_xaxis_transform(), ax.get_yaxis_transform()
    bold = {"color": INK, "fontweight": "bold"}
    muted = {"color": MUTED}
    for place, text, offset, transform, how in (
        ((0, y), right.ends[0], (-35, 0), along_y, bold),
        ((1, y), right.ends[1], (9, 0), along_y, bold),
        ((x, 0), up.ends[0], (0, -21), along_x, bold),
        ((x, 1), up.ends[1], (0, 9), along_x, bold),
        ((1, 0), right.name, (9, 0), ax.transAxes, muted),
        ((0, 1), up.name, (-9, 9), ax.transAxes, muted),
    ):
        how = {"textcoords": "offset points", "ha": "center", "va": "center", **how}
        ax.annotate(text, place, offset, transform, fontsize=TEXT + 1, **how)


def _draw_boxes(ax: Axes, scene: Scene, axis: int, position: int) -> None:
    """Draw the patches that a plane cuts, those of one layer, with their numbers."""
    across, right, up = _turn(scene, axis)
    cut = [n for n, start in enumerate(across.starts) if 0 <= position - start < across.patch]
    if not cut:
        return
    middle = position - (across.patch - 1) / 2
    layer = min(cut, key=lambda n: abs(across.starts[n] - middle))
    numbers, shares = (array[layer].ravel() for array in _number(scene, axis))
    colours = _colour(scene, shares)
    corners = _pairs(right.starts, up.starts)
    points = _points_per_unit(ax)
    room = points * (right.patch - right.overlap, up.patch - up.overlap)
    line = min(max(0.03 * min(room), 0.8), 2.5)
    boxes = _rectangles(corners, right.patch, up.patch, -0.55 * line / points)
    ax.add_collection(PolyCollection(boxes, facecolors="none", edgecolors=colours, linewidths=line))
    if room[0] < 36 or room[1] < 20:
        return
    for corner, n, share, colour in zip(corners, numbers, shares, colours, strict=True):
        _draw_tag(ax, corner, f"{n}: {100 * share:.3g} %" if room[0] > 75 else f"{n}", colour)


def _place_patches(ax: Axes, axes: Turned) -> NDArray[np.int64]:
    """Lay boards out as large as they fit: where patches go, an array (layer, right, up, 2)."""
    across, right, up = axes
    aspect = up.spacing / right.spacing
    gap = max(1, round(0.15 * right.patch))
    cells = _pairs(
        np.arange(len(right.starts)) * (right.patch + gap),
        np.arange(len(up.starts)) * (up.patch + max(1, round(gap / aspect))),
    )
    wide, high = cells[-1] + (right.patch, up.patch)
    layers, room = len(across.starts), _points(ax)

    def scale(columns: int) -> float:
        rows = -(-layers // columns)
        return float(min((room[0] / columns - 12) / wide, (room[1] / rows - 18) / high / aspect))

    columns = max(range(1, layers + 1), key=scale)
    points = max(scale(columns), 0.02)
    pitch = np.array([wide + math.ceil(12 / points), high + math.ceil(18 / points / aspect)])
    rows, n = -(-layers // columns), np.arange(layers)
    boards = np.stack([n % columns, rows - 1 - n // columns], axis=-1) * pitch
    ax.set(xlim=(0, columns * pitch[0]), ylim=(0, rows * pitch[1]), aspect=aspect, anchor="NW")
    ax.apply_aspect()
    places = boards[:, None] + cells
    return places.reshape(layers, len(right.starts), len(up.starts), 2)


def _show_thumbnails(ax: Axes, voxels: Array, axes: Turned, places: NDArray[np.int64]) -> None:
    """Show the middle slice of what is image in each patch, all as one picture."""
    across, right, up = axes
    wide, high = int(ax.get_xlim()[1]), int(ax.get_ylim()[1])
    canvas = np.full((wide, high), np.nan, np.float32)
    for n in np.ndindex(places.shape[:3]):
        start, i, j = across.starts[n[0]], right.starts[n[1]], up.starts[n[2]]
        middle = (max(start, 0) + min(start + across.patch, across.size)) // 2
        box = ((middle, middle + 1), (i, i + right.patch), (j, j + up.patch))
        x, y = places[n]
        canvas[x : x + right.patch, y : y + up.patch] = _look_up(voxels, axes, box)[0]
    _show(ax, canvas, (0, wide, 0, high), **_grey(voxels))


def _pairs(x: Sequence[int] | Array, y: Sequence[int] | Array) -> Array:
    return np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)


def _rectangles(corners: Array, wide: int, high: int, grow: Array | float) -> Array:
    """Return the four points of each rectangle, an array (n, 4, 2)."""
    sides = np.array([(0, 0), (wide, 0), (wide, high), (0, high)])
    outwards = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * grow
    points: Array = corners[:, None] + sides + outwards
    return points


def _colour(scene: Scene, shares: Array) -> Array:
    """Return the colours of patches by their class, an array (n, 4)."""
    lows = np.array([kind.low for kind in scene.classes])  # falling
    which = (np.round(shares.reshape(-1, 1), 4) >= lows).argmax(axis=1)
    return np.array([_class_colour(kind) for kind in scene.classes])[which]


def _class_colour(kind: RealClass) -> Colour:
    return REAL((kind.low + kind.high) / 2)


def _ink_on(colour: Colour | str) -> str:
    return INK if np.dot(to_rgb(colour), (0.3, 0.6, 0.1)) > 0.5 else "white"


def _draw_legend(ax: Axes, scene: Scene) -> None:
    kinds = [
        Patch(facecolor=_class_colour(kind), edgecolor=MUTED, linewidth=0.4, label=text)
        for n, kind in enumerate(scene.classes)
        if (text := f"{kind.count:,} × {kind.label}" + ("" if n else " real"))
    ]
    ax.legend(
        handles=kinds,
        loc="upper left",
        bbox_to_anchor=(0, 0),
        ncols=len(kinds),
        frameon=False,
        fontsize=TEXT,
        labelcolor=INK,
        handlelength=1,
        handletextpad=0.4,
        columnspacing=1.2,
        borderpad=0,
        borderaxespad=0.6,
    )


def _draw_ruler(ax: Axes, side: Side, axis: Axis) -> None:
    """Write the starts along a side, and in a second lane where the image ends."""
    _set_ticks(ax, side, axis.starts, INK)
    artist, lane = (ax.xaxis, 15) if side == "x" else (ax.yaxis, 28)
    artist.set_ticks((0, axis.size), ("0", f"{axis.size}"), minor=True, fontsize=TEXT, color=MUTED)
    artist.set_tick_params("minor", length=lane, pad=1, color=MUTED)


def _set_ticks(ax: Axes, side: Side, places: Sequence[int], colour: str) -> list[int]:
    """Set ticks, and return those that have room for their number."""
    artist, n = (ax.xaxis, 0) if side == "x" else (ax.yaxis, 1)
    need = (8 + 6 * max(len(str(place)) for place in places) if n == 0 else 13)
    need /= _points_per_unit(ax)[n]
    shown: list[int] = []
    for place in places:
        if not shown or place - shown[-1] >= need:
            shown.append(place)
    texts = [f"{place}" if place in shown else "" for place in places]
    artist.set_ticks(places, texts, fontsize=TEXT, color=colour)
    artist.set_tick_params("major", length=4, color=colour)
    ax.grid(False)
    return shown


def _draw_bar(ax: Axes, ends: Range, lane: int, colour: Colour | str, **style: Any) -> None:
    style = {"edgecolor": "none", "linewidth": 1, **style}
    low, high = ends
    ax.add_patch(Rectangle((low, lane - 0.36), high - low, 0.72, facecolor=colour, **style))


def _draw_tag(ax: Axes, at: Sequence[float], text: str, colour: Colour | str) -> None:
    """Write on a piece of colour, up and right of a patch's corner."""
    ax.annotate(
        text,
        (at[0], at[1]),
        (3, 4),
        textcoords="offset points",
        fontsize=TEXT,
        color=_ink_on(colour),
        bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.5},
    )


def _write(ax: Axes, x: float, y: float, text: str, colour: str, **how: Any) -> Text:
    return ax.text(x, y, text, **{"color": colour, "va": "center", "fontsize": TEXT, **how})


def _write_sentence(figure: Figure, scene: Scene) -> None:
    """Write the sentence on top, as large as it fits, its strong words in bold."""
    wide, high = figure.get_size_inches() * 72
    weights = ["bold" if word.strong else "normal" for word in scene.sentence]
    words = list(zip(scene.sentence, weights, strict=True))
    room = wide - 2 * 20
    size = min(20.0, 20 * room / sum(_width(word.text, 20, weight) for word, weight in words))
    x = 20.0
    for word, weight in words:
        colour = INK if word.key else MUTED
        figure.text(x / wide, 1 - 27 / high, word.text, size=size, weight=weight, color=colour)
        x += _width(word.text, size, weight)


@lru_cache(maxsize=1024)
def _width(text: str, size: float = TEXT, weight: str = "normal") -> float:
    """Return the width of a text in points, spaces at its ends included."""
    font = FontProperties(size=size, weight=weight)
    with_ends, ends = (
        text_to_path.get_text_width_height_descent(string, font, False)[0]
        for string in (f"|{text}|", "||")
    )
    return float(with_ends - ends)


def _wrap(text: str, room: float) -> list[str]:
    """Break a long text into lines: between axes, and then between words."""
    if _width(text) <= room:
        return [text]
    lines: list[str] = []
    for part in text.split("; "):
        lines.append("")
        for word in part.split(" "):
            longer = f"{lines[-1]} {word}".lstrip()
            if lines[-1] and _width(longer) > room:
                lines.append(word)
            else:
                lines[-1] = longer
    return lines


def _wrap_formula(text: str, room: float) -> list[str]:
    """Break a formula into lines, or leave away its result, which the value says, if that does."""
    term = text.rpartition(" = ")[0]
    fits = term and ";" not in text and _width(term) <= room < _width(text)
    return [term] if fits else _wrap(text, room)


def _cut(lines: list[str], most: int) -> list[str]:
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1] + " …"]


def _points(ax: Axes) -> Array:
    """Return the size of an Axes in points (1/72 inch)."""
    return np.asarray(ax.bbox.size * 72 / ax.figure.dpi)


def _points_per_unit(ax: Axes) -> Array:
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    return _points(ax) / np.abs((right - left, high - low))


def _padding_share(scene: Scene) -> float:
    cut = math.prod(axis.patch * len(axis.starts) for axis in scene.axes)
    return 1 - math.prod(sum(axis.inside) for axis in scene.axes) / cut

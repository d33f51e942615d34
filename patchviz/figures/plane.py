"""A plane of the volume, and the boxes that it cuts."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from patchviz.arguments import Array
from patchviz.figures import marks
from patchviz.figures.marks import INK, MUTED, TEXT, UNSEEN, Turned
from patchviz.scene.records import Scene
from patchviz.scene.wording import percent

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
        several layers of a grid hold it, the one that it cuts most centrally is drawn; of drawn
        patches all that it cuts.
    ax : Axes, optional

    Raises
    ------
    ValueError, TypeError
        For an array of another shape, and an `axis` or `position` that isn't there.
    """
    ax = ax or marks.current(6, 6)
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
    _draw_patches(ax, turned, _find_cut(turned, position))
    _name_sides(ax, turned)
    marks.draw_ruler(ax.xaxis, sorted({*right.starts}), right.size)
    marks.draw_ruler(ax.yaxis, sorted({*up.starts}), up.size)
    return ax


def plane_png(scene: Scene, image: Array | None = None, label: Array | None = None) -> bytes:
    """Draw the middle plane as the bytes of a PNG; parameters and errors are those of `draw_plane`.

    pyplot doesn't know of the figure.
    """
    figure = Figure(figsize=(6, 6), dpi=100)
    draw_plane(scene, image, label, ax=figure.add_axes((0.1, 0.1, 0.8, 0.8)))
    file = io.BytesIO()
    # level 3 is written a third sooner than level 6, and hardly larger
    how: dict[str, Any] = {"bbox_inches": "tight", "pil_kwargs": {"compress_level": 3}}
    figure.savefig(file, format="png", facecolor="white", **how)
    return file.getvalue()


def _find_cut(turned: Turned, position: int) -> Array:
    """Find the patches to draw: all drawn ones that the plane cuts, of a grid one layer."""
    across = turned.across
    if turned.is_grid:
        layer = across.layer_index[position - across.span[0]]
        return np.flatnonzero(turned.layers == layer)
    low = turned.corners[:, 0]
    return np.flatnonzero((low <= position) & (position < low + across.patch))


def _draw_patches(ax: Axes, turned: Turned, patches: Array) -> None:
    """Draw patches, with number and real share as far as there is room."""
    places, size, points = turned.corners[patches, 1:], turned.patch[1:], marks.points_per_unit(ax)
    sides = zip(places.T, size, strict=True)
    steps = points * [min(np.diff(np.unique(side)), default=patch) for side, patch in sides]
    line = np.clip(0.04 * min(steps), 0.8, 2.5)
    inset = 0.55 * line / points
    boxes = np.hstack([places + inset, places + size - inset])
    how = {"edgecolors": turned.colours[patches], "linewidths": line, "facecolors": "none"}
    marks.draw_boxes(ax, boxes, gid="patches", **how)
    if min(steps) < 14 + 6 * len(f"{len(turned.layers)}"):
        return
    for n, place in zip(patches, places, strict=True):
        share = f": {percent(turned.shares[n])}" if steps[0] > 75 else ""
        marks.write_tag(ax, place, f"{n + 1}{share}", turned.colours[n])


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
    if (
        inside and turned.is_grid and any(axis.unseen for axis in turned.axes)
    ):  # the rest is one box: without holes
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

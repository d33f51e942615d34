"""All patches, a board for each layer; drawn ones in rows, as they are drawn."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from patchviz.arguments import Array
from patchviz.figures import marks
from patchviz.figures.marks import MUTED, Turned
from patchviz.scene.resolve import Scene


def draw_boards(
    scene: Scene, image: Array | None = None, axis: int = 2, *, ax: Axes | None = None
) -> Axes:
    """Draw all patches: a board for each layer, and below how many are how real.

    Patches that are drawn stand in rows, in the order in which they are drawn.

    Parameters
    ----------
    scene, image, ax
        As in `draw_plane`. The image shows each patch as the network gets it, in the middle slice
        of its real part; without one, and for more than 200 patches, there are plain cells.
    axis : int
        The array axis along which layers follow each other; the others run as in `draw_plane`.
    """
    ax = ax or marks.current(10, 4.5)
    turned = Turned(scene, axis)
    cells = turned.places if turned.is_grid else _in_rows(len(turned.places))
    origins, pitch, gap = _lay_out(ax, turned, cells)
    places = origins[cells[:, 0]] + cells[:, 1:] * (turned.patch[1:] + gap)
    fill = turned.colours
    if image is not None and scene.n_patches <= 200:
        _show_thumbnails(ax, turned, image, places)
        fill = "none"
    marks.draw_patches(ax, turned, range(len(places)), places, facecolors=fill)
    points, across = marks.points_per_unit(ax), turned.across
    for start, (x, y) in zip(across.starts if turned.is_grid else (), origins, strict=False):
        if across.name and min(points * pitch) > 90:
            text = f"{across.name} = {start} … {start + across.patch - 1}"
            marks.write(ax, (x, y + 0.99 * pitch[1]), text, color=MUTED, va="top")
    for n, kind in enumerate(scene.classes):
        text = f"{kind.count:,} × {kind.label}" + ("" if n else " real")
        marks.write_tag(ax, (n % 4 * 105, -18 - n // 4 * 13.5) / points, text, turned.tints[n])
    return ax


def _in_rows(n: int) -> Array:
    """Put n patches in rows from the top, about twice as wide as high: layer, column, row."""
    columns = math.ceil(math.sqrt(2 * n))
    row, column = np.divmod(np.arange(n), columns)
    return np.stack([0 * row, column, row[-1] - row], axis=-1)


def _lay_out(ax: Axes, turned: Turned, cells: Array) -> tuple[Array, Array, Array]:
    """Make room for boards as large as they fit: their corners, their pitch, the gap in them."""
    _, right, up = turned.axes
    patch, voxel = turned.patch[1:], np.array((1, up.spacing / right.spacing))
    gap = np.maximum(1, np.rint(0.1 * min(patch * voxel) / voxel)).astype(int)
    board = (cells[:, 1:].max(axis=0) + 1) * (patch + gap)
    pitch = np.ceil(board + 0.1 * max(board * voxel) / voxel).astype(int)  # with room for a title
    n = np.arange(cells[-1, 0] + 1)
    grids = [(columns, -(-len(n) // columns)) for columns in 1 + n]
    columns, rows = max(grids, key=lambda grid: min(ax.bbox.size / (pitch * voxel * grid)))
    ax.set(xlim=(0, columns * pitch[0]), ylim=(0, rows * pitch[1]), aspect=voxel[1], anchor="NW")
    ax.set_axis_off()
    ax.apply_aspect()
    return np.stack([n % columns, rows - 1 - n // columns], axis=-1) * pitch, pitch, gap


def _show_thumbnails(ax: Axes, turned: Turned, image: Array, places: Array) -> None:
    """Show the middle slice of every patch's real part, all as one picture."""
    across, right, up = turned.axes
    middles = {n: (max(n, 0) + min(n + across.patch, across.size)) // 2 for n in across.starts}
    planes = {n: turned.cut("image", image, middle) for n, middle in middles.items()}
    canvas = np.full((int(ax.get_xlim()[1]), int(ax.get_ylim()[1])), np.nan, np.float32)
    for corner, (x, y) in zip(turned.corners, places, strict=True):
        i, j = corner[1:] - (right.span[0], up.span[0])
        patch = planes[int(corner[0])][i : i + right.patch, j : j + up.patch]
        canvas[x : x + right.patch, y : y + up.patch] = patch
    marks.show(ax, canvas, image)

"""The marks that figures are made of: boxes, texts, ticks, and a scene turned to be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from numpy.typing import ArrayLike

from patchviz.arguments import Array
from patchviz.scene.records import Scene, SceneAxis

INK, MUTED, RULE = "#1c2733", "#66727e", "#d3d9df"
SELECTION, UNSEEN = "#e8710a", "#ff2fd0"
# How much of a patch is real: one hue, the lighter the more, as in the explorer's paint.js.
REAL = LinearSegmentedColormap.from_list(
    "real", [(0, "#265e80"), (0.25, "#2f789c"), (0.5, "#42a0c4"), (1, "#b0ecff")]
)
# A few of the greys of a screen halve the PNG of a noisy scan, and look the same.
ANATOMY = colormaps["gray"].resampled(24)
TEXT = 9  # points
# Stands for the axes that a scene of one or two doesn't have: a single voxel.
FLAT = SceneAxis("", 1, 1, 0, 0, 0, 1.0, ("", ""), (0,), (1,), (0, 1), (0,), (0,), ())


class Turned:
    """A scene looked at along an axis: that one is first in all arrays, then right and up."""

    def __init__(self, scene: Scene, axis: int) -> None:
        if len(scene.axes) > 3:
            raise ValueError(f"`scene` must have at most 3 axes, got {len(scene.axes)}")
        require_within("axis", axis, (0, 3))
        axes = [*scene.axes, FLAT, FLAT][:3]
        self._order = sorted(range(3), key=lambda n: n != axis)
        self._shape = tuple(axis.size for axis in scene.axes)
        self.axes = self.across, self.right, self.up = [axes[n] for n in self._order]
        self.size = np.array([axis.size for axis in self.axes])
        self.patch = np.array([axis.patch for axis in self.axes])
        # Of each patch: its layer, its corner, how much of it is image, its colour.
        self.is_grid = scene.sampled is None
        every = _every if self.is_grid else _each
        self.layers = every(range(len(axis.starts)) for axis in axes)[:, axis]
        self.corners = every(axis.starts for axis in axes)[:, self._order]
        self.shares = every(np.divide(axis.inside, axis.patch) for axis in axes).prod(axis=1)
        tints = REAL([(kind.low + kind.high) / 2 for kind in scene.classes])
        lows = np.array([kind.low for kind in scene.classes[:-1]])  # whole 0.1 %
        self.colours = tints[np.sum(self.shares[:, None] + 5e-4 < lows, axis=1)]

    def cut(self, name: str, voxels: Array, position: int) -> Array:
        """Look up a plane (right, up) and its padding, by the scene's index maps."""
        if voxels.shape != self._shape:
            raise ValueError(f"`{name}` must have the shape {self._shape}, got {voxels.shape}")
        k, i, j = (np.array(axis.image_index) for axis in self.axes)
        k = k[position - self.across.span[0]]
        voxels = voxels.reshape((*self._shape, 1, 1)[:3]).transpose(self._order)
        plane: Array = voxels[k][np.ix_(i, j)]
        plane[(i[:, None] < 0) | (j < 0) | (k < 0)] = 0
        return plane


def _every(parts: Iterable[Sequence[int] | Array]) -> Array:
    return np.stack(np.meshgrid(*parts, indexing="ij"), axis=-1).reshape(-1, 3)


def _each(parts: Iterable[Sequence[int] | Array]) -> Array:
    return np.stack(np.broadcast_arrays(*parts), axis=-1)


def require_within(name: str, value: int, span: tuple[int, int]) -> int:
    """Return a whole number that must be within a span."""
    if not span[0] <= index(value) < span[1]:
        raise ValueError(f"`{name}` must be from {span[0]} to {span[1] - 1}, got {value}")
    return index(value)


def current(wide: float, high: float) -> Axes:
    """Return pyplot's current axes, or those of a new figure of this size in inches."""
    from matplotlib import pyplot

    if not pyplot.get_fignums():
        pyplot.figure(figsize=(wide, high))
    return pyplot.gca()


def points_per_unit(ax: Axes) -> Array:
    """Return how many points (1/72 inch) a step in x and in y is long."""
    figure: Any = ax.figure
    return np.asarray(ax.bbox.size * 72 / figure.dpi / np.abs(ax.viewLim.size))


def show(ax: Axes, plane: Array, volume: Array | None = None) -> None:
    """Show a plane (right, up) all over `ax`: of colours, or in the greys that suit a volume."""
    how: dict[str, Any] = {"origin": "lower", "interpolation": "nearest", "aspect": ax.get_aspect()}
    if volume is not None:
        some = volume.ravel(order="K")[:: volume.size // 50_000 | 1]  # odd: out of step with rows
        low, high = np.nanpercentile(some.astype(float), (1, 99.7))
        how |= {"cmap": ANATOMY, "vmin": low, "vmax": high}
    ax.imshow(plane.swapaxes(0, 1), extent=(*ax.get_xlim(), *ax.get_ylim()), **how)


def draw_boxes(ax: Axes, boxes: ArrayLike, **how: Any) -> None:
    """Draw rectangles (n, 4): left, low, right, high."""
    corners = np.reshape(boxes, (-1, 4))[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    how = {"clip_on": False, "linewidths": 0, **how}
    ax.add_collection(PolyCollection(list(corners), **how), autolim=False)


def write(ax: Axes, place: Any, text: str, **how: Any) -> None:
    """Write a text at (x, y)."""
    x, y = place
    ax.text(x, y, text, **{"color": INK, "va": "center", "fontsize": TEXT, **how})


def write_tag(ax: Axes, corner: Any, text: str, colour: Any) -> None:
    """Write on a piece of colour, up and right of a corner."""
    ink = INK if np.dot(to_rgba(colour), (0.3, 0.6, 0.1, 0)) > 0.5 else "white"
    box = {"facecolor": colour, "edgecolor": "none", "pad": 1.5}
    write(ax, corner + 3.5 / points_per_unit(ax), text, color=ink, va="bottom", bbox=box)


def draw_ruler(ruler: Any, places: Sequence[int], size: int | None = None) -> list[int]:
    """Set the ticks of an x or y axis, a lane lower the image's; return those with a number."""
    side, shown = "xy".index(ruler.axis_name), list(places[:1])
    need = (8 + 6 * max((len(f"{place}") for place in places), default=0), 13)[side]
    for place in places:
        if (place - shown[-1]) * points_per_unit(ruler.axes)[side] >= need:
            shown.append(place)
    texts = [f"{place}" if place in shown else "" for place in places]
    ruler.set_ticks(places, texts, fontsize=TEXT, color=INK)
    if size is not None:
        ruler.set_ticks((0, size), ("0", f"{size}"), minor=True, fontsize=TEXT, color=MUTED)
        ruler.set_tick_params("minor", length=(15, 28)[side], pad=1, color=MUTED)
    return shown

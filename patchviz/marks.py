"""The marks that figures are made of: a scene turned to face one axis; boxes, texts, ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.font_manager import FontProperties
from numpy.typing import ArrayLike, NDArray

from patchviz.scene import Axis, RealClass, Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]
Span = tuple[int, int]  # from - to below

INK, MUTED, RULE = "#1c2733", "#66727e", "#d3d9df"
# How much of a patch is real: one hue, the lighter the more, as in the explorer's paint.js.
REAL = LinearSegmentedColormap.from_list(
    "real", [(0, "#265e80"), (0.25, "#2f789c"), (0.5, "#42a0c4"), (1, "#b0ecff")]
)
# Half the greys of a screen halve the PNG of a noisy scan, and look the same.
ANATOMY = colormaps["gray"].resampled(48)
TEXT = 9  # points
# Stands for the axes that a scene of one or two doesn't have: a single voxel.
FLAT = Axis("", 1, 1, 0, 0, 1.0, ("", ""), (0,), (1,), (0, 0), (0, 1), (0,), (), 1, 1)


@dataclass(frozen=True)
class Turned:
    """A scene looked at along one axis; of the others the lower runs right, the higher upwards."""

    scene: Scene
    axis: int

    def __post_init__(self) -> None:
        if len(self.scene.axes) > 3:
            raise ValueError(f"`scene` must have at most 3 axes, got {len(self.scene.axes)}")
        require_within("axis", self.axis, (0, 3))

    @property
    def _unturned(self) -> list[Axis]:
        return [*self.scene.axes, FLAT, FLAT][:3]

    def _turn(self, values: Array) -> Array:
        return np.moveaxis(values, self.axis, 0)

    @cached_property
    def axes(self) -> tuple[Axis, Axis, Axis]:
        """The axis looked along, the one to the right, the one upwards."""
        axes = self._unturned
        return axes.pop(self.axis), axes[0], axes[1]

    @cached_property
    def numbers(self) -> Array:
        """Of each patch (layer, right, up), counted from 1."""
        counts = [len(axis.starts) for axis in self._unturned]
        return self._turn(1 + np.arange(math.prod(counts)).reshape(counts))

    @cached_property
    def shares(self) -> Array:
        """How much of each patch (layer, right, up) is image."""
        parts = (np.asarray(axis.inside) / axis.patch for axis in self._unturned)
        return self._turn(np.asarray(math.prod(np.ix_(*parts))))

    @cached_property
    def colours(self) -> Array:
        """Of each patch, by its class: RGBA (layer, right, up, 4)."""
        lows = np.array([kind.low for kind in self.scene.classes[:-1]])
        kinds = np.sum(self.shares[..., None] + 5e-4 < lows, axis=-1)  # classes are of whole 0.1 %
        return np.array([colour_of(kind) for kind in self.scene.classes])[kinds]

    def voxels(self, name: str, voxels: Array) -> Array:
        """Turn the voxels of the subject, whose shape they must have."""
        shape = tuple(axis.size for axis in self.scene.axes)
        if voxels.shape != shape:
            raise ValueError(f"`{name}` must have the scene's shape {shape}, got {voxels.shape}")
        return self._turn(voxels.reshape([axis.size for axis in self._unturned]))

    def cut(self, voxels: Array, position: int) -> Array:
        """Look a plane (right, up) up by the scene's index maps, its padding too."""
        across, right, up = (np.asarray(axis.image_index) for axis in self.axes)
        k = across[position - self.axes[0].span[0]]
        plane: Array = voxels[k][np.ix_(right, up)]
        plane[(right < 0) | (k < 0)] = 0
        plane[:, up < 0] = 0
        return plane


def require_within(name: str, value: int, span: Span) -> int:
    """Return a whole number that must be within a span."""
    if not span[0] <= index(value) < span[1]:
        raise ValueError(f"`{name}` must be from {span[0]} to {span[1] - 1}, got {value}")
    return index(value)


def colour_of(kind: RealClass) -> tuple[float, float, float, float]:
    """Return the colour of a class of patches."""
    return REAL((kind.low + kind.high) / 2)


def points_of(ax: Axes) -> Array:
    """Return the width and height of an Axes in points (1/72 inch)."""
    figure: Any = ax.figure
    return np.asarray(ax.bbox.size * 72 / figure.dpi)


def points_per_unit(ax: Axes) -> Array:
    """Return how many points a step in x and in y is long."""
    return np.asarray(points_of(ax) / (np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())))


def show(ax: Axes, plane: Array, x: Span, y: Span, voxels: Array | None = None) -> None:
    """Show a plane (right, up) of colours, or in the greys that suit all the voxels of a volume."""
    how: dict[str, Any] = {"origin": "lower", "interpolation": "nearest", "aspect": ax.get_aspect()}
    if voxels is not None:  # greys run between all but the extreme values
        step = max(1, round((voxels.size / 50_000) ** (1 / 3)))
        low, high = np.nanpercentile(voxels[::step, ::step, ::step].astype(float), (1, 99.7))
        how |= {"cmap": ANATOMY, "vmin": low, "vmax": high}
    ax.imshow(plane.swapaxes(0, 1), extent=(*x, *y), **how)


def draw_boxes(ax: Axes, boxes: ArrayLike, **how: Any) -> None:
    """Draw rectangles (n, 4): left, low, right, high."""
    corners = np.asarray(boxes)[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    how = {"clip_on": False, "linewidths": 0, **how}
    ax.add_collection(PolyCollection(list(corners), **how), autolim=False)


def write(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    """Write a text."""
    ax.text(x, y, text, **{"color": INK, "va": "center", "fontsize": TEXT, **how})


def write_tag(ax: Axes, corner: Array, text: str, colour: Any) -> None:
    """Write on a piece of colour, up and right of a corner."""
    x, y = corner + 3.5 / points_per_unit(ax)
    ink = INK if np.dot(to_rgba(colour), (0.3, 0.6, 0.1, 0)) > 0.5 else "white"
    box = {"facecolor": colour, "edgecolor": "none", "pad": 1.5}
    write(ax, x, y, text, color=ink, va="bottom", bbox=box)


@lru_cache(maxsize=1024)
def width_of(text: str, size: float = TEXT, weight: str = "normal") -> float:
    """Return the width of a text in points, spaces at its ends included."""
    font, renderer = FontProperties(size=size, weight=weight), _renderer(1, 1, 100)
    wide, empty = (
        renderer.get_text_width_height_descent(f"|{inner}|", font, False)[0] for inner in (text, "")
    )
    return float(wide - empty) * 72 / 100


_renderer: Any = RendererAgg  # it has no types


def set_ticks(ruler: Any, places: Sequence[int]) -> list[int]:
    """Set the ticks of an x or y axis, and return those that have room for their number."""
    side = "xy".index(ruler.axis_name)
    need = (8 + max((width_of(f"{place}") for place in places), default=0), 13)[side]
    shown: list[int] = []
    for place in places:
        if not shown or (place - shown[-1]) * points_per_unit(ruler.axes)[side] >= need:
            shown.append(place)
    texts = [f"{place}" if place in shown else "" for place in places]
    ruler.set_ticks(places, texts, fontsize=TEXT, color=INK)
    ruler.set_tick_params("major", length=4, color=INK)
    return shown


def draw_ruler(ruler: Any, axis: Axis) -> None:
    """Write the starts along an x or y axis, and in a second lane where the image ends."""
    set_ticks(ruler, axis.starts)
    ruler.set_ticks((0, axis.size), ("0", f"{axis.size}"), minor=True, fontsize=TEXT, color=MUTED)
    lane = {"x": 15, "y": 28}[ruler.axis_name]
    ruler.set_tick_params("minor", length=lane, pad=1, color=MUTED)

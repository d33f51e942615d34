"""One axis of the picture: its voxels, its patches, and what stands where patches stick out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from patchviz.grid.cut import padding_index
from patchviz.grid.patch_grid import axis_coverage
from patchviz.scene.settings import Settings

AXIS_NAMES = "ijkl"
OPPOSITE = {"L": "R", "R": "L", "P": "A", "A": "P", "I": "S", "S": "I"}


@dataclass(frozen=True)
class Axis:
    """All that is known of one axis, in voxels.

    Attributes
    ----------
    name : str
        i, j or k.
    size, patch, overlap, overflow : int
    spacing : float
        Millimetres a voxel.
    ends : (str, str)
        Anatomical letters at the low and the high end.
    starts, inside : tuple of int
        Where patches start along this axis, and how many of their voxels are image: of a grid one
        entry for each of its layers, of drawn patches one for each patch.
    padding : (int, int)
        Voxels that stick out before and after.
    span : (int, int)
        From the lowest to beyond the highest position that image or patches reach.
    image_index : tuple of int
        For each position of the span, the image index of the voxel that stands there; -1 is zero.
    layer_index : tuple of int
        For each position of the span, which layer of the grid is shown there, and chosen from by a
        click: the one that holds it most centrally, the first of two; -1 where none does. Empty
        where patches are drawn.
    unseen : tuple of (int, int)
        Runs of voxels, from - to below, that no patch reaches along this axis.
    n_seen, n_seen_once : int
        Voxels that at least one entry of `starts` reaches, and exactly one.
    """

    name: str
    size: int
    patch: int
    overlap: int
    overflow: int
    spacing: float
    ends: tuple[str, str]
    starts: tuple[int, ...]
    inside: tuple[int, ...]
    padding: tuple[int, int]
    span: tuple[int, int]
    image_index: tuple[int, ...]
    layer_index: tuple[int, ...]
    unseen: tuple[tuple[int, int], ...]
    n_seen: int
    n_seen_once: int


def describe_axis(
    n: int,
    size: int,
    starts: Sequence[int],
    spacing: float,
    orientation: str,
    settings: Settings,
    *,
    drawn: bool,
) -> Axis:
    """Work out axis n from where patches start, its voxels' size and the letter of its high end."""
    patch, overlap = (
        cast("tuple[int, ...]", each)[n] for each in (settings.patch_size, settings.overlap)
    )
    begins = np.asarray(starts)
    coverage = axis_coverage(size, patch, begins)
    first, end = min(starts), max(starts) + patch
    before, after = max(0, -first), max(0, end - size)
    span = (-before, size + after)
    return Axis(
        name=AXIS_NAMES[n],
        size=size,
        patch=patch,
        overlap=overlap,
        overflow=end - first - size,
        spacing=spacing,
        ends=(OPPOSITE.get(orientation, ""), orientation),
        starts=tuple(starts),
        inside=tuple((np.clip(begins + patch, 0, size) - np.clip(begins, 0, size)).tolist()),
        padding=(before, after),
        span=span,
        image_index=tuple(padding_index(size, *span, settings.padding_mode).tolist()),
        layer_index=() if drawn else _find_layers(begins, patch, span),
        unseen=_runs(coverage == 0),
        n_seen=int(np.count_nonzero(coverage)),
        n_seen_once=int(np.count_nonzero(coverage == 1)),
    )


def count_inside(axes: Sequence[Axis], *, drawn: bool) -> NDArray[np.int64]:
    """Count the image voxels in each patch, an array (n_patches,)."""
    parts = [np.array(axis.inside) for axis in axes]
    inside = math.prod(parts if drawn else np.ix_(*parts))
    return cast("NDArray[np.int64]", inside).ravel()


def _find_layers(starts: NDArray[np.int64], patch: int, span: tuple[int, int]) -> tuple[int, ...]:
    """Find the layer that holds each position of a span most centrally."""
    twice_off = np.abs(2 * (starts - np.arange(*span)[:, None]) + patch - 1)
    layers = np.where(twice_off.min(axis=1) < patch, twice_off.argmin(axis=1), -1)
    return tuple(layers.tolist())


def _runs(flags: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """Find the runs of true flags, each from - to below."""
    edges = np.flatnonzero(np.diff(np.pad(flags, 1).astype(np.int8))).tolist()
    return tuple(zip(edges[::2], edges[1::2], strict=True))

"""One axis of the picture: its voxels, its patches, and what stands where patches stick out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patchviz.grid import PatchGrid
from patchviz.patches import padding_index

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
        Of each patch along this axis: where it starts, and how many of its voxels are image.
    padding : (int, int)
        Voxels that stick out before and after.
    span : (int, int)
        From the lowest to beyond the highest position that image or patches reach.
    image_index : tuple of int
        For each position of the span, the image index of the voxel that stands there; -1 is zero.
    unseen : tuple of (int, int)
        Runs of voxels, from - to below, that are in no patch.
    n_seen, n_seen_once : int
        Voxels that are in at least one patch, and in exactly one.
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
    unseen: tuple[tuple[int, int], ...]
    n_seen: int
    n_seen_once: int


def describe_axis(grid: PatchGrid, n: int, spacing: float, orientation: str) -> Axis:
    """Work out axis n of a grid, with the size of its voxels and the letter of its high end."""
    size, coverage = grid.image_shape[n], grid.coverage[n]
    before, after = grid.padding[n]
    span = (-before, size + after)
    return Axis(
        name=AXIS_NAMES[n],
        size=size,
        patch=grid.patch_size[n],
        overlap=grid.overlap[n],
        overflow=grid.overflow[n],
        spacing=spacing,
        ends=(OPPOSITE.get(orientation, ""), orientation),
        starts=grid.starts[n],
        inside=tuple(grid.inside[n].tolist()),
        padding=(before, after),
        span=span,
        image_index=tuple(padding_index(size, *span, grid.padding_mode).tolist()),
        unseen=_runs(coverage == 0),
        n_seen=int(np.count_nonzero(coverage)),
        n_seen_once=int(np.count_nonzero(coverage == 1)),
    )


def _runs(flags: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """Find the runs of true flags, each from - to below."""
    edges = np.flatnonzero(np.diff(np.pad(flags, 1).astype(np.int8))).tolist()
    return tuple(zip(edges[::2], edges[1::2], strict=True))

"""How often the voxels of a subject are seen, in one epoch or in several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np
from numpy.typing import NDArray

from patchviz.arguments import whole_number
from patchviz.scene.sets import PlannedSets
from patchviz.scene.wording import percent

MOST_BLOCKS = 2**24  # 64 MiB of counts


@dataclass(frozen=True)
class Coverage:
    """How many patches have held each voxel of a subject.

    Patches begin and end at few places, so the image falls into blocks whose voxels are all seen
    equally often; these blocks are counted, however large the image.

    Attributes
    ----------
    edges : tuple of tuple of int
        Along each axis, where blocks begin, and where the last one ends: from 0 to the axis's size.
    counts : ndarray of int, shape (blocks along i, j, k)
        In how many patches the voxels of each block have been.
    """

    edges: tuple[tuple[int, ...], ...]
    counts: NDArray[np.int32]

    @property
    def voxels(self) -> NDArray[np.int64]:
        """How many voxels have been in 0, 1, 2 … patches."""
        sizes = reduce(np.multiply, np.ix_(*map(np.diff, self.edges)))
        return np.bincount(self.counts.ravel(), weights=sizes.ravel()).astype(np.int64)

    @property
    def shares(self) -> tuple[tuple[int, float], ...]:
        """Which share of the voxels has been seen how often, for each number that occurs."""
        voxels = self.voxels
        return tuple((n, float(voxels[n] / voxels.sum())) for n in np.flatnonzero(voxels).tolist())

    @property
    def mean(self) -> float:
        """How often a voxel has been seen on average."""
        return sum(times * share for times, share in self.shares)


def count_seen(
    image_shape: Sequence[int], patch_size: Sequence[int], corners: NDArray[np.int64]
) -> Coverage:
    """Count how many patches, with corners (n, ndim), hold each voxel of an image.

    Raises
    ------
    ValueError
        Where patches cut the image into more than `MOST_BLOCKS` blocks.
    """
    sides = np.clip((corners, corners + patch_size), 0, image_shape)  # (begin or end, n, ndim)
    edges = [
        np.unique([0, size, *side.ravel()])
        for size, side in zip(image_shape, np.moveaxis(sides, 2, 0), strict=True)
    ]
    n_blocks = math.prod(len(axis) - 1 for axis in edges)
    if n_blocks > MOST_BLOCKS:
        raise ValueError(
            f"coverage can be counted of at most {MOST_BLOCKS:,} blocks, and these patches cut "
            f"the image into {n_blocks:,}: take fewer or larger patches, or fewer epochs"
        )
    blocks = [np.searchsorted(axis, sides[..., n]) for n, axis in enumerate(edges)]
    # at each block by how much its count differs from the block before, along all axes at once
    counts = np.zeros([len(axis) for axis in edges], np.int32)
    for which in product((0, 1), repeat=len(edges)):
        at = tuple(axis[side] for axis, side in zip(blocks, which, strict=True))
        np.add.at(counts, at, (-1) ** sum(which))
    for axis in range(len(edges)):
        np.cumsum(counts, axis=axis, out=counts)
    inner = counts[(slice(-1),) * len(edges)]
    return Coverage(tuple(tuple(axis.tolist()) for axis in edges), inner)


def compute_coverage(sets: PlannedSets, n_epochs: int = 1) -> Coverage:
    """Count how often the voxels of the subject shown are seen in the first epochs.

    Parameters
    ----------
    sets : PlannedSets
        Blanks that they skip are not seen.
    n_epochs : int
        At least 1.

    Raises
    ------
    ValueError
        For no epochs, and as `count_seen`.
    """
    shown, corners = sets.settings.subject, []
    for epoch in range(whole_number("n_epochs", n_epochs, minimum=1)):
        patches = sets.find_patches(epoch)[shown]
        corners.append(patches.corners[~sets.find_blank(shown, patches)])
    return count_seen(patches.image_shape, patches.patch_size, np.concatenate(corners))


def describe_coverage(coverage: Coverage, n_epochs: int) -> str:
    """Say in one sentence what there is to see."""
    never = dict(coverage.shares).get(0, 0.0)
    when = "one epoch" if n_epochs == 1 else f"{n_epochs} epochs"
    return (
        f"In {when} {percent(never)} of the voxels are never seen; "
        f"a voxel is seen {coverage.mean:.2f} times on average."
    )

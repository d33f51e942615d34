"""How often the voxels of a subject are seen, in one epoch or several with random starts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from patchviz.foreground import Foreground
from patchviz.settings import Settings, make_grid
from patchviz.wording import percent

if TYPE_CHECKING:
    from patchviz.facts import CohortFacts


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
    counts: NDArray[np.int64]

    @property
    def shares(self) -> tuple[tuple[int, float], ...]:
        """Which share of the voxels has been seen how often, for each number that occurs."""
        sizes = cast("NDArray[np.int64]", math.prod(np.ix_(*map(np.diff, self.edges))))
        totals = np.bincount(self.counts.ravel(), weights=sizes.ravel())
        voxels = math.prod(axis[-1] for axis in self.edges)
        return tuple((n, float(totals[n] / voxels)) for n in np.flatnonzero(totals).tolist())

    @property
    def mean(self) -> float:
        """How often a voxel has been seen on average."""
        return sum(times * share for times, share in self.shares)


def compute_coverage(settings: Settings, facts: CohortFacts, n_epochs: int = 1) -> Coverage:
    """Count how often the voxels of the subject shown are seen in the first epochs.

    Parameters
    ----------
    settings : Settings
        Completed, as a Scene carries them; blanks that are skipped are not seen.
    facts : CohortFacts
    n_epochs : int
        At least 1.

    Returns
    -------
    Coverage
    """
    if n_epochs < 1:
        raise ValueError(f"`n_epochs` must be at least 1, got {n_epochs}")
    shown = settings.subject
    grids = [make_grid(replace(settings, epoch=epoch), facts, shown) for epoch in range(n_epochs)]
    shape, patch = grids[0].image_shape, grids[0].patch_size
    edges = tuple(
        _find_edges(shape[axis], {start for grid in grids for start in grid.starts[axis]}, size)
        for axis, size in enumerate(patch)
    )
    counts = np.zeros([len(axis) - 1 for axis in edges], np.int64)
    for grid in grids:
        seen = np.ones(grid.counts, np.int64)
        if settings.skip_blank:
            foreground = cast("Foreground", facts.foreground(shown))
            seen -= foreground.find_blank(grid, settings.skip_blank).reshape(grid.counts)
        for axis, size in enumerate(patch):
            offset = np.subtract.outer(edges[axis][:-1], grid.starts[axis])
            holds = (offset >= 0) & (offset < size)  # (blocks, patches) along this axis
            seen = np.moveaxis(np.tensordot(holds.astype(np.int64), seen, (1, axis)), 0, axis)
        counts += seen
    return Coverage(edges, counts)


def _find_edges(size: int, starts: set[int], patch: int) -> tuple[int, ...]:
    """List where patches begin or end within the image, and the image's own ends."""
    places = starts | {start + patch for start in starts}
    return tuple(sorted({0, size} | {place for place in places if 0 < place < size}))


def describe_coverage(coverage: Coverage, n_epochs: int) -> str:
    """Say in one sentence what there is to see."""
    never = dict(coverage.shares).get(0, 0.0)
    when = "one epoch" if n_epochs == 1 else f"{n_epochs} epochs"
    return (
        f"In {when} {percent(never)} of the voxels are never seen; "
        f"a voxel is seen {coverage.mean:.2f} times on average."
    )

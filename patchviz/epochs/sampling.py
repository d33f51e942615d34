"""Where patches come from besides the grid: drawn anywhere, by the label, or by a weight map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from operator import index as as_int
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patchviz.epochs.queue import patches_stream
from patchviz.errors import DataError
from patchviz.grid.foreground import Foreground, Tables
from patchviz.grid.patch_grid import Corner, PatchGrid

Sampling = str | float | Sequence[float] | Callable[[Any], ArrayLike]


def check_sampling(sampling: Sampling) -> Sampling:
    """Return "grid", "uniform", a share, a tuple of probabilities or a callable, or raise."""
    if callable(sampling) or (isinstance(sampling, str) and sampling in ("grid", "uniform")):
        return sampling
    if isinstance(sampling, (int, float)) and not isinstance(sampling, bool) and 0 < sampling <= 1:
        return float(sampling)
    try:
        chances = np.array(sampling, dtype=float)
    except (TypeError, ValueError):
        chances = np.zeros(0)
    if chances.ndim == 1 and (chances >= 0).all() and 0 < chances.sum() < np.inf:
        return tuple(chances.tolist())
    raise ValueError(
        "`sampling` must be 'grid', 'uniform', a share above 0 and up to 1, the chances of the "
        f"classes 0, 1, 2 … (none negative, not all 0), or a callable, got {sampling!r}"
    )


def needs_labels(sampling: Sampling) -> bool:
    """Tell whether patches are drawn by the label."""
    return not callable(sampling) and not isinstance(sampling, str)


@dataclass(frozen=True, eq=False)
class Sampler:
    """Draws the patches of every epoch.

    Attributes
    ----------
    sampling : str, float, tuple of float or callable
        As in `data_generator`, checked; but a callable takes the number of a subject.
    tables : callable
        ``tables(n, value)`` counts the voxels of subject n whose label is this value, or with None
        isn't 0.
    n_patches : int, optional
        How many patches of each subject; as many as its grid has, where left out.
    seed : int
    """

    sampling: Sampling
    tables: Tables
    n_patches: int | None
    seed: int

    def draw(
        self, epoch: int, index_list: Sequence[int], grids: Sequence[PatchGrid]
    ) -> list[DrawnPatches]:
        """Draw the patches of some subjects, each when first needed."""
        sizes = [self.n_patches or len(grid) for grid in grids]
        ruled = self._spread(np.array(sizes, np.int64), epoch)
        return [
            DrawnPatches(n, epoch, grid.image_shape, grid.patch_size, size, by_rule, self)
            for n, grid, size, by_rule in zip(index_list, grids, sizes, ruled, strict=True)
        ]

    def draw_centres(
        self, n: int, count: int, image_shape: Sequence[int], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw middle voxels by the rule, an array (count, ndim); -1 where none follows it."""
        if not count or self.sampling == "uniform":
            return np.full((count, len(image_shape)), -1)
        if callable(self.sampling):
            return _by_weight(np.asarray(self.sampling(n)), count, rng)
        if isinstance(self.sampling, float):
            return _pick(cast("Foreground", self.tables(n, None)), count, rng)
        chances = np.array(self.sampling)
        tables = [
            cast("Foreground", self.tables(n, value)) if chance else None
            for value, chance in enumerate(chances)
        ]
        chances[[table is None or not table.total for table in tables]] = 0
        centres = np.full((count, len(image_shape)), -1)
        if chances.any():
            classes = rng.choice(len(chances), count, p=chances / chances.sum())
            for value in np.unique(classes).tolist():
                here = classes == value
                table = cast("Foreground", tables[value])
                centres[here] = _pick(table, int(here.sum()), rng)
        return centres

    def _spread(self, sizes: NDArray[np.int64], epoch: int) -> list[int]:
        """Tell how many patches of each subject follow the rule.

        A share is that of the whole epoch, rounded up; every subject gets its part of it, rounded
        up or down, each time another way.
        """
        if not isinstance(self.sampling, float):
            return cast("list[int]", sizes.tolist())
        share = Fraction(str(self.sampling)).limit_denominator(10**6)
        subjects = patches_stream(self.seed, epoch).permutation(len(sizes))
        by_rule = -(-np.cumsum(sizes[subjects]) * share.numerator // share.denominator)
        counts = np.empty_like(sizes)
        counts[subjects] = np.diff(by_rule, prepend=0)
        return cast("list[int]", counts.tolist())


@dataclass(frozen=True, eq=False)
class DrawnPatches(Sequence[Corner]):
    """The patches that an epoch draws in one subject: a lazy sequence of corners.

    All lie inside the image; along an axis where the patch is larger, it stands around the image.

    Attributes
    ----------
    subject, epoch : int
    image_shape, patch_size : tuple of int
        Voxels.
    n_patches : int
    n_by_rule : int
        Of these, the first that many follow the rule; the others lie anywhere.
    sampler : Sampler
    """

    subject: int
    epoch: int
    image_shape: tuple[int, ...]
    patch_size: tuple[int, ...]
    n_patches: int
    n_by_rule: int
    sampler: Sampler

    @cached_property
    def corners(self) -> NDArray[np.int64]:
        """All corners, an int array of shape (n, ndim); labels may be read for it."""
        rng = patches_stream(self.sampler.seed, self.epoch, self.subject)
        shape, size = np.array(self.image_shape), np.array(self.patch_size)
        room = shape - size
        corners = rng.integers(0, np.maximum(room, 0) + 1, (self.n_patches, len(shape)))
        centres = self.sampler.draw_centres(self.subject, self.n_by_rule, self.image_shape, rng)
        found = (centres >= 0).all(axis=1)
        corners[: len(centres)][found] = np.clip(centres - size // 2, 0, room.clip(0))[found]
        return np.where(room < 0, room // 2, corners)

    def __len__(self) -> int:
        return self.n_patches

    def __getitem__(self, n: Any) -> Any:
        if isinstance(n, slice):
            return [self[m] for m in range(*n.indices(len(self)))]
        return tuple(self.corners[as_int(n)].tolist())


def weigh(cohort: Sequence[Any], weights: Callable[[Any], ArrayLike], n: int) -> NDArray[Any]:
    """Return the map of weights of subject n, after a check that it is one."""
    subject = cohort[n]
    found = np.asarray(weights(subject))
    what = None
    if found.shape != subject.shape:
        what = f"of shape {subject.shape}, got {found.shape}"
    elif not np.isfinite(found).all() or (found < 0).any() or not found.any():
        what = "finite, none negative and not all 0"
    if what:
        raise DataError(f"{subject.id}: the weights that `sampling` returns must be {what}")
    return found


def _by_weight(weights: NDArray[Any], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    ends = np.cumsum(weights, dtype=np.float64)
    places = np.searchsorted(ends, rng.random(count) * ends[-1], side="right")
    return np.stack(np.unravel_index(places, weights.shape), axis=1)


def _pick(table: Foreground, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    if not table.total:
        return np.full((count, table.ndim), -1)
    return table.find(rng.integers(table.total, size=count))

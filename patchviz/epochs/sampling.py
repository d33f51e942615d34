"""Where patches come from besides the grid: drawn anywhere, by the label, or by a weight map."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from operator import index as as_int
from typing import Any, cast, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patchviz.arguments import Array
from patchviz.epochs.options import PatchOptions
from patchviz.epochs.queue import patches_stream
from patchviz.errors import DataError
from patchviz.grid.foreground import Foreground, ForegroundOf
from patchviz.grid.patch_grid import Corner, PatchGrid
from patchviz.grid.subject import Subjects
from patchviz.progress import show_progress


@dataclass(frozen=True, eq=False)
class Sampler:
    """Draws the patches of every epoch over some subjects."""

    options: PatchOptions
    subjects: Sequence[int]
    grids: Sequence[PatchGrid]  # of each subject, for the sizes, and the count unless it is given
    foreground: ForegroundOf
    weights: Callable[[int], Array] | None = None  # of a subject: the map that draws middles

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """How many patches are drawn in each subject."""
        given = self.options.patches_per_subject
        return np.array([given or len(grid) for grid in self.grids], np.int64)

    @property
    def n_by_rule(self) -> int:
        """How many patches of every epoch follow the rule.

        Of a share as many as it asks for, rounded up, or all patches of the subjects that have
        foreground, where these are fewer. Labels are read for it.
        """
        if not isinstance(self.options.sampling, float):
            return int(self.sizes.sum())
        return math.ceil(int(self.sizes[self._has_foreground].sum()) * self._rate)

    @property
    def reached_share(self) -> float | None:
        """The share that is asked for, or less where too few subjects have foreground."""
        if not isinstance(self.options.sampling, float):
            return None
        return min(self.options.sampling, self.n_by_rule / max(1, int(self.sizes.sum())))

    @cached_property
    def _has_foreground(self) -> NDArray[np.bool_]:
        subjects = show_progress(self.subjects, "labels to look through", "subject")
        found = (cast("Foreground", self.foreground(n, None)).total > 0 for n in subjects)
        return np.fromiter(found, bool)

    @cached_property
    def _rate(self) -> Fraction:
        """The part by the rule where there is foreground, for the epoch's share to come out."""
        share = Fraction(str(self.options.sampling)).limit_denominator(10**6)
        n_able = int(self.sizes[self._has_foreground].sum())
        return min(share * int(self.sizes.sum()) / max(1, n_able), Fraction(1))

    def draw(self, epoch: int) -> list[DrawnPatches]:
        """Draw the patches of all subjects, those of each when first needed."""
        counts = zip(self.sizes.tolist(), self._spread(epoch).tolist(), strict=True)
        return [
            DrawnPatches(n, epoch, grid.image_shape, grid.patch_size, *both, self)
            for n, grid, both in zip(self.subjects, self.grids, counts, strict=True)
        ]

    def draw_centres(
        self, n: int, count: int, image_shape: Sequence[int], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw middle voxels by the rule, an array (count, ndim); -1 where none follows it."""
        sampling = self.options.sampling
        if not count or sampling == "uniform":
            return np.full((count, len(image_shape)), -1)
        if self.weights is not None:
            return _by_weight(self.weights(n), count, rng)
        if isinstance(sampling, float):
            return _pick(cast("Foreground", self.foreground(n, None)), count, rng)
        chances = np.array(sampling)
        found = [
            cast("Foreground", self.foreground(n, value)) if chance else None
            for value, chance in enumerate(chances)
        ]
        chances[[where is None or not where.total for where in found]] = 0
        centres = np.full((count, len(image_shape)), -1)
        if chances.any():
            classes = rng.choice(len(chances), count, p=chances / chances.sum())
            for value in np.unique(classes).tolist():
                here = classes == value
                centres[here] = _pick(cast("Foreground", found[value]), int(here.sum()), rng)
        return centres

    def _spread(self, epoch: int) -> NDArray[np.int64]:
        """Tell how many patches of each subject follow the rule.

        Every subject with foreground gets its part of the share, rounded up or down, each time
        another way.
        """
        if not isinstance(self.options.sampling, float):
            return self.sizes
        shuffled = patches_stream(self.options.seed, epoch).permutation(len(self.sizes))
        able = shuffled[self._has_foreground[shuffled]]
        by_rule = [math.ceil(n * self._rate) for n in np.cumsum(self.sizes[able]).tolist()]
        counts = np.zeros_like(self.sizes)
        counts[able] = np.diff(by_rule, prepend=0)
        return counts


@dataclass(frozen=True, eq=False)
class DrawnPatches(Sequence[Corner]):
    """The patches that an epoch draws in one subject: a lazy sequence of corners.

    All lie inside the image; along an axis where the patch is larger, it stands around the image.
    The first `n_by_rule` follow the rule, the others lie anywhere.
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
        rng = patches_stream(self.sampler.options.seed, self.epoch, self.subject)
        shape, size = np.array(self.image_shape), np.array(self.patch_size)
        room = shape - size
        corners = rng.integers(0, np.maximum(room, 0) + 1, (self.n_patches, len(shape)))
        centres = self.sampler.draw_centres(self.subject, self.n_by_rule, self.image_shape, rng)
        found = (centres >= 0).all(axis=1)
        corners[: len(centres)][found] = np.clip(centres - size // 2, 0, room.clip(0))[found]
        return np.where(room < 0, room // 2, corners)

    def __len__(self) -> int:
        return self.n_patches

    @overload
    def __getitem__(self, n: int) -> Corner: ...
    @overload
    def __getitem__(self, n: slice) -> list[Corner]: ...
    def __getitem__(self, n: int | slice) -> Corner | list[Corner]:
        if isinstance(n, slice):
            return [self[m] for m in range(*n.indices(len(self)))]
        return tuple(self.corners[as_int(n)].tolist())


def weigh(cohort: Subjects, weights: Callable[[Any], ArrayLike], n: int) -> Array:
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


def _by_weight(weights: Array, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    ends = np.cumsum(weights, dtype=np.float64)
    places = np.searchsorted(ends, rng.random(count) * ends[-1], side="right")
    return np.stack(np.unravel_index(places, weights.shape), axis=1)


def _pick(table: Foreground, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    if not table.total:
        return np.full((count, table.ndim), -1)
    return table.find(rng.integers(table.total, size=count))

"""What the epochs over some subjects have in common, and the queue of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import repeat
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from patchviz.arguments import Array, per_axis, subject_places
from patchviz.epochs.options import PatchOptions, needs_labels
from patchviz.epochs.queue import PatchQueue, draw_starts, queue_up, share_grids
from patchviz.epochs.sampling import DrawnPatches, Sampler, weigh
from patchviz.grid.foreground import Foreground, ForegroundOf
from patchviz.grid.patch_grid import PatchGrid
from patchviz.grid.subject import Subjects
from patchviz.progress import show_progress


@dataclass(frozen=True, eq=False)
class EpochPlan:
    """What the epochs over some subjects have in common, from which the queue of each is built.

    Labels are looked through once, where grids stay, also when the plan is pickled. Raises
    ``ValueError`` for options that don't fit the images' axes.
    """

    options: PatchOptions
    subjects: Sequence[int]  # places in the cohort
    shapes: Sequence[tuple[int, ...]]  # of the image of each
    foreground: ForegroundOf
    weights: Callable[[int], Array] | None = None  # as in `Sampler`
    _not_blank: dict[int, tuple[PatchGrid, NDArray[np.bool_]]] = field(
        default_factory=dict, init=False, repr=False
    )

    def __post_init__(self) -> None:
        if self.shapes:
            per_axis("start_offset", self.options.start_offset, len(self.shapes[0]))
        _ = self._first_grids  # sizes that make no grid are refused now

    def queue(self, epoch: int) -> PatchQueue:
        """Build the queue of an epoch: what it finds, trimmed or topped up to epoch 0's length."""
        found = self._find(epoch, self.patches(epoch))
        if not (self.options.has_random_starts and self.options.skip_blank):
            return found
        # with random starts an epoch may find nothing but blanks: then the first's serve again
        return (found or self._find(epoch, self.patches(0))).resized(self.n_patches)

    @cached_property
    def n_patches(self) -> int:
        """How many patches every epoch visits: as many as epoch 0 finds."""
        return self.count(0)

    def count(self, epoch: int, *, blanks: bool = False) -> int:
        """Count the patches that an epoch finds; with `blanks` those left out, too."""
        if self.sampler:
            return int(self.sampler.sizes.sum())
        grids = self.grids(epoch)
        if blanks or not self.options.skip_blank:
            return sum(map(len, grids))
        return sum(int(np.count_nonzero(kept)) for kept in self._find_not_blank(grids))

    def patches(self, epoch: int) -> Sequence[PatchGrid] | Sequence[DrawnPatches]:
        """Return the patches of each subject in an epoch, of its grid or drawn."""
        return self.sampler.draw(epoch) if self.sampler else self.grids(epoch)

    def grids(self, epoch: int) -> Sequence[PatchGrid]:
        """Return the grid of each subject in an epoch."""
        moves = self.options.has_random_starts and epoch > 0
        return self._make_grids(epoch) if moves else self._first_grids

    @cached_property
    def sampler(self) -> Sampler | None:
        """What draws the patches; None where they are those of the grids."""
        if self.options.sampling == "grid":
            return None
        given = self.foreground, self.weights
        return Sampler(self.options, self.subjects, self._first_grids, *given)

    @cached_property
    def _first_grids(self) -> list[PatchGrid]:
        return self._make_grids(0)

    def _make_grids(self, epoch: int) -> list[PatchGrid]:
        options, shapes, starts = self.options, self.shapes, cast("Iterable[Any]", repeat(None))
        if options.has_random_starts and shapes:
            size = len(shapes), len(shapes[0])
            starts = draw_starts(*size, options.start_offset, seed=options.seed, epoch=epoch)
        return share_grids(options, shapes, starts)

    def _find(self, epoch: int, patches: Sequence[Any]) -> PatchQueue:
        kept = self._find_not_blank(patches) if self.options.skip_blank else None
        return queue_up(self.options, epoch, self.subjects, patches, kept)

    def _find_not_blank(self, grids: Sequence[PatchGrid]) -> list[NDArray[np.bool_]]:
        """Tell of each subject which patches aren't blank, and remember it of its last grid."""
        pairs, kept = list(zip(self.subjects, grids, strict=True)), []
        for m, (n, grid) in enumerate(show_progress(pairs, "labels to look through", "subject")):
            known = self._not_blank.get(m)
            if known is None or known[0] != grid:
                foreground = cast("Foreground", self.foreground(n, None))
                blank = foreground.find_blank(grid, self.options.skip_blank)
                known = self._not_blank[m] = grid, ~blank
            kept.append(known[1])  # what is remembered may be another thread's by now
        return kept


def plan_cohort(cohort: Subjects, index_list: Iterable[int], options: PatchOptions) -> EpochPlan:
    """Plan the epochs over some subjects of a cohort, after a look at what their headers tell."""
    places = subject_places(index_list, len(cohort)).tolist()
    subjects = [cohort[n] for n in places]
    unlabelled = [subject.id for subject in subjects if not subject.has_label]
    name = "skip_blank" if options.skip_blank else "sampling"
    if unlabelled and (options.skip_blank or needs_labels(options.sampling)):
        raise ValueError(f"`{name}` needs labels, and subject {unlabelled[0]} has none")
    shapes = [subject.shape for subject in subjects]
    weights = partial(weigh, cohort, options.sampling) if callable(options.sampling) else None
    return EpochPlan(options, places, shapes, partial(_find_class, cohort), weights)


def _find_class(cohort: Subjects, n: int, value: int | None) -> Foreground | None:
    return cohort[n].count_class(value)

"""What the epochs over some subjects have in common, and the queue of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from patchviz.arguments import per_axis, whole_number
from patchviz.epochs.orders import WINDOW
from patchviz.epochs.queue import (
    Keep,
    PatchQueue,
    apply_rule,
    draw_starts,
    make_grids,
    queue_up,
)
from patchviz.epochs.sampling import (
    DrawnPatches,
    Sampler,
    Sampling,
    check_sampling,
    needs_labels,
    weigh,
)
from patchviz.grid.foreground import BlankRule, Foreground, NotBlank, Tables, check_rule
from patchviz.grid.patch_grid import Ints, PatchGrid


@dataclass(frozen=True)
class EpochPlan:
    """What the epochs over some subjects have in common, from which the queue of each is built.

    Parameters
    ----------
    index_list, patch_size, overlap, start, order, window, seed, policy, keep
        As in `create_patch_index_list`.
    shapes : sequence of tuple of int
        The image shape of each subject of `index_list`.
    start_offset : int or sequence of int
        Where it isn't 0, the start of each subject's grid is drawn anew for every epoch, from
        -offset … 0 on each axis.
    sampler : Sampler, optional
        Draws patches, in place of those of the grids.
    """

    index_list: Sequence[int]
    shapes: Sequence[tuple[int, ...]]
    patch_size: Ints
    overlap: Ints = 0
    start: Ints | None = None
    start_offset: Ints = 0
    order: str = "shuffle"
    window: int = WINDOW
    seed: int = 0
    policy: str = "centered"
    keep: Keep | None = None
    sampler: Sampler | None = None

    def queue(self, epoch: int) -> PatchQueue:
        """Build the queue of an epoch: what it finds, trimmed or topped up to epoch 0's length."""
        found = self.find(epoch)
        if self.keep is None or not self._moves():
            return found
        # with random starts an epoch may find nothing but blanks: then the first's serve again
        return (found or self.find(epoch, starts_of=0)).resized(self.n_patches)

    @cached_property
    def n_patches(self) -> int:
        """How many patches every epoch visits: as many as epoch 0 finds."""
        return self.count(0)

    def find(self, epoch: int, starts_of: int | None = None) -> PatchQueue:
        """Build the queue of the patches that an epoch finds, blanks taken out."""
        return queue_up(
            self.index_list,
            self.patches(epoch if starts_of is None else starts_of),
            self.order,
            seed=self.seed,
            epoch=epoch,
            keep=self.keep,
            window=self.window,
        )

    def count(self, epoch: int, *, blanks: bool = False) -> int:
        """Count the patches that an epoch finds; with `blanks` those left out, too."""
        patches = self.patches(epoch)
        if self.keep is None or blanks:
            return sum(map(len, patches))
        kept = apply_rule(self.keep, self.index_list, self.grids(epoch))
        return sum(int(np.count_nonzero(keep)) for keep in kept)

    def patches(self, epoch: int) -> Sequence[PatchGrid] | Sequence[DrawnPatches]:
        """Return the patches of each subject in an epoch, of its grid or drawn."""
        grids = self.grids(epoch)
        return self.sampler.draw(epoch, self.index_list, grids) if self.sampler else grids

    def grids(self, epoch: int) -> list[PatchGrid]:
        """Return the grid of each subject in an epoch."""
        start: Any = self._draw(epoch) if self._moves() else self.start
        sizes = self.patch_size, self.overlap
        return make_grids(self.index_list, self.shapes, *sizes, start, self.policy)

    def _moves(self) -> bool:
        ndim = len(self.shapes[0]) if self.shapes else None
        return any(per_axis("start_offset", self.start_offset, ndim, minimum=0)) and bool(
            self.shapes
        )

    def _draw(self, epoch: int) -> NDArray[np.int64]:
        n, ndim = len(self.shapes), len(self.shapes[0])
        return draw_starts(n, ndim, self.start_offset, seed=self.seed, epoch=epoch)


def make_plan(
    index_list: Sequence[int],
    shapes: Sequence[tuple[int, ...]],
    tables: Tables,
    *,
    skip_blank: BlankRule = False,
    sampling: Sampling = "grid",
    patches_per_subject: int | None = None,
    seed: int = 0,
    start_offset: Ints = 0,
    **options: Any,
) -> EpochPlan:
    """Plan the epochs over some subjects.

    Parameters
    ----------
    index_list, shapes, start_offset, seed, **options
        As in `EpochPlan`.
    tables : callable
        ``tables(n, value)`` as in `Sampler`.
    skip_blank, sampling, patches_per_subject
        As in `data_generator`; a callable takes the number of a subject here.

    Raises
    ------
    ValueError, TypeError
        For options that are wrong or don't go together.
    """
    rule, sampling = check_rule(skip_blank), check_sampling(sampling)
    seed = whole_number("seed", seed, minimum=0)
    sampler = None
    if sampling != "grid":
        if rule:
            raise ValueError(
                "`skip_blank` goes with sampling 'grid' only: with a share, as sampling=0.33, that "
                "many patches hold foreground"
            )
        if np.any(start_offset):
            raise ValueError("`start_offset` goes with sampling 'grid' only: it moves the grid")
        if patches_per_subject is not None:
            whole_number("patches_per_subject", patches_per_subject, minimum=1)
        sampler = Sampler(sampling, tables, patches_per_subject, seed)
    elif patches_per_subject is not None:
        raise ValueError("`patches_per_subject` goes with another `sampling` than 'grid' only")
    keep = NotBlank(tables, rule) if rule and len(index_list) else None
    return EpochPlan(
        index_list,
        shapes,
        seed=seed,
        start_offset=start_offset,
        keep=keep,
        sampler=sampler,
        **options,
    )


def plan_cohort(
    cohort: Sequence[Any],
    index_list: Sequence[int],
    *,
    skip_blank: BlankRule = False,
    sampling: Sampling = "grid",
    **options: Any,
) -> EpochPlan:
    """Plan the epochs over some subjects of a cohort; parameters as in `data_generator`."""
    if len(index_list) and np.asarray(index_list[:1]).dtype.kind not in "iu":
        raise TypeError(
            "`index_list` must hold whole numbers, the places of subjects in the cohort, "
            f"got {index_list[0]!r}"
        )
    subjects = [cohort[n] for n in index_list]
    unlabelled = [subject.id for subject in subjects if not subject.has_label]
    for name, needs in (("skip_blank", skip_blank), ("sampling", needs_labels(sampling))):
        if needs and unlabelled:
            raise ValueError(f"`{name}` needs labels, and subject {unlabelled[0]} has none")
    if callable(sampling):
        sampling = partial(weigh, cohort, sampling)
    shapes = [subject.shape for subject in subjects]
    tables = partial(_count_class, cohort)
    return make_plan(
        index_list, shapes, tables, skip_blank=skip_blank, sampling=sampling, **options
    )


def _count_class(cohort: Sequence[Any], n: int, value: int | None) -> Foreground | None:
    return cast("Foreground | None", cohort[n].count_class(value))

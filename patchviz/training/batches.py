"""What a batch is: the patches at some places of an epoch's queue, cut into arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from itertools import chain
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from patchviz.arguments import Array, per_axis, whole_number
from patchviz.epochs.options import PatchOptions
from patchviz.epochs.plan import plan_cohort
from patchviz.epochs.queue import PatchQueue, transform_stream
from patchviz.errors import DataError
from patchviz.grid.cut import apply_transform, cut_both
from patchviz.grid.subject import SubjectLike, Subjects
from patchviz.progress import show_progress
from patchviz.training.read_ahead import Shared

Batch = tuple[Array, "Array | None"]

WORTH_HELP = 2**20  # bytes of a batch: below, to hand work over takes longer than to do it


class PatchReader:
    """Reads patches of any epoch by their place in its queue: what all ways of training share.

    ``len(reader)`` is the number of patches of every epoch; errors are those of `data_generator`.
    With `room_for` patches, arrays are allocated once and used again and again. A pickled reader
    takes the queue of its last epoch along, but no volumes.
    """

    def __init__(
        self,
        cohort: Subjects,
        index_list: Iterable[int],
        options: PatchOptions,
        room_for: int = 0,
    ) -> None:
        self._cohort, self._options = cohort, options
        self._plan = plan_cohort(cohort, index_list, options)
        subjects = [cohort[n] for n in self._plan.subjects]
        if not subjects:
            raise ValueError("0 steps because `index_list` names no subject")
        one = subjects[0]
        _require_alike(one, subjects)
        self._size = per_axis("patch_size", options.patch_size, len(one.shape))
        dtype = np.result_type(*{subject.dtype for subject in subjects})
        n_labels = 1 if options.labels is None else len(options.labels)
        self._room = (
            np.empty((room_for, one.n_channels, *self._size), dtype),
            np.empty((room_for, n_labels, *self._size), np.uint8) if one.has_label else None,
        )
        first = self._plan.queue(0)
        if not first:
            raise ValueError(_why_empty(first, subjects))
        self._last = 0, first

    def __len__(self) -> int:
        return self._plan.n_patches

    def queue(self, epoch: int) -> PatchQueue:
        """Return the queue of an epoch. Don't pop it."""
        last = self._last
        if last[0] != epoch:
            last = self._last = epoch, self._plan.queue(epoch)
        return last[1]

    def upcoming(self, epoch: int, position: int) -> Iterator[int]:
        """Yield the subjects in the order in which they are reached, `position` patches taken."""
        rest = self.queue(epoch).resized(len(self))
        rest.drop(position)
        later = map(self._plan.queue, [epoch + 1])  # brings what this one left
        return _each_once(chain([rest], later), len(rest.subjects))

    def read(
        self,
        epoch: int,
        places: Sequence[int] | NDArray[np.int64],
        *,
        reach: Callable[[int], None] | None = None,
        helper: Executor | None = None,
    ) -> Batch:
        """Read the patches at some places of an epoch's queue as one batch.

        `reach` is told which subjects are reached; `helper` takes part of the work.
        """
        queue, options, n = self.queue(epoch), self._options, len(places)
        size, labels, padding_mode = self._size, options.labels, options.padding_mode
        entries = [queue[place] for place in places]
        x, y = self._allocate(n)
        transformed: list[Batch] = []

        def cut(some: Iterable[int]) -> None:
            for m in some:
                subject, corner = entries[m]
                if reach:
                    reach(subject)
                out = x[m], None if y is None else y[m]
                both = cut_both(self._cohort[subject], corner, size, labels, padding_mode, out)
                if options.transform:
                    rng = transform_stream(options.seed, epoch, int(places[m]))
                    transformed.append(apply_transform(options.transform, *both, rng))

        todo = show_progress(range(n), "patches of a batch", "patch")
        if options.transform:  # which may not be fit for threads
            cut(todo)
            x_list, y_list = zip(*transformed, strict=True)
            return _stack(x_list), _stack(y_list)
        todo = Shared(todo)
        helped = helper.submit(cut, todo) if helper and x.nbytes >= WORTH_HELP else None
        cut(todo)
        if helped and not helped.cancel():  # not begun: in a forked child there is no such thread
            helped.result()
        return x, y

    def _allocate(self, n: int) -> Batch:
        """Return arrays for n patches: parts of those that are used again, or new ones."""
        x, y = (
            room if room is None or len(room) else np.empty((n, *room.shape[1:]), room.dtype)
            for room in self._room
        )
        return cast("Array", x)[:n], None if y is None else y[:n]


def check_position(position: int, n_steps: int) -> int:
    """Check how many batches of an epoch of so many are taken."""
    if whole_number("position", position, minimum=0) > n_steps:
        raise ValueError(f"`position` must be at most {n_steps}, all of an epoch, got {position}")
    return position


def _each_once(queues: Iterable[PatchQueue], n_subjects: int) -> Iterator[int]:
    """Yield the subjects in the order in which queues, popped one after the other, reach them."""
    seen: set[int] = set()
    for queue in queues:
        for n in queue.upcoming():
            if n not in seen:
                seen.add(n)
                yield n
        if len(seen) == n_subjects:
            return


def _why_empty(queue: PatchQueue, subjects: Subjects) -> str:
    names = ", ".join(subject.id for subject in subjects[:5]) + (", …" if subjects[5:] else "")
    return (
        f"0 steps because all {sum(map(len, queue.grids))} patches of {names} are blank: the label "
        "has no foreground that counts in any of them (check the labels, or set skip_blank=False)"
    )


def _require_alike(one: SubjectLike, subjects: Subjects) -> None:
    """Raise `DataError` where patches of another subject and of one make no batch."""
    remedy = "one batch can't hold both (leave one of them out)"
    for other in subjects:
        if len(other.shape) != len(one.shape):
            axes = f"{other.id} has {len(other.shape)} axes, but {one.id} has {len(one.shape)}"
            raise DataError(f"{axes}; {remedy}")
        for what in ("n_channels", "has_label"):
            here, there = getattr(other, what), getattr(one, what)
            if here != there:
                raise DataError(f"{other.id}: {what} is {here}, but {there} in {one.id}; {remedy}")


def _stack(patches: Sequence[Any]) -> Any:
    """Stack what a transform returned along a new first axis; None where it returned none."""
    if all(patch is None for patch in patches):
        return None
    shapes = {np.shape(patch) for patch in patches}
    if len(shapes) > 1:
        raise ValueError(
            f"`transform` must return arrays of one shape for all patches, got {sorted(shapes)}"
        )
    return np.stack(patches)

"""The queue of an epoch, which is popped from its end, and the random numbers of each epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from operator import index as as_int
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patchviz.arguments import subject_places, whole_number
from patchviz.epochs.options import PatchOptions
from patchviz.epochs.orders import WINDOW, Buffered, Kept, order_patches
from patchviz.grid.patch_grid import Corner, Ints, PatchGrid

Entry = tuple[int, Corner]
Patches = Sequence[Corner]  # those of one subject: of a grid, or drawn at random

# What a random stream is for. Streams of one (seed, epoch) must not repeat one another.
_ORDER, _STARTS, _TRANSFORM, _PATCHES = 1, 2, 3, 4

_CHUNK = 1024  # entries looked through at a time


class PatchQueue(Sequence[Entry]):
    """One epoch's patches, as a sequence of (subject, corner) that is popped from the end.

    It holds integers only; corners are computed when they are asked for.

    Attributes
    ----------
    subjects : ndarray of int
        Indices into the cohort.
    grids : sequence of PatchGrid or DrawnPatches
        The patches of each of these subjects; popping leaves both alone.
    """

    def __init__(
        self,
        subjects: NDArray[np.int64],
        grids: Sequence[Patches],
        offsets: NDArray[np.int64],  # how many patches stand before each subject's, and in all
        order: NDArray[Any] | Buffered,  # patch numbers, counted through all grids
        length: int | None = None,  # trims what pops last, or lets patches come again
    ) -> None:
        self.subjects = subjects
        self.grids = grids
        self._offsets = offsets
        self._order = order
        self._length = self._left = len(order) if length is None else length

    def pop(self) -> Entry:
        """Take the last entry that is left off the queue; ``IndexError`` when there is none."""
        if not self._left:
            raise IndexError("the queue is empty: the epoch is over")
        entry = self._entry(self._left - 1)
        self._left -= 1
        return entry

    def drop(self, n: int) -> None:
        """Take `n` entries off the end at once."""
        self._left = max(0, self._left - n)

    @property
    def order(self) -> NDArray[Any]:
        """The patch number of each entry, popped or not, counted through all grids."""
        return self._numbers(0, self._length)

    @property
    def visits(self) -> NDArray[np.int64]:
        """Which of `subjects` each entry of `order` belongs to, by place in that list."""
        return self._visits(self.order)

    def upcoming(self) -> Iterator[int]:
        """Yield each subject that is left once, in the order in which popping reaches them."""
        seen = np.zeros(len(self.subjects), bool)
        n_left = len(seen)
        for stop in range(self._left, 0, -_CHUNK):
            for n in self._visits(self._numbers(max(0, stop - _CHUNK), stop))[::-1].tolist():
                if not seen[n]:
                    seen[n] = True
                    n_left -= 1
                    yield int(self.subjects[n])
            if not n_left:
                return

    def count_reads(self, cache: int = 1) -> int:
        """Count how often an epoch reads a volume, when a reader keeps the `cache` last used."""
        wanted = held = self.visits[::-1]
        if cache >= len(self.subjects):
            return int(np.count_nonzero(np.bincount(wanted)))
        for _ in range(cache):
            # what lies in a place of the cache is what its last miss pushed out of the place before
            held = np.concatenate(([-1], held[:-1]))
            missed = wanted != held
            wanted, held = wanted[missed], held[missed]
        return len(wanted)

    def resized(self, length: int) -> PatchQueue:
        """Return a fresh queue of this length: what pops last falls away, or patches come again."""
        return PatchQueue(self.subjects, self.grids, self._offsets, self._order, length)

    def __len__(self) -> int:
        return self._left

    @overload
    def __getitem__(self, n: int) -> Entry: ...
    @overload
    def __getitem__(self, n: slice) -> list[Entry]: ...
    def __getitem__(self, n: int | slice) -> Entry | list[Entry]:
        if isinstance(n, slice):
            return [self._entry(m) for m in range(*n.indices(self._left))]
        place = as_int(n) + (self._left if n < 0 else 0)
        if not 0 <= place < self._left:
            raise IndexError(f"queue index must be below the {self._left} entries left, got {n}")
        return self._entry(place)

    def __repr__(self) -> str:
        return f"<PatchQueue: {self._left} of {self._length} patches left>"

    def _numbers(self, first: int, end: int) -> NDArray[Any]:
        """Return the patch numbers of the entries from `first` to below `end`."""
        n = len(self._order)
        if n == self._length:
            return self._order[first:end]
        return self._order[np.arange(first - self._length, end - self._length) % n]

    def _visits(self, numbers: NDArray[Any]) -> NDArray[np.int64]:
        return np.searchsorted(self._offsets, numbers, side="right") - 1

    def _entry(self, place: int) -> Entry:
        number = int(self._order[(place - self._length) % len(self._order)])
        n = int(np.searchsorted(self._offsets, number, side="right")) - 1
        return int(self.subjects[n]), self.grids[n][number - int(self._offsets[n])]


def create_patch_index_list(
    index_list: Iterable[int],
    image_shape: Sequence[Any],
    patch_size: Ints,
    overlap: Ints = 0,
    start: ArrayLike | None = None,
    *,
    order: str = "shuffle",
    seed: int = 0,
    epoch: int = 0,
    policy: str = "centered",
    keep: Callable[[int, PatchGrid], NDArray[np.bool_]] | None = None,
    window: int = WINDOW,
) -> PatchQueue:
    """Build the queue of one epoch: every patch of every subject, in a reproducible order.

    Parameters
    ----------
    index_list : iterable of int
        Subjects, as indices into the cohort.
    image_shape : sequence of int, or sequence of such
        The shape of all subjects, or one shape for each entry of `index_list`.
    patch_size, overlap : int or sequence of int
        Voxels.
    start : int, sequence of int, or array of shape (n_subjects, ndim), optional
        Where the first patch starts, for all subjects or for each.
    order : {"shuffle", "by_subject", "buffered"}
        All patches shuffled together; or subject after subject (themselves shuffled) with the
        patches of each shuffled; or the same for one `window` of subjects after another, in memory
        that grows with subjects and the window, not with patches.
    seed, epoch : int
        The same two give the same order, whatever numpy's global state.
    policy : str
        A name in `POLICIES`.
    keep : callable, optional
        ``keep(subject, grid)`` tells which patches the epoch visits, a bool array (n_patches,).
    window : int
        How many subjects the order ``buffered`` shuffles together.

    Returns
    -------
    PatchQueue

    Raises
    ------
    ValueError
        For an unknown order or sizes that make no grid.
    """
    subjects = subject_places(index_list)
    whole_number("epoch", epoch, minimum=0)
    options = PatchOptions(
        patch_size, overlap, policy=policy, order=order, window=window, seed=seed
    )
    grids = _make_grids(options, len(subjects), image_shape, start)
    kept = None
    if keep is not None:
        kept = [keep(n, grid) for n, grid in zip(subjects.tolist(), grids, strict=True)]
    return queue_up(options, epoch, subjects, grids, kept)


def queue_up(
    options: PatchOptions,
    epoch: int,
    subjects: Sequence[int] | NDArray[np.int64],
    patches: Sequence[Patches],
    kept: Kept | None = None,
) -> PatchQueue:
    """Queue up the patches of some subjects in an epoch, all or those that are kept of each."""
    offsets = _count_before(patches)
    stream = [options.seed, epoch, _ORDER]
    order = order_patches(options.order, offsets, stream, options.window, kept)
    return PatchQueue(np.asarray(subjects, np.int64), patches, offsets, order)


def draw_starts(
    n_subjects: int, ndim: int, start_offset: Ints, *, seed: int, epoch: int
) -> NDArray[np.int64]:
    """Draw where the grid of each subject starts in one epoch: -offset … 0, (n_subjects, ndim)."""
    rng = np.random.default_rng([seed, epoch, _STARTS])
    return -rng.integers(0, np.add(start_offset, 1), size=(n_subjects, ndim))


def patches_stream(seed: int, epoch: int, *subject: int) -> np.random.Generator:
    """Give the random numbers with which patches are drawn: of one subject, or for all."""
    return np.random.default_rng([seed, epoch, _PATCHES, *(n + 1 for n in subject)])


def transform_stream(seed: int, epoch: int, place: int) -> np.random.Generator:
    """Give the random numbers of one patch's transform, by its place in the epoch's queue."""
    return np.random.default_rng([seed, epoch, _TRANSFORM, place])


def _count_before(grids: Sequence[Patches]) -> NDArray[np.int64]:
    """Count the patches before each grid, of which many subjects share one, and all of them."""
    if grids and grids.count(grids[0]) == len(grids):  # the same for all: ten times as fast
        return len(grids[0]) * np.arange(len(grids) + 1)
    different = dict(zip(map(id, grids), grids, strict=True))
    sizes = {key: len(grid) for key, grid in different.items()}
    offsets = np.zeros(len(grids) + 1, np.int64)
    each = map(sizes.__getitem__, map(id, grids))
    np.cumsum(np.fromiter(each, np.int64, len(grids)), out=offsets[1:])
    return offsets


def _make_grids(
    options: PatchOptions, n: int, image_shape: Sequence[Any], start: Any
) -> list[PatchGrid]:
    """Make the grids of n subjects, of one shape and start or of one for each."""
    one_each = len(image_shape) == 0 or np.ndim(image_shape[0])
    if not one_each and np.ndim(start) != 2:
        return [options.grid(image_shape, start)] * n
    shapes = image_shape if one_each else [image_shape] * n
    starts = np.asarray(start) if np.ndim(start) == 2 else [start] * n
    for name, what, values in (("image_shape", "shape", shapes), ("start", "start", starts)):
        if len(values) != n:
            raise ValueError(
                f"`{name}` must be one {what} or one for each of {n} subjects, got {len(values)}"
            )
    return share_grids(options, shapes, starts)


def share_grids(
    options: PatchOptions, shapes: Iterable[Sequence[int]], starts: Iterable[Any]
) -> list[PatchGrid]:
    """Make the grid of each subject: one and the same where shape and start are."""
    firsts = (None if start is None else tuple(np.atleast_1d(start).tolist()) for start in starts)
    return list(map(cache(options.grid), map(tuple, shapes), firsts))

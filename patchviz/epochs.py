"""In which order an epoch visits its patches: the queue that is popped from the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import index as as_int
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patchviz.arguments import per_axis, require_choice
from patchviz.grid import Corner, Ints, PatchGrid

ORDERS = ("shuffle", "by_subject")

Entry = tuple[int, Corner]
Keep = Callable[[int, PatchGrid], NDArray[np.bool_]]

# What a random stream is for. Streams of one (seed, epoch) must not repeat one another.
_ORDER, _STARTS, _TRANSFORM = 1, 2, 3

_CHUNK = 1024  # entries looked through at a time


class PatchQueue(Sequence[Entry]):
    """One epoch's patches, as a sequence of (subject, corner) that is popped from the end.

    It holds integers only; corners are computed when they are asked for.

    Parameters
    ----------
    subjects : sequence of int
        Indices into the cohort.
    grids : sequence of PatchGrid
        The grid of each of these subjects.
    order : ndarray of int, shape (n,)
        Patch numbers, counted through all grids one after another, in the order of the queue.

    Attributes
    ----------
    grids, order
        As given; popping leaves them alone.
    """

    def __init__(
        self,
        subjects: Sequence[int] | NDArray[np.int64],
        grids: Sequence[PatchGrid],
        order: NDArray[Any],
    ) -> None:
        self.subjects = subjects
        self.grids = grids
        self.order = order
        self._left = len(order)

    def pop(self) -> Entry:
        """Take the last entry that is left off the queue and return it.

        Raises
        ------
        IndexError
            When the epoch is over.
        """
        if not self._left:
            raise IndexError("the queue is empty: the epoch is over")
        entry = self._entry(self._left - 1)
        self._left -= 1
        return entry

    def drop(self, n: int) -> None:
        """Take `n` entries off the end at once."""
        self._left = max(0, self._left - n)

    @cached_property
    def _first(self) -> NDArray[np.int64]:
        """The number of the first patch of each grid."""
        sizes = _sizes(self.grids)
        return np.cumsum(sizes) - sizes

    @property
    def visits(self) -> NDArray[np.int64]:
        """Which of `subjects` each entry of `order` belongs to, by place in that list."""
        return self._visits(self.order)

    def upcoming(self) -> Iterator[int]:
        """Yield each subject that is left once, in the order in which popping reaches them."""
        seen = np.zeros(len(self.subjects), bool)
        for stop in range(self._left, 0, -_CHUNK):
            for n in self._visits(self.order[max(0, stop - _CHUNK) : stop])[::-1].tolist():
                if not seen[n]:
                    seen[n] = True
                    yield int(self.subjects[n])

    def count_reads(self, cache: int = 1) -> int:
        """Count how often an epoch reads a volume, when a reader keeps the last used ones.

        Parameters
        ----------
        cache : int
            How many volumes it keeps, at least 1.
        """
        kept: dict[int, None] = {}  # the least recently used first
        reads = 0
        for n in self.visits[::-1].tolist():
            reads += n not in kept
            kept.pop(n, None)
            kept[n] = None
            if len(kept) > cache:
                del kept[next(iter(kept))]
        return reads

    def resized(self, length: int) -> PatchQueue:
        """Return a fresh queue of this length: what pops last falls away, or patches come again."""
        order = self.order
        if length != len(order):
            order = np.resize(order[::-1], length)[::-1]
        return PatchQueue(self.subjects, self.grids, order)

    def __len__(self) -> int:
        return self._left

    def __getitem__(self, n: Any) -> Any:
        if isinstance(n, slice):
            return [self._entry(m) for m in range(*n.indices(self._left))]
        place = as_int(n) + (self._left if n < 0 else 0)
        if not 0 <= place < self._left:
            raise IndexError(f"queue index must be below the {self._left} entries left, got {n}")
        return self._entry(place)

    def __repr__(self) -> str:
        return f"<PatchQueue: {self._left} of {len(self.order)} patches left>"

    def _visits(self, numbers: NDArray[Any]) -> NDArray[np.int64]:
        return np.searchsorted(self._first, numbers, side="right") - 1

    def _entry(self, place: int) -> Entry:
        number = int(self.order[place])
        n = int(np.searchsorted(self._first, number, side="right")) - 1
        return int(self.subjects[n]), self.grids[n][number - int(self._first[n])]


def create_patch_index_list(
    index_list: Sequence[int],
    image_shape: Sequence[Any],
    patch_size: Ints,
    overlap: Ints = 0,
    start: ArrayLike | None = None,
    *,
    order: str = "shuffle",
    seed: int = 0,
    epoch: int = 0,
    policy: str = "centered",
    keep: Keep | None = None,
) -> PatchQueue:
    """Build the queue of one epoch: every patch of every subject, in a reproducible order.

    Parameters
    ----------
    index_list : sequence of int
        Subjects, as indices into the cohort.
    image_shape : sequence of int, or sequence of such
        The shape of all subjects, or one shape for each entry of `index_list`.
    patch_size, overlap : int or sequence of int
        Voxels.
    start : int, sequence of int, or array of shape (n_subjects, ndim), optional
        Where the first patch starts, for all subjects or for each.
    order : {"shuffle", "by_subject"}
        All patches shuffled together, or subject after subject (themselves shuffled) with the
        patches of each shuffled.
    seed, epoch : int
        The same two give the same order, whatever numpy's global state.
    policy : str
        A name in `POLICIES`.
    keep : callable, optional
        ``keep(subject, grid)`` tells which patches the epoch visits, a bool array (n_patches,).

    Returns
    -------
    PatchQueue

    Raises
    ------
    ValueError
        For an unknown order or sizes that make no grid.
    """
    require_choice("order", order, ORDERS)
    grids = _make_grids(index_list, image_shape, patch_size, overlap, start, policy)
    sizes = _sizes(grids)
    rng = np.random.default_rng([seed, epoch, _ORDER])
    if order == "shuffle":
        n = int(sizes.sum())
        numbers: NDArray[Any] = np.arange(n, dtype=np.int32 if n < 2**31 else np.int64)
        rng.shuffle(numbers)
    else:
        rank = np.repeat(rng.permutation(len(grids)), sizes)
        numbers = np.lexsort((rng.random(len(rank)), rank))
    if keep is not None:
        kept = [keep(n, grid) for n, grid in zip(index_list, grids, strict=True)]
        numbers = numbers[np.concatenate([np.zeros(0, bool), *kept])[numbers]]
    return PatchQueue(np.array(index_list, dtype=np.int64), grids, numbers)


@dataclass(frozen=True)
class EpochPlan:
    """What the epochs over some subjects have in common, from which the queue of each is built.

    Parameters
    ----------
    index_list, patch_size, overlap, start, order, seed, policy, keep
        As in `create_patch_index_list`.
    shapes : sequence of tuple of int
        The image shape of each subject of `index_list`.
    start_offset : int or sequence of int
        Where it isn't 0, the start of each subject's grid is drawn anew for every epoch, from
        -offset … 0 on each axis.
    """

    index_list: Sequence[int]
    shapes: Sequence[tuple[int, ...]]
    patch_size: Ints
    overlap: Ints = 0
    start: Ints | None = None
    start_offset: Ints = 0
    order: str = "shuffle"
    seed: int = 0
    policy: str = "centered"
    keep: Keep | None = None

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
        start: Any = self.start
        if self._moves():
            start = self._draw(epoch if starts_of is None else starts_of)
        return create_patch_index_list(
            self.index_list,
            self.shapes,
            self.patch_size,
            self.overlap,
            start,
            order=self.order,
            seed=self.seed,
            epoch=epoch,
            policy=self.policy,
            keep=self.keep,
        )

    def count(self, epoch: int, *, blanks: bool = False) -> int:
        """Count the patches that an epoch finds; with `blanks` those left out, too."""
        grids = self.grids(epoch)
        if self.keep is None or blanks:
            return sum(map(len, grids))
        kept = (self.keep(n, grid) for n, grid in zip(self.index_list, grids, strict=True))
        return sum(int(np.count_nonzero(keep)) for keep in kept)

    def start_of(self, n: int, epoch: int) -> Ints | None:
        """Tell where the grid of the n-th subject of `index_list` starts; None is as `start`."""
        return tuple(self._draw(epoch)[n].tolist()) if self._moves() else self.start

    def grids(self, epoch: int) -> list[PatchGrid]:
        """Return the grid of each subject in an epoch."""
        start: Any = self._draw(epoch) if self._moves() else self.start
        sizes = self.patch_size, self.overlap
        return _make_grids(self.index_list, self.shapes, *sizes, start, self.policy)

    def _moves(self) -> bool:
        ndim = len(self.shapes[0]) if self.shapes else None
        return any(per_axis("start_offset", self.start_offset, ndim, minimum=0)) and bool(
            self.shapes
        )

    def _draw(self, epoch: int) -> NDArray[np.int64]:
        n, ndim = len(self.shapes), len(self.shapes[0])
        return draw_starts(n, ndim, self.start_offset, seed=self.seed, epoch=epoch)


def draw_starts(
    n_subjects: int, ndim: int, start_offset: Ints, *, seed: int, epoch: int
) -> NDArray[np.int64]:
    """Draw where the grid of each subject starts in one epoch: -offset … 0 on every axis.

    Returns an int array of shape (n_subjects, ndim).
    """
    rng = np.random.default_rng([seed, epoch, _STARTS])
    return -rng.integers(0, np.add(start_offset, 1), size=(n_subjects, ndim))


def transform_stream(seed: int, epoch: int, place: int) -> np.random.Generator:
    """Give the random numbers of one patch's transform, by its place in the epoch's queue."""
    return np.random.default_rng([seed, epoch, _TRANSFORM, place])


def _sizes(grids: Sequence[PatchGrid]) -> NDArray[np.int64]:
    """Count the patches of each grid; many subjects share one."""
    ids = list(map(id, grids))
    sizes = {key: len(grid) for key, grid in dict(zip(ids, grids, strict=True)).items()}
    return np.fromiter(map(sizes.__getitem__, ids), np.int64, len(ids))


def _make_grids(
    index_list: Sequence[int],
    image_shape: Sequence[Any],
    patch_size: Ints,
    overlap: Ints,
    start: Any,
    policy: str,
) -> list[PatchGrid]:
    n = len(index_list)
    one_each = len(image_shape) == 0 or np.ndim(image_shape[0])
    if not one_each and np.ndim(start) != 2:
        return [PatchGrid(image_shape, patch_size, overlap=overlap, start=start, policy=policy)] * n
    shapes = list(image_shape) if one_each else [tuple(image_shape)] * n
    starts = list(np.asarray(start)) if np.ndim(start) == 2 else [start] * n
    for name, what, values in (("image_shape", "shape", shapes), ("start", "start", starts)):
        if len(values) != n:
            raise ValueError(
                f"`{name}` must be one {what} or one for each of {n} subjects, got {len(values)}"
            )
    made: dict[Any, PatchGrid] = {}
    grids = []
    for shape, first in zip(shapes, starts, strict=True):
        key = (tuple(shape), None if first is None else tuple(np.atleast_1d(first)))
        if key not in made:
            made[key] = PatchGrid(shape, patch_size, overlap=overlap, start=first, policy=policy)
        grids.append(made[key])
    return grids

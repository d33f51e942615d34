"""In which order an epoch visits patches: all shuffled, subject after subject, or in windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

ORDERS = ("shuffle", "by_subject", "buffered")
WINDOW = 8  # subjects that are shuffled together in the order "buffered"

Kept = Sequence[NDArray[np.bool_]]


def order_patches(
    order: str, offsets: NDArray[np.int64], stream: Sequence[int], window: int, kept: Kept | None
) -> NDArray[Any] | Buffered:
    """Put patches, counted through all subjects from `offsets` on, in the order of a queue.

    `stream` is the seed of its random numbers; `kept` says of each subject which patches come.
    """
    if order == "buffered":
        return Buffered(offsets, stream, window, kept)
    rng = np.random.default_rng(stream)
    if order == "shuffle":
        n = int(offsets[-1])
        numbers: NDArray[Any] = np.arange(n, dtype=np.int32 if n < 2**31 else np.int64)
        rng.shuffle(numbers)
    else:
        rank = np.repeat(rng.permutation(len(offsets) - 1), np.diff(offsets))
        numbers = np.lexsort((rng.random(len(rank)), rank))
    if kept is not None:
        numbers = numbers[np.concatenate([np.zeros(0, bool), *kept])[numbers]]
    return numbers


class Buffered:
    """Subjects permuted, taken in windows, and the patches of each window shuffled together.

    It holds numbers for each subject and the windows in use, however many patches there are.
    Indexed as an array is, by a number from 0 on, a slice or an array of such numbers.
    """

    def __init__(
        self, offsets: NDArray[np.int64], stream: Sequence[int], window: int, kept: Kept | None
    ) -> None:
        self._offsets, self._stream, self._window, self._kept = offsets, stream, window, kept
        n = len(offsets) - 1
        self._subjects = np.arange(n, dtype=np.int32)
        np.random.default_rng(stream).shuffle(self._subjects)
        counts = np.diff(offsets) if kept is None else np.array([*map(np.count_nonzero, kept)])
        self._ends = np.zeros(1, np.int64)
        if n:
            sizes = np.add.reduceat(counts[self._subjects], np.arange(0, n, window))
            self._ends = np.cumsum(sizes)
        self._recent: dict[int, NDArray[np.int64]] = {}

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, slice):
            item = np.arange(*item.indices(len(self)))
        places = np.asarray(item)
        windows = np.searchsorted(self._ends, places, side="right")
        if not places.ndim:
            return self._patches(int(windows))[int(places) - int(self._ends[windows])]
        numbers = np.empty(places.shape, np.int64)
        for w in np.unique(windows).tolist():
            here = windows == w
            numbers[here] = self._patches(w)[places[here] - self._ends[w]]
        return numbers

    def _patches(self, w: int) -> NDArray[np.int64]:
        """Return the patches of a window: the last two are kept, for batches that reach across."""
        if (numbers := self._recent.get(w)) is None:
            members = self._subjects[w * self._window : (w + 1) * self._window].tolist()
            numbers = np.concatenate([np.arange(*self._offsets[m : m + 2]) for m in members])
            # stream 0 would repeat that of the subjects
            order = np.random.default_rng([*self._stream, w + 1]).permutation(len(numbers))
            if self._kept is not None:
                order = order[np.concatenate([self._kept[m] for m in members])[order]]
            numbers = numbers[order]
            self._recent = dict([*self._recent.items()][-1:]) | {w: numbers}
        return numbers

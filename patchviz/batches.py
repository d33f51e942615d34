"""Owns what a batch is: arrays, allocated and filled with the patches that a queue pops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np

from patchviz.ahead import ReadAhead
from patchviz.epochs import PatchQueue, transform_stream
from patchviz.errors import DataError
from patchviz.patches import Array, Transform, add_data
from patchviz.progress import show_progress

Batch = tuple[Array, "Array | None"]

WORTH_HELP = 2**20  # bytes of a batch: below, to hand work over takes longer than to do it


class BatchMaker:
    """Makes batches (x, y) of the patches of some subjects, which must go together.

    Parameters
    ----------
    cohort, labels, transform, padding_mode, seed
        As in `data_generator`.
    index_list : sequence of int
        The subjects, at least one.
    patch_size : tuple of int
        Voxels.
    room_for : int
        Patches of the largest batch, to allocate arrays once that are used again and again; 0 to
        allocate each batch.

    Raises
    ------
    DataError
        When subjects differ in what a batch can't hold.
    """

    def __init__(
        self,
        cohort: Sequence[Any],
        index_list: Sequence[int],
        patch_size: tuple[int, ...],
        *,
        labels: Sequence[int] | None,
        transform: Transform | None,
        padding_mode: str,
        seed: int,
        room_for: int,
    ) -> None:
        subjects = [cohort[n] for n in index_list]
        _check_alike(subjects)
        self._cohort, self._patch_size, self._seed = cohort, patch_size, seed
        self._given: dict[str, Any] = {
            "labels": labels,
            "transform": transform,
            "padding_mode": padding_mode,
        }
        self._dtype = np.result_type(*{subject.dtype for subject in subjects})
        self._n_channels = subjects[0].n_channels
        self._has_label = subjects[0].has_label
        self._n_labels = 1 if labels is None else len(labels)
        self._reused = self._allocate(room_for) if room_for else None

    def __call__(
        self, queue: PatchQueue, n: int, epoch: int, ahead: ReadAhead, helper: Executor
    ) -> Batch:
        """Pop `n` patches off the queue of an epoch, and cut them.

        `ahead` is told which subjects are reached, `helper` takes half of the work.
        """
        x, y = self._room(n)
        x_list: list[Array] = []
        y_list: list[Array | None] = []
        transform = self._given["transform"]
        entries = [(queue.pop(), len(queue)) for _ in range(n)]

        def cut(places: Iterable[int]) -> None:
            for m in places:
                index, place = entries[m]
                ahead.reach(index[0])
                rng = transform_stream(self._seed, epoch, place) if transform else None
                out = (x[m], None if y is None else y[m])
                given = self._given | {"rng": rng, "out": out}
                add_data(x_list, y_list, self._cohort, index, self._patch_size, **given)

        if transform:  # which may not be fit for threads
            cut(show_progress(range(n), "patches of a batch", "patch"))
            return _stack(x_list), _stack(y_list)
        n_helped = n // 2 if x.nbytes >= WORTH_HELP else 0
        helped = helper.submit(cut, range(n_helped)) if n_helped else None
        cut(show_progress(range(n_helped, n), "patches of a batch", "patch"))
        if helped:
            helped.result()
        return x, y

    def _room(self, n: int) -> Batch:
        if self._reused is None:
            return self._allocate(n)
        x, y = self._reused
        return x[:n], None if y is None else y[:n]

    def _allocate(self, n: int) -> Batch:
        x = np.empty((n, self._n_channels, *self._patch_size), self._dtype)
        y = np.empty((n, self._n_labels, *self._patch_size), np.uint8) if self._has_label else None
        return x, y


def _check_alike(subjects: Sequence[Any]) -> None:
    one = subjects[0]
    for other in subjects:
        for what in ("n_channels", "has_label"):
            if getattr(other, what) != getattr(one, what):
                raise DataError(
                    f"{other.id}: {what} is {getattr(other, what)}, but {getattr(one, what)} in "
                    f"{one.id}; one batch can't hold both (leave one of them out)"
                )


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

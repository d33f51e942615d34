"""Batches without end, and how many of them make an epoch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchviz.ahead import ReadAhead
from patchviz.batches import Batch, BatchMaker
from patchviz.epochs import PatchQueue, create_patch_index_list, draw_starts
from patchviz.grid import (
    PADDING_MODES,
    Ints,
    PatchGrid,
    per_axis,
    require_choice,
    whole_number,
)
from patchviz.patches import Transform, find_blank
from patchviz.splits import get_validation_split
from patchviz.volumes import Cohort


def get_training_and_validation_generators(
    cohort: Sequence[Any],
    *,
    batch_size: int,
    patch_size: Ints,
    data_split: float = 0.8,
    overlap: Ints = 0,
    validation_batch_size: int | None = None,
    validation_patch_overlap: Ints = 0,
    training_start_offset: Ints = 0,
    skip_blank: bool = False,
    labels: Sequence[int] | None = None,
    transform: Transform | None = None,
    order: str = "shuffle",
    policy: str = "centered",
    padding_mode: str = "edge",
    reuse_buffers: bool = False,
    seed: int = 0,
    split_file: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> tuple[Iterator[Batch], Iterator[Batch], int, int]:
    """Make the training and the validation generator, with the steps of an epoch of each.

    Parameters
    ----------
    cohort : Cohort or sequence of Subject
    batch_size, validation_batch_size : int
        Patches a batch; validation takes `batch_size` unless told otherwise.
    patch_size : int or sequence of int
        Voxels.
    data_split, split_file, overwrite
        As in `get_validation_split`.
    overlap, validation_patch_overlap : int or sequence of int
        Voxels by which patches overlap, in training and in validation.
    training_start_offset : int or sequence of int
        Draws where the training grid starts from {-offset … 0} on every axis, anew for each
        subject and epoch. A start beyond the overflow leaves voxels out of that epoch.
    skip_blank : bool
        Leave out patches whose label is all zero inside the image.
    labels, order, policy, padding_mode, reuse_buffers
        As in `data_generator`.
    transform : callable, optional
        ``transform(x, y, rng) -> (x, y)`` on each training patch; validation is left as it is.
    seed : int
        The same seed gives the same split, queues and random numbers.

    Returns
    -------
    train_generator, validation_generator : iterator of (x, y)
        Endless; see `data_generator`.
    n_train_steps, n_validation_steps : int
        Batches that each of them yields in every epoch.

    Raises
    ------
    ValueError, TypeError, DataError
        For wrong parameters, and for a set without patches: it says why there are none.
    """
    training_list, validation_list = get_validation_split(
        cohort, data_split, seed=seed, split_file=split_file, overwrite=overwrite
    )
    shared: dict[str, Any] = {"skip_blank": skip_blank, "policy": policy, "seed": seed}
    training = shared | {"overlap": overlap, "start_offset": training_start_offset}
    validation = shared | {"overlap": validation_patch_overlap}
    batch: dict[str, Any] = {
        "labels": labels,
        "order": order,
        "padding_mode": padding_mode,
        "reuse_buffers": reuse_buffers,
    }
    validation_batch_size = batch_size if validation_batch_size is None else validation_batch_size
    return (
        data_generator(
            cohort,
            training_list,
            patch_size=patch_size,
            batch_size=batch_size,
            transform=transform,
            **training,
            **batch,
        ),
        data_generator(
            cohort,
            validation_list,
            patch_size=patch_size,
            batch_size=validation_batch_size,
            **validation,
            **batch,
        ),
        get_number_of_steps(
            get_number_of_patches(cohort, training_list, patch_size, **training), batch_size
        ),
        get_number_of_steps(
            get_number_of_patches(cohort, validation_list, patch_size, **validation),
            validation_batch_size,
        ),
    )


def get_number_of_steps(n_patches: int, batch_size: int) -> int:
    """Count the batches of an epoch: ceil(n_patches / batch_size), the last may be partial.

    Raises ``ValueError`` for a negative number of patches or an empty batch.
    """
    n = whole_number("n_patches", n_patches, minimum=0)
    return -(-n // whole_number("batch_size", batch_size, minimum=1))


def get_number_of_patches(
    cohort: Sequence[Any],
    index_list: Sequence[int],
    patch_size: Ints,
    overlap: Ints = 0,
    *,
    skip_blank: bool = False,
    start_offset: Ints = 0,
    policy: str = "centered",
    seed: int = 0,
) -> int:
    """Count the patches of every epoch over some subjects; 0 where all are blank.

    Parameters as in `data_generator`. Labels are read only to skip blanks.
    """
    make_queue = _queue_maker(
        cohort,
        index_list,
        patch_size,
        overlap,
        skip_blank=skip_blank,
        start_offset=start_offset,
        policy=policy,
        seed=seed,
    )
    return len(make_queue(0))


def data_generator(
    cohort: Sequence[Any],
    index_list: Sequence[int],
    *,
    patch_size: Ints,
    batch_size: int = 1,
    overlap: Ints = 0,
    skip_blank: bool = False,
    labels: Sequence[int] | None = None,
    transform: Transform | None = None,
    start_offset: Ints = 0,
    order: str = "shuffle",
    policy: str = "centered",
    padding_mode: str = "edge",
    reuse_buffers: bool = False,
    seed: int = 0,
    epoch: int = 0,
    position: int = 0,
) -> Iterator[Batch]:
    """Yield batches of patches for ever, epoch after epoch, each in a new order.

    Every epoch yields ``get_number_of_steps(get_number_of_patches(…), batch_size)`` batches; the
    last holds what is left. Where random starts change how many patches are blank, later epochs
    are trimmed or topped up to the length of the first.

    Of a `Cohort`, the subjects that come next are read in the background, by threads that end when
    all are read; another thread cuts half of each batch. All end with the iterator: when it is
    closed, when nobody holds it any longer, and after an error.

    Parameters
    ----------
    cohort : Cohort or sequence of Subject
    index_list : sequence of int
        The subjects to visit.
    patch_size, overlap : int or sequence of int
        Voxels.
    batch_size : int
        Patches a batch.
    skip_blank : bool
        Leave out patches whose label is all zero inside the image.
    labels : sequence of int, optional
        One channel of y for each of these values; by default one channel, label > 0.
    transform : callable, optional
        ``transform(x, y, rng) -> (x, y)`` on each patch.
    start_offset : int or sequence of int
        Draws where the grid starts from {-offset … 0}, for each subject and epoch.
    order : {"shuffle", "by_subject"}
        Of the queue.
    policy : str
        A name in `POLICIES`.
    padding_mode : {"edge", "constant", "reflect", "wrap"}
        What stands outside the image.
    reuse_buffers : bool
        Yield the same arrays again and again: the next batch overwrites the last, so copy what you
        keep. Saves time and one batch of memory; what a `transform` returns is always new.
    seed : int
        The same seed gives the same batches.
    epoch, position : int
        Go on where a run stopped: in this epoch, counted from 0, with this many of its batches
        already taken. What follows is exactly what that run would have yielded.

    Returns
    -------
    iterator of (x, y)
        x is (batch, channel, *patch_size) in the dtype that holds all the subjects' images, y is
        (batch, n_labels, *patch_size) uint8, or None for a cohort without labels. Each batch is
        the caller's own, unless `reuse_buffers`.

    Raises
    ------
    ValueError, TypeError, DataError
        At once, not at the first batch: for wrong parameters, subjects that do not go together,
        or a set without patches.
    """
    require_choice("padding_mode", padding_mode, PADDING_MODES)
    get_number_of_steps(0, batch_size)
    make_queue = _queue_maker(
        cohort,
        index_list,
        patch_size,
        overlap,
        skip_blank=skip_blank,
        start_offset=start_offset,
        order=order,
        policy=policy,
        seed=seed,
    )
    first = make_queue(0)
    subjects = [cohort[n] for n in index_list]
    if not first:
        raise ValueError(_why_empty(first, subjects))
    whole_number("epoch", epoch, minimum=0)
    n_steps = get_number_of_steps(len(first), batch_size)
    if whole_number("position", position, minimum=0) > n_steps:
        raise ValueError(f"`position` must be at most {n_steps}, all of an epoch, got {position}")

    def queue_of(epoch: int) -> PatchQueue:
        if epoch == 0:
            return first.resized(len(first.order))
        # with random starts an epoch may find nothing but blanks: then the first's serve again
        queue = make_queue(epoch) or make_queue(epoch, starts_of=0)
        return queue.resized(len(first.order))

    make_batch = BatchMaker(
        cohort,
        index_list,
        first.grids[0].patch_size,
        labels=labels,
        transform=transform,
        padding_mode=padding_mode,
        seed=seed,
        room_for=batch_size if reuse_buffers else 0,
    )

    def batches() -> Iterator[Batch]:
        queue = queue_of(epoch)
        queue.drop(position * batch_size)
        with (
            ThreadPoolExecutor(1, "patchviz-cut") as helper,
            _read_ahead(cohort, queue) as ahead,
        ):
            for now in count(epoch):
                while queue:
                    yield make_batch(queue, min(batch_size, len(queue)), now, ahead, helper)
                queue = queue_of(now + 1)

    return batches()


def _read_ahead(cohort: Sequence[Any], queue: PatchQueue) -> ReadAhead:
    """Tell a cohort which subjects come next; other sequences may not keep what they read."""
    if isinstance(cohort, Cohort):
        return ReadAhead(cohort.read, queue.upcoming())
    return ReadAhead(cohort.__getitem__, ())


def _queue_maker(
    cohort: Sequence[Any],
    index_list: Sequence[int],
    patch_size: Ints,
    overlap: Ints,
    *,
    skip_blank: bool,
    start_offset: Ints,
    policy: str,
    seed: int,
    order: str = "shuffle",
) -> Callable[..., PatchQueue]:
    """Make the function that builds the queue of an epoch, blanks taken out."""
    subjects = [cohort[n] for n in index_list]
    shapes = [subject.shape for subject in subjects]
    unlabelled = [subject.id for subject in subjects if not subject.has_label]
    if skip_blank and unlabelled:
        raise ValueError(f"`skip_blank` needs labels, and subject {unlabelled[0]} has none")
    ndim = len(shapes[0]) if shapes else None
    moves = any(per_axis("start_offset", start_offset, ndim, minimum=0))

    # where the grids stay, each label is looked through once, in the first epoch
    @lru_cache(maxsize=max(1, len(subjects)))
    def keep(n: int, grid: PatchGrid) -> NDArray[np.bool_]:
        return ~find_blank(cohort[n].label, grid)

    def make_queue(epoch: int, starts_of: int | None = None) -> PatchQueue:
        start = None
        if moves and shapes:
            drawn = epoch if starts_of is None else starts_of
            start = draw_starts(len(shapes), len(shapes[0]), start_offset, seed=seed, epoch=drawn)
        return create_patch_index_list(
            index_list,
            shapes,
            patch_size,
            overlap,
            start,
            order=order,
            seed=seed,
            epoch=epoch,
            policy=policy,
            keep=keep if skip_blank else None,
        )

    return make_queue


def _why_empty(queue: PatchQueue, subjects: Sequence[Any]) -> str:
    if not subjects:
        return "0 steps because `index_list` names no subject"
    names = ", ".join(subject.id for subject in subjects[:5]) + (", …" if subjects[5:] else "")
    return (
        f"0 steps because all {sum(map(len, queue.grids))} patches of {names} are blank: the label "
        "is zero in every one of them (check the labels, or set skip_blank=False)"
    )

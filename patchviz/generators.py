"""Batches without end, and how many of them make an epoch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import count, repeat
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from patchviz.epochs import EpochPlan, PatchQueue, transform_stream
from patchviz.errors import DataError
from patchviz.foreground import BlankRule, Foreground, NotBlank, check_rule
from patchviz.grid import (
    PADDING_MODES,
    Ints,
    PatchGrid,
    require_choice,
    whole_number,
)
from patchviz.patches import Array, Transform, add_data
from patchviz.splits import get_validation_split

Batch = tuple[Array, "Array | None"]


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
    skip_blank: BlankRule = False,
    labels: Sequence[int] | None = None,
    transform: Transform | None = None,
    order: str = "shuffle",
    policy: str = "centered",
    padding_mode: str = "edge",
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
    skip_blank : bool, str or float
        Which patches are left out, as in `data_generator`.
    labels, order, policy, padding_mode
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
    batch: dict[str, Any] = {"labels": labels, "order": order, "padding_mode": padding_mode}
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
    skip_blank: BlankRule = False,
    start_offset: Ints = 0,
    policy: str = "centered",
    seed: int = 0,
    executor: Executor | None = None,
) -> int:
    """Count the patches of every epoch over some subjects; 0 where all are blank.

    Parameters as in `data_generator`. Labels are read only to skip blanks; `executor`, of threads,
    processes or a cluster (as by ``dask.distributed.Client(…).get_executor()``), does so subject
    by subject.
    """
    plan = _make_plan(
        cohort,
        index_list,
        patch_size,
        overlap,
        skip_blank=skip_blank,
        start_offset=start_offset,
        policy=policy,
        seed=seed,
    )
    if executor is None or plan.keep is None:
        return plan.count(0)
    subjects = [cohort[n] for n in index_list]
    counts = executor.map(_count_kept, subjects, plan.grids(0), repeat(skip_blank))
    return sum(counts)


def data_generator(
    cohort: Sequence[Any],
    index_list: Sequence[int],
    *,
    patch_size: Ints,
    batch_size: int = 1,
    overlap: Ints = 0,
    skip_blank: BlankRule = False,
    labels: Sequence[int] | None = None,
    transform: Transform | None = None,
    start_offset: Ints = 0,
    order: str = "shuffle",
    policy: str = "centered",
    padding_mode: str = "edge",
    seed: int = 0,
) -> Iterator[Batch]:
    """Yield batches of patches for ever, epoch after epoch, each in a new order.

    Every epoch yields ``get_number_of_steps(get_number_of_patches(…), batch_size)`` batches; the
    last holds what is left. Where random starts change how many patches are blank, later epochs
    are trimmed or topped up to the length of the first.

    Parameters
    ----------
    cohort : Cohort or sequence of Subject
    index_list : sequence of int
        The subjects to visit.
    patch_size, overlap : int or sequence of int
        Voxels.
    batch_size : int
        Patches a batch.
    skip_blank : bool, str or float
        Leave out blank patches: those without any foreground (True or ``"any"``), those whose
        centre voxel isn't foreground (``"center"``), or those of which less than a share is (such
        as 0.01). What counts is the label inside the image; foreground is where it isn't 0.
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
    seed : int
        The same seed gives the same batches.

    Returns
    -------
    iterator of (x, y)
        x is (batch, channel, *patch_size) in the dtype that holds all the subjects' images, y is
        (batch, n_labels, *patch_size) uint8, or None for a cohort without labels. Each batch is
        the caller's own.

    Raises
    ------
    ValueError, TypeError, DataError
        At once, not at the first batch: for wrong parameters, subjects that do not go together,
        or a set without patches.

    Notes
    -----
    Keras takes the generator as it is, by layers of ``data_format="channels_first"``; where these
    don't run (TensorFlow on a CPU), by ``numpy.moveaxis(x, 1, -1)``, and y likewise.
    """
    get_number_of_steps(0, batch_size)
    reader = PatchReader(
        cohort,
        index_list,
        patch_size=patch_size,
        overlap=overlap,
        skip_blank=skip_blank,
        labels=labels,
        transform=transform,
        start_offset=start_offset,
        order=order,
        policy=policy,
        padding_mode=padding_mode,
        seed=seed,
    )

    def batches() -> Iterator[Batch]:
        for epoch in count():
            places = range(len(reader))[::-1]  # as the queue is popped: from its end
            for n in range(0, len(places), batch_size):
                yield reader.read(epoch, places[n : n + batch_size])

    return batches()


class PatchReader:
    """Reads patches of any epoch by their place in its queue: what all ways of training share.

    ``len(reader)`` is the number of patches of every epoch. Parameters and errors are those of
    `data_generator`. A pickled reader takes the queue of its last epoch along, but no volumes.
    """

    def __init__(
        self,
        cohort: Sequence[Any],
        index_list: Sequence[int],
        *,
        patch_size: Ints,
        overlap: Ints = 0,
        skip_blank: BlankRule = False,
        labels: Sequence[int] | None = None,
        transform: Transform | None = None,
        start_offset: Ints = 0,
        order: str = "shuffle",
        policy: str = "centered",
        padding_mode: str = "edge",
        seed: int = 0,
    ) -> None:
        require_choice("padding_mode", padding_mode, PADDING_MODES)
        self._cohort, self._seed = cohort, seed
        self._cut: dict[str, Any] = {
            "labels": labels,
            "transform": transform,
            "padding_mode": padding_mode,
        }
        self._plan = _make_plan(
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
        first = self._plan.queue(0)
        subjects = [cohort[n] for n in index_list]
        if not first:
            raise ValueError(_why_empty(first, subjects))
        self._last = 0, first
        self._size = first.grids[0].patch_size
        self._allocate = BatchAllocator(subjects, self._size, labels)

    def __len__(self) -> int:
        return self._plan.n_patches

    def queue(self, epoch: int) -> PatchQueue:
        """Return the queue of an epoch. Don't pop it."""
        if self._last[0] != epoch:
            self._last = epoch, self._plan.queue(epoch)
        return self._last[1]

    def read(self, epoch: int, places: Sequence[int] | NDArray[np.int64]) -> Batch:
        """Read the patches at some places of an epoch's queue as one batch, the caller's own."""
        queue, transform = self.queue(epoch), self._cut["transform"]
        x_list: list[Array] = []
        y_list: list[Array | None] = []
        x, y = self._allocate(len(places))
        for n, place in enumerate(places):
            add_data(
                x_list,
                y_list,
                self._cohort,
                queue[place],
                self._size,
                rng=transform_stream(self._seed, epoch, place) if transform else None,
                out=(x[n], None if y is None else y[n]),
                **self._cut,
            )
        return (_stack(x_list), _stack(y_list)) if transform else (x, y)


def _make_plan(
    cohort: Sequence[Any],
    index_list: Sequence[int],
    patch_size: Ints,
    overlap: Ints,
    *,
    skip_blank: BlankRule,
    **options: Any,
) -> EpochPlan:
    """Plan the epochs over some subjects of a cohort."""
    subjects = [cohort[n] for n in index_list]
    rule = check_rule(skip_blank)
    unlabelled = [subject.id for subject in subjects if not subject.has_label]
    if rule and unlabelled:
        raise ValueError(f"`skip_blank` needs labels, and subject {unlabelled[0]} has none")

    keep = None
    if rule and subjects:
        keep = NotBlank(partial(_foreground_of, cohort), rule)
    shapes = [subject.shape for subject in subjects]
    return EpochPlan(index_list, shapes, patch_size, overlap, keep=keep, **options)


def _foreground_of(cohort: Sequence[Any], n: int) -> Foreground | None:
    return cast("Foreground | None", cohort[n].foreground)


def _count_kept(subject: Any, grid: PatchGrid, rule: BlankRule) -> int:
    """Count the patches that aren't blank; a function of the module, so that it travels."""
    return int(np.count_nonzero(~subject.foreground.find_blank(grid, rule)))


def _why_empty(queue: PatchQueue, subjects: Sequence[Any]) -> str:
    if not subjects:
        return "0 steps because `index_list` names no subject"
    names = ", ".join(subject.id for subject in subjects[:5]) + (", …" if subjects[5:] else "")
    return (
        f"0 steps because all {sum(map(len, queue.grids))} patches of {names} are blank: the label "
        "has no foreground that counts in any of them (check the labels, or set skip_blank=False)"
    )


class BatchAllocator:
    """Allocates batches, after checking that the subjects go together."""

    def __init__(
        self, subjects: Sequence[Any], patch_size: tuple[int, ...], labels: Sequence[int] | None
    ) -> None:
        one = subjects[0]
        for other in subjects:
            for what in ("n_channels", "has_label"):
                if getattr(other, what) != getattr(one, what):
                    raise DataError(
                        f"{other.id}: {what} is {getattr(other, what)}, but {getattr(one, what)} "
                        f"in {one.id}; one batch can't hold both (leave one of them out)"
                    )
        self._dtype = np.result_type(*{subject.dtype for subject in subjects})
        self._x_shape = (one.n_channels, *patch_size)
        n_labels = 1 if labels is None else len(labels)
        self._y_shape = (n_labels, *patch_size) if one.has_label else None

    def __call__(self, n: int) -> Batch:
        """Allocate a batch of `n` patches."""
        y = None if self._y_shape is None else np.empty((n, *self._y_shape), np.uint8)
        return np.empty((n, *self._x_shape), self._dtype), y


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

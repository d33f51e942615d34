"""Batches without end, and how many of them make an epoch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from patchviz.epochs import EpochPlan, PatchQueue, transform_stream
from patchviz.errors import DataError
from patchviz.foreground import BlankRule, check_rule, keep_by
from patchviz.grid import (
    PADDING_MODES,
    Ints,
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
) -> int:
    """Count the patches of every epoch over some subjects; 0 where all are blank.

    Parameters as in `data_generator`. Labels are read only to skip blanks.
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
    return plan.count(0)


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
    """
    require_choice("padding_mode", padding_mode, PADDING_MODES)
    get_number_of_steps(0, batch_size)
    plan = _make_plan(
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
    first = plan.queue(0)
    subjects = [cohort[n] for n in index_list]
    if not first:
        raise ValueError(_why_empty(first, subjects))
    size = first.grids[0].patch_size
    allocate = _batch_allocator(subjects, size, labels)

    def batches() -> Iterator[Batch]:
        queue, epoch = first, 0
        while True:
            while queue:
                x_list: list[Array] = []
                y_list: list[Array | None] = []
                n = min(batch_size, len(queue))
                x, y = allocate(n)
                for m in range(n):
                    add_data(
                        x_list,
                        y_list,
                        cohort,
                        queue.pop(),
                        size,
                        labels=labels,
                        transform=transform,
                        padding_mode=padding_mode,
                        rng=transform_stream(seed, epoch, len(queue)) if transform else None,
                        out=(x[m], None if y is None else y[m]),
                    )
                yield (_stack(x_list), _stack(y_list)) if transform else (x, y)
            epoch += 1
            queue = plan.queue(epoch)

    return batches()


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
        keep = keep_by(lambda n: cohort[n].foreground, rule, len(subjects))
    shapes = [subject.shape for subject in subjects]
    return EpochPlan(index_list, shapes, patch_size, overlap, keep=keep, **options)


def _why_empty(queue: PatchQueue, subjects: Sequence[Any]) -> str:
    if not subjects:
        return "0 steps because `index_list` names no subject"
    names = ", ".join(subject.id for subject in subjects[:5]) + (", …" if subjects[5:] else "")
    return (
        f"0 steps because all {sum(map(len, queue.grids))} patches of {names} are blank: the label "
        "has no foreground that counts in any of them (check the labels, or set skip_blank=False)"
    )


def _batch_allocator(
    subjects: Sequence[Any], patch_size: tuple[int, ...], labels: Sequence[int] | None
) -> Callable[[int], Batch]:
    """Make the function that allocates a batch, after checking that the subjects go together."""
    one = subjects[0]
    for other in subjects:
        for what in ("n_channels", "has_label"):
            if getattr(other, what) != getattr(one, what):
                raise DataError(
                    f"{other.id}: {what} is {getattr(other, what)}, but {getattr(one, what)} in "
                    f"{one.id}; one batch can't hold both (leave one of them out)"
                )
    dtype = np.result_type(*{subject.dtype for subject in subjects})
    n_labels = 1 if labels is None else len(labels)

    def allocate(n: int) -> Batch:
        x = np.empty((n, one.n_channels, *patch_size), dtype)
        return x, np.empty((n, n_labels, *patch_size), np.uint8) if one.has_label else None

    return allocate


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

"""Batches without end, for training and for validation."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count

from patchviz.arguments import whole_number
from patchviz.data.cohort import Cohort
from patchviz.epochs.options import PatchOptions, Sampling
from patchviz.epochs.orders import WINDOW
from patchviz.epochs.splits import get_validation_split
from patchviz.epochs.steps import get_number_of_steps
from patchviz.grid.cut import Transform
from patchviz.grid.foreground import BlankRule
from patchviz.grid.patch_grid import Ints
from patchviz.grid.subject import Subjects
from patchviz.training.batches import Batch, PatchReader, check_position
from patchviz.training.read_ahead import ReadAhead


def get_training_and_validation_generators(
    cohort: Subjects,
    *,
    batch_size: int,
    patch_size: Ints,
    data_split: float = 0.8,
    overlap: Ints = 0,
    validation_batch_size: int | None = None,
    validation_patch_overlap: Ints = 0,
    training_start_offset: Ints = 0,
    skip_blank: BlankRule = False,
    sampling: Sampling = "grid",
    patches_per_subject: int | None = None,
    labels: Sequence[int] | None = None,
    transform: Transform | None = None,
    order: str = "shuffle",
    window: int = WINDOW,
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
    skip_blank : bool, str or float
        Which patches are left out, as in `data_generator`.
    sampling, patches_per_subject
        Of training, as in `data_generator`; validation takes the grid.
    labels, order, window, policy, padding_mode, reuse_buffers
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
    with _naming(start_offset="training_start_offset"):
        options = PatchOptions(
            patch_size,
            overlap,
            start_offset=training_start_offset,
            policy=policy,
            padding_mode=padding_mode,
            skip_blank=skip_blank,
            sampling=sampling,
            patches_per_subject=patches_per_subject,
            labels=labels,
            transform=transform,
            order=order,
            window=window,
            seed=seed,
        )
        train, n_train_steps = _start(cohort, training_list, options, batch_size, reuse_buffers)
    with _naming(overlap="validation_patch_overlap", batch_size="validation_batch_size"):
        options = replace(options.for_validation(), overlap=validation_patch_overlap)
        size = batch_size if validation_batch_size is None else validation_batch_size
        validation, n_steps = _start(cohort, validation_list, options, size, reuse_buffers)
    return train, validation, n_train_steps, n_steps


def data_generator(
    cohort: Subjects,
    index_list: Iterable[int],
    *,
    patch_size: Ints,
    batch_size: int = 1,
    overlap: Ints = 0,
    skip_blank: BlankRule = False,
    labels: Sequence[int] | None = None,
    transform: Transform | None = None,
    start_offset: Ints = 0,
    sampling: Sampling = "grid",
    patches_per_subject: int | None = None,
    order: str = "shuffle",
    window: int = WINDOW,
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
    index_list : iterable of int
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
    sampling : str, float, sequence of float or callable
        Where patches come from: the ``"grid"``; or drawn anew in every epoch, inside the image:
        ``"uniform"``, anywhere; a share of the epoch's patches, as 0.33, that must hold
        foreground, the others anywhere; the chances of label 0, 1, 2 … to stand at the middle;
        or ``sampling(subject)``, an array (*shape) of weights by which middles are drawn. Where
        the image ends, patches are moved inside; where a subject has none of it, they lie anywhere.
    patches_per_subject : int, optional
        How many are drawn in each subject; as many as the grid has, where left out.
    order : {"shuffle", "by_subject", "buffered"}
        Of the queue, as in `create_patch_index_list`.
    window : int
        How many subjects the order ``buffered`` shuffles together.
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

    Notes
    -----
    Keras takes the generator as it is, by layers of ``data_format="channels_first"``; where these
    don't run (TensorFlow on a CPU), by ``numpy.moveaxis(x, 1, -1)``, and y likewise.
    """
    options = PatchOptions(
        patch_size,
        overlap,
        start_offset=start_offset,
        policy=policy,
        padding_mode=padding_mode,
        skip_blank=skip_blank,
        sampling=sampling,
        patches_per_subject=patches_per_subject,
        labels=labels,
        transform=transform,
        order=order,
        window=window,
        seed=seed,
    )
    return _start(cohort, index_list, options, batch_size, reuse_buffers, epoch, position)[0]


def _start(
    cohort: Subjects,
    index_list: Iterable[int],
    options: PatchOptions,
    batch_size: int,
    reuse_buffers: bool,
    epoch: int = 0,
    position: int = 0,
) -> tuple[Iterator[Batch], int]:
    """Return the batches from some place on, and how many make an epoch."""
    size = whole_number("batch_size", batch_size, minimum=1)
    reader = PatchReader(cohort, index_list, options, size if reuse_buffers else 0)
    n_steps = get_number_of_steps(len(reader), size)
    whole_number("epoch", epoch, minimum=0)
    check_position(position, n_steps)
    return _generate(cohort, reader, size, epoch, position), n_steps


def _generate(
    cohort: Subjects, reader: PatchReader, batch_size: int, epoch: int, position: int
) -> Iterator[Batch]:
    first = position
    with (
        ThreadPoolExecutor(1, "patchviz-cut") as helper,
        _read_ahead(cohort, reader, epoch, position * batch_size) as ahead,
    ):
        for now in count(epoch):
            places = range(len(reader))[::-1]  # as the queue is popped: from its end
            for n in range(first * batch_size, len(places), batch_size):
                some = places[n : n + batch_size]
                yield reader.read(now, some, reach=ahead.reach, helper=helper)
            first = 0


def _read_ahead(cohort: Subjects, reader: PatchReader, epoch: int, position: int) -> ReadAhead:
    """Tell a cohort which subjects come next; other sequences may not keep what they read."""
    if isinstance(cohort, Cohort):
        return ReadAhead(cohort.read, reader.upcoming(epoch, position))
    return ReadAhead(cohort.__getitem__, ())


@contextmanager
def _naming(**names: str) -> Iterator[None]:
    """Call a parameter in errors what it is called here: `training_start_offset`, say."""
    try:
        yield
    except (TypeError, ValueError) as error:
        for there, here in names.items():
            error.args = (str(error).replace(f"`{there}`", f"`{here}`"),)
        raise

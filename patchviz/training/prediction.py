"""Owns predictions: a model's answer to every patch, put together to that for the whole volume."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from patchviz.arguments import Array, subject_places, whole_number
from patchviz.grid.assembly import reconstruct_from_patches
from patchviz.grid.cut import cut_patch
from patchviz.grid.patch_grid import Ints, PatchGrid
from patchviz.grid.subject import SubjectLike, Subjects
from patchviz.progress import show_progress

Model = Callable[[Array], Any]


def predict(
    volume: Any, model: Model, grid: PatchGrid, *, batch_size: int = 1, weights: str = "uniform"
) -> Array:
    """Cut a volume into patches, ask a model about each, and put the answers together.

    Parameters
    ----------
    volume : Subject, or ndarray of shape (*image_shape) or (channel, *image_shape)
    model : callable
        ``model(x)``, with x of shape (batch, channel, *patch_size) in the volume's dtype, returns
        an array or a tensor of shape (batch, n_out, *patch_size). A network of PyTorch is called
        by ``lambda x: network(torch.from_numpy(x).float())``.
    grid : PatchGrid
        Where patches lie, and how they are padded.
    batch_size : int
        Patches that the model gets at a time.
    weights : {"uniform", "gaussian", "hann"}
        As in `reconstruct_from_patches`.

    Returns
    -------
    ndarray, shape (n_out, *image_shape)
        The average where patches overlap, 0 where there is none.

    Raises
    ------
    ValueError
        For a volume that is not the grid's, or a model that returns another shape.
    """
    image = np.asarray(getattr(volume, "image", volume))
    if image.ndim == len(grid.image_shape):
        image = image[None]
    if image.shape[1:] != grid.image_shape:
        raise ValueError(
            f"`grid` must be one of the volume's shape {image.shape[1:]}, got {grid.image_shape}"
        )
    batches = _ask(image, model, grid, whole_number("batch_size", batch_size, minimum=1))
    first = next(batches)
    shape = (first.shape[1], *grid.image_shape)
    patches = chain.from_iterable(chain([first], batches))
    whole: Array = reconstruct_from_patches(patches, grid, shape, weights=weights)
    return whole


def predict_cohort(
    cohort: Subjects,
    index_list: Iterable[int],
    model: Model,
    *,
    patch_size: Ints,
    batch_size: int = 1,
    weights: str = "uniform",
    executor: Executor | None = None,
    **grid: Any,
) -> Iterator[Array]:
    """Predict many subjects, here or on many machines.

    Parameters
    ----------
    cohort : Cohort or sequence of Subject
    index_list : iterable of int
        The subjects to predict.
    model, batch_size, weights
        As in `predict`.
    executor : concurrent.futures.Executor, optional
        Who does it: threads, processes, or a cluster, as by ``dask.distributed.Client(…)
        .get_executor()``. Where these are other processes the model must be picklable; subjects of
        files travel without their voxels. Without one, a subject is predicted when it is asked for.
    patch_size, **grid
        As in `PatchGrid`, which takes overlap, policy and padding_mode, too.

    Returns
    -------
    iterator of ndarray, each of shape (n_out, *image_shape)
        In the order of `index_list`.

    Raises
    ------
    ValueError, TypeError
        As `PatchGrid` at once, and as `predict`.
    """
    subjects = [cohort[n] for n in subject_places(index_list, len(cohort)).tolist()]
    grids = [PatchGrid(subject.shape, patch_size, **grid) for subject in subjects]
    task = partial(_predict_on, model, batch_size, weights)
    return (map if executor is None else executor.map)(task, subjects, grids)


def _predict_on(
    model: Model, batch_size: int, weights: str, subject: SubjectLike, grid: PatchGrid
) -> Array:
    return predict(subject, model, grid, batch_size=batch_size, weights=weights)


def _ask(image: Array, model: Model, grid: PatchGrid, batch_size: int) -> Iterator[Array]:
    """Yield the model's answers, batch by batch."""
    for n in show_progress(range(0, len(grid), batch_size), "batches to predict", "batch"):
        corners = grid[n : n + batch_size]
        x = np.empty((len(corners), len(image), *grid.patch_size), image.dtype)
        for out, corner in zip(x, corners, strict=True):
            cut_patch(image, corner, grid.patch_size, grid.padding_mode, out)
        y = _as_array(model(x))
        if y.ndim != x.ndim or (len(y), *y.shape[2:]) != (len(x), *grid.patch_size):
            wanted = f"({len(x)}, n_out, {', '.join(map(str, grid.patch_size))})"
            raise ValueError(f"`model` must return the shape {wanted}, got {y.shape}")
        yield y


def _as_array(answer: Any) -> Array:
    """Turn what a model returned into an array."""
    kind = f"a {type(answer).__name__}"
    if getattr(answer, "is_meta", False):
        raise TypeError(
            "`model` must return numbers, got a meta tensor, which has none: load the weights first"
        )
    if not hasattr(answer, "shape"):
        raise TypeError(
            f"`model` must return an array or a tensor, got {kind}: choose one part of it, as by "
            "`lambda x: network(x)[0]`"
        )
    if hasattr(answer, "detach"):  # a tensor, which may have a gradient and be on a GPU
        answer = answer.detach().cpu()
        if "bfloat16" in str(getattr(answer, "dtype", "")):  # which NumPy does not have
            answer = answer.float()
    y = np.asarray(answer)
    if y.dtype.kind not in "biufc":
        raise TypeError(f"`model` must return numbers, got {kind} of type {y.dtype}")
    return y

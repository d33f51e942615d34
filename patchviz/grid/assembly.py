"""Owns how patches are put back together: who decides each voxel, and by how much."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patchviz.arguments import Array, per_axis, real_number, require_choice
from patchviz.grid.patch_grid import Corner

WEIGHTS = ("uniform", "gaussian", "hann")


def reconstruct_from_patches(
    patches: Iterable[ArrayLike],
    patch_indices: Iterable[Sequence[int]],
    data_shape: Sequence[int],
    default_value: float = 0,
    *,
    weights: str = "uniform",
    out: Any = None,
) -> Any:
    """Put patches back into a volume, averaging where they overlap.

    Patches are taken one by one, in any order, and none is kept.

    Parameters
    ----------
    patches : iterable of array, each of shape (..., *patch_size)
        All of one shape and dtype. Channels may stand before the patch's axes.
    patch_indices : iterable of sequence of int
        The corner of each patch; what sticks out of the volume is left away.
    data_shape : sequence of int
        Shape of the result, ``(..., *image_shape)``.
    default_value : float
        Stands where there is no patch.
    weights : {"uniform", "gaussian", "hann"}
        How much a voxel counts by its place in the patch, in the average of overlapping patches:
        all the same, or less towards the patch's border (gaussian: sigma = patch / 8).
    out : array of shape data_shape, optional
        Where to write: NumPy's, a memory map, Zarr's, any that slices read and write.

    Returns
    -------
    ndarray, shape data_shape
        `out`, or a new array: in the dtype of the patches where none overlap, and bit for bit
        what they hold; else floating.

    Raises
    ------
    ValueError
        When there are not as many corners as patches, or shapes or dtypes do not fit.
    """
    require_choice("weights", weights, WEIGHTS)
    shape = per_axis("data_shape", data_shape, minimum=1)
    default_value = _check_number(default_value)
    if out is not None and tuple(out.shape) != shape:
        raise ValueError(f"`out` must have the shape {shape}, got {tuple(out.shape)}")
    corners = [per_axis("patch_indices", corner) for corner in patch_indices]
    volume, blend = out, None
    for piece, corner in _pair(patches, corners, shape):
        if blend is None:
            blend = _weigh(corners, piece.shape[-len(corner) :], shape[-len(corner) :], weights)
            dtype = _dtype_holding(default_value, piece.dtype)
            if blend.averages:
                dtype = np.result_type(dtype, np.float32)
            volume = _prepare(out, shape, dtype, default_value)
            if blend.averages and default_value != 0:
                for box, _ in map(blend.boxes, corners):
                    volume[(..., *box)] = 0
        blend.add(volume, piece, corner, np.empty(0, dtype).real.dtype)
    if blend:
        return volume
    dtype = np.dtype(np.float64) if out is None else _dtype_holding(default_value, out.dtype)
    return _prepare(out, shape, dtype, default_value)


@dataclass(frozen=True)
class _Factor:
    """What patches weigh along some axes: one of the factors whose product is a voxel's weight."""

    axes: Sequence[int]
    weights: Array  # of a patch along these axes
    total: Array  # of all patches, along those of the image

    def share(self, image_box: Sequence[slice], patch_box: Sequence[slice]) -> Array:
        """Return a patch's part in the total, in a shape that goes with all axes."""
        here = tuple(image_box[axis] for axis in self.axes)
        there = tuple(patch_box[axis] for axis in self.axes)
        share: Array = self.weights[there] / self.total[here]
        return share.reshape(*share.shape, *(1,) * (len(image_box) - 1 - self.axes[-1]))


@dataclass(frozen=True)
class _Blend:
    """Where patches go, and how much of each voxel they decide."""

    patch_size: Sequence[int]
    image_shape: Sequence[int]
    factors: Sequence[_Factor]
    averages: bool

    def boxes(self, corner: Corner) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """Tell where the part of a patch inside the image is: in the image and in the patch."""
        image_box, patch_box = zip(
            *map(_inside, corner, self.patch_size, self.image_shape), strict=True
        )
        return image_box, patch_box

    def add(self, volume: Any, piece: Array, corner: Corner, dtype: np.dtype[Any]) -> None:
        """Add one patch to a volume, by shares of type `dtype`."""
        image_box, patch_box = self.boxes(corner)
        if any(box.start == box.stop for box in image_box):
            return
        image, inside = cast("Any", ((..., *image_box), (..., *patch_box)))
        real = piece[inside]
        if not self.averages:
            volume[image] = real
            return
        first, *others = (factor.share(image_box, patch_box) for factor in self.factors)
        scaled = real * first.astype(dtype)
        if others:
            scaled *= np.asarray(math.prod(others), dtype)
        part = volume[image]  # a view of an array, a copy of what Zarr holds
        part += scaled
        volume[image] = part


def _weigh(
    corners: Sequence[Corner], patch_size: Corner, image_shape: Corner, weights: str
) -> _Blend:
    """Sum up what all patches weigh: axis by axis where corners form a grid, else by voxel."""
    ndim, curves = len(patch_size), [_curve(size, weights) for size in patch_size]
    starts = [sorted(set(axis)) for axis in zip(*corners, strict=True)]
    is_grid = math.prod(map(len, starts)) == len(corners) == len(set(corners))
    parts: list[tuple[Sequence[int], Any]] = [(range(ndim), corners)]
    if is_grid:
        parts = [((axis,), [(start,) for start in starts[axis]]) for axis in range(ndim)]
    factors, overlap = [], False
    for axes, places in parts:
        product = cast("Array", math.prod(np.ix_(*(curves[axis] for axis in axes))))
        total, n_seen = np.zeros([image_shape[axis] for axis in axes]), 0
        for place in places:
            boxes = (_inside(place[n], patch_size[a], image_shape[a]) for n, a in enumerate(axes))
            box, patch_box = zip(*boxes, strict=True)
            total[box] += product[patch_box]
            n_seen += total[box].size
        factors.append(_Factor(axes, product, total))
        overlap |= n_seen > int(np.count_nonzero(total))
    return _Blend(patch_size, image_shape, factors, overlap)


def _pair(
    patches: Iterable[ArrayLike], corners: Sequence[Corner], shape: Corner
) -> Iterator[tuple[Array, Corner]]:
    """Yield each patch with its corner, as soon as it comes and after a look at it."""
    n, shapes, dtype = 0, set[Corner](), None
    for n, patch in enumerate(patches, start=1):
        if n > len(corners):
            break
        piece, ndim = np.asarray(patch), len(corners[0])
        shapes.add(piece.shape)
        dtype = dtype or piece.dtype
        if piece.ndim != len(shape) or shapes != {(*shape[:-ndim], *piece.shape[-ndim:])}:
            raise ValueError(
                f"`patches` must all be of one shape that goes with `data_shape` {shape}, got "
                f"{sorted(shapes)}"
            )
        if piece.dtype != dtype:
            raise ValueError(f"`patches` must all be of one dtype, got {dtype} and {piece.dtype}")
        yield piece, corners[n - 1]
    if n != len(corners):
        raise ValueError(
            f"`patch_indices` must hold one corner for each of {n} patches"
            f"{' or more' if n > len(corners) else ''}, got {len(corners)}"
        )


def _prepare(out: Any, shape: Corner, dtype: np.dtype[Any], default_value: float) -> Any:
    """Return `out`, or a new array, full of the default value."""
    if out is not None:
        rounds = out.dtype.kind in "fc"  # whole numbers would wrap
        if not np.can_cast(dtype, out.dtype, "same_kind" if rounds else "safe"):
            raise ValueError(
                f"`out` must be of a dtype that takes {dtype}, got {out.dtype} (cast the patches)"
            )
    volume = np.zeros(shape, dtype) if out is None else out
    if out is not None or default_value != 0:
        volume[...] = default_value
    return volume


def _dtype_holding(value: float, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Widen the dtype of the patches only where it can't hold the default value."""
    if dtype.kind in "biu":
        with np.errstate(invalid="ignore"):
            held = np.asarray(value).astype(dtype)
        if held != value:
            return np.result_type(dtype, np.min_scalar_type(value))
    return dtype


def _check_number(value: Any) -> Any:
    """Return a number that NumPy knows, as it is or, of a fraction or a decimal, as a float."""
    known = np.ndim(value) == 0 and np.asarray(value).dtype.kind in "biufc"
    number = value if known else real_number(value)
    if number is None:
        raise TypeError(f"`default_value` must be a number, got {value!r}")
    return number


def _inside(start: int, patch: int, size: int) -> tuple[slice, slice]:
    """Tell which part of an axis a patch takes, and which part of the patch that is."""
    first, last = min(max(start, 0), size), min(max(start + patch, 0), size)
    return slice(first, last), slice(first - start, last - start)


def _curve(size: int, weights: str) -> NDArray[np.float64]:
    """Weigh the voxels of a patch along one axis: more than 0 everywhere."""
    place = (np.arange(size) + 0.5) / size  # the centres of voxels, never 0 or 1
    if weights == "gaussian":
        return np.asarray(np.exp(-0.5 * ((place - 0.5) * 8) ** 2))
    return np.sin(np.pi * place) ** 2 if weights == "hann" else np.ones(size)

"""Where patches lie: the two functions of the scheme, and the lazy `PatchGrid`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import index as as_int
from typing import Any, cast, overload

import numpy as np
from numpy.typing import NDArray

from patchviz.arguments import per_axis, require_choice
from patchviz.grid.policies import POLICIES

PADDING_MODES = ("edge", "constant", "reflect", "wrap")

Ints = int | Sequence[int]
Corner = tuple[int, ...]


def compute_patch_indices(
    image_shape: Sequence[int], patch_size: Ints, overlap: Ints = 0, start: Ints | None = None
) -> NDArray[np.int64]:
    """Compute the corners of the patches that cover an image.

    Per axis: step = patch - overlap; n = ceil(image / step); overflow = step * n - image + overlap;
    start = -ceil(overflow / 2); stop = image + start.

    Parameters
    ----------
    image_shape : sequence of int
        Voxels per axis (i, j, k).
    patch_size, overlap : int or sequence of int
        Voxels, for all axes or one per axis; ``0 <= overlap < patch_size``.
    start : int or sequence of int, optional
        Where the first patch starts, in place of the centred start.

    Returns
    -------
    ndarray of int, shape (n, ndim)
        The corner of every patch (its index nearest the origin, negative in the padding), the
        first axis slowest.

    Raises
    ------
    ValueError, TypeError
        For sizes that are not positive whole numbers, or an overlap that leaves no step.

    Notes
    -----
    The rule is that of ellisdg/3DUnetCNN (v0.4). Without overlap, stop = image gives the same.

    Examples
    --------
    >>> compute_patch_indices((18,), 8).ravel()
    array([-3,  5, 13])
    """
    return PatchGrid(image_shape, patch_size, overlap=overlap, start=start).corners


def get_set_of_patch_indices(
    start: Sequence[int], stop: Sequence[int], step: Sequence[int]
) -> NDArray[np.int64]:
    """List every index from `start` to below `stop` in strides of `step`.

    Parameters
    ----------
    start, stop, step : sequence of int
        One value per axis, in voxels; every step is at least 1. Whole floats will do, as
        `numpy.ceil` gives them.

    Returns
    -------
    ndarray of int, shape (n, ndim)
        The first axis varies slowest.

    Raises
    ------
    ValueError, TypeError
        When the three differ in length, hold anything but whole numbers, or a step is below 1.
    """
    first = per_axis("start", _from_floats(start))
    last = per_axis("stop", _from_floats(stop), len(first))
    stride = per_axis("step", _from_floats(step), len(first), minimum=1)
    last = tuple(map(max, first, last))  # below its start an axis is empty
    grid = np.mgrid[tuple(map(slice, first, last, stride))]
    return grid.reshape(len(first), -1).T.astype(np.int64)


def _from_floats(values: Sequence[float]) -> list[Any]:
    return [
        int(value) if isinstance(value, float) and value.is_integer() else value
        for value in np.atleast_1d(values)
    ]


@dataclass(frozen=True, init=False)
class PatchGrid(Sequence[Corner]):
    """The patches of one image: a lazy sequence of corners that knows its padding and coverage.

    ``len(grid)`` is the number of patches and ``grid[n]`` the corner of patch n (counted from 0,
    first axis slowest), computed without building the others.

    Parameters
    ----------
    image_shape : sequence of int
        Voxels per axis.
    patch_size, overlap : int or sequence of int
        Voxels, for all axes or one per axis; ``0 <= overlap < patch_size``.
    start : int or sequence of int, optional
        Where the first patch starts, in place of the centred start (policy ``centered`` only).
    policy : str
        A name in `POLICIES`.
    padding_mode : {"edge", "constant", "reflect", "wrap"}
        What stands outside the image, as in `numpy.pad`.

    Raises
    ------
    ValueError, TypeError
        For values outside these bounds, naming the parameter.

    Examples
    --------
    >>> grid = PatchGrid((144, 144, 144), 64)
    >>> len(grid), grid[0], grid.overflow
    (27, (-24, -24, -24), (48, 48, 48))
    """

    image_shape: tuple[int, ...]
    patch_size: tuple[int, ...]
    overlap: tuple[int, ...]
    start: tuple[int, ...] | None
    policy: str
    padding_mode: str

    def __init__(
        self,
        image_shape: Sequence[int],
        patch_size: Ints,
        *,
        overlap: Ints = 0,
        start: Ints | None = None,
        policy: str = "centered",
        padding_mode: str = "edge",
    ) -> None:
        require_choice("policy", policy, POLICIES)
        require_choice("padding_mode", padding_mode, PADDING_MODES)
        shape = per_axis("image_shape", image_shape, minimum=1)
        patch = per_axis("patch_size", patch_size, len(shape), minimum=1)
        gap = per_axis("overlap", overlap, len(shape), minimum=0)
        if any(o >= p for o, p in zip(gap, patch, strict=True)):
            raise ValueError(
                f"`overlap` must be smaller than `patch_size` on every axis, got {gap} for "
                f"{patch} (no step would be left between patches)"
            )
        first = None if start is None else per_axis("start", start, len(shape))
        if first is not None and policy != "centered":
            raise ValueError(f"`start` goes with policy 'centered' only, got policy {policy!r}")
        # written past the frozen dataclass's guard, all at once
        self.__dict__.update(
            image_shape=shape,
            patch_size=patch,
            overlap=gap,
            start=first,
            policy=policy,
            padding_mode=padding_mode,
        )
        _ = self._axes  # a policy that has no answer for these sizes says so now

    @cached_property
    def _axes(self) -> tuple[Sequence[int], ...]:
        """The starts per axis, as the policy gives them: ranges where they are regular."""
        starts = POLICIES[self.policy].starts
        axes = [self.image_shape, self.patch_size, self.overlap]
        if self.start is not None:
            axes.append(self.start)
        return tuple(starts(*axis) for axis in zip(*axes, strict=True))

    @property
    def starts(self) -> tuple[tuple[int, ...], ...]:
        """Where patches start, per axis (voxels)."""
        return tuple(map(tuple, self._axes))

    @property
    def counts(self) -> tuple[int, ...]:
        """Patches per axis."""
        return tuple(map(len, self._axes))

    @property
    def overflow(self) -> tuple[int, ...]:
        """By how many voxels the patches' extent exceeds the image, per axis.

        Negative where a policy leaves voxels out. For ``centered`` it is the formula's
        step * n - image + overlap.
        """
        each = zip(self._axes, self.patch_size, self.image_shape, strict=True)
        return tuple(at[-1] + patch - at[0] - n for at, patch, n in each)

    @property
    def padding(self) -> tuple[tuple[int, int], ...]:
        """Voxels that stick out of the image (before, after), per axis."""
        each = zip(self._axes, self.patch_size, self.image_shape, strict=True)
        return tuple((max(0, -at[0]), max(0, at[-1] + patch - n)) for at, patch, n in each)

    @property
    def corners(self) -> NDArray[np.int64]:
        """All corners, an int array of shape (n, ndim), first axis slowest."""
        axes = np.meshgrid(*map(np.asarray, self.starts), indexing="ij")
        return np.stack(axes, axis=-1).reshape(-1, len(self.image_shape)).astype(np.int64)

    @property
    def coverage(self) -> tuple[NDArray[np.int64], ...]:
        """How many patches hold each voxel of an axis, one int array (size,) per axis.

        The coverage of voxel (i, j, k) is the product of the three.
        """
        starts = map(np.asarray, self.starts)
        return tuple(map(axis_coverage, self.image_shape, self.patch_size, starts))

    @property
    def uncovered(self) -> int:
        """Number of voxels of the image that are in no patch."""
        seen = math.prod(int(np.count_nonzero(axis)) for axis in self.coverage)
        return math.prod(self.image_shape) - seen

    @property
    def inside(self) -> tuple[NDArray[np.int64], ...]:
        """Voxels of each patch that lie inside the image, along each axis: arrays (count,)."""
        each = zip(map(np.asarray, self.starts), self.patch_size, self.image_shape, strict=True)
        return tuple(np.clip(at + patch, 0, n) - np.clip(at, 0, n) for at, patch, n in each)

    @property
    def real_fraction(self) -> NDArray[np.float64]:
        """Share of each patch that is image and not padding, an array of shape `counts`."""
        shares = [axis / patch for axis, patch in zip(self.inside, self.patch_size, strict=True)]
        return cast("NDArray[np.float64]", math.prod(np.ix_(*shares)))

    def __len__(self) -> int:
        return math.prod(self.counts)

    @overload
    def __getitem__(self, n: int) -> Corner: ...
    @overload
    def __getitem__(self, n: slice) -> list[Corner]: ...
    def __getitem__(self, n: int | slice) -> Corner | list[Corner]:
        if isinstance(n, slice):
            return [self[m] for m in range(*n.indices(len(self)))]
        flat = as_int(n) + (len(self) if n < 0 else 0)
        if not 0 <= flat < len(self):
            raise IndexError(
                f"patch index must be from 0 to {len(self) - 1} (the grid has {len(self)} "
                f"patches), got {n}"
            )
        corner = []
        for starts in reversed(self._axes):
            flat, m = divmod(flat, len(starts))
            corner.append(starts[m])
        return tuple(reversed(corner))


def axis_coverage(size: int, patch: int, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count how many patches hold each voxel of one axis, an array (size,)."""
    opened = np.bincount(np.clip(starts, 0, size), minlength=size + 1)
    closed = np.bincount(np.clip(starts + patch, 0, size), minlength=size + 1)
    return np.cumsum(opened - closed)[:size]

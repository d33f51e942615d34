"""Where the foreground of a label lies: counts of it in any box, without reading it again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patchviz.arguments import real_number
from patchviz.grid.patch_grid import PatchGrid

BlankRule = bool | str | float
# of a subject: where its label has one value, or with None any value but 0
ForegroundOf = Callable[[int, "int | None"], "Foreground | None"]


class Foreground:
    """The voxels of a label, or of a mask, that aren't 0, as a summed-area table.

    The table spans their bounding box only, so that small lesions need little memory.

    Parameters
    ----------
    label : ndarray of int or bool, shape (*image_shape)

    Notes
    -----
    The summed-area table is that of F. Crow, "Summed-area tables for texture mapping", 1984.
    """

    def __init__(self, label: NDArray[Any]) -> None:
        mask = label != 0
        origin: list[int] = []
        box = mask
        for axis in range(label.ndim):
            others = tuple(other for other in range(label.ndim) if other != axis)
            found = np.flatnonzero(mask.any(axis=others))
            first, end = (int(found[0]), int(found[-1]) + 1) if len(found) else (0, 0)
            origin.append(first)
            box = box[(slice(None),) * axis + (slice(first, end),)]
        start = [label.ndim, *origin, *(n + 1 for n in box.shape)]
        size = len(start) + math.prod(n + 1 for n in box.shape)
        packed = np.zeros(size, np.int64 if box.size > 2**31 else np.int32)
        packed[: len(start)] = start
        self._open(packed)
        inner = self._table[(slice(1, None),) * label.ndim]
        inner[...] = box
        for axis in range(label.ndim):
            np.cumsum(inner, axis=axis, out=inner)

    def _open(self, packed: NDArray[Any]) -> None:
        n = int(packed[0])
        self._packed, self._origin = packed, packed[1 : n + 1].tolist()
        self._table = packed[2 * n + 1 :].reshape(packed[n + 1 : 2 * n + 1])

    def pack(self) -> NDArray[Any]:
        """Return all that `unpack` needs, as one array of one dimension."""
        return self._packed

    @classmethod
    def unpack(cls, packed: NDArray[Any]) -> Foreground:
        """Return the foreground that was packed; nothing is copied or counted."""
        foreground = cls.__new__(cls)
        foreground._open(packed)
        return foreground

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the table takes."""
        return self._table.nbytes

    @property
    def ndim(self) -> int:
        """Axes of the label."""
        return self._table.ndim

    @property
    def total(self) -> int:
        """How many voxels are foreground."""
        return int(self._table[(-1,) * self.ndim])

    def find(self, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find foreground voxels (n, ndim) by their ranks, counted from 0, first axis slowest."""
        voxels = np.empty((len(ranks), self.ndim), np.int64)
        for voxel, rank in zip(voxels, ranks, strict=True):
            table, left = self._table, int(rank)
            for axis, origin in enumerate(self._origin):
                up_to = table.reshape(len(table), -1)[:, -1]  # in the layers before
                layer = int(np.searchsorted(up_to, left, side="right")) - 1
                left -= int(up_to[layer])
                voxel[axis] = origin + layer
                table = table[layer + 1] - table[layer]
        return voxels

    def count(self, starts: Sequence[ArrayLike], size: Sequence[int]) -> NDArray[np.int64]:
        """Count the foreground in boxes of one size that start anywhere, but form a grid.

        Returns an int array of shape (len(starts[0]), len(starts[1]), …).
        """
        counts = self._table
        for axis, (first, n) in enumerate(zip(starts, size, strict=True)):
            low = np.asarray(first, dtype=np.int64) - self._origin[axis]
            last = self._table.shape[axis] - 1
            ends, begins = (np.clip(place, 0, last) for place in (low + n, low))
            counts = np.subtract(counts.take(ends, axis), counts.take(begins, axis))
        return counts.astype(np.int64)

    def count_each(self, corners: ArrayLike, size: Sequence[int]) -> NDArray[np.int64]:
        """Count the foreground in n boxes of one size that start at any corners, (n, ndim)."""
        low = np.asarray(corners, dtype=np.int64).reshape(-1, self.ndim) - self._origin
        last = np.array(self._table.shape) - 1
        sides = np.clip((low, low + size), 0, last)
        counts = np.zeros(len(low), np.int64)
        for which in product((0, 1), repeat=self.ndim):  # ends count up, begins down
            voxels = tuple(sides[side, :, axis] for axis, side in enumerate(which))
            counts += (-1) ** which.count(0) * self._table[voxels].astype(np.int64)
        return counts

    def find_blank(self, grid: PatchGrid, rule: BlankRule) -> NDArray[np.bool_]:
        """Tell for each patch of a grid whether it is blank by a rule, as `skip_blank`."""
        rule = check_rule(rule)
        if rule is False:
            return np.zeros(len(grid), bool)
        starts, size = grid.starts, grid.patch_size
        if rule == "center":
            starts = tuple(
                tuple(start + n // 2 for start in axis)
                for axis, n in zip(starts, size, strict=True)
            )
            size = (1,) * len(size)
        counts = self.count(starts, size).ravel()
        least: Any = 1
        if isinstance(rule, float):
            inside = cast("NDArray[np.int64]", math.prod(np.ix_(*grid.inside))).ravel()
            least = np.maximum(1, rule * inside)
        blank: NDArray[np.bool_] = counts < least
        return blank


def check_rule(rule: BlankRule) -> BlankRule:
    """Return False, "any", "center" or a share; raise ``ValueError`` for what is no blank rule."""
    if isinstance(rule, str) and rule in ("any", "center"):
        return rule
    share = float(rule) if isinstance(rule, (bool, np.bool_)) else real_number(rule)
    if share in (0, 1):
        return "any" if share else False
    if share is not None and 0 < share < 1:
        return share
    raise ValueError(
        "`skip_blank` must be True, False, 'any', 'center' or a share above 0 and below 1, "
        f"got {rule!r}"
    )

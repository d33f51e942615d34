"""What each cubic patch size would give: the plot behind the patch-size slider."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from patchviz.grid.patch_grid import PatchGrid

DEPTH = 4  # poolings of the usual 3-D U-Net: patch sizes that halve so often are multiples of 16


@dataclass(frozen=True)
class Track:
    """Padding, lost voxels and number of patches for each size of the slider.

    Attributes
    ----------
    sizes : tuple of int
        The slider's choices, in voxels.
    padding : tuple of (float or None)
        Share of padding for each; None where the grid is impossible.
    unseen : tuple of (float or None)
        Share of the image that is in no patch; None where chance decides.
    counts : tuple of (int or None)
        Patches in the volume.
    ticks : tuple of int
        Sizes that a U-Net of the usual depth halves without remainder.
    """

    sizes: tuple[int, ...]
    padding: tuple[float | None, ...]
    unseen: tuple[float | None, ...]
    counts: tuple[int | None, ...]
    ticks: tuple[int, ...]


@lru_cache(maxsize=64)
def lay_track(
    shape: tuple[int, ...],
    overlap: tuple[int, ...],
    start: tuple[int, ...] | None,
    policy: str,
    n_drawn: int | None = None,
    *,
    drawn: bool = False,
) -> Track:
    """Work out the track of an image for everything but the patch size.

    Patches that are `drawn` are `n_drawn`, or as many as the grid's; what they leave out is chance.
    """
    largest = max(shape)
    # about 18 patches along the longest axis at the least size
    smallest = 2 ** max(0, math.floor(math.log2(max(1, largest / 9))))
    sizes = tuple(range(smallest, largest + 1))
    columns = [_track_point(shape, size, overlap, start, policy) for size in sizes]
    if drawn:
        columns = [
            _drawn_point(shape, size, n_drawn or count)
            for size, (_, _, count) in zip(sizes, columns, strict=True)
        ]
    padding, unseen, counts = zip(*columns, strict=True)
    multiple = 2**DEPTH if largest >= 4 * 2**DEPTH else 2
    ticks = tuple(size for size in sizes if size % multiple == 0)
    return Track(sizes, padding, unseen, counts, ticks)


def _track_point(
    shape: tuple[int, ...],
    size: int,
    overlap: tuple[int, ...],
    start: tuple[int, ...] | None,
    policy: str,
) -> tuple[float | None, float | None, int | None]:
    first = start or (None,) * len(shape)
    try:
        axes = [
            _axis_totals(*axis, size, policy) for axis in zip(shape, overlap, first, strict=True)
        ]
    except ValueError:
        return None, None, None
    count, real, seen = map(math.prod, zip(*axes, strict=True))
    padding = 1 - real / (count * size ** len(shape))
    return round(padding, 4), round(1 - seen / math.prod(shape), 4), count


def _drawn_point(
    shape: tuple[int, ...], size: int, count: int | None
) -> tuple[float | None, float | None, int | None]:
    """Count only the padding around an image that is smaller than the patch."""
    if count is None:
        return None, None, None
    return round(1 - math.prod(min(size, n) / size for n in shape), 4), None, count


@lru_cache(maxsize=4096)
def _axis_totals(
    size: int, overlap: int, start: int | None, patch: int, policy: str
) -> tuple[int, int, int]:
    """Count the patches along an axis, the image voxels in them, and the voxels they hold."""
    grid = PatchGrid((size,), patch, overlap=overlap, start=start, policy=policy)
    return len(grid), int(grid.inside[0].sum()), size - grid.uncovered

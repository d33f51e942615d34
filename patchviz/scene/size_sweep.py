"""What each cubic patch size would give: the plot behind the patch-size slider."""

from __future__ import annotations

import math
from functools import lru_cache

from patchviz.grid.patch_grid import PatchGrid
from patchviz.scene.records import SizeSweep

DEPTH = 4  # poolings of the usual 3-D U-Net: patch sizes that halve so often are multiples of 16


@lru_cache(maxsize=64)
def sweep_sizes(
    shape: tuple[int, ...],
    overlap: tuple[int, ...],
    start: tuple[int, ...] | None,
    policy: str,
    n_sampled: int | None,
    *,
    is_grid: bool,
) -> SizeSweep:
    """Work out what each patch size would give, everything else as it is.

    Sampled patches are `n_sampled`, or as many as the grid's; what they leave out is chance.
    """
    sizes = list_sizes(shape)
    columns = [_grid_point(shape, size, overlap, start, policy) for size in sizes]
    if not is_grid:
        columns = [
            _sampled_point(shape, size, n_sampled or count)
            for size, (_, _, count) in zip(sizes, columns, strict=True)
        ]
    padding, unseen, counts = zip(*columns, strict=True)
    multiple = 2**DEPTH if max(shape) >= 4 * 2**DEPTH else 2
    ticks = tuple(size for size in sizes if size % multiple == 0)
    return SizeSweep(sizes, padding, unseen, counts, ticks)


def list_sizes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """List the slider's sizes, from where the longest axis has some 18 patches up to its own."""
    smallest = 2 ** max(0, math.floor(math.log2(max(1, max(shape) / 9))))
    return tuple(range(smallest, max(shape) + 1))


def _grid_point(
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


def _sampled_point(
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

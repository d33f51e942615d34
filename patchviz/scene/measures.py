"""What is measured of patches: axis by axis, how real they are, how often they see a voxel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from patchviz.epochs.plan import EpochPlan
from patchviz.epochs.sampling import DrawnPatches, Sampler
from patchviz.grid.cut import padding_index
from patchviz.grid.patch_grid import PatchGrid, axis_coverage
from patchviz.scene.coverage import count_seen
from patchviz.scene.records import RealClass, Sampled, SamplingRule, SceneAxis
from patchviz.scene.sets import Patches, PlannedSets
from patchviz.scene.wording import percent

AXIS_NAMES = "ijkl"
OPPOSITE = {"L": "R", "R": "L", "P": "A", "A": "P", "I": "S", "S": "I"}


def describe_axes(sets: PlannedSets, n: int) -> tuple[SceneAxis, ...]:
    """Describe each axis of a subject's volume, with its patches in the epoch shown."""
    return tuple(_describe_axis(sets, n, axis) for axis in range(len(sets.facts.shapes[n])))


def _describe_axis(sets: PlannedSets, n: int, axis: int) -> SceneAxis:
    settings, facts, patches = sets.settings, sets.facts, sets.patches[n]
    if isinstance(patches, PatchGrid):
        starts = patches.starts[axis]
    else:
        starts = tuple(patches.corners[:, axis].tolist())
    size, patch = facts.shapes[n][axis], settings.patch_size[axis]
    begins = np.array(starts)
    first, end = min(starts), max(starts) + patch
    span = (min(0, first), max(size, end))
    high = facts.orientations[n][axis]
    return SceneAxis(
        name=AXIS_NAMES[axis],
        size=size,
        patch=patch,
        overlap=settings.overlap[axis],
        overflow=end - first - size,
        start_offset=settings.start_offset[axis] if n in sets.training.subjects else 0,
        spacing=facts.spacings[n][axis],
        ends=(OPPOSITE.get(high, ""), high),
        starts=starts,
        inside=tuple((np.clip(begins + patch, 0, size) - np.clip(begins, 0, size)).tolist()),
        span=span,
        image_index=tuple(padding_index(size, *span, settings.padding_mode).tolist()),
        layer_index=_find_layers(begins, patch, span) if isinstance(patches, PatchGrid) else (),
        unseen=_runs(axis_coverage(size, patch, begins) == 0),
    )


def _find_layers(starts: NDArray[np.int64], patch: int, span: tuple[int, int]) -> tuple[int, ...]:
    """Find the layer that holds each position of a span most centrally."""
    twice_off = np.abs(2 * (starts - np.arange(*span)[:, None]) + patch - 1)
    layers = np.where(twice_off.min(axis=1) < patch, twice_off.argmin(axis=1), -1)
    return tuple(layers.tolist())


def _runs(flags: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """Find the runs of true flags, each from - to below."""
    edges = np.flatnonzero(np.diff(np.pad(flags, 1).astype(np.int8))).tolist()
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def count_inside(axes: Sequence[SceneAxis], *, is_grid: bool) -> NDArray[np.int64]:
    """Count the image voxels in each patch, an array (n_patches,)."""
    parts = [np.array(axis.inside) for axis in axes]
    inside: NDArray[np.int64] = reduce(np.multiply, np.ix_(*parts) if is_grid else parts)
    return inside.ravel()


def count_seen_voxels(patches: Patches) -> tuple[int, int] | tuple[None, None]:
    """Count the voxels in at least one patch and in exactly one; None where that is too much."""
    if isinstance(patches, PatchGrid):
        once = (np.count_nonzero(axis == 1) for axis in patches.coverage)
        return math.prod(patches.image_shape) - patches.uncovered, int(math.prod(once))
    try:
        voxels = count_seen(patches.image_shape, patches.patch_size, patches.corners).voxels
    except ValueError:  # too many blocks
        return None, None
    return int(voxels[1:].sum()), int(voxels[1])


def count_covering(patches: Patches) -> int:
    """Count the fewest patches that would cover the image with the same overlap."""
    if isinstance(patches, DrawnPatches):
        return len(patches)
    if patches.policy != "centered" or patches.start is not None:
        return len(patches)
    sizes = patches.image_shape, patches.patch_size
    return min(len(PatchGrid(*sizes, overlap=patches.overlap, policy="tight")), len(patches))


def sort_by_real_share(real: NDArray[np.float64]) -> tuple[RealClass, ...]:
    """Sort patches by how real they are, in at most six classes of nearly equal shares."""
    shares, counts = np.unique(np.round(100 * real, 1), return_counts=True)
    for width in (0.1, 1, 2, 5, 10, 20):
        group = np.round(shares / width)
        if len(set(group)) <= 6:
            break
    classes = []
    for n in sorted(set(group), reverse=True):
        low, *_, high = (shares[group == n][[0, -1]] / 100).tolist()
        label = " - ".join(dict.fromkeys(map(percent, (low, high))))
        classes.append(RealClass(low, high, int(counts[group == n].sum()), label))
    return tuple(classes)


def describe_rule(plan: EpochPlan) -> SamplingRule | None:
    """Say by which rule the patches of a plan are sampled, and how many can follow it."""
    sampler, sampling = plan.sampler, plan.options.sampling
    if sampler is None:
        return None
    if (share := sampler.reached_share) is None:
        text = "anywhere" if sampling == "uniform" else "by the class in the middle"
        return SamplingRule(text, sampler.n_by_rule, True)
    return SamplingRule(f"{percent(share)} hold foreground", sampler.n_by_rule, share == sampling)


def describe_sampled(patches: Patches) -> Sampled | None:
    """Describe the patches of a subject where they are sampled."""
    if isinstance(patches, PatchGrid):
        return None
    sampler, n_foreground = patches.sampler, None
    foreground = sampler.foreground(patches.subject, None)
    if sampler.options.sampling != "uniform" and foreground:
        counts = foreground.count_each(patches.corners, patches.patch_size)
        n_foreground = int(np.count_nonzero(counts))
    has_target = _has_target(sampler, patches.subject)
    return Sampled(patches.n_by_rule if has_target else 0, has_target, n_foreground)


def _has_target(sampler: Sampler, n: int) -> bool:
    """Tell whether a subject has voxels of what is to stand in the middle."""
    sampling = sampler.options.sampling
    values: list[int | None] = [None]
    if isinstance(sampling, tuple):
        values = [value for value, chance in enumerate(sampling) if chance]
    elif not isinstance(sampling, float):
        return True
    return any(found.total for value in values if (found := sampler.foreground(n, value)))

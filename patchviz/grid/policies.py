"""Where patches start along one axis: one small function for each policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Policy:
    """A rule that places patches along one axis.

    ``starts(size, patch, overlap)``, in voxels, gives the increasing starts of the patches (under
    `centered` from a given first start, too), or raises ``ValueError`` where it has no answer.
    """

    name: str
    starts: Callable[..., Sequence[int]]
    reference: str  # the one implementation that it equals
    summary: str  # what it does, in a few words for people
    count: str  # patches along an axis, a formula of {size}, {patch}, {overlap}, {step}
    covers: bool = True  # every voxel of the image, whatever the sizes


def _centered(size: int, patch: int, overlap: int, start: int | None = None) -> range:
    step = patch - overlap
    if start is None:
        overflow = step * -(-size // step) - size + overlap
        start = -((overflow + 1) // 2)
    return range(start, size + start, step)


def _tight(size: int, patch: int, overlap: int) -> range:
    step = patch - overlap
    count = max(1, -(-(size - overlap) // step))
    overflow = step * count - size + overlap
    start = -((overflow + 1) // 2)
    return range(start, start + count * step, step)


def _shifted(size: int, patch: int, overlap: int) -> Sequence[int]:
    _require_room("shifted", size, patch)
    inside = _dropped(size, patch, overlap)
    last = size - patch
    return inside if inside[-1] == last else (*inside, last)


def _respaced(size: int, patch: int, overlap: int) -> Sequence[int]:
    _require_room("respaced", size, patch)
    room = size - patch
    count = -(-room // (patch - overlap)) + 1
    if count == 1:
        return (0,)
    return tuple(int(start) for start in np.round(room / (count - 1) * np.arange(count)))


def _padded_end(size: int, patch: int, overlap: int) -> range:
    step = patch - overlap
    count = max(1, -(-(size - overlap) // step))
    return range(0, count * step, step)


def _dropped(size: int, patch: int, overlap: int) -> range:
    _require_room("dropped", size, patch)
    return range(0, size - patch + 1, patch - overlap)


def _require_room(policy: str, size: int, patch: int) -> None:
    if patch > size:
        raise ValueError(
            f"`patch_size` must be at most the image's {size} voxels on every axis under policy "
            f"{policy!r}, got {patch} (policies 'centered', 'tight' and 'padded_end' pad instead)"
        )


POLICIES: dict[str, Policy] = {
    policy.name: policy
    for policy in (
        Policy(
            "centered",
            _centered,
            "3DUnetCNN 0.4",
            "overflow shared by both ends",
            "ceil({size} / {step})",
        ),
        Policy(
            "tight",
            _tight,
            "patchviz",
            "fewest patches that cover, centered",
            "max(1, ceil(({size} - {overlap}) / {step}))",
        ),
        Policy(
            "shifted",
            _shifted,
            "TorchIO GridSampler",
            "last patch moved back inside",
            "ceil(({size} - {patch}) / {step}) + 1",
        ),
        Policy(
            "respaced",
            _respaced,
            "nnU-Net sliding window",
            "spread evenly inside",
            "ceil(({size} - {patch}) / {step}) + 1",
        ),
        Policy(
            "padded_end",
            _padded_end,
            "tiler",
            "all padding at the end",
            "max(1, ceil(({size} - {overlap}) / {step}))",
        ),
        Policy(
            "dropped",
            _dropped,
            "scikit-image view_as_windows",
            "what does not fit is left out",
            "floor(({size} - {patch}) / {step}) + 1",
            covers=False,
        ),
    )
}

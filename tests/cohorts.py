"""Subjects made of arrays, for tests that need no `Cohort`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from patchviz.grid.foreground import Foreground


@dataclass
class FakeSubject:
    id: str
    image: np.ndarray  # (channel, *shape)
    label: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.image.shape[1:]

    @property
    def n_channels(self) -> int:
        return len(self.image)

    @property
    def dtype(self) -> np.dtype:
        return self.image.dtype

    @property
    def has_label(self) -> bool:
        return self.label is not None

    @property
    def foreground(self) -> Foreground:
        return self.count_class()

    def count_class(self, value: int | None = None) -> Foreground:
        return Foreground(self.label if value is None else self.label == value)


class Unreadable:
    """A subject of which the shape is known, and whose voxels nobody may read."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.id, self.shape, self.n_channels = "unreadable", shape, 1
        self.dtype, self.has_label = np.dtype("float32"), True

    @property
    def image(self) -> np.ndarray:
        raise AssertionError("the image was read")

    @property
    def label(self) -> np.ndarray:
        raise AssertionError("the label was read")

    def count_class(self, value: int | None = None) -> Foreground:
        raise AssertionError("the label was read")


def numbered_cohort(
    shapes: Sequence[tuple[int, ...]],
    *,
    n_channels: int = 1,
    dtype: str = "int32",
    density: float | None = None,
    seed: int = 0,
) -> list[FakeSubject]:
    """Make subjects in which every voxel of the whole cohort has a number of its own, from 1.

    With a `density` they have labels, of which this share of voxels is 1, 2 or 3.
    """
    rng = np.random.default_rng(seed)
    cohort, used = [], 1
    for n, shape in enumerate(shapes):
        size = n_channels * int(np.prod(shape))
        image = np.arange(used, used + size).reshape(n_channels, *shape).astype(dtype)
        label = None
        if density is not None:
            label = (rng.integers(1, 4, shape) * (rng.random(shape) < density)).astype(np.uint8)
        cohort.append(FakeSubject(f"sub-{n:02}", image, label))
        used += size
    return cohort

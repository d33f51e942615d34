"""Owns what a subject must have to be cut into patches, whoever makes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from patchviz.arguments import Array
from patchviz.grid.foreground import Foreground


class SubjectLike(Protocol):
    """A subject as `Cohort` holds them, or one of your own.

    Parts that a use doesn't need are never asked for: no label, say, where `has_label` is False.
    """

    @property
    def id(self) -> str:
        """Names it in errors, and in the files of splits."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each spatial axis."""

    @property
    def n_channels(self) -> int:
        """Channels of the image."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the image."""

    @property
    def has_label(self) -> bool:
        """Whether there is a label."""

    @property
    def image(self) -> Array:
        """The voxels (channel, *shape)."""

    @property
    def label(self) -> Array | None:
        """The label (*shape), of an integer type."""

    def count_class(self, value: int | None = None) -> Foreground | None:
        """Count the voxels of one label value in any box; of all but 0 where it is left out.

        ``Foreground(label == value)`` does; whoever is asked often keeps it.
        """


Subjects = Sequence[SubjectLike]  # a `Cohort`, or a list

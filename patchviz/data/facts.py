"""What headers tell of a cohort: all that a grid needs to know of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from patchviz.arguments import per_axis, whole_number
from patchviz.data.phantom import numbered
from patchviz.grid.foreground import Foreground


def _no_foreground(n: int, value: int | None = None) -> None:
    """Stand in where only headers are known."""


@dataclass(frozen=True)
class CohortFacts:
    """What the headers of a cohort tell, one entry per subject.

    Attributes
    ----------
    ids : tuple of str
    shapes : tuple of tuples of ints
        Voxels along each spatial axis.
    spacings : tuple of tuples of floats
        Size of a voxel along each axis, in mm.
    orientations : tuple of tuples of str
        Where each axis points to: ``("R", "A", "S")`` is right, front and top.
    n_channels : tuple of ints
    has_label : tuple of bools
    foreground : callable
        ``foreground(n)`` is `Subject.foreground` of subject n, and ``foreground(n, value)`` is
        `Subject.count_class` of it; its label is read when it is first asked for.
    """

    ids: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    spacings: tuple[tuple[float, ...], ...]
    orientations: tuple[tuple[str, ...], ...]
    n_channels: tuple[int, ...]
    has_label: tuple[bool, ...]
    foreground: Callable[..., Foreground | None] = field(
        default=_no_foreground, compare=False, repr=False
    )

    @classmethod
    def from_shape(cls, image_shape: Sequence[int], n: int = 30) -> CohortFacts:
        """Make up subjects of one shape, with labels and voxels of 1 mm: a grid needs no more.

        Parameters
        ----------
        image_shape : sequence of int
            Voxels along each of at most three axes.
        n : int
            How many subjects.
        """
        shape = per_axis("image_shape", image_shape, minimum=1)
        if len(shape) > 3:
            raise ValueError(f"`image_shape` must have at most 3 axes, got {len(shape)}")
        return cls(
            ids=tuple(numbered("sub", whole_number("n", n, minimum=1))),
            shapes=(shape,) * n,
            spacings=((1.0,) * len(shape),) * n,
            orientations=(("R", "A", "S")[: len(shape)],) * n,
            n_channels=(1,) * n,
            has_label=(True,) * n,
        )

"""What is chosen of patches, as one value: which ones, in which order, and how each is cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from patchviz.arguments import per_axis, real_number, require_choice, whole_number
from patchviz.epochs.orders import ORDERS, WINDOW
from patchviz.grid.cut import Transform, check_labels, check_transform
from patchviz.grid.foreground import BlankRule, check_rule
from patchviz.grid.patch_grid import PADDING_MODES, Ints, PatchGrid
from patchviz.grid.policies import POLICIES

Sampling = str | float | Sequence[float] | Callable[[Any], ArrayLike]


@dataclass(frozen=True)
class PatchOptions:
    """What is chosen of patches, checked when it is made, and handed on as one value.

    Parameters and errors are those of `data_generator`; `start` is that of `PatchGrid`. What must
    fit the number of axes is checked with the first image.
    """

    patch_size: Ints
    overlap: Ints = 0
    start: Ints | None = None
    start_offset: Ints = 0
    policy: str = "centered"
    padding_mode: str = "edge"
    skip_blank: BlankRule = False
    sampling: Sampling = "grid"
    patches_per_subject: int | None = None
    labels: Sequence[int] | None = None
    transform: Transform | None = None
    order: str = "shuffle"
    window: int = WINDOW
    seed: int = 0

    def __post_init__(self) -> None:
        choices = {"policy": POLICIES, "padding_mode": PADDING_MODES, "order": ORDERS}
        for name, values in choices.items():
            require_choice(name, getattr(self, name), values)
        check_transform(self.transform)
        self.__dict__.update(  # past the frozen dataclass's guard, all at once
            patch_size=_ints("patch_size", self.patch_size, 1),
            overlap=_ints("overlap", self.overlap, 0),
            start=None if self.start is None else _ints("start", self.start, None),
            start_offset=_ints("start_offset", self.start_offset, 0),
            skip_blank=check_rule(self.skip_blank),
            sampling=check_sampling(self.sampling),
            labels=check_labels(self.labels),
            window=whole_number("window", self.window, minimum=1),
            seed=whole_number("seed", self.seed, minimum=0),
        )
        self._check_combinations()

    def _check_combinations(self) -> None:
        if self.has_random_starts:
            if self.start is not None:
                raise ValueError("`start_offset` must be 0 where `start` is given: it draws it")
            if self.policy != "centered":
                raise ValueError(
                    "`start_offset` goes with policy 'centered' only, got policy "
                    f"{self.policy!r} (set it to 0)"
                )
        if self.sampling == "grid":
            if self.patches_per_subject is not None:
                raise ValueError("`patches_per_subject` goes with another `sampling` than 'grid'")
            return
        if self.patches_per_subject is not None:
            whole_number("patches_per_subject", self.patches_per_subject, minimum=1)
        if self.skip_blank:
            raise ValueError(
                "`skip_blank` goes with sampling 'grid' only: with a share, as sampling=0.33, that "
                "many patches hold foreground"
            )
        if self.has_random_starts:
            raise ValueError("`start_offset` goes with sampling 'grid' only: it moves the grid")

    @property
    def has_random_starts(self) -> bool:
        """Whether the grid starts elsewhere in every epoch."""
        return bool(np.any(self.start_offset))

    def for_validation(self) -> PatchOptions:
        """Return these options without what draws or changes patches in training."""
        return replace(
            self, start_offset=0, sampling="grid", patches_per_subject=None, transform=None
        )

    def grid(self, image_shape: Sequence[int], start: Ints | None = None) -> PatchGrid:
        """Make the grid of an image, from a `start` of its own where one is given."""
        return PatchGrid(
            image_shape,
            self.patch_size,
            overlap=self.overlap,
            start=self.start if start is None else start,
            policy=self.policy,
            padding_mode=self.padding_mode,
        )


def check_sampling(sampling: Sampling) -> Sampling:
    """Return "grid", "uniform", a share, a tuple of probabilities or a callable, or raise."""
    if callable(sampling) or (isinstance(sampling, str) and sampling in ("grid", "uniform")):
        return sampling
    share = real_number(sampling)
    if share is not None and 0 < share <= 1:
        return share
    try:
        chances = np.array(sampling, dtype=float)
    except (TypeError, ValueError):
        chances = np.zeros(0)
    if chances.ndim == 1 and (chances >= 0).all() and 0 < chances.sum() < np.inf:
        return tuple(chances.tolist())
    raise ValueError(
        "`sampling` must be 'grid', 'uniform', a share above 0 and up to 1, the chances of the "
        f"classes 0, 1, 2 … (none negative, not all 0), or a callable, got {sampling!r}"
    )


def needs_labels(sampling: Sampling) -> bool:
    """Tell whether patches are drawn by the label."""
    return not callable(sampling) and not isinstance(sampling, str)


def _ints(name: str, value: Ints, minimum: int | None) -> Ints:
    """Check one whole number for all axes, or one for each of them, however many there are."""
    values = per_axis(name, value, minimum=minimum)
    return values if hasattr(value, "__len__") else values[0]

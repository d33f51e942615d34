"""What is known of patches that are drawn: the rule, and how many of them follow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from patchviz.epochs.plan import EpochPlan
from patchviz.epochs.sampling import DrawnPatches, Sampler, Sampling
from patchviz.scene.wording import percent

if TYPE_CHECKING:
    from patchviz.data.facts import CohortFacts


@dataclass(frozen=True)
class Drawn:
    """How the patches of an epoch are drawn.

    Attributes
    ----------
    rule : str
        In words.
    n_by_rule : int
        Patches of the epoch that follow it, where their subjects have what it asks for.
    n_here : int
        Those of the subject shown that do.
    n_foreground : int or None
        Patches of the subject shown with at least one voxel of foreground; None where patches are
        drawn without a look at labels.
    """

    rule: str
    n_by_rule: int
    n_here: int
    n_foreground: int | None


def describe_drawn(patches: DrawnPatches, plan: EpochPlan, facts: CohortFacts) -> Drawn:
    """Describe the patches that are drawn in a subject, of an epoch of a plan."""
    subject, sampling = patches.subject, patches.sampler.sampling
    every = cast("list[DrawnPatches]", plan.patches(patches.epoch))
    n_foreground = None
    if sampling != "uniform" and (foreground := facts.foreground(subject)):
        counts = foreground.count_each(patches.corners, patches.patch_size)
        n_foreground = int(np.count_nonzero(counts))
    n_here = patches.n_by_rule if _can_follow(patches.sampler, subject) else 0
    return Drawn(name_rule(sampling), sum(some.n_by_rule for some in every), n_here, n_foreground)


def name_rule(sampling: Sampling) -> str:
    """Say where patches come from, as it stands behind "drawn"."""
    if isinstance(sampling, float):
        return f"{percent(sampling)} hold foreground"
    return "anywhere" if sampling == "uniform" else "by the class in the middle"


def _can_follow(sampler: Sampler, n: int) -> bool:
    """Tell whether a subject has voxels of what is to stand in the middle."""
    sampling = sampler.sampling
    if isinstance(sampling, float):
        values: list[int | None] = [None]
    elif isinstance(sampling, tuple):
        values = [value for value, chance in enumerate(sampling) if chance]
    else:
        return True
    return any(table and table.total for table in (sampler.tables(n, value) for value in values))

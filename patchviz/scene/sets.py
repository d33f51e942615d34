"""The training and the validation set that settings give, each with the plan of its epochs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from patchviz.data.facts import CohortFacts
from patchviz.epochs.options import PatchOptions
from patchviz.epochs.plan import EpochPlan
from patchviz.epochs.queue import PatchQueue
from patchviz.epochs.sampling import DrawnPatches
from patchviz.epochs.splits import Split, get_validation_split, k_fold_split
from patchviz.grid.patch_grid import PatchGrid
from patchviz.scene.settings import ResolvedSettings, Settings, complete

Patches = PatchGrid | DrawnPatches


@dataclass(frozen=True, eq=False)
class PlannedSets:
    """Who trains and who validates, and the epochs over both; all views stand on one of these.

    Attributes
    ----------
    settings : ResolvedSettings
    facts : CohortFacts
    validating : tuple of tuple of int
        The validation set of each fold, sorted.
    training, validation : EpochPlan
        As the generators plan them.
    """

    settings: ResolvedSettings
    facts: CohortFacts
    validating: tuple[tuple[int, ...], ...]
    training: EpochPlan
    validation: EpochPlan

    @cached_property
    def queue(self) -> PatchQueue:
        """The training queue of the epoch shown, as the generator pops it."""
        return self.training.queue(self.settings.epoch)

    @cached_property
    def patches(self) -> dict[int, Patches]:
        """The patches of each subject in the epoch shown."""
        return self.find_patches(self.settings.epoch)

    def find_patches(self, epoch: int) -> dict[int, Patches]:
        """Return the patches of each subject in an epoch, of its grid or sampled."""
        found: dict[int, Patches] = {}
        for plan in (self.training, self.validation):
            found.update(zip(plan.subjects, plan.patches(epoch), strict=True))
        return found

    def find_blank(self, n: int, patches: Patches) -> NDArray[np.bool_]:
        """Tell which patches of a subject are left out for being blank, an array (n_patches,)."""
        foreground = self.facts.foreground(n) if self.settings.skip_blank else None
        if foreground is None or isinstance(patches, DrawnPatches):
            return np.zeros(len(patches), bool)
        return foreground.find_blank(patches, self.settings.skip_blank)


def plan_sets(settings: Settings, facts: CohortFacts) -> PlannedSets:
    """Complete settings, split the subjects once, and plan the epochs over both sets.

    Raises ``ValueError`` or ``TypeError`` for settings that are impossible on this data.
    """
    settings = complete(settings, facts)
    options = PatchOptions(
        settings.patch_size,
        settings.overlap,
        settings.start,
        start_offset=settings.start_offset,
        policy=settings.policy,
        padding_mode=settings.padding_mode,
        skip_blank=settings.skip_blank,
        sampling=settings.sampling,
        patches_per_subject=settings.patches_per_subject,
        order=settings.order,
        window=settings.window,
        seed=settings.seed,
    )
    splits = _split(settings, facts)
    validating = tuple(tuple(sorted(validation)) for _, validation in splits)
    training, validation = (
        EpochPlan(chosen, subjects, [facts.shapes[n] for n in subjects], facts.foreground)
        for chosen, subjects in zip(
            (options, options.for_validation()), splits[settings.fold], strict=True
        )
    )
    return PlannedSets(settings, facts, validating, training, validation)


def _split(settings: Settings, facts: CohortFacts) -> list[Split]:
    """Split the subjects as often as there are folds."""
    if len(facts.ids) == 1:
        splits: list[Split] = [([0], [])]
    elif settings.folds:
        splits = k_fold_split(facts.ids, settings.folds, seed=settings.seed)
    else:
        splits = [get_validation_split(facts.ids, settings.data_split, seed=settings.seed)]
    if settings.fold >= len(splits):
        raise ValueError(f"`fold` must be from 0 to {len(splits) - 1}, got {settings.fold}")
    return splits

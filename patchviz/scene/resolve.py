"""One frozen description of all that is drawn or said: what was chosen, resolved on the data."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from patchviz.data.facts import CohortFacts
from patchviz.epochs.steps import get_number_of_steps
from patchviz.scene.hints import write_hints
from patchviz.scene.ledger import write_ledger
from patchviz.scene.measures import (
    count_covering,
    count_inside,
    count_seen_voxels,
    describe_axes,
    describe_rule,
    describe_sampled,
    sort_by_real_share,
)
from patchviz.scene.records import Scene
from patchviz.scene.sentence import write_sentence
from patchviz.scene.sets import PlannedSets, plan_sets
from patchviz.scene.settings import Settings
from patchviz.scene.size_sweep import sweep_sizes


def resolve(settings: Settings, facts: CohortFacts) -> Scene:
    """Work out the picture that some settings give on some data.

    Parameters
    ----------
    settings : Settings
    facts : CohortFacts
        Shapes, spacings and names. No voxel is read, but for labels where blanks are skipped or
        patches are sampled by the label.

    Returns
    -------
    Scene

    Raises
    ------
    ValueError, TypeError
        For settings that are impossible on this data, naming the setting.
    """
    return describe(plan_sets(settings, facts))


def describe(sets: PlannedSets) -> Scene:
    """Describe what was planned: measured first, then written about."""
    scene = _measure(sets)
    return replace(
        scene,
        sentence=write_sentence(scene),
        ledger=write_ledger(scene),
        hints=write_hints(scene),
    )


def _measure(sets: PlannedSets) -> Scene:
    settings, facts, n = sets.settings, sets.facts, sets.settings.subject
    training, validation = sets.training, sets.validation
    patches, axes = sets.patches[n], describe_axes(sets, n)
    sampled = describe_sampled(patches)
    inside = count_inside(axes, is_grid=sampled is None)
    n_voxels = math.prod(settings.patch_size)
    n_seen, n_seen_once = count_seen_voxels(patches)
    return Scene(
        settings=Settings(**vars(settings)),
        subject_id=facts.ids[n],
        n_subjects=len(facts.ids),
        n_training=len(training.subjects),
        n_validation=len(validation.subjects),
        validating=sets.validating,
        n_channels=facts.n_channels[n],
        has_label=facts.has_label[n],
        is_training=n in training.subjects,
        axes=axes,
        sampling_rule=describe_rule(training),
        sampled=sampled,
        n_patches=len(patches),
        n_whole=int(np.count_nonzero(inside == n_voxels)),
        n_real=int(inside.sum()),
        n_seen=n_seen,
        n_seen_once=n_seen_once,
        n_covering=count_covering(patches),
        blank=tuple(np.flatnonzero(sets.find_blank(n, patches)).tolist()),
        n_queue=training.n_patches,
        n_blank=training.count(0, blanks=True) - training.n_patches,
        n_found=training.count(settings.epoch),
        n_steps=get_number_of_steps(training.n_patches, settings.batch_size),
        n_validation_patches=validation.n_patches,
        n_validation_blank=validation.count(0, blanks=True) - validation.n_patches,
        n_validation_steps=get_number_of_steps(validation.n_patches, settings.batch_size),
        classes=sort_by_real_share(inside / n_voxels),
        size_sweep=sweep_sizes(
            facts.shapes[n],
            settings.overlap,
            settings.start,
            settings.policy,
            settings.patches_per_subject,
            is_grid=sampled is None,
        ),
    )

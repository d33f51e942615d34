"""One frozen description of all that is drawn or said: what was chosen, resolved on the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from patchviz.epochs.sampling import DrawnPatches
from patchviz.epochs.steps import get_number_of_steps
from patchviz.grid.foreground import Foreground
from patchviz.grid.patch_grid import PatchGrid
from patchviz.scene.axes import Axis, count_inside, describe_axis
from patchviz.scene.comparison import Contender, compare
from patchviz.scene.coverage import count_seen
from patchviz.scene.drawn import Drawn, describe_drawn
from patchviz.scene.ledger import write_ledger
from patchviz.scene.notes import Note, write_notes
from patchviz.scene.row import Row
from patchviz.scene.sentence import Word, write_sentence
from patchviz.scene.settings import Settings, complete, make_patches, plan_epochs, split_subjects
from patchviz.scene.size_sweep import Track, lay_track
from patchviz.scene.wording import percent

if TYPE_CHECKING:
    from patchviz.data.facts import CohortFacts


@dataclass(frozen=True)
class RealClass:
    """Patches that are equally real: the share of image in them lies from `low` to `high`."""

    low: float
    high: float
    count: int
    label: str


@dataclass(frozen=True)
class Scene:
    """One state of the whole picture; every view shows the same one.

    Attributes
    ----------
    settings : Settings
        As chosen, with one value per axis throughout.
    subject_id : str
    n_subjects, n_training, n_validation : int
    validating : tuple of tuple of int
        The validation set of each fold; of the one split, where there are no folds.
    n_channels : int
        Of the subject shown.
    has_label : bool
    axes : tuple of Axis
    sampled : Drawn or None
        How the patches shown are drawn: patch n starts at ``axes[a].starts[n]``. None where they
        are those of a grid, which has a patch for each combination of starts.
    n_patches, n_whole : int
        Patches of the subject shown, and those of them that are wholly inside the image.
    n_real : int
        Image voxels in the patches of the subject shown, counted in each.
    n_seen, n_seen_once : int or None
        Image voxels in at least one of them, and in exactly one; None where drawn patches are too
        many to be counted so.
    n_covering : int
        How many would do to cover the image with this overlap.
    blank : tuple of int
        Patches of the subject shown that are left out for being blank, counted from 0.
    n_queue, n_steps, n_validation_patches, n_validation_steps : int
        Of every epoch.
    is_training : bool
        Whether the subject shown is in the training set.
    n_blank, n_validation_blank : int
        Patches of the two sets that are left out for being blank.
    n_found : int
        Patches that the epoch shown finds; with random starts its queue is trimmed or topped up.
    classes : tuple of RealClass
        From the most to the least real.
    sentence : tuple of Word
    ledger : tuple of Row
    hints : tuple of Note
    size_sweep : Track
    """

    settings: Settings
    subject_id: str
    n_subjects: int
    n_training: int
    n_validation: int
    validating: tuple[tuple[int, ...], ...]
    n_channels: int
    has_label: bool
    is_training: bool
    axes: tuple[Axis, ...]
    sampled: Drawn | None
    n_patches: int
    n_whole: int
    n_real: int
    n_seen: int | None
    n_seen_once: int | None
    n_covering: int
    blank: tuple[int, ...]
    n_queue: int
    n_blank: int
    n_found: int
    n_steps: int
    n_validation_patches: int
    n_validation_blank: int
    n_validation_steps: int
    classes: tuple[RealClass, ...]
    hints: tuple[Note, ...]
    size_sweep: Track

    @cached_property
    def sentence(self) -> tuple[Word, ...]:
        """The scheme in one sentence, in words that views may emphasise."""
        return write_sentence(self)

    @cached_property
    def ledger(self) -> tuple[Row, ...]:
        """Every number with the formula that gives it, the values put in."""
        return write_ledger(self)

    @cached_property
    def comparison(self) -> tuple[Contender, ...]:
        """All policies on this volume; not in `to_json`, as it outweighs all the rest."""
        return compare(self)

    def to_json(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, as the front end takes them."""
        names = [field.name for field in fields(self)]
        return {name: _plain(getattr(self, name)) for name in (*names, "sentence", "ledger")}


def _plain(value: Any) -> Any:
    """Turn dataclasses into dicts; unlike `asdict`, leave tuples of numbers as they are."""
    if is_dataclass(value):
        return {name: _plain(inner) for name, inner in vars(value).items()}
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        return [_plain(inner) for inner in value]
    return value


def resolve(settings: Settings, facts: CohortFacts) -> Scene:
    """Work out the picture that some settings give on some data.

    Parameters
    ----------
    settings : Settings
    facts : CohortFacts
        Shapes, spacings and names. No voxel is read, but for labels where blanks are skipped, and
        that of the subject shown where its patches are drawn by the label.

    Returns
    -------
    Scene

    Raises
    ------
    ValueError, TypeError
        For settings that are impossible on this data, naming the setting.
    """
    settings = complete(settings, facts)
    subject = settings.subject
    shape = facts.shapes[subject]
    patches = make_patches(settings, facts, subject)
    splits = split_subjects(settings, facts)
    sets = dict(zip(("training", "validation"), splits[settings.fold], strict=True))
    training, validation = (
        plan_epochs(settings, facts, subjects, training=name == "training")
        for name, subjects in sets.items()
    )
    drawn = None
    if isinstance(patches, DrawnPatches):
        drawn = describe_drawn(patches, training, facts)
        starts = patches.corners.T.tolist()
    else:
        starts = patches.starts
    axes = tuple(
        describe_axis(n, *axis, settings, drawn=drawn is not None)
        for n, axis in enumerate(
            zip(shape, starts, facts.spacings[subject], facts.orientations[subject], strict=False)
        )
    )
    inside = count_inside(axes, drawn=drawn is not None)
    n_seen, n_seen_once = _count_seen(patches, axes)
    n_covering = _count_covering(patches)
    n_queue, n_validation_patches = training.count(0), validation.count(0)
    return Scene(
        settings=settings,
        subject_id=facts.ids[subject],
        n_subjects=len(facts.ids),
        n_training=len(sets["training"]),
        n_validation=len(sets["validation"]),
        validating=tuple(tuple(sorted(fold)) for _, fold in splits),
        n_channels=facts.n_channels[subject],
        has_label=facts.has_label[subject],
        is_training=subject in sets["training"],
        axes=axes,
        sampled=drawn,
        n_patches=len(patches),
        n_whole=int(np.count_nonzero(inside == math.prod(patches.patch_size))),
        n_real=int(inside.sum()),
        n_seen=n_seen,
        n_seen_once=n_seen_once,
        n_covering=n_covering,
        blank=_find_blank(patches, settings, facts),
        n_queue=n_queue,
        n_blank=training.count(0, blanks=True) - n_queue,
        n_found=training.count(settings.epoch),
        n_steps=get_number_of_steps(n_queue, settings.batch_size),
        n_validation_patches=n_validation_patches,
        n_validation_blank=validation.count(0, blanks=True) - n_validation_patches,
        n_validation_steps=get_number_of_steps(n_validation_patches, settings.batch_size),
        classes=_classes(inside / math.prod(patches.patch_size)),
        hints=tuple(write_notes(patches, settings, n_covering, drawn)),
        size_sweep=lay_track(
            shape,
            cast("tuple[int, ...]", settings.overlap),
            cast("tuple[int, ...] | None", settings.start),
            settings.policy,
            settings.patches_per_subject,
            drawn=drawn is not None,
        ),
    )


def _count_seen(
    patches: PatchGrid | DrawnPatches, axes: Sequence[Axis]
) -> tuple[int | None, int | None]:
    if isinstance(patches, PatchGrid):
        return math.prod(axis.n_seen for axis in axes), math.prod(a.n_seen_once for a in axes)
    try:
        voxels = count_seen(patches.image_shape, patches.patch_size, patches.corners).voxels
    except ValueError:  # too many blocks
        return None, None
    return int(voxels[1:].sum()), int(voxels[1])


def _count_covering(grid: PatchGrid | DrawnPatches) -> int:
    """Count the fewest patches that would cover the image with the same overlap."""
    if isinstance(grid, DrawnPatches) or grid.policy != "centered" or grid.start is not None:
        return len(grid)
    fewest = PatchGrid(grid.image_shape, grid.patch_size, overlap=grid.overlap, policy="tight")
    return min(len(fewest), len(grid))


def _find_blank(
    grid: PatchGrid | DrawnPatches, settings: Settings, facts: CohortFacts
) -> tuple[int, ...]:
    if not settings.skip_blank or isinstance(grid, DrawnPatches):
        return ()
    foreground = cast("Foreground", facts.foreground(settings.subject))
    return tuple(np.flatnonzero(foreground.find_blank(grid, settings.skip_blank)).tolist())


def _classes(real: NDArray[np.float64]) -> tuple[RealClass, ...]:
    """Sort patches by how real they are, in at most six classes of nearly equal shares."""
    shares, counts = np.unique(np.round(100 * real, 1), return_counts=True)
    for width in (0.1, 1, 2, 5, 10, 20):
        group = np.round(shares / width)
        if len(set(group)) <= 6:
            break
    classes = []
    for n in sorted(set(group), reverse=True):
        low, high = float(shares[group == n][0]), float(shares[group == n][-1])
        ends = low / 100, high / 100
        label = " - ".join(dict.fromkeys(map(percent, ends)))
        classes.append(RealClass(*ends, int(counts[group == n].sum()), label))
    return tuple(classes)

"""One frozen description of all that is drawn or said: what was chosen, resolved on the data."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from patchviz.axes import Axis, describe_axis
from patchviz.comparison import Contender, compare
from patchviz.foreground import Foreground
from patchviz.grid import PatchGrid
from patchviz.ledger import Row, write_ledger
from patchviz.notes import Note, write_notes
from patchviz.sentence import Word, write_sentence
from patchviz.settings import Settings, complete, make_patches, plan_epochs, split_subjects
from patchviz.steps import get_number_of_steps
from patchviz.track import Track, lay_track

if TYPE_CHECKING:
    from patchviz.facts import CohortFacts


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
    n_patches : int
        In the subject shown.
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
    notes : tuple of Note
    track : Track
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
    n_patches: int
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
    notes: tuple[Note, ...]
    track: Track

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
        Shapes, spacings and names. No voxel is read, but for labels where blanks are skipped.

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
    grid = make_patches(settings, facts, subject)
    splits = split_subjects(settings, facts)
    sets = dict(zip(("training", "validation"), splits[settings.fold], strict=True))
    training, validation = (
        plan_epochs(settings, facts, subjects, training=name == "training")
        for name, subjects in sets.items()
    )
    n_covering = _count_covering(grid)
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
        axes=tuple(
            describe_axis(grid, n, facts.spacings[subject][n], facts.orientations[subject][n])
            for n in range(len(shape))
        ),
        n_patches=len(grid),
        n_covering=n_covering,
        blank=_find_blank(grid, settings, facts),
        n_queue=n_queue,
        n_blank=training.count(0, blanks=True) - n_queue,
        n_found=training.count(settings.epoch),
        n_steps=get_number_of_steps(n_queue, settings.batch_size),
        n_validation_patches=n_validation_patches,
        n_validation_blank=validation.count(0, blanks=True) - n_validation_patches,
        n_validation_steps=get_number_of_steps(n_validation_patches, settings.batch_size),
        classes=_classes(grid),
        notes=tuple(write_notes(grid, settings, n_covering)),
        track=lay_track(
            shape,
            cast("tuple[int, ...]", settings.overlap),
            cast("tuple[int, ...] | None", settings.start),
            settings.policy,
        ),
    )


def _count_covering(grid: PatchGrid) -> int:
    """Count the fewest patches that would cover the image with the same overlap."""
    if grid.policy != "centered" or grid.start is not None:
        return len(grid)
    fewest = PatchGrid(grid.image_shape, grid.patch_size, overlap=grid.overlap, policy="tight")
    return min(len(fewest), len(grid))


def _find_blank(grid: PatchGrid, settings: Settings, facts: CohortFacts) -> tuple[int, ...]:
    if not settings.skip_blank:
        return ()
    foreground = cast("Foreground", facts.foreground(settings.subject))
    return tuple(np.flatnonzero(foreground.find_blank(grid, settings.skip_blank)).tolist())


def _classes(grid: PatchGrid) -> tuple[RealClass, ...]:
    """Sort patches by how real they are, in at most six classes of nearly equal shares."""
    shares, counts = np.unique(np.round(100 * grid.real_fraction, 1), return_counts=True)
    for width in (0.1, 1, 2, 5, 10, 20):
        group = np.round(shares / width)
        if len(set(group)) <= 6:
            break
    classes = []
    for n in sorted(set(group), reverse=True):
        low, high = float(shares[group == n][0]), float(shares[group == n][-1])
        label = f"{low:g} %" if low == high else f"{low:g}-{high:g} %"
        classes.append(RealClass(low / 100, high / 100, int(counts[group == n].sum()), label))
    return tuple(classes)

"""One frozen description of all that is drawn or said: what was chosen, resolved on the data."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from patchviz.comparison import Contender, compare
from patchviz.foreground import Foreground
from patchviz.generators import get_number_of_steps
from patchviz.grid import PatchGrid
from patchviz.ledger import Row, write_ledger
from patchviz.patches import padding_index
from patchviz.sentence import Word, write_sentence
from patchviz.settings import Settings, complete, make_patches, plan_epochs, split_subjects
from patchviz.wording import axes_text

if TYPE_CHECKING:
    from patchviz.facts import CohortFacts

AXIS_NAMES = "ijkl"
OPPOSITE = {"L": "R", "R": "L", "P": "A", "A": "P", "I": "S", "S": "I"}
DEPTH = 4  # poolings of the usual 3-D U-Net: patch sizes that halve so often are multiples of 16


@dataclass(frozen=True)
class Axis:
    """All that is known of one axis, in voxels.

    Attributes
    ----------
    name : str
        i, j or k.
    size, patch, overlap, overflow : int
    spacing : float
        Millimetres a voxel.
    ends : (str, str)
        Anatomical letters at the low and the high end.
    starts, inside : tuple of int
        Of each patch along this axis: where it starts, and how many of its voxels are image.
    padding : (int, int)
        Voxels that stick out before and after.
    span : (int, int)
        From the lowest to beyond the highest position that image or patches reach.
    image_index : tuple of int
        For each position of the span, the image index of the voxel that stands there; -1 is zero.
    unseen : tuple of (int, int)
        Runs of voxels, from - to below, that are in no patch.
    n_seen, n_seen_once : int
        Voxels that are in at least one patch, and in exactly one.
    """

    name: str
    size: int
    patch: int
    overlap: int
    overflow: int
    spacing: float
    ends: tuple[str, str]
    starts: tuple[int, ...]
    inside: tuple[int, ...]
    padding: tuple[int, int]
    span: tuple[int, int]
    image_index: tuple[int, ...]
    unseen: tuple[tuple[int, int], ...]
    n_seen: int
    n_seen_once: int


@dataclass(frozen=True)
class RealClass:
    """Patches that are equally real: the share of image in them lies from `low` to `high`."""

    low: float
    high: float
    count: int
    label: str


@dataclass(frozen=True)
class Note:
    """A word of warning beside the control that it is about."""

    control: str
    text: str


@dataclass(frozen=True)
class Track:
    """What each cubic patch size would give: the plot behind the patch-size slider.

    Attributes
    ----------
    sizes : tuple of int
        The slider's choices, in voxels.
    padding : tuple of (float or None)
        Share of padding for each; None where the grid is impossible.
    unseen : tuple of (float or None)
        Share of the image that is in no patch.
    counts : tuple of (int or None)
        Patches in the volume.
    ticks : tuple of int
        Sizes that a U-Net of the usual depth halves without remainder.
    """

    sizes: tuple[int, ...]
    padding: tuple[float | None, ...]
    unseen: tuple[float | None, ...]
    counts: tuple[int | None, ...]
    ticks: tuple[int, ...]


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
            _axis(grid, n, facts.spacings[subject][n], facts.orientations[subject][n])
            for n in range(len(shape))
        ),
        n_patches=len(grid),
        n_covering=_count_covering(grid),
        blank=_find_blank(grid, settings, facts),
        n_queue=n_queue,
        n_blank=training.count(0, blanks=True) - n_queue,
        n_found=training.count(settings.epoch),
        n_steps=get_number_of_steps(n_queue, settings.batch_size),
        n_validation_patches=n_validation_patches,
        n_validation_blank=validation.count(0, blanks=True) - n_validation_patches,
        n_validation_steps=get_number_of_steps(n_validation_patches, settings.batch_size),
        classes=_classes(grid),
        notes=tuple(_notes(grid, settings)),
        track=_track(
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


def _axis(grid: PatchGrid, n: int, spacing: float, orientation: str) -> Axis:
    size, coverage = grid.image_shape[n], grid.coverage[n]
    before, after = grid.padding[n]
    span = (-before, size + after)
    return Axis(
        name=AXIS_NAMES[n],
        size=size,
        patch=grid.patch_size[n],
        overlap=grid.overlap[n],
        overflow=grid.overflow[n],
        spacing=spacing,
        ends=(OPPOSITE.get(orientation, ""), orientation),
        starts=grid.starts[n],
        inside=tuple(grid.inside[n].tolist()),
        padding=(before, after),
        span=span,
        image_index=tuple(padding_index(size, *span, grid.padding_mode).tolist()),
        unseen=_runs(coverage == 0),
        n_seen=int(np.count_nonzero(coverage)),
        n_seen_once=int(np.count_nonzero(coverage == 1)),
    )


def _runs(flags: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """Find the runs of true flags, each from - to below."""
    edges = np.flatnonzero(np.diff(np.pad(flags, 1).astype(np.int8))).tolist()
    return tuple(zip(edges[::2], edges[1::2], strict=True))


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


def _notes(grid: PatchGrid, settings: Settings) -> list[Note]:
    notes = []
    multiple = 2**DEPTH
    uneven = sorted({size for size in grid.patch_size if size % multiple})
    if uneven:
        notes.append(
            Note(
                "patch_size",
                f"{axes_text(uneven, ' and ')} can't be halved {DEPTH} times: a U-Net with "
                f"{DEPTH} poolings wants a multiple of {multiple}",
            )
        )
    for name, size, patch in zip(AXIS_NAMES, grid.image_shape, grid.patch_size, strict=False):
        if patch > size:
            notes.append(
                Note("patch_size", f"larger than the image along {name}: {patch} voxels for {size}")
            )
    if grid.uncovered:
        share = grid.uncovered / math.prod(grid.image_shape)
        given = "start_offset" if settings.start is None else "start"
        control = "policy" if grid.start is None else given
        notes.append(Note(control, f"{100 * share:.3g} % of the voxels are in no patch"))
    if (fewest := _count_covering(grid)) < len(grid):
        text = f"{len(grid):,} patches where {fewest:,} would cover (policy tight)"
        notes.append(Note("overlap", text))
    return notes


@lru_cache(maxsize=64)
def _track(
    shape: tuple[int, ...],
    overlap: tuple[int, ...],
    start: tuple[int, ...] | None,
    policy: str,
) -> Track:
    largest = max(shape)
    # about 18 patches along the longest axis at the least size
    smallest = 2 ** max(0, math.floor(math.log2(max(1, largest / 9))))
    sizes = tuple(range(smallest, largest + 1))
    columns = [_track_point(shape, size, overlap, start, policy) for size in sizes]
    padding, unseen, counts = zip(*columns, strict=True)
    multiple = 2**DEPTH if largest >= 4 * 2**DEPTH else 2
    ticks = tuple(size for size in sizes if size % multiple == 0)
    return Track(sizes, padding, unseen, counts, ticks)


def _track_point(
    shape: tuple[int, ...],
    size: int,
    overlap: tuple[int, ...],
    start: tuple[int, ...] | None,
    policy: str,
) -> tuple[float | None, float | None, int | None]:
    first = start or (None,) * len(shape)
    try:
        axes = [
            _axis_totals(*axis, size, policy) for axis in zip(shape, overlap, first, strict=True)
        ]
    except ValueError:
        return None, None, None
    count, real, seen = map(math.prod, zip(*axes, strict=True))
    padding = 1 - real / (count * size ** len(shape))
    return round(padding, 4), round(1 - seen / math.prod(shape), 4), count


@lru_cache(maxsize=4096)
def _axis_totals(
    size: int, overlap: int, start: int | None, patch: int, policy: str
) -> tuple[int, int, int]:
    """Count the patches along an axis, the image voxels in them, and the voxels they hold."""
    grid = PatchGrid((size,), patch, overlap=overlap, start=start, policy=policy)
    return len(grid), int(grid.inside[0].sum()), size - grid.uncovered

"""The records of a Scene: all that is drawn or said, as frozen values of numbers and texts."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from typing import Any

from patchviz.scene.settings import Settings


@dataclass(frozen=True)
class SceneAxis:
    """All that is known of one axis of the volume, in voxels.

    Attributes
    ----------
    name : str
        i, j or k.
    size, patch, overlap, overflow : int
    start_offset : int
        With any that isn't 0 the grid's start was drawn, from -start_offset … 0.
    spacing : float
        Millimetres per voxel.
    ends : (str, str)
        Anatomical letters at the low and the high end.
    starts, inside : tuple of int
        Where patches start along this axis, and how many of their voxels are image: of a grid one
        entry for each of its layers, of sampled patches one for each patch.
    span : (int, int)
        From the lowest to beyond the highest position that image or patches reach.
    image_index : tuple of int
        For each position of the span, the image index of the voxel that stands there; -1 is zero.
    layer_index : tuple of int
        For each position of the span, which layer of the grid is shown there, and chosen from by a
        click: the one that holds it most centrally, the first of two; -1 where none does. Empty
        for sampled patches.
    unseen : tuple of (int, int)
        Runs of voxels, from - to below, that no patch reaches along this axis.
    """

    name: str
    size: int
    patch: int
    overlap: int
    overflow: int
    start_offset: int
    spacing: float
    ends: tuple[str, str]
    starts: tuple[int, ...]
    inside: tuple[int, ...]
    span: tuple[int, int]
    image_index: tuple[int, ...]
    layer_index: tuple[int, ...]
    unseen: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class SamplingRule:
    """By which rule training patches are sampled, and how many of an epoch's follow it.

    Attributes
    ----------
    text : str
        The rule, as it stands behind "drawn"; of a share the one that is reached.
    n_by_rule : int
        Patches of every epoch that follow it.
    is_reached : bool
        Whether these are as many as it asks for.
    """

    text: str
    n_by_rule: int
    is_reached: bool


@dataclass(frozen=True)
class Sampled:
    """What is known of the sampled patches of the subject shown.

    Attributes
    ----------
    n_by_rule : int
        How many follow the rule.
    has_target : bool
        Whether the subject has what the rule asks for.
    n_foreground : int or None
        Patches with at least one voxel of foreground; None where none is asked for or known.
    """

    n_by_rule: int
    has_target: bool
    n_foreground: int | None


@dataclass(frozen=True)
class RealClass:
    """Patches that are equally real: the share of image in them lies from `low` to `high`."""

    low: float
    high: float
    count: int
    label: str


@dataclass(frozen=True)
class SizeSweep:
    """Padding, lost voxels and number of patches for each size of the patch-size slider.

    Attributes
    ----------
    sizes : tuple of int
        The slider's choices, in voxels.
    padding : tuple of (float or None)
        Share of padding for each; None where the grid is impossible.
    unseen : tuple of (float or None)
        Share of the image that is in no patch; None where chance decides.
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
class Word:
    """A piece of the sentence; `key` names its number, None stands for the text between."""

    text: str
    key: str | None = None
    strong: bool = False


@dataclass(frozen=True)
class LedgerRow:
    """One number of the ledger: what it is, its value, and the formula with the values put in.

    Where the number may surprise, `reason` says why it is so.
    """

    key: str
    group: str
    label: str
    value: str
    formula: str
    reason: str = ""


@dataclass(frozen=True)
class Hint:
    """A word of warning beside the control that it is about."""

    control: str
    text: str


@dataclass(frozen=True)
class Scene:
    """One state of the whole picture; every view shows the same one.

    Attributes
    ----------
    settings : Settings
        As chosen, with all that was left out filled in and one value per axis throughout.
    subject_id : str
    n_subjects, n_training, n_validation : int
    validating : tuple of tuple of int
        The validation set of each fold; of the one split, where there are no folds.
    n_channels : int
        Of the subject shown.
    has_label : bool
    is_training : bool
        Whether the subject shown is in the training set.
    axes : tuple of SceneAxis
    sampling_rule : SamplingRule or None
        How training patches are sampled; None where they are those of grids.
    sampled : Sampled or None
        Of the patches shown, where they are sampled: patch n starts at ``axes[a].starts[n]``.
        None where they are those of a grid, which has a patch for each combination of starts.
    n_patches, n_whole : int
        Patches of the subject shown, and those of them that are wholly inside the image.
    n_real : int
        Image voxels in the patches of the subject shown, counted in each.
    n_seen, n_seen_once : int or None
        Image voxels in at least one of them, and in exactly one; None where sampled patches are
        too many to be counted so.
    n_covering : int
        How many would do to cover the image with this overlap.
    blank : tuple of int
        Patches of the subject shown that are left out for being blank, counted from 0.
    n_queue, n_steps, n_validation_patches, n_validation_steps : int
        Of every epoch.
    n_blank, n_validation_blank : int
        Patches of the two sets that are left out for being blank.
    n_found : int
        Patches that the epoch shown finds; with random starts its queue is trimmed or topped up.
    classes : tuple of RealClass
        From the most to the least real.
    size_sweep : SizeSweep
        What other patch sizes would give.
    sentence : tuple of Word
        The scheme in one sentence, in words that views may emphasise.
    ledger : tuple of LedgerRow
        Every number with the formula that gives it, the values put in.
    hints : tuple of Hint
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
    axes: tuple[SceneAxis, ...]
    sampling_rule: SamplingRule | None
    sampled: Sampled | None
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
    size_sweep: SizeSweep
    sentence: tuple[Word, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    hints: tuple[Hint, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, as the front end takes them."""
        return {name: _plain(value) for name, value in vars(self).items()}


def _plain(value: Any) -> Any:
    """Turn dataclasses into dicts; unlike `asdict`, leave tuples of numbers as they are."""
    if is_dataclass(value):
        return {name: _plain(inner) for name, inner in vars(value).items()}
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        return [_plain(inner) for inner in value]
    return value

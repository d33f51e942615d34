"""What the user chose, completed by what the data tell; the patches and queues that it makes."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, cast

from patchviz.arguments import per_axis, require_choice, whole_number
from patchviz.epochs.orders import ORDERS, WINDOW
from patchviz.epochs.plan import EpochPlan, make_plan
from patchviz.epochs.queue import PatchQueue
from patchviz.epochs.sampling import DrawnPatches, check_sampling, needs_labels
from patchviz.epochs.splits import Split, get_validation_split, k_fold_split
from patchviz.grid.foreground import BlankRule, check_rule
from patchviz.grid.patch_grid import Ints, PatchGrid

if TYPE_CHECKING:
    from patchviz.data.facts import CohortFacts


@dataclass(frozen=True)
class Settings:
    """What the user chose.

    Attributes
    ----------
    patch_size : int or tuple of int, optional
        Voxels, for all axes or one per axis; left out, 64 or the image's axis where that is less.
    overlap : int or tuple of int
        Voxels, for all axes or one per axis.
    start : int or tuple of int, optional
        Where the first patch starts, in place of the centred start.
    policy : str
        Where patches lie: centered, tight, shifted, respaced, padded_end or dropped.
    padding_mode : str
        What stands outside the image: edge, constant, reflect or wrap.
    batch_size : int
        Patches per batch, in training and validation.
    data_split : float
        Share of the subjects that trains.
    folds : int
        With 2 or more, that many splits in place of the one by share.
    fold : int
        Which of those splits is shown, counted from 0.
    skip_blank : bool, str or float
        Which training and validation patches are left out: none, those whose label is blank
        (True or "any"), blank in the middle ("center"), or has less than a share of foreground
        like 0.01.
    start_offset : int or tuple of int
        With more than 0, where the training grid starts is drawn from -offset … 0 on every axis,
        for each subject and epoch.
    sampling : str, float or tuple of float
        Where training patches come from: grid, uniform, a share like 0.33 that must hold
        foreground, or the chances of label 0, 1, 2 … to stand at the middle.
    patches_per_subject : int, optional
        How many are drawn in each subject, with another sampling than the grid.
    order : str
        Of the queue: shuffle, by_subject or buffered.
    window : int
        How many subjects the order buffered shuffles together.
    seed : int
        Of the split, the queue and the starts that are drawn.
    epoch : int
        Which epoch is shown, counted from 0.
    subject, channel : int
        Which subject and channel are shown, counted from 0.
    """

    patch_size: Ints | None = None
    overlap: Ints = 0
    start: Ints | None = None
    policy: str = "centered"
    padding_mode: str = "edge"
    batch_size: int = 8
    data_split: float = 0.8
    folds: int = 0
    fold: int = 0
    skip_blank: BlankRule = False
    start_offset: Ints = 0
    sampling: str | float | tuple[float, ...] = "grid"
    patches_per_subject: int | None = None
    order: str = "shuffle"
    window: int = WINDOW
    seed: int = 0
    epoch: int = 0
    subject: int = 0
    channel: int = 0

    def __repr__(self) -> str:
        """Write the code that makes these settings: what differs from the defaults."""
        values = [
            (f.name, _shorten(f.name, getattr(self, f.name)), f.default) for f in fields(self)
        ]
        differing = [f"{name}={value!r}" for name, value, default in values if value != default]
        return f"Settings({', '.join(differing)})"


def _shorten(name: str, value: Any) -> Any:
    """Write one number where all axes have the same; of `sampling` that would be another one."""
    alike = name != "sampling" and isinstance(value, tuple) and len(set(value)) == 1
    return value[0] if alike else value


def complete(settings: Settings, facts: CohortFacts) -> Settings:
    """Fill in what was left out, with one value per axis throughout; refuse what can't be."""
    subject = _index("subject", settings.subject, len(facts.ids))
    require_choice("order", settings.order, ORDERS)
    shape = facts.shapes[subject]
    ndim = len(shape)
    size = settings.patch_size
    settings = replace(
        settings,
        subject=subject,
        channel=_index("channel", settings.channel, facts.n_channels[subject]),
        epoch=whole_number("epoch", settings.epoch, minimum=0),
        patch_size=tuple(min(64, n) for n in shape)
        if size is None
        else per_axis("patch_size", size, ndim, minimum=1),
        overlap=per_axis("overlap", settings.overlap, ndim, minimum=0),
        start=None if settings.start is None else per_axis("start", settings.start, ndim),
        start_offset=per_axis("start_offset", settings.start_offset, ndim, minimum=0),
        skip_blank=check_rule(settings.skip_blank),
        sampling=_check_sampling(settings.sampling),
        window=whole_number("window", settings.window, minimum=1),
    )
    if any(cast("tuple[int, ...]", settings.start_offset)):
        if settings.start is not None:
            raise ValueError("`start_offset` must be 0 where `start` is given: it draws the start")
        if settings.policy != "centered":
            raise ValueError(
                f"`start_offset` goes with policy 'centered' only, got policy {settings.policy!r}"
            )
    _require_labels("skip_blank", settings.skip_blank is not False, facts)
    _require_labels("sampling", needs_labels(settings.sampling), facts)
    return settings


def _check_sampling(sampling: Any) -> Any:
    if callable(sampling):
        raise ValueError(
            "`sampling` must be numbers or a word here: maps of weights are for the generators"
        )
    return check_sampling(sampling)


def _require_labels(name: str, needed: bool, facts: CohortFacts) -> None:
    if needed and not all(facts.has_label):
        subject = facts.ids[facts.has_label.index(False)]
        raise ValueError(f"`{name}` needs labels, and subject {subject} has none")
    if needed and facts.foreground(0) is None:
        raise ValueError(f"`{name}` needs the voxels of labels, and only shapes are known")


def split_subjects(settings: Settings, facts: CohortFacts) -> list[Split]:
    """Split the subjects as often as there are folds; `settings.fold` is one of them."""
    n = len(facts.ids)
    if n == 1:
        splits = [([0], list[int]())]
    elif settings.folds:
        splits = k_fold_split(facts.ids, settings.folds, seed=settings.seed)
    else:
        splits = [get_validation_split(facts.ids, settings.data_split, seed=settings.seed)]
    _index("fold", settings.fold, len(splits))
    return splits


def plan_epochs(
    settings: Settings, facts: CohortFacts, subjects: list[int], *, training: bool = True
) -> EpochPlan:
    """Plan the epochs over some subjects as the generators do, for completed settings."""
    training_only: dict[str, Any] = {}
    if training:
        training_only = {
            "start_offset": settings.start_offset,
            "sampling": settings.sampling,
            "patches_per_subject": settings.patches_per_subject,
        }
    return make_plan(
        subjects,
        [facts.shapes[n] for n in subjects],
        facts.foreground,
        patch_size=settings.patch_size,
        overlap=settings.overlap,
        start=settings.start,
        skip_blank=settings.skip_blank,
        order=settings.order,
        window=settings.window,
        seed=settings.seed,
        policy=settings.policy,
        **training_only,
    )


def make_queue(settings: Settings, facts: CohortFacts) -> PatchQueue:
    """Make the training queue of the epoch shown, as the generator would."""
    training, _ = split_subjects(settings, facts)[settings.fold]
    return plan_epochs(settings, facts, training).queue(settings.epoch)


def make_patches(settings: Settings, facts: CohortFacts, n: int) -> PatchGrid | DrawnPatches:
    """Make the patches of one subject in the epoch shown, for completed settings."""
    training, validation = split_subjects(settings, facts)[settings.fold]
    trains = n in training
    subjects = training if trains else validation
    plan = plan_epochs(settings, facts, subjects, training=trains)
    return plan.patches(settings.epoch)[subjects.index(n)]


def _index(name: str, value: int, count: int) -> int:
    if not 0 <= value < count:
        raise ValueError(f"`{name}` must be from 0 to {count - 1}, got {value}")
    return value

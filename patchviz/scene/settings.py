"""What the user chose, and the same completed by what the data tell."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from patchviz.arguments import per_axis, real_number, whole_number
from patchviz.data.facts import CohortFacts
from patchviz.epochs.options import check_sampling, needs_labels
from patchviz.epochs.orders import WINDOW
from patchviz.grid.foreground import BlankRule, check_rule
from patchviz.grid.patch_grid import Ints


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


class ResolvedSettings(Settings):
    """Settings that fit some data: all filled in, with one value per axis throughout.

    `complete` makes them; what users see of them is `Settings` again.
    """

    patch_size: tuple[int, ...]
    overlap: tuple[int, ...]
    start: tuple[int, ...] | None
    start_offset: tuple[int, ...]


def complete(settings: Settings, facts: CohortFacts) -> ResolvedSettings:
    """Fill in what was left out, and refuse what can't be."""
    subject = _index("subject", settings.subject, len(facts.ids))
    shape = facts.shapes[subject]
    size, start, count = settings.patch_size, settings.start, settings.patches_per_subject
    usual = tuple(min(64, n) for n in shape)
    ndim = len(shape)
    resolved = ResolvedSettings(
        patch_size=per_axis("patch_size", usual if size is None else size, ndim, minimum=1),
        overlap=per_axis("overlap", settings.overlap, ndim, minimum=0),
        start=None if start is None else per_axis("start", start, ndim),
        policy=settings.policy,
        padding_mode=settings.padding_mode,
        batch_size=whole_number("batch_size", settings.batch_size, minimum=1),
        data_split=_check_share(settings.data_split),
        folds=whole_number("folds", settings.folds, minimum=0),
        fold=whole_number("fold", settings.fold, minimum=0),
        skip_blank=check_rule(settings.skip_blank),
        start_offset=per_axis("start_offset", settings.start_offset, ndim, minimum=0),
        sampling=_check_sampling(settings.sampling),
        patches_per_subject=count
        if count is None
        else whole_number("patches_per_subject", count, minimum=1),
        order=settings.order,
        window=whole_number("window", settings.window, minimum=1),
        seed=whole_number("seed", settings.seed, minimum=0),
        epoch=whole_number("epoch", settings.epoch, minimum=0),
        subject=subject,
        channel=_index("channel", settings.channel, facts.n_channels[subject]),
    )
    _require_labels("skip_blank", resolved.skip_blank is not False, facts)
    _require_labels("sampling", needs_labels(resolved.sampling), facts)
    return resolved


def _check_share(share: Any) -> float:
    number = real_number(share)
    if number is None:
        raise TypeError(f"`data_split` must be a number above 0 and below 1, got {share!r}")
    return number


def _check_sampling(sampling: Any) -> str | float | tuple[float, ...]:
    checked = check_sampling(sampling)
    if callable(checked):
        raise ValueError(
            "`sampling` must be numbers or a word here: maps of weights are for the generators"
        )
    return checked if isinstance(checked, str | float) else tuple(checked)


def _require_labels(name: str, needed: bool, facts: CohortFacts) -> None:
    if needed and not all(facts.has_label):
        subject = facts.ids[facts.has_label.index(False)]
        raise ValueError(f"`{name}` needs labels, and subject {subject} has none")
    if needed and facts.foreground(0) is None:
        raise ValueError(f"`{name}` needs the voxels of labels, and only shapes are known")


def _index(name: str, value: int, count: int) -> int:
    number = whole_number(name, value, minimum=0)
    if number >= count:
        raise ValueError(f"`{name}` must be from 0 to {count - 1}, got {value}")
    return number

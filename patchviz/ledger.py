"""Every number of the picture: its value, the formula that gives it, and why it may surprise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

from patchviz.axes import Axis
from patchviz.policies import POLICIES
from patchviz.reasons import (
    why_more,
    why_no_steps,
    why_padded,
    why_partial,
    why_resized,
    why_unseen,
)
from patchviz.wording import axes_text, bytes_text, join_axes, percent, plural, shorten

if TYPE_CHECKING:
    from patchviz.scene import Scene


@dataclass(frozen=True)
class Row:
    """One number of the ledger: what it is, its value, and the formula with the values put in.

    Where the number may surprise, `reason` says why it is so.
    """

    key: str
    group: str
    label: str
    value: str
    formula: str
    reason: str = ""


def write_ledger(scene: Scene) -> tuple[Row, ...]:
    """Write every number of the picture, group by group."""
    return (*_grid_rows(scene), *_padding_rows(scene), *_epoch_rows(scene), *_memory_rows(scene))


def _grid_rows(scene: Scene) -> Iterator[Row]:
    axes = scene.axes
    counts = [len(axis.starts) for axis in axes]
    whole = math.prod(axis.inside.count(axis.patch) for axis in axes)
    out = scene.n_patches - whole

    def row(key: str, label: str, values: Iterable[object], formulas: Iterable[str]) -> Row:
        return Row(key, "Grid", label, axes_text(values), join_axes(axes, formulas))

    yield row("counts", "patches per axis", counts, (_count(scene, axis) for axis in axes))
    yield row("overflow", "overflow", (a.overflow for a in axes), map(_overflow, axes))
    yield Row(
        "start",
        "Grid",
        "first start",
        axes_text((axis.starts[0] for axis in axes), ", "),
        join_axes(axes, (_start(scene, axis) for axis in axes)),
    )
    yield Row(
        "starts",
        "Grid",
        "starts",
        join_axes(axes, (shorten(axis.starts) for axis in axes)),
        join_axes(axes, (f"step = {a.patch} - {a.overlap} = {a.patch - a.overlap}" for a in axes)),
    )
    yield Row(
        "n_patches",
        "Grid",
        "patches in this volume",
        f"{scene.n_patches:,}",
        f"{'·'.join(map(str, counts))} = {scene.n_patches:,}",
        why_more(scene),
    )
    yield Row(
        "n_sticking_out",
        "Grid",
        "patches that stick out",
        f"{out:,}",
        f"{scene.n_patches:,} - {whole:,} wholly inside = {out:,}",
    )


def _count(scene: Scene, axis: Axis) -> str:
    rule = POLICIES[scene.settings.policy].count
    step = axis.patch - axis.overlap
    shown = f"({axis.patch} - {axis.overlap})" if axis.overlap else step
    formula = rule.format(size=axis.size, patch=axis.patch, overlap=axis.overlap, step=shown)
    return f"{formula} = {len(axis.starts)}"


def _overflow(axis: Axis) -> str:
    step, n = axis.patch - axis.overlap, len(axis.starts)
    if axis.starts[-1] - axis.starts[0] != step * (n - 1):  # shifted or respaced: irregular
        return f"{axis.starts[-1]} + {axis.patch} - {axis.size} = {axis.overflow}"
    extra = f" + {axis.overlap}" if axis.overlap else ""
    return f"{step}·{n} - {axis.size}{extra} = {axis.overflow}"


def _start(scene: Scene, axis: Axis) -> str:
    settings = scene.settings
    if settings.start is not None:
        return f"given: {axis.starts[0]}"
    offset = cast("tuple[int, ...]", settings.start_offset)[scene.axes.index(axis)]
    if any(cast("tuple[int, ...]", settings.start_offset)) and scene.is_training:
        return f"drawn from {-offset} … 0 in epoch {settings.epoch + 1}: {axis.starts[0]}"
    if scene.settings.policy in ("centered", "tight"):
        return f"-ceil({axis.overflow} / 2) = {axis.starts[0]}"
    return "0: the first patch starts with the image"


def _padding_rows(scene: Scene) -> Iterator[Row]:
    axes = scene.axes
    volume = math.prod(axis.size for axis in axes)
    cut = scene.n_patches * math.prod(axis.patch for axis in axes)
    real = math.prod(sum(axis.inside) for axis in axes)
    seen = math.prod(axis.n_seen for axis in axes)
    once = math.prod(axis.n_seen_once for axis in axes)
    for key, label, value, formula, reason in (
        (
            "padding",
            "padding",
            percent(1 - real / cut),
            f"1 - {real:,} real / {cut:,} cut = {percent(1 - real / cut)}",
            why_padded(axes),
        ),
        (
            "redundancy",
            "voxels cut",
            f"{cut / volume:.2f} × the image",
            f"{cut:,} cut / {volume:,} in the image = {cut / volume:.2f}",
            "",
        ),
        (
            "seen_again",
            "voxels in several patches",
            percent((seen - once) / volume),
            f"({seen:,} - {once:,} in one only) / {volume:,} = {percent((seen - once) / volume)}",
            "",
        ),
        (
            "unseen",
            "voxels in no patch",
            percent(1 - seen / volume),
            f"1 - {seen:,} seen / {volume:,} = {percent(1 - seen / volume)}",
            why_unseen(scene),
        ),
    ):
        yield Row(key, "Padding", label, value, formula, reason)


class _Set(NamedTuple):
    """The training or the validation set: its name, the keys of its rows, and its counts."""

    name: str
    key: str
    steps_key: str
    n_subjects: int
    n_patches: int
    n_blank: int
    n_steps: int


def _epoch_rows(scene: Scene) -> Iterator[Row]:
    yield _training_row(scene)
    if scene.settings.skip_blank:
        yield Row("blank_rule", "Epoch", "blank patches are", *_blank_rule(scene))
    counts = (scene.n_training, scene.n_queue, scene.n_blank, scene.n_steps)
    yield from _set_rows(scene, _Set("training", "n_queue", "n_steps", *counts))
    if scene.n_validation:
        patches, blank = scene.n_validation_patches, scene.n_validation_blank
        counts = (scene.n_validation, patches, blank, scene.n_validation_steps)
        keys = "n_validation_patches", "n_validation_steps"
        yield from _set_rows(scene, _Set("validation", *keys, *counts))


def _training_row(scene: Scene) -> Row:
    if scene.n_subjects == 1:
        return Row("n_training", "Epoch", "training subjects", "1", "one subject can't be split")
    share = f"floor({scene.n_subjects}·{scene.settings.data_split:g})"
    folds = f"{scene.n_subjects} - {scene.n_validation} in fold {scene.settings.fold + 1}"
    formula = folds if scene.settings.folds else share
    return _epoch_row("n_training", "training subjects", scene.n_training, formula)


def _epoch_row(key: str, label: str, value: int, formula: str, reason: str = "") -> Row:
    return Row(key, "Epoch", label, f"{value:,}", f"{formula} = {value:,}", reason)


def _set_rows(scene: Scene, of: _Set) -> Iterator[Row]:
    count, steps, batch = of.n_patches, of.n_steps, scene.settings.batch_size
    reason = why_resized(scene) if of.name == "training" else ""
    yield _epoch_row(of.key, f"{of.name} patches", count, _patches(scene, of), reason)
    reason = why_no_steps(steps, of.n_blank)
    yield _epoch_row(of.steps_key, f"{of.name} steps", steps, f"ceil({count:,} / {batch})", reason)
    left = count - max(0, steps - 1) * batch
    formula = f"{count:,} - {max(0, steps - 1)}·{batch}"
    reason = why_partial(left, batch)
    yield _epoch_row(f"{of.name}_last_batch", f"last {of.name} batch", left, formula, reason)


def _patches(scene: Scene, of: _Set) -> str:
    whole = f"{of.n_subjects}·{scene.n_patches:,}"
    if of.n_subjects * scene.n_patches != of.n_patches + of.n_blank:
        whole = f"sum over {of.n_subjects} subjects of their own patches"
    return whole + (f" - {of.n_blank:,} blank" if of.n_blank else "")


def _blank_rule(scene: Scene) -> tuple[str, str]:
    rule = scene.settings.skip_blank
    blank = f"{len(scene.blank):,} of the {scene.n_patches:,} patches of {scene.subject_id}"
    if rule == "any":
        return "without foreground", f"no voxel inside the image is labelled: {blank}"
    if rule == "center":
        return "background at the centre", f"the centre voxel isn't labelled: {blank}"
    return f"below {100 * float(rule):g} %", f"less of the image voxels is labelled: {blank}"


def _memory_rows(scene: Scene) -> Iterator[Row]:
    sizes = [axis.patch for axis in scene.axes]
    patch = 4 * scene.n_channels * math.prod(sizes)
    channels = plural(" channel", scene.n_channels)
    formula = f"{'·'.join(map(str, sizes))} voxels·{scene.n_channels}{channels}·4 bytes"
    yield Row("patch_bytes", "Memory", "a patch as float32", bytes_text(patch), formula)
    total = patch * scene.n_queue
    formula = f"{scene.n_queue:,}·{bytes_text(patch)} = {bytes_text(total)}"
    yield Row("epoch_bytes", "Memory", "an epoch's patches", bytes_text(total), formula)

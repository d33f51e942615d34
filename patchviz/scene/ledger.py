"""Every number of the picture: its value, the formula that gives it, and why it may surprise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from patchviz.scene.grid_rows import write_grid_rows
from patchviz.scene.reasons import (
    why_no_steps,
    why_padded,
    why_partial,
    why_resized,
    why_unseen,
)
from patchviz.scene.row import Row
from patchviz.scene.wording import bytes_text, percent, plural

if TYPE_CHECKING:
    from patchviz.scene.resolve import Scene


def write_ledger(scene: Scene) -> tuple[Row, ...]:
    """Write every number of the picture, group by group."""
    return (
        *write_grid_rows(scene),
        *_padding_rows(scene),
        *_epoch_rows(scene),
        *_memory_rows(scene),
    )


def _padding_rows(scene: Scene) -> Iterator[Row]:
    axes = scene.axes
    volume = math.prod(axis.size for axis in axes)
    cut = scene.n_patches * math.prod(axis.patch for axis in axes)
    real = scene.n_real
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
        *_seen_rows(scene, volume),
    ):
        yield Row(key, "Padding", label, value, formula, reason)


def _seen_rows(scene: Scene, volume: int) -> Iterator[tuple[str, str, str, str, str]]:
    seen, once = scene.n_seen, scene.n_seen_once
    if seen is None or once is None:
        formula = f"{scene.n_patches:,} drawn patches cut the image into too many pieces"
        yield "unseen", "voxels in no patch", "not counted", formula, ""
        return
    again, never = percent((seen - once) / volume), percent(1 - seen / volume)
    formula = f"({seen:,} - {once:,} in one only) / {volume:,} = {again}"
    yield "seen_again", "voxels in several patches", again, formula, ""
    formula = f"1 - {seen:,} seen / {volume:,} = {never}"
    yield "unseen", "voxels in no patch", never, formula, why_unseen(scene)


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
    given = scene.settings.patches_per_subject if of.name == "training" else None
    each = given or scene.n_patches
    whole = f"{of.n_subjects}·{each:,}"
    if of.n_subjects * each != of.n_patches + of.n_blank:
        whole = f"sum over {of.n_subjects} subjects of their own patches"
    return whole + (f" - {of.n_blank:,} blank" if of.n_blank else "")


def _blank_rule(scene: Scene) -> tuple[str, str]:
    rule = scene.settings.skip_blank
    blank = f"{len(scene.blank):,} of the {scene.n_patches:,} patches of {scene.subject_id}"
    if rule == "any":
        return "without foreground", f"no voxel inside the image is labelled: {blank}"
    if rule == "center":
        return "background at the centre", f"the centre voxel isn't labelled: {blank}"
    return f"below {percent(float(rule))}", f"less of the image voxels is labelled: {blank}"


def _memory_rows(scene: Scene) -> Iterator[Row]:
    sizes = [axis.patch for axis in scene.axes]
    patch = 4 * scene.n_channels * math.prod(sizes)
    channels = plural(" channel", scene.n_channels)
    formula = f"{'·'.join(map(str, sizes))} voxels·{scene.n_channels}{channels}·4 bytes"
    yield Row("patch_bytes", "Memory", "a patch as float32", bytes_text(patch), formula)
    total = patch * scene.n_queue
    formula = f"{scene.n_queue:,}·{bytes_text(patch)} = {bytes_text(total)}"
    yield Row("epoch_bytes", "Memory", "an epoch's patches", bytes_text(total), formula)

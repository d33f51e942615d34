"""What the picture says in words and numbers: the sentence, and every number with its formula."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from patchviz.policies import POLICIES

if TYPE_CHECKING:
    from patchviz.scene import Axis, Scene


@dataclass(frozen=True)
class Word:
    """A piece of the sentence; `key` names its number, None stands for the text between."""

    text: str
    key: str | None = None
    strong: bool = False


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


def axes_text(values: Iterable[object], joint: str = " × ") -> str:
    """Write one value per axis: a single one where all are the same, else all of them."""
    texts = [str(value) for value in values]
    return texts[0] if len(set(texts)) == 1 else joint.join(texts)


def write_sentence(scene: Scene) -> tuple[Word, ...]:
    """Write "144 → 3 boxes of 64 per axis → 27 patches × 24 subjects = 648 → 81 steps"."""
    axes = scene.axes
    counts = [len(axis.starts) for axis in axes]
    alike = len({(axis.size, axis.patch, len(axis.starts)) for axis in axes}) == 1
    words = [
        Word(axes_text(axis.size for axis in axes), "image_shape"),
        Word(" → "),
        Word(axes_text(counts), "counts"),
        Word(" boxes of " if max(counts) > 1 else " box of "),
        Word(axes_text(axis.patch for axis in axes), "patch_size"),
        Word(" per axis → " if alike else " → "),
        Word(f"{scene.n_patches:,}", "n_patches", strong=True),
        Word(_noun(" patch", scene.n_patches)),
    ]
    if scene.n_blank:
        words += [
            Word(" × "),
            Word(f"{scene.n_training:,}", "n_training"),
            Word(_noun(" subject", scene.n_training) + " - "),
            Word(f"{scene.n_blank:,}", "n_blank"),
            Word(" blank = "),
        ]
    elif scene.n_patches * scene.n_training == scene.n_queue:
        words += [
            Word(" × "),
            Word(f"{scene.n_training:,}", "n_training"),
            Word(_noun(" subject", scene.n_training) + " = "),
        ]
    else:
        words += [
            Word(" here; "),
            Word(f"{scene.n_training:,}", "n_training"),
            Word(" subjects of several shapes: "),
        ]
    return (
        *words,
        Word(f"{scene.n_queue:,}", "n_queue", strong=True),
        Word(" → "),
        Word(f"{scene.n_steps:,}", "n_steps"),
        Word(_noun(" step", scene.n_steps)),
    )


def _noun(noun: str, count: int) -> str:
    return noun if count == 1 else noun + ("es" if noun.endswith("ch") else "s")


def write_ledger(scene: Scene) -> tuple[Row, ...]:
    """Write every number of the picture, group by group."""
    return (*_grid_rows(scene), *_padding_rows(scene), *_epoch_rows(scene), *_memory_rows(scene))


def join_axes(axes: Sequence[Axis], texts: Iterable[str]) -> str:
    """Join the formulas of the axes: one where all are alike, else each behind its axis's name."""
    found = list(texts)
    if len(set(found)) == 1:
        return found[0]
    return "; ".join(f"{axis.name}: {text}" for axis, text in zip(axes, found, strict=True))


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
        _why_more(scene),
    )
    yield Row(
        "n_sticking_out",
        "Grid",
        "patches that stick out",
        f"{out:,}",
        f"{scene.n_patches:,} - {whole:,} wholly inside = {out:,}",
    )


def shorten(values: Sequence[int], most: int = 8) -> str:
    """List numbers, of many the first ones and the last."""
    shown = [*values[: most - 1], "…", values[-1]] if len(values) > most else values
    return ", ".join(map(str, shown))


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


def _why_more(scene: Scene) -> str:
    if scene.n_covering == scene.n_patches:
        return ""
    return (
        f"{scene.n_patches:,} patches where {scene.n_covering:,} would cover: the formula counts "
        "steps, though a patch reaches further than its step (policy tight)"
    )


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
            _why_padded(axes),
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
            _why_unseen(scene),
        ),
    ):
        yield Row(key, "Padding", label, value, formula, reason)


def _why_padded(axes: Sequence[Axis]) -> str:
    larger = [axis for axis in axes if axis.patch > axis.size]
    if not larger:
        return ""
    texts = (f"{axis.patch} for {axis.size} voxels along {axis.name}" for axis in larger)
    return f"the patch is larger than the image: {', '.join(texts)}"


def _why_unseen(scene: Scene) -> str:
    lost = [axis.size - axis.n_seen for axis in scene.axes]
    if not any(lost):
        return ""
    alike = len(set(lost)) == 1
    each = [f"{n} along {axis.name}" for n, axis in zip(lost, scene.axes, strict=True) if n]
    many = f"{lost[0]} voxels per axis" if alike else f"some voxels ({', '.join(each)})"
    if scene.settings.policy != "centered":
        return f"{many} are never seen because policy {scene.settings.policy} drops what is left"
    starts = [axis.starts[0] for axis in scene.axes]
    if max(starts) > 0:
        return f"{many} are never seen because the grid starts at {axes_text(starts, ', ')}"
    return (
        f"{many} are never seen in one epoch because the start {axes_text(starts, ', ')} exceeds "
        f"the overflow {axes_text((_centred_overflow(axis) for axis in scene.axes), ', ')}"
    )


def _centred_overflow(axis: Axis) -> int:
    step = axis.patch - axis.overlap
    return step * -(-axis.size // step) - axis.size + axis.overlap


def percent(share: float) -> str:
    """Write a share as a percentage."""
    return "0 %" if share == 0 else f"{100 * share:.1f} %"


def _epoch_rows(scene: Scene) -> Iterator[Row]:
    batch = scene.settings.batch_size

    def row(key: str, label: str, value: int, formula: str, reason: str = "") -> Row:
        return Row(key, "Epoch", label, f"{value:,}", f"{formula} = {value:,}", reason)

    def patches(subjects: int, count: int, blank: int) -> str:
        whole = f"{subjects}·{scene.n_patches:,}"
        if subjects * scene.n_patches != count + blank:
            whole = f"sum over {subjects} subjects of their own patches"
        return whole + (f" - {blank:,} blank" if blank else "")

    if scene.n_subjects == 1:
        yield Row("n_training", "Epoch", "training subjects", "1", "one subject can't be split")
    else:
        share = f"floor({scene.n_subjects}·{scene.settings.data_split:g})"
        folds = f"{scene.n_subjects} - {scene.n_validation} in fold {scene.settings.fold + 1}"
        formula = folds if scene.settings.folds else share
        yield row("n_training", "training subjects", scene.n_training, formula)
    if scene.settings.skip_blank:
        yield Row("blank_rule", "Epoch", "blank patches are", *_blank_rule(scene))
    for key, steps_key, what, subjects, count, blank, steps in (
        (
            "n_queue",
            "n_steps",
            "training",
            scene.n_training,
            scene.n_queue,
            scene.n_blank,
            scene.n_steps,
        ),
        (
            "n_validation_patches",
            "n_validation_steps",
            "validation",
            scene.n_validation,
            scene.n_validation_patches,
            scene.n_validation_blank,
            scene.n_validation_steps,
        ),
    ):
        if subjects:
            reason = _why_resized(scene) if what == "training" else ""
            yield row(key, f"{what} patches", count, patches(subjects, count, blank), reason)
            reason = "" if steps else f"0 steps because all {blank:,} patches are blank"
            yield row(steps_key, f"{what} steps", steps, f"ceil({count:,} / {batch})", reason)
            left = count - max(0, steps - 1) * batch
            formula = f"{count:,} - {max(0, steps - 1)}·{batch}"
            reason = f"the last batch is partial: {left} of {batch}" if 0 < left < batch else ""
            yield row(f"{what}_last_batch", f"last {what} batch", left, formula, reason)


def _blank_rule(scene: Scene) -> tuple[str, str]:
    rule = scene.settings.skip_blank
    blank = f"{len(scene.blank):,} of the {scene.n_patches:,} patches of {scene.subject_id}"
    if rule == "any":
        return "without foreground", f"no voxel inside the image is labelled: {blank}"
    if rule == "center":
        return "background at the centre", f"the centre voxel isn't labelled: {blank}"
    return f"below {100 * float(rule):g} %", f"less of the image voxels is labelled: {blank}"


def _why_resized(scene: Scene) -> str:
    by = scene.n_queue - scene.n_found
    if not by:
        return ""
    found = f"epoch {scene.settings.epoch + 1} finds {scene.n_found:,} patches that aren't blank"
    what = f"{by:,} come twice" if by > 0 else f"{-by:,} fall away"
    return f"{found}: {what}, so that every epoch has epoch 1's steps"


def _memory_rows(scene: Scene) -> Iterator[Row]:
    sizes = [axis.patch for axis in scene.axes]
    patch = 4 * scene.n_channels * math.prod(sizes)
    channels = _noun(" channel", scene.n_channels)
    formula = f"{'·'.join(map(str, sizes))} voxels·{scene.n_channels}{channels}·4 bytes"
    yield Row("patch_bytes", "Memory", "a patch as float32", _bytes(patch), formula)
    total = patch * scene.n_queue
    formula = f"{scene.n_queue:,}·{_bytes(patch)} = {_bytes(total)}"
    yield Row("epoch_bytes", "Memory", "an epoch's patches", _bytes(total), formula)


def _bytes(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:,.4g} GiB"

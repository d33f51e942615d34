"""Every number of the picture: its value, the formula that gives it, and why it may surprise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from patchviz.grid.policies import POLICIES
from patchviz.scene.hints import why_more, why_padded, why_resized, why_unseen
from patchviz.scene.records import LedgerRow, Sampled, SamplingRule, Scene, SceneAxis
from patchviz.scene.wording import axes_text, bytes_text, join_axes, percent, plural, shorten

# key, label, value, formula, and perhaps a reason: a row but for its group
Entry = tuple[str, str, str, str] | tuple[str, str, str, str, str]


def write_ledger(scene: Scene) -> tuple[LedgerRow, ...]:
    """Write every number of the picture, group by group."""
    groups = {
        "Grid": _write_grid(scene),
        "Padding": _write_padding(scene),
        "Epoch": _write_epoch(scene),
        "Memory": _write_memory(scene),
    }
    return tuple(
        LedgerRow(key, group, *texts) for group, rows in groups.items() for key, *texts in rows
    )


def _write_grid(scene: Scene) -> Iterator[Entry]:
    """Write where patches lie: the starts of a grid, or the rule by which they are sampled."""
    if scene.sampled and scene.sampling_rule:
        yield from _write_sampled(scene, scene.sampled, scene.sampling_rule)
    else:
        yield from _write_starts(scene)
    out, whole = scene.n_patches - scene.n_whole, f"{scene.n_whole:,} wholly inside"
    formula = f"{scene.n_patches:,} - {whole} = {out:,}"
    yield "n_sticking_out", "patches that stick out", f"{out:,}", formula


def _write_sampled(scene: Scene, sampled: Sampled, rule: SamplingRule) -> Iterator[Entry]:
    given, sampling = scene.settings.patches_per_subject, scene.settings.sampling
    count = f"{scene.n_patches:,}"
    formula = f"given: {count}" if given else "as many as its grid has, drawn anew in every epoch"
    yield "n_patches", "patches in this volume", count, formula
    yield "sampling", "patches are drawn", rule.text, _explain(sampling)
    if isinstance(sampling, float):
        ruled, product = f"{rule.n_by_rule:,}", f"ceil({scene.n_queue:,}·{sampling:g})"
        formula = f"{product} = {ruled}; {sampled.n_by_rule:,} of them here"
        if not rule.is_reached:
            formula = f"all of the subjects that have any, less than {product}"
        yield "n_by_rule", "drawn for their foreground", ruled, formula
    if sampled.n_foreground is not None:
        held = f"{sampled.n_foreground:,}"
        formula = f"{held} of the {count} in this volume, by the rule or by chance"
        yield "n_foreground", "patches that hold foreground", held, formula


def _explain(sampling: str | float | tuple[float, ...]) -> str:
    if isinstance(sampling, float):
        return "a voxel of foreground stands in the middle, or beside it where the image ends"
    if isinstance(sampling, tuple):
        chances = (f"class {n}: {percent(c / sum(sampling))}" for n, c in enumerate(sampling))
        return ", ".join(chances)
    return "each place inside the image has the same chance"


def _write_starts(scene: Scene) -> Iterator[Entry]:
    axes = scene.axes
    counts = [len(axis.starts) for axis in axes]
    formulas: Iterable[str] = (_count(scene, axis) for axis in axes)
    yield "counts", "patches per axis", axes_text(counts), join_axes(axes, formulas)
    overflow = axes_text(axis.overflow for axis in axes)
    yield "overflow", "overflow", overflow, join_axes(axes, map(_overflow, axes))
    start = axes_text((axis.starts[0] for axis in axes), ", ")
    formulas = (_start(scene, axis) for axis in axes)
    yield "start", "first start", start, join_axes(axes, formulas)
    starts = join_axes(axes, (shorten(axis.starts) for axis in axes))
    formulas = (f"step = {a.patch} - {a.overlap} = {a.patch - a.overlap}" for a in axes)
    yield "starts", "starts", starts, join_axes(axes, formulas)
    count = f"{scene.n_patches:,}"
    formula = f"{'·'.join(map(str, counts))} = {count}"
    yield "n_patches", "patches in this volume", count, formula, why_more(scene)


def _count(scene: Scene, axis: SceneAxis) -> str:
    rule = POLICIES[scene.settings.policy].count
    step = axis.patch - axis.overlap
    shown = f"({axis.patch} - {axis.overlap})" if axis.overlap else step
    formula = rule.format(size=axis.size, patch=axis.patch, overlap=axis.overlap, step=shown)
    return f"{formula} = {len(axis.starts)}"


def _overflow(axis: SceneAxis) -> str:
    step, n = axis.patch - axis.overlap, len(axis.starts)
    if axis.starts[-1] - axis.starts[0] != step * (n - 1):  # shifted or respaced: irregular
        return f"{axis.starts[-1]} + {axis.patch} - {axis.size} = {axis.overflow}"
    extra = f" + {axis.overlap}" if axis.overlap else ""
    return f"{step}·{n} - {axis.size}{extra} = {axis.overflow}"


def _start(scene: Scene, axis: SceneAxis) -> str:
    start, epoch = axis.starts[0], scene.settings.epoch + 1
    if scene.settings.start is not None:
        return f"given: {start}"
    if any(other.start_offset for other in scene.axes):
        return f"drawn from {-axis.start_offset} … 0 in epoch {epoch}: {start}"
    if scene.settings.policy in ("centered", "tight"):
        return f"-ceil({axis.overflow} / 2) = {start}"
    return "0: the first patch starts with the image"


def _write_padding(scene: Scene) -> Iterator[Entry]:
    volume = math.prod(axis.size for axis in scene.axes)
    cut = scene.n_patches * math.prod(axis.patch for axis in scene.axes)
    real, share = scene.n_real, percent(1 - scene.n_real / cut)
    formula = f"1 - {real:,} real / {cut:,} cut = {share}"
    yield "padding", "padding", share, formula, why_padded(scene.axes)
    times = f"{cut / volume:.2f}"
    formula = f"{cut:,} cut / {volume:,} in the image = {times}"
    yield "redundancy", "voxels cut", f"{times} × the image", formula
    seen, once = scene.n_seen, scene.n_seen_once
    if seen is None or once is None:
        formula = f"{scene.n_patches:,} drawn patches cut the image into too many pieces"
        yield "unseen", "voxels in no patch", "not counted", formula
        return
    again, never = percent((seen - once) / volume), percent(1 - seen / volume)
    formula = f"({seen:,} - {once:,} in one only) / {volume:,} = {again}"
    yield "seen_again", "voxels in several patches", again, formula
    formula = f"1 - {seen:,} seen / {volume:,} = {never}"
    yield "unseen", "voxels in no patch", never, formula, why_unseen(scene)


def _write_epoch(scene: Scene) -> Iterator[Entry]:
    settings, n_training = scene.settings, scene.n_training
    share = f"floor({scene.n_subjects}·{settings.data_split:g}) = {n_training:,}"
    if settings.folds:
        fold = f"{scene.n_validation} in fold {settings.fold + 1}"
        share = f"{scene.n_subjects} - {fold} = {n_training:,}"
    formula = "one subject can't be split" if scene.n_subjects == 1 else share
    yield "n_training", "training subjects", f"{n_training:,}", formula
    if settings.skip_blank:
        yield "blank_rule", "blank patches are", *_blank_rule(scene)
    count, blank = scene.n_queue, scene.n_blank
    each = settings.patches_per_subject or scene.n_patches
    formula = _patches(n_training, each, count, blank)
    yield "n_queue", "training patches", f"{count:,}", formula, why_resized(scene)
    yield from _write_steps(scene, "training", "n_steps", count, scene.n_steps, blank)
    if scene.n_validation:
        count, blank = scene.n_validation_patches, scene.n_validation_blank
        formula = _patches(scene.n_validation, scene.n_patches, count, blank)
        yield "n_validation_patches", "validation patches", f"{count:,}", formula
        steps = "n_validation_steps", count, scene.n_validation_steps
        yield from _write_steps(scene, "validation", *steps, blank)


def _patches(n_subjects: int, each: int, count: int, blank: int) -> str:
    whole = f"{n_subjects}·{each:,}"
    if n_subjects * each != count + blank:
        whole = f"sum over {n_subjects} subjects of their own patches"
    return whole + (f" - {blank:,} blank" if blank else "") + f" = {count:,}"


def _write_steps(
    scene: Scene, name: str, key: str, count: int, steps: int, blank: int
) -> Iterator[Entry]:
    batch = scene.settings.batch_size
    formula = f"ceil({count:,} / {batch}) = {steps:,}"
    reason = "" if steps else f"0 steps because all {blank:,} patches are blank"
    yield key, f"{name} steps", f"{steps:,}", formula, reason
    full = max(0, steps - 1)
    left = count - full * batch
    formula = f"{count:,} - {full}·{batch} = {left:,}"
    reason = f"the last batch is partial: {left} of {batch}" if 0 < left < batch else ""
    yield f"{name}_last_batch", f"last {name} batch", f"{left:,}", formula, reason


def _blank_rule(scene: Scene) -> tuple[str, str]:
    rule = scene.settings.skip_blank
    blank = f"{len(scene.blank):,} of the {scene.n_patches:,} patches of {scene.subject_id}"
    if rule == "any":
        return "without foreground", f"no voxel inside the image is labelled: {blank}"
    if rule == "center":
        return "background at the centre", f"the centre voxel isn't labelled: {blank}"
    share = percent(float(rule))
    return f"below {share}", f"less of the image voxels is labelled: {blank}"


def _write_memory(scene: Scene) -> Iterator[Entry]:
    sizes = [axis.patch for axis in scene.axes]
    patch = 4 * scene.n_channels * math.prod(sizes)
    channels = f"{scene.n_channels}{plural(' channel', scene.n_channels)}"
    formula = f"{'·'.join(map(str, sizes))} voxels·{channels}·4 bytes"
    yield "patch_bytes", "a patch as float32", bytes_text(patch), formula
    total = bytes_text(patch * scene.n_queue)
    formula = f"{scene.n_queue:,}·{bytes_text(patch)} = {total}"
    yield "epoch_bytes", "an epoch's patches", total, formula

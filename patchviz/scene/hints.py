"""Why a number surprises, in a sentence beside it, and words of warning beside the controls."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from patchviz.scene.records import Hint, Scene, SceneAxis
from patchviz.scene.size_sweep import DEPTH
from patchviz.scene.wording import axes_text, percent, plural


def write_hints(scene: Scene) -> tuple[Hint, ...]:
    """Warn of what is possible and hardly wanted."""
    return tuple(_find_hints(scene))


def _find_hints(scene: Scene) -> Iterator[Hint]:
    multiple = 2**DEPTH
    uneven = sorted({axis.patch for axis in scene.axes if axis.patch % multiple})
    if uneven:
        yield Hint(
            "patch_size",
            f"{axes_text(uneven, ' and ')} can't be halved {DEPTH} times: a U-Net with "
            f"{DEPTH} poolings wants a multiple of {multiple}",
        )
    for axis in scene.axes:
        if axis.patch > axis.size:
            text = f"larger than the image along {axis.name}: {axis.patch} voxels for {axis.size}"
            yield Hint("patch_size", text)
    rule, share = scene.sampling_rule, scene.settings.sampling
    if rule and isinstance(share, float) and not rule.is_reached:
        text = f"only {rule.text}, not {percent(share)}: too few training subjects have any"
        yield Hint("sampling", text)
    if scene.sampled:
        if not scene.sampled.has_target:
            text = "this subject's label has nothing of what is to be drawn: its patches lie "
            yield Hint("sampling", text + "anywhere")
        return
    if lost := _count_lost(scene):
        control = "policy" if scene.settings.start is None else "start"
        control = "start_offset" if any(axis.start_offset for axis in scene.axes) else control
        volume = math.prod(axis.size for axis in scene.axes)
        yield Hint(control, f"{percent(lost / volume)} of the voxels are in no patch")
    if scene.n_covering < scene.n_patches:
        yield Hint("overlap", f"{_more_than_needed(scene)} (policy tight)")


def why_more(scene: Scene) -> str:
    """Say that fewer patches would cover."""
    if scene.n_covering == scene.n_patches:
        return ""
    return (
        f"{_more_than_needed(scene)}: the formula counts steps, though a patch reaches further "
        "than its step (policy tight)"
    )


def why_padded(axes: Sequence[SceneAxis]) -> str:
    """Say along which axes the patch is larger than the image."""
    larger = [axis for axis in axes if axis.patch > axis.size]
    if not larger:
        return ""
    texts = (f"{axis.patch} for {axis.size} voxels along {axis.name}" for axis in larger)
    return f"the patch is larger than the image: {', '.join(texts)}"


def why_unseen(scene: Scene) -> str:
    """Say what leaves voxels out: the policy, a start inside the image, or one beyond it."""
    if not _count_lost(scene):
        return ""
    if scene.sampled:
        return "patches are drawn, and every epoch draws others"
    many = _never_seen(scene)
    if scene.settings.policy != "centered":
        return f"{many} because policy {scene.settings.policy} drops what is left"
    starts = [axis.starts[0] for axis in scene.axes]
    if max(starts) > 0:
        return f"{many} because the grid starts at {axes_text(starts, ', ')}"
    return (
        f"{many} in one epoch because the start {axes_text(starts, ', ')} exceeds "
        f"the overflow {axes_text((_centred_overflow(axis) for axis in scene.axes), ', ')}"
    )


def why_resized(scene: Scene) -> str:
    """Say by how much the epoch shown is trimmed or topped up."""
    by = scene.n_queue - scene.n_found
    if not by:
        return ""
    found = f"finds {scene.n_found:,} {plural('patch', scene.n_found)}"
    found += " that isn't blank" if scene.n_found == 1 else " that aren't blank"
    verb = ("come" if by > 0 else "fall") + ("s" if abs(by) == 1 else "")
    what = f"{abs(by):,} {verb} {'twice' if by > 0 else 'away'}"
    return (
        f"epoch {scene.settings.epoch + 1} {found}: {what}, so that every epoch has epoch 1's steps"
    )


def _more_than_needed(scene: Scene) -> str:
    return f"{scene.n_patches:,} patches where {scene.n_covering:,} would cover"


def _count_lost(scene: Scene) -> int:
    """Count the voxels in no patch, as far as they can be counted."""
    volume = math.prod(axis.size for axis in scene.axes)
    return 0 if scene.n_seen is None else volume - scene.n_seen


def _never_seen(scene: Scene) -> str:
    lost = [sum(end - first for first, end in axis.unseen) for axis in scene.axes]
    if len(set(lost)) == 1:
        verb = "is" if lost[0] == 1 else "are"
        return f"{lost[0]} {plural('voxel', lost[0])} per axis {verb} never seen"
    each = [f"{n} along {axis.name}" for n, axis in zip(lost, scene.axes, strict=True) if n]
    return f"some voxels ({', '.join(each)}) are never seen"


def _centred_overflow(axis: SceneAxis) -> int:
    step = axis.patch - axis.overlap
    return step * -(-axis.size // step) - axis.size + axis.overlap

"""Why a number surprises: the sentence beside it in the ledger, "" where nothing surprises."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchviz.scene.axes import Axis
from patchviz.scene.wording import axes_text, plural

if TYPE_CHECKING:
    from patchviz.scene.resolve import Scene


def why_more(scene: Scene) -> str:
    """Say that fewer patches would cover."""
    if scene.n_covering == scene.n_patches:
        return ""
    return (
        f"{scene.n_patches:,} patches where {scene.n_covering:,} would cover: the formula counts "
        "steps, though a patch reaches further than its step (policy tight)"
    )


def why_padded(axes: Sequence[Axis]) -> str:
    """Say along which axes the patch is larger than the image."""
    larger = [axis for axis in axes if axis.patch > axis.size]
    if not larger:
        return ""
    texts = (f"{axis.patch} for {axis.size} voxels along {axis.name}" for axis in larger)
    return f"the patch is larger than the image: {', '.join(texts)}"


def why_unseen(scene: Scene) -> str:
    """Say what leaves voxels out: the policy, a start inside the image, or one beyond it."""
    if scene.sampled:
        return "patches are drawn, and every epoch draws others" if _loses(scene) else ""
    lost = [axis.size - axis.n_seen for axis in scene.axes]
    if not any(lost):
        return ""
    many = _never_seen(scene, lost)
    if scene.settings.policy != "centered":
        return f"{many} because policy {scene.settings.policy} drops what is left"
    starts = [axis.starts[0] for axis in scene.axes]
    if max(starts) > 0:
        return f"{many} because the grid starts at {axes_text(starts, ', ')}"
    return (
        f"{many} in one epoch because the start {axes_text(starts, ', ')} exceeds "
        f"the overflow {axes_text((_centred_overflow(axis) for axis in scene.axes), ', ')}"
    )


def _loses(scene: Scene) -> bool:
    return scene.n_seen != math.prod(axis.size for axis in scene.axes)


def _never_seen(scene: Scene, lost: Sequence[int]) -> str:
    if len(set(lost)) == 1:
        verb = "is" if lost[0] == 1 else "are"
        return f"{lost[0]} {plural('voxel', lost[0])} per axis {verb} never seen"
    each = [f"{n} along {axis.name}" for n, axis in zip(lost, scene.axes, strict=True) if n]
    return f"some voxels ({', '.join(each)}) are never seen"


def _centred_overflow(axis: Axis) -> int:
    step = axis.patch - axis.overlap
    return step * -(-axis.size // step) - axis.size + axis.overlap


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


def why_no_steps(n_steps: int, n_blank: int) -> str:
    """Say that a set holds nothing but blank patches."""
    return "" if n_steps else f"0 steps because all {n_blank:,} patches are blank"


def why_partial(n_left: int, batch_size: int) -> str:
    """Say how full the last batch is."""
    partial = 0 < n_left < batch_size
    return f"the last batch is partial: {n_left} of {batch_size}" if partial else ""

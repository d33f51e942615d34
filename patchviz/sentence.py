"""The picture in one sentence: "144 → 3 boxes of 64 per axis → 27 patches × 24 subjects = 648"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from patchviz.wording import axes_text, plural

if TYPE_CHECKING:
    from patchviz.scene import Scene


@dataclass(frozen=True)
class Word:
    """A piece of the sentence; `key` names its number, None stands for the text between."""

    text: str
    key: str | None = None
    strong: bool = False


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
        Word(plural(" patch", scene.n_patches)),
    ]
    if scene.n_blank:
        words += [
            Word(" × "),
            Word(f"{scene.n_training:,}", "n_training"),
            Word(plural(" subject", scene.n_training) + " - "),
            Word(f"{scene.n_blank:,}", "n_blank"),
            Word(" blank = "),
        ]
    elif scene.n_patches * scene.n_training == scene.n_queue:
        words += [
            Word(" × "),
            Word(f"{scene.n_training:,}", "n_training"),
            Word(plural(" subject", scene.n_training) + " = "),
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
        Word(plural(" step", scene.n_steps)),
    )

"""The picture in one sentence: "144 → 3 boxes of 64 per axis → 27 patches × 24 subjects = 648"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from patchviz.scene.drawn import Drawn, name_rule
from patchviz.scene.wording import axes_text, plural

if TYPE_CHECKING:
    from patchviz.scene.resolve import Scene


@dataclass(frozen=True)
class Word:
    """A piece of the sentence; `key` names its number, None stands for the text between."""

    text: str
    key: str | None = None
    strong: bool = False


def write_sentence(scene: Scene) -> tuple[Word, ...]:
    """Write "144 → 3 boxes of 64 per axis → 27 patches × 24 subjects = 648 → 81 steps"."""
    return (
        Word(axes_text(axis.size for axis in scene.axes), "image_shape"),
        Word(" → "),
        *(_say_drawn(scene, scene.sampled) if scene.sampled else _say_grid(scene)),
        *_say_epoch(scene),
        Word(f"{scene.n_queue:,}", "n_queue", strong=True),
        Word(" → "),
        Word(f"{scene.n_steps:,}", "n_steps"),
        Word(plural(" step", scene.n_steps)),
    )


def _say_drawn(scene: Scene, drawn: Drawn) -> Iterator[Word]:
    """Say "27 patches of 64 drawn (33 % hold foreground)"."""
    yield Word(f"{scene.n_patches:,}", "n_patches", strong=True)
    yield Word(plural(" patch", scene.n_patches) + " of ")
    yield Word(axes_text(axis.patch for axis in scene.axes), "patch_size")
    yield Word(" drawn ")
    yield Word(_bracket(drawn.rule), "sampling")


def _bracket(rule: str) -> str:
    return f"({rule})" if rule[0].isdigit() else rule


def _say_grid(scene: Scene) -> tuple[Word, ...]:
    """Say "3 boxes of 64 per axis → 27 patches"."""
    axes = scene.axes
    counts = [len(axis.starts) for axis in axes]
    alike = len({(axis.size, axis.patch, len(axis.starts)) for axis in axes}) == 1
    return (
        Word(axes_text(counts), "counts"),
        Word(" boxes of " if max(counts) > 1 else " box of "),
        Word(axes_text(axis.patch for axis in axes), "patch_size"),
        Word(" per axis → " if alike else " → "),
        Word(f"{scene.n_patches:,}", "n_patches", strong=True),
        Word(plural(" patch", scene.n_patches)),
    )


def _say_epoch(scene: Scene) -> Iterator[Word]:
    """Say "× 24 subjects ="."""
    count = Word(f"{scene.n_training:,}", "n_training")
    subjects = plural(" subject", scene.n_training)
    rule = scene.settings.sampling
    if rule != "grid" and not scene.sampled:
        drawn = _bracket(name_rule(rule))
        yield from (Word(" to validate; drawn "), Word(drawn, "sampling"), Word(" in "), count)
        yield Word(subjects + ": ")
    elif scene.n_blank:
        blank = Word(f"{scene.n_blank:,}", "n_blank")
        yield from (Word(" × "), count, Word(subjects + " - "), blank, Word(" blank = "))
    elif scene.n_patches * scene.n_training == scene.n_queue:
        yield from (Word(" × "), count, Word(subjects + " = "))
    else:
        yield from (Word(" here; "), count, Word(" subjects of several shapes: "))

"""The picture in one sentence: "144 → 3 boxes of 64 per axis → 27 patches × 24 subjects = 648"."""

from __future__ import annotations

from collections.abc import Iterator

from patchviz.scene.records import SamplingRule, Scene, Word
from patchviz.scene.wording import axes_text, plural


def write_sentence(scene: Scene) -> tuple[Word, ...]:
    """Write "144 → 3 boxes of 64 per axis → 27 patches × 24 subjects = 648 → 81 steps"."""
    return (
        Word(axes_text(axis.size for axis in scene.axes), "image_shape"),
        Word(" → "),
        *_say_patches(scene),
        *_say_epoch(scene),
        Word(f"{scene.n_queue:,}", "n_queue", strong=True),
        Word(" → "),
        Word(f"{scene.n_steps:,}", "n_steps"),
        Word(plural(" step", scene.n_steps)),
    )


def _say_patches(scene: Scene) -> Iterator[Word]:
    """Say "3 boxes of 64 per axis → 27 patches", or "27 patches of 64 drawn anywhere"."""
    size = Word(axes_text(axis.patch for axis in scene.axes), "patch_size")
    count = Word(f"{scene.n_patches:,}", "n_patches", strong=True)
    patches = plural(" patch", scene.n_patches)
    if scene.sampled and scene.sampling_rule:
        yield from (count, Word(f"{patches} of "), size, Word(" drawn "))
        yield _say_rule(scene.sampling_rule)
        return
    counts = [len(axis.starts) for axis in scene.axes]
    alike = len({(axis.size, axis.patch, len(axis.starts)) for axis in scene.axes}) == 1
    boxes = " boxes of " if max(counts) > 1 else " box of "
    yield from (Word(axes_text(counts), "counts"), Word(boxes), size)
    yield from (Word(" per axis → " if alike else " → "), count, Word(patches))


def _say_rule(rule: SamplingRule) -> Word:
    text = f"({rule.text})" if "%" in rule.text else rule.text
    return Word(text, "sampling")


def _say_epoch(scene: Scene) -> Iterator[Word]:
    """Say "× 24 subjects ="."""
    count = Word(f"{scene.n_training:,}", "n_training")
    subjects = plural(" subject", scene.n_training)
    if scene.sampling_rule and not scene.sampled:
        yield from (Word(" to validate; drawn "), _say_rule(scene.sampling_rule), Word(" in "))
        yield from (count, Word(f"{subjects}: "))
    elif scene.n_blank:
        blank = Word(f"{scene.n_blank:,}", "n_blank")
        yield from (Word(" × "), count, Word(f"{subjects} - "), blank, Word(" blank = "))
    elif scene.n_patches * scene.n_training == scene.n_queue:
        yield from (Word(" × "), count, Word(f"{subjects} = "))
    else:
        yield from (Word(" here; "), count, Word(" subjects of several shapes: "))

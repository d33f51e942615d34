"""How numbers are written: those of several axes, shares, bytes, and the noun behind a count."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from patchviz.scene.records import SceneAxis


def axes_text(values: Iterable[object], joint: str = " × ") -> str:
    """Write one value per axis: a single one where all are the same, else all of them."""
    texts = [str(value) for value in values]
    return texts[0] if len(set(texts)) == 1 else joint.join(texts)


def join_axes(axes: Sequence[SceneAxis], texts: Iterable[str]) -> str:
    """Join the formulas of the axes: one where all are alike, else each behind its axis's name."""
    found = list(texts)
    if len(set(found)) == 1:
        return found[0]
    return "; ".join(f"{axis.name}: {text}" for axis, text in zip(axes, found, strict=True))


def shorten(values: Sequence[int], most: int = 8) -> str:
    """List numbers, of many the first ones and the last."""
    shown = [*values[: most - 1], "…", values[-1]] if len(values) > most else values
    return ", ".join(map(str, shown))


def percent(share: float) -> str:
    """Write a share as a percentage, by the rule of `percent` in the explorer's `words.js`.

    To a tenth; below 1 % and above 99 % to a hundredth. Only what is nothing or all reads so.
    """
    parts = 10 if 0.01 <= share <= 0.99 else 100  # of a percent, that are told apart
    count = math.floor(100 * parts * share + 0.5)
    if 0 < share < 1 and count in (0, 100 * parts):
        return "> 99.99 %" if count else "< 0.01 %"
    return f"{count / parts:g} %"


def bytes_text(count: float) -> str:
    """Write a number of bytes in the unit that keeps it below 1024."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:,.4g} GiB"


def plural(noun: str, count: int) -> str:
    """Write a noun as it stands behind a count."""
    return noun if count == 1 else noun + ("es" if noun.endswith("ch") else "s")

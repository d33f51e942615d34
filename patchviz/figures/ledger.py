"""The ledger, line by line."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.axes import Axes

from patchviz.figures import marks
from patchviz.figures.marks import MUTED, RULE
from patchviz.scene.resolve import Scene


def draw_ledger(scene: Scene, *, ax: Axes | None = None) -> Axes:
    """Draw the ledger: each number, its value, and the formula, cut short where it doesn't fit."""
    ax = ax or marks.current(10, 6)
    rows = scene.ledger
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.set_axis_off()
    wide, high = marks.points_per_unit(ax)
    ax.set(xlim=(0, wide), ylim=(high, 0))
    values = [row.value.split("; ") for row in rows]  # those of several axes are in lines
    line = min((high - 16) / sum(map(len, values)), 14)
    x_value = 10 + max(marks.width_of(row.label) for row in rows)
    y = line / 2
    for (above, row), lines in zip(pairwise((rows[0], *rows)), values, strict=True):
        if row.group != above.group:
            ax.axhline(y + 2 - line / 2, color=RULE, linewidth=0.8)
            y += 4
        x = x_value + max(96, 10 + max(map(marks.width_of, lines)))
        marks.write(ax, (0, y), row.label)
        marks.write(ax, (x, y), _fit(row.formula, wide - x), color=MUTED)
        for text in lines:
            marks.write(ax, (x_value, y), text)
            y += line
    return ax


def _fit(formula: str, room: float) -> str:
    """Leave away a formula's result, which the value says, and then its end, where too long."""
    if marks.width_of(formula) > room:
        formula = formula.rpartition(" = ")[0] or formula
    if (wide := marks.width_of(formula)) > room:
        formula = formula[: max(0, int(len(formula) * (room - 12) / wide))] + "…"
    return formula

"""The rows of the ledger that say where patches lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

from patchviz.grid.policies import POLICIES
from patchviz.scene.axes import Axis
from patchviz.scene.drawn import Drawn
from patchviz.scene.reasons import why_more
from patchviz.scene.row import Row
from patchviz.scene.wording import axes_text, join_axes, percent, shorten

if TYPE_CHECKING:
    from patchviz.scene.resolve import Scene


def write_grid_rows(scene: Scene) -> Iterator[Row]:
    """Write where patches lie: the starts of a grid, or the rule by which they are drawn."""
    if scene.sampled:
        yield from _drawn_rows(scene, scene.sampled)
    else:
        yield from _starts_rows(scene)
    out = scene.n_patches - scene.n_whole
    yield Row(
        "n_sticking_out",
        "Grid",
        "patches that stick out",
        f"{out:,}",
        f"{scene.n_patches:,} - {scene.n_whole:,} wholly inside = {out:,}",
    )


def _drawn_rows(scene: Scene, drawn: Drawn) -> Iterator[Row]:
    given, share = scene.settings.patches_per_subject, scene.settings.sampling
    count = f"{scene.n_patches:,}"
    formula = f"given: {count}" if given else "as many as its grid has, drawn anew in every epoch"
    yield Row("n_patches", "Grid", "patches in this volume", count, formula)
    yield Row("sampling", "Grid", "patches are drawn", drawn.rule, _explain(share))
    if isinstance(share, float):
        ruled = f"{drawn.n_by_rule:,}"
        formula = f"ceil({scene.n_queue:,}·{share:g}) = {ruled}; {drawn.n_here:,} of them here"
        yield Row("n_by_rule", "Grid", "drawn for their foreground", ruled, formula)
    if drawn.n_foreground is not None:
        held = f"{drawn.n_foreground:,}"
        formula = f"{held} of the {count} in this volume, by the rule or by chance"
        yield Row("n_foreground", "Grid", "patches that hold foreground", held, formula)


def _explain(sampling: str | float | tuple[float, ...]) -> str:
    if isinstance(sampling, float):
        return "a voxel of foreground stands in the middle, or beside it where the image ends"
    if isinstance(sampling, tuple):
        chances = (f"class {n}: {percent(c / sum(sampling))}" for n, c in enumerate(sampling))
        return ", ".join(chances)
    return "each place inside the image has the same chance"


def _starts_rows(scene: Scene) -> Iterator[Row]:
    axes = scene.axes
    counts = [len(axis.starts) for axis in axes]

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
        why_more(scene),
    )


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

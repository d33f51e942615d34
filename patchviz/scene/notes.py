"""Words of warning, each beside the control that it is about."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from patchviz.epochs.sampling import DrawnPatches
from patchviz.grid.patch_grid import PatchGrid
from patchviz.scene.axes import AXIS_NAMES
from patchviz.scene.drawn import Drawn
from patchviz.scene.settings import Settings
from patchviz.scene.size_sweep import DEPTH
from patchviz.scene.wording import axes_text, percent


@dataclass(frozen=True)
class Note:
    """A word of warning beside the control that it is about."""

    control: str
    text: str


def write_notes(
    patches: PatchGrid | DrawnPatches, settings: Settings, n_covering: int, drawn: Drawn | None
) -> list[Note]:
    """Warn of what is possible and hardly wanted; `n_covering` patches would cover the image."""
    notes = []
    multiple = 2**DEPTH
    uneven = sorted({size for size in patches.patch_size if size % multiple})
    if uneven:
        notes.append(
            Note(
                "patch_size",
                f"{axes_text(uneven, ' and ')} can't be halved {DEPTH} times: a U-Net with "
                f"{DEPTH} poolings wants a multiple of {multiple}",
            )
        )
    sizes = zip(AXIS_NAMES, patches.image_shape, patches.patch_size, strict=False)
    for name, size, patch in sizes:
        if patch > size:
            notes.append(
                Note("patch_size", f"larger than the image along {name}: {patch} voxels for {size}")
            )
    if isinstance(patches, PatchGrid):
        notes += _grid_notes(patches, settings, n_covering)
    elif drawn and not drawn.n_here and patches.n_by_rule:
        text = "this subject's label has nothing of what is to be drawn: its patches lie anywhere"
        notes.append(Note("sampling", text))
    return notes


def _grid_notes(grid: PatchGrid, settings: Settings, n_covering: int) -> Iterator[Note]:
    if grid.uncovered:
        share = grid.uncovered / math.prod(grid.image_shape)
        given = "start_offset" if settings.start is None else "start"
        control = "policy" if grid.start is None else given
        yield Note(control, f"{percent(share)} of the voxels are in no patch")
    if n_covering < len(grid):
        text = f"{len(grid):,} patches where {n_covering:,} would cover (policy tight)"
        yield Note("overlap", text)

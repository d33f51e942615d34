"""The track of the patch size: padding and number of patches for each."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from patchviz.figures import marks
from patchviz.figures.marks import MUTED, REAL, SELECTION, TEXT
from patchviz.scene.records import Scene
from patchviz.scene.wording import axes_text, percent


def draw_padding_track(scene: Scene, *, ax: Axes | None = None) -> Axes:
    """Draw the padding and the number of patches by cubic patch size, and mark the scene's own."""
    ax = ax or marks.current(10, 2)
    track, sizes = scene.size_sweep, [axis.patch for axis in scene.axes]
    saw = [math.nan if share is None else 100 * share for share in track.padding]
    ax.set(xlim=(track.sizes[0] - 0.5, track.sizes[-1] + 0.5), ylim=(-5, 105))
    ax.fill_between(track.sizes, saw, color=REAL(0.25), alpha=0.25, linewidth=0)
    ax.plot(track.sizes, saw, color=REAL(0.25), linewidth=1.5)
    ax.set_yticks((0, 50, 100), ("0 %", "50 %", "100 %"), fontsize=TEXT, color=MUTED)
    counts = dict(zip(track.sizes, track.counts, strict=True))
    for size in marks.draw_ruler(ax.xaxis, track.ticks):
        if (count := counts[size]) is not None:
            marks.write(ax, (size, 112), f"{count:,}", color=MUTED, ha="center", va="bottom")
    share = 100 * (1 - scene.n_real / (scene.n_patches * math.prod(sizes)))
    ax.vlines(sizes, 0, share, color=SELECTION, linewidth=1.5)
    ax.plot(sizes, [share] * len(sizes), "o", color=SELECTION, markersize=7)
    present = f"patch size {axes_text(sizes)}: {percent(share / 100)} padding"
    ax.set_title(present, loc="left", fontsize=TEXT + 1, color=SELECTION, pad=19)
    ax.set_title("patches", loc="right", fontsize=TEXT, color=MUTED, pad=19)
    ax.spines[["left", "top", "right"]].set_visible(False)
    return ax

"""One axis as a ruler, and over it its patches."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from patchviz.figures import marks
from patchviz.figures.marks import INK, MUTED, REAL, RULE, TEXT, UNSEEN
from patchviz.scene.records import Scene


def draw_axis(scene: Scene, axis: int = 0, *, ax: Axes | None = None) -> Axes:
    """Draw one axis as a ruler: the image as a bar, and over it each patch with its start.

    Raises ValueError for an `axis` that isn't there.
    """
    ax = ax or marks.current(10, 1.8)
    it = scene.axes[marks.require_within("axis", axis, (0, len(scene.axes)))]
    starts, inside = np.array(it.starts), np.array(it.inside)
    lanes = len(starts)  # of drawn patches, which may lie anywhere
    if scene.sampled is None:
        lanes = min(lanes, max(3, 1 + math.ceil(it.patch / (it.patch - it.overlap))))
    lane = 1 + np.arange(len(starts)) % lanes
    ax.set(xlim=it.span, ylim=(-0.6, lanes + 0.5), yticks=())
    marks.draw_boxes(ax, (0, -0.36, it.size, 0.36), facecolors=RULE)
    unseen = [(low, -0.36, high, 0.36) for low, high in it.unseen]
    marks.draw_boxes(ax, unseen, gid="unseen", facecolors=UNSEEN)
    is_roomy = scene.sampled is None or marks.points_per_unit(ax)[1] > TEXT
    if is_roomy:
        marks.write(ax, (it.size / 2, 0), f"image: {it.size} voxels", ha="center")
    ax.vlines((0, it.size), -0.6, lanes + 0.5, INK, linewidth=1, linestyle="--", clip_on=False)
    low, high = lane - 0.36, lane + 0.36
    bars, real = np.c_[starts, low, starts + it.patch, high], np.clip(starts, 0, None)
    how = {"linewidths": 1, "edgecolors": MUTED}
    marks.draw_boxes(ax, bars, gid="patches", facecolors="white", hatch="////", **how)
    bars = np.c_[real, low, real + inside, high]
    marks.draw_boxes(ax, bars, gid="real", facecolors=REAL(inside / it.patch), **how)
    room = marks.points_per_unit(ax)[0] * it.patch
    for n, start in enumerate(it.starts if is_roomy and room > 26 else ()):
        text = f"patch {n + 1} from {start}" if room > 100 else f"{start}"
        marks.write_tag(ax, (start, lane[n] - 0.25), text, "white")
    ax.spines[["left", "top", "right"]].set_visible(False)
    marks.draw_ruler(ax.xaxis, sorted({*it.starts}), it.size)
    ax.set_xlabel(f"{it.name} (voxels)", fontsize=TEXT, color=MUTED)
    return ax

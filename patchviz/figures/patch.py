"""One patch, as the network gets it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from patchviz.arguments import Array
from patchviz.figures import marks
from patchviz.figures.marks import INK, SELECTION, TEXT, Turned
from patchviz.scene.records import Scene


def draw_patch(
    scene: Scene, image: Array, patch: int, axis: int = 2, *, ax: Axes | None = None
) -> Axes:
    """Draw one patch as the network gets it, with an outline around what is image in it.

    Parameters
    ----------
    scene, axis, ax
        As in `draw_plane`; the slice is the middle one of the patch's real part.
    image : ndarray of the subject's shape
    patch : int
        Counted from 0.
    """
    ax = ax or marks.current(4, 4)
    turned = Turned(scene, axis)
    n = marks.require_within("patch", patch, (0, scene.n_patches))
    _, right, up = turned.axes
    low, high = turned.corners[n], turned.corners[n] + turned.patch
    ax.set(xlim=(low[1], high[1]), ylim=(low[2], high[2]), aspect=up.spacing / right.spacing)
    real = np.clip((low, high), 0, turned.size)
    i, j = low[1:] - (right.span[0], up.span[0])
    plane = turned.cut("image", image, sum(real[:, 0]) // 2)
    marks.show(ax, plane[i : i + right.patch, j : j + up.patch], image)
    how = {"facecolors": "none", "edgecolors": SELECTION, "linewidths": 1.5}
    marks.draw_boxes(ax, real[:, 1:], gid="image", **how)
    mode = "" if turned.shares[n] == 1 else f", padding: {scene.settings.padding_mode}"
    ax.set_title(f"patch {n + 1}{mode}", loc="left", fontsize=TEXT + 1, color=INK)
    ax.set(xticks=(), yticks=())
    return ax

"""The queue of an epoch, batch by batch."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from patchviz.epochs.queue import PatchQueue
from patchviz.figures.marks import INK, TEXT, current


def draw_queue(queue: PatchQueue, batch_size: int, *, ax: Axes | None = None) -> Axes:
    """Draw a queue as columns of one batch each, a colour for each subject; the last is first."""
    ax = ax or current(10, 1.4)
    missing = np.full(-len(queue) % batch_size, math.nan)  # of the batch that comes last
    cells = np.concatenate([missing, queue.visits]).reshape(-1, batch_size).T
    ax.imshow(cells, "viridis", aspect="auto", interpolation="nearest")
    ax.set(xticks=(), yticks=())
    ax.spines[:].set_visible(False)
    n_batches = cells.shape[1]
    text = f"{len(queue):,} patches in {n_batches:,} batches of {batch_size}; popped from the right"
    ax.set_title(text, loc="left", fontsize=TEXT + 1, color=INK)
    return ax

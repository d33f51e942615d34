"""Answers to 06 · Overlap and seams."""

import numpy as np

import patchviz
from patchviz.grid import cut_patch


def count(overlap):
    """Count the patches of 64 in 144 under "tight"."""
    return len(patchviz.PatchGrid((144, 144, 144), 64, overlap=overlap, policy="tight"))


# three patches hold 3 x 64 = 192 voxels, 48 more than 144: their two overlaps share these, 24 each
mine = 25
assert count(mine - 1) == 27
assert count(mine) == 4**3 == 64

# the error of 64 patches, weighted by "hann"
image = patchviz.Cohort.phantom()[0].image[0]
edge = np.minimum(np.arange(64), np.arange(63, -1, -1))
sure = np.minimum(1, edge / 16)
unsure = 1 - sure[:, None, None] * sure[:, None] * sure


def find_error(grid, weights):
    """Put the answers of the notebook's model together, and compare them with the image."""
    patches = np.array([cut_patch(image, corner, grid.patch_size) for corner in grid])
    off = np.random.default_rng(0).normal(0, 0.3, (len(grid), 1, 1, 1))
    answers = patches * (1 + off * unsure)
    volume = patchviz.reconstruct_from_patches(answers, grid, image.shape, weights=weights)
    return float(np.abs(volume - image).mean())


tight = patchviz.PatchGrid(image.shape, 64, overlap=32, policy="tight")
wide = patchviz.PatchGrid(image.shape, 64, overlap=32)
mine = find_error(tight, "hann")
every = find_error(wide, "hann")
print(f"64 patches: off by {mine:.2f}; 125 patches: off by {every:.2f}")
assert abs(mine - every) < 0.5  # 61 patches more gain nothing
assert mine < find_error(tight, "uniform")

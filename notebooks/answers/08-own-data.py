"""Answer to the exercise of 08-own-data."""

from patchviz import PatchGrid

# Two patches of 16 reach over 32 voxels, 8 more than the image has: they overlap by these 8.
overlap = 2 * 16 - 24
print(overlap)

grid = PatchGrid((128, 96, 24), (64, 48, 16), overlap=(0, 0, overlap), policy="tight")
assert grid.starts == ((0, 64), (0, 48), (0, 8))
assert (grid.real_fraction == 1).all()
assert grid.uncovered == 0

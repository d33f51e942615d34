"""Answers to 02 · Overflow and padding."""

from patchviz import PatchGrid

# The first overlap that costs more than 27 boxes: three steps must still reach 144.
mine = 17  # the step is 64 - 17 = 47, and 3 × 47 = 141 is too short; 3 × 48 = 144 was not
assert len(PatchGrid((144, 144, 144), 64, overlap=mine - 1)) == 27
assert len(PatchGrid((144, 144, 144), 64, overlap=mine)) == 64

# The largest patch size with the least padding for 155 voxels: 5 × 32 and 2 × 80 are both 160.
mine = 80
overflows = {size: PatchGrid((155,), size).overflow[0] for size in (32, 48, 64, 80, 96)}
assert overflows == {32: 5, 48: 37, 64: 37, 80: 5, 96: 37}

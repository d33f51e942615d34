"""Answers to 04 · Generators and steps."""

import patchviz


def my_steps(n_patches, batch_size):
    """Round up: the last batch may be partial. In whole numbers, -(-a // b) rounds up."""
    return -(-n_patches // batch_size)


# the number of steps, also of few patches and of none
assert [my_steps(n, 8) for n in (648, 162, 5, 0)] == [81, 21, 1, 0]
assert all(my_steps(n, 8) == patchviz.get_number_of_steps(n, 8) for n in range(1000))

# the largest offset that leaves no voxel out: the overflow
grid = patchviz.PatchGrid((144, 144, 144), 64)
mine = grid.overflow[0]
assert mine == 48
assert patchviz.PatchGrid((144, 144, 144), 64, start=-mine).uncovered == 0
assert patchviz.PatchGrid((144, 144, 144), 64, start=-mine - 1).uncovered > 0

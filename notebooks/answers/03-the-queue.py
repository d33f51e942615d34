"""Answers to 03 · The queue."""

import numpy as np

from patchviz import create_patch_index_list


# The chance that the next pop is of the same scan: n scans of p patches, one of them just popped.
def chance(n, p):
    left, left_of_this_scan = n * p - 1, p - 1
    return left_of_this_scan / left


mine = [chance(24, 27), chance(24, 8), chance(1, 27)]
assert np.allclose(mine, [26 / 647, 7 / 191, 1])

# How many pops until every scan came once.
queue = create_patch_index_list(range(24), (144, 144, 144), 64)
visits = queue.visits[::-1].tolist()
mine = next(n for n in range(1, 649) if len(set(visits[:n])) == 24)
assert mine == max(visits.index(scan) for scan in range(24)) + 1

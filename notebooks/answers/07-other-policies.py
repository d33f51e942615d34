"""Answers to the exercises of 07-other-policies."""

from patchviz import POLICIES, PatchGrid

# 1. The largest patch size below 72 for which all six policies agree. A size that divides 144
# leaves nothing over, so no policy has anything to pad, to move or to drop.
divisors = [patch for patch in range(1, 72) if 144 % patch == 0]
mine = divisors[-1]
print(mine)

grids = [PatchGrid((144,), mine, policy=policy) for policy in POLICIES]
assert {grid.starts for grid in grids} == {((0, 48, 96),)}
for patch in range(mine + 1, 72):
    assert len({PatchGrid((144,), patch, policy=policy).starts for policy in POLICIES}) > 1

# 2. An axis of 155 voxels, patches of 64, moved back inside: the last ends with the image.
mine = (0, 64, 155 - 64)
print(mine)

assert PatchGrid((155,), 64, policy="shifted").starts == (mine,)

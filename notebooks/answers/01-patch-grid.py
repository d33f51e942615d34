"""Answers to 01 · Patch grid."""

from patchviz import PatchGrid

# An image of 155 voxels, patches of 64.
n_patches = 3  # 155 ÷ 64 is 2.4, rounded up
overflow = n_patches * 64 - 155
assert overflow == 37  # odd: 19 voxels before the image, 18 behind it
mine = -19
assert mine == PatchGrid((155,), 64)[0][0]


# The rule as a function.
def first_start(image, patch):
    n_patches = -(-image // patch)  # rounded up
    overflow = n_patches * patch - image
    return -((overflow + 1) // 2)  # half of it, the larger half where it is odd


mine = [first_start(image, 8) for image in range(1, 201)]
assert mine == [PatchGrid((n,), 8)[0][0] for n in range(1, 201)]

"""Answer to the exercise of 09-training."""

import numpy as np

import patchviz

cohort = patchviz.Cohort.phantom(n=15, shape=(48, 48, 48))
training, _ = patchviz.get_validation_split(cohort)
lesion = np.array([cohort[n].label > 0 for n in training])

mine = (~lesion).sum() / lesion.sum()
print(f"{mine:.0f} voxels of background for one of lesion")
assert 800 < mine < 805

# pos_weight 20 need not make up for all of that: blank patches are left out, and a network that
# finds most of a lesion at the price of some false alarms is what we want, not a balance.
cut = [
    label[i : i + 24, j : j + 24, k : k + 24]
    for label in lesion
    for i, j, k in patchviz.PatchGrid((48, 48, 48), 24)
]
kept = np.array([patch for patch in cut if patch.any()])
print(f"{(~kept).sum() / kept.sum():.0f} in the patches that are not blank")
assert (~kept).sum() / kept.sum() < mine / 2

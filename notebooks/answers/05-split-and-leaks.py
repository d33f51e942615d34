"""Answers to 05 · Split and leaks."""

import math

import numpy as np

# 700 patches in order are 25 heads of 27 and 25 patches of the next one: only that one is cut
owner = np.repeat(np.arange(30), 27)
assert divmod(700, 27) == (25, 25)
mine = 1
assert mine == len(set(owner[:700]) & set(owner[700:]))

# a head is in both sets unless all its 8 patches train, or all validate: by symmetry as likely
all_train = math.prod((400 - n) / (800 - n) for n in range(8))
mine = 100 * (1 - 2 * all_train)
assert round(mine, 2) == 99.25

# and by chance
owner = np.repeat(np.arange(100), 8)
rng = np.random.default_rng(0)
draws = [rng.permutation(owner) for _ in range(1000)]
both = [len(np.intersect1d(draw[:400], draw[400:])) for draw in draws]
assert abs(np.mean(both) - mine) < 0.1

"""How numbers are written."""

import numpy as np
import pytest

from patchviz import CohortFacts, Settings, resolve
from patchviz.scene.wording import percent


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1e-9, "< 0.01 %"),
        (0.0005, "0.05 %"),
        (0.00999, "1 %"),
        (0.0625, "6.3 %"),
        (0.23, "23 %"),
        (0.578125, "57.8 %"),
        (0.9996, "99.96 %"),
        (1 - 1e-9, "> 99.99 %"),
        (1, "100 %"),
        (np.float32(0.5), "50 %"),
    ],
)
def test_shares_are_written_to_a_tenth_and_near_nothing_and_all_to_a_hundredth(share, text):
    assert percent(share) == text


def test_a_share_reads_the_same_in_the_ledger_and_beside_its_control():
    scene = resolve(
        Settings(patch_size=64, start=(0, 0, 1)), CohortFacts.from_shape((64, 64, 2048))
    )
    unseen = {row.key: row.value for row in scene.ledger}["unseen"]
    assert unseen == "0.05 %"
    assert f"{unseen} of the voxels are in no patch" in [hint.text for hint in scene.hints]

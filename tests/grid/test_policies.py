import json
import math
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from skimage.util import view_as_windows
from tiler import Tiler

from patchviz.grid.policies import POLICIES
from tests.oracle import axes

PEERS = json.loads((Path(__file__).parent / "peers.json").read_text())
RECORDED = [
    pytest.param(peer, id=f"{peer['policy']}-{peer['name']}") for peer in PEERS if peer["policy"]
]


def starts_of(policy, size, patch, overlap):
    return list(POLICIES[policy].starts(size, patch, overlap))


@given(axes(60))
def test_padded_end_is_tiler(axis):
    size, patch, overlap = axis
    assume(size > overlap)  # tiler has no tile otherwise
    tiler = Tiler(data_shape=(size,), tile_shape=(patch,), overlap=overlap, mode="constant")
    tiles = [int(tiler.get_tile_bbox(n)[0][0]) for n in range(len(tiler))]
    assert starts_of("padded_end", size, patch, overlap) == tiles


@given(axes(60))
def test_dropped_is_view_as_windows(axis):
    size, patch, overlap = axis
    assume(patch <= size)
    windows = view_as_windows(np.arange(size), patch, patch - overlap)
    assert starts_of("dropped", size, patch, overlap) == windows[:, 0].tolist()


@pytest.mark.parametrize("peer", RECORDED)
def test_a_policy_gives_the_starts_recorded_from_its_peer(peer):
    assert len(peer["cases"]) > 40
    for size, patch, overlap, starts in peer["cases"]:
        assert starts_of(peer["policy"], size, patch, overlap) == starts, (size, patch, overlap)


def test_a_patch_larger_than_the_image_is_placed_as_by_the_legacy_code():
    (legacy,) = (peer for peer in PEERS if peer["name"] == "3DUnetCNN")
    assert len(legacy["larger_patch"]) > 5
    for size, patch, overlap, starts in legacy["larger_patch"]:
        assert starts_of("centered", size, patch, overlap) == starts, (size, patch, overlap)


def test_a_patch_larger_than_the_image_is_refused_where_the_peer_refuses_it():
    refused = {
        (peer["policy"], size, patch, overlap)
        for peer in PEERS
        for size, patch, overlap, _ in peer["errors"]
        if peer["policy"] in ("shifted", "dropped") and patch > size
    }
    assert {policy for policy, *_ in refused} == {"shifted", "dropped"}
    for policy, size, patch, overlap in refused:
        with pytest.raises(ValueError, match=f"policy '{policy}', got {patch}"):
            starts_of(policy, size, patch, overlap)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_but_tight_has_a_recorded_peer(policy):
    recorded = policy in {peer["policy"] for peer in PEERS}
    assert recorded != (policy == "tight")
    assert (POLICIES[policy].reference == "patchviz") == (policy == "tight")


@given(axes(60))
def test_respaced_has_no_gap_wider_than_the_step_and_even_ones(axis):
    size, patch, overlap = axis
    assume(patch <= size)
    starts = starts_of("respaced", size, patch, overlap)
    assert (starts[0], starts[-1]) == (0, size - patch)
    gaps = np.diff(starts)
    if len(gaps):
        assert gaps.max() <= patch - overlap
        assert gaps.max() - gaps.min() <= 1


@given(axes(60), st.sampled_from([*POLICIES]))
def test_the_formula_shown_for_the_count_counts(axis, policy):
    size, patch, overlap = axis
    assume(patch <= size or policy in ("centered", "tight", "padded_end"))
    formula = POLICIES[policy].count.format(
        size=size, patch=patch, overlap=overlap, step=patch - overlap
    )
    counted = eval(formula, {"ceil": math.ceil, "floor": math.floor, "max": max})
    assert counted == len(starts_of(policy, size, patch, overlap))


def test_policies_are_frozen_and_known_by_their_names():
    assert list(POLICIES) == [
        "centered",
        "tight",
        "shifted",
        "respaced",
        "padded_end",
        "dropped",
    ]
    assert all(policy.name == name for name, policy in POLICIES.items())
    assert len({policy.summary for policy in POLICIES.values()}) == len(POLICIES)
    with pytest.raises(FrozenInstanceError):
        POLICIES["tight"].covers = False

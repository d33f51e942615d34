import doctest
import pickle
import tracemalloc
from functools import reduce
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import patchviz.grid.patch_grid
from patchviz.grid.patch_grid import PatchGrid, compute_patch_indices, get_set_of_patch_indices
from patchviz.grid.policies import POLICIES
from tests.oracle import axes, grid_arguments, legacy_indices, paint

ALL = tuple(POLICIES)


def padding_share(grid):
    return 1 - grid.real_fraction.mean()


# ---- the corners


@given(grid_arguments())
def test_corners_are_those_of_the_best_known_implementation(arguments):
    arguments.pop("policy")
    corners = compute_patch_indices(**arguments)
    np.testing.assert_array_equal(corners, legacy_indices(**arguments), strict=True)


@given(grid_arguments())
def test_without_overlap_stop_may_be_the_image_as_the_seed_has_it(arguments):
    shape, patch = np.array(arguments["image_shape"]), np.array(arguments["patch_size"])
    start = -np.ceil((patch * np.ceil(shape / patch) - shape) / 2)
    np.testing.assert_array_equal(
        compute_patch_indices(shape, patch), get_set_of_patch_indices(start, shape, patch)
    )


@given(st.lists(st.tuples(*[st.integers(-9, 9)] * 2, st.integers(1, 5)), min_size=1, max_size=4))
def test_set_of_indices_is_the_product_of_ranges(ranges):
    expected = list(product(*(range(*one) for one in ranges)))
    found = get_set_of_patch_indices(*zip(*ranges, strict=True))
    assert found.dtype == np.int64
    assert found.shape == (len(expected), len(ranges))
    assert list(map(tuple, found.tolist())) == expected


@given(grid_arguments(ALL))
def test_every_way_to_read_a_grid_agrees(arguments):
    grid = PatchGrid(**arguments)
    corners = list(product(*grid.starts))
    assert list(grid) == corners
    assert len(grid) == len(corners) == np.prod(grid.counts)
    assert [grid[n] for n in range(-len(grid), 0)] == corners
    assert grid[1:-1:2] == corners[1:-1:2]
    assert grid[::-1] == corners[::-1]
    assert grid.corners.dtype == np.int64
    assert grid.corners.shape == (len(corners), len(grid.image_shape))
    assert grid.corners.tolist() == list(map(list, corners))
    for n in (len(grid), -len(grid) - 1):
        with pytest.raises(IndexError, match=rf"from 0 to {len(grid) - 1} .* got {n}"):
            grid[n]


@given(grid_arguments(ALL))
def test_starts_increase_by_the_step_at_most(arguments):
    for starts, patch, overlap in zip(
        PatchGrid(**arguments).starts, arguments["patch_size"], arguments["overlap"], strict=True
    ):
        gaps = np.diff(starts)
        assert (gaps > 0).all()
        assert (gaps <= patch - overlap).all()


@given(grid_arguments(ALL, ndims=(3,)))
def test_one_number_stands_for_all_axes(arguments):
    size, patch, overlap = (arguments[k][0] for k in ("image_shape", "patch_size", "overlap"))
    start = None if arguments["start"] is None else arguments["start"][0]
    policy = arguments["policy"]
    short = PatchGrid([size] * 3, patch, overlap=overlap, start=start, policy=policy)
    long = PatchGrid(
        np.full(3, size),
        (patch,) * 3,
        overlap=[overlap] * 3,
        start=None if start is None else (start,) * 3,
        policy=policy,
    )
    assert short == long
    assert hash(short) == hash(long)
    assert short.starts == long.starts


# ---- what the patches cover


@given(grid_arguments(ALL))
def test_coverage_and_padding_are_those_of_painted_patches(arguments):
    grid = PatchGrid(**arguments)
    canvas, shares, image_box = paint(grid.image_shape, grid.patch_size, grid.corners)
    image = canvas[image_box]
    np.testing.assert_array_equal(reduce(np.multiply.outer, grid.coverage), image)
    assert grid.uncovered == (image == 0).sum()
    assert grid.real_fraction.shape == grid.counts
    np.testing.assert_allclose(grid.real_fraction.ravel(), shares)
    for axis, box in enumerate(image_box):
        painted = np.flatnonzero(canvas.sum(axis=tuple({*range(canvas.ndim)} - {axis})))
        first, last = painted[0], painted[-1] + 1
        assert grid.overflow[axis] == (last - first) - grid.image_shape[axis]
        assert grid.padding[axis] == (max(0, box.start - first), max(0, last - box.stop))


@given(grid_arguments(ALL))
def test_inside_counts_the_voxels_that_a_patch_shares_with_the_image(arguments):
    grid = PatchGrid(**arguments)
    for size, patch, starts, inside in zip(
        grid.image_shape, grid.patch_size, grid.starts, grid.inside, strict=True
    ):
        assert inside.tolist() == [
            len({*range(start, start + patch)} & {*range(size)}) for start in starts
        ]


def test_patches_may_lie_outside_altogether():
    before, after = (PatchGrid((4,), 3, start=start) for start in (-9, 9))
    assert [grid.inside[0].tolist() for grid in (before, after)] == [[0, 0], [0, 0]]
    assert [grid.coverage[0].tolist() for grid in (before, after)] == [[0] * 4] * 2
    assert [grid.uncovered for grid in (before, after)] == [4, 4]


@given(grid_arguments())
def test_overflow_is_the_formula_of_the_scheme(arguments):
    grid = PatchGrid(**arguments | {"start": None})
    shape, step = np.array(grid.image_shape), np.subtract(grid.patch_size, grid.overlap)
    overflow = step * np.ceil(shape / step).astype(int) - shape + grid.overlap
    assert grid.overflow == tuple(overflow)


@given(axes(), st.sampled_from([p for p in ALL if POLICIES[p].covers]))
def test_a_policy_that_promises_to_cover_covers(axis, policy):
    size, patch, overlap = axis
    if policy in ("shifted", "respaced") and patch > size:
        with pytest.raises(ValueError, match="`patch_size` must be at most"):
            PatchGrid((size,), patch, overlap=overlap, policy=policy)
    else:
        assert PatchGrid((size,), patch, overlap=overlap, policy=policy).uncovered == 0


def test_dropped_does_not_promise_to_cover():
    assert [name for name in ALL if not POLICIES[name].covers] == ["dropped"]
    grid = PatchGrid((144,) * 3, 64, policy="dropped")
    assert grid.uncovered == 144**3 - 128**3
    assert grid.overflow == (-16,) * 3


@given(axes())
def test_tight_takes_the_fewest_patches_and_centres_their_overflow(axis):
    size, patch, overlap = axis
    grid = PatchGrid((size,), patch, overlap=overlap, policy="tight")
    fewest = 1
    while patch + (fewest - 1) * (patch - overlap) < size:
        fewest += 1
    assert len(grid) == fewest
    ((before, after),) = grid.padding
    assert before - after in (0, 1)
    assert before + after == grid.overflow[0]


@given(axes())
def test_tight_is_centered_where_nothing_overlaps_and_never_more(axis):
    size, patch, overlap = axis
    tight, centered = (PatchGrid((size,), patch, policy=p) for p in ("tight", "centered"))
    assert tight.starts == centered.starts
    tight, centered = (
        PatchGrid((size,), patch, overlap=overlap, policy=p) for p in ("tight", "centered")
    )
    assert len(tight) <= len(centered)


@pytest.mark.parametrize(
    ("policy", "starts", "padding"),
    [("centered", (-28,), (28, 28)), ("tight", (-28,), (28, 28)), ("padded_end", (0,), (0, 56))],
)
def test_a_patch_larger_than_the_image_is_padded_around_it(policy, starts, padding):
    grid = PatchGrid((8,), 64, policy=policy)
    assert grid.starts == (starts,)
    assert grid.padding == (padding,)


@pytest.mark.parametrize("policy", ["shifted", "respaced", "dropped"])
def test_a_patch_larger_than_the_image_is_refused_where_nothing_is_padded(policy):
    with pytest.raises(ValueError, match=rf"at most the image's 8 voxels .*'{policy}'.* got 9"):
        PatchGrid((9, 8), (9, 9), policy=policy)
    assert PatchGrid((9, 8), (9, 8), policy=policy).starts == ((0,), (0,))


# ---- a value, and a lazy one


def test_a_large_grid_holds_no_corners():
    tracemalloc.start()
    grid = PatchGrid((2048,) * 3, 32)
    assert len(grid) == 64**3
    assert grid[100_000] == (24 * 32, 26 * 32, 32 * 32)
    assert grid[-1] == (2016,) * 3
    assert grid.padding == ((0, 0),) * 3
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000  # bytes; the corners alone would be 6 MiB
    assert len(pickle.dumps(grid)) < 1_000


def test_a_grid_is_a_frozen_value():
    grid = PatchGrid((144,) * 3, 64, start=-8)
    assert grid == PatchGrid([144] * 3, [64] * 3, overlap=(0, 0, 0), start=(-8, -8, -8))
    assert grid != PatchGrid((144,) * 3, 64)
    assert pickle.loads(pickle.dumps(grid)) == grid
    assert repr(grid).startswith("PatchGrid(image_shape=(144, 144, 144), patch_size=(64, 64, 64)")
    with pytest.raises(AttributeError, match="start"):
        grid.start = None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"image_shape": (8, 0)}, ValueError, "`image_shape` must be at least 1"),
        ({"image_shape": ()}, ValueError, "`image_shape` must have one value"),
        ({"image_shape": (8.0, 8)}, TypeError, "`image_shape` must be whole numbers"),
        ({"patch_size": 0}, ValueError, "`patch_size` must be at least 1 .* got 0"),
        ({"patch_size": 2.5}, TypeError, "`patch_size` must be whole numbers .* got 2.5"),
        ({"patch_size": "44"}, TypeError, "`patch_size` must be whole numbers .* got '44'"),
        ({"patch_size": (4, 4, 4)}, ValueError, "`patch_size` must have one .* each of 2 axes"),
        ({"overlap": -1}, ValueError, "`overlap` must be at least 0 .* got -1"),
        ({"overlap": (1, 4)}, ValueError, "`overlap` must be smaller than `patch_size`"),
        ({"start": (0, 0, 0)}, ValueError, "`start` must have one value for each of 2 axes"),
        ({"start": 0, "policy": "tight"}, ValueError, "`start` goes with policy 'centered' only"),
        ({"policy": "loose"}, ValueError, "`policy` must be one of 'centered', .* got 'loose'"),
        ({"padding_mode": "zero"}, ValueError, "`padding_mode` must be one of 'edge', .* 'zero'"),
    ],
)
def test_what_makes_no_grid_is_refused_by_name(arguments, error, message):
    with pytest.raises(error, match=message):
        PatchGrid(**{"image_shape": (8, 8), "patch_size": 4} | arguments)


@pytest.mark.parametrize(
    ("start", "stop", "step", "message"),
    [
        ([0, 0], [4], [1, 1], "`stop` must have one value for each of 2 axes"),
        ([0], [4], [0], "`step` must be at least 1"),
        ([0], [4.5], [1], "`stop` must be whole numbers"),
        ([float("inf")], [4], [1], "`start` must be whole numbers"),
    ],
)
def test_what_makes_no_set_of_indices_is_refused_by_name(start, stop, step, message):
    with pytest.raises((TypeError, ValueError), match=message):
        get_set_of_patch_indices(start, stop, step)


def test_examples_in_the_docstrings():
    result = doctest.testmod(patchviz.grid.patch_grid)
    assert result.failed == 0
    assert result.attempted >= 3


# ---- numbers that are in the course


@pytest.mark.parametrize(
    ("policy", "overlap", "starts"),
    [
        ("centered", 0, (-24, 40, 104)),
        ("tight", 0, (-24, 40, 104)),
        ("shifted", 0, (0, 64, 80)),
        ("shifted", 16, (0, 48, 80)),
        ("respaced", 0, (0, 40, 80)),
        ("respaced", 32, (0, 27, 53, 80)),
        ("padded_end", 0, (0, 64, 128)),
        ("dropped", 0, (0, 64)),
    ],
)
def test_starts_of_144_by_64(policy, overlap, starts):
    assert PatchGrid((144,), 64, overlap=overlap, policy=policy).starts == (starts,)


@pytest.mark.parametrize(
    ("size", "overflow", "padding", "starts"),
    [
        (144, 48, (24, 24), (-24, 40, 104)),
        (155, 37, (19, 18), (-19, 45, 109)),
    ],
)
def test_overflow_is_shared_between_both_ends(size, overflow, padding, starts):
    grid = PatchGrid((size,), 64)
    assert grid.overflow == (overflow,)
    assert grid.padding == (padding,)
    assert grid.starts == (starts,)


def test_first_example_by_hand():
    grid = PatchGrid((18,), 8)
    assert grid.overflow == (6,)
    assert grid.starts == ((-3, 5, 13),)
    assert PatchGrid((4,), 2).overflow == (0,)


def test_padding_of_the_reference_case():
    grid = PatchGrid((144,) * 3, 64)
    assert padding_share(grid) == 0.578125
    assert round(len(grid) * 64**3 / 144**3, 2) == 2.37
    assert (grid.real_fraction < 1).sum() == 26
    assert padding_share(grid) * 648 == 374.625  # MiB: a patch of float32 is 1 MiB
    by_kind = {
        kind: {round(100 * grid.real_fraction[n], 2) for n in places}
        for kind, places in {
            "corner": product((0, 2), repeat=3),
            "edge": [n for n in np.ndindex(3, 3, 3) if n.count(1) == 1],
            "face": [n for n in np.ndindex(3, 3, 3) if n.count(1) == 2],
            "centre": [(1, 1, 1)],
        }.items()
    }
    assert by_kind == {"corner": {24.41}, "edge": {39.06}, "face": {62.5}, "centre": {100}}


def test_three_planes_show_19_boxes_at_most():
    grid = PatchGrid((144,) * 3, 64)
    shown = [
        sum(any(c <= v < c + 64 for c, v in zip(corner, voxel, strict=True)) for corner in grid)
        for voxel in product((0, 39, 40, 103, 104, 143), repeat=3)
    ]
    assert max(shown) == min(shown) == 19


def test_48_to_71_all_give_27_patches_and_72_gives_8():
    assert {len(PatchGrid((144,) * 3, patch)) for patch in range(48, 72)} == {27}
    assert len(PatchGrid((144,) * 3, 47)) == 64
    assert padding_share(PatchGrid((144,) * 3, 48)) == 0
    assert round(100 * padding_share(PatchGrid((144,) * 3, 71)), 1) == 69.1
    assert len(PatchGrid((144,) * 3, 72)) == 8
    assert padding_share(PatchGrid((144,) * 3, 72)) == 0


def test_start_0_pads_as_much_and_leaves_a_patch_nearly_empty():
    grid = PatchGrid((144,) * 3, 64, start=0)
    assert padding_share(grid) == 0.578125
    assert round(100 * grid.real_fraction.min(), 2) == 1.56


@pytest.mark.parametrize(
    ("overlap", "policy", "n_patches"),
    [(16, "centered", 27), (32, "centered", 125), (32, "tight", 64)],
)
def test_what_an_overlap_costs(overlap, policy, n_patches):
    assert len(PatchGrid((144,) * 3, 64, overlap=overlap, policy=policy)) == n_patches


def test_overlap_16_pads_23_percent():
    assert round(100 * padding_share(PatchGrid((144,) * 3, 64, overlap=16)), 1) == 23.0


def test_price_of_shifted_and_dropped():
    seen = reduce(np.multiply.outer, PatchGrid((144,) * 3, 64, policy="shifted").coverage)
    assert round(100 * (seen >= 2).mean(), 1) == 70.4
    assert round(100 * (seen == 8).mean(), 1) == 3.7
    assert seen.max() == 8
    lost = PatchGrid((144,) * 3, 64, policy="dropped").uncovered / 144**3
    assert round(100 * lost, 1) == 29.8


def test_a_start_beyond_the_overflow_leaves_voxels_out():
    assert (PatchGrid((128,), 64, start=-16).coverage[0] == 0).sum() == 16
    assert all(PatchGrid((144,), 64, start=-n).uncovered == 0 for n in range(49))
    assert PatchGrid((144,), 64, start=-49).uncovered == 1

"""Patches go back to where they were cut, in any order, into any array."""

import weakref
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchviz.grid.assembly import WEIGHTS, reconstruct_from_patches
from patchviz.grid.patch_grid import PatchGrid
from tests.oracle import grid_arguments, slice_of_padded, volumes


def cut_all(volume, grid):
    return [slice_of_padded(volume, corner, grid.patch_size) for corner in grid]


@given(st.data(), grid_arguments(["centered", "dropped"]), st.sampled_from([0, 5, 1]))
def test_patches_without_overlap_go_back_bit_for_bit(data, arguments, default):
    grid = PatchGrid(**arguments | {"overlap": 0})
    volume = data.draw(volumes(grid.image_shape))
    if volume.dtype == bool:
        default = bool(default)
    back = reconstruct_from_patches(cut_all(volume, grid), grid, volume.shape, default)
    covered = np.ones(grid.image_shape, bool)
    for axis, seen in enumerate(grid.coverage):
        covered &= np.expand_dims(seen > 0, [*range(axis), *range(axis + 1, covered.ndim)])
    np.testing.assert_array_equal(back, np.where(covered, volume, volume.dtype.type(default)))
    assert back.dtype == volume.dtype


@given(
    st.data(),
    grid_arguments(["centered", "tight", "shifted", "respaced", "padded_end"]),
    st.sampled_from(WEIGHTS),
)
@settings(max_examples=100)
def test_overlapping_patches_of_one_volume_average_to_it(data, arguments, weights):
    grid = PatchGrid(**arguments | {"start": None})
    volume = data.draw(volumes(grid.image_shape))
    pieces, corners = cut_all(volume, grid), grid.corners
    back = reconstruct_from_patches(pieces, corners, volume.shape, weights=weights)
    assert back.dtype.kind in "fc" or back.dtype == volume.dtype
    np.testing.assert_allclose(back, volume, rtol=3e-5, atol=1e-5)
    order = np.random.default_rng(0).permutation(len(pieces))
    again = reconstruct_from_patches(
        iter([pieces[n] for n in order]), corners[order], volume.shape, weights=weights
    )
    np.testing.assert_allclose(again, back, rtol=3e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("weights", "curve"),
    [
        ("uniform", lambda t: np.ones_like(t)),
        ("gaussian", lambda t: np.exp(-((t - 0.5) ** 2) / (2 * 0.125**2))),
        ("hann", lambda t: np.sin(np.pi * t) ** 2),
    ],
)
def test_overlapping_patches_are_averaged_by_weight(weights, curve):
    shape, size, corners = (9, 7), (5, 4), [(-1, 0), (2, 1), (6, -2)]
    pieces = np.random.default_rng(0).random((3, *size))
    window = np.outer(*(curve((np.arange(n) + 0.5) / n) for n in size))
    sums, total = np.zeros(shape), np.zeros(shape)
    for piece, corner in zip(pieces, corners, strict=True):
        for place in np.ndindex(size):
            voxel = tuple(np.add(corner, place))
            if all(0 <= v < n for v, n in zip(voxel, shape, strict=True)):
                sums[voxel] += piece[place] * window[place]
                total[voxel] += window[place]
    expected = np.where(total > 0, sums / np.where(total > 0, total, 1), -3)
    assert 0 < (total == 0).sum() < 30
    back = reconstruct_from_patches(pieces, corners, shape, -3, weights=weights)
    np.testing.assert_allclose(back, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("dtype", "default", "expected"),
    [
        ("uint8", 0, "uint8"),
        ("uint8", 255, "uint8"),
        ("uint8", -1, "int16"),
        ("uint8", 256, "uint16"),
        ("int8", 0, "int8"),
        ("int16", 0.0, "int16"),
        ("int16", np.nan, "float32"),
        ("float32", 0.1, "float32"),
        ("float32", np.nan, "float32"),
        ("float16", -1, "float16"),
        ("bool", 0, "bool"),
        ("bool", -1, "int8"),
    ],
)
def test_the_default_stands_where_no_patch_is(dtype, default, expected):
    patch = np.ones(2, dtype)
    back = reconstruct_from_patches([patch], [[1]], (4,), default)
    assert back.dtype == expected
    np.testing.assert_array_equal(back, np.array([default, 1, 1, default]).astype(expected))


def test_the_default_stands_between_overlapping_patches_too():
    pieces, corners = np.ones((3, 2, 2)), [[0], [1], [5]]
    back = reconstruct_from_patches(pieces, corners, (2, 8), np.nan)
    np.testing.assert_array_equal(back, [[1, 1, 1, np.nan, np.nan, 1, 1, np.nan]] * 2)


def test_no_patches_give_the_default_alone():
    np.testing.assert_array_equal(reconstruct_from_patches([], [], (2, 3), 4), np.full((2, 3), 4))


@pytest.mark.parametrize(
    ("pieces", "corners", "shape", "message"),
    [
        ([np.ones(2)], [[0], [1]], (4,), "one corner for each of 1 patches, got 2"),
        ([np.ones(2), np.ones(3)], [[0], [1]], (4,), r"all be of one shape .* \[\(2,\), \(3,\)\]"),
        ([np.ones((2, 2))], [[0]], (4,), r"`data_shape` \(4,\), got \[\(2, 2\)\]"),
        ([np.ones(2)], [[0]], (3, 4), r"`data_shape` \(3, 4\), got \[\(2,\)\]"),
        ([np.ones(2)], [[0, 0]], (3, 4), r"`data_shape` \(3, 4\), got \[\(2,\)\]"),
        ([np.ones((2, 2))], [[0]], (3, 4), r"`data_shape` \(3, 4\), got \[\(2, 2\)\]"),
        ([np.ones(2)], [[0]], (0,), "`data_shape` must be at least 1"),
    ],
)
def test_patches_that_do_not_fit_are_refused(pieces, corners, shape, message):
    with pytest.raises(ValueError, match=message):
        reconstruct_from_patches(pieces, corners, shape)


def test_unknown_weights_are_refused():
    with pytest.raises(ValueError, match=r"`weights` must be one of 'uniform', .* got 'cosine'"):
        reconstruct_from_patches([np.ones(2)], [[0]], (4,), weights="cosine")


@given(
    st.lists(st.tuples(st.integers(-5, 8), st.integers(-4, 7)), min_size=1, max_size=12),
    st.sampled_from(WEIGHTS),
    st.sampled_from([0, -3, np.nan]),
    st.sampled_from([(), (2,)]),
)
def test_any_corners_in_any_order_give_what_brute_force_gives(corners, weights, default, channels):
    """Corners may repeat, lie outside, or form a grid by chance."""
    shape, size = (8, 7), (5, 4)
    pieces = np.random.default_rng(0).random((len(corners), *channels, *size))
    window = reconstruct_weights(size, weights)
    sums, total = np.zeros((*channels, *shape)), np.zeros(shape)
    for piece, corner in zip(pieces, corners, strict=True):
        for place in np.ndindex(size):
            voxel = tuple(np.add(corner, place))
            if all(0 <= v < n for v, n in zip(voxel, shape, strict=True)):
                sums[(..., *voxel)] += piece[(..., *place)] * window[place]
                total[voxel] += window[place]
    expected = np.where(total > 0, sums / np.where(total > 0, total, 1), default)
    back = reconstruct_from_patches(pieces, corners, sums.shape, default, weights=weights)
    np.testing.assert_allclose(back, expected, rtol=1e-12)


def reconstruct_weights(size, weights):
    curves = {
        "uniform": np.ones_like,
        "gaussian": lambda t: np.exp(-((t - 0.5) ** 2) / (2 * 0.125**2)),
        "hann": lambda t: np.sin(np.pi * t) ** 2,
    }
    return np.outer(*(curves[weights]((np.arange(n) + 0.5) / n) for n in size))


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("leave_out", [0, 1])
def test_voxels_that_one_patch_decides_are_its_own_bit_for_bit(weights, leave_out):
    """Also where others overlap, and whether or not corners form a grid."""
    grid = PatchGrid((40, 40, 40), 16, overlap=4, policy="tight")
    volume = np.random.default_rng(0).random(grid.image_shape, np.float32)
    corners = grid.corners[leave_out:]
    pieces = [slice_of_padded(volume, corner, (16,) * 3) for corner in corners]
    seen = sum(
        reconstruct_from_patches([np.ones((16,) * 3, int)], [corner], volume.shape)
        for corner in corners
    )
    back = reconstruct_from_patches(pieces, corners, volume.shape, weights=weights)
    assert (back[seen == 1] == volume[seen == 1]).all()
    np.testing.assert_allclose(back[seen > 1], volume[seen > 1], rtol=1e-6)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_large_patches_never_divide_by_zero(weights):
    """The border of a large patch weighs next to nothing, and where it is alone it decides."""
    back = reconstruct_from_patches(
        [np.ones((2, 3000))] * 2, [[-1, 0], [0, 0]], (2, 3000), weights=weights
    )
    np.testing.assert_allclose(back, 1, rtol=1e-6)


# ---- one by one, into anything


def test_patches_are_taken_one_by_one_and_none_is_kept():
    grid = PatchGrid((64, 64), 16, overlap=8)
    alive, most = set(), []

    def network():
        for n, corner in enumerate(grid):
            patch = np.full((16, 16), sum(corner), np.float32)
            alive.add(n)
            weakref.finalize(patch, alive.remove, n)
            most.append(len(alive))
            yield patch

    reconstruct_from_patches(network(), grid, grid.image_shape)
    assert len(most) == len(grid) > 50
    assert max(most) <= 3  # while one is made, the network and we hold the last


def in_memory(folder, shape, dtype):
    return np.full(shape, 77, dtype)


def mapped(folder, shape, dtype):
    return np.memmap(folder / "volume", dtype, "w+", shape=shape)


def zarr_array(folder, shape, dtype):
    zarr = pytest.importorskip("zarr", reason="Zarr is not installed: pip install zarr")
    return zarr.create_array(folder / "volume.zarr", shape=shape, chunks=(2, 8, 8, 8), dtype=dtype)


@pytest.mark.parametrize("make", [in_memory, mapped, zarr_array])
@pytest.mark.parametrize("overlap", [0, 1])
@pytest.mark.parametrize("leave_out", [0, 2])
def test_a_volume_is_written_where_out_says(tmp_path, make, overlap, leave_out):
    grid = PatchGrid((11, 9, 13), 5, overlap=overlap)
    corners = grid.corners[leave_out:]
    pieces = np.random.default_rng(0).random((len(corners), 2, 5, 5, 5), np.float32)
    shape = (2, *grid.image_shape)
    expected = reconstruct_from_patches(pieces, corners, shape, -1, weights="hann")
    out = make(tmp_path, shape, "float32")
    assert reconstruct_from_patches(pieces, corners, shape, -1, weights="hann", out=out) is out
    np.testing.assert_array_equal(out[...], expected)


def test_no_patches_fill_out_with_the_default():
    out = np.ones((2, 3))
    reconstruct_from_patches([], [], (2, 3), 4, out=out)
    np.testing.assert_array_equal(out, np.full((2, 3), 4))


@pytest.mark.parametrize(
    ("out", "default", "message"),
    [
        (np.ones(5, np.float32), 0, r"`out` must have the shape \(4,\), got \(5,\)"),
        (np.ones(4, np.int16), 0, "`out` must be of a dtype that takes float32, got int16"),
        (np.ones(4, np.float32), "0", "`default_value` must be a number, got '0'"),
    ],
)
def test_an_out_that_does_not_fit_is_refused(out, default, message):
    with pytest.raises((TypeError, ValueError), match=message):
        reconstruct_from_patches(np.ones((2, 3), np.uint8), [[0], [1]], (4,), default, out=out)


@pytest.mark.parametrize(("dtype", "small"), [("int64", "int8"), ("uint8", "int8")])
def test_an_out_in_which_patches_would_wrap_is_refused(dtype, small):
    message = f"`out` must be of a dtype that takes {dtype}, got {small} .cast the patches"
    with pytest.raises(ValueError, match=message):
        reconstruct_from_patches(np.full((1, 4), 200, dtype), [[0]], (4,), out=np.ones(4, small))


@pytest.mark.parametrize("default", [0, 0.0, 7, np.float32(7), Fraction(7)])
def test_no_patches_fill_an_out_of_whole_numbers(default):
    out = np.ones(4, np.uint8)
    assert reconstruct_from_patches([], [], (4,), default, out=out) is out
    assert out.tolist() == [default] * 4
    for other in (0.5, -1, 256):
        with pytest.raises(ValueError, match=r"`out` must be of a dtype that takes .* got uint8"):
            reconstruct_from_patches([], [], (4,), other, out=out)


def test_patches_of_several_dtypes_or_more_than_corners_are_refused():
    pieces = [np.ones(2, np.int16), np.ones(2, np.float32)]
    with pytest.raises(ValueError, match="one dtype, got int16 and float32"):
        reconstruct_from_patches(pieces, [[0], [1]], (4,))
    with pytest.raises(ValueError, match="for each of 2 patches or more, got 1"):
        reconstruct_from_patches([np.ones(2)] * 5, [[0]], (4,))

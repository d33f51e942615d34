from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchviz.grid import PADDING_MODES, PatchGrid
from patchviz.patches import (
    add_data,
    cut_patch,
    find_blank,
    is_blank,
    padding_index,
    reconstruct_from_patches,
)
from patchviz.policies import POLICIES

from .cohorts import FakeSubject, numbered_cohort
from .oracle import LARGEST, blank, grid_arguments, slice_of_padded

DTYPES = ["uint8", "int16", "int64", "float16", "float32", "float64", "bool", "complex64"]
modes = st.sampled_from(PADDING_MODES)


@st.composite
def boxes(draw, ndims=(1, 2, 3, 4)):
    """(image_shape, corner, patch_size): anywhere, also wholly outside."""
    ndim = draw(st.sampled_from(ndims))
    largest = LARGEST[ndim]
    return tuple(
        tuple(draw(st.integers(low, high)) for _ in range(ndim))
        for low, high in ((1, largest), (-2 * largest, 2 * largest), (1, largest + 2))
    )


@st.composite
def volumes(draw, image_shape):
    """Any dtype, with and without channels, in any layout of the memory."""
    shape = (*draw(st.lists(st.integers(1, 2), max_size=2)), *image_shape)
    values = np.random.default_rng(0).integers(0, 100, [2 * n for n in shape])
    values = values.astype(draw(st.sampled_from(DTYPES)))
    layout = draw(st.sampled_from(["C", "F", "every other", "backwards"]))
    if layout == "every other":
        return values[tuple(slice(None, None, 2) for _ in shape)]
    values = values[tuple(slice(n) for n in shape)]
    return values[..., ::-1] if layout == "backwards" else values.copy(order=layout)


# ---- cut and pad


@given(st.data(), boxes(), modes)
def test_a_patch_is_sliced_from_the_padded_volume(data, box, mode):
    image_shape, corner, patch_size = box
    volume = data.draw(volumes(image_shape))
    expected = slice_of_padded(volume, corner, patch_size, mode)
    patch = cut_patch(volume, corner, patch_size, mode)
    np.testing.assert_array_equal(patch, expected, strict=True)
    assert not np.shares_memory(patch, volume)


@given(st.data(), boxes(), modes, st.sampled_from(["same", "float64", "F", "every other"]))
def test_a_patch_may_be_cut_into_any_array(data, box, mode, kind):
    image_shape, corner, patch_size = box
    volume = data.draw(volumes(image_shape)).real
    expected = slice_of_padded(volume, corner, patch_size, mode)
    out = np.full([2 * n for n in expected.shape], 9, volume.dtype)
    out = out[
        tuple(slice(None, None, 2) if kind == "every other" else slice(n) for n in expected.shape)
    ]
    if kind != "every other":
        dtype = np.float64 if kind == "float64" else out.dtype
        out = out.astype(dtype, order="F" if kind == "F" else "C")
    assert cut_patch(volume, corner, patch_size, mode, out) is out
    np.testing.assert_array_equal(out, expected)
    out = np.full(expected.shape, 77, np.complex128)[..., ::-1]
    assert cut_patch(volume, corner, patch_size, mode, out) is out
    np.testing.assert_array_equal(out, expected)


@given(st.integers(1, 12), st.integers(-40, 40), st.integers(0, 30), modes)
def test_padding_index_tells_which_voxel_stands_where(size, start, length, mode):
    found = padding_index(size, start, start + length, mode)
    voxels = np.arange(1, size + 1)  # 0 is what constant padding puts
    expected = slice_of_padded(voxels, (start,), (length,), mode) - 1
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("edge", [0, 0, 0, 0, 1, 2, 2, 2, 2]),
        ("constant", [-1, -1, -1, 0, 1, 2, -1, -1, -1]),
        ("reflect", [1, 2, 1, 0, 1, 2, 1, 0, 1]),
        ("wrap", [0, 1, 2, 0, 1, 2, 0, 1, 2]),
    ],
)
def test_padding_of_three_voxels_by_hand(mode, expected):
    assert padding_index(3, -3, 6, mode).tolist() == expected
    patch = cut_patch(np.array([1, 2, 3]), (-3,), (9,), mode)
    assert patch.tolist() == [index + 1 for index in expected]


def test_an_unknown_padding_mode_is_refused_even_where_nothing_is_padded():
    message = "`padding_mode` must be one of 'edge', .* got 'symmetric'"
    with pytest.raises(ValueError, match=message):
        padding_index(3, 0, 3, "symmetric")
    for corner in (-1, 0):
        with pytest.raises(ValueError, match=message):
            cut_patch(np.arange(3), (corner,), (2,), "symmetric")


# ---- blank


@given(boxes(), st.floats(0, 0.3), st.integers(0, 99))
def test_a_patch_is_blank_when_its_voxels_inside_the_image_are(box, density, seed):
    image_shape, corner, patch_size = box
    label = np.random.default_rng(seed).random(image_shape) < density
    assert is_blank(label, corner, patch_size) == blank(label, corner, patch_size)


@given(grid_arguments([*POLICIES], ndims=(1, 2, 3)), st.floats(0, 0.1), st.integers(0, 99))
def test_find_blank_goes_through_the_grid(arguments, density, seed):
    grid = PatchGrid(**arguments)
    label = (np.random.default_rng(seed).random(grid.image_shape) < density).astype(np.int16)
    found = find_blank(label, grid)
    assert found.dtype == bool
    assert found.tolist() == [blank(label, corner, grid.patch_size) for corner in grid]


def test_padding_that_repeats_a_lesion_does_not_count():
    label = np.array([1, 0, 0])
    assert cut_patch(label, (2,), (3,), "wrap").tolist() == [0, 1, 0]
    assert is_blank(label, (2,), (3,))
    assert not is_blank(label, (-2,), (3,))


# ---- add_data


@pytest.fixture
def subject():
    (subject,) = numbered_cohort([(6, 5)], n_channels=2, dtype="int16", density=0.5)
    return subject


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_image_and_label_are_cut_and_padded_alike(subject, mode):
    x_list, y_list = ["first"], ["first"]
    index = (0, (-2, 3))
    assert add_data(x_list, y_list, [subject], index, (4, 4), padding_mode=mode) is True
    assert x_list[0] == y_list[0] == "first"
    expected = slice_of_padded(subject.image, (-2, 3), (4, 4), mode)
    np.testing.assert_array_equal(x_list[1], expected, strict=True)
    expected = slice_of_padded(subject.label, (-2, 3), (4, 4), mode)[np.newaxis] != 0
    np.testing.assert_array_equal(y_list[1], expected.astype(np.uint8), strict=True)


def test_each_label_value_gets_a_channel_in_the_order_given(subject):
    y_list = []
    add_data([], y_list, [subject], (0, (0, 0)), (6, 5), labels=[3, 1, 300])
    expected = np.stack([subject.label == value for value in (3, 1, 300)]).astype(np.uint8)
    assert expected[:2].any(axis=(1, 2)).all()
    np.testing.assert_array_equal(y_list[0], expected, strict=True)


def test_corners_may_be_rows_of_compute_patch_indices(subject):
    x_list, y_list = [], []
    for corner in (np.array([1, 2]), [1, 2], (1, 2)):
        add_data(x_list, y_list, [subject], (0, corner), 3)
    assert len({x.tobytes() for x in x_list}) == 1
    assert x_list[0].shape == (2, 3, 3)


def test_without_a_label_y_is_none(subject):
    x_list, y_list = [], []
    assert add_data(x_list, y_list, [FakeSubject("a", subject.image)], (0, (0, 0)), 3)
    assert y_list == [None]


def test_blank_patches_are_left_out_when_asked():
    label = np.zeros((6, 6), int)
    label[0, 0] = 5
    cohort = [FakeSubject("a", np.ones((1, 6, 6)), label)]
    lists = [], []
    assert add_data(*lists, cohort, (0, (2, 2)), 3, skip_blank=True) is False
    assert lists == ([], [])
    assert add_data(*lists, cohort, (0, (2, 2)), 3) is True
    assert add_data(*lists, cohort, (0, (-2, -2)), 3, skip_blank=True) is True
    assert [len(one) for one in lists] == [2, 2]


def test_blanks_can_not_be_told_without_a_label():
    cohort = [FakeSubject("sub-07", np.ones((1, 6, 6)))]
    with pytest.raises(ValueError, match="sub-07: `skip_blank` needs a label"):
        add_data([], [], cohort, (0, (0, 0)), 3, skip_blank=True)


def test_a_transform_gets_patches_and_the_generator_it_is_given(subject):
    rng, seen = np.random.default_rng(1), []

    def transform(x, y, given):
        seen.append(given)
        return x / 2, y[:, ::-1]

    plain, changed = ([], []), ([], [])
    add_data(*plain, [subject], (0, (0, 0)), 3)
    add_data(*changed, [subject], (0, (0, 0)), 3, transform=transform, rng=rng)
    add_data(*changed, [subject], (0, (0, 0)), 3, transform=transform)
    assert seen[0] is rng
    assert isinstance(seen[1], np.random.Generator)
    np.testing.assert_array_equal(changed[0][0], plain[0][0] / 2, strict=True)
    np.testing.assert_array_equal(changed[1][0], plain[1][0][:, ::-1], strict=True)


def test_a_patch_is_written_where_out_says(subject):
    x, y = np.full((2, 3, 3), -1.0, np.float32), np.full((1, 3, 3), 9, np.uint8)
    x_list, y_list = [], []
    add_data(x_list, y_list, [subject], (0, (-1, 3)), 3, out=(x, y))
    assert x_list[0] is x
    assert y_list[0] is y
    np.testing.assert_array_equal(x, slice_of_padded(subject.image, (-1, 3), (3, 3)))
    np.testing.assert_array_equal(y[0], slice_of_padded(subject.label != 0, (-1, 3), (3, 3)))


def test_cutting_leaves_the_subject_alone(subject):
    image, label = subject.image.copy(), subject.label.copy()
    for corner in product((-2, 0, 4), repeat=2):
        x_list, y_list = [], []
        add_data(x_list, y_list, [subject], (0, corner), 3)
        x_list[0][...] = y_list[0][...] = 1
    np.testing.assert_array_equal(subject.image, image)
    np.testing.assert_array_equal(subject.label, label)


# ---- put back


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
    st.sampled_from(["uniform", "gaussian", "hann"]),
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

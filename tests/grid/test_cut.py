from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchviz.grid.cut import (
    add_data,
    cut_patch,
    is_blank,
    padding_index,
)
from patchviz.grid.patch_grid import PADDING_MODES
from tests.cohorts import FakeSubject, numbered_cohort
from tests.oracle import LARGEST, blank, blank_rules, slice_of_padded, volumes

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
    if mode == "reflect":  # which NumPy 1.26 has wrong where there is much padding
        expected = [bounce(place, size) for place in range(start, start + length)]
    np.testing.assert_array_equal(found, expected)


def bounce(place, size):
    """Walk back and forth between both ends of an axis."""
    while size > 1 and not 0 <= place < size:
        place = -place if place < 0 else 2 * (size - 1) - place
    return place if size > 1 else 0


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


@given(boxes(), st.floats(0, 0.3), st.integers(0, 99), blank_rules)
def test_a_patch_is_blank_by_its_voxels_inside_the_image(box, density, seed, rule):
    image_shape, corner, patch_size = box
    label = np.random.default_rng(seed).random(image_shape) < density
    assert is_blank(label, corner, patch_size, rule) == blank(label, corner, patch_size, rule)


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


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"labels": 3}, "`labels` must be a list of whole numbers, got 3"),
        ({"labels": []}, "`labels` must name at least one label value"),
        ({"transform": "flip"}, "`transform` must be a function of .* got 'flip'"),
        ({"padding_mode": "zero"}, "`padding_mode` must be one of"),
        ({"patch_size": 0}, "`patch_size` must be at least 1"),
        ({"skip_blank": "centre"}, "`skip_blank` must be True, False, 'any'"),
    ],
)
def test_wrong_arguments_of_add_data_are_refused_by_name(subject, given, message):
    with pytest.raises((TypeError, ValueError), match=message):
        add_data([], [], [subject], (0, (0, 0)), **{"patch_size": 3} | given)


@pytest.mark.parametrize("no", [False, 0, np.bool_(False), np.int64(0)])
def test_any_false_keeps_blank_patches(no):
    cohort = [FakeSubject("a", np.ones((1, 6)), np.zeros(6, int))]
    assert add_data([], [], cohort, (0, (0,)), 3, skip_blank=no)
    assert not add_data([], [], cohort, (0, (0,)), 3, skip_blank=np.bool_(True))


def test_1_skips_patches_without_any_foreground_only():
    cohort = [FakeSubject("a", np.ones((1, 6)), np.eye(1, 6, dtype=int)[0])]
    for yes in (1, np.int64(1), np.float32(1)):
        assert add_data([], [], cohort, (0, (0,)), 3, skip_blank=yes)
        assert not add_data([], [], cohort, (0, (3,)), 3, skip_blank=yes)


def test_cutting_leaves_the_subject_alone(subject):
    image, label = subject.image.copy(), subject.label.copy()
    for corner in product((-2, 0, 4), repeat=2):
        x_list, y_list = [], []
        add_data(x_list, y_list, [subject], (0, corner), 3)
        x_list[0][...] = y_list[0][...] = 1
    np.testing.assert_array_equal(subject.image, image)
    np.testing.assert_array_equal(subject.label, label)

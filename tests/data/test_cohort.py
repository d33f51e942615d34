"""Cohorts: what is read from arrays, files and folders, when, and what is said of bad data."""

import copy
import gzip
import pickle
import re
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import nibabel
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

import patchviz.data.nifti
from patchviz import Settings, resolve
from patchviz.data.cohort import Cohort
from patchviz.data.facts import CohortFacts
from patchviz.data.phantom import make_phantom, write_phantom_cohort
from patchviz.errors import DataError

EXAMPLE = Path(nibabel.__path__[0], "tests", "data", "example4d.nii.gz")
SHAPE = (6, 5, 4)
AFFINE = np.array([[-2.0, 0, 0, 9], [0, 3, 0, -8], [0, 0, 1.5, 7], [0, 0, 0, 1]])


def voxels(shape=SHAPE, dtype=np.int16, seed=0):
    return np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)


def save(path, array, affine=AFFINE, slope=None, dtype=None):
    """Write a NIfTI file; `slope` is stored with the voxels as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nifti = nibabel.Nifti1Image(array, affine, dtype=dtype)
    if slope is not None:
        nifti.header.set_slope_inter(*slope)
    nibabel.save(nifti, path)
    return path


def folder_of(tmp_path, files):
    """Write one small file for each name, such as ``sub-01/t1.nii.gz``."""
    for name in files:
        save(tmp_path / name, (voxels() > 50).astype(np.uint8))
    return tmp_path


def raises(error, *said):
    """Expect an error whose message has all parts, in this order; " … " parts them too."""
    parts = " … ".join(said).split(" … ")
    return pytest.raises(error, match="(?s)" + ".*".join(map(re.escape, parts)))


# Cohort, a sequence ------------------------------------------------------------------------------


def test_a_cohort_is_a_sequence():
    cohort = Cohort.from_arrays([voxels(seed=n) for n in range(3)])
    assert len(cohort) == 3
    assert [s.id for s in cohort] == ["subject-01", "subject-02", "subject-03"]
    assert cohort[-1] is cohort[2]
    assert cohort[np.int64(1)] is cohort[1]
    assert cohort.index(cohort[1]) == 1
    assert repr(cohort) == "<Cohort of 3 subjects>"
    assert repr(cohort[0]) == "Subject('subject-01')"


@pytest.mark.parametrize("index", [3, -4, 99])
def test_an_index_outside_names_the_size_of_the_cohort(index):
    cohort = Cohort.from_arrays([voxels()] * 3)
    with raises(IndexError, f"no subject {index} in a cohort of 3 subjects"):
        cohort[index]


def test_a_slice_is_a_cohort_that_shares_volumes():
    cohort = Cohort.phantom(4, (8, 8, 8))
    part = cohort[1:3]
    assert isinstance(part, Cohort)
    assert part.facts.ids == ("sub-02", "sub-03")
    assert part[0].image is cohort[1].image


def test_numbers_are_padded_to_the_size_of_the_cohort():
    ids = [s.id for s in Cohort.from_arrays([voxels((2, 2))] * 100)]
    assert ids[0] == "subject-001"
    assert ids[-1] == "subject-100"


def test_only_numpy_is_imported_with_the_module():
    code = (
        "import sys, patchviz.data.cohort; "
        "print([m for m in ('nibabel', 'isal', 'tqdm', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert done.stdout.strip() == "[]"


# Arrays ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(6, 5, 4), (6, 5)])
def test_an_array_is_one_channel(shape):
    array = voxels(shape)
    label = (array > 50).astype(np.int32)
    subject = Cohort.from_arrays([array], [label])[0]
    assert subject.shape == shape
    assert subject.n_channels == 1
    assert subject.spacing == (1.0,) * len(shape)
    np.testing.assert_array_equal(subject.affine, np.eye(len(shape) + 1))
    np.testing.assert_array_equal(subject.image, array[None])
    np.testing.assert_array_equal(subject.label, label)
    assert subject.image.dtype == np.int16
    assert subject.label.dtype == np.int32
    assert subject.has_label


def test_arrays_of_four_dimensions_and_lists_hold_channels():
    array = voxels((3, *SHAPE))
    whole, listed = Cohort.from_arrays([array, list(array)])
    assert whole.n_channels == listed.n_channels == 3
    assert whole.shape == listed.shape == SHAPE
    np.testing.assert_array_equal(whole.image, array)
    np.testing.assert_array_equal(listed.image, array)
    assert listed.image.flags.c_contiguous


@pytest.mark.parametrize(
    ("types", "expected"),
    [("u1 f4", "f4"), ("u1 i1", "i2"), (">i4 u2", "i4"), (">i2 >i2", "i2"), ("? ?", "u1")],
)
def test_channels_of_several_types_are_promoted(types, expected):
    channels = [voxels(dtype=np.uint8).astype(dtype) for dtype in types.split()]
    subject = Cohort.from_arrays([channels])[0]
    assert subject.dtype == subject.image.dtype == np.dtype(expected)
    np.testing.assert_array_equal(subject.image, np.stack(channels))


def test_arrays_are_neither_copied_nor_locked():
    array, label = voxels(), voxels(dtype=np.uint8)
    subject = Cohort.from_arrays([array], [label])[0]
    assert np.shares_memory(subject.image, array)
    assert np.shares_memory(subject.label, label)
    assert subject.image is subject.image
    array[0, 0, 0] = 7
    assert subject.image[0, 0, 0, 0] == 7


@pytest.mark.parametrize(
    "array",
    [np.asfortranarray(voxels()), voxels(dtype=">i2"), voxels((12, 5, 4))[::2], voxels() > 50],
    ids=["fortran", "big-endian", "strided", "bool"],
)
def test_images_are_in_c_order_and_of_a_native_number_type(array):
    subject = Cohort.from_arrays([array])[0]
    image = subject.image
    assert image.flags.c_contiguous
    assert image.dtype.isnative
    assert subject.dtype == image.dtype == (np.uint8 if array.dtype == bool else np.int16)
    np.testing.assert_array_equal(image[0], array)


def test_decoded_volumes_are_read_only():
    subject = Cohort.phantom(1, (8, 8, 8))[0]
    for volume in (subject.image, subject.label):
        with pytest.raises(ValueError, match="read-only"):
            volume[...] = 0


def test_float64_stays_float64():
    subject = Cohort.from_arrays([voxels(dtype=np.float64)])[0]
    assert subject.dtype == subject.image.dtype == np.float64


def test_memory_maps(tmp_path):
    np.save(tmp_path / "image.npy", voxels())
    mapped = np.load(tmp_path / "image.npy", mmap_mode="r")
    image = Cohort.from_arrays([mapped])[0].image
    assert type(image) is np.ndarray
    assert np.shares_memory(image, mapped)
    np.testing.assert_array_equal(image[0], voxels())


@pytest.mark.parametrize("dtype", [np.float32, ">f4"])
def test_h5py_and_zarr(tmp_path, dtype):
    image, label = voxels((2, *SHAPE), dtype), voxels(dtype=np.uint8)
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["image"], file["label"] = image, label
        images = [file["image"], zarr.create_array(tmp_path / "image.zarr", data=image)]
        labels = [file["label"], zarr.create_array(tmp_path / "label.zarr", data=label)]
        for subject in Cohort.from_arrays(images, labels):
            assert (subject.n_channels, subject.shape) == (2, SHAPE)
            assert subject.dtype == subject.image.dtype == np.dtype("=f4")
            np.testing.assert_array_equal(subject.image, image)
            np.testing.assert_array_equal(subject.label, label)


def test_nibabels_arrays_scale_too(tmp_path):
    path = save(tmp_path / "ct.nii", voxels(), slope=(0.5, 1))
    subject = Cohort.from_arrays([nibabel.load(path).dataobj])[0]
    assert subject.dtype == subject.image.dtype == np.float64
    np.testing.assert_array_equal(subject.image[0], voxels() / 2 + 1)


class Untouchable:
    """Has a shape, a type where asked for an empty slice, and nothing to read."""

    def __init__(self, shape, dtype="u1"):
        self.shape, self.dtype_of_slices = shape, dtype

    def __getitem__(self, index):
        if index == slice(0):
            return np.empty(self.shape, self.dtype_of_slices)[index]
        raise AssertionError("read too early")


def test_voxels_are_not_read_for_the_type():
    subject = Cohort.from_arrays([Untouchable((2, 6, 5, 4), ">i4")])[0]
    assert subject.dtype == np.int32
    assert subject.dtype.isnative
    with raises(AssertionError, "read too early"):
        _ = subject.image


def test_headers_that_disagree_have_no_type(tmp_path):
    paths = [save(tmp_path / f"{n}.nii", voxels((6, 5, n))) for n in (3, 4)]
    with raises(DataError, "3: 4.nii has shape (6, 5, 4), but 3: 3.nii has (6, 5, 3)"):
        _ = Cohort.from_files([paths])[0].dtype


def test_arrays_are_not_read_for_the_facts():
    cohort = Cohort.from_arrays([Untouchable((2, 6, 5, 4))], [Untouchable((6, 5, 4))])
    assert cohort.facts == CohortFacts(
        ("subject-01",), (SHAPE,), ((1.0, 1.0, 1.0),), (("R", "A", "S"),), (2,), (True,)
    )
    with raises(AssertionError, "read too early"):
        _ = cohort[0].image


ONE, OTHER = voxels(), voxels((6, 5, 3))


@pytest.mark.parametrize(
    ("images", "labels", "error", "said"),
    [
        (ONE, None, TypeError, "`images` must be a list … got one … wrap it in a list, images=["),
        ([ONE], ONE, TypeError, "`labels` must be a list … got one … wrap it in a list, labels=["),
        ([[ONE, 3]], None, TypeError, "subject-01: array images[0][1] must be an array, got int"),
        ([], None, ValueError, "`images` must hold at least one subject … got an empty list"),
        ([ONE] * 2, [], ValueError, "`labels` must have 2 entries, one per subject, got 0"),
        ([ONE] * 2, [ONE], ValueError, "`labels` must have 2 entries, one per subject, got 1"),
        ([ONE] * 2, [ONE] * 3, ValueError, "`labels` must have 2 entries, one per subject, got 3"),
    ],
)
def test_lists_that_are_refused(images, labels, error, said):
    with raises(error, said):
        Cohort.from_arrays(images, labels)


@pytest.mark.parametrize(
    ("what", "shape", "remedy"),
    [
        ("images", (9, 9), "wrap it in a list, images=[...]"),
        ("images", (9, 9, 9), "wrap it in a list, images=[...], or pass list(images) if its first"),
        ("images", (65, 9, 9, 9), "wrap … images=[...], or pass list(images) if its first axis"),
        ("images", (65, 1, 9, 9, 9), "pass list(images) if its first axis counts subj"),
        ("labels", (9, 9, 9), "wrap it in a list, labels=[...], or pass list(labels) if its fi"),
        ("labels", (65, 9, 9, 9), "pass list(labels) if its first axis counts subjects"),
    ],
)
def test_an_array_of_all_subjects_is_to_be_a_list(what, shape, remedy):
    with raises(
        TypeError, f"`{what}` must be a list with one entry per subject, got one ndarray: {remedy}"
    ):
        Cohort.from_arrays(**{"images": [ONE], what: np.zeros(shape)})


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4, 5, 6), ()])
def test_other_dimensions(shape):
    with raises(DataError, "subject-02: array images[1]", str(shape), "2 or 3 dimensions", "4"):
        Cohort.from_arrays([ONE, np.zeros(shape)])


@pytest.mark.parametrize(
    ("image", "label", "said"),
    [
        (ONE, None, "subject-02: missing label … labels=None to work without"),
        (ONE, OTHER, "array labels[1] has shape (6, 5, 3) … images[1] has (6, 5, 4) … resample"),
        ([ONE, OTHER], ONE, "array images[1][1] has shape (6, 5, 3) … resample"),
        ([ONE, voxels((2, *SHAPE))], ONE, "array images[1][1] has shape (2, 6, 5, 4)"),
        (np.zeros((20, 20, 20, 3)), ONE, "(20, 20, 20, 3) … numpy.moveaxis(x, -1, 0)"),
        (np.zeros((0, 4, 4)), ONE, "array images[1] has shape (0, 4, 4)"),
    ],
)
def test_arrays_that_are_refused_at_once(image, label, said):
    with raises(DataError, "subject-02: ", said.removeprefix("subject-02: ")):
        Cohort.from_arrays([ONE, image], [ONE, label])


@pytest.mark.parametrize("shape", [(16, 5, 5, 3), (65, 60, 60, 60), (65, 60, 60, 17)])
def test_many_channels_may_be_first(shape):
    """Whoever follows advice to move the last axis must not get 60 channels where there are 65."""
    assert Cohort.from_arrays([np.zeros(shape, np.uint8)])[0].n_channels == shape[0]


def with_values(dtype, *values):
    """Make voxels whose last are `values`."""
    array = voxels(dtype=dtype)
    array.ravel()[-len(values) :] = values
    return array


NOT_FINITE = [with_values(f"f{size}", np.nan, np.nan, np.inf, -np.inf) for size in (2, 4, 8)]
WHEN_READ = [
    (["image", "label"], NOT_FINITE, "4 voxels that are NaN or infinite … nan_to_num … mask"),
    (
        ["label"],
        [with_values("f8", 0.25)],
        "0.25 … whole numbers … nearest neighbour … label > 0.5",
    ),
    (["label"], [with_values("f8", 1e20)], "up to 100000000000000000000: they must be below"),
    (["label"], [with_values(t, -3) for t in ("i2", "f4")], "down to -3 … 0 or more … clip"),
]


@pytest.mark.parametrize(
    ("what", "array", "said"),
    [
        (what, array, said)
        for whats, arrays, said in WHEN_READ
        for what in whats
        for array in arrays
    ],
)
def test_arrays_that_are_refused_when_read(what, array, said):
    subject = Cohort.from_arrays([array], [array])[0]
    with raises(DataError, f"subject-01: array {what}s[0]", said):
        getattr(subject, what)


@pytest.mark.parametrize("dtype", ["c8", "U3", object, [("r", "u1"), ("g", "u1")]])
def test_what_is_no_number_is_refused_at_once(dtype):
    array = np.zeros(SHAPE, dtype)
    for images, labels, what in (([array], None, "images"), ([voxels()], [array], "labels")):
        with raises(DataError, f"array {what}[0] has voxels of type … save it as ints or floats"):
            Cohort.from_arrays(images, labels)


def test_a_sum_that_overflows_is_no_fault():
    array = np.full(SHAPE, np.finfo(np.float32).max)
    np.testing.assert_array_equal(Cohort.from_arrays([array])[0].image[0], array)


# Labels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        *(
            (np.full(SHAPE, high, "f8"), t)
            for high, t in zip((0, 255, 256, 70_000), "BBHI", strict=True)
        ),
        (voxels() > 50, np.uint8),
        *((voxels(dtype=t), t) for t in (np.uint8, np.int16, np.int64, np.uint16)),
    ],
)
def test_labels_keep_their_type_or_get_the_smallest(array, dtype):
    label = Cohort.from_arrays([voxels()], [array])[0].label
    assert label.dtype == dtype
    np.testing.assert_array_equal(label, array)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=8))
def test_whole_floats_survive(values):
    array = np.array(values, np.float64).reshape(1, -1)
    label = Cohort.from_arrays([np.zeros(array.shape)], [array])[0].label
    assert label.ravel().tolist() == values


def test_without_labels():
    subject = Cohort.from_arrays([voxels()])[0]
    assert subject.label is None
    assert not subject.has_label


# Files -------------------------------------------------------------------------------------------


def test_a_file(tmp_path):
    path = save(tmp_path / "one.nii.gz", voxels())
    label = save(tmp_path / "seg.nii.gz", (voxels() > 50).astype(np.uint8))
    cohort = Cohort.from_files([str(path)], [label])
    subject = cohort[0]
    assert (subject.id, subject.shape, subject.n_channels) == ("one", SHAPE, 1)
    np.testing.assert_array_equal(subject.image, voxels()[None])
    np.testing.assert_array_equal(subject.label, voxels() > 50)
    assert subject.image.flags.c_contiguous
    assert subject.label.flags.c_contiguous
    assert (subject.image.dtype, subject.label.dtype) == (np.int16, np.uint8)
    np.testing.assert_array_equal(subject.affine, AFFINE)
    assert cohort.facts == CohortFacts(
        ("one",), (SHAPE,), ((2.0, 3.0, 1.5),), (("L", "A", "S"),), (1,), (True,)
    )
    assert cohort.facts is cohort.facts


def test_an_affine_can_be_changed_without_harm(tmp_path):
    subject = Cohort.from_files([save(tmp_path / "one.nii", voxels())])[0]
    subject.affine[:] = 0
    np.testing.assert_array_equal(subject.affine, AFFINE)


def test_channels_are_files(tmp_path):
    paths = [save(tmp_path / f"c{n}.nii", voxels(seed=n)) for n in range(3)]
    image = Cohort.from_files([paths])[0].image
    np.testing.assert_array_equal(image, np.stack([voxels(seed=n) for n in range(3)]))


@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "<i2", ">i2", "<u2", ">i4", "<f4", ">f4", "<f8", ">f8"]
)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_the_type_of_the_file_is_kept_in_native_order(tmp_path, dtype, suffix):
    header = nibabel.Nifti1Header(endianness=">" if ">" in dtype else "<")
    array = voxels(dtype=dtype)
    nifti = nibabel.Nifti1Image(array, AFFINE, header, dtype=array.dtype.newbyteorder("="))
    nibabel.save(nifti, tmp_path / f"x{suffix}")
    subject = Cohort.from_files([tmp_path / f"x{suffix}"])[0]
    assert subject.dtype == subject.image.dtype == np.dtype(dtype).newbyteorder("=")
    assert subject.image.dtype.isnative
    np.testing.assert_array_equal(subject.image[0], array)


@pytest.mark.parametrize("slope", [(2.5, -1000.0), (1.0, 3.0), (0.001, 0.0)])
def test_scaled_files_are_float32(tmp_path, slope):
    path = save(tmp_path / "ct.nii.gz", voxels(), slope=slope)
    subject = Cohort.from_files([path])[0]
    image = subject.image
    assert subject.dtype == image.dtype == np.float32
    assert image.flags.c_contiguous
    expected = nibabel.load(path).get_fdata()
    assert not np.array_equal(expected, voxels())
    np.testing.assert_array_equal(image[0], expected.astype(np.float32))


@pytest.mark.parametrize(("other", "expected"), [("i2", "f4"), ("f8", "f8"), ("i4", "f8")])
def test_scaled_and_other_channels(tmp_path, other, expected):
    paths = [
        save(tmp_path / "a.nii", voxels(), slope=(2, 1)),
        save(tmp_path / "b.nii", voxels(dtype=other)),
    ]
    subject = Cohort.from_files([paths])[0]
    assert subject.dtype == subject.image.dtype == np.dtype(expected)
    np.testing.assert_array_equal(subject.image, np.stack([voxels() * 2 + 1, voxels()]))


def test_labels_of_scaled_files(tmp_path):
    stored = (voxels() > 50).astype(np.uint8) * 255
    path = save(tmp_path / "seg.nii.gz", stored, slope=(1 / 255, 0))
    label = Cohort.from_files([path], [path])[0].label
    assert label.dtype == np.uint8
    np.testing.assert_array_equal(label, voxels() > 50)


def test_files_of_two_dimensions_and_with_a_last_axis_of_1(tmp_path):
    flat = save(tmp_path / "flat.nii", voxels((6, 5)))
    single = save(tmp_path / "single.nii", voxels((*SHAPE, 1)))
    more = save(tmp_path / "more.nii", voxels((*SHAPE, 1, 1)))
    cohort = Cohort.from_files([flat, single, more])
    assert cohort.facts.shapes == ((6, 5), SHAPE, SHAPE)
    assert cohort.facts.spacings[0] == (2.0, 3.0)
    assert cohort.facts.orientations[0] == ("L", "A")
    assert [s.image.shape for s in cohort] == [(1, 6, 5), (1, *SHAPE), (1, *SHAPE)]
    np.testing.assert_array_equal(cohort[0].image, voxels((6, 5))[None])
    np.testing.assert_array_equal(cohort[1].image, voxels()[None])


def test_frames_are_channels_in_the_order_given():
    cohort = Cohort.from_files([EXAMPLE], frames=[1, 0])
    expected = nibabel.load(EXAMPLE).get_fdata()
    np.testing.assert_array_equal(cohort[0].image[0], expected[..., 1])
    np.testing.assert_array_equal(cohort[0].image[1], expected[..., 0])
    assert cohort[0].dtype == cohort[0].image.dtype == np.int16
    assert cohort.facts.shapes == ((128, 96, 24),)
    assert cohort.facts.orientations == (("L", "A", "S"),)
    assert cohort.facts.spacings == ((2.0, 2.0, 2.2),)
    assert cohort.facts.n_channels == (2,)


def test_frames_of_a_scaled_file_and_of_one_with_a_single_volume(tmp_path):
    array = voxels((*SHAPE, 3))
    series = save(tmp_path / "series.nii.gz", array, slope=(2, 1))
    one = save(tmp_path / "one.nii.gz", voxels())
    cohort = Cohort.from_files([series, one], frames=np.array([0]))
    np.testing.assert_array_equal(cohort[0].image[0], array[..., 0] * 2 + 1)
    np.testing.assert_array_equal(cohort[1].image[0], voxels())


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        (
            None,
            "has 4 dimensions (128, 96, 24, 2): a series of 2 volumes? … frames=[0, 1] to use them",
        ),
        (None, "as channels, or frames=[0] for the first"),
        ([0, 2], "has 2 volumes, no volume 2: `frames` counts from 0 to 1"),
        ([0, -1], "has 2 volumes, no volume -1: `frames` counts from 0 to 1"),
    ],
)
def test_frames_that_the_header_refuses(frames, said):
    cohort = Cohort.from_files([EXAMPLE], frames=frames)
    with raises(DataError, "example4d: example4d.nii.gz", said):
        _ = cohort.facts


@pytest.mark.parametrize(
    ("frames", "error", "said"),
    [
        (0, TypeError, "`frames` must be a list of ints, got 0"),
        ([0.5], TypeError, "`frames` must be a list of ints, got [0.5]"),
        ([], ValueError, "`frames` must name at least one volume, got []"),
    ],
)
def test_frames_that_are_no_list_of_ints(frames, error, said):
    with raises(error, said):
        Cohort.from_files([EXAMPLE], frames=frames)


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((*SHAPE, 40), "a series of 40 volumes … frames=range(40)"),
        ((*SHAPE, 1, 3), "has shape … an image must be saved in 2 or 3"),
    ],
)
def test_images_of_too_many_dimensions(tmp_path, shape, said):
    path = save(tmp_path / "x.nii", voxels(shape))
    with raises(DataError, "x: x.nii", said):
        _ = Cohort.from_files([path])[0].shape


def test_labels_of_too_many_dimensions():
    cohort = Cohort.from_files([EXAMPLE], [EXAMPLE], frames=[0])
    with raises(DataError, "example4d.nii.gz has shape (128, 96, 24, 2): a label", "2 or 3 axes"):
        _ = cohort[0].shape


@pytest.mark.parametrize(
    ("images", "labels", "error", "said"),
    [
        ("a.nii", None, TypeError, "`image_paths` must be a list … got one str: … image_paths=["),
        (Path("a.nii"), None, TypeError, "`image_paths` must be a list … got one … image_paths=["),
        (["a.nii"], "a.nii", TypeError, "`label_paths` must be a list … label_paths=["),
        (["a.nii", []], None, ValueError, "`image_paths` … got an empty list for subject 1"),
        (["a.nii"], [], ValueError, "`label_paths` must have 1 entries, one per subject, got 0"),
        (["a.nii"], [None], DataError, "a: missing label … label_paths=None to work without"),
        (["a.nii", "no.nii"], None, FileNotFoundError, "no: there is no file no.nii"),
        (["a.nii"], ["no.nii"], FileNotFoundError, "a: there is no file no.nii"),
        (["folder"], None, FileNotFoundError, "there is no file folder"),
    ],
)
def test_paths_that_are_refused_at_once(tmp_path, monkeypatch, images, labels, error, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.nii").touch()
    (tmp_path / "folder").mkdir()
    with raises(error, said):
        Cohort.from_files(images, labels)


def test_a_file_that_vanished(tmp_path):
    path = save(tmp_path / "a.nii.gz", voxels())
    cohort = Cohort.from_files([path])
    path.unlink()
    with raises(FileNotFoundError, str(path)):
        _ = cohort[0].shape


def test_files_are_not_opened_before_they_are_needed(tmp_path):
    path = tmp_path / "later.nii.gz"
    path.write_text("nothing yet")
    cohort = Cohort.from_files([path])
    assert (len(cohort), cohort[0].id, cohort[0].has_label) == (1, "later", False)
    save(path, voxels())
    np.testing.assert_array_equal(cohort[0].image[0], voxels())


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_voxels_cut_short_matter_only_when_read(tmp_path, suffix):
    path = save(tmp_path / f"short{suffix}", voxels((20, 20, 20)))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    cohort = Cohort.from_files([path], [path])
    assert cohort.facts.shapes == ((20, 20, 20),)
    assert cohort[0].dtype == np.int16
    said = [f"short: short{suffix} is damaged or cut short: copy it again", str(path)]
    with raises(DataError, *said):
        _ = cohort[0].image
    with raises(DataError, *said):
        _ = cohort[0].label


@pytest.mark.parametrize("place", [0.5, -8], ids=["voxels", "checksum"])
def test_damaged_compression(tmp_path, place):
    path = save(tmp_path / "bad.nii.gz", voxels((20, 20, 20)))
    whole = bytearray(path.read_bytes())
    whole[place if place < 0 else int(len(whole) * place)] ^= 1
    path.write_bytes(whole)
    with raises(DataError, "bad: bad.nii.gz is damaged or cut short"):
        _ = Cohort.from_files([path])[0].image


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.nii.gz", b"hello"),
        ("text.nii", b"hello " * 100),
        ("empty.nii.gz", b""),
        ("empty.nii", b""),
        ("packed.nii.gz", gzip.compress(b"hello " * 100, mtime=0)),
    ],
)
def test_files_that_are_not_nifti(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    said = f"{name.split('.')[0]}: {name} is no NIfTI file: convert or copy it again"
    with raises(DataError, said, str(path)):
        _ = Cohort.from_files([path])[0].shape


def test_other_formats(tmp_path):
    path = tmp_path / "brain.mgz"
    nibabel.save(nibabel.MGHImage(voxels(), np.eye(4)), path)
    with raises(DataError, "brain.mgz is MGHImage, no NIfTI file: convert it"):
        _ = Cohort.from_files([path])[0].shape


@pytest.mark.parametrize("slope", [None, (2, 1)])
@pytest.mark.parametrize("dtype", [np.complex64, [("R", "u1"), ("G", "u1"), ("B", "u1")]])
def test_colours_and_complex_numbers(tmp_path, dtype, slope):
    path = save(tmp_path / "rgb.nii", np.zeros(SHAPE, dtype), slope=slope)
    for what in ("shape", "dtype", "image"):
        with raises(DataError, "rgb: rgb.nii has voxels of type", "ints or floats"):
            getattr(Cohort.from_files([path])[0], what)


def test_too_little_memory_is_no_fault_of_the_file(tmp_path, monkeypatch):
    def fail(*given):
        raise MemoryError

    cohort = Cohort.from_files([save(tmp_path / "big.nii.gz", voxels())])
    monkeypatch.setattr(patchviz.data.nifti, "_read_volume", fail)
    with pytest.raises(MemoryError):
        _ = cohort[0].image


def test_files_that_are_not_finite(tmp_path):
    array = voxels(dtype=np.float32)
    array[2, 2, 2] = np.nan
    path = save(tmp_path / "nan.nii.gz", array)
    with raises(DataError, "nan: nan.nii.gz has 1 voxels that are NaN", "numpy.nan_to_num"):
        _ = Cohort.from_files([path])[0].image


def test_a_channel_or_label_of_another_shape(tmp_path):
    image = save(tmp_path / "t1.nii.gz", voxels())
    other = save(tmp_path / "other.nii.gz", voxels((6, 5, 3)))
    said = ["t1: other.nii.gz has shape (6, 5, 3)", "t1.nii.gz has (6, 5, 4)", "resample"]
    for cohort in (Cohort.from_files([[image, other]]), Cohort.from_files([image], [other])):
        with raises(DataError, *said):
            _ = cohort[0].spacing
        with raises(DataError, *said):
            _ = cohort[0].image


def test_a_label_with_another_affine(tmp_path):
    image = save(tmp_path / "t1.nii.gz", voxels())
    moved, same = AFFINE.copy(), AFFINE.copy()
    moved[0, 3] += 0.01
    same[0, 3] += 0.0001
    label = save(tmp_path / "seg.nii.gz", voxels(dtype=np.uint8), moved)
    with raises(DataError, "t1: seg.nii.gz has affine [[-2.0", "9.01", "t1.nii.gz has", "resample"):
        _ = Cohort.from_files([image], [label])[0].label
    label = save(tmp_path / "seg.nii.gz", voxels(dtype=np.uint8), same)
    np.testing.assert_array_equal(Cohort.from_files([image], [label])[0].label, voxels())


def test_subjects_may_differ_in_shape(tmp_path):
    shapes = [(6, 5, 4), (7, 8, 9), (3, 3, 3)]
    paths = [save(tmp_path / f"{n}.nii", voxels(shape)) for n, shape in enumerate(shapes)]
    cohort = Cohort.from_files(paths)
    assert list(cohort.facts.shapes) == shapes
    assert [s.image.shape[1:] for s in cohort] == shapes


def test_ids_come_from_files_or_folders_and_are_unique(tmp_path):
    def ids(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return [s.id for s in Cohort.from_files([tmp_path / name for name in names])]

    assert ids("a.nii", "b.nii.gz", "c.v2.nii.gz") == ["a", "b", "c.v2"]
    assert ids("s1/t1.nii", "s2/t1.nii") == ["s1", "s2"]
    assert ids("s1/t1.nii", "s2/t1.nii", "s1/t2.nii") == ["s1", "s2", "s1-2"]
    assert ids("x/s1/t.nii", "y/s1/t.nii", "z/s1-2/t.nii") == ["s1", "s1-3", "s1-2"]
    assert ids("a.nii", "a.nii") == [tmp_path.name, f"{tmp_path.name}-2"]


# Folders -----------------------------------------------------------------------------------------


def test_a_folder(tmp_path):
    files = ["t1.nii.gz", "flair.nii", "my_seg_v2.nii.gz"]
    folder_of(tmp_path, [f"{s}/{f}" for s in ("b", "a", ".hidden") for f in files])
    (tmp_path / "a" / "notes.txt").write_text("not a volume")
    (tmp_path / "a" / "._t1.nii.gz").write_text("of a Mac")
    (tmp_path / "participants.tsv").write_text("not a folder")
    cohort = Cohort.from_folder(tmp_path)
    assert cohort.facts.ids == ("a", "b")
    assert cohort.facts.n_channels == (2, 2)
    assert cohort.facts.has_label == (True, True)
    assert [c.path.name for c in cohort[0]._channels] == ["flair.nii", "t1.nii.gz"]
    np.testing.assert_array_equal(cohort[0].label, voxels() > 50)


@pytest.mark.parametrize("name", ["{s}_{c}.nii", "{c}-{s}.nii", "{c}.nii"])
def test_names_may_hold_the_name_of_the_subject(tmp_path, name):
    names = [name.format(s=s, c=c) for s in "at" for c in ("t1", "t2", "seg")]
    folder_of(tmp_path, [f"{'at'[n // 3]}/{name}" for n, name in enumerate(names)])
    assert Cohort.from_folder(str(tmp_path)).facts.n_channels == (2, 2)


@pytest.mark.parametrize(
    ("files", "label", "n_channels", "has_label"),
    [
        ("a/scan7 b/scan12", "*seg*", 1, False),  # single files may have any name
        ("a/t1 b/t1", "*seg*", 1, False),
        ("a/t1 a/seg", None, 2, False),
        ("a/t1 a/seg1 a/seg2", "seg2*", 2, True),
    ],
)
def test_which_files_are_channels(tmp_path, files, label, n_channels, has_label):
    folder_of(tmp_path, [f"{name}.nii" for name in files.split()])
    facts = Cohort.from_folder(tmp_path, label=label).facts
    assert facts.ids == tuple(dict.fromkeys(name[0] for name in files.split()))
    assert {*facts.n_channels} == {n_channels}
    assert {*facts.has_label} == {has_label}


def test_frames_in_a_folder(tmp_path):
    save(tmp_path / "a" / "bold.nii", voxels((*SHAPE, 3)))
    assert Cohort.from_folder(tmp_path, frames=[0, 2]).facts.n_channels == (2,)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ("a/t1 a/seg b/t1", "b: missing label … t1.nii matches '*seg*' … add the label"),
        ("a/t1 a/seg1 a/seg2", "a: 2 files match '*seg*': seg1.nii, seg2.nii … `label` pattern"),
        ("a/t1 a/seg b/seg", "b: no image … but the label seg.nii … {}/b … add one"),
        ("a/t1 a/seg b/.t1", "b: no image (.nii or .nii.gz) in {}/b … move the folder away"),
        ("", "{} has no folders … one folder of NIfTI files per subject"),
        ("t1", "has no folders … Cohort.from_files, or make one folder per subject"),
        ("a/t1 a/t2 b/t1", "b has 1 channels (t1.nii), but a has 2 (t1.nii, t2.nii) … from_files"),
        ("a/x a/y b/x b/z", "b has 2 channels (x.nii, z.nii), but a has 2 (x.nii, y.nii)"),
    ],
)
def test_folders_that_are_refused(tmp_path, files, said):
    for name in files.split():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.nii").touch()
    with raises(DataError, said.format(tmp_path)):
        Cohort.from_folder(tmp_path)


def test_no_folder(tmp_path):
    with raises(FileNotFoundError, f"`path` must be a folder, got {tmp_path / 'none'}"):
        Cohort.from_folder(tmp_path / "none")


# Phantoms ----------------------------------------------------------------------------------------


def test_a_phantom_cohort():
    cohort = Cohort.phantom(3, (16, 20, 24), seed=4)
    spacings, orientations = ((1.0, 1.0, 1.0),) * 3, (("R", "A", "S"),) * 3
    ids = ("sub-01", "sub-02", "sub-03")
    shapes, n_channels, has_label = ((16, 20, 24),) * 3, (1,) * 3, (True,) * 3
    assert cohort.facts == CohortFacts(ids, shapes, spacings, orientations, n_channels, has_label)
    image, label = make_phantom((16, 20, 24), [4, 2])
    np.testing.assert_array_equal(cohort[2].image[0], image)
    np.testing.assert_array_equal(cohort[2].label, label)
    assert (cohort[0].image != cohort[1].image).any()
    assert cohort[0].dtype == image.dtype


def test_written_phantoms_read_back(tmp_path):
    write_phantom_cohort(tmp_path, 2, (16, 20, 24), seed=4)
    written, made = Cohort.from_folder(tmp_path), Cohort.phantom(2, (16, 20, 24), seed=4)
    assert written.facts == made.facts
    for one, other in zip(written, made, strict=True):
        np.testing.assert_array_equal(one.image, np.rint(other.image))
        np.testing.assert_array_equal(one.label, other.label)
        np.testing.assert_array_equal(one.affine, other.affine)


def test_bad_phantoms():
    with raises(ValueError, "`n` must be at least 1, got 0"):
        Cohort.phantom(0)
    with raises(ValueError, "`shape` must be three axes of at least 8 voxels, got (64, 64)"):
        Cohort.phantom(2, (64, 64))


# Kept and shared ----------------------------------------------------------------------------------


def test_threads_read_side_by_side():
    cohort = Cohort.phantom(4, (16, 16, 16))
    expected = [subject.image.copy() for subject in cohort]
    wrong = []

    def read(offset):
        for n in range(40):
            index = (n + offset) % 4
            if not np.array_equal(cohort[index].image, expected[index]):
                wrong.append(index)

    threads = [threading.Thread(target=read, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("twin", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy])
def test_cohorts_and_subjects_travel_without_their_volumes(tmp_path, twin):
    path = save(tmp_path / "one.nii.gz", voxels((40, 40, 40)))
    cohort = Cohort.from_files([path, path], [path, path])
    before = cohort[0].image
    _ = cohort.facts, cohort[0].foreground, cohort[1].foreground
    assert len(pickle.dumps(cohort)) < before.nbytes / 10
    other = twin(cohort)
    assert other.facts == cohort.facts
    subject = twin(cohort[1])
    del cohort
    np.testing.assert_array_equal(other[0].image, before)
    np.testing.assert_array_equal(subject.label, before[0])


def test_phantoms_and_arrays_travel():
    for cohort in (Cohort.phantom(2, (8, 8, 8)), Cohort.from_arrays([voxels()])):
        other = pickle.loads(pickle.dumps(cohort))
        np.testing.assert_array_equal(other[0].image, cohort[0].image)


def test_facts_of_a_shape_alone_make_a_scene():
    scene = resolve(Settings(patch_size=8), CohortFacts.from_shape((18,), n=2))
    assert [axis.starts for axis in scene.axes] == [(-3, 5, 13)]
    assert scene.n_subjects == 2
    with pytest.raises(ValueError, match="`image_shape` must have at most 3 axes, got 4"):
        CohortFacts.from_shape((8, 8, 8, 8))
    with pytest.raises(ValueError, match="`n` must be at least 1, got 0"):
        CohortFacts.from_shape((8,), n=0)

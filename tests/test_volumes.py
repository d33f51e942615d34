"""Cohorts: what is read from arrays, files and folders, when, and what is said of bad data."""

import copy
import gzip
import os
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

from patchviz.errors import DataError
from patchviz.phantom import make_phantom, write_phantom_cohort
from patchviz.volumes import Cohort, CohortFacts

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


def raises(error, *parts):
    """Expect an error whose message has all parts, in this order."""
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
        "import sys, patchviz.volumes; "
        "print([m for m in ('nibabel', 'cachetools', 'tqdm', 'h5py') if m in sys.modules])"
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


def test_channels_of_several_types_are_promoted():
    first, second = voxels(dtype=np.uint8), voxels(dtype=np.float32) / 3
    image = Cohort.from_arrays([[first, second]])[0].image
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, np.stack([first, second]))


def test_arrays_are_neither_copied_nor_locked():
    array, label = voxels(), voxels(dtype=np.uint8)
    subject = Cohort.from_arrays([array], [label], memory_limit=0)[0]
    assert np.shares_memory(subject.image, array)
    assert np.shares_memory(subject.label, label)
    assert subject.image is subject.image  # kept although the limit is 0: it costs nothing
    array[0, 0, 0] = 7
    assert subject.image[0, 0, 0, 0] == 7


@pytest.mark.parametrize(
    "array",
    [np.asfortranarray(voxels()), voxels(dtype=">i2"), voxels((12, 5, 4))[::2], voxels() > 50],
    ids=["fortran", "big-endian", "strided", "bool"],
)
def test_images_are_in_c_order_and_of_a_native_number_type(array):
    image = Cohort.from_arrays([array])[0].image
    assert image.flags.c_contiguous
    assert image.dtype.isnative
    assert image.dtype == (np.uint8 if array.dtype == bool else np.int16)
    np.testing.assert_array_equal(image[0], array)


def test_decoded_volumes_are_read_only():
    subject = Cohort.phantom(1, (8, 8, 8))[0]
    for volume in (subject.image, subject.label):
        with pytest.raises(ValueError, match="read-only"):
            volume[...] = 0


def test_float64_stays_float64():
    assert Cohort.from_arrays([voxels(dtype=np.float64)])[0].image.dtype == np.float64


def test_memory_maps(tmp_path):
    np.save(tmp_path / "image.npy", voxels())
    mapped = np.load(tmp_path / "image.npy", mmap_mode="r")
    image = Cohort.from_arrays([mapped])[0].image
    assert type(image) is np.ndarray
    assert np.shares_memory(image, mapped)
    np.testing.assert_array_equal(image[0], voxels())


def test_h5py(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["image"] = voxels((2, *SHAPE), ">f4")
        file["label"] = voxels(dtype=np.uint8)
        subject = Cohort.from_arrays([file["image"]], [file["label"]])[0]
        assert (subject.n_channels, subject.shape) == (2, SHAPE)
        np.testing.assert_array_equal(subject.image, voxels((2, *SHAPE)))
        assert subject.image.dtype == np.dtype("=f4")
        np.testing.assert_array_equal(subject.label, voxels())


def test_zarr(tmp_path):
    image = zarr.create_array(tmp_path / "image.zarr", data=voxels((2, *SHAPE), np.float32))
    label = zarr.create_array(tmp_path / "label.zarr", data=voxels(dtype=np.uint8))
    subject = Cohort.from_arrays([image], [label])[0]
    assert (subject.n_channels, subject.shape) == (2, SHAPE)
    np.testing.assert_array_equal(subject.image, voxels((2, *SHAPE)))
    np.testing.assert_array_equal(subject.label, voxels())


class Untouchable:
    """Has a shape and nothing to read."""

    def __init__(self, shape):
        self.shape = shape

    def __getitem__(self, index):
        raise AssertionError("read too early")


def test_arrays_are_not_read_for_the_facts():
    cohort = Cohort.from_arrays([Untouchable((2, 6, 5, 4))], [Untouchable((6, 5, 4))])
    assert cohort.facts == CohortFacts(
        ids=("subject-01",),
        shapes=((6, 5, 4),),
        spacings=((1.0, 1.0, 1.0),),
        orientations=(("R", "A", "S"),),
        n_channels=(2,),
        has_label=(True,),
    )
    with raises(AssertionError, "read too early"):
        _ = cohort[0].image


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Cohort.from_arrays(voxels()), "images"),
        (lambda: Cohort.from_arrays([voxels()], voxels()), "labels"),
        (lambda: Cohort.from_files("a.nii"), "image_paths"),
        (lambda: Cohort.from_files(Path("a.nii")), "image_paths"),
    ],
)
def test_one_in_place_of_a_list_is_to_be_wrapped(make, name):
    with raises(TypeError, f"`{name}` must be a list", "got one", f"wrap it in a list, {name}=["):
        make()


def test_one_label_path_in_place_of_a_list(tmp_path):
    path = save(tmp_path / "a.nii", voxels())
    with raises(TypeError, "`label_paths` must be a list", "label_paths=["):
        Cohort.from_files([path], str(path))


def test_empty_lists():
    with raises(ValueError, "`images` must hold at least one subject", "got an empty list"):
        Cohort.from_arrays([])
    with raises(ValueError, "`image_paths`", "got an empty list for subject 1"):
        Cohort.from_files(["a.nii", []])


@pytest.mark.parametrize("labels", [[], [voxels()], [voxels()] * 3])
def test_as_many_labels_as_images(labels):
    said = f"`labels` must have 2 entries, one per subject, got {len(labels)}"
    with raises(ValueError, said):
        Cohort.from_arrays([voxels()] * 2, labels)


def test_a_label_that_is_none():
    with raises(DataError, "subject-02: missing label", "labels=None to work without"):
        Cohort.from_arrays([voxels()] * 2, [voxels(), None])


def test_a_list_of_numbers_is_no_array():
    with raises(TypeError, "subject-01: array images[0][1] must be an array, got int"):
        Cohort.from_arrays([[voxels(), 3]])


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4, 5, 6), ()])
def test_other_dimensions(shape):
    with raises(DataError, "subject-02: array images[1]", str(shape), "2 or 3 dimensions", "4"):
        Cohort.from_arrays([voxels(), np.zeros(shape)])


def test_channels_must_be_listed_as_volumes():
    with raises(DataError, "subject-01: array images[0][1] has shape (2, 6, 5, 4)"):
        Cohort.from_arrays([[voxels(), voxels((2, *SHAPE))]])


def test_a_channel_at_the_end():
    with raises(DataError, "subject-01", "(20, 20, 20, 3)", "numpy.moveaxis(x, -1, 0)"):
        Cohort.from_arrays([np.zeros((20, 20, 20, 3))])
    assert Cohort.from_arrays([np.zeros((16, 5, 5, 3))])[0].n_channels == 16


def test_no_voxels():
    with raises(DataError, "subject-01: array images[0] has shape (0, 4, 4)"):
        Cohort.from_arrays([np.zeros((0, 4, 4))])


def test_a_label_of_another_shape():
    said = [
        "subject-02: array labels[1] has shape (6, 5, 3)",
        "images[1] has (6, 5, 4)",
        "resample",
    ]
    with raises(DataError, *said):
        Cohort.from_arrays([voxels()] * 2, [voxels(), voxels((6, 5, 3))])


def test_channels_of_different_shapes():
    with raises(DataError, "subject-01: array images[0][1] has shape (6, 5, 3)", "resample"):
        Cohort.from_arrays([[voxels(), voxels((6, 5, 3))]])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_voxels_that_are_not_finite_are_counted(dtype):
    array = voxels(dtype=dtype)
    array[0, 0, :2] = np.nan
    array[1, 1, 1] = np.inf
    array[2, 1, 1] = -np.inf
    cohort = Cohort.from_arrays([array], [array])
    said = ["has 4 voxels that are NaN or infinite", "numpy.nan_to_num", "mask"]
    with raises(DataError, "subject-01: array images[0]", *said):
        _ = cohort[0].image
    with raises(DataError, "subject-01: array labels[0]", *said):
        _ = cohort[0].label


def test_a_sum_that_overflows_is_no_fault():
    array = np.full(SHAPE, np.finfo(np.float32).max)
    np.testing.assert_array_equal(Cohort.from_arrays([array])[0].image[0], array)


@pytest.mark.parametrize("dtype", [np.complex64, "U3", object, [("r", "u1"), ("g", "u1")]])
def test_voxels_that_are_no_numbers(dtype):
    with raises(DataError, "subject-01: array images[0] has voxels of type", "ints or floats"):
        _ = Cohort.from_arrays([np.zeros(SHAPE, dtype)])[0].image


# Labels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("highest", "dtype"), [(0, np.uint8), (255, np.uint8), (256, np.uint16), (70_000, np.uint32)]
)
def test_labels_of_whole_floats_get_the_smallest_type(highest, dtype):
    array = np.zeros(SHAPE, np.float64)
    array[1, 2, 3] = highest
    label = Cohort.from_arrays([voxels()], [array])[0].label
    assert label.dtype == dtype
    np.testing.assert_array_equal(label, array)


def test_labels_of_bools_are_uint8():
    label = Cohort.from_arrays([voxels()], [voxels() > 50])[0].label
    assert label.dtype == np.uint8
    np.testing.assert_array_equal(label, voxels() > 50)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.uint16])
def test_labels_of_ints_keep_their_type(dtype):
    assert Cohort.from_arrays([voxels()], [voxels(dtype=dtype)])[0].label.dtype == dtype


def test_labels_that_are_not_whole():
    array = np.zeros(SHAPE)
    array[3, 3, 3] = 0.25
    said = ["array labels[0]", "such as 0.25", "whole numbers", "nearest neighbour", "label > 0.5"]
    with raises(DataError, "subject-01", *said):
        _ = Cohort.from_arrays([voxels()], [array])[0].label


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_labels_below_0(dtype):
    array = voxels(dtype=dtype)
    array[0, 0, 0] = -3
    with raises(DataError, "subject-01: array labels[0]", "down to -3", "0 or more", "clip"):
        _ = Cohort.from_arrays([voxels()], [array])[0].label


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
        ids=("one",),
        shapes=(SHAPE,),
        spacings=((2.0, 3.0, 1.5),),
        orientations=(("L", "A", "S"),),
        n_channels=(1,),
        has_label=(True,),
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
    image = Cohort.from_files([tmp_path / f"x{suffix}"])[0].image
    assert image.dtype == np.dtype(dtype).newbyteorder("=")
    assert image.dtype.isnative
    np.testing.assert_array_equal(image[0], array)


@pytest.mark.parametrize("slope", [(2.5, -1000.0), (1.0, 3.0), (0.001, 0.0)])
def test_scaled_files_are_float32(tmp_path, slope):
    path = save(tmp_path / "ct.nii.gz", voxels(), slope=slope)
    image = Cohort.from_files([path])[0].image
    assert image.dtype == np.float32
    assert image.flags.c_contiguous
    expected = nibabel.load(path).get_fdata()
    assert not np.array_equal(expected, voxels())
    np.testing.assert_array_equal(image[0], expected.astype(np.float32))


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
    assert cohort[0].image.dtype == np.int16
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


def test_a_series_without_frames():
    cohort = Cohort.from_files([EXAMPLE])
    said = [
        "example4d: example4d.nii.gz has 4 dimensions (128, 96, 24, 2): a series of 2 volumes?",
        "frames=[0, 1] to use them as channels, or frames=[0] for the first",
    ]
    with raises(DataError, *said):
        _ = cohort.facts


def test_a_long_series_without_frames(tmp_path):
    path = save(tmp_path / "bold.nii", voxels((*SHAPE, 40)))
    with raises(DataError, "bold", "a series of 40 volumes", "frames=range(40)"):
        _ = Cohort.from_files([path])[0].shape


@pytest.mark.parametrize("frame", [2, -1])
def test_frames_out_of_range(frame):
    cohort = Cohort.from_files([EXAMPLE], frames=[0, frame])
    said = f"has 2 volumes, no volume {frame}: `frames` counts from 0 to 1"
    with raises(DataError, "example4d: example4d.nii.gz", said):
        _ = cohort[0].shape


def test_frames_that_are_no_list_of_ints():
    with raises(TypeError, "`frames` must be a list of ints, got 0"):
        Cohort.from_files([EXAMPLE], frames=0)
    with raises(TypeError, "`frames` must be a list of ints, got [0.5]"):
        Cohort.from_files([EXAMPLE], frames=[0.5])
    with raises(ValueError, "`frames` must name at least one volume, got []"):
        Cohort.from_files([EXAMPLE], frames=[])


def test_labels_and_images_of_too_many_dimensions(tmp_path):
    cohort = Cohort.from_files([EXAMPLE], [EXAMPLE], frames=[0])
    with raises(DataError, "example4d.nii.gz has shape (128, 96, 24, 2): a label", "2 or 3 axes"):
        _ = cohort[0].shape
    path = save(tmp_path / "vector.nii", voxels((*SHAPE, 1, 3)))
    with raises(DataError, "vector: vector.nii has shape", "an image must be saved in 2 or 3"):
        _ = Cohort.from_files([path])[0].shape


def test_missing_files_are_told_at_once(tmp_path):
    path = save(tmp_path / "a.nii.gz", voxels())
    gone = tmp_path / "gone.nii.gz"
    with raises(FileNotFoundError, f"gone: there is no file {gone}"):
        Cohort.from_files([path, gone])
    with raises(FileNotFoundError, f"a: there is no file {gone}"):
        Cohort.from_files([path], [gone])
    with raises(FileNotFoundError, f"there is no file {tmp_path}"):
        Cohort.from_files([tmp_path])


def test_a_file_that_vanished(tmp_path):
    path = save(tmp_path / "a.nii.gz", voxels())
    cohort = Cohort.from_files([path])
    path.unlink()
    with raises(FileNotFoundError, str(path)):
        _ = cohort[0].shape


def test_as_many_label_paths_as_images(tmp_path):
    path = save(tmp_path / "a.nii.gz", voxels())
    with raises(ValueError, "`label_paths` must have 2 entries, one per subject, got 1"):
        Cohort.from_files([path, path], [path])
    with raises(DataError, "a: missing label", "label_paths=None to work without labels"):
        Cohort.from_files([path], [None])


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
    said = [f"short: short{suffix} is damaged or cut short: copy it again", str(path)]
    with raises(DataError, *said):
        _ = cohort[0].image
    with raises(DataError, *said):
        _ = cohort[0].label


def test_damaged_compression(tmp_path):
    path = save(tmp_path / "bad.nii.gz", voxels((20, 20, 20)))
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
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
        ("packed.nii.gz", gzip.compress(b"hello " * 100)),
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
    with raises(DataError, "rgb: rgb.nii has voxels of type", "ints or floats"):
        _ = Cohort.from_files([path])[0].image


def test_too_little_memory_is_no_fault_of_the_file(tmp_path, monkeypatch):
    def fail(proxy, index):
        raise MemoryError

    cohort = Cohort.from_files([save(tmp_path / "big.nii.gz", voxels())])
    monkeypatch.setattr(nibabel.arrayproxy.ArrayProxy, "__getitem__", fail)
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


def test_a_folder_of_single_files_of_any_name(tmp_path):
    folder_of(tmp_path, ["a/scan7.nii", "b/scan12.nii"])
    assert Cohort.from_folder(tmp_path).facts.ids == ("a", "b")


def test_a_folder_without_labels(tmp_path):
    folder_of(tmp_path, ["a/t1.nii", "b/t1.nii"])
    assert Cohort.from_folder(tmp_path).facts.has_label == (False, False)


def test_without_a_pattern_all_files_are_channels(tmp_path):
    folder_of(tmp_path, ["a/t1.nii", "a/seg.nii"])
    facts = Cohort.from_folder(tmp_path, label=None).facts
    assert (facts.n_channels, facts.has_label) == ((2,), (False,))


def test_frames_in_a_folder(tmp_path):
    save(tmp_path / "a" / "bold.nii", voxels((*SHAPE, 3)))
    assert Cohort.from_folder(tmp_path, frames=[0, 2]).facts.n_channels == (2,)


def test_a_folder_with_a_label_missing(tmp_path):
    folder_of(tmp_path, ["a/t1.nii", "a/seg.nii", "b/t1.nii"])
    with raises(DataError, "b: missing label", "t1.nii matches '*seg*'", "add the label"):
        Cohort.from_folder(tmp_path)


def test_a_folder_with_several_labels(tmp_path):
    folder_of(tmp_path, ["a/t1.nii", "a/seg1.nii", "a/seg2.nii"])
    with raises(DataError, "a: 2 files match '*seg*': seg1.nii, seg2.nii", "`label` pattern"):
        Cohort.from_folder(tmp_path)
    assert Cohort.from_folder(tmp_path, label="seg2*").facts.n_channels == (2,)


def test_a_folder_without_images(tmp_path):
    folder_of(tmp_path, ["a/t1.nii", "a/seg.nii", "b/seg.nii"])
    with raises(DataError, "b: no image", "but the label seg.nii", str(tmp_path / "b"), "add one"):
        Cohort.from_folder(tmp_path)
    (tmp_path / "b" / "seg.nii").unlink()
    with raises(DataError, "b: no image (.nii or .nii.gz) in", "move the folder away"):
        Cohort.from_folder(tmp_path)


def test_a_folder_without_folders(tmp_path):
    with raises(DataError, f"{tmp_path} has no folders", "one folder of NIfTI files per subject"):
        Cohort.from_folder(tmp_path)
    folder_of(tmp_path, ["t1.nii"])
    with raises(DataError, "has no folders", "Cohort.from_files, or make one folder per subject"):
        Cohort.from_folder(tmp_path)


def test_no_folder(tmp_path):
    with raises(FileNotFoundError, f"`path` must be a folder, got {tmp_path / 'none'}"):
        Cohort.from_folder(tmp_path / "none")


def test_subjects_with_other_channels(tmp_path):
    folder_of(tmp_path, ["a/t1.nii", "a/t2.nii", "b/t1.nii", "b/t2.nii", "c/t1.nii"])
    said = ["c has 1 channels (t1.nii), but a has 2 (t1.nii, t2.nii)", "Cohort.from_files"]
    with raises(DataError, *said):
        Cohort.from_folder(tmp_path)
    folder_of(tmp_path, ["c/flair.nii"])
    with raises(DataError, "c has 2 channels (flair.nii, t1.nii), but a has 2 (t1.nii, t2.nii)"):
        Cohort.from_folder(tmp_path)


# Phantoms ----------------------------------------------------------------------------------------


def test_a_phantom_cohort():
    cohort = Cohort.phantom(3, (16, 20, 24), seed=4)
    assert cohort.facts == CohortFacts(
        ids=("sub-01", "sub-02", "sub-03"),
        shapes=((16, 20, 24),) * 3,
        spacings=((1.0, 1.0, 1.0),) * 3,
        orientations=(("R", "A", "S"),) * 3,
        n_channels=(1, 1, 1),
        has_label=(True, True, True),
    )
    image, label = make_phantom((16, 20, 24), [4, 2])
    np.testing.assert_array_equal(cohort[2].image[0], image)
    np.testing.assert_array_equal(cohort[2].label, label)
    assert (cohort[0].image != cohort[1].image).any()


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


# Memory ------------------------------------------------------------------------------------------

HEAD = 8 * 8 * 8 * 4  # bytes of an image (float32)


def test_volumes_are_kept_while_there_is_room():
    cohort = Cohort.phantom(4, (8, 8, 8), memory_limit=2 * HEAD)
    first, second = cohort[0].image, cohort[1].image
    assert cohort[0].image is first
    assert cohort[1].image is second
    third = cohort[2].image  # the one used longest ago, the first, makes room
    assert cohort[1].image is second
    assert cohort[2].image is third
    again = cohort[0].image
    assert again is not first
    np.testing.assert_array_equal(again, first)


def test_the_limit_is_of_bytes_in_all():
    cohort = Cohort.phantom(10, (8, 8, 8), memory_limit=3 * HEAD)
    for subject in (*cohort, *reversed(cohort)):
        _ = subject.image, subject.label
        kept = cohort[0]._cache.kept
        held = [volume.nbytes for volume, _ in kept.values()]
        assert kept.currsize == sum(held) <= 3 * HEAD
    assert kept.currsize > 2 * HEAD


def test_a_volume_above_the_limit_is_read_but_not_kept():
    cohort = Cohort.phantom(1, (8, 8, 8), memory_limit=HEAD - 1)
    first = cohort[0].image
    assert cohort[0].image is not first
    np.testing.assert_array_equal(cohort[0].image, first)
    assert cohort[0].label is cohort[0].label  # a quarter of the image's size


def test_copies_count_and_views_do_not():
    plain, fortran = voxels(), np.asfortranarray(voxels())
    cohort = Cohort.from_arrays([plain, fortran], [plain.astype(float)] * 2)
    kept = cohort[0]._cache.kept
    _ = cohort[0].image
    assert kept.currsize == 0
    _ = cohort[1].image
    assert kept.currsize == fortran.nbytes
    _ = cohort[0].label
    assert kept.currsize == fortran.nbytes + plain.size


def test_the_limit_must_not_be_negative():
    with raises(ValueError, "`memory_limit` must be 0 bytes or more, got -1"):
        Cohort.phantom(1, (8, 8, 8), memory_limit=-1)


def test_threads_read_side_by_side():
    cohort = Cohort.phantom(4, (16, 16, 16), memory_limit=3 * 16**3 * 4)
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
    cohort = Cohort.from_files([path, path], [path, path], memory_limit=12345678)
    before = cohort[0].image
    _ = cohort.facts
    other = twin(cohort)
    assert other.facts == cohort.facts
    assert other[0]._cache is other[1]._cache
    assert other[0]._cache.limit == 12345678
    assert len(other[0]._cache.kept) == 0
    np.testing.assert_array_equal(other[0].image, before)
    subject = twin(cohort[1])
    np.testing.assert_array_equal(subject.label, before[0])
    assert len(pickle.dumps(cohort)) < before.nbytes / 10


def test_phantoms_and_arrays_travel():
    for cohort in (Cohort.phantom(2, (8, 8, 8)), Cohort.from_arrays([voxels()])):
        other = pickle.loads(pickle.dumps(cohort))
        np.testing.assert_array_equal(other[0].image, cohort[0].image)


def test_an_open_cohort_holds_no_open_files(tmp_path):
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("no /proc on this system")
    paths = [save(tmp_path / f"{n}.nii.gz", voxels()) for n in range(5)]
    before = len(os.listdir("/proc/self/fd"))
    cohort = Cohort.from_files(paths)
    _ = cohort.facts, [subject.image for subject in cohort]
    assert len(os.listdir("/proc/self/fd")) == before

"""The phantom: the same head for the same seed, a head at every shape, and files of it."""

import re
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchviz.data.cohort import Cohort
from patchviz.data.phantom import (
    make_phantom,
    make_phantom_label,
    numbered,
    phantom_affine,
    write_phantom_cohort,
)

FULL = (144, 144, 144)
SMALL = (24, 20, 16)


@pytest.fixture(scope="module")
def head():
    return make_phantom()


def extent(image):
    """Return the first and last voxel of the head along each axis."""
    inside = image > 150
    others = ((1, 2), (0, 2), (0, 1))
    return [np.flatnonzero(inside.any(axis=axes))[[0, -1]] for axes in others]


def test_types_and_shapes(head):
    image, label = head
    assert (image.shape, image.dtype) == (FULL, np.float32)
    assert (label.shape, label.dtype) == (FULL, np.uint8)
    assert image.flags.c_contiguous
    assert label.flags.c_contiguous


def test_the_same_seed_makes_the_same_head(head):
    image, label = make_phantom()
    np.testing.assert_array_equal(image, head[0])
    np.testing.assert_array_equal(label, head[1])


def test_another_seed_makes_another_head(head):
    image, label = make_phantom(seed=1)
    assert np.abs(image - head[0]).mean() > 50
    assert (label != head[1]).any()


def test_intensities_are_those_of_air_fluid_grey_and_white_matter(head):
    image, _ = head
    assert image.min() >= 0
    assert 900 < image.max() < 1200
    air = image[:8]
    assert 10 < air.mean() < 25  # Rician: the mean of noise alone is 1.25 sigma
    share, _ = np.histogram(image, [0, 60, 250, 480, 660, 900, 1200])
    share = share / image.size
    assert share[0] > 0.4  # air
    assert (share[1:] > 0.015).all()  # fluid and bone, muscle, grey matter, white matter, fat


@pytest.mark.parametrize("shape", [FULL, (128, 96, 24), (64, 40, 90)])
def test_the_head_is_centred_and_fills_most_of_each_axis(shape):
    image, _ = make_phantom(shape, seed=3)
    for size, (first, last) in zip(shape, extent(image), strict=True):
        assert 0.68 < (last - first + 1) / size < 0.92
        assert abs((first + last) / 2 - (size - 1) / 2) <= 0.04 * size


def test_the_eyes_are_in_front_and_below(head):
    image, _ = head
    for i in (53, 90):
        assert image[i - 2 : i + 3, 110:115, 45:50].mean() < 250  # as dark as fluid
        assert image[i - 2 : i + 3, 90:95, 85:90].mean() > 400  # above: brain
        assert image[i - 2 : i + 3, 28:33, 70:75].mean() > 400  # behind: brain


@pytest.mark.parametrize("seed", range(20))
def test_every_head_has_lesions_in_sight_of_the_middle_axial_plane(seed):
    label = make_phantom_label(FULL, seed)
    found = np.unique(label).tolist()
    assert found in ([0, 1], [0, 1, 2], [0, 1, 2, 3])
    assert 1 in label[:, :, 72]
    sizes = np.bincount(label.ravel())[1:]
    assert (sizes > 300).all()
    assert (sizes < 9000).all()


def test_lesions_lie_apart_and_off_the_rim_of_the_brain():
    for seed in range(10):
        label = make_phantom_label(FULL, seed)
        for value in range(1, label.max() + 1):
            i, j, k = np.argwhere(label == value).mean(axis=0)
            assert 35 < i < 109
            assert 35 < j < 109
            assert 60 < k < 105


def test_numbers_of_lesions_vary():
    assert {int(make_phantom_label(FULL, seed).max()) for seed in range(20)} == {1, 2, 3}


def test_lesions_are_bright_at_the_edge(head):
    image, label = head
    lesion = image[label == 1]
    assert np.percentile(lesion, 75) > 850
    assert lesion.min() > 350


@pytest.mark.parametrize("shape", [FULL, SMALL, (9, 128, 33)])
@pytest.mark.parametrize("seed", [0, 7, [3, 4]])
def test_the_label_alone_is_the_label_of_the_head(shape, seed):
    np.testing.assert_array_equal(make_phantom_label(shape, seed), make_phantom(shape, seed)[1])


@settings(deadline=None, max_examples=40)
@given(shape=st.tuples(*[st.integers(8, 40)] * 3), seed=st.integers(0, 2**32))
def test_any_shape_makes_a_finite_head_with_a_lesion(shape, seed):
    image, label = make_phantom(shape, seed)
    assert image.shape == label.shape == shape
    assert np.isfinite(image).all()
    assert image.std() > 50
    assert label.any()


def test_a_global_random_state_is_neither_used_nor_moved():
    np.random.seed(0)  # noqa: NPY002 - what users' code may do
    before = np.random.get_state()[2]  # noqa: NPY002
    first = make_phantom(SMALL)[0]
    assert np.random.get_state()[2] == before  # noqa: NPY002
    np.testing.assert_array_equal(first, make_phantom(SMALL)[0])


@pytest.mark.parametrize("shape", [(144, 144), (144,), (8, 8, 7), (8, 8, 8, 8), (0, 8, 8)])
@pytest.mark.parametrize("function", [make_phantom, make_phantom_label, phantom_affine])
def test_other_shapes_are_refused(function, shape):
    said = re.escape(f"`shape` must be three axes of at least 8 voxels, got {shape}")
    with pytest.raises(ValueError, match=said):
        function(shape)


def test_the_affine_is_centred_in_mm():
    affine = phantom_affine((10, 21, 32))
    np.testing.assert_array_equal(affine @ [4.5, 10, 15.5, 1], [0, 0, 0, 1])
    np.testing.assert_array_equal(affine[:3, :3], np.eye(3))


def test_numbers_sort_as_names():
    assert numbered("sub", 3) == ["sub-01", "sub-02", "sub-03"]
    names = numbered("sub", 120)
    assert names[0] == "sub-001"
    assert names[-1] == "sub-120"
    assert names == sorted(names)


def test_files_are_the_heads_of_the_cohort(tmp_path, capsys):
    folders = write_phantom_cohort(tmp_path / "new" / "heads", 3, SMALL, seed=5)
    assert "phantom heads" in capsys.readouterr().err
    assert [folder.name for folder in folders] == ["sub-01", "sub-02", "sub-03"]
    written = sorted(p.relative_to(tmp_path / "new" / "heads") for p in tmp_path.rglob("*.*"))
    names = [f"sub-0{n}/{name}.nii.gz" for n in (1, 2, 3) for name in ("seg", "t1")]
    assert written == [Path(name) for name in names]
    cohort = Cohort.phantom(3, SMALL, seed=5)
    for folder, subject, n in zip(folders, cohort, range(3), strict=True):
        image, label = nibabel.load(folder / "t1.nii.gz"), nibabel.load(folder / "seg.nii.gz")
        assert image.get_data_dtype() == np.int16
        assert label.get_data_dtype() == np.uint8
        np.testing.assert_array_equal(image.affine, phantom_affine(SMALL))
        np.testing.assert_array_equal(np.asarray(image.dataobj), np.rint(subject.image[0]))
        np.testing.assert_array_equal(np.asarray(label.dataobj), subject.label)
        np.testing.assert_array_equal(subject.image[0], make_phantom(SMALL, [5, n])[0])


def test_files_are_the_same_bytes_each_time(tmp_path):
    write_phantom_cohort(tmp_path / "a", 1, SMALL)
    write_phantom_cohort(tmp_path / "b", 1, SMALL)
    for name in ("t1.nii.gz", "seg.nii.gz"):
        one, other = (tmp_path / folder / "sub-01" / name for folder in "ab")
        assert one.read_bytes() == other.read_bytes()


def test_nothing_is_overwritten(tmp_path):
    mine = tmp_path / "sub-02" / "t1.nii.gz"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(FileExistsError, match=re.escape(str(mine.parent)) + ".*remove it"):
        write_phantom_cohort(tmp_path, 3, SMALL)
    assert list(tmp_path.iterdir()) == [mine.parent]
    assert mine.read_text() == "mine"


def test_a_file_that_failed_is_not_taken_for_one(tmp_path, monkeypatch):
    def fail(image, path):
        Path(path).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(nibabel, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        write_phantom_cohort(tmp_path, 1, SMALL)
    assert [p.name for p in (tmp_path / "sub-01").iterdir()] == [".t1.nii.gz"]


@pytest.mark.parametrize(
    ("n", "shape", "said"),
    [(0, SMALL, "`n_subjects` must be at least 1, got 0"), (1, (4, 4, 4), "`shape` must be three")],
)
def test_bad_arguments_write_nothing(tmp_path, n, shape, said):
    with pytest.raises(ValueError, match=said):
        write_phantom_cohort(tmp_path / "heads", n, shape)
    assert not (tmp_path / "heads").exists()

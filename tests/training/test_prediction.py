"""A model is asked patch by patch, and its answers make a volume again; here or on a cluster."""

import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchviz.data.cohort import Cohort
from patchviz.epochs.steps import get_number_of_patches
from patchviz.grid.assembly import WEIGHTS
from patchviz.grid.patch_grid import PatchGrid
from patchviz.training.prediction import predict, predict_cohort
from tests.cohorts import numbered_cohort
from tests.oracle import blank, grid_arguments, slice_of_padded


def twice_and_shifted(x):
    """Two channels out, voxel by voxel, of all channels in."""
    total = x.sum(axis=1, dtype=np.float64)
    return np.stack([2 * total, total + 1], axis=1)


@given(
    grid_arguments(["centered", "tight", "shifted", "respaced", "padded_end"], ndims=(1, 2, 3)),
    st.integers(1, 9),
    st.integers(1, 2),
    st.sampled_from(WEIGHTS),
)
def test_a_model_of_single_voxels_gives_what_it_gives_for_the_whole(
    arguments, batch_size, n_channels, weights
):
    grid = PatchGrid(**arguments | {"start": None})
    (subject,) = numbered_cohort([grid.image_shape], n_channels=n_channels)
    expected = twice_and_shifted(subject.image[None])[0]
    volumes = [subject, subject.image] + [subject.image[0]] * (n_channels == 1)
    for volume in volumes:
        back = predict(volume, twice_and_shifted, grid, batch_size=batch_size, weights=weights)
        np.testing.assert_allclose(back, expected, rtol=1e-12)


def test_the_model_gets_batches_of_padded_patches_in_their_dtype():
    (subject,) = numbered_cohort([(9, 7)], n_channels=2, dtype="int16")
    grid = PatchGrid((9, 7), 4, padding_mode="reflect")
    got = []
    predict(subject, lambda x: (got.append(x), x)[1], grid, batch_size=4)
    assert [len(x) for x in got] == [4, 2]
    expected = [slice_of_padded(subject.image, corner, (4, 4), "reflect") for corner in grid]
    np.testing.assert_array_equal(np.concatenate(got), expected, strict=True)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_answers_of_overlapping_patches_are_averaged_by_weight(weights):
    """A model that answers with the number of the patch: where two overlap, both have a say."""
    answers = iter(range(3))
    back = predict(
        np.zeros(8),
        lambda x: np.full(x.shape, next(answers), float),
        PatchGrid((8,), 4, overlap=2, policy="shifted"),
        weights=weights,
    )[0]
    assert back[[0, 1, 6, 7]].tolist() == [0, 0, 2, 2]
    assert (np.diff(back) >= 0).all()
    np.testing.assert_allclose(back[2:4] + back[5:3:-1], 2)
    if weights == "uniform":
        assert back[2:6].tolist() == [0.5, 0.5, 1.5, 1.5]
    else:
        assert back[2] < 0.5 < back[3]


def test_voxels_in_no_patch_are_0():
    grid = PatchGrid((7,), 4, policy="dropped")
    assert predict(np.ones(7), lambda x: x, grid).tolist() == [[1, 1, 1, 1, 0, 0, 0]]


class Tensor:
    """What a tensor of PyTorch asks for, without PyTorch."""

    def __init__(self, array, where="gpu, with gradient"):
        self.array, self.shape, self.where = array, array.shape, where

    def detach(self):
        return Tensor(self.array, "gpu")

    def cpu(self):
        assert self.where == "gpu"
        return Tensor(self.array, "cpu")

    def __array__(self, dtype=None, copy=None):
        assert self.where == "cpu"
        return self.array


def test_a_model_may_return_tensors():
    image = np.arange(12.0).reshape(3, 4)
    grid = PatchGrid((3, 4), 2)
    assert predict(image, lambda x: Tensor(x + 1), grid).tolist() == [(image + 1).tolist()]


def test_a_network_of_pytorch_predicts():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    torch.manual_seed(0)
    network = torch.nn.Conv2d(1, 3, 1)
    image = np.random.default_rng(0).random((9, 7), np.float32)
    back = predict(image, lambda x: network(torch.from_numpy(x)), PatchGrid((9, 7), 4))
    expected = network(torch.from_numpy(image[None])).detach().numpy()
    np.testing.assert_allclose(back, expected, rtol=1e-5)
    with torch.autocast("cpu"):  # answers in bfloat16, which NumPy does not have
        rough = predict(image, lambda x: network(torch.from_numpy(x)), PatchGrid((9, 7), 4))
    np.testing.assert_allclose(rough, expected, atol=0.02)


@pytest.mark.parametrize(
    ("volume", "model", "options", "message"),
    [
        (np.ones((8, 9)), None, {}, r"`grid` must be .* shape \(8, 9\), got \(8, 8\)"),
        (np.ones((8, 8)), lambda x: x[0], {}, r"`model` .* \(2, n_out, 4, 4\), got \(1, 4, 4\)"),
        (np.ones((8, 8)), lambda x: x[:1], {}, r"`model` .* got \(1, 1, 4, 4\)"),
        (np.ones((8, 8)), lambda x: x[..., 1:], {}, r"`model` .* got \(2, 1, 4, 3\)"),
        (np.ones((8, 8)), None, {"batch_size": 0}, "`batch_size` must be at least 1, got 0"),
        (np.ones((8, 8)), lambda x: x, {"weights": "none"}, "`weights` must be one of"),
    ],
)
def test_what_does_not_fit_is_refused(volume, model, options, message):
    with pytest.raises(ValueError, match=message):
        predict(volume, model, PatchGrid((8, 8), 4), **{"batch_size": 2} | options)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x: (x, x), "`model` must return an array or a tensor, got a tuple: choose one"),
        (lambda x: {"out": x}, "`model` must return an array or a tensor, got a dict: choose one"),
        (lambda x: None, "`model` must return an array or a tensor, got a NoneType"),
        (lambda x: x.astype(object), "`model` must return numbers, got a ndarray of type object"),
    ],
)
def test_an_answer_that_is_no_array_is_refused_by_name(answer, message):
    with pytest.raises(TypeError, match=message):
        predict(np.ones((8, 8)), answer, PatchGrid((8, 8), 4))


# ---- many subjects: here, in threads, in processes, on a cluster

SHAPES = [(9, 7, 8), (12, 8, 8), (8, 8, 8)]
GIVEN = {"patch_size": 6, "overlap": 2, "batch_size": 5, "weights": "hann"}


def threads():
    return ThreadPoolExecutor(2)


def processes():
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


@pytest.mark.parametrize("make", [threads, processes])
def test_an_executor_predicts_the_same_in_the_same_order(make):
    cohort = numbered_cohort(SHAPES)
    index_list = [2, 0, 1, 2]
    here = list(predict_cohort(cohort, index_list, twice_and_shifted, **GIVEN))
    for n, volume in zip(index_list, here, strict=True):
        expected = twice_and_shifted(cohort[n].image[None])[0]
        np.testing.assert_allclose(volume, expected, rtol=1e-12)
    with make() as executor:
        there = predict_cohort(cohort, index_list, twice_and_shifted, **GIVEN, executor=executor)
        for volume, expected in zip(there, here, strict=True):
            np.testing.assert_array_equal(volume, expected, strict=True)


def test_without_an_executor_a_subject_is_predicted_when_it_is_asked_for():
    asked = []
    predicted = predict_cohort(
        numbered_cohort(SHAPES), range(3), lambda x: (asked.append(1), x)[1], patch_size=12
    )
    assert asked == []
    assert len(list(islice(predicted, 1))) == len(asked) == 1


def test_grids_that_can_not_be_are_refused_at_once():
    with pytest.raises(ValueError, match="`patch_size` must be at most the image's 7 voxels"):
        predict_cohort(numbered_cohort(SHAPES), [0], None, patch_size=8, policy="shifted")


def test_subjects_to_predict_may_come_from_a_generator_and_must_be_in_the_cohort():
    cohort = numbered_cohort(SHAPES)
    found = predict_cohort(cohort, (n for n in [2]), lambda x: x, patch_size=8)
    np.testing.assert_array_equal(next(found), cohort[2].image)
    for wrong in (-1, 3):
        with pytest.raises(ValueError, match=f"`index_list` must hold places .* got {wrong}"):
            predict_cohort(cohort, [wrong], lambda x: x, patch_size=8)


@pytest.mark.parametrize("make", [threads, processes])
@pytest.mark.parametrize("start_offset", [0, 3])
def test_an_executor_counts_what_is_counted_here(make, start_offset):
    cohort = Cohort.phantom(4, (16, 12, 8))
    given = {"start_offset": start_offset, "seed": 3, "skip_blank": True}
    here = get_number_of_patches(cohort, range(4), 4, **given)
    if not start_offset:
        corners = PatchGrid((16, 12, 8), 4)
        blanks = [
            blank(subject.label, corner, (4,) * 3) for subject in cohort for corner in corners
        ]
        assert here == blanks.count(False)
    with make() as executor:
        assert get_number_of_patches(cohort, range(4), 4, **given, executor=executor) == here


class DiesOnce:
    """A model whose worker is killed the first time that the chosen subject is predicted."""

    def __init__(self, folder: Path, first_voxel: int) -> None:
        self.folder, self.first_voxel = folder, first_voxel

    def __call__(self, x):
        (self.folder / f"{int(x.max())}-{os.getpid()}").touch()
        died = self.folder / "died"
        if (x == self.first_voxel).any() and not died.exists():
            died.write_text(str(os.getpid()))
            os._exit(1)
        return x


def test_a_cluster_loses_nothing_when_a_worker_dies(tmp_path):
    distributed = pytest.importorskip(
        "distributed", reason="Dask is not installed: pip install distributed"
    )
    cohort = numbered_cohort([(6, 6, 6)] * 6)
    model = DiesOnce(tmp_path, int(cohort[3].image.min()))
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        predicted = list(predict_cohort(cohort, range(6), model, patch_size=6, executor=executor))
        n_patches = get_number_of_patches(
            numbered_cohort([(6, 6)] * 6, density=0.1),
            range(6),
            2,
            skip_blank=True,
            executor=executor,
        )
    assert (tmp_path / "died").exists()
    assert len(predicted) == 6
    for volume, subject in zip(predicted, cohort, strict=True):
        np.testing.assert_array_equal(volume, subject.image)
    assert n_patches == get_number_of_patches(
        numbered_cohort([(6, 6)] * 6, density=0.1), range(6), 2, skip_blank=True
    )

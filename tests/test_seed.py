"""The original description, step by step: each of its names and numbers."""

import inspect
import itertools

import numpy as np
import pytest

import patchviz
from patchviz.epochs.queue import create_patch_index_list
from patchviz.epochs.splits import get_validation_split
from patchviz.epochs.steps import get_number_of_patches, get_number_of_steps
from patchviz.grid.cut import add_data
from patchviz.grid.patch_grid import compute_patch_indices, get_set_of_patch_indices
from patchviz.training.generators import data_generator, get_training_and_validation_generators
from tests.cohorts import FakeSubject

IMAGE_SHAPE = (144, 144, 144)
PATCH_SIZE = (64, 64, 64)

CORNERS = [
    [-24, -24, -24],
    [-24, -24, 40],
    [-24, -24, 104],
    [-24, 40, -24],
    [-24, 40, 40],
    [-24, 40, 104],
    [-24, 104, -24],
    [-24, 104, 40],
    [-24, 104, 104],
    [40, -24, -24],
    [40, -24, 40],
    [40, -24, 104],
    [40, 40, -24],
    [40, 40, 40],
    [40, 40, 104],
    [40, 104, -24],
    [40, 104, 40],
    [40, 104, 104],
    [104, -24, -24],
    [104, -24, 40],
    [104, -24, 104],
    [104, 40, -24],
    [104, 40, 40],
    [104, 40, 104],
    [104, 104, -24],
    [104, 104, 40],
    [104, 104, 104],
]


@pytest.fixture(scope="module")
def cohort():
    """30 subjects of which no two patches are alike."""
    i, j, k = np.ogrid[:144, :144, :144]
    base = (i // 3 * 7 + j * 5 + k * 3).astype(np.uint8)
    label = base > 200
    return [FakeSubject(f"sub-{n:02}", (base + n)[np.newaxis], label) for n in range(1, 31)]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("get_training_and_validation_generators", "cohort"),
        ("get_validation_split", "subjects data_split"),
        ("data_generator", "cohort index_list"),
        ("create_patch_index_list", "index_list image_shape patch_size overlap start"),
        ("compute_patch_indices", "image_shape patch_size overlap start"),
        ("get_set_of_patch_indices", "start stop step"),
        ("add_data", "x_list y_list cohort index patch_size"),
        ("get_number_of_steps", "n_patches batch_size"),
        ("get_number_of_patches", "cohort index_list patch_size overlap"),
    ],
)
def test_the_names_of_the_seed_are_the_implementations(name, parameters):
    function = getattr(patchviz, name)
    assert function.__name__ == name
    positional = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    assert positional == parameters.split()
    assert name in patchviz.__all__


def test_training_takes_80_percent_of_30():
    training_list, validation_list = get_validation_split(30)
    assert len(training_list) == 30 * 0.8 == 24
    assert len(validation_list) == 6
    assert sorted(training_list + validation_list) == list(range(30))


def test_the_corners_written_out():
    corners = compute_patch_indices(IMAGE_SHAPE, PATCH_SIZE)
    assert corners.shape == (27, 3)
    assert corners.dtype == np.int64
    assert corners.tolist() == CORNERS


def test_the_arithmetic_as_the_seed_writes_it():
    image_shape, patch_size = np.asarray(IMAGE_SHAPE), np.asarray(PATCH_SIZE)
    n_patches = np.ceil(image_shape / patch_size)
    overflow = patch_size * n_patches - image_shape
    start = -np.ceil(overflow / 2)
    assert n_patches.tolist() == [3, 3, 3]
    assert overflow.tolist() == [48, 48, 48]
    assert start.tolist() == [-24, -24, -24]
    assert get_set_of_patch_indices(start, stop=image_shape, step=patch_size).tolist() == CORNERS
    grid = patchviz.PatchGrid(IMAGE_SHAPE, PATCH_SIZE)
    assert (grid.counts, grid.overflow, grid[0]) == ((3, 3, 3), (48, 48, 48), (-24, -24, -24))


def test_create_patch_index_list_is_the_product_of_subjects_and_corners():
    training_list, _ = get_validation_split(30)
    patch_index = []
    for index in training_list:
        patches = compute_patch_indices(IMAGE_SHAPE, PATCH_SIZE)
        patch_index.extend(itertools.product([index], map(tuple, patches.tolist())))
    index_list = create_patch_index_list(training_list, IMAGE_SHAPE, PATCH_SIZE)
    assert len(index_list) == len(patch_index) == 27 * 24 == 648
    assert sorted(index_list) == sorted(patch_index)
    assert list(index_list) != patch_index  # shuffled


def test_the_loop_that_pops_the_queue(cohort):
    training_list, _ = get_validation_split(30)
    index_list = create_patch_index_list(training_list, IMAGE_SHAPE, PATCH_SIZE)
    expected = list(index_list)[::-1]
    lengths, popped = [len(index_list)], []
    while len(index_list) > 0:
        x_list, y_list = [], []
        index = index_list.pop()
        assert add_data(x_list, y_list, cohort, index, PATCH_SIZE)
        lengths.append(len(index_list))
        popped.append(index)
        assert x_list[0].shape == y_list[0].shape == (1, *PATCH_SIZE)
    assert lengths == list(range(648, -1, -1))  # 648 647 646 ...... 1 0
    assert popped == expected


def test_number_of_patches_and_steps(cohort):
    training_list, validation_list = get_validation_split(30)
    n_train = get_number_of_patches(cohort, training_list, PATCH_SIZE)
    n_validation = get_number_of_patches(cohort, validation_list, PATCH_SIZE)
    assert (n_train, n_validation) == (648, 162)
    assert get_number_of_steps(n_train, 8) == 81
    assert get_number_of_steps(n_validation, 8) == 21
    assert get_number_of_steps(n_train, 32) == 21


def test_both_data_generators_run_for_ever(cohort):
    training_list, validation_list = get_validation_split(30)
    for index_list in (training_list[:1], validation_list[:1]):
        generator = data_generator(cohort, index_list, patch_size=PATCH_SIZE)
        epochs = [sorted(next(generator)[0].tobytes() for _ in range(27)) for _ in range(2)]
        assert epochs[0] == epochs[1]
        assert len(set(epochs[0])) == 27


def test_get_training_and_validation_generators(cohort):
    train_generator, validation_generator, n_train_steps, n_validation_steps = (
        get_training_and_validation_generators(cohort, batch_size=8, patch_size=PATCH_SIZE)
    )
    assert (n_train_steps, n_validation_steps) == (81, 21)
    x, y = next(train_generator)
    assert x.shape == y.shape == (8, 1, *PATCH_SIZE)
    sizes = [len(next(validation_generator)[0]) for _ in range(n_validation_steps + 1)]
    assert sizes == [8] * 20 + [2] + [8]

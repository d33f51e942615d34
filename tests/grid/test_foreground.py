from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchviz import Cohort, PatchGrid
from patchviz.grid.foreground import Foreground, check_rule
from patchviz.grid.policies import POLICIES
from tests.oracle import blank, blank_rules, grid_arguments, slice_of_padded

densities = st.sampled_from([0, 0.01, 0.1, 0.5])


def random_label(image_shape, density, seed):
    return (np.random.default_rng(seed).random(image_shape) < density).astype(np.int16)


@given(grid_arguments([*POLICIES], ndims=(1, 2, 3)), densities, st.integers(0, 99))
def test_counts_are_those_of_the_cut_patches(arguments, density, seed):
    grid = PatchGrid(**arguments)
    label = random_label(grid.image_shape, density, seed)
    counts = Foreground(label).count(grid.starts, grid.patch_size)
    assert counts.shape == grid.counts
    cut = [slice_of_padded(label, corner, grid.patch_size, "constant") for corner in grid]
    assert counts.ravel().tolist() == [np.count_nonzero(patch) for patch in cut]


@given(grid_arguments([*POLICIES], ndims=(1, 2, 3)), densities, st.integers(0, 99), blank_rules)
def test_blanks_of_a_grid(arguments, density, seed, rule):
    grid = PatchGrid(**arguments)
    label = random_label(grid.image_shape, density, seed)
    found = Foreground(label).find_blank(grid, rule)
    assert found.dtype == bool
    assert found.tolist() == [blank(label, corner, grid.patch_size, rule) for corner in grid]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=3), densities, st.integers(0, 99))
def test_foreground_is_found_by_rank(image_shape, density, seed):
    label = random_label(image_shape, density, seed)
    foreground = Foreground(label)
    assert foreground.total == np.count_nonzero(label)
    ranks = np.random.default_rng(seed).permutation(foreground.total)
    np.testing.assert_array_equal(foreground.find(ranks), np.argwhere(label)[ranks])


def test_nothing_is_blank_without_a_rule():
    grid = PatchGrid((8, 8), 4)
    assert not Foreground(np.zeros((8, 8), int)).find_blank(grid, False).any()


def test_the_table_spans_the_foreground_only():
    label = np.zeros((144, 144, 144), np.uint8)
    label[70:80, 60:65, 100] = 2
    assert Foreground(label).nbytes == 4 * 11 * 6 * 2


def test_a_label_is_read_once_however_many_grids_are_asked_for():
    class Counted:
        shape, ndim, dtype = (8, 8), 2, np.dtype("u1")
        n_reads = 0

        def __getitem__(self, index):
            Counted.n_reads += 1
            return np.eye(8, dtype="u1")[index]

    cohort = Cohort.from_arrays([np.zeros((8, 8))], [Counted()])
    _ = cohort.facts.foreground(0)
    once = Counted.n_reads
    for size in range(1, 8):
        grid = PatchGrid((8, 8), size)
        expected = [blank(np.eye(8), corner, grid.patch_size) for corner in grid]
        assert cohort.facts.foreground(0).find_blank(grid, "any").tolist() == expected
    assert Counted.n_reads == once > 0


def test_without_a_label_there_is_no_foreground():
    assert Cohort.from_arrays([np.zeros((8, 8))]).facts.foreground(0) is None


@pytest.mark.parametrize(
    ("given_rule", "rule"),
    [
        ("any", "any"),
        ("center", "center"),
        *((no, False) for no in (False, 0, 0.0, np.bool_(False), np.int64(0), Fraction(0))),
        *((yes, "any") for yes in (True, 1, 1.0, np.bool_(True), np.uint8(1), np.float32(1))),
        *((n, 0.25) for n in (0.25, np.float32(0.25), np.float16(0.25), Fraction(1, 4))),
        (np.float32(0.1), 0.1),
        (Decimal("0.1"), 0.1),
    ],
)
def test_any_number_is_a_rule_and_0_and_1_mean_false_and_true(given_rule, rule):
    assert check_rule(given_rule) == rule
    assert type(check_rule(given_rule)) is type(rule)


@pytest.mark.parametrize("rule", ["centre", "0.5", -0.1, 1.01, 2, float("nan"), 1j, None, (1,)])
def test_other_rules_are_refused(rule):
    with pytest.raises(ValueError, match="`skip_blank` must be True, False, 'any', 'center' or a"):
        check_rule(rule)

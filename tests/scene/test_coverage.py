from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchviz import Cohort, Settings, resolve
from patchviz.grid.policies import POLICIES
from patchviz.scene.coverage import compute_coverage
from patchviz.scene.sets import plan_sets
from tests.oracle import blank, blank_rules, grid_arguments

HEADS = Cohort.phantom(10, (40, 40, 40))


def expand(coverage):
    """Give every voxel the count of its block."""
    counts = coverage.counts
    for axis, edges in enumerate(coverage.edges):
        counts = counts.repeat(np.diff(edges), axis)
    return counts


def visit(cohort, chosen, n_epochs):
    """Go through all patches of the subject shown, epoch by epoch, and mark their voxels."""
    subject = cohort[chosen.subject]
    seen = np.zeros(subject.shape, int)
    for epoch in range(n_epochs):
        grid = plan_sets(replace(chosen, epoch=epoch), cohort.facts).patches[chosen.subject]
        for corner in grid:
            if chosen.skip_blank is False or not blank(
                subject.label, corner, grid.patch_size, chosen.skip_blank
            ):
                box = zip(corner, grid.patch_size, strict=True)
                seen[tuple(slice(max(0, c), max(0, c + p)) for c, p in box)] += 1
    return seen


def check(cohort, chosen, n_epochs):
    chosen = resolve(chosen, cohort.facts).settings
    coverage = compute_coverage(plan_sets(chosen, cohort.facts), n_epochs)
    expected = visit(cohort, chosen, n_epochs)
    assert np.array_equal(expand(coverage), expected)
    times, counts = np.unique(expected, return_counts=True)
    assert [n for n, _ in coverage.shares] == times.tolist()
    assert [share for _, share in coverage.shares] == pytest.approx(counts / expected.size)
    assert coverage.mean == pytest.approx(expected.mean())


@given(grid_arguments([*POLICIES], ndims=(2, 3)))
def test_coverage_of_any_grid(arguments):
    shape = arguments.pop("image_shape")
    check(Cohort.from_arrays([np.zeros(shape)]), Settings(**arguments), 1)


@settings(max_examples=30)
@given(st.integers(5, 40), st.integers(0, 30), st.just(False) | blank_rules, st.integers(1, 5))
def test_coverage_over_epochs_with_random_starts_and_blanks(patch, offset, rule, n_epochs):
    chosen = Settings(patch_size=patch, start_offset=offset, skip_blank=rule)
    check(HEADS, chosen, n_epochs)


def test_random_starts_beyond_the_overflow_lose_voxels_in_an_epoch_and_few_in_many():
    facts = Cohort.phantom(5, (128, 128, 128)).facts
    sets = plan_sets(Settings(patch_size=64, start_offset=16), facts)
    never = [dict(compute_coverage(sets, n).shares).get(0, 0) for n in (1, 2, 4, 16)]
    assert never == sorted(never, reverse=True)
    assert never[0] > 0.05 > never[-1]


def test_the_reference_case_sees_every_voxel_once():
    facts = Cohort.phantom().facts
    assert compute_coverage(plan_sets(Settings(), facts)).shares == ((1, 1.0),)


def test_a_large_image_costs_no_more():
    facts = Cohort.from_arrays([np.broadcast_to(np.float32(0), (2048,) * 3)]).facts
    sets = plan_sets(Settings(patch_size=512, overlap=100), facts)
    assert compute_coverage(sets).counts.size < 20**3


def test_no_epochs_are_refused():
    with pytest.raises(ValueError, match="`n_epochs` must be at least 1, got 0"):
        compute_coverage(plan_sets(Settings(), HEADS.facts), 0)

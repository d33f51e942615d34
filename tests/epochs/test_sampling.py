"""Patches drawn at random, against what brute force finds in the voxels."""

import math
import pickle
from collections import Counter
from fractions import Fraction
from itertools import islice, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchviz import Cohort, DataError
from patchviz.epochs.options import PatchOptions
from patchviz.epochs.orders import ORDERS
from patchviz.epochs.plan import plan_cohort
from patchviz.epochs.steps import get_number_of_patches, get_number_of_steps
from patchviz.grid.foreground import Foreground
from patchviz.grid.patch_grid import PatchGrid
from patchviz.training.generators import data_generator, get_training_and_validation_generators
from tests.cohorts import Unreadable, numbered_cohort

shapes = st.lists(st.tuples(*[st.integers(1, 9)] * 2), min_size=1, max_size=4)
samplings = st.sampled_from(["uniform", 0.33, 1.0, (0, 1, 2), (1, 0, 0, 3)])


def by_image(subject):
    """Weigh the brighter half of the image alone."""
    return subject.image[0] >= subject.image[0].mean()


def drawn(cohort, epoch=0, **options):
    """Return the corners of each subject in one epoch, in the order in which they are drawn."""
    plan = plan_cohort(cohort, range(len(cohort)), PatchOptions(**options))
    return [[tuple(corner) for corner in patches] for patches in plan.patches(epoch)]


@given(shapes, samplings, st.integers(1, 6), st.sampled_from(ORDERS), st.integers(0, 9))
def test_batches_are_those_of_the_drawn_corners(shapes, sampling, patch, order, seed):
    cohort = numbered_cohort(shapes, density=0.3, seed=seed)
    options = {"patch_size": patch, "sampling": sampling, "seed": seed}
    n = get_number_of_patches(cohort, range(len(cohort)), **options)
    assert n == sum(len(PatchGrid(shape, patch)) for shape in shapes)
    batches = data_generator(
        cohort, range(len(cohort)), batch_size=2, order=order, padding_mode="constant", **options
    )
    for epoch in range(2):
        seen = Counter()
        for x, y in islice(batches, get_number_of_steps(n, 2)):
            seen.update(zip(map(bytes, x), map(bytes, y), strict=True))
        corners = drawn(cohort, epoch, **options)
        expected = Counter()
        for subject, some in zip(cohort, corners, strict=True):
            assert len(some) == len(PatchGrid(subject.shape, patch))
            image, label = (
                np.pad(volume, patch) for volume in (subject.image[0], subject.label != 0)
            )
            for corner in some:
                box = tuple(slice(c + patch, c + 2 * patch) for c in corner)
                expected[image[box].tobytes(), label[box].tobytes()] += 1
        assert seen == expected


@given(shapes, samplings | st.just(by_image), st.integers(1, 12), st.integers(0, 9))
def test_patches_lie_inside_or_stand_around_the_image(shapes, sampling, patch, seed):
    cohort = numbered_cohort(shapes, density=0.3)
    options = {"patch_size": patch, "sampling": sampling, "seed": seed}
    for subject, corners in zip(cohort, drawn(cohort, **options), strict=True):
        for corner in corners:
            for c, n in zip(corner, subject.shape, strict=True):
                if n >= patch:
                    assert 0 <= c <= n - patch
                else:
                    assert c == PatchGrid((n,), patch).starts[0][0]
        assert {type(c) for corner in corners for c in corner} == {int}


def test_uniform_reaches_every_corner_equally_often():
    cohort = numbered_cohort([(6, 5)])
    counts = Counter(drawn(cohort, patch_size=3, sampling="uniform", patches_per_subject=12_000)[0])
    assert set(counts) == set(product(range(4), range(3)))
    assert 850 < min(counts.values()) <= max(counts.values()) < 1150  # 5 standard deviations


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=6),
    st.sampled_from([0.01, 0.29, 1 / 3, 0.33, 0.5, 1]),
    st.integers(0, 9),
)
def test_a_share_of_the_epoch_holds_foreground(sizes, share, epoch):
    """The part that every subject gets of the share differs by less than one patch from its due."""
    cohort = numbered_cohort([(n, 9) for n in sizes], density=0.02)
    for subject in cohort:
        subject.label[0, 0] = 1
    plan = plan_cohort(cohort, range(len(cohort)), PatchOptions((1, 2), sampling=share))
    patches = plan.patches(epoch)
    total = sum(map(len, patches))
    assert sum(some.n_by_rule for some in patches) == math.ceil(round(total * share, 3))
    for subject, some in zip(cohort, patches, strict=True):
        assert abs(some.n_by_rule - len(some) * share) < 1 + 1e-3 * len(some)
        for i, j in some[: some.n_by_rule]:
            assert subject.label[i : i + 1, j : j + 2].any()


def test_each_subject_has_its_turn_where_the_share_is_less_than_one_patch():
    cohort = numbered_cohort([(8, 8)] * 6, density=0.5)
    options = PatchOptions(4, sampling=0.5, patches_per_subject=1, seed=3)
    plan = plan_cohort(cohort, range(6), options)
    turns = np.array([[some.n_by_rule for some in plan.patches(epoch)] for epoch in range(200)])
    assert set(turns.sum(axis=1)) == {3}
    assert 60 < turns.sum(axis=0).min() <= turns.sum(axis=0).max() < 140


def test_foreground_is_drawn_voxel_by_voxel():
    """Each of the foreground's voxels comes to the middle equally often."""
    label = np.zeros((9, 9), np.uint8)
    label[4:6, 3] = label[5, 5] = 1
    cohort = Cohort.from_arrays([np.zeros((9, 9), "float32")], [label])
    counts = Counter(drawn(cohort, patch_size=3, sampling=1, patches_per_subject=3000)[0])
    assert {tuple(np.add(corner, 1)) for corner in counts} == set(map(tuple, np.argwhere(label)))
    assert 850 < min(counts.values()) <= max(counts.values()) < 1150


def test_classes_come_to_the_middle_with_their_chances():
    label = np.zeros((30, 30), np.uint8)
    label[10:12, 10:12], label[20, 20] = 1, 3
    cohort = Cohort.from_arrays([np.zeros((30, 30), "float32")], [label])
    options = {"patch_size": 1, "patches_per_subject": 10_000}
    (corners,) = drawn(cohort, sampling=[1, 2, 4, 1], **options)  # of class 2 there is nothing
    counts = Counter(int(label[corner]) for corner in corners)
    assert [counts[n] / 10_000 for n in range(4)] == pytest.approx([0.25, 0.5, 0, 0.25], abs=0.02)
    assert len(set(corners)) > 750  # the background's 895 voxels are all within reach
    (anywhere,) = drawn(cohort, sampling=(0, 0, 1), **options)
    assert len(set(anywhere)) > 890


def test_middles_follow_a_map_of_weights():
    weights = np.zeros((5, 4), "float32")
    weights[1, 2], weights[4, 3] = 1, 3
    cohort = numbered_cohort([(5, 4)])
    options = {"patch_size": 1, "patches_per_subject": 4000}
    (corners,) = drawn(cohort, sampling=lambda subject: weights, **options)
    assert set(corners) == {(1, 2), (4, 3)}
    assert corners.count((4, 3)) == pytest.approx(3000, abs=150)


@pytest.mark.parametrize("sampling", ["uniform", 0.5, (1, 1), by_image])
def test_what_is_drawn_depends_on_seed_epoch_and_subject_only(sampling):
    cohort = numbered_cohort([(30, 30)] * 4, density=0.5)
    options = {"patch_size": 5, "sampling": sampling}
    of_seed_2 = PatchOptions(**options, seed=2)
    seen = {
        (seed, epoch, n): tuple(corners)
        for seed in range(3)
        for epoch in range(3)
        for n, corners in enumerate(drawn(cohort, epoch, seed=seed, **options))
    }
    assert len(set(seen.values())) == 36
    plan = plan_cohort(cohort, range(4), of_seed_2)
    again = pickle.loads(pickle.dumps(plan)).patches(1)
    assert [tuple(corners) for corners in again] == [seen[2, 1, n] for n in range(4)]
    if sampling != 0.5:  # whose part depends on the others
        alone = plan_cohort(cohort, [3, 1], of_seed_2).patches(1)
        assert [tuple(corners) for corners in alone] == [seen[2, 1, 3], seen[2, 1, 1]]


def test_nothing_is_read_before_a_patch_is_asked_for():
    subjects = [Unreadable((20, 20))] * 3
    for sampling in ("uniform", (1, 1)):
        plan = plan_cohort(subjects, range(3), PatchOptions(5, sampling=sampling))
        assert len(plan.queue(0)) == plan.n_patches == 48
    uniform = plan_cohort(subjects, [0], PatchOptions(5, sampling="uniform"))
    assert len(uniform.queue(0)[:]) == 16


def test_batches_are_the_same_of_arrays_that_serve_and_of_copies():
    images = [np.random.default_rng(n).random((20, 20, 20), "float32") for n in range(3)]
    labels = [(image > 0.99).astype("uint8") for image in images]
    batches = [
        [
            (x.tobytes(), y.tobytes())
            for x, y in islice(
                data_generator(
                    Cohort.from_arrays(map(order, images), labels),
                    range(3),
                    patch_size=8,
                    batch_size=5,
                    sampling=0.33,
                    order="buffered",
                    window=2,
                ),
                60,
            )
        ]
        for order in (np.asfortranarray, np.ascontiguousarray)
    ]
    assert batches[0] == batches[1]
    assert len(set(batches[0])) == 60


def test_training_is_drawn_and_validation_takes_the_grid():
    cohort = numbered_cohort([(12, 12)] * 5, density=0.1)
    train, validation, n_train, n_validation = get_training_and_validation_generators(
        cohort, batch_size=1, patch_size=4, sampling=1.0, patches_per_subject=7
    )
    assert (n_train, n_validation) == (28, 9)
    assert all(y.any() for _, y in islice(train, 56))
    corners = {int(x[0, 0, 0, 0] - 1) % 144 for x, _ in islice(validation, 9)}
    assert corners == {12 * i + j for i in (0, 4, 8) for j in (0, 4, 8)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling": "random"}, "`sampling` must be 'grid', 'uniform', a share .* got 'random'"),
        ({"sampling": 0}, "`sampling` must be .* got 0"),
        ({"sampling": 33}, "`sampling` must be .* got 33"),
        ({"sampling": True}, "`sampling` must be .* got True"),
        ({"sampling": (0, -1)}, r"`sampling` must be .* got \(0, -1\)"),
        ({"sampling": ()}, r"`sampling` must be .* got \(\)"),
        ({"sampling": ("a", 1)}, r"`sampling` must be .* got \('a', 1\)"),
        ({"sampling": None}, "`sampling` must be .* got None"),
        ({"sampling": "uniform", "skip_blank": True}, "`skip_blank` goes with sampling 'grid'"),
        ({"sampling": "uniform", "start_offset": 2}, "`start_offset` goes with sampling 'grid'"),
        ({"sampling": "uniform", "patches_per_subject": 0}, "`patches_per_subject` must be at le"),
        ({"patches_per_subject": 3}, "`patches_per_subject` goes with another `sampling` than"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(options, message):
    cohort = numbered_cohort([(8, 8)], density=0.5)
    with pytest.raises(ValueError, match=message):
        data_generator(cohort, [0], patch_size=4, **options)


def test_labels_are_asked_for_where_they_are_needed():
    cohort = numbered_cohort([(8, 8)])
    for sampling in (0.33, (1, 2)):
        with pytest.raises(
            ValueError, match="`sampling` needs labels, and subject sub-00 has none"
        ):
            data_generator(cohort, [0], patch_size=4, sampling=sampling)
    next(data_generator(cohort, [0], patch_size=4, sampling="uniform"))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(8), r"sub-00: the weights .* must be of shape \(8, 8\), got \(8,\)"),
        (np.zeros((8, 8)), "sub-00: .* must be finite, none negative and not all 0"),
        (np.full((8, 8), np.nan), "sub-00: .* must be finite"),
        (np.eye(8) - 0.5, "sub-00: .* none negative"),
    ],
)
def test_weights_that_are_none_are_blamed_on_the_subject(weights, message):
    batches = data_generator(
        numbered_cohort([(8, 8)]), [0], patch_size=4, sampling=lambda subject: weights
    )
    with pytest.raises(DataError, match=message):
        next(batches)


# ---- a share where some subjects have nothing to draw


def with_lesions(n_subjects, n_with):
    """Make subjects of which the first few have a lesion, and the others nothing."""
    cohort = numbered_cohort([(8, 8)] * n_subjects, density=0)
    for subject in cohort[:n_with]:
        subject.label[3, 5] = 1
    return cohort


@pytest.mark.parametrize(
    ("share", "n_with", "reached"),
    [(0.33, 10, 0.33), (0.33, 4, 0.33), (0.2, 2, 0.2), (0.33, 2, 0.2), (1, 5, 0.5), (0.33, 0, 0)],
)
def test_others_make_up_for_subjects_without_foreground(share, n_with, reached):
    cohort = with_lesions(10, n_with)
    options = PatchOptions(2, sampling=share, patches_per_subject=10)
    plan = plan_cohort(cohort, range(10), options)
    assert plan.sampler.reached_share == pytest.approx(reached)
    assert plan.sampler.n_by_rule == round(100 * reached)
    for epoch in range(5):
        patches = plan.patches(epoch)
        counts = [some.n_by_rule for some in patches]
        assert sum(counts) == round(100 * reached)
        assert not any(counts[n_with:])
        assert max(counts[:n_with], default=0) - min(counts[:n_with], default=0) <= 1
        for subject, some in zip(cohort, patches, strict=True):
            assert all(subject.label[i : i + 2, j : j + 2].any() for i, j in some[: some.n_by_rule])


def test_batches_hold_the_share_of_foreground_that_was_asked_for():
    cohort = with_lesions(10, 4)
    given = {"patch_size": 1, "sampling": 0.33, "patches_per_subject": 100}
    batches = data_generator(cohort, range(10), batch_size=1000, **given)
    for _, y in islice(batches, 3):
        assert 330 <= np.count_nonzero(y) < 350  # few of the others hit the lesion by chance


def test_how_many_follow_the_rule_is_known_before_a_patch_is_drawn_from_labels_alone():
    class OnlyLabel(Unreadable):
        def count_class(self, value=None):
            return Foreground(np.eye(20))

    plan = plan_cohort([OnlyLabel((20, 20))] * 3, range(3), PatchOptions(5, sampling=0.5))
    assert plan.n_patches == 48
    assert plan.sampler.n_by_rule == 24


@pytest.mark.parametrize("share", [np.float32(0.33), np.float64(0.33), Fraction(33, 100)])
def test_any_number_is_a_share(share):
    cohort = numbered_cohort([(10, 10)], density=0.5)
    plan = plan_cohort(cohort, [0], PatchOptions(1, sampling=share))
    assert plan.sampler.n_by_rule == 33
    assert plan_cohort(cohort, [0], PatchOptions(1, sampling=np.int64(1))).sampler.n_by_rule == 100

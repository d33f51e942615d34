from collections import Counter
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import patchviz.grid.cut
import patchviz.training.batches
from patchviz.epochs.orders import ORDERS
from patchviz.epochs.queue import draw_starts
from patchviz.epochs.splits import get_validation_split
from patchviz.epochs.steps import get_number_of_patches, get_number_of_steps
from patchviz.errors import DataError
from patchviz.grid.foreground import Foreground
from patchviz.grid.patch_grid import PADDING_MODES, PatchGrid
from patchviz.grid.policies import POLICIES
from patchviz.training.generators import data_generator, get_training_and_validation_generators
from tests.cohorts import FakeSubject, Unreadable, numbered_cohort
from tests.oracle import blank, blank_rules, slice_of_padded

# ---- steps


@given(st.integers(0, 10_000), st.integers(1, 300))
def test_steps_are_the_batches_it_takes(n_patches, batch_size):
    assert get_number_of_steps(n_patches, batch_size) == len(range(0, n_patches, batch_size))


@pytest.mark.parametrize(
    ("n_patches", "batch_size", "n_steps"),
    [(5, 8, 1), (0, 8, 0), (648, 8, 81), (162, 8, 21), (648, 32, 21), (3000, 8, 375)],
)
def test_steps_of_the_course(n_patches, batch_size, n_steps):
    assert get_number_of_steps(n_patches, batch_size) == n_steps


@pytest.mark.parametrize(
    ("n_patches", "batch_size", "message"),
    [
        (-1, 8, "`n_patches` must be at least 0, got -1"),
        (5, 0, "`batch_size` must be at least 1, got 0"),
        (5, 2.5, "`batch_size` must be a whole number, got 2.5"),
        ([5], 8, r"`n_patches` must be a whole number, got \[5\]"),
    ],
)
def test_steps_of_nonsense_are_refused(n_patches, batch_size, message):
    with pytest.raises((TypeError, ValueError), match=message):
        get_number_of_steps(n_patches, batch_size)


# ---- whatever the options: the steps predicted, the patches expected


def negated(x, y, rng):
    return -x.astype(np.float64), None if y is None else y + 1


@st.composite
def options(draw):
    """A cohort of one to four subjects, and arguments for `data_generator`."""
    ndim = draw(st.sampled_from([1, 2, 3]))
    largest = {1: 24, 2: 10, 3: 6}[ndim]
    sizes = st.tuples(*[st.integers(3, largest)] * ndim)
    shapes = draw(st.lists(sizes, min_size=1, max_size=4))
    policy = draw(st.just("centered") | st.sampled_from([*POLICIES]))
    smallest = np.min(shapes, axis=0)
    room = [largest + 2] * ndim if policy in ("centered", "tight", "padded_end") else smallest
    patch = tuple(draw(st.integers(2, n)) for n in map(int, room))
    skip_blank = draw(st.just(False) | blank_rules)
    density = draw(st.sampled_from([0, 0.02, 0.1, 0.3]))
    if not skip_blank:
        density = draw(st.sampled_from([None, density]))
    cohort = numbered_cohort(
        shapes, n_channels=draw(st.integers(1, 2)), density=density, seed=draw(st.integers(0, 99))
    )
    return cohort, {
        "patch_size": patch,
        "overlap": tuple(draw(st.integers(0, p // 2)) for p in patch),
        "batch_size": draw(st.integers(1, 9)),
        "skip_blank": skip_blank,
        "labels": draw(st.sampled_from([None, [1], [3, 1]])),
        "transform": draw(st.sampled_from([None, negated])),
        "start_offset": draw(st.integers(0, largest)) if policy == "centered" else 0,
        "order": draw(st.sampled_from(ORDERS)),
        "policy": policy,
        "padding_mode": draw(st.sampled_from(PADDING_MODES)),
        "seed": draw(st.integers(0, 99)),
    }


def patches_of_epoch(cohort, index_list, epoch, given):
    """List the bytes of every (x, y) that an epoch may hold, patch by patch."""
    starts = [None] * len(index_list)
    if given["start_offset"]:
        starts = draw_starts(
            len(index_list),
            len(given["patch_size"]),
            given["start_offset"],
            seed=given["seed"],
            epoch=epoch,
        )
    found = []
    for n, start in zip(index_list, starts, strict=True):
        subject, size, mode = cohort[n], given["patch_size"], given["padding_mode"]
        grid = PatchGrid(
            subject.shape, size, overlap=given["overlap"], start=start, policy=given["policy"]
        )
        for corner in grid:
            if blank(subject.label, corner, size, given["skip_blank"]):
                continue
            x, y = slice_of_padded(subject.image, corner, size, mode), None
            if subject.has_label:
                label = slice_of_padded(subject.label, corner, size, mode)
                values = given["labels"]
                channels = [label != 0] if values is None else [label == v for v in values]
                y = np.stack(channels).astype(np.uint8)
            if given["transform"]:
                x, y = given["transform"](x, y, None)
            found.append((x.tobytes(), None if y is None else y.tobytes()))
    return found


def check_epochs(cohort, index_list, given, n_epochs):
    first = patches_of_epoch(cohort, index_list, 0, given)
    n_patches, batch_size = len(first), given["batch_size"]
    generator = data_generator(cohort, index_list, **given)
    for epoch in range(n_epochs):
        batches = list(islice(generator, get_number_of_steps(n_patches, batch_size)))
        full, left = divmod(n_patches, batch_size)
        assert [len(x) for x, _ in batches] == [batch_size] * full + [left] * (left > 0)
        seen = Counter(
            (x[m].tobytes(), None if y is None else y[m].tobytes())
            for x, y in batches
            for m in range(len(x))
        )
        expected = patches_of_epoch(cohort, index_list, epoch, given) or first
        if len(expected) == n_patches:
            assert seen == Counter(expected)
        else:  # only blanks make the number differ by epoch, and patches that aren't blank differ
            assert given["skip_blank"]
            assert given["start_offset"]
            assert seen.keys() <= set(expected)
            times = [seen[patch] for patch in expected]
            assert max(times) - min(times) <= 1


@settings(max_examples=300)
@given(options())
def test_every_epoch_yields_the_steps_predicted_and_the_patches_expected(case):
    cohort, given = case
    index_list = list(range(len(cohort)))[::-1]
    counted = {k: given[k] for k in ("overlap", "skip_blank", "start_offset", "policy", "seed")}
    n_patches = get_number_of_patches(cohort, index_list, given["patch_size"], **counted)
    first = patches_of_epoch(cohort, index_list, 0, given)
    assert n_patches == len(first)
    if not first:
        with pytest.raises(ValueError, match=r"0 steps because all .* are blank"):
            data_generator(cohort, index_list, **given)
        return

    check_epochs(cohort, index_list, given, n_epochs=3)


def test_the_count_of_an_epoch_does_not_depend_on_the_start_unless_blanks_go():
    cohort = numbered_cohort([(9, 7), (5, 12)])
    counts = {
        get_number_of_patches(cohort, [0, 1], 4, start_offset=offset, seed=seed)
        for offset in range(6)
        for seed in range(6)
    }
    assert counts == {3 * 2 + 2 * 3}


def test_epochs_are_trimmed_and_topped_up_to_the_first():
    """Random starts let a lesion lie in one patch or in two: later epochs follow the first."""
    cohort = numbered_cohort([(16,)] * 4)
    for subject in cohort:
        subject.label = np.zeros(16, np.uint8)
        subject.label[7:9] = 1
    given = {
        "patch_size": (4,),
        "overlap": 0,
        "batch_size": 1,
        "skip_blank": True,
        "labels": None,
        "transform": None,
        "start_offset": 4,
        "policy": "centered",
        "padding_mode": "edge",
        "seed": 3,
    }
    lengths = [len(patches_of_epoch(cohort, range(4), epoch, given)) for epoch in range(20)]
    assert min(lengths) < lengths[0] < max(lengths)
    check_epochs(cohort, range(4), given, n_epochs=20)


def test_an_epoch_that_finds_only_blanks_takes_the_patches_of_the_first():
    cohort = numbered_cohort([(8,)])
    cohort[0].label = np.array([0, 0, 0, 0, 0, 0, 0, 1])  # lost by every start but 0
    seeds = [
        seed
        for seed in range(50)
        if draw_starts(1, 1, 3, seed=seed, epoch=0)[0, 0] == 0
        and draw_starts(1, 1, 3, seed=seed, epoch=1)[0, 0] < 0
    ]
    for seed in seeds[:3]:
        generator = data_generator(
            cohort, [0], patch_size=4, skip_blank=True, start_offset=3, seed=seed
        )
        assert [next(generator)[0].ravel().tolist() for _ in range(2)] == [[5, 6, 7, 8]] * 2


# ---- the batches


def test_x_keeps_the_dtype_of_the_image_and_y_is_binary():
    cohort = numbered_cohort([(9, 7, 5)] * 2, n_channels=3, dtype="int16", density=0.4)
    x, y = next(data_generator(cohort, [0, 1], patch_size=(4, 3, 2), batch_size=5))
    assert (x.shape, x.dtype) == ((5, 3, 4, 3, 2), np.int16)
    assert (y.shape, y.dtype) == ((5, 1, 4, 3, 2), np.uint8)
    assert set(np.unique(y)) == {0, 1}
    x, y = next(data_generator(cohort, [0, 1], patch_size=4, batch_size=2, labels=[1, 2, 3]))
    assert (x.shape, y.shape) == ((2, 3, 4, 4, 4), (2, 3, 4, 4, 4))


def test_without_labels_y_is_none():
    cohort = numbered_cohort([(8, 8)])
    assert next(data_generator(cohort, [0], patch_size=4))[1] is None
    x, y = next(data_generator(cohort, [0], patch_size=4, transform=lambda x, y, rng: (x, y)))
    assert x.shape == (1, 1, 4, 4)
    assert y is None


@pytest.mark.parametrize("transform", [None, lambda x, y, rng: (x, y)])
def test_subjects_of_several_dtypes_give_batches_of_one(transform):
    cohort = numbered_cohort([(8,)] * 3)
    for subject, dtype in zip(cohort, ("int16", "float32", "uint8"), strict=True):
        subject.image = subject.image.astype(dtype)
    generator = data_generator(cohort, [0, 1, 2], patch_size=4, transform=transform)
    batches = [x for x, _ in islice(generator, 6)]
    assert {x.dtype for x in batches} == {np.dtype("float32")}
    assert sorted(int(x[0, 0, 0]) for x in batches) == [1, 5, 9, 13, 17, 21]


@pytest.mark.parametrize("transform", [None, lambda x, y, rng: (x, y)])
def test_a_batch_is_the_caller_s_own(transform):
    cohort = numbered_cohort([(8, 8)] * 2, density=0.5)
    generator = data_generator(cohort, [0, 1], patch_size=4, batch_size=3, transform=transform)
    kept = [next(generator) for _ in range(6)]
    copies = [(x.copy(), y.copy()) for x, y in kept]
    for _ in range(6):
        x, y = next(generator)
        x[...] = y[...] = 99
    arrays = [array for batch in kept for array in batch]
    for (x, y), (x_copy, y_copy) in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(x, x_copy)
        np.testing.assert_array_equal(y, y_copy)
    assert not any(np.shares_memory(a, b) for n, a in enumerate(arrays) for b in arrays[n + 1 :])
    assert not any(np.shares_memory(a, s.image) for a in arrays for s in cohort)


def test_a_batch_that_is_dropped_is_freed():
    generator = data_generator(numbered_cohort([(8, 8)]), [0], patch_size=4)
    seen = [id(next(generator)[0]) for _ in range(200)]
    assert len(set(seen)) < 200


# ---- reproducible


def noisy(x, y, rng):
    return x + rng.random(x.shape), y


def test_the_same_seed_gives_the_same_batches_and_another_others():
    cohort = numbered_cohort([(9, 7), (5, 12)], density=0.5)

    def run(seed):
        generator = data_generator(
            cohort, [0, 1], patch_size=4, batch_size=5, start_offset=3, transform=noisy, seed=seed
        )
        return [(x.tobytes(), y.tobytes()) for x, y in islice(generator, 9)]

    np.random.seed(1)  # noqa: NPY002 (the global state is what is tested)
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    first = run(1)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    assert run(1) == first
    assert run(2) != first


def test_random_numbers_of_a_transform_differ_by_patch_and_epoch_not_by_batch_size():
    cohort = numbered_cohort([(8, 8)] * 3)
    drawn = {}
    for batch_size in (1, 4, 12):
        drawn[batch_size] = []

        def record(x, y, rng, into=drawn[batch_size]):
            into.append(rng.integers(2**60))
            return x, y

        generator = data_generator(
            cohort, range(3), patch_size=4, batch_size=batch_size, transform=record
        )
        list(islice(generator, 3 * 12 // batch_size))
    assert drawn[1] == drawn[4] == drawn[12]
    assert len(set(drawn[1])) == 36


def test_every_epoch_has_an_order_of_its_own():
    generator = data_generator(numbered_cohort([(12, 12)]), [0], patch_size=4, batch_size=9)
    epochs = [next(generator)[0][:, 0, 0, 0].tolist() for _ in range(20)]
    assert len(set(map(tuple, epochs))) == 20
    assert len({tuple(sorted(epoch)) for epoch in epochs}) == 1


def test_by_subject_reads_each_subject_in_one_run():
    cohort = numbered_cohort([(8, 8)] * 5)
    generator = data_generator(cohort, range(5), patch_size=4, batch_size=4, order="by_subject")
    batches = [x for x, _ in islice(generator, 5)]
    assert {len(np.unique((x - 1) // 64)) for x in batches} == {1}


# ---- transforms


def test_a_transform_may_change_dtype_and_shape():
    cohort = numbered_cohort([(8, 8)], density=0.5)

    def crop(x, y, rng):
        return x[:, 1:-1, 1:-1] / 2, y[:, 1:-1, 1:-1].astype(bool)

    x, y = next(data_generator(cohort, [0], patch_size=4, batch_size=3, transform=crop))
    assert (x.shape, x.dtype) == ((3, 1, 2, 2), np.float64)
    assert (y.shape, y.dtype) == ((3, 1, 2, 2), bool)


def uneven_x(x, y, rng):
    return x[:, : 1 + int(x[0, 0, 0]) % 3], y


def sometimes_no_y(x, y, rng):
    return x, None if int(x[0, 0, 0]) % 8 == 1 else y


@pytest.mark.parametrize("transform", [uneven_x, sometimes_no_y])
def test_a_transform_that_returns_several_shapes_is_refused(transform):
    cohort = numbered_cohort([(8, 8)], density=0.5)
    generator = data_generator(cohort, [0], patch_size=4, batch_size=4, transform=transform)
    with pytest.raises(ValueError, match="`transform` must return arrays of one shape"):
        next(generator)


# ---- what can't work says why


def test_all_blank_says_so_at_once():
    cohort = numbered_cohort([(8, 8), (12, 8)], density=0)
    assert get_number_of_patches(cohort, [0, 1], 4, skip_blank=True) == 0
    with pytest.raises(ValueError, match="all 10 patches of sub-00, sub-01 are blank: the label"):
        data_generator(cohort, [0, 1], patch_size=4, skip_blank=True)
    with pytest.raises(ValueError, match=r"0 steps because all .* are blank"):
        get_training_and_validation_generators(cohort, batch_size=1, patch_size=4, skip_blank=True)


@pytest.mark.parametrize("start_offset", [0, 3])
def test_no_subjects_no_steps(start_offset):
    given = {"start_offset": start_offset}
    assert get_number_of_patches([], [], 4, skip_blank=True, **given) == 0
    with pytest.raises(ValueError, match="0 steps because `index_list` names no subject"):
        data_generator([], [], patch_size=4, **given)


def test_labels_are_needed_to_skip_blanks():
    cohort = [*numbered_cohort([(8,)], density=1), FakeSubject("sub-99", np.ones((1, 8)))]
    for function in (get_number_of_patches, data_generator):
        with pytest.raises(ValueError, match="`skip_blank` needs labels, and subject sub-99 has"):
            function(cohort, [0, 1], patch_size=4, skip_blank=True)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (FakeSubject("sub-99", np.ones((2, 8))), "sub-99: n_channels is 2, but 1 in sub-00"),
        (FakeSubject("sub-99", np.ones((1, 8)), np.ones(8)), "sub-99: has_label is True, but F"),
        (FakeSubject("sub-99", np.ones((1, 8, 8))), "sub-99 has 2 axes, but sub-00 has 1"),
    ],
)
def test_subjects_that_do_not_go_together_are_named_at_once(other, message):
    cohort = [*numbered_cohort([(8,)]), other]
    with pytest.raises(DataError, match=message):
        data_generator(cohort, [0, 1], patch_size=4)
    next(data_generator(cohort, [0], patch_size=4))
    next(data_generator(cohort, [1], patch_size=4))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "`batch_size` must be at least 1, got 0"),
        ({"patch_size": 0}, "`patch_size` must be at least 1"),
        ({"overlap": 4}, "`overlap` must be smaller than `patch_size`"),
        ({"start_offset": -1}, "`start_offset` must be at least 0 .* got -1"),
        ({"start_offset": (1, 1, 1)}, "`start_offset` must have one value for each of 2 axes"),
        ({"start_offset": 1, "policy": "tight"}, "`start_offset` goes with policy 'centered' only"),
        ({"order": "sorted"}, "`order` must be one of"),
        ({"policy": "loose"}, "`policy` must be one of"),
        ({"padding_mode": "zero"}, "`padding_mode` must be one of"),
        ({"seed": -1}, "`seed` must be at least 0, got -1"),
        ({"seed": None}, "`seed` must be a whole number, got None"),
        ({"labels": 2}, "`labels` must be a list of whole numbers, got 2"),
        ({"labels": "1"}, "`labels` must be a list of whole numbers, got '1'"),
        ({"labels": [1, 1.5]}, "`labels` must be a list of whole numbers"),
        ({"labels": []}, "`labels` must name at least one label value"),
        ({"transform": "flip"}, "`transform` must be a function of .* got 'flip'"),
        ({"index_list": [True]}, "`index_list` must hold whole numbers, .* got True"),
        ({"index_list": np.array([False, True])}, "`index_list` must hold whole numbers"),
        ({"index_list": ["sub-00"]}, "`index_list` must hold whole numbers, .* got 'sub-00'"),
        ({"index_list": [0, 99]}, "`index_list` must hold places of the cohort's 1 .* got 99"),
        ({"index_list": [-1]}, "`index_list` must hold places of the cohort's 1 .* got -1"),
        ({"index_list": 0}, "`index_list` must hold whole numbers, .* got 0"),
        ({"position": 5}, "`position` must be at most 4"),
    ],
)
def test_wrong_arguments_are_refused_before_the_first_batch(arguments, message):
    cohort = numbered_cohort([(8, 8)])
    with pytest.raises((ValueError, TypeError), match=message):
        data_generator(cohort, **{"index_list": [0], "patch_size": 4} | arguments)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_transform_returns_both(n_channels):
    cohort = [FakeSubject("sub-00", np.ones((n_channels, 8)), np.ones(8))]
    given = {"patch_size": 4, "transform": lambda x, y, rng: x}
    with pytest.raises(TypeError, match=r"`transform` must return \(x, y\), got a ndarray"):
        next(data_generator(cohort, [0], **given))


# ---- read no more than needed


def test_counting_and_making_generators_reads_no_voxel():
    cohort = [Unreadable((144, 144, 144))] * 30
    for n, subject in enumerate(cohort):
        subject.id = str(n)
    index_list = list(range(24))
    assert get_number_of_patches(cohort, index_list, 64) == 648
    generator = data_generator(cohort, index_list, patch_size=64)
    with pytest.raises(AssertionError, match="the label was read"):
        next(generator)


def test_blanks_are_looked_for_once_where_grids_stay(monkeypatch):
    looked, find_blank = [], Foreground.find_blank
    monkeypatch.setattr(Foreground, "find_blank", lambda *a: (looked.append(1), find_blank(*a))[1])
    cohort = numbered_cohort([(8, 8)] * 5, density=0.5)
    generator = data_generator(cohort, range(5), patch_size=4, batch_size=20, skip_blank=True)
    list(islice(generator, 6))
    assert len(looked) == 5


def test_both_generators_plan_once_each_and_look_through_every_label_once(monkeypatch):
    plans, looked = [], []
    plan, find_blank = patchviz.training.batches.plan_cohort, Foreground.find_blank
    monkeypatch.setattr(
        patchviz.training.batches, "plan_cohort", lambda *a: (plans.append(1), plan(*a))[1]
    )
    monkeypatch.setattr(Foreground, "find_blank", lambda *a: (looked.append(1), find_blank(*a))[1])
    cohort = numbered_cohort([(8, 8)] * 5, density=0.5)
    *both, n_train_steps, n_validation_steps = get_training_and_validation_generators(
        cohort, batch_size=2, patch_size=4, skip_blank=True
    )
    for batches, n_steps in zip(both, (n_train_steps, n_validation_steps), strict=True):
        list(islice(batches, 3 * n_steps))
    assert (len(plans), len(looked)) == (2, 5)


def test_no_option_is_checked_again_for_each_patch(monkeypatch):
    checked = []

    def count(*arguments):
        checked.append(arguments)

    batches = data_generator(numbered_cohort([(8, 8)], density=0.5), [0], patch_size=4)
    for name in ("require_choice", "per_axis", "check_rule", "check_labels"):
        monkeypatch.setattr(patchviz.grid.cut, name, count)
    list(islice(batches, 8))
    assert checked == []


def test_subjects_may_come_from_a_generator():
    cohort = numbered_cohort([(8, 8)] * 3)
    once, again = (
        data_generator(cohort, index_list, patch_size=4)
        for index_list in ((n for n in (2, 0)), [2, 0])
    )
    for (x, _), (same, _) in islice(zip(once, again, strict=True), 16):
        np.testing.assert_array_equal(x, same)
    assert get_number_of_patches(cohort, (n for n in (2, 0)), 4) == 8


# ---- both generators


@settings(max_examples=40)
@given(st.data(), st.integers(2, 7), st.integers(1, 5), st.integers(0, 9))
def test_both_generators_yield_their_steps_from_their_own_subjects(data, n, batch_size, seed):
    cohort = numbered_cohort([(9, 7)] * n, density=0.5)
    share = data.draw(st.sampled_from([0.3, 0.5, 0.8]))
    validation_batch_size = data.draw(st.none() | st.integers(1, 5))
    overlaps = data.draw(st.tuples(*[st.integers(0, 3)] * 2))
    train, validation, n_train_steps, n_validation_steps = get_training_and_validation_generators(
        cohort,
        batch_size=batch_size,
        patch_size=4,
        data_split=share,
        overlap=overlaps[0],
        validation_batch_size=validation_batch_size,
        validation_patch_overlap=overlaps[1],
        training_start_offset=data.draw(st.integers(0, 3)),
        seed=seed,
    )
    split = get_validation_split(n, share, seed=seed)
    sizes = batch_size, validation_batch_size or batch_size
    for generator, n_steps, subjects, size, overlap in zip(
        (train, validation),
        (n_train_steps, n_validation_steps),
        split,
        sizes,
        overlaps,
        strict=True,
    ):
        n_patches = len(subjects) * len(PatchGrid((9, 7), 4, overlap=overlap))
        for _ in range(2):
            batches = [x for x, _ in islice(generator, n_steps)]
            assert sum(map(len, batches)) == n_patches
            assert {len(x) for x in batches[:-1]} <= {size}
            seen = {int(v) for x in batches for v in np.unique((x - 1) // 63)}
            assert seen == set(subjects)


def test_validation_is_neither_transformed_nor_moved():
    cohort = numbered_cohort([(8, 8)] * 5, density=0.5)
    train, validation, n_train_steps, n_validation_steps = get_training_and_validation_generators(
        cohort, batch_size=1, patch_size=4, training_start_offset=3, transform=negated
    )
    assert (n_train_steps, n_validation_steps) == (16, 4)
    moved = [-x for x, _ in islice(train, 32)]
    assert all((x > 0).all() for x in moved)
    assert len({int(x[0, 0, 3, 3]) % 64 for x in moved}) > 4  # where patches end, in their subject
    _, (held_out,) = get_validation_split(5)
    for _ in range(3):
        epoch = sorted(int(next(validation)[0][0, 0, 0, 0]) for _ in range(4))
        assert epoch == [held_out * 64 + 1 + place for place in (0, 4, 32, 36)]


def test_validation_has_a_batch_size_of_its_own():
    cohort = numbered_cohort([(8, 8)] * 4)
    train, validation, n_train_steps, n_validation_steps = get_training_and_validation_generators(
        cohort, batch_size=5, patch_size=4, data_split=0.5, validation_batch_size=3
    )
    assert [len(next(train)[0]) for _ in range(n_train_steps)] == [5, 3]
    assert [len(next(validation)[0]) for _ in range(n_validation_steps)] == [3, 3, 2]


def test_every_option_reaches_both_generators():
    cohort = numbered_cohort([(10, 10)] * 4, density=0.03, seed=1)
    options = {
        "skip_blank": True,
        "labels": [2, 3],
        "order": "by_subject",
        "policy": "padded_end",
        "padding_mode": "wrap",
        "seed": 5,
    }
    *generators, n_train_steps, n_validation_steps = get_training_and_validation_generators(
        cohort, batch_size=3, patch_size=4, data_split=0.5, **options
    )
    counted = {key: options[key] for key in ("skip_blank", "policy", "seed")}
    for generator, index_list, n_steps in zip(
        generators,
        get_validation_split(4, 0.5, seed=5),
        (n_train_steps, n_validation_steps),
        strict=True,
    ):
        n_patches = get_number_of_patches(cohort, index_list, 4, **counted)
        assert n_patches < 18
        assert n_steps == get_number_of_steps(n_patches, 3)
        same = data_generator(cohort, index_list, patch_size=4, batch_size=3, **options)
        for (x, y), (x_same, y_same) in islice(zip(generator, same, strict=True), 2 * n_steps):
            np.testing.assert_array_equal(x, x_same, strict=True)
            np.testing.assert_array_equal(y, y_same, strict=True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"training_start_offset": 2, "policy": "tight"},
            "`training_start_offset` goes with policy 'centered' only, got policy 'tight'",
        ),
        ({"training_start_offset": (1, 2, 3)}, "`training_start_offset` must have one value for"),
        ({"validation_patch_overlap": 4}, "`validation_patch_overlap` must be smaller than"),
        ({"validation_batch_size": 0}, "`validation_batch_size` must be at least 1, got 0"),
        ({"batch_size": 0}, "`batch_size` must be at least 1, got 0"),
        ({"overlap": 4}, "`overlap` must be smaller than"),
    ],
)
def test_errors_call_a_parameter_what_its_caller_does(given, message):
    cohort = numbered_cohort([(8, 8)] * 4)
    with pytest.raises(ValueError, match=f"^{message}"):
        get_training_and_validation_generators(cohort, **{"batch_size": 2, "patch_size": 4} | given)


def test_the_split_can_be_kept_in_a_file(tmp_path):
    cohort = numbered_cohort([(8, 8)] * 5)
    path = tmp_path / "split.json"
    path.write_text(
        '{"training": ["sub-03", "sub-01", "sub-00"], "validation": ["sub-02", "sub-04"]}'
    )
    given = {"batch_size": 12, "patch_size": 4, "split_file": path}
    train, validation, *steps = get_training_and_validation_generators(cohort, **given)
    assert steps == [1, 1]
    assert set(np.unique((next(train)[0] - 1) // 64)) == {0, 1, 3}
    assert set(np.unique((next(validation)[0] - 1) // 64)) == {2, 4}
    *_, n_train_steps, n_validation_steps = get_training_and_validation_generators(
        cohort, **given | {"batch_size": 4}, overwrite=True
    )
    assert (n_train_steps, n_validation_steps) == (4, 1)
    assert "data_split" in path.read_text()

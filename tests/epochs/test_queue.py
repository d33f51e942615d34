import tracemalloc
from itertools import groupby, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchviz.epochs.options import PatchOptions
from patchviz.epochs.orders import ORDERS
from patchviz.epochs.plan import EpochPlan
from patchviz.epochs.queue import (
    PatchQueue,
    create_patch_index_list,
    draw_starts,
    transform_stream,
)
from patchviz.grid.foreground import Foreground
from patchviz.grid.patch_grid import PatchGrid
from tests.oracle import legacy_indices

orders = st.sampled_from(ORDERS)
cohorts = st.lists(st.tuples(*[st.integers(1, 12)] * 2), max_size=5)  # the shapes


def every_entry(subjects, shapes, patch_size, overlap=0, starts=None):
    return [
        (n, tuple(corner))
        for n, shape, start in zip(subjects, shapes, starts or [None] * len(shapes), strict=True)
        for corner in legacy_indices(shape, patch_size, overlap, start).tolist()
    ]


@given(st.data(), cohorts, orders, st.integers(0, 9), st.integers(0, 9))
def test_a_queue_holds_every_patch_of_every_subject_once(data, shapes, order, seed, epoch):
    n = len(shapes)
    subjects = data.draw(st.lists(st.integers(0, 99), min_size=n, max_size=n, unique=True))
    patch = data.draw(st.tuples(*[st.integers(1, 6)] * 2))
    overlap = data.draw(st.integers(0, min(patch) - 1))
    starts = data.draw(st.none() | st.just([(-k, 3 - k) for k in range(n)]))
    queue = create_patch_index_list(
        subjects, shapes, patch, overlap, starts or None, order=order, seed=seed, epoch=epoch
    )
    expected = every_entry(subjects, shapes, patch, overlap, starts)
    assert sorted(queue) == sorted(expected)
    assert len(queue) == len(expected)


def test_one_shape_and_one_start_stand_for_all_subjects():
    one = create_patch_index_list([4, 7], (18, 9), 8, start=(-2, -1))
    each = create_patch_index_list(
        [4, 7], np.array([(18, 9), (18, 9)]), 8, start=np.array([(-2, -1)] * 2)
    )
    assert list(one) == list(each)
    assert sorted(one) == every_entry([4, 7], [(18, 9)] * 2, 8, starts=[(-2, -1)] * 2)


def test_other_policies_place_the_patches():
    queue = create_patch_index_list([3], (144,), 64, policy="shifted")
    assert sorted(queue) == [(3, (0,)), (3, (64,)), (3, (80,))]


@pytest.mark.parametrize("order", ORDERS)
def test_the_same_seed_and_epoch_give_the_same_order_and_others_another(order):
    def entries(seed, epoch):
        return tuple(
            create_patch_index_list(range(4), (8, 8), 4, order=order, seed=seed, epoch=epoch)
        )

    seen = {both: entries(*both) for both in product(range(6), repeat=2)}
    assert seen == {both: entries(*both) for both in seen}
    assert len(set(seen.values())) == 36
    assert len({tuple(sorted(queue)) for queue in seen.values()}) == 1


@pytest.mark.parametrize("order", ORDERS)
def test_numpy_s_global_state_is_neither_used_nor_touched(order):
    queues = []
    for state in (1, 2):
        np.random.seed(state)  # noqa: NPY002 (the global state is what is tested)
        before = np.random.get_state()[1:3]  # noqa: NPY002
        queues.append(list(create_patch_index_list(range(4), (8, 8), 4, order=order)))
        draw_starts(4, 3, 5, seed=0, epoch=0)
        after = np.random.get_state()[1:3]  # noqa: NPY002
        assert (after[0] == before[0]).all()
        assert after[1] == before[1]
    assert queues[0] == queues[1]


def test_by_subject_visits_each_subject_in_one_run_shuffled_within():
    queues = [
        list(create_patch_index_list(range(9), (12, 12), 4, order="by_subject", epoch=epoch))
        for epoch in range(20)
    ]
    runs = [
        [subject for subject, _ in groupby(queue, key=lambda entry: entry[0])] for queue in queues
    ]
    assert all(sorted(run) == list(range(9)) for run in runs)
    assert len({tuple(run) for run in runs}) == 20
    within = {tuple(corner for n, corner in queue if n == 5) for queue in queues}
    assert len(within) == 20


@given(st.lists(st.integers(1, 40), max_size=12), st.integers(1, 5), st.integers(0, 9))
def test_buffered_shuffles_one_window_of_subjects_after_another(sizes, window, seed):
    queue = create_patch_index_list(
        range(len(sizes)), [(n,) for n in sizes], 4, order="buffered", seed=seed, window=window
    )
    entries = list(queue)
    while entries:  # each window is whole before the next begins, and only the last is narrower
        members = list(dict.fromkeys(subject for subject, _ in entries))[:window]
        length = sum(-(-sizes[n] // 4) for n in members)
        assert {subject for subject, _ in entries[:length]} == set(members)
        entries = entries[length:]
    assert queue.order.tolist() == [queue._order[n] for n in range(len(queue))]


def test_buffered_mixes_within_windows_and_permutes_them():
    queues = [
        list(create_patch_index_list(range(6), (12,), 1, order="buffered", epoch=epoch, window=2))
        for epoch in range(50)
    ]
    windows = {frozenset(subject for subject, _ in queue[:24]) for queue in queues}
    assert len(windows) == 15  # all pairs of six
    runs = [len(list(groupby(subject for subject, _ in queue))) for queue in queues]
    assert 35 < np.mean(runs) < 41  # 3 windows of 24 entries: 3 · (1 + 23 · 12/23) = 39
    assert len({tuple(queue) for queue in queues}) == 50


def test_buffered_takes_memory_by_subjects_and_window_only():
    peaks = []
    for side in (64, 640):
        tracemalloc.start()
        queue = create_patch_index_list(range(1000), (side,) * 3, 16, order="buffered")
        assert sum(1 for _, entry in zip(range(100), iter(queue.pop, None), strict=False)) == 100
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 40 * 8 * 64_000  # bytes: a window of 8 subjects, and what makes it; not 64 M
    assert peaks[0] < 100_000


def test_shuffle_puts_every_entry_anywhere():
    """Over 2,000 epochs each of 8 entries comes first about 250 times."""
    first = [
        create_patch_index_list([0, 1], (4, 4), 2, epoch=epoch).pop() for epoch in range(2_000)
    ]
    counts = [first.count(entry) for entry in set(first)]
    assert len(counts) == 8
    assert 180 < min(counts) <= max(counts) < 320  # 4.7 standard deviations


def test_how_many_volumes_a_naive_reader_reads():
    reads = {"shuffle": [], "by_subject": []}
    for order, epoch in ((order, epoch) for order in reads for epoch in range(50)):
        queue = create_patch_index_list(range(24), (144,) * 3, 64, order=order, epoch=epoch)
        reads[order].append(len(list(groupby(subject for subject, _ in queue))))
    assert set(reads["by_subject"]) == {24}
    assert np.mean(reads["shuffle"]) == pytest.approx(622, abs=3)  # 1 + 647 · (1 - 26/647)


# ---- popped from the end


def test_pop_takes_from_the_end_and_leaves_the_rest():
    queue = create_patch_index_list([0, 1, 2], (18,), 8)
    entries = list(queue)
    for left in range(9, 0, -1):
        assert len(queue) == left
        assert queue[-1] == queue[left - 1] == entries[left - 1]
        assert queue[:] == entries[:left]
        assert queue[::-2] == entries[:left][::-2]
        assert repr(queue) == f"<PatchQueue: {left} of 9 patches left>"
        with pytest.raises(IndexError, match=f"below the {left} entries left, got {left}"):
            queue[left]
        with pytest.raises(IndexError, match=f"below the {left} entries left, got {-left - 1}"):
            queue[-left - 1]
        assert queue.pop() == entries[left - 1]
    assert not queue
    with pytest.raises(IndexError, match="the queue is empty: the epoch is over"):
        queue.pop()
    assert len(queue) == 0
    assert len(queue.order) == 9


def test_entries_are_plain_integers():
    queue = create_patch_index_list(np.array([5, 6]), (18, 18), 8)
    n, corner = queue.pop()
    assert (type(n), type(corner)) == (int, tuple)
    assert {type(c) for c in corner} == {int}


@given(st.integers(1, 9), st.integers(0, 40), st.integers(0, 5))
def test_resized_is_trimmed_or_topped_up(n_subjects, length, n_popped):
    queue = create_patch_index_list(range(n_subjects), (18,), 8, seed=n_subjects)
    popping = list(queue)[::-1]
    for _ in range(min(n_popped, len(queue))):
        queue.pop()
    resized = queue.resized(length)
    assert isinstance(resized, PatchQueue)
    popped = [resized.pop() for _ in range(len(resized))]
    assert popped == (popping * 40)[:length]


def test_no_subjects_no_entries():
    for shapes in ([], (8, 8)):
        for order in ORDERS:
            queue = create_patch_index_list([], shapes, 4, order=order, keep=lambda n, grid: None)
            assert len(queue) == 0
            assert list(queue) == []


@given(cohorts, orders, st.integers(0, 9))
def test_keep_says_which_patches_stay_and_leaves_their_order(shapes, order, seed):
    def keep(n, grid):
        assert grid.image_shape == shapes[n]
        return np.array([(n + m) % 3 == 0 for m in range(len(grid))])

    arguments = range(len(shapes)), shapes, 3
    everything = list(create_patch_index_list(*arguments, order=order, seed=seed))
    kept = list(create_patch_index_list(*arguments, order=order, seed=seed, keep=keep))
    places = {
        (n, corner): m
        for n, shape in enumerate(shapes)
        for m, corner in enumerate(PatchGrid(shape, 3))
    }
    assert kept == [entry for entry in everything if (entry[0] + places[entry]) % 3 == 0]


def test_a_queue_holds_integers_only():
    tracemalloc.start()
    queue = create_patch_index_list(range(10_000), (144,) * 3, 64)
    assert len(queue) == 270_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert queue.order.dtype.kind == "i"
    assert peak < 12_000_000  # bytes; a list of tuples takes 59 MiB
    assert len({id(grid) for grid in queue.grids}) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"order": "sorted"}, "`order` must be one of .* 'buffered', got 'sorted'"),
        (
            {"image_shape": [(8, 8)]},
            "`image_shape` must be one shape or one for each of 2 .* got 1",
        ),
        ({"image_shape": []}, "`image_shape` must be one shape or one for each of 2 .* got 0"),
        ({"start": [(0, 0)] * 3}, "`start` must be one start or one for each of 2 .* got 3"),
        ({"start": (0, 0), "policy": "tight"}, "`start` goes with policy 'centered' only"),
        ({"patch_size": 0}, "`patch_size` must be at least 1"),
        ({"window": 0}, "`window` must be at least 1, got 0"),
    ],
)
def test_what_makes_no_queue_is_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_patch_index_list(
            **{"index_list": [0, 1], "image_shape": (8, 8), "patch_size": 4} | arguments
        )


# ---- random starts and streams


@settings(max_examples=50)
@given(st.integers(1, 20), st.integers(1, 4), st.integers(0, 9), st.integers(0, 9))
def test_starts_lie_between_minus_the_offset_and_zero(n, ndim, seed, epoch):
    offset = tuple(range(ndim))
    starts = draw_starts(n, ndim, offset, seed=seed, epoch=epoch)
    assert starts.shape == (n, ndim)
    assert starts.dtype.kind == "i"
    assert ((starts <= 0) & (starts >= -np.array(offset))).all()
    np.testing.assert_array_equal(starts, draw_starts(n, ndim, offset, seed=seed, epoch=epoch))


def test_every_start_is_drawn_and_epochs_and_seeds_differ():
    starts = draw_starts(500, 2, (3, 1), seed=0, epoch=0)
    assert [set(axis) for axis in starts.T.tolist()] == [{-3, -2, -1, 0}, {-1, 0}]
    drawn = {
        draw_starts(9, 3, 9, seed=seed, epoch=epoch).tobytes()
        for seed in range(5)
        for epoch in range(5)
    }
    assert len(drawn) == 25


def test_each_patch_of_an_epoch_has_random_numbers_of_its_own():
    drawn = {
        transform_stream(seed, epoch, place).integers(2**60)
        for seed in range(5)
        for epoch in range(5)
        for place in range(5)
    }
    assert len(drawn) == 125
    assert transform_stream(1, 2, 3).random() == transform_stream(1, 2, 3).random()


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.sampled_from(ORDERS))
def test_reads_are_those_of_a_reader_that_keeps_the_last_used(n, side, cache, order):
    queue = create_patch_index_list(range(n), (side,) * 3, 2, order=order)
    kept, reads = [], 0
    for subject, _ in reversed(list(queue)):
        if subject in kept:
            kept.remove(subject)
        else:
            reads += 1
        kept = [*kept, subject][-cache:]
    assert queue.count_reads(cache) == reads
    assert queue.count_reads(n) == queue.count_reads(n + 1) == n
    if order == "by_subject":
        assert queue.count_reads(1) == n


def test_visits_name_the_subject_of_each_entry():
    queue = create_patch_index_list([7, 3], [(4,) * 3, (6,) * 3], 2)
    assert [queue.subjects[n] for n in queue.visits] == [subject for subject, _ in queue]


def test_subjects_may_come_from_a_generator():
    once = create_patch_index_list((n for n in (4, 7)), (18, 9), 8)
    assert list(once) == list(create_patch_index_list([4, 7], (18, 9), 8))


@pytest.mark.parametrize("index_list", [[1.0], [True], np.array([True, False]), ["0"], 3, [[0]]])
def test_subjects_that_are_no_whole_numbers_are_refused(index_list):
    with pytest.raises(TypeError, match="`index_list` must hold whole numbers, the places of"):
        create_patch_index_list(index_list, (8, 8), 4)


def test_a_queue_does_not_depend_on_another_that_is_built_meanwhile():
    """As a thread does that reads ahead, the foreground asks for the next epoch in mid-way."""
    rng = np.random.default_rng(0)
    tables = [Foreground(rng.integers(0, 2, (9, 9, 9))) for _ in range(4)]
    options = PatchOptions(patch_size=4, start_offset=3, skip_blank=0.5)
    shapes = [(9, 9, 9)] * 4
    expected = EpochPlan(options, range(4), shapes, lambda n, _: tables[n]).queue(1)[:]
    meanwhile = []

    def foreground(n, _):
        if n == 3 and plan.n_patches and not meanwhile:
            meanwhile.append(True)
            plan.queue(2)
        return tables[n]

    plan = EpochPlan(options, range(4), shapes, lambda n, _: tables[n])
    assert plan.n_patches
    object.__setattr__(plan, "foreground", foreground)
    assert plan.queue(1)[:] == expected
    assert meanwhile

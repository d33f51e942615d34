"""PyTorch takes the queue as it is: workers, processes, epochs and resuming change no patch."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from patchviz.data.cohort import Cohort
from patchviz.data.phantom import write_phantom_cohort
from patchviz.data.sources import FileSource
from patchviz.epochs.orders import ORDERS
from patchviz.epochs.steps import get_number_of_patches, get_number_of_steps
from patchviz.training.generators import data_generator
from tests.cohorts import numbered_cohort

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")

from torch.utils.data import DataLoader  # noqa: E402

from patchviz.training.datasets import PatchDataset, PatchIterableDataset  # noqa: E402

# a small machine is no failure; Python warns of forking beside threads, and torch has some
pytestmark = [
    pytest.mark.filterwarnings("ignore:This DataLoader will create . worker:UserWarning"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def noisy(x, y, rng):
    return x[:, ::-1] + rng.random(x.shape), None if y is None else y[..., ::-1]


def count_patches(cohort, index_list, options):
    others = {"labels", "transform", "order", "window", "padding_mode", "batch_size"}
    counted = {name: value for name, value in options.items() if name not in others}
    return get_number_of_patches(cohort, index_list, **counted)


def plain_epochs(cohort, index_list, n_epochs, *, batch_size, **options):
    """List the batches of `data_generator`, epoch by epoch."""
    generator = data_generator(cohort, index_list, batch_size=batch_size, **options)
    n_steps = get_number_of_steps(count_patches(cohort, index_list, options), batch_size)
    return [list(islice(generator, n_steps)) for _ in range(n_epochs)]


def assert_same(batches, expected):
    batches = list(batches)
    assert len(batches) == len(expected)
    for batch, arrays in zip(batches, expected, strict=True):
        wanted = [array for array in arrays if array is not None]
        assert len(batch) == len(wanted)
        for tensor, array in zip(batch, wanted, strict=True):
            assert isinstance(tensor, torch.Tensor)
            np.testing.assert_array_equal(tensor.numpy(), array, strict=True)


def loader_of_patches(dataset, batch_size, **options):
    return DataLoader(dataset, batch_size=batch_size, **options)


def loader_of_batches(dataset, _, **options):
    return DataLoader(dataset, batch_size=None, **options)


@st.composite
def options(draw):
    cohort = numbered_cohort(
        draw(st.lists(st.tuples(*[st.integers(3, 9)] * 2), min_size=1, max_size=3)),
        n_channels=draw(st.integers(1, 2)),
        density=draw(st.sampled_from([None, 0.1, 0.5])),
    )
    given = {
        "patch_size": draw(st.integers(2, 5)),
        "overlap": draw(st.integers(0, 1)),
        "batch_size": draw(st.integers(1, 5)),
        "skip_blank": cohort[0].has_label and draw(st.booleans()),
        "labels": draw(st.sampled_from([None, [3, 1]])),
        "transform": draw(st.sampled_from([None, noisy])),
        "start_offset": draw(st.integers(0, 3)),
        "order": draw(st.sampled_from(ORDERS)),
        "window": draw(st.integers(1, 3)),
        "padding_mode": draw(st.sampled_from(["edge", "constant"])),
        "seed": draw(st.integers(0, 99)),
    }
    if draw(st.booleans()):
        by_label = [0.33, (1, 2)] if cohort[0].has_label else []
        given["sampling"] = draw(st.sampled_from(["uniform", *by_label]))
        given |= {"skip_blank": False, "start_offset": 0}
    assume(count_patches(cohort, range(len(cohort)), given))
    return cohort, given


# ---- in one process: the batches of the plain generator


@settings(max_examples=60)
@given(options())
def test_both_datasets_give_the_batches_of_the_plain_generator(case):
    cohort, given = case
    index_list, batch_size = list(range(len(cohort)))[::-1], given["batch_size"]
    expected = plain_epochs(cohort, index_list, 3, **given)
    by_batch = PatchIterableDataset(cohort, index_list, **given)
    by_patch = PatchDataset(cohort, index_list, **{k: given[k] for k in given if k != "batch_size"})
    assert len(by_batch) == len(expected[0])
    for epoch in (2, 0, 1):  # in any order
        by_patch.set_epoch(epoch)
        by_batch.set_epoch(epoch)
        assert_same(loader_of_patches(by_patch, batch_size), expected[epoch])
        assert_same(loader_of_batches(by_batch, batch_size), expected[epoch])


@settings(max_examples=60)
@given(options(), st.data())
def test_an_epoch_goes_on_where_it_stopped(case, data):
    cohort, given = case
    index_list, batch_size = range(len(cohort)), given["batch_size"]
    expected = plain_epochs(cohort, index_list, 2, **given)
    steps = data.draw(st.integers(0, len(expected[1]) - 1))
    by_batch = PatchIterableDataset(cohort, index_list, **given)
    by_batch.set_epoch(1, position=steps)
    assert len(by_batch) == len(expected[1]) - steps
    assert_same(by_batch, expected[1][steps:])
    del given["batch_size"]
    by_patch = PatchDataset(cohort, index_list, epoch=1, **given)
    left = range(steps * batch_size, len(by_patch))
    assert_same(loader_of_patches(by_patch, batch_size, sampler=left), expected[1][steps:])
    by_batch.set_epoch(0)
    assert_same(by_batch, expected[0])


def test_a_dataset_is_a_sequence_of_the_patches_that_its_queue_pops():
    cohort = numbered_cohort([(8, 8)], density=0.5)
    dataset = PatchDataset(cohort, [0], patch_size=4)
    generator = data_generator(cohort, [0], patch_size=4)
    first = [x[0].tolist() for x, _ in islice(generator, 4)]
    assert [x.tolist() for x, _ in dataset] == first
    assert dataset[-1][0].tolist() == first[-1]
    for n in (4, -5):
        with pytest.raises(IndexError, match=f"below the epoch's 4, got {n}"):
            dataset[n]


def test_an_epoch_can_not_go_on_beyond_its_end():
    dataset = PatchIterableDataset(numbered_cohort([(8, 8)]), [0], patch_size=4, batch_size=3)
    dataset.set_epoch(1, position=2)
    assert list(dataset) == []
    with pytest.raises(ValueError, match="`position` must be at most 2, all of an epoch, got 3"):
        dataset.set_epoch(2, position=3)
    with pytest.raises(TypeError, match="`position` must be a whole number"):
        dataset.set_epoch(2, position=0.5)
    dataset.set_epoch(0)
    assert sum(len(x) for (x,) in dataset) == 4


def test_without_labels_there_is_x_alone():
    cohort = numbered_cohort([(8, 8)])
    ((x,),) = DataLoader(PatchDataset(cohort, [0], patch_size=4), batch_size=4)
    assert x.shape == (4, 1, 4, 4)
    ((same,),) = PatchIterableDataset(cohort, [0], patch_size=4, batch_size=4)
    assert torch.equal(x, same)


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (PatchDataset, {"epoch": -1}, "`epoch` must be at least 0, got -1"),
        (PatchIterableDataset, {"batch_size": 0}, "`batch_size` must be at least 1, got 0"),
        (PatchIterableDataset, {"rank": 2, "num_replicas": 2}, "`rank` must be .* got 2 of 2"),
        (PatchDataset, {"patch_size": 0}, "`patch_size` must be at least 1"),
        (PatchDataset, {"colour": 0}, "colour"),
    ],
)
def test_wrong_arguments_are_refused_at_once(make, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make(numbered_cohort([(8, 8)]), [0], **{"patch_size": 4} | arguments)


# ---- workers


@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.parametrize(
    ("make", "load", "which"),
    [
        (PatchDataset, loader_of_patches, {"skip_blank": True, "start_offset": 2}),
        (PatchIterableDataset, loader_of_batches, {"skip_blank": True, "start_offset": 2}),
        (
            PatchIterableDataset,
            loader_of_batches,
            {"sampling": 0.33, "patches_per_subject": 21, "order": "buffered"},
        ),
    ],
)
def test_workers_change_nothing(make, load, which, start):
    """Workers that live through the epochs, and start offsets: these must learn of each epoch."""
    if start not in torch.multiprocessing.get_all_start_methods():
        pytest.skip(f"this system does not {start}")
    cohort, index_list, batch_size = Cohort.phantom(3, (16, 12, 8)), [2, 0, 1], 5
    given = {"patch_size": 6, "transform": noisy, "overlap": 1, "seed": 4, **which}
    expected = plain_epochs(cohort, index_list, 3, batch_size=batch_size, **given)
    assert len({len(batches) for batches in expected}) == 1
    assert len(expected[0]) % 3 != 0  # workers don't take equally many
    own = {"batch_size": batch_size} if make is PatchIterableDataset else {}
    dataset = make(cohort, index_list, **given, **own)
    loader = load(
        dataset, batch_size, num_workers=3, multiprocessing_context=start, persistent_workers=True
    )
    assert len(loader) == len(expected[0])
    for epoch in (0, 1, 2):
        dataset.set_epoch(epoch)
        assert_same(loader, expected[epoch])


READ = FileSource.voxels


def log_decodings(log, _worker=None):
    """Have this process note in a file what it decodes, a line each."""

    def spy(source):
        with open(log, "a") as file:
            file.write(f"{source.path}\n")
        return READ(source)

    FileSource.voxels = spy


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_decode_each_file_once_in_all_epochs(tmp_path, monkeypatch, start, order):
    if start not in torch.multiprocessing.get_all_start_methods():
        pytest.skip(f"this system does not {start}")
    write_phantom_cohort(tmp_path / "scans", 8, (16, 12, 8))
    given = {"patch_size": 6, "batch_size": 5, "order": order}
    expected = plain_epochs(Cohort.from_folder(tmp_path / "scans"), range(8), 2, **given)
    log = tmp_path / "log"
    monkeypatch.setattr(FileSource, "voxels", READ)  # undone at the end
    log_decodings(log)
    dataset = PatchIterableDataset(Cohort.from_folder(tmp_path / "scans"), range(8), **given)
    for epoch in range(2):
        dataset.set_epoch(epoch)
        loader = DataLoader(
            dataset,
            batch_size=None,
            num_workers=4,
            multiprocessing_context=start,
            worker_init_fn=partial(log_decodings, log),
        )
        assert_same(loader, expected[epoch])
    decoded = log.read_text().splitlines()
    assert len(decoded) == len(set(decoded)) == 16


def test_pickled_datasets_carry_no_volumes():
    cohort = Cohort.phantom(2, (64, 64, 64))
    dataset = PatchDataset(cohort, [0, 1], patch_size=32, skip_blank=True, epoch=3)
    first = [tensor.tolist() for tensor in dataset[0]]
    pickled = pickle.dumps(dataset)
    assert len(pickled) < 20_000
    again = pickle.loads(pickled)
    assert [tensor.tolist() for tensor in again[0]] == first
    assert len(again) == len(dataset)


# ---- several processes


@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 3), st.integers(1, 4))
def test_ranks_share_an_epoch_evenly(num_replicas, batch_size, epoch, n_subjects):
    cohort = numbered_cohort([(9, 7)] * n_subjects)
    given = {"patch_size": 4, "epoch": epoch}
    ranks = [
        PatchIterableDataset(
            cohort,
            range(n_subjects),
            batch_size=batch_size,
            num_replicas=num_replicas,
            rank=rank,
            **given,
        )
        for rank in range(num_replicas)
    ]
    batches = [[x for (x,) in rank] for rank in ranks]
    assert {len(b) for b in batches} == {len(ranks[0])}
    shares = [[int(x) for b in of_rank for x in b[:, 0, 0, 0]] for of_rank in batches]
    whole = [int(x[0, 0, 0]) for (x,) in PatchDataset(cohort, range(n_subjects), **given)]
    padded = whole + whole[: -len(whole) % num_replicas]
    length = len(padded) // num_replicas
    assert shares == [padded[n * length : (n + 1) * length] for n in range(num_replicas)]


RUN = Path(__file__).with_name("distributed_run.py")


def test_two_real_processes_train_together(tmp_path):
    """Two processes of a gloo group: disjoint, complete, in step, anew each epoch, and alike."""
    n_processes = 2
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(RUN.parent.parent), os.environ.get("PYTHONPATH", "")]),
        "OMP_NUM_THREADS": "1",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, str(RUN), str(rank), str(n_processes), str(tmp_path)], env=environment
        )
        for rank in range(n_processes)
    ]
    try:
        assert [process.wait(120) for process in processes] == [0] * n_processes
    finally:
        for process in processes:
            process.kill()
    ranks = [torch.load(tmp_path / f"{rank}.pt") for rank in range(n_processes)]
    assert ranks[0]["weights"] == ranks[1]["weights"]  # gradients were shared
    for kind in ("by_batch", "by_patch"):
        epochs = list(zip(*(rank[kind] for rank in ranks), strict=True))
        assert epochs[0] == epochs[-1]  # the first again, with the same seed
        assert epochs[0] != epochs[1]
        for shares in epochs:
            assert len({len(batches) for batches in shares}) == 1
            seen = [[corner for batch in batches for corner in batch] for batches in shares]
            assert len(seen[0]) == len(seen[1]) == 14  # 27 patches, one of them twice
            assert set(seen[0]) | set(seen[1]) == set(range(27))
            assert len(set(seen[0]) & set(seen[1])) <= 1

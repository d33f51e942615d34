"""Reading ahead of the batches: once, in the background, and what is left when something fails."""

import errno
import gc
import os
import subprocess
import sys
import threading
from itertools import count, islice
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import patchviz.data.cache
import patchviz.training.batches
import patchviz.training.read_ahead
from patchviz.data.cache import Cache
from patchviz.data.cohort import Cohort
from patchviz.data.sources import FileSource
from patchviz.epochs.options import PatchOptions
from patchviz.epochs.orders import ORDERS
from patchviz.epochs.queue import create_patch_index_list
from patchviz.epochs.steps import get_number_of_patches, get_number_of_steps
from patchviz.errors import DataError
from patchviz.grid.foreground import Foreground
from patchviz.training.batches import PatchReader
from patchviz.training.generators import data_generator
from tests.cohorts import numbered_cohort

SHAPE = (13, 12, 11)
N = 12


def write_cohort(folder, suffix=".nii.gz", n=N):
    """Write images and labels; return their paths."""
    rng = np.random.default_rng(0)
    paths = [], []
    for m in range(n):
        for name, dtype, into in zip(("t1", "seg"), ("i2", "u1"), paths, strict=True):
            path = folder / f"sub-{m:02}-{name}{suffix}"
            nibabel.save(nibabel.Nifti1Image(rng.integers(0, 3, SHAPE, dtype), np.eye(4)), path)
            into.append(path)
    return paths


@pytest.fixture
def paths(tmp_path):
    return write_cohort(tmp_path)


@pytest.fixture
def decoded(monkeypatch):
    """List the files in the order in which they are decoded."""
    names, voxels = [], FileSource.voxels

    def spy(source, *given):
        names.append(source.path.name)
        return voxels(source, *given)

    monkeypatch.setattr(FileSource, "voxels", spy)
    return names


def generate(cohort, **given):
    return data_generator(cohort, range(len(cohort)), **{"patch_size": 6, "batch_size": 5} | given)


def content(batches):
    return [(x.tobytes(), None if y is None else y.tobytes()) for x, y in batches]


def readers(name="patchviz"):
    return [t for t in threading.enumerate() if t.name.startswith(name)]


def handles():
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("no /proc on this system")
    return {os.readlink(folder / name) for name in os.listdir(folder) if (folder / name).exists()}


# ---- read once, whatever the order, the limit and the threads


@pytest.mark.parametrize("order", ORDERS)
def test_every_file_is_decoded_once(paths, decoded, order):
    generator = generate(Cohort.from_files(*paths), order=order)
    assert decoded == []  # not before the first batch
    list(islice(generator, 400))
    assert sorted(decoded) == sorted(path.name for both in paths for path in both)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("n_threads", [1, 5])
def test_batches_do_not_depend_on_the_threads(tmp_path, monkeypatch, suffix, n_threads):
    paths = write_cohort(tmp_path, suffix)
    given = {"transform": lambda x, y, rng: (x + rng.random(), y), "start_offset": 2, "seed": 3}
    in_arrays = [[nibabel.load(p).get_fdata().astype(int) for p in both] for both in paths]
    arrays = Cohort.from_arrays(in_arrays[0], in_arrays[1])
    expected = content(islice(generate(arrays, **given), 150))
    monkeypatch.setattr(patchviz.training.read_ahead, "N_THREADS", n_threads)
    monkeypatch.setattr(patchviz.training.batches, "WORTH_HELP", 0 if n_threads > 1 else 2**30)
    assert content(islice(generate(Cohort.from_files(*paths), **given), 150)) == expected


@given(
    st.lists(st.integers(1, 7), min_size=1, max_size=30), st.sampled_from(ORDERS), st.integers(0, 9)
)
def test_subjects_are_read_in_the_order_in_which_they_are_reached(sizes, order, n_dropped):
    shapes = [(size,) for size in sizes]
    queue = create_patch_index_list(range(len(sizes)), shapes, 2, order=order)
    queue.drop(n_dropped)
    upcoming = list(queue.upcoming())
    popped = [queue.pop()[0] for _ in range(len(queue))]
    assert upcoming == list(dict.fromkeys(popped))


@given(st.integers(0, 40), st.sampled_from(ORDERS))
def test_what_an_epoch_has_left_behind_is_read_ahead_for_the_next(n_dropped, order):
    reader = PatchReader(numbered_cohort([(8,)] * 10), range(10), PatchOptions(2, order=order))
    assert len(reader) == 40
    upcoming = list(reader.upcoming(3, n_dropped))
    now, later = (reader.queue(epoch) for epoch in (3, 4))
    popped = [*now[: 40 - n_dropped][::-1], *later[::-1]]
    assert upcoming == list(dict.fromkeys(n for n, _ in popped))


def test_only_a_few_subjects_are_read_ahead(paths, decoded, monkeypatch):
    monkeypatch.setattr(patchviz.training.read_ahead, "N_AHEAD", 3)
    generator = generate(Cohort.from_files(*paths), order="by_subject")
    next(generator)
    while len(decoded) < 8:  # one subject is reached, three are ahead: images and labels of four
        threading.Event().wait(0.001)
    assert len(readers("patchviz-read")) == patchviz.training.read_ahead.N_THREADS
    generator.close()
    assert len(decoded) == 8


# ---- nothing is left


def test_threads_end_when_all_is_read_and_the_epoch_goes_on(paths):
    generator = generate(Cohort.from_files(*paths), batch_size=1)
    for _ in range(200):
        next(generator)
    for thread in readers("patchviz-read"):
        thread.join(10)
    assert readers("patchviz-read") == []
    next(generator)


@pytest.mark.parametrize("end", ["close", "del", "for", "KeyboardInterrupt"])
def test_who_stops_in_mid_epoch_leaves_no_thread_and_no_handle(paths, end):
    Cohort.phantom(1, (8, 8, 8))  # this process has a temporary folder now, and holds its lock
    gc.collect()
    before = handles()
    cohort = Cohort.from_files(*paths)
    calls = count()

    def interrupt(x, y, rng):
        if next(calls) == 7:
            raise KeyboardInterrupt
        return x, y

    generator = generate(cohort, transform=interrupt if end == "KeyboardInterrupt" else None)
    next(generator)
    if end == "close":
        generator.close()
    elif end == "for":
        for _ in generator:
            break
    elif end == "KeyboardInterrupt":
        with pytest.raises(KeyboardInterrupt):
            next(generator)
    del generator
    assert readers() == []
    assert content(islice(generate(cohort), 3))  # the cohort is as good as before
    del cohort
    gc.collect()
    assert readers() == []
    assert handles() == before


def test_the_interpreter_ends_while_subjects_are_read():
    code = (
        "from patchviz import Cohort, data_generator\n"
        "g = data_generator(Cohort.phantom(9, (48,) * 3), range(9), patch_size=16)\n"
        "next(g)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=Path.cwd()
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_generator_that_has_begun_goes_on_in_a_forked_child():
    """In a process of its own: to fork one that has threads is deprecated, and warned of."""
    code = """
import os, signal
import numpy as np
from patchviz import Cohort, data_generator
cohort = Cohort.from_arrays([np.full((64, 64, 64), n, "f4") for n in range(4)])
batches = data_generator(cohort, range(4), patch_size=64, batch_size=2)
next(batches)
child = os.fork()
if not child:
    signal.alarm(20)
x, _ = next(batches)
assert sorted(x.max((1, 2, 3, 4))) == sorted(x.min((1, 2, 3, 4)))
if not child:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    known = "ignore:This process (pid=:DeprecationWarning"  # from Python 3.12 on
    done = subprocess.run(
        [sys.executable, "-W", known, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_generator_that_the_collector_ends_amidst_a_read_waits_for_nobody(monkeypatch):
    """A reader of its own may wait for what is being read there."""
    asked, get = [], Cache.get

    def spy(cache, name, *given):
        asked.append((threading.current_thread().name, name[0]))
        return get(cache, name, *given)

    monkeypatch.setattr(Cache, "get", spy)
    last = create_patch_index_list(range(4), (8, 8, 8), 8)[0][0]

    class Image:
        shape = (8, 8, 8)

        def __getitem__(self, at):
            if at is ... and self is images[last]:
                lose_a_generator()
            return np.zeros(self.shape)[at]

    def lose_a_generator():
        lost = [data_generator(cohort, range(4), patch_size=8)]
        next(lost[0])
        while not any(
            name.startswith("patchviz-read") and id == cohort[last].id for name, id in asked
        ):
            threading.Event().wait(0.001)
        lost.append(lost)  # only the collector finds it
        del lost
        gc.collect()

    images = [Image() for _ in range(4)]
    cohort = Cohort.from_arrays(images)
    read = threading.Thread(target=cohort.read, args=(last,), daemon=True)
    read.start()
    read.join(20)
    assert not read.is_alive()
    for thread in readers():
        thread.join(20)
    assert readers() == []


# ---- faults, told where the subject is reached


def one_of(paths, n, what):
    return paths[("t1", "seg").index(what)][n]


def vanish(path):
    path.unlink()


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-9])


def reshape(path):
    nibabel.save(nibabel.Nifti1Image(np.zeros((13, 12, 10), "i2"), np.eye(4)), path)


def retype(path):
    nibabel.save(nibabel.Nifti1Image(np.zeros(SHAPE, "f4"), np.eye(4)), path)


def not_a_number(path):
    array = np.zeros(SHAPE, "f4")
    array[1, 2, 3] = np.inf
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)


@pytest.mark.parametrize("what", ["t1", "seg"])
@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        (vanish, FileNotFoundError, r"sub-05-t1: there is no file .*sub-05-{}\.nii\.gz"),
        (cut_short, DataError, r"sub-05-t1: sub-05-{}\.nii\.gz is damaged or cut short: copy it"),
        (
            reshape,
            DataError,
            r"sub-05-t1: sub-05-{}\.nii\.gz has shape \(13, 12, 10\) now, and had \(13, 12, 11\)",
        ),
    ],
)
def test_a_file_that_is_spoilt_after_its_header_was_read(paths, what, spoil, error, said):
    generator = generate(Cohort.from_files(*paths))
    whole = content(islice(generate(Cohort.from_files(*paths)), 20))
    spoil(one_of(paths, 5, what))
    got = []
    with pytest.raises(error, match=said.format(what)):
        got.extend(islice(generator, 20))
    assert content(got) == whole[: len(got)]  # batches before are right, and nothing hangs
    assert readers() == []


def test_an_image_whose_type_changed(paths):
    generator = generate(Cohort.from_files(*paths))
    retype(paths[0][5])
    with pytest.raises(DataError, match=r"sub-05-t1\.nii\.gz has type float32 now, and had int16"):
        list(islice(generator, 200))


def test_a_channel_whose_type_changed(paths):
    channels = list(zip(paths[0][:6], paths[0][6:], strict=True))
    generator = generate(Cohort.from_files(channels))
    retype(paths[0][8])
    with pytest.raises(DataError, match=r"sub-08-t1\.nii\.gz has type float32 now, and had int16"):
        list(islice(generator, 200))


def test_an_array_that_can_not_be_read():
    class Closed:
        shape = (8, 8)

        def __getitem__(self, at):
            if at is ...:
                raise RuntimeError("the file is closed")
            return np.zeros(self.shape)[at]

    generator = generate(Cohort.from_arrays([Closed()]))
    said = r"subject-01: array images\[0\] can't be read: is .* whole\? .*the file is closed"
    with pytest.raises(DataError, match=said):
        next(generator)


def test_voxels_that_are_no_numbers(paths):
    not_a_number(paths[0][5])
    generator = generate(Cohort.from_files(*paths))
    with pytest.raises(
        DataError, match=r"sub-05-t1\.nii\.gz has 1 voxels that are NaN or infinite"
    ):
        list(islice(generator, 200))


def test_a_file_that_is_repaired_is_read(paths):
    whole = paths[0][5].read_bytes()
    cohort = Cohort.from_files(*paths)
    cut_short(paths[0][5])
    with pytest.raises(DataError, match="damaged"):
        _ = cohort[5].image
    paths[0][5].write_bytes(whole)
    assert cohort[5].image.shape == (1, *SHAPE)


class Died(BaseException):
    """What no code expects."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_is_done_without(paths, monkeypatch):
    expected = content(islice(generate(Cohort.from_files(*paths)), 30))
    voxels = FileSource.voxels

    def die(source, *given):
        if threading.current_thread() in readers("patchviz-read"):
            raise Died
        return voxels(source, *given)

    monkeypatch.setattr(FileSource, "voxels", die)
    generator = generate(Cohort.from_files(*paths))
    got = content(islice(generator, 30))
    assert got == expected
    generator.close()
    assert readers() == []


def test_a_full_disk_is_told_with_the_remedy_and_nothing_half_written_stays(paths, monkeypatch):
    expected = content(islice(generate(Cohort.from_files(*paths)), 20))
    cohort = Cohort.from_files(*paths)

    def fill_up(volume, path, **given):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    said = (
        r"sub-\d\d-t1: sub-\d\d-\w+.nii.gz: its \d+ bytes can't be kept in .*patchviz-.* "
        r"\(No space left on device\): free some room there, set TMPDIR .* or pass `cache`"
    )
    with monkeypatch.context() as patch:
        patch.setattr(patchviz.data.cache, "_write", fill_up)
        with pytest.raises(OSError, match=said) as caught:
            list(islice(generate(cohort), 20))
    assert caught.value.errno == errno.ENOSPC
    assert readers() == []
    assert list(cohort[0]._cache.prepare().iterdir()) == []
    assert content(islice(generate(cohort), 20)) == expected


# ---- going on in mid-epoch


@settings(max_examples=60)
@given(st.data(), st.sampled_from(ORDERS), st.integers(1, 9), st.booleans())
def test_a_run_goes_on_where_it_stopped(data, order, batch_size, skip_blank):
    cohort = numbered_cohort([(9,), (7,), (12,)], density=0.3, seed=data.draw(st.integers(0, 5)))
    given = {
        "patch_size": 4,
        "batch_size": batch_size,
        "order": order,
        "skip_blank": skip_blank,
        "start_offset": data.draw(st.integers(0, 3)),
        "transform": lambda x, y, rng: (x + rng.random(), y),
    }
    n_patches = get_number_of_patches(
        cohort, range(3), 4, skip_blank=skip_blank, start_offset=given["start_offset"]
    )
    n_steps = get_number_of_steps(n_patches, batch_size)
    epoch, position = data.draw(st.integers(0, 2)), data.draw(st.integers(0, n_steps))
    whole = data_generator(cohort, range(3), **given)
    rest = data_generator(cohort, range(3), epoch=epoch, position=position, **given)
    expected = islice(whole, epoch * n_steps + position, (epoch + 2) * n_steps)
    n_left = 2 * n_steps - position
    assert content(islice(rest, n_left)) == content(expected)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"epoch": -1}, ValueError, "`epoch` must be at least 0, got -1"),
        ({"position": -1}, ValueError, "`position` must be at least 0, got -1"),
        ({"position": 5}, ValueError, "`position` must be at most 4, all of an epoch, got 5"),
        ({"position": 1.5}, TypeError, "`position` must be a whole number, got 1.5"),
    ],
)
def test_places_that_no_run_reaches(given, error, said):
    with pytest.raises(error, match=said):
        data_generator(numbered_cohort([(16,)]), [0], patch_size=4, **given)


# ---- the same arrays again


def test_buffers_are_used_again_only_where_asked_to(paths):
    expected = content(islice(generate(Cohort.from_files(*paths), batch_size=7), 60))
    batches = generate(Cohort.from_files(*paths), batch_size=7, reuse_buffers=True)
    seen, got = set(), []
    for x, y in islice(batches, 60):
        seen.add((x.__array_interface__["data"][0], y.__array_interface__["data"][0]))
        got += content([(x, y)])
    assert got == expected
    assert len(seen) == 1


# ---- blanks


def test_blanks_are_left_out_of_every_epoch_without_reading_labels_again(
    paths, decoded, monkeypatch
):
    counted, count_foreground = [], Foreground.__init__
    monkeypatch.setattr(
        Foreground, "__init__", lambda *given: (counted.append(1), count_foreground(*given))[1]
    )
    given = {"batch_size": 5, "skip_blank": 0.7, "start_offset": 3}
    n_patches = get_number_of_patches(
        Cohort.from_files(*paths), range(N), 6, skip_blank=0.7, start_offset=3
    )
    assert 0 < n_patches < get_number_of_patches(Cohort.from_files(*paths), range(N), 6)
    in_arrays = [[np.asarray(nibabel.load(p).dataobj) for p in both] for both in paths]
    n_batches = 4 * get_number_of_steps(n_patches, 5)
    expected = content(islice(generate(Cohort.from_arrays(*in_arrays), **given), n_batches))
    decoded.clear()
    counted.clear()
    cohort = Cohort.from_files(*paths)
    assert content(islice(generate(cohort, **given), n_batches)) == expected
    assert sorted(decoded) == sorted(path.name for both in paths for path in both)
    assert len(counted) == N

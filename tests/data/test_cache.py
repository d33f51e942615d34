"""What is decoded is a file: made once whoever asks, shared, kept or gone, never half of one."""

import errno
import gc
import mmap
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import nibabel
import numpy as np
import pytest
import zarr

import patchviz.data.cache
import patchviz.data.scratch
from patchviz.data.cohort import Cohort
from patchviz.data.phantom import make_phantom
from patchviz.data.sources import FileSource
from patchviz.errors import DataError

METHODS = multiprocessing.get_all_start_methods()
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows removes no open file")

# Python warns of forking beside threads, and other tests may have left some
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")


def voxels(n=0, shape=(13, 12, 11), dtype="i2"):
    return np.random.default_rng(n).integers(0, 3, shape).astype(dtype)


def write(path, array):
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)
    return path


@pytest.fixture
def paths(tmp_path):
    """Write four images and labels; return their paths."""
    folder = tmp_path / "scans"
    folder.mkdir()
    images = [write(folder / f"sub-{n}-t1.nii.gz", voxels(n)) for n in range(4)]
    return images, [write(folder / f"sub-{n}-seg.nii.gz", voxels(n, dtype="u1")) for n in range(4)]


@pytest.fixture
def decoded(monkeypatch):
    """List the files in the order in which this process decodes them."""
    names, read = [], FileSource.voxels
    monkeypatch.setattr(
        FileSource, "voxels", lambda source: (names.append(source.path.name), read(source))[1]
    )
    return names


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Let this process make its temporary folder anew, in one that is empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    patchviz.data.scratch._own_folder.cache_clear()
    yield folder
    patchviz.data.scratch._own_folder.cache_clear()


def run(code, *arguments, **given):
    """Run code in a process of its own; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        **given,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def is_mapped(volume):
    while isinstance(volume, np.ndarray):
        volume = volume.base
    return isinstance(getattr(volume, "obj", volume), mmap.mmap)  # NumPy 2 views memory


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


# ---- in one process


def test_what_is_decoded_is_a_file_that_is_mapped():
    cohort = Cohort.phantom(3, (8, 8, 8))
    for n, subject in enumerate(cohort):
        image, label = make_phantom((8, 8, 8), [0, n])
        for volume, expected in ((subject.image, image[None]), (subject.label, label)):
            assert is_mapped(volume)
            np.testing.assert_array_equal(volume, expected, strict=True)
            with pytest.raises(ValueError, match="read-only"):
                volume[...] = 0
        assert subject.image is subject.image
        assert subject.foreground.total == np.count_nonzero(label)


def test_arrays_that_serve_have_no_file_and_no_folder(temporary):
    image, label = voxels(), voxels(dtype="u1")
    subject = Cohort.from_arrays([image], [label])[0]
    assert np.shares_memory(subject.image, image)
    assert np.shares_memory(subject.label, label)
    assert subject.foreground.total == np.count_nonzero(label)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    "image", [np.asfortranarray(voxels()), voxels(dtype=">i2"), voxels() > 1, [voxels(), voxels(1)]]
)
def test_copies_of_arrays_are_files(image):
    cohort = Cohort.from_arrays([image, image], [np.asfortranarray(voxels(dtype="u1"))] * 2)
    for subject in cohort:
        assert is_mapped(subject.image)
        assert is_mapped(subject.label)
        np.testing.assert_array_equal(subject.image, np.reshape(image, subject.image.shape))


def test_channels_of_several_subjects_are_not_mixed_up():
    cohort = Cohort.from_arrays([[voxels(n), voxels(n + 1)] for n in range(3)])
    for n, subject in enumerate(cohort):
        np.testing.assert_array_equal(subject.image, [voxels(n), voxels(n + 1)])


def test_what_can_not_be_used_leaves_no_file(temporary):
    bad = np.asfortranarray(np.full((4, 4), np.nan))
    for _ in range(2):
        with pytest.raises(DataError, match="16 voxels that are NaN"):
            _ = Cohort.from_arrays([bad])[0].image
    assert [name for name in files(temporary) if not name.endswith(".lock")] == []


@POSIX
def test_the_folder_goes_with_the_cohort_and_volumes_in_use_live_on(paths, temporary):
    cohort = Cohort.from_files(*paths)
    image = cohort[0].image
    _ = cohort[1].foreground
    assert len([name for name in files(temporary) if name.endswith(".npy")]) == 3
    part = cohort[2:]
    del cohort
    gc.collect()
    assert part[0].image is not None
    del part
    gc.collect()
    assert [name for name in files(temporary) if not name.endswith(".lock")] == []
    np.testing.assert_array_equal(image[0], voxels())


def test_no_more_volumes_are_mapped_than_a_process_has_handles_for(paths, decoded, monkeypatch):
    monkeypatch.setattr(patchviz.data.cache, "_most_maps", lambda: 3)
    cohort = Cohort.from_files(*paths)
    for n in (0, 1, 2, 3, 0, 2, 3, 1):
        np.testing.assert_array_equal(cohort[n].image[0], voxels(n))
        np.testing.assert_array_equal(cohort[n].label, voxels(n))
        assert len(cohort[n]._cache._mapped) <= 3
    assert len(decoded) == 8


def test_a_folder_that_somebody_removed_is_made_again(paths, decoded):
    cohort = Cohort.from_files(*paths)
    _ = cohort[0].image
    folder = cohort[0]._cache.prepare()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    np.testing.assert_array_equal(cohort[0].image[0], voxels())
    np.testing.assert_array_equal(cohort[1].image[0], voxels(1))
    assert decoded == ["sub-0-t1.nii.gz", "sub-1-t1.nii.gz"]


# ---- several processes


def read_and_log(cohort, log, meeting):
    """Meet the other processes, and read all at once; log each file that is decoded here."""
    read = FileSource.voxels

    def spy(source):
        with open(log, "a") as file:
            file.write(f"{source.path.name}\n")
        return read(source)

    FileSource.voxels = spy
    meeting.wait()
    for n, subject in enumerate(cohort):
        np.testing.assert_array_equal(subject.image[0], voxels(n))
        np.testing.assert_array_equal(subject.label, voxels(n))
        assert subject.foreground.total == np.count_nonzero(voxels(n))


@pytest.mark.parametrize(
    ("method", "is_kept"), [*((method, False) for method in METHODS), (METHODS[0], True)]
)
def test_processes_that_want_the_same_files_at_once_decode_each_once(
    paths, tmp_path, method, is_kept
):
    cohort = Cohort.from_files(*paths, cache=tmp_path / "kept" if is_kept else None)
    context, log = multiprocessing.get_context(method), tmp_path / "log"
    given = cohort, log, context.Barrier(3)
    processes = [context.Process(target=read_and_log, args=given) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 3
    assert sorted(log.read_text().split()) == sorted(p.name for both in paths for p in both)
    np.testing.assert_array_equal(cohort[0].image[0], voxels())  # what workers made is still there


def test_a_pickled_cohort_goes_on_in_its_folder(paths):
    cohort = Cohort.from_files(*paths)
    _ = cohort[0].image, cohort[0].label
    code = """
import pickle, sys
cohort = pickle.load(sys.stdin.buffer)
cohort[0].image, cohort[0].label
print("nibabel" in sys.modules)
cohort[1].image
"""
    subprocess.run([sys.executable, "-c", code], input=pickle.dumps(cohort), check=True)
    before = files(cohort[0]._cache.prepare())
    assert len(before) == 3
    _ = cohort[1].image
    assert files(cohort[0]._cache.prepare()) == before


def test_where_the_folder_is_not_a_cohort_has_a_temporary_one(paths, tmp_path):
    """On another machine of a cluster, say."""
    for cache in (None, tmp_path / "kept"):
        cohort = Cohort.from_files(*paths, cache=cache)
        pickled = pickle.dumps(cohort)
        folder = cohort[0]._cache.prepare()
        del cohort
        gc.collect()
        if folder.exists():
            folder.rmdir()
        cohort = pickle.loads(pickled)
        np.testing.assert_array_equal(cohort[2].image[0], voxels(2))
        assert cohort[0]._cache.prepare() != folder
        assert not folder.exists()


KILLED = """
import os, signal, sys
from patchviz import Cohort
cohort = Cohort.phantom(1, (8, 8, 8))
cohort[0].image
print(cohort[0]._cache.prepare(), flush=True)
sys.stdin.read()
os.kill(os.getpid(), signal.SIGKILL)
"""


@POSIX
def test_what_a_killed_process_left_is_swept_and_what_is_in_use_is_not(temporary):
    command, pipes = [sys.executable, "-c", KILLED], {"stdin": -1, "stdout": -1, "text": True}
    others = [temporary / name for name in ("patchviz-notes", "patchviz-0123456789abcdeX")]
    for other in others:
        other.mkdir()
        other.with_name(f"{other.name}.lock").touch()
    with subprocess.Popen(command, **pipes) as alive, subprocess.Popen(command, **pipes) as killed:
        used, left = (Path(process.stdout.readline().strip()) for process in (alive, killed))
        killed.communicate("")
        assert len(files(left)) == len(files(used)) == 1
        assert temporary in left.parents
        Cohort.phantom(1, (8, 8, 8))
        assert not left.parent.exists()
        assert not left.parent.with_suffix(".lock").exists()
        assert len(files(used)) == 1
        alive.communicate("")
    patchviz.data.scratch._own_folder.cache_clear()
    Cohort.phantom(1, (8, 8, 8))
    assert not used.parent.exists()
    assert all(other.is_dir() for other in others)


def test_a_process_that_ends_leaves_nothing(temporary):
    code = """
import sys
from multiprocessing import Process
from patchviz import Cohort
def work():
    _ = Cohort.phantom(1, (8, 8, 8))[0].image
if __name__ == "__main__":
    cohort = Cohort.phantom(1, (8, 8, 8))
    process = Process(target=work)
    process.start()
    process.join()
    image = cohort[0].image
    if sys.argv[1] == "error":
        sys.excepthook = lambda *given: None
        raise KeyError
"""
    for how in ("", "error"):
        script = temporary / "script.py"
        script.write_text(code)
        subprocess.run([sys.executable, str(script), how], check=not how, timeout=60)
        script.unlink()
        assert list(temporary.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_that_ends_removes_nothing_of_its_parent(temporary):
    code = """
import gc, os, sys
from pathlib import Path
from patchviz import Cohort
cohort = Cohort.phantom(2, (8, 8, 8))
cohort[0].image
folder = cohort[0]._cache.prepare()
child = os.fork()
if not child:
    cohort[1].image
    del cohort
    gc.collect()
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
print(len(list(folder.glob("*.npy"))))
from patchviz.data.scratch import sweep
sweep(folder.parent.parent, "*.lock")
print(len(list(folder.glob("*.npy"))))
"""
    assert run(code) == ["2", "2"]
    assert list(temporary.iterdir()) == []


# ---- kept for another run


def test_another_run_decodes_nothing_and_loads_no_reader(paths, tmp_path, decoded):
    code = """
import pathlib, sys
from patchviz import Cohort, data_generator
kept, *paths = sys.argv[1:]
cohort = Cohort.from_files(paths[:4], paths[4:], cache=kept)
x, y = next(data_generator(cohort, range(4), patch_size=8, skip_blank=True, batch_size=16))
print(x.sum(), y.sum(), cohort.facts.spacings[0][0], "nibabel" in sys.modules)
"""
    given = code, tmp_path / "kept", *paths[0], *paths[1]
    first, second = run(*given), run(*given)
    assert first == [*second[:3], "True"]
    assert second[3] == "False"
    cohort = Cohort.from_files(*paths, cache=str(tmp_path / "kept"))
    assert [subject.label.sum() for subject in cohort] == [voxels(n).sum() for n in range(4)]
    assert decoded == []


def test_what_was_changed_is_decoded_again(paths, tmp_path, decoded):
    def read(**given):
        decoded.clear()
        cohort = Cohort.from_files(*paths, cache=tmp_path / "kept", **given)
        volumes = [(s.image.copy(), s.label.copy(), s.foreground.total) for s in cohort]
        return volumes, sorted(decoded)

    everything = sorted(path.name for both in paths for path in both)
    assert read()[1] == everything
    assert read()[1] == []
    os.utime(paths[0][1])
    assert read()[1] == ["sub-1-t1.nii.gz"]
    times = paths[1][2].stat()
    write(paths[1][2], np.zeros((13, 12, 11), "u1"))
    os.utime(paths[1][2], ns=(times.st_atime_ns, times.st_mtime_ns))
    volumes, found = read()
    assert found == ["sub-2-seg.nii.gz"]
    assert volumes[2][1].max() == volumes[2][2] == 0
    assert read(frames=[0])[1] == everything[1::2]


def test_a_header_that_was_changed_is_read_again(tmp_path):
    path = write(tmp_path / "x.nii.gz", voxels())
    assert Cohort.from_files([path], cache=tmp_path / "kept")[0].shape == (13, 12, 11)
    write(path, voxels(shape=(9, 8, 7), dtype="f4"))
    subject = Cohort.from_files([path], cache=tmp_path / "kept")[0]
    assert (subject.shape, subject.dtype) == ((9, 8, 7), np.float32)


def test_both_files_of_a_pair_count(tmp_path, decoded):
    path = tmp_path / "x.img"
    for n in range(2):
        nibabel.save(nibabel.Nifti1Pair(voxels(n), np.eye(4)), path)
        os.utime(path, ns=(n, n))
        image = Cohort.from_files([tmp_path / "x.hdr"], cache=tmp_path / "kept")[0].image
        np.testing.assert_array_equal(image[0], voxels(n))
    assert len(decoded) == 2


@pytest.mark.parametrize("spoil", ["cut", "empty", "longer", "rubbish"])
def test_a_file_that_is_not_whole_is_made_again(paths, tmp_path, decoded, spoil):
    kept = tmp_path / "kept"
    _ = Cohort.from_files(*paths, cache=kept)[0].image
    (path,) = kept.glob("*.npy")
    whole = path.read_bytes()
    path.write_bytes(
        {"cut": whole[:-1], "empty": b"", "longer": whole + b"x", "rubbish": b"x" * 500}[spoil]
    )
    np.testing.assert_array_equal(Cohort.from_files(*paths, cache=kept)[0].image[0], voxels())
    assert len(decoded) == 2
    assert path.read_bytes() == whole


@POSIX
def test_what_a_killed_process_had_in_hand_is_never_taken_for_whole(paths, tmp_path, decoded):
    code = """
import os, signal, sys
import patchviz.data.cache
from patchviz import Cohort
def die(volume, path, **given):
    path.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
patchviz.data.cache._write = die
Cohort.from_files(sys.argv[2:], cache=sys.argv[1])[0].image
"""
    kept = tmp_path / "kept"
    command = [sys.executable, "-c", code, str(kept), str(paths[0][0])]
    assert subprocess.run(command, timeout=60).returncode == -signal.SIGKILL
    assert {Path(name).suffix for name in files(kept)} == {".json", ".part", ".lock"}
    cohort = Cohort.from_files(*paths, cache=kept)
    assert {Path(name).suffix for name in files(kept)} == {".json"}
    np.testing.assert_array_equal(cohort[0].image[0], voxels())
    assert decoded == ["sub-0-t1.nii.gz"]
    assert {Path(name).suffix for name in files(kept)} == {".json", ".npy"}


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit on Windows")
def test_where_there_is_no_room_nothing_stays(paths, tmp_path):
    """The system refuses to write beyond a limit, as it does on a full disk."""
    code = """
import resource, sys
from pathlib import Path
from patchviz import Cohort
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    Cohort.from_files(sys.argv[2:], cache=sys.argv[1])[0].image
except OSError as error:
    print(error.errno, error.strerror)
print(*(path.suffix for path in Path(sys.argv[1]).iterdir()))
"""
    kept = tmp_path / "kept"
    number, *said, suffix = run(code, kept, paths[0][0])
    assert (int(number), suffix) == (errno.EFBIG, ".json")
    assert " ".join(said) == (
        f"sub-0-t1: sub-0-t1.nii.gz: its {2 * 13 * 12 * 11} bytes can't be kept in {kept} (File "
        "too large): free some room there, set TMPDIR to a folder on another disk, or pass "
        "`cache`, a folder that has room"
    )


@pytest.mark.parametrize("folder", [3, "scans/sub-0-t1.nii.gz", "scans/sub-0-t1.nii.gz/x"])
def test_a_folder_that_can_not_be(paths, tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TypeError, match=f"`cache` must be the path of a folder, got {folder!r}"):
        Cohort.from_files(*paths, cache=folder)


# ---- arrays in files


def sums(cohort):
    return [int(subject.image.sum()) for subject in cohort]


@pytest.fixture
def arrays_in_files(tmp_path):
    """Yield arrays of several kinds, all of the same voxels, and the folder of their files."""
    image = voxels(shape=(2, 40, 40, 40))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["group/image"] = image
    np.save(tmp_path / "x.npy", image)
    np.save(tmp_path / "f.npy", np.asfortranarray(np.moveaxis(image, 0, -1)))
    zarr.create_array(tmp_path / "x.zarr", data=image)
    with h5py.File(tmp_path / "x.h5", "r") as file:
        mapped, moved = (np.load(tmp_path / f"{n}.npy", mmap_mode="r") for n in "xf")
        yield [
            file["group/image"],
            mapped,
            np.asarray(mapped)[:, ::-1],
            np.moveaxis(moved, -1, 0),
            zarr.open_array(tmp_path / "x.zarr", mode="r"),
        ]


@pytest.mark.parametrize("method", METHODS)
def test_arrays_in_files_travel_by_name(arrays_in_files, method):
    cohort = Cohort.from_arrays(arrays_in_files)
    assert len(pickle.dumps(cohort)) < 10_000
    with multiprocessing.get_context(method).Pool(1) as pool:
        there = pool.apply(sums, [cohort])
    assert there == [voxels(shape=(2, 40, 40, 40)).sum()] * 5 == sums(cohort)


def test_a_part_of_a_memory_map_travels_as_the_part_it_is(tmp_path):
    np.save(tmp_path / "x.npy", voxels(shape=(9, 8, 7)))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    parts = [mapped[2:5], mapped[:, ::2], mapped[::-1, 3:4].T, mapped[4]]
    there = pickle.loads(pickle.dumps(Cohort.from_arrays(parts)))
    for subject, part in zip(there, parts, strict=True):
        np.testing.assert_array_equal(subject.image[0], part)


def test_what_was_changed_in_memory_only_travels_with_its_voxels(tmp_path):
    np.save(tmp_path / "x.npy", voxels())
    mapped = np.load(tmp_path / "x.npy", mmap_mode="c")
    mapped[0] = 7
    there = pickle.loads(pickle.dumps(Cohort.from_arrays([mapped, np.memmap.__add__(mapped, 1)])))
    np.testing.assert_array_equal(there[0].image[0], mapped)
    np.testing.assert_array_equal(there[1].image[0], mapped + 1)


def test_a_dataset_that_can_not_travel_says_what_to_do(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["image"] = voxels()
        cohort = Cohort.from_arrays([file["image"]])
        np.testing.assert_array_equal(cohort[0].image[0], voxels())
        with pytest.raises(TypeError, match=r"images\[0\] can't travel .* read only.*h5py.File\("):
            pickle.dumps(cohort)


# ---- what the system refuses


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit on Windows")
def test_too_many_open_files_are_no_fault_of_the_file(paths, temporary):
    code = """
import resource, sys
from patchviz import Cohort
cohort = Cohort.from_files(sys.argv[1:])
cohort[0].image
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
opened = []
try:
    while True:
        opened.append(open(sys.argv[1]))
except OSError:
    pass
try:
    cohort[1].shape
except OSError as error:
    print(type(error).__name__, error.strerror)
"""
    kind, *said = run(code, *paths[0])
    assert kind == "OSError"
    assert " ".join(said) == (
        f"sub-1-t1: sub-1-t1.nii.gz can't be read ({paths[0][1]}; Too many open files: close "
        "some, or allow more (ulimit -n))"
    )
    assert files(temporary) != []  # without a handle no folder is removed: the next process does it
    cohort = Cohort.phantom(1, (8, 8, 8))
    assert [path.suffix for path in temporary.iterdir()].count(".lock") == 1
    assert [name for name in files(temporary) if not name.endswith(".lock")] == []
    del cohort

"""Time the pipeline against a memory copy and against peers: ``python -m benchmarks.pipeline``.

Every contestant runs in a process of its own, all of them in turn, round after round; medians are
told. Beside its work each process times the limit, one `numpy.copyto` of the same bytes into a
ready buffer (for the queue: NumPy's permutation of its length; for a rank: 1 s; for the grid:
10 µs; for workers: the same loader over arrays that are ready), as machines vary from minute to
minute. That the work was done is proved by the sum of its
voxels, or for random patches by their number. Epochs read 24 subjects (float32 image, uint8 label,
144³); files are put out of the system's page cache before the first, but not what a run before a
second one has kept. With ``--before FOLDER`` an older build in that folder takes part. Peers that
aren't installed are named.
"""

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.contestants import BATCH, CONTESTANTS, KEPT, N_PATCHES, PATCH
from benchmarks.goals import judge

SIZE, N_SUBJECTS, N_LATER = 144, 24, 15
ENOUGH = 3  # seconds: what has taken as long isn't timed again in this round
README = Path(__file__).parent.parent / "README.md"
MARKS = "<!-- pipeline -->", "<!-- end of pipeline -->"
CUTS = {
    "cut 27 patches of 64³": (1, 64),
    "cut 27 patches of 64³, 4 channels": (4, 64),
    "cut 125 patches of 32³": (1, 32),
    "cut 8 patches of 128³": (1, 128),
}
MERGES = {"put 27 patches back": 0, "put 125 overlapping patches back": 32}


def clock(run):
    start = perf_counter()
    result = run()
    return perf_counter() - start, result


def time_in_turn(run, limit, times):
    """Time the work and its limit, one after the other; return both medians and the last result."""
    seconds = []
    for _ in range(times):
        took, result = clock(run)
        seconds.append((took, clock(limit)[0]))
        if sum(took for took, _ in seconds) > ENOUGH:
            break
    return *map(statistics.median, zip(*seconds, strict=True)), result


def copying(arrays):
    rooms = [np.zeros_like(array) for array in arrays]
    return lambda: [np.copyto(*pair) for pair in zip(rooms, arrays, strict=True)]


def expected_patches(volume, patch, policy, mode, overlap=0):
    """Yield what a policy cuts, from a padded copy of the volume; the channel comes first."""
    from patchviz import PatchGrid

    grid = PatchGrid(volume.shape[1:], patch, overlap=overlap, policy=policy)
    padded = np.pad(volume, [(0, 0), *grid.padding], mode=mode)
    for corner in grid:
        at = [c + before for c, (before, _) in zip(corner, grid.padding, strict=True)]
        yield padded[(slice(None), *(slice(a, a + patch) for a in at))]


# ---- the works: (contestant, folder of data) -> row, {"seconds": …, "limit": …} and so on


def time_cut(one, _):
    for row, (n_channels, patch) in CUTS.items():
        volume = np.random.default_rng(0).random((n_channels, *[SIZE] * 3), np.float32)
        expected = list(expected_patches(volume, patch, one.policy, one.padding_mode))
        out = np.zeros((len(expected), *expected[0].shape), np.float32)
        run = one.prepare(volume, patch)
        run(out)
        right = sum(float(patch.sum(dtype=float)) for patch in expected)
        assert np.isclose(out.sum(dtype=float), right, rtol=1e-9), f"{one.name}: wrong voxels"
        seconds, limit, _ = time_in_turn(lambda: run(out), copying([out]), 15)  # noqa: B023
        extra = peak_of(lambda: run(out))  # noqa: B023
        yield row, {"seconds": seconds, "limit": limit, "mib": extra}


def time_reassemble(one, _):
    from patchviz import PatchGrid

    volume = np.random.default_rng(0).random((1, *[SIZE] * 3), np.float32)
    for row, overlap in MERGES.items():
        cut = expected_patches(volume, PATCH, one.policy, "edge", overlap)
        patches = [patch[0].copy() for patch in cut]
        corners = PatchGrid([SIZE] * 3, PATCH, overlap=overlap, policy=one.policy).corners
        run = one.prepare(patches, corners, volume.shape[1:], overlap)
        seconds, limit, result = time_in_turn(run, copying([np.stack(patches)]), 5)
        assert np.allclose(result, volume[0], atol=1e-5), f"{one.name}: wrong voxels"
        yield row, {"seconds": seconds, "limit": limit}


def time_queue(one, _):
    run = one.prepare(100_000)
    permute = lambda: np.random.default_rng(0).permutation(2_700_000)  # noqa: E731
    seconds, limit, _ = time_in_turn(run, permute, 3)
    yield "queue of 100,000 × 27", {"seconds": seconds, "limit": limit, "mib": peak_of(run)}


def time_rank(one, _):
    run = one.prepare(1_000_000, (640, 640, 640), 64, 1000)  # 1,000 patches a subject
    with PeakMemory() as before:
        pass
    with PeakMemory() as peak:
        seconds = clock(run)[0]
    facts = {"seconds": seconds, "limit": 1, "mib": peak.mib - before.mib}
    yield "first patch of 1 of 1,000 ranks, 10⁹ buffered", facts


def peak_of(run):
    """Return the MiB that Python and NumPy allocate in addition while something runs."""
    tracemalloc.start()
    run()
    mib = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return mib


def time_grid(one, _):
    run = one.prepare(2048, 32)
    seconds = statistics.median(clock(run)[0] for _ in range(5 if clock(run)[0] > 0.01 else 500))
    yield "grid of 2048³ / 32³", {"seconds": seconds, "limit": 10e-6}


def time_epochs(one, folder, suffix):
    images, labels = (sorted(folder.glob(f"{what}*{suffix}")) for what in ("image", "label"))
    set_up = one.prepare()
    for path in (*images, *labels):
        forget(path)
    n_patches = 0 if one.name.startswith("zlib") else N_PATCHES * N_SUBJECTS
    with PeakMemory() as peak:
        first, epoch = clock(lambda: check_epoch(set_up(images, labels), n_patches))
        check_epoch(epoch, n_patches)
    if one.policy and n_patches:
        total = sum(x.sum(dtype=float) + y.sum() for x, y in epoch())
        right = float((folder / "sum").read_text())
        assert np.isclose(total, right, rtol=1e-9), f"{one.name}: wrong voxels"
    later, limit, _ = time_in_turn(
        lambda: check_epoch(epoch, n_patches), copying_of_epoch(), N_LATER
    )
    yield f"first epoch, {suffix}", {"seconds": first, "limit": limit}
    yield f"later epochs, {suffix}", {"seconds": later, "limit": limit, "mib": peak.mib}


def time_workers(one, folder):
    images, labels = (sorted(folder.glob(f"{what}*.nii.gz")) for what in ("image", "label"))
    for n_workers in (2, 4):
        epochs = one.prepare(images, labels, n_workers)
        for epoch in epochs:
            check_epoch(epoch, N_PATCHES * N_SUBJECTS)
        runs = (partial(check_epoch, epoch, N_PATCHES * N_SUBJECTS) for epoch in epochs)
        seconds, limit, _ = time_in_turn(*runs, 3)
        row = f"later epochs, {n_workers} workers, .nii.gz"
        yield row, {"seconds": seconds, "limit": limit}


def check_epoch(epoch, n_patches):
    assert sum(len(x) for x, y in epoch() if len(x) == len(y)) == n_patches
    return epoch


def copying_of_epoch():
    """Copy an epoch's batches, one after the other, into one batch that is ready."""
    n = N_PATCHES * BATCH  # far more than the processor's cache holds
    xs = np.ones((n, 1, *[PATCH] * 3), np.float32)
    ys = np.ones((n, 1, *[PATCH] * 3), np.uint8)
    rooms = [np.zeros_like(array[:BATCH]) for array in (xs, ys)]
    starts = [start % n for start in range(0, N_PATCHES * N_SUBJECTS, BATCH)]

    def run():
        for start in starts:
            for room, array in zip(rooms, (xs, ys), strict=True):
                np.copyto(room, array[start : start + BATCH])

    return run


class PeakMemory:
    """The most memory of this process while it is open, without what the page cache holds."""

    def __enter__(self):
        self.mib, self._over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _watch(self):
        status = Path("/proc/self/status")
        while status.exists() and not self._over.wait(0.005):
            line = next(n for n in status.read_text().splitlines() if n.startswith("RssAnon"))
            self.mib = max(self.mib, int(line.split()[1]) / 1024)


def forget(path):
    """Put a file out of the page cache, where the system can."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def write_data(folder):
    """Write phantoms as both kinds of files, and the sum of the voxels of an epoch."""
    import nibabel

    from patchviz.data import Cohort, make_phantom

    total = 0.0
    for n in range(N_SUBJECTS):
        image, label = make_phantom((SIZE,) * 3, [0, n])
        for what, array in (("image", image.astype(np.float32)), ("label", label)):
            seen = array if what == "image" else (array != 0).astype(np.uint8)
            patches = expected_patches(seen[None], PATCH, "centered", "edge")
            total += sum(float(patch.sum(dtype=float)) for patch in patches)
            for suffix in (".nii", ".nii.gz"):
                path = Path(folder) / f"{what}{n:02}{suffix}"
                nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)
    for suffix in (".nii", ".nii.gz"):
        paths = (sorted(Path(folder).glob(f"{what}*{suffix}")) for what in ("image", "label"))
        cohort = Cohort.from_files(*paths, cache=Path(folder) / KEPT)
        for n in range(N_SUBJECTS):
            _ = cohort[n].shape, cohort.read(n)
    (Path(folder) / "sum").write_text(repr(total))
    if hasattr(os, "sync"):
        os.sync()  # what is not on the disk yet can't leave the page cache


WORKS = {
    "cut": time_cut,
    "epochs.nii": partial(time_epochs, suffix=".nii"),
    "epochs.nii.gz": partial(time_epochs, suffix=".nii.gz"),
    "workers": time_workers,
    "reassemble": time_reassemble,
    "queue": time_queue,
    "rank": time_rank,
    "grid": time_grid,
}


# ---- all rounds, and the table


def run_apart(work, one, folder, build, failed):
    """Run one contestant in a process of its own; when it fails, note why and return {}."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.pipeline"]
    older = ["--before", str(build)] if build else []
    done = subprocess.run(
        [*command, "--one", work, one.name, "--data", str(folder), *older],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        name = f"{one.name} before" if build else one.name
        failed[f"{work} by {name}"] = done.stderr.strip().splitlines()[-1]
        return {}
    return json.loads(done.stdout.splitlines()[-1])


def contestants_of(work):
    return [one for one in CONTESTANTS if one.work == work.partition(".")[0]]


def run_rounds(works, n_rounds, folder, before, failed):
    """Return {row: {name: {fact: median}}}."""
    seen = {}
    here = [(work, one) for work in works for one in contestants_of(work) if one.is_here]
    turns = [(work, one, None) for work, one in here]
    if before:
        turns += [(work, one, before) for work, one in here if one.name == "patchviz"]
    turns.sort(key=lambda turn: works.index(turn[0]))
    for n, (work, one, build) in itertools.product(range(n_rounds), turns):
        name = "before" if build else one.name
        print(f"round {n + 1} of {n_rounds}: {work}, {name}", file=sys.stderr, flush=True)
        for row, facts in run_apart(work, one, folder, build, failed).items():
            facts["share"] = facts["limit"] / facts["seconds"]
            for fact, value in facts.items():
                seen.setdefault(row, {}).setdefault(name, {}).setdefault(fact, []).append(value)
    return {
        row: {
            name: {fact: statistics.median(values) for fact, values in facts.items()}
            for name, facts in names.items()
        }
        for row, names in seen.items()
    }


def to_table(rows):
    """Write the rows in Markdown: the share of the limit, and how many times longer others take."""
    lines = ["| work | patchviz, share of the limit | others take |", "|---|---|---|"]
    for row, names in rows.items():
        if "patchviz" not in names:
            continue
        own, others = [], []
        for name, facts in names.items():
            if name.startswith("patchviz"):
                mib = f" ({facts['mib']:.0f} MiB)" if facts.get("mib") else ""
                own.append(f"{name[10:]} {facts['share']:.2f}{mib}".strip())
            else:
                others.append(f"{name} × {facts['seconds'] / names['patchviz']['seconds']:.3g}")
        lines.append(f"| {row} | {'; '.join(own)} | {', '.join(others)} |")
    return "\n".join(lines)


def about(contestants, n_rounds, failed):
    here = {one.package for one in contestants if one.is_here}
    missing = sorted({one.package for one in contestants} - here)
    said = ", ".join(
        f"{package} {version(package)}" for package in sorted(here | {"isal", "nibabel"})
    )
    rounds = "One round" if n_rounds == 1 else f"Medians of {n_rounds} rounds"
    lines = [
        f"{rounds}. Python {platform.python_version()}, {said}; "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end."
    ]
    if missing:
        lines.append(f"Not installed, so not timed: {', '.join(missing)}.")
    lines += [f"Failed: {what} ({why})." for what, why in failed.items()]
    return "\n".join(lines)


def write_readme(text):
    before, _, rest = README.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    README.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", choices=WORKS, nargs="*", default=list(WORKS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--readme", action="store_true", help="write the table into the README")
    parser.add_argument("--data", type=Path, help="folder for the files, kept to be used again")
    parser.add_argument("--before", type=Path, help="folder of an older build, to be timed too")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        if given.before:
            sys.path.insert(0, str(given.before))
        work, name = given.one
        one = next(one for one in contestants_of(work) if one.name == name)
        print(json.dumps(dict(WORKS[work](one, given.data))))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.data or Path(temporary)
        folder.mkdir(exist_ok=True)
        reads = any(work.startswith(("epochs", "workers")) for work in given.work)
        if reads and not (folder / "sum").exists():
            write_data(folder)
        failed = {}
        rows = run_rounds(given.work, given.rounds, folder, given.before, failed)
    contestants = [one for work in given.work for one in contestants_of(work)]
    text = f"{to_table(rows)}\n\n{about(contestants, given.rounds, failed)}"
    print(text, "\nGoals:", *judge(rows), sep="\n")
    if given.readme:
        write_readme(text)


if __name__ == "__main__":
    main()

"""Owns temporary folders, and the locks that tell which of them are in use."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import FileLock

PREFIX = "patchviz-"
WAIT = 0.01  # seconds between two looks whether a file is free

# Modules that only who decodes needs are loaded there: `import patchviz` is quick.


def make_scratch(owner: object) -> Path:
    """Make a folder that goes with its owner, or with this process.

    It lies where `tempfile` puts such things: in `TMPDIR`, if that is set.
    """
    from multiprocessing.util import Finalize

    folder = _own_folder(os.getpid())[0] / secrets.token_hex(8)
    folder.mkdir()
    Finalize(owner, shutil.rmtree, (folder, True))  # does nothing in a forked child
    return folder


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Wait until no thread or process has a file in hand, and have it in hand; at the end it goes.

    Its lock stands beside it.
    """
    from filelock import FileLock

    lock = Path(f"{path}.lock")
    with FileLock(lock).acquire(poll_interval=WAIT):
        try:
            yield
        finally:
            for left in (path, lock):
                with suppress(OSError):  # it is gone, or Windows removes no open file
                    left.unlink()


def sweep(folder: Path, pattern: str) -> None:
    """Remove what stands beside locks of this user's that nobody holds: their process was killed.

    Parameters
    ----------
    folder : Path
    pattern : str
        Of the names of the locks.
    """
    for lock in folder.glob(pattern):
        from filelock import FileLock

        with suppress(OSError):  # somebody holds it
            if lock.lstat().st_uid == getattr(os, "geteuid", int)():
                with FileLock(lock).acquire(timeout=0):
                    _remove(lock)


@cache
def _own_folder(process: int) -> tuple[Path, FileLock]:
    """Make the temporary folder of a process, after sweeping; it holds the lock while it lives."""
    from multiprocessing.util import Finalize

    from filelock import FileLock, Timeout

    base = Path(tempfile.gettempdir())
    sweep(base, f"{PREFIX}{'[0-9a-f]' * 16}.lock")
    while True:
        folder = base / f"{PREFIX}{secrets.token_hex(8)}"
        lock = FileLock(f"{folder}.lock")
        with suppress(Timeout):  # another process sweeps, just between
            lock.acquire(timeout=0)
            folder.mkdir(0o700)
            Finalize(None, _remove, (Path(lock.lock_file),), exitpriority=0)
            return folder, lock


def _remove(lock: Path) -> None:
    beside = lock.with_suffix("")
    shutil.rmtree(beside, ignore_errors=True)
    with suppress(OSError):  # it is gone, or Windows removes no open file
        beside.unlink()
    if not os.path.lexists(beside):  # else the next that sweeps tries again
        with suppress(OSError):
            lock.unlink()

"""Owns the scratch file: room for arrays on disk, mapped into memory."""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from contextlib import suppress
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

SEGMENT = 2**28  # bytes mapped at a time: each map costs a file handle, of which there are few


class Scratch:
    """A temporary file that gives room for arrays.

    It has no name, or loses it when it is closed: nothing is left behind, even by a crash. It lies
    where `tempfile` puts such files, in `TMPDIR` if that is set.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._file: Any = None
        self._map: Any = b""  # of the last segment
        self._base = self._end = 0  # where it starts in the file, and how much of it is taken

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Make an array on disk, as `numpy.empty` does; ``OSError`` where there is no room."""
        room = _whole_pages(int(np.prod(shape)) * np.dtype(dtype).itemsize)
        with self._lock:
            if self._end + room > len(self._map):
                self._open_segment(room)
            try:
                _reserve(self._file, self._base + self._end, room)
            except OSError:
                with suppress(OSError):  # Windows cuts no file that is mapped
                    # give back what was found before the disk was full
                    self._file.truncate(self._base + self._end)
                    self._file.truncate(self._base + len(self._map))
                raise
            array = np.ndarray(shape, dtype, self._map, self._end)
            self._end += room
        return array

    def _open_segment(self, room: int) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="patchviz-", buffering=0)  # noqa: SIM115
            weakref.finalize(self, self._file.close)
        base, size = self._base + len(self._map), max(room, SEGMENT)
        self._file.truncate(base + size)  # takes no room on most disks
        self._map = mmap.mmap(self._file.fileno(), size, offset=base)
        self._base, self._end = base, 0


def _reserve(file: Any, start: int, room: int) -> None:
    """Take room on the disk now: to write through the map where there is none kills the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), start, room)
    else:
        file.seek(start)
        for _ in range(0, room, mmap.ALLOCATIONGRANULARITY):
            file.write(bytes(mmap.ALLOCATIONGRANULARITY))


def _whole_pages(n_bytes: int) -> int:
    return -(-n_bytes // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY

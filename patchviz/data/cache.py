"""Owns the volumes that were read: each is kept, in memory up to a limit and beyond it on disk."""

from __future__ import annotations

import math
import os
import tempfile
import weakref
from collections.abc import Callable
from functools import partial
from threading import Event, Lock, local
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from patchviz.arguments import Array
from patchviz.data.scratch import Scratch
from patchviz.data.sources import Empty

Thing = TypeVar("Thing")

_HERE = local()  # of this thread: how many volumes it gets, one for the sake of the other


def is_getting() -> bool:
    """Tell whether this thread is getting a volume, so that others may wait for it."""
    return getattr(_HERE, "depth", 0) > 0


class Store:
    """Volumes, and what is counted in them, each made once, whoever asks from whatever thread.

    The first that fit into `limit` bytes stay in memory, the others go to a scratch file, where
    the system's page cache holds as much of them as there is room for. Nothing is thrown out, so
    nothing is ever made again. Pickled without volumes.
    """

    def __init__(self, limit: float) -> None:
        if not (isinstance(limit, int | float | np.number) and limit >= 0):
            raise ValueError(f"`memory_limit` must be 0 bytes or more, got {limit!r}")
        self.limit = limit
        self.in_memory = 0
        self._kept: dict[tuple[str, str], Any] = {}  # what is made
        self._underway: dict[tuple[str, str], Event] = {}  # what some thread is making
        self._sizes: dict[tuple[str, str], int] = {}
        self._lock = Lock()
        self._scratch = Scratch()
        _STORES.add(self)

    def __reduce__(self) -> tuple[type[Store], tuple[float]]:
        return Store, (self.limit,)

    def get(self, name: tuple[str, str], where: str, make: Callable[[Empty], Thing]) -> Thing:
        """Return what is kept, or else what `make` returns.

        Who asks while another thread makes it waits, and has a try if that fails. Nothing is kept
        where `make` raises an error.

        Parameters
        ----------
        name : (str, str)
            Subject, and which volume of it.
        where : str
            Names the volume in errors.
        make : callable
            ``make(empty)`` makes the volume, or what else is to be kept, in one array that it gets
            by ``empty(shape, dtype)``.
        """
        _HERE.depth = getattr(_HERE, "depth", 0) + 1
        try:
            return self._get(name, where, make)
        finally:
            _HERE.depth -= 1

    def _get(self, name: tuple[str, str], where: str, make: Callable[[Empty], Thing]) -> Thing:
        while True:
            with self._lock:
                if name in self._kept:
                    kept: Thing = self._kept[name]
                    return kept
                if (underway := self._underway.get(name)) is None:
                    done = self._underway[name] = Event()
                    break
            underway.wait()
        try:
            made = self._kept[name] = make(partial(self._empty, name, where))
            return made
        except BaseException:
            with self._lock:
                self.in_memory -= self._sizes.pop(name, 0)
            raise
        finally:
            with self._lock:
                del self._underway[name]
            done.set()

    def _empty(
        self, name: tuple[str, str], where: str, shape: tuple[int, ...], dtype: DTypeLike
    ) -> Array:
        size = math.prod(shape) * np.dtype(dtype).itemsize
        with self._lock:
            if fits := self.in_memory + size <= self.limit:
                self.in_memory += size
                self._sizes[name] = size
        if fits:
            return np.empty(shape, dtype)
        try:
            return self._scratch.empty(shape, dtype)
        except OSError as error:
            raise OSError(
                error.errno,
                f"{where}: no room for its {size} bytes in a scratch file in "
                f"{tempfile.tempdir or 'any folder'} ({error.strerror}): free some, set TMPDIR to "
                "a folder on another disk, or raise `memory_limit`",
            ) from error

    def _forget_parent(self) -> None:
        """Take leave of the parent in a forked child: its threads and its place in the file."""
        self._underway = {}
        self._lock = Lock()
        self._scratch = Scratch()


_STORES: weakref.WeakSet[Store] = weakref.WeakSet()


def _forget_parents() -> None:
    for store in list(_STORES):
        store._forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parents)

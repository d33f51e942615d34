"""Owns the threads that read, in the background, the subjects that come next."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator
from queue import SimpleQueue
from types import TracebackType

from patchviz.data.cache import is_getting

N_THREADS = 2
N_AHEAD = 8  # subjects: enough to keep the threads busy, no more, for the user may stop any time


class ReadAhead:
    """Threads that read subjects in the order in which they will be reached, a few ahead.

    They end with the last subject, when this is closed, and when nobody holds it any longer. What
    goes wrong in them is left to happen again to who reaches the subject, and be told there.

    Parameters
    ----------
    read : callable
        ``read(n)`` reads a subject to where it stays.
    subjects : iterable of int
        In the order in which they will be reached.
    """

    def __init__(self, read: Callable[[int], object], subjects: Iterable[int]) -> None:
        self._reached: set[int] = set()
        self._room: SimpleQueue[None] = SimpleQueue()  # takes items even in a finalizer
        for _ in range(N_AHEAD):
            self._room.put(None)
        stop, job = threading.Event(), (read, Shared(subjects), self._room)
        threads = [
            threading.Thread(target=_work, args=(*job, stop), name="patchviz-read", daemon=True)
            for _ in range(N_THREADS)
        ]
        self.close = weakref.finalize(self, _end, threads, self._room, stop)
        for thread in threads:
            thread.start()

    def __enter__(self) -> ReadAhead:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def reach(self, n: int) -> None:
        """Tell that a subject is being used: the threads may read one further."""
        if n not in self._reached:
            self._reached.add(n)
            self._room.put(None)


class Shared(Iterator[int]):
    """An iterator that several threads draw from."""

    def __init__(self, items: Iterable[int]) -> None:
        self._items = iter(items)
        self._lock = threading.Lock()

    def __next__(self) -> int:
        with self._lock:
            return next(self._items)


def _work(
    read: Callable[[int], object],
    subjects: Iterable[int],
    room: SimpleQueue[None],
    stop: threading.Event,
) -> None:
    for n in subjects:
        room.get()
        if stop.is_set():
            return
        with contextlib.suppress(Exception):
            read(n)


def _end(
    threads: Collection[threading.Thread], room: SimpleQueue[None], stop: threading.Event
) -> None:
    """End the threads and wait for that, but not amidst what they may be waiting for themselves.

    The garbage collector may call this from there.
    """
    stop.set()
    for _ in threads:
        room.put(None)
    if is_getting() or threading.current_thread() in threads:
        return
    for thread in threads:
        if thread.ident is not None:  # Ctrl-C may come before all are started
            thread.join()

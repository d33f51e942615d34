"""Owns the threads that read, in the background, the subjects that come next."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Lock

from patchviz.data.cache import READING

N_THREADS = 2
N_AHEAD = 8  # subjects: enough to keep the threads busy, no more, for the user may stop any time


class ReadAhead:
    """Threads that read subjects in the order in which they will be reached, a few ahead.

    They end with the last subject, and when this is closed. What goes wrong in them is left to
    happen again to who reaches the subject, and be told there. A forked child has no such threads.

    Parameters
    ----------
    read : callable
        ``read(n)`` reads a subject to where it stays.
    subjects : iterable of int
        In the order in which they will be reached.
    """

    # The garbage collector, which runs in any thread and amidst anything, may close this. So the
    # threads themselves neither submit work nor shut down: both take locks of the executor.

    def __init__(self, read: Callable[[int], object], subjects: Iterable[int]) -> None:
        self._read, self._subjects = read, Shared(subjects)
        self._reached: set[int] = set()
        self._underway: dict[int, Event] = {}
        self._room, self._idle = N_AHEAD, N_THREADS  # subjects to read further, threads at rest
        self._is_over = self._is_shut = False
        self._lock, self._process = Lock(), os.getpid()
        self._threads = ThreadPoolExecutor(N_THREADS, "patchviz-read", _expect_waiters)
        self._go_on()

    def __enter__(self) -> ReadAhead:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads; wait for that, but not amidst what they may be waiting for."""
        self._is_over = True
        if os.getpid() == self._process:
            self._threads.shutdown(wait=not READING.depth)

    def reach(self, n: int) -> None:
        """Tell that a subject is being used: the threads may read one further.

        Return when no thread is reading it.
        """
        if os.getpid() != self._process:
            return
        with self._lock:
            if n not in self._reached:
                self._reached.add(n)
                self._room += 1
            self._go_on()
        if (underway := self._underway.get(n)) is not None:
            underway.wait()

    def _go_on(self) -> None:
        if self._is_over and not self._is_shut:
            self._is_shut = True
            self._threads.shutdown(wait=False)
        for _ in range(0 if self._is_over else min(self._idle, self._room)):
            self._idle -= 1
            self._threads.submit(self._work)

    def _work(self) -> None:
        while self._take_room():
            if (n := next(self._subjects, None)) is None:
                self._is_over = True
                return
            underway = self._underway[n] = Event()
            try:
                if n not in self._reached:
                    with suppress(Exception):
                        self._read(n)
            finally:
                del self._underway[n]
                underway.set()

    def _take_room(self) -> bool:
        with self._lock:
            if found := self._room > 0 and not self._is_over:
                self._room -= 1
            else:
                self._idle += 1
        return found


class Shared(Iterator[int]):
    """An iterator that several threads draw from."""

    def __init__(self, items: Iterable[int]) -> None:
        self._items = iter(items)
        self._lock = Lock()

    def __next__(self) -> int:
        with self._lock:
            return next(self._items)


def _expect_waiters() -> None:
    """Mark this thread as one that others wait for, so that it waits for none."""
    READING.depth += 1

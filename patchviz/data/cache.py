"""Owns decoded volumes: each is a file that is mapped into memory and shared by all processes."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import secrets
import sys
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import local
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.lib import format as npy

from patchviz.arguments import Array
from patchviz.data.scratch import hold, make_scratch, sweep
from patchviz.files import write_whole

Key = tuple[Any, ...]  # of what was decoded, and of what was asked of it

FORMAT = 1  # goes up when the same key gives other voxels: then all is decoded anew

# before 3.13 each map costs a file handle, of which the rest of the process needs some
_NO_HANDLE: Any = {"trackfd": False} if sys.version_info >= (3, 13) and os.name == "posix" else {}


class _Reading(local):
    """Of each thread: how many volumes it is getting, one for the sake of another."""

    depth = 0


READING = _Reading()  # others may wait for a thread that is, so it should not wait for them


class Cache:
    """The volumes of one cohort, and what is counted in them, each made once, whoever asks.

    Pickled, it goes on in the same folder, whatever the process. Without a folder of the user's,
    and where that is gone or on another machine, it has a temporary one, which goes with it.

    Parameters
    ----------
    kept : Path, optional
        A folder of the user's, in which volumes stay.
    """

    def __init__(self, kept: Path | None = None) -> None:
        self._folder, self._is_kept = kept, kept is not None
        self._token = secrets.token_hex(8)
        self._mapped: OrderedDict[tuple[str, str], Array] = OrderedDict()  # last used, last
        self._in_memory: dict[tuple[str, str], Array] = {}
        _CACHES[self._token] = self
        if kept is not None:
            sweep(kept, f"{'[0-9a-f]' * 32}.part.lock")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rejoin, (self._token, self._folder, self._is_kept)

    def prepare(self) -> Path:
        """Return its folder, made if need be: before other processes begin, that they share it."""
        if self._folder is None or not self._folder.is_dir():
            self._folder, self._is_kept = make_scratch(self), False
        return self._folder

    def get(
        self,
        name: tuple[str, str],
        where: str,
        make: Callable[[], Array],
        key: Callable[[], Key | None],
    ) -> Array:
        """Return what was made before, or else what `make` returns, read-only.

        Who asks while another thread or process makes it waits, and has a try if that fails.
        Nothing is kept where `make` raises an error.

        Parameters
        ----------
        name : (str, str)
            Subject, and which volume of it.
        where : str
            Names the volume in errors.
        make : callable
            ``make()`` returns it, in C order.
        key : callable
            ``key()`` tells all that it depends on; None where it is to stay in the memory of this
            process.
        """
        if name in self._in_memory:
            return self._in_memory[name]
        with suppress(KeyError):
            self._mapped.move_to_end(name)
            return self._mapped[name]
        READING.depth += 1
        try:
            if (found := key()) is None:
                return self._in_memory.setdefault(name, _lock(make()))
            array = self._mapped[name] = self._find_or_make(f"{_digest(found)}.npy", where, make)
        finally:
            READING.depth -= 1
        while len(self._mapped) > _most_maps():
            with suppress(KeyError):
                self._mapped.popitem(last=False)
        return array

    def recall(self, key: Callable[[], Key], make: Callable[[], Any]) -> Any:
        """Return what `make` returns, such as JSON can hold; a folder of the user's keeps it."""
        if self._folder is None or not self._is_kept:
            return make()
        path = self._folder / f"{_digest(key())}.json"
        with suppress(OSError, ValueError):
            return json.loads(path.read_bytes())
        made = make()
        with suppress(OSError):
            write_whole(path, json.dumps(made).encode())
        return made

    def _find_or_make(self, name: str, where: str, make: Callable[[], Array]) -> Array:
        if self._folder and (found := _map(self._folder / name)) is not None:
            return found
        path = self.prepare() / name
        part = path.with_suffix(".part")
        with hold(part):
            if (found := _map(path)) is not None:  # another made it while this one waited
                return found
            made = make()
            try:
                _write(made, part, durable=self._is_kept)
                os.replace(part, path)
            except OSError as error:
                raise OSError(
                    error.errno,
                    f"{where}: its {made.nbytes} bytes can't be kept in {path.parent} "
                    f"({error.strerror}): free some room there, set TMPDIR to a folder on another "
                    "disk, or pass `cache`, a folder that has room",
                ) from error
            found = _map(path)
        return _lock(made) if found is None else found


_CACHES: WeakValueDictionary[str, Cache] = WeakValueDictionary()  # of this process, by token


def _rejoin(token: str, folder: Path | None, is_kept: bool) -> Cache:
    """Return the cache that was pickled; in another process one that shares its folder."""
    if (found := _CACHES.get(token)) is None:
        found = _CACHES[token] = Cache()
        found._token, found._folder, found._is_kept = token, folder, is_kept
    return found


def _digest(key: Key) -> str:
    return hashlib.blake2b(repr((FORMAT, key)).encode(), digest_size=16).hexdigest()


def _map(path: Path) -> Array | None:
    """Map a volume into memory, read-only; None where it isn't there, or isn't whole."""
    try:
        with path.open("rb") as file:
            npy.read_magic(file)
            shape, _, dtype = npy.read_array_header_1_0(file)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ, **_NO_HANDLE)
            return np.frombuffer(mapped, dtype, offset=file.tell()).reshape(shape)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # of another size, or no array
        return None


def _write(volume: Array, path: Path, *, durable: bool) -> None:
    with path.open("wb") as file:
        npy.write_array_header_1_0(file, npy.header_data_from_array_1_0(volume))
        file.write(volume.data)
        if durable:  # or else a power cut leaves a file of the right size without voxels
            file.flush()
            os.fsync(file.fileno())


def _lock(volume: Array) -> Array:
    volume = volume[...]
    volume.flags.writeable = False  # of this view, not of the user's own array
    return volume


@cache
def _most_maps() -> int:
    if _NO_HANDLE or os.name == "nt":
        return 2**14
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2

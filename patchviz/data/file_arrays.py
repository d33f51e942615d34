"""Owns arrays that lie in files: they travel to other processes by name, not by value."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from patchviz.arguments import Array

Stamp = tuple[str, int, int]


def stamp(path: str | os.PathLike[str]) -> Stamp:
    """Return what tells whether a file was changed: its path, size and time."""
    found = os.stat(path)
    return os.path.abspath(path), found.st_size, found.st_mtime_ns


@dataclass(frozen=True)
class H5Array:
    """A dataset of an HDF5 file, which is opened anew, in whatever process, for every read."""

    path: str
    name: str
    shape: tuple[int, ...]

    def __getitem__(self, at: Any) -> Array:
        import h5py

        with h5py.File(self.path, "r") as file:
            return np.asarray(file[self.name][at])


@dataclass(frozen=True)
class MappedArray:
    """Where an array lies in a file that NumPy maps into memory."""

    path: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype[Any]

    def open(self) -> Array:
        """Map it, read-only."""
        mapped = np.memmap(self.path, np.uint8, "r")
        return np.ndarray(self.shape, self.dtype, mapped, self.offset, self.strides)


def find_name(array: Any) -> H5Array | MappedArray | None:
    """Return the name of an array; None where it has none that another process can open."""
    if isinstance(array, H5Array):
        return array
    if isinstance(array, np.ndarray):
        return _find_mapped(array)
    h5py = sys.modules.get("h5py")  # loaded, if it made the array
    if h5py is None or not isinstance(array, h5py.Dataset) or not array:
        return None
    path = os.path.abspath(array.file.filename)
    if array.file.mode != "r" or array.name is None or not os.path.isfile(path):
        return None
    return H5Array(path, array.name, array.shape)


def _find_mapped(array: Array) -> MappedArray | None:
    whole = array
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    if not isinstance(whole, np.memmap) or whole.filename is None or whole.mode == "c":
        return None
    start, first = (a.__array_interface__["data"][0] for a in (whole, array))
    return MappedArray(
        str(Path(whole.filename).absolute()),
        whole.offset + first - start,
        array.shape,
        array.strides,
        array.dtype,
    )

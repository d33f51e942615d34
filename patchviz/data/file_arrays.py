"""Owns arrays that lie in files: they travel to other processes by name, not by value."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from patchviz.arguments import Array

Name = tuple[Callable[..., Any], tuple[Any, ...]]  # what opens an array, and from which arguments


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


def find_name(array: Any) -> Name | None:
    """Return the name of an array; None where it has none that another process can open."""
    if isinstance(array, np.ndarray):
        return _find_mapped(array)
    h5py = sys.modules.get("h5py")  # loaded, if it made the array
    if h5py is None or not isinstance(array, h5py.Dataset) or not array:
        return None
    path = os.path.abspath(array.file.filename)
    if array.file.mode != "r" or array.name is None or not os.path.isfile(path):
        return None
    return H5Array, (path, array.name, array.shape)


def _find_mapped(array: Array) -> Name | None:
    whole = array
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    if not isinstance(whole, np.memmap) or whole.filename is None or whole.mode == "c":
        return None
    start, first = (a.__array_interface__["data"][0] for a in (whole, array))
    path, offset = os.path.abspath(whole.filename), whole.offset + first - start
    return _map_part, (path, offset, array.shape, array.strides, array.dtype)


def _map_part(path: str, offset: int, shape: Any, strides: Any, dtype: np.dtype[Any]) -> Array:
    return np.ndarray(shape, dtype, np.memmap(path, np.uint8, "r"), offset, strides)

"""Owns the way of voxels out of a NIfTI file: a stream in Fortran order, put into C order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from patchviz.arguments import Array

SLAB = 2**19  # bytes: it stays in the processor's cache, and adds little to the volume in memory


def read_frames(stored: Any, frames: Sequence[int], voxels: Array) -> None:
    """Read volumes of a file into C order, each scaled as the file says.

    Parameters
    ----------
    stored : nibabel.arrayproxy.ArrayProxy
        Tells the file, and how voxels are stored in it.
    frames : sequence of int
        Which volumes along the fourth axis; 0 where there is none.
    voxels : ndarray, shape (len(frames), *shape)
        Takes them.

    Raises
    ------
    EOFError, OSError, zlib.error
        For a file that is cut short or damaged.
    """
    shape = voxels.shape[1:]
    n_bytes = int(np.prod(shape)) * stored.dtype.itemsize
    with _open(stored.file_like) as file:
        for frame, channel in sorted(zip(frames, voxels, strict=True), key=lambda pair: pair[0]):
            file.seek(stored.offset + frame * n_bytes)
            # two axes have one plane: seen as (i, 1, j) it is read like three
            _read_volume(file, stored, channel.reshape(shape[0], -1, shape[-1]))
        file.read(1)  # at its end a compressed file is compared with its checksum


def _open(path: Any) -> Any:
    if Path(path).suffix.lower() == ".gz":
        from isal import igzip

        return igzip.open(path, "rb")
    from nibabel.openers import ImageOpener

    return ImageOpener(path)


def _read_volume(file: Any, stored: Any, volume: Array) -> None:
    n_i, n_j, n_k = volume.shape
    scale = (stored.slope, stored.inter)
    height = min(n_k, max(1, SLAB // (n_i * n_j * stored.dtype.itemsize)))
    slab = np.empty((height, n_j, n_i), stored.dtype)
    for k in range(0, n_k, height):
        part = slab[: n_k - k]
        _fill(file, part)
        # Plane by plane is the quickest way into the other order, and scales in float64 without
        # a float64 copy of the volume.
        for j in range(n_j):
            plane = part[:, j].T
            volume[:, j, k : k + height] = plane if scale == (1, 0) else plane * scale[0] + scale[1]


def _fill(file: Any, part: Array) -> None:
    left: Any = part.reshape(-1).view(np.uint8)
    while len(left):
        n_bytes = file.readinto(left)
        if not n_bytes:
            raise EOFError(f"at least {len(left)} bytes are missing at its end")
        left = left[n_bytes:]

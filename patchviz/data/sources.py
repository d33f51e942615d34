"""Owns where voxels come from: arrays, NIfTI files and phantoms.

Each source is named in messages by its `where`. Nothing is opened before `header()`, `key()` or
`voxels()` is called; these raise `DataError` for what can't be used.
"""

from __future__ import annotations

import errno
import math
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from patchviz.arguments import Array
from patchviz.data.cache import Key
from patchviz.data.file_arrays import find_name
from patchviz.data.nifti import read_frames
from patchviz.data.phantom import make_phantom, make_phantom_label, phantom_affine
from patchviz.errors import DataError

N_CHANNELS = 16  # more along the first axis, and at most these along the last: that is the channel


class Header(NamedTuple):
    """What a source tells before its voxels are read."""

    shape: tuple[int, ...]  # of the spatial axes
    affine: NDArray[np.float64]
    dtype: np.dtype[Any]  # that the voxels will have
    n_channels: int = 1


@dataclass(frozen=True)
class PhantomSource:
    """The image or the label of a synthetic head, made when it is read."""

    shape: tuple[int, ...]
    seed: tuple[int, int]
    is_label: bool
    where: str = "phantom"

    def header(self) -> Header:
        """Tell what is known of every phantom."""
        dtype = np.dtype(np.uint8 if self.is_label else np.float32)
        return Header(self.shape, phantom_affine(self.shape), dtype)

    def key(self) -> Key:
        """Return all that the voxels depend on."""
        return "phantom", self.shape, self.seed, self.is_label

    def voxels(self) -> Array:
        """Make the voxels (1, *shape)."""
        if self.is_label:
            return make_phantom_label(self.shape, self.seed)[None]
        return make_phantom(self.shape, self.seed)[0][None]


@dataclass(frozen=True, eq=False)
class ArraySource:
    """An array of 1 mm voxels and RAS axes, or what has a shape and can be sliced like one.

    An image of nibabel's brings its affine. What lies in a file travels to other processes by name,
    any other array with its voxels.
    """

    where: str
    array: Any
    may_have_channels: bool = False
    affine: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if hasattr(self.array, "dataobj"):  # an image of nibabel's
            self.__dict__.update(affine=self.array.affine, array=self.array.dataobj)

    def __reduce__(self) -> tuple[Any, ...]:
        name = find_name(self.array)
        if name is None and isinstance(self.array, np.ndarray):
            name = np.asarray, (self.array,)
        elif name is None:
            try:
                name = pickle.loads, (pickle.dumps(self.array),)
            except Exception as error:
                raise TypeError(
                    f"{self.where} can't travel to another process ({error}): open its file to be "
                    'read only, as by h5py.File(path, "r"), or pass arrays of NumPy'
                ) from error
        return _arrive, (self.where, self.may_have_channels, self.affine, *name)

    def header(self) -> Header:
        """Check shape and type; an empty slice tells NumPy's name for the type."""
        if not hasattr(self.array, "shape"):
            raise TypeError(f"{self.where} must be an array, got {type(self.array).__name__}")
        shape = tuple(map(int, self.array.shape))
        if self.affine is not None and len(shape) > 3:
            remedy = "a series of volumes? take one, as by image.slicer[..., 0]"
            raise DataError(f"{self.where} has {len(shape)} dimensions {shape}: {remedy}")
        has_channels = self.may_have_channels and len(shape) == 4
        n_channels, spatial = (shape[0], shape[1:]) if has_channels else (1, shape)
        if len(spatial) not in (2, 3):
            needs = "2 or 3 dimensions (an image that is one array: or 4, the channel first)"
            raise DataError(f"{self.where} has shape {shape}: it must have {needs}")
        if n_channels > N_CHANNELS >= shape[-1]:
            remedy = "the channel seems to be the last axis; pass numpy.moveaxis(x, -1, 0)"
            raise DataError(f"{self.where} has shape {shape}: {remedy}")
        dtype = _number_type(np.asarray(self.array[:0]).dtype, self.where)
        affine = np.eye(len(spatial) + 1) if self.affine is None else self.affine
        return Header(spatial, affine, dtype, n_channels)

    def key(self) -> Key | None:
        """Return all that the voxels depend on; None where the array serves as it is."""
        array = self.array
        serves = isinstance(array, np.ndarray) and array.flags.c_contiguous
        if serves and array.dtype == _number_type(array.dtype, self.where):
            return None
        return "array", self.where

    def voxels(self) -> Array:
        """Return the voxels (channel, *shape), as a view of NumPy's array if it serves as it is."""
        try:
            array = np.asarray(self.array[...])
        except (OSError, RuntimeError, ValueError, LookupError) as error:  # as h5py and Zarr have
            said = f"({type(error).__name__}: {error})"
            raise DataError(
                f"{self.where} can't be read: is its file open and whole? {said}"
            ) from error
        array = np.asarray(array, _number_type(array.dtype, self.where), order="C")
        return _check_finite(array if array.ndim == 4 else array[None], self.where)


def _arrive(
    where: str,
    may_have_channels: bool,
    affine: NDArray[np.float64] | None,
    opener: Any,
    given: Any,
) -> ArraySource:
    return ArraySource(where, opener(*given), may_have_channels, affine)


@dataclass(frozen=True)
class FileSource:
    """A NIfTI file; if it is an image of 4 dimensions, its `frames` are the channels."""

    subject: str
    path: Path
    frames: tuple[int, ...] | None = None
    is_label: bool = False

    def __post_init__(self) -> None:
        if not self.path.is_file():
            raise FileNotFoundError(f"{self.subject}: there is no file {self.path}")

    @property
    def where(self) -> str:
        """Names of the subject and of the file."""
        return f"{self.subject}: {self.path.name}"

    def header(self) -> Header:
        """Check the shape, the frames and the type: float32 where the file scales its voxels."""
        return self._header_of(self._open())

    def _header_of(self, nifti: Any) -> Header:
        shape = nifti.shape
        while len(shape) > 3 and shape[-1] == 1:
            shape = shape[:-1]
        n_frames = math.prod(shape[3:])
        if not 2 <= len(shape) <= (3 if self.is_label else 4):
            what = "a label" if self.is_label else "an image"
            raise DataError(f"{self.where} has shape {shape}: {what} must be saved in 2 or 3 axes")
        if len(shape) == 4 and self.frames is None:
            every = [0, 1] if n_frames == 2 else f"range({n_frames})"
            raise DataError(
                f"{self.where} has 4 dimensions {shape}: a series of {n_frames} volumes? pass "
                f"frames={every} to use them as channels, or frames=[0] for the first"
            )
        for frame in self.frames or ():
            if not 0 <= frame < n_frames:
                has = f"has {n_frames} volumes, no volume {frame}"
                raise DataError(f"{self.where} {has}: `frames` counts from 0 to {n_frames - 1}")
        stored = nifti.dataobj
        dtype = _number_type(stored.dtype, self.where)
        if (stored.slope, stored.inter) != (1, 0):
            dtype = np.dtype(np.float32)
        return Header(shape[:3], nifti.affine, dtype, len(self.frames or (0,)))

    def key(self) -> Key:
        """Return all that the voxels depend on: the file as it is now, and what is asked of it."""
        files, path = [self.path], self.path.absolute()
        if path.suffix in (".hdr", ".img"):  # a pair
            files = [path.with_suffix(suffix) for suffix in (".hdr", ".img")]
        with self._blaming("can't be found"):
            stamps = [(found.st_size, found.st_mtime_ns) for found in map(os.stat, files)]
        return "NIfTI", str(path), stamps, self.frames, self.is_label

    def voxels(self) -> Array:
        """Read the voxels (channel, *shape)."""
        nifti = self._open()
        shape, _, dtype, n_channels = self._header_of(nifti)
        voxels = np.empty((n_channels, *shape), dtype)
        with self._blaming("is damaged or cut short: copy it again"):
            read_frames(nifti.dataobj, self.frames or (0,), voxels)
        return _check_finite(voxels, self.where)

    def _open(self) -> Any:
        import nibabel

        with self._blaming("is no NIfTI file: convert or copy it again"):
            nifti: Any = nibabel.load(self.path)
        if not isinstance(nifti, nibabel.Nifti1Pair):
            raise DataError(f"{self.where} is {type(nifti).__name__}, no NIfTI file: convert it")
        return nifti

    @contextmanager
    def _blaming(self, fault: str) -> Iterator[None]:
        """Say what is wrong with the file, unless the system doesn't let it be read."""
        try:
            yield
        except MemoryError:
            raise
        except Exception as error:  # gzip, zlib, nibabel and NumPy have one each
            try:
                self.path.open("rb").close()  # nibabel swallows what the system says
            except FileNotFoundError:
                raise FileNotFoundError(f"{self.subject}: there is no file {self.path}") from error
            except OSError as refusal:
                remedy = ": close some, or allow more (ulimit -n)"
                said = f"{refusal.strerror}{remedy * (refusal.errno == errno.EMFILE)}"
                what = f"{self.where} can't be read ({self.path}; {said})"
                raise OSError(refusal.errno, what) from error
            said = f"({self.path}; {type(error).__name__}: {error})"
            raise DataError(f"{self.where} {fault} {said}") from error


Source = ArraySource | FileSource | PhantomSource


def as_label(voxels: Array, where: str) -> Array:
    """Return voxels of an integer type; refuse all but whole numbers from 0 on."""
    if (lowest := voxels.min()) < 0:
        remedy = "they must be 0 or more; set the others to 0, as by label.clip(0)"
        raise DataError(f"{where} has label values down to {lowest}: {remedy}")
    if voxels.dtype.kind != "f":
        return voxels
    if (highest := int(np.rint(voxels.max()))) >= 2**64:
        raise DataError(f"{where} has label values up to {highest}: they must be below 2**64")
    label = np.empty(voxels.shape, np.min_scalar_type(highest))
    for plane, whole in zip(voxels, label, strict=True):  # no second copy of the volume
        rounded = np.rint(plane)
        far = np.abs(plane - rounded) > 1e-3  # a scale factor may have left 0.9999999
        if far.any():
            remedy = "resample labels by nearest neighbour, or threshold them (label > 0.5)"
            such = f"such as {plane[far][0]}: they must be whole numbers; {remedy}"
            raise DataError(f"{where} has label values {such}")
        whole[...] = rounded
    return label


def _number_type(dtype: np.dtype[Any], where: str) -> np.dtype[Any]:
    """Return the type in native byte order, uint8 for booleans; refuse what is no real number."""
    if dtype.kind not in "biuf":
        raise DataError(f"{where} has voxels of type {dtype}: save it as ints or floats")
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype.newbyteorder("=")


def _check_finite(voxels: Array, where: str) -> Array:
    if voxels.dtype.kind != "f":
        return voxels
    with np.errstate(all="ignore"):
        if np.isfinite(voxels.sum()):  # reads once; a sum may also overflow, hence what follows
            return voxels
    if n_bad := voxels.size - np.count_nonzero(np.isfinite(voxels)):
        remedy = "replace them with numpy.nan_to_num, or mask them"
        raise DataError(f"{where} has {n_bad} voxels that are NaN or infinite: {remedy}")
    return voxels

"""Owns what is read: the subjects of a cohort, their volumes and labels, each when first needed."""

from __future__ import annotations

import math
import operator
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from patchviz.errors import DataError
from patchviz.phantom import make_phantom, make_phantom_label, numbered, phantom_affine

Array = NDArray[Any]
AnyPath = str | os.PathLike[str]
MEMORY_LIMIT = 2 * 2**30


@dataclass(frozen=True)
class CohortFacts:
    """What the headers of a cohort tell, one entry per subject.

    Attributes
    ----------
    ids : tuple of str
    shapes : tuple of tuples of ints
        Voxels along each spatial axis.
    spacings : tuple of tuples of floats
        Size of a voxel along each axis, in mm.
    orientations : tuple of tuples of str
        Where each axis points to: ``("R", "A", "S")`` is right, front and top.
    n_channels : tuple of ints
    has_label : tuple of bools
    """

    ids: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    spacings: tuple[tuple[float, ...], ...]
    orientations: tuple[tuple[str, ...], ...]
    n_channels: tuple[int, ...]
    has_label: tuple[bool, ...]


class Subject:
    """One subject of a cohort: a volume of one or more channels, and its label if there is one.

    Data that can't be used raise `DataError`: for what headers tell as soon as an attribute other
    than these two is asked for, for what voxels tell with `image` or `label`.

    Attributes
    ----------
    id : str
        Unique in the cohort.
    has_label : bool
    """

    def __init__(
        self, id: str, channels: Sequence[_Source], label: _Source | None, cache: _Cache
    ) -> None:
        self.id = id
        self.has_label = label is not None
        self._channels = tuple(channels)
        self._label = label
        self._cache = cache

    def __repr__(self) -> str:
        return f"Subject({self.id!r})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each spatial axis."""
        return self._header.shape

    @property
    def n_channels(self) -> int:
        """Channels of the image."""
        return self._header.n_channels

    @property
    def affine(self) -> NDArray[np.float64]:
        """From voxel indices to mm: a copy, 4x4 for files, (ndim + 1) square for arrays."""
        return self._header.affine.copy()

    @property
    def spacing(self) -> tuple[float, ...]:
        """Size of a voxel along each axis, in mm."""
        sizes: Array = np.sqrt((self._header.affine[:-1, :-1] ** 2).sum(axis=0))
        return tuple(sizes[: len(self.shape)].round(5).tolist())  # beyond is float32 noise

    @property
    def image(self) -> Array:
        """The voxels (channel, *shape), read-only; float32 where the file scales them."""
        return self._cache.get((self.id, "image"), self._read_image)

    @property
    def label(self) -> Array | None:
        """The label (*shape), of an integer type, read-only; None where there is none."""
        return self._cache.get((self.id, "label"), self._read_label) if self.has_label else None

    @cached_property
    def _header(self) -> _Header:
        sources = [source for source in (*self._channels, self._label) if source is not None]
        headers = [source.header() for source in sources]
        first = headers[0]
        if 0 in first.shape:
            raise DataError(f"{sources[0].where} has shape {first.shape}: it must have voxels")
        for source, header in zip(sources, headers, strict=True):
            if header.shape != first.shape:
                what, here, there = "shape", header.shape, first.shape
            elif not np.allclose(header.affine, first.affine, atol=1e-3):
                what, here, there = "affine", *(h.affine.round(3).tolist() for h in (header, first))
            else:
                continue
            raise DataError(
                f"{source.where} has {what} {here}, but {sources[0].where} has {there}: "
                "resample one to the voxels of the other"
            )
        n_channels = sum(header.n_channels for header in headers[: len(self._channels)])
        return first._replace(n_channels=n_channels)

    def _read_image(self) -> tuple[Array, int]:
        _ = self._header  # headers that disagree are told before anything large is read
        parts = [_checked(source.voxels(), source.where) for source in self._channels]
        image = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return image, _bytes_held(image, self._channels)

    def _read_label(self) -> tuple[Array, int]:
        _ = self._header
        assert self._label is not None
        voxels = _checked(self._label.voxels(), self._label.where)
        label = _as_label(voxels[0], self._label.where)
        return label, _bytes_held(label, [self._label])


class Cohort(Sequence[Subject]):
    """A sequence of subjects: made by one of the four class methods, read when first needed.

    Of the decoded volumes the last used are kept, up to `memory_limit` bytes in all. Shapes may
    differ between subjects. A slice is a cohort that shares volumes with this one.
    """

    def __init__(self, subjects: Iterable[Subject]) -> None:
        self._subjects = tuple(subjects)

    @classmethod
    def from_arrays(
        cls,
        images: Iterable[Any],
        labels: Iterable[Any] | None = None,
        *,
        memory_limit: int = MEMORY_LIMIT,
    ) -> Cohort:
        """Make a cohort of arrays: NumPy's, memory maps, h5py's, Zarr's, any with slices.

        Parameters
        ----------
        images : list, one entry per subject
            An array (*shape) of 2 or 3 dimensions, an array (channel, *shape) of 4, or a list of
            arrays (*shape), one per channel. Voxels are taken to be 1 mm, axes to be RAS.
        labels : list of arrays (*shape), optional
            Whole numbers from 0 on.
        memory_limit : int
            Bytes of decoded volumes to keep. Arrays that serve as they are don't count.

        Raises
        ------
        TypeError
            When `images` or `labels` is a single array, or an entry is no array.
        ValueError
            When there is no image, or a label too many or too few.
        DataError
            When an array has other dimensions, or a label is None.
        """
        entries = _channel_lists(images, "images")
        ids = numbered("subject", len(entries))
        subjects, cache = [], _Cache(memory_limit)
        for n, label in enumerate(_one_per_subject(labels, "labels", ids)):
            at = f"{ids[n]}: array images[{n}]"
            match entries[n]:
                case [array]:
                    channels = [_ArraySource(at, array, may_have_channels=True)]
                case arrays:
                    channels = [_ArraySource(f"{at}[{c}]", array) for c, array in enumerate(arrays)]
            label = None if label is None else _ArraySource(f"{ids[n]}: array labels[{n}]", label)
            subjects.append(Subject(ids[n], channels, label, cache))
            _ = subjects[n].shape  # arrays know theirs without being read
        return cls(subjects)

    @classmethod
    def from_files(
        cls,
        image_paths: Iterable[AnyPath | Sequence[AnyPath]],
        label_paths: Iterable[AnyPath] | None = None,
        *,
        frames: Sequence[int] | None = None,
        memory_limit: int = MEMORY_LIMIT,
    ) -> Cohort:
        """Make a cohort of NIfTI files: subjects are named after the first file, or its folder.

        Parameters
        ----------
        image_paths : list, one entry per subject
            A path, or a list of paths, one per channel.
        label_paths : list of paths, optional
        frames : sequence of ints, optional
            Which volumes of an image file of 4 dimensions become channels, counted from 0.
        memory_limit : int
            Bytes of decoded volumes to keep.

        Raises
        ------
        TypeError
            When `image_paths` or `label_paths` is a single path.
        ValueError
            When there is no image, or a label too many or too few.
        FileNotFoundError
            When a file isn't there.
        DataError
            When a label is None.
        """
        entries = _channel_lists(image_paths, "image_paths")
        images = [[Path(path) for path in paths] for paths in entries]
        ids = _file_ids([paths[0] for paths in images])
        labels = _one_per_subject(label_paths, "label_paths", ids)
        return cls._of_files(ids, images, labels, frames, memory_limit)

    @classmethod
    def from_folder(
        cls,
        path: AnyPath,
        label: str | None = "*seg*",
        *,
        frames: Sequence[int] | None = None,
        memory_limit: int = MEMORY_LIMIT,
    ) -> Cohort:
        """Make a cohort of a folder that holds one folder of NIfTI files per subject.

        Parameters
        ----------
        path : path
            Its folders, by name, are the subjects; hidden ones are left out.
        label : str or None
            Pattern of the name of a label file. The other files, by name, are the channels; all
            are when it is None. When no subject has a label, the cohort has none.
        frames, memory_limit
            As in `from_files`.

        Raises
        ------
        FileNotFoundError
            When `path` is no folder.
        DataError
            When a subject has no image, several labels, or none though others have, or when
            subjects differ in their channels.
        """
        folders = _subject_folders(Path(path))
        found = [_image_and_label_files(folder, label) for folder in folders]
        images, labels = [files for files, _ in found], [file for _, file in found]
        _check_same_channels(folders, images)
        if None in labels and any(labels):
            n = labels.index(None)
            raise DataError(
                f"{folders[n].name}: missing label, though other subjects have one: none of "
                f"{_names(images[n])} matches {label!r}; add the label or move the folder away"
            )
        ids = [folder.name for folder in folders]
        return cls._of_files(ids, images, labels, frames, memory_limit)

    @classmethod
    def phantom(
        cls,
        n: int = 30,
        shape: Sequence[int] = (144, 144, 144),
        seed: int = 0,
        *,
        memory_limit: int = MEMORY_LIMIT,
    ) -> Cohort:
        """Make a cohort of synthetic heads with lesions, each made when it is first needed.

        Parameters
        ----------
        n : int
            How many subjects.
        shape : sequence of 3 ints
            Voxels of 1 mm along each axis (RAS), at least 8.
        seed : int
            Subject i is the head ``make_phantom(shape, [seed, i])``.
        memory_limit : int
            Bytes of volumes to keep.

        Raises
        ------
        ValueError
            When `n` is less than 1, or `shape` is not three axes of at least 8 voxels.
        """
        if n < 1:
            raise ValueError(f"`n` must be at least 1, got {n}")
        sizes, affine = tuple(map(int, shape)), phantom_affine(shape)
        subjects, cache = [], _Cache(memory_limit)
        for i, id in enumerate(numbered("sub", n)):
            image, label = (
                _ArraySource(f"{id}: phantom", _Phantom(sizes, (seed, i), is_label), affine=affine)
                for is_label in (False, True)
            )
            subjects.append(Subject(id, [image], label, cache))
        return cls(subjects)

    @classmethod
    def _of_files(
        cls,
        ids: Sequence[str],
        images: Sequence[Sequence[Path]],
        labels: Sequence[AnyPath | None],
        frames: Sequence[int] | None,
        memory_limit: int,
    ) -> Cohort:
        chosen = _checked_frames(frames)
        subjects, cache = [], _Cache(memory_limit)
        for id, paths, path in zip(ids, images, labels, strict=True):
            channels = [_FileSource(id, file, chosen) for file in paths]
            label = None if path is None else _FileSource(id, Path(path), None, is_label=True)
            for source in (*channels, label):
                if source is not None and not source.path.is_file():
                    raise FileNotFoundError(f"{id}: there is no file {source.path}")
            subjects.append(Subject(id, channels, label, cache))
        return cls(subjects)

    def __repr__(self) -> str:
        return f"<Cohort of {len(self)} subjects>"

    def __len__(self) -> int:
        return len(self._subjects)

    @overload
    def __getitem__(self, index: int) -> Subject: ...
    @overload
    def __getitem__(self, index: slice) -> Cohort: ...
    def __getitem__(self, index: int | slice) -> Subject | Cohort:
        if isinstance(index, slice):
            return Cohort(self._subjects[index])
        try:
            return self._subjects[index]
        except IndexError:
            raise IndexError(f"no subject {index} in a cohort of {len(self)} subjects") from None

    @cached_property
    def facts(self) -> CohortFacts:
        """What the headers tell; no voxel is read."""
        return CohortFacts(
            ids=tuple(subject.id for subject in self),
            shapes=tuple(subject.shape for subject in self),
            spacings=tuple(subject.spacing for subject in self),
            orientations=tuple(_orientation(subject) for subject in self),
            n_channels=tuple(subject.n_channels for subject in self),
            has_label=tuple(subject.has_label for subject in self),
        )


class _Cache:
    """The decoded volumes last used, up to a number of bytes; pickled without them."""

    def __init__(self, limit: int) -> None:
        from cachetools import LRUCache

        if limit < 0:
            raise ValueError(f"`memory_limit` must be 0 bytes or more, got {limit}")
        self.limit = limit
        self.kept: Any = LRUCache(limit, getsizeof=operator.itemgetter(1))
        self.lock = Lock()

    def __reduce__(self) -> tuple[type[_Cache], tuple[int]]:
        return _Cache, (self.limit,)

    def get(self, key: tuple[str, str], read: Callable[[], tuple[Array, int]]) -> Array:
        """Return what is kept, or else what `read` returns: a volume and the bytes it holds."""
        with self.lock:
            if key in self.kept:
                return self.kept[key][0]  # type: ignore[no-any-return]
        volume, n_bytes = read()  # not locked: threads may read different volumes side by side
        volume = volume.view()  # leaves the flag of the user's own array alone
        volume.flags.writeable = False
        with self.lock:
            if n_bytes <= self.limit:
                self.kept[key] = volume, n_bytes
        return volume


class _Header(NamedTuple):
    shape: tuple[int, ...]  # of the spatial axes
    affine: NDArray[np.float64]
    n_channels: int


# A source is where voxels come from. `where` names it in messages; header() returns a _Header
# and voxels() a C-ordered array (channel, *shape). Nothing is opened before these are called.


@dataclass(frozen=True)
class _Phantom:
    """An array that is made when it is sliced."""

    shape: tuple[int, ...]
    seed: tuple[int, int]
    is_label: bool

    def __getitem__(self, index: Any) -> Any:
        if self.is_label:
            return make_phantom_label(self.shape, self.seed)[index]
        return make_phantom(self.shape, self.seed)[0][index]


@dataclass(frozen=True, eq=False)
class _ArraySource:
    where: str
    array: Any
    may_have_channels: bool = False
    affine: NDArray[np.float64] | None = None

    def header(self) -> _Header:
        if not hasattr(self.array, "shape"):
            raise TypeError(f"{self.where} must be an array, got {type(self.array).__name__}")
        shape = tuple(map(int, self.array.shape))
        spatial = shape[1:] if self._has_channels else shape
        if len(spatial) not in (2, 3):
            raise DataError(
                f"{self.where} has shape {shape}: it must have 2 or 3 dimensions, or, for the only "
                "array of an image, 4 with the channel first"
            )
        if self._has_channels and shape[0] > 16 and shape[-1] < shape[0]:
            raise DataError(
                f"{self.where} has shape {shape}: the channel must be the first axis and seems to "
                "be the last; pass numpy.moveaxis(x, -1, 0)"
            )
        n_channels = shape[0] if self._has_channels else 1
        affine = np.eye(len(spatial) + 1) if self.affine is None else self.affine
        return _Header(spatial, affine, n_channels)

    def voxels(self) -> Array:
        array = np.asarray(self.array[...])
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
        return array if self._has_channels else array[None]

    @property
    def _has_channels(self) -> bool:
        return self.may_have_channels and len(self.array.shape) == 4


@dataclass(frozen=True)
class _FileSource:
    subject: str
    path: Path
    frames: tuple[int, ...] | None
    is_label: bool = False

    @property
    def where(self) -> str:
        return f"{self.subject}: {self.path.name}"

    def header(self) -> _Header:
        nifti = self._open()
        shape = nifti.shape
        while len(shape) > 3 and shape[-1] == 1:
            shape = shape[:-1]
        n_frames = math.prod(shape[3:])
        if len(shape) == 4 and self.frames is None and not self.is_label:
            every = [0, 1] if n_frames == 2 else f"range({n_frames})"
            raise DataError(
                f"{self.where} has 4 dimensions {shape}: a series of {n_frames} volumes? pass "
                f"frames={every} to use them as channels, or frames=[0] for the first"
            )
        if len(shape) not in ((2, 3) if self.is_label else (2, 3, 4)):
            what = "a label" if self.is_label else "an image"
            raise DataError(f"{self.where} has shape {shape}: {what} must be saved in 2 or 3 axes")
        for frame in self.frames or ():
            if not 0 <= frame < n_frames:
                has = f"has {n_frames} volume{'s' * (n_frames > 1)}, no volume {frame}"
                raise DataError(f"{self.where} {has}: `frames` counts from 0 to {n_frames - 1}")
        return _Header(shape[:3], nifti.affine, len(self.frames or (0,)))

    def voxels(self) -> Array:
        shape, _, n_channels = self.header()
        stored = self._open().dataobj
        slope, intercept = stored.slope, stored.inter
        scaled = (slope, intercept) != (1, 0) and stored.dtype.kind in "iuf"
        dtype = np.dtype(np.float32) if scaled else stored.dtype.newbyteorder("=")
        voxels = np.empty((n_channels, *shape), dtype)
        for channel, volume in zip(voxels, self._unscaled(stored, shape), strict=True):
            # NIfTI's order is Fortran's. Plane by plane is the quickest way to C's, and scales
            # in float64 without a float64 copy of the volume.
            for j in range(shape[1]):
                plane = volume[:, j]
                channel[:, j] = plane * slope + intercept if scaled else plane
        return voxels

    def _unscaled(self, stored: Any, shape: tuple[int, ...]) -> Iterator[Array]:
        from nibabel.arrayproxy import ArrayProxy
        from nibabel.openers import ImageOpener

        layout = ((*shape, math.prod(stored.shape[3:])), stored.dtype, stored.offset)
        try:
            with ImageOpener(stored.file_like) as file:
                series = ArrayProxy(file, layout)  # type: ignore[no-untyped-call]
                for frame in self.frames or (0,):
                    yield series[..., frame]
                file.read(1)  # at its end a compressed file is compared with its checksum
        except MemoryError:
            raise
        except Exception as error:  # gzip, zlib, nibabel and NumPy have one each
            raise self._unreadable("is damaged or cut short: copy it again", error) from error

    def _open(self) -> Any:
        import nibabel

        try:
            nifti: Any = nibabel.load(self.path)
        except FileNotFoundError:
            raise
        except Exception as error:
            raise self._unreadable("is no NIfTI file: convert or copy it again", error) from error
        if not isinstance(nifti, nibabel.Nifti1Pair):
            raise DataError(f"{self.where} is {type(nifti).__name__}, no NIfTI file: convert it")
        return nifti

    def _unreadable(self, how: str, error: Exception) -> DataError:
        return DataError(f"{self.where} {how} ({self.path}; {type(error).__name__}: {error})")


_Source = _ArraySource | _FileSource


def _checked(voxels: Array, where: str) -> Array:
    """Refuse what isn't plain finite numbers; booleans become uint8."""
    if voxels.dtype.kind not in "biuf":
        raise DataError(f"{where} has voxels of type {voxels.dtype}: save it as ints or floats")
    if voxels.dtype.kind == "f":
        with np.errstate(all="ignore"):
            suspect = not np.isfinite(voxels.sum())  # quicker than to look at every voxel
        n_bad = voxels.size - np.count_nonzero(np.isfinite(voxels)) if suspect else 0
        if n_bad:
            raise DataError(
                f"{where} has {n_bad} voxels that are NaN or infinite: "
                "replace them with numpy.nan_to_num, or mask them"
            )
    return voxels.view(np.uint8) if voxels.dtype.kind == "b" else voxels


def _as_label(voxels: Array, where: str) -> Array:
    """Return voxels of an integer type; refuse all but whole numbers from 0 on."""
    if voxels.dtype.kind != "u" and voxels.min() < 0:
        raise DataError(
            f"{where} has label values down to {voxels.min()}: they must be 0 or more; "
            "set the others to 0, as by label.clip(0)"
        )
    if voxels.dtype.kind != "f":
        return voxels
    whole = np.rint(voxels)
    far = np.abs(voxels - whole) > 1e-3  # a scale factor may have left 0.9999999
    if far.any():
        raise DataError(
            f"{where} has label values such as {voxels[far][0]}: they must be whole numbers; "
            "resample labels by nearest neighbour, or threshold them (label > 0.5)"
        )
    return whole.astype(np.min_scalar_type(int(whole.max())))


def _bytes_held(volume: Array, sources: Iterable[_Source]) -> int:
    """Return the bytes of a volume, none when it is a view of the user's own array."""
    given = [source.array for source in sources if isinstance(source, _ArraySource)]
    lent = any(isinstance(a, np.ndarray) and np.may_share_memory(a, volume) for a in given)
    return 0 if lent else volume.nbytes


def _orientation(subject: Subject) -> tuple[str, ...]:
    from nibabel.orientations import aff2axcodes

    codes = aff2axcodes(subject.affine)  # type: ignore[no-untyped-call]
    return tuple(code or "?" for code in codes[: len(subject.shape)])


def _as_list(entries: Iterable[Any], name: str) -> list[Any]:
    if hasattr(entries, "shape") or isinstance(entries, str | os.PathLike):
        kind = type(entries).__name__
        raise TypeError(
            f"`{name}` must be a list with one entry per subject, got one {kind}: "
            f"wrap it in a list, {name}=[...]"
        )
    return list(entries)


def _channel_lists(entries: Iterable[Any], name: str) -> list[list[Any]]:
    """Return the channels of each subject, one of them where the entry is no list."""
    channels = [list(e) if isinstance(e, list | tuple) else [e] for e in _as_list(entries, name)]
    if not channels or [] in channels:
        got = f"an empty list for subject {channels.index([])}" if channels else "an empty list"
        raise ValueError(
            f"`{name}` must hold at least one subject, and each one channel; got {got}"
        )
    return channels


def _one_per_subject(labels: Iterable[Any] | None, name: str, ids: Sequence[str]) -> list[Any]:
    if labels is None:
        return [None] * len(ids)
    entries = _as_list(labels, name)
    if len(entries) != len(ids):
        raise ValueError(
            f"`{name}` must have {len(ids)} entries, one per subject, got {len(entries)}"
        )
    for id, label in zip(ids, entries, strict=True):
        if label is None:
            raise DataError(f"{id}: missing label; pass {name}=None to work without labels")
    return entries


def _checked_frames(frames: Sequence[int] | None) -> tuple[int, ...] | None:
    if frames is None:
        return None
    try:
        chosen = tuple(map(operator.index, frames))
    except TypeError:
        raise TypeError(f"`frames` must be a list of ints, got {frames!r}") from None
    if not chosen:
        raise ValueError(f"`frames` must name at least one volume, got {frames!r}")
    return chosen


def _file_ids(paths: Sequence[Path]) -> list[str]:
    """Name subjects after their files, or where these collide after the folders; make unique."""
    names = [path.name.removesuffix(".gz").removesuffix(".nii") for path in paths]
    if len(set(names)) < len(names):
        names = [path.absolute().parent.name for path in paths]
    taken: set[str] = set()
    ids = []
    for name in names:
        id, n = name, 1
        while id in taken or (n > 1 and id in names):
            n += 1
            id = f"{name}-{n}"
        taken.add(id)
        ids.append(id)
    return ids


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(path.name for path in paths)


def _nifti_files(folder: Path) -> list[Path]:
    files = (path for path in sorted(folder.iterdir()) if not path.name.startswith("."))
    return [path for path in files if path.name.endswith((".nii", ".nii.gz")) and path.is_file()]


def _subject_folders(path: Path) -> list[Path]:
    if not path.is_dir():
        raise FileNotFoundError(f"`path` must be a folder, got {path}")
    visible = (one for one in sorted(path.iterdir()) if not one.name.startswith("."))
    folders = [one for one in visible if one.is_dir()]
    if not folders:
        remedy = "it must hold one folder of NIfTI files per subject"
        if _nifti_files(path):
            remedy = "pass the files in it to Cohort.from_files, or make one folder per subject"
        raise DataError(f"{path} has no folders: {remedy}")
    return folders


def _image_and_label_files(folder: Path, pattern: str | None) -> tuple[list[Path], Path | None]:
    files = _nifti_files(folder)
    labels = [file for file in files if pattern is not None and fnmatchcase(file.name, pattern)]
    images = [file for file in files if file not in labels]
    if len(labels) > 1:
        raise DataError(
            f"{folder.name}: {len(labels)} files match {pattern!r}: {_names(labels)}; "
            "give a `label` pattern that only one matches"
        )
    if not images:
        beside = f" but the label {labels[0].name}" if labels else ""
        raise DataError(
            f"{folder.name}: no image (.nii or .nii.gz){beside} in {folder}; "
            "add one or move the folder away"
        )
    return images, labels[0] if labels else None


def _check_same_channels(folders: Sequence[Path], images: Sequence[Sequence[Path]]) -> None:
    """Refuse files that would make different channels; one file may have any name."""

    def kinds(folder: Path, files: Sequence[Path]) -> list[str]:
        subject = rf"(?<![^\W_]){re.escape(folder.name)}(?![^\W_])"  # as a word of its own
        return [re.sub(subject, "", file.name) for file in files]

    first = kinds(folders[0], images[0])
    for folder, files in zip(folders, images, strict=True):
        own = kinds(folder, files)
        if len(own) != len(first) or (len(own) > 1 and own != first):
            raise DataError(
                f"{folder.name} has {len(own)} channels ({_names(files)}), but {folders[0].name} "
                f"has {len(first)} ({_names(images[0])}): give all the same files, or list them "
                "for Cohort.from_files"
            )

"""Owns what is read: the subjects of a cohort, their volumes and labels, each when first needed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from patchviz.errors import DataError
from patchviz.folders import AnyPath, Row, find_subjects, list_subjects
from patchviz.foreground import Foreground
from patchviz.grid import per_axis, whole_number
from patchviz.phantom import SHAPE, Shape, check_shape, numbered
from patchviz.sources import (
    Array,
    ArraySource,
    Empty,
    FileSource,
    Header,
    PhantomSource,
    Source,
    as_label,
)
from patchviz.store import Store

LIMIT = 2 * 2**30


def _no_foreground(n: int, value: int | None = None) -> None:
    """Stand in where only headers are known."""


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
    foreground : callable
        ``foreground(n)`` is `Subject.foreground` of subject n, and ``foreground(n, value)`` is
        `Subject.count_class` of it; its label is read when it is first asked for.
    """

    ids: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    spacings: tuple[tuple[float, ...], ...]
    orientations: tuple[tuple[str, ...], ...]
    n_channels: tuple[int, ...]
    has_label: tuple[bool, ...]
    foreground: Callable[..., Foreground | None] = field(
        default=_no_foreground, compare=False, repr=False
    )

    @classmethod
    def from_shape(cls, image_shape: Sequence[int], n: int = 30) -> CohortFacts:
        """Make up subjects of one shape, with labels and voxels of 1 mm: a grid needs no more.

        Parameters
        ----------
        image_shape : sequence of int
            Voxels along each of at most three axes.
        n : int
            How many subjects.
        """
        shape = per_axis("image_shape", image_shape, minimum=1)
        if len(shape) > 3:
            raise ValueError(f"`image_shape` must have at most 3 axes, got {len(shape)}")
        return cls(
            ids=tuple(numbered("sub", whole_number("n", n, minimum=1))),
            shapes=(shape,) * n,
            spacings=((1.0,) * len(shape),) * n,
            orientations=(("R", "A", "S")[: len(shape)],) * n,
            n_channels=(1,) * n,
            has_label=(True,) * n,
        )


@dataclass(frozen=True, eq=False, repr=False)
class Subject:
    """One subject of a cohort: a volume of one or more channels, and its label if there is one.

    Data that can't be used raise `DataError`: for what headers tell as soon as an attribute other
    than `id` and `has_label` is asked for, for what voxels tell with `image` or `label`.
    """

    id: str
    _channels: Sequence[Source]
    _label: Source | None
    _store: Store

    def __repr__(self) -> str:
        return f"Subject({self.id!r})"

    @property
    def has_label(self) -> bool:
        """Whether there is a label."""
        return self._label is not None

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each spatial axis."""
        return self._header.shape

    @property
    def n_channels(self) -> int:
        """Channels of the image."""
        return self._header.n_channels

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Type that `image` will have, told by headers: no voxel is read.

        That of the data in native byte order, but float32 where a file scales them and uint8 for
        booleans; of several channels the type that holds them all (`numpy.result_type`).
        """
        _ = self._header
        return np.result_type(*(source.dtype() for source in self._channels))

    @property
    def affine(self) -> NDArray[np.float64]:
        """From voxel indices to mm: a copy, 4x4 for files, (ndim + 1) square for arrays."""
        return self._header.affine.copy()

    @property
    def spacing(self) -> tuple[float, ...]:
        """Size of a voxel along each axis, in mm."""
        sizes = np.linalg.norm(self._header.affine[:-1, :-1], axis=0)
        return tuple(sizes[: len(self.shape)].round(5).tolist())  # beyond is float32 noise

    @property
    def orientation(self) -> tuple[str, ...]:
        """Where each axis points to: ``("R", "A", "S")`` is right, front and top."""
        turn = self.affine[:-1, :-1]
        steps = np.diag(turn)
        if (steps > 0).all() and np.array_equal(turn, np.diag(steps)):  # saves loading nibabel
            return tuple("RAS"[: len(self.shape)])
        from nibabel.orientations import aff2axcodes

        return tuple(code or "?" for code in aff2axcodes(self.affine)[: len(self.shape)])

    @property
    def image(self) -> Array:
        """The voxels (channel, *shape) of type `dtype`, read-only."""
        return self._store.get((self.id, "image"), self._channels[0].where, self._read_image)

    @property
    def label(self) -> Array | None:
        """The label (*shape), of an integer type, read-only; None where there is none."""
        if self._label is None:
            return None
        return self._store.get((self.id, "label"), self._label.where, self._read_label)

    @property
    def foreground(self) -> Foreground | None:
        """Counts of the label's foreground in any box; None where there is no label."""
        return self.count_class()

    def count_class(self, value: int | None = None) -> Foreground | None:
        """Count the voxels of one label value in any box; of all but 0 where it is left out."""
        if self._label is None:
            return None
        name = "foreground" if value is None else f"class {value}"
        make = partial(self._count, value)
        return self._store.get((self.id, name), self._label.where, make)

    @cached_property
    def _header(self) -> Header:
        sources = [*self._channels, *([self._label] if self._label else [])]
        headers = [source.header() for source in sources]
        first = headers[0]
        if 0 in first.shape:
            raise DataError(f"{sources[0].where} has shape {first.shape}: it must have voxels")
        for source, header in zip(sources, headers, strict=True):
            what, here, there = "shape", header.shape, first.shape
            if here == there:
                if np.allclose(header.affine, first.affine, atol=1e-3):
                    continue
                what, here, there = "affine", *(h.affine.round(3).tolist() for h in (header, first))
            found = f"{source.where} has {what} {here}, but {sources[0].where} has {there}"
            raise DataError(f"{found}: resample one to the voxels of the other")
        n_channels = sum(header.n_channels for header in headers[: len(self._channels)])
        return first._replace(n_channels=n_channels)

    def _read_image(self, empty: Empty) -> Array:
        dtype = self.dtype  # headers that disagree are told before anything large is read
        if len(self._channels) == 1:
            return _locked(self._voxels_of(self._channels[0], empty, dtype))
        volume = empty((self.n_channels, *self.shape), dtype)
        rest = volume
        for source in self._channels:
            part = self._voxels_of(source, partial(_first_of, rest))
            if not np.may_share_memory(part, rest):
                rest[: len(part)] = part
            rest = rest[len(part) :]
        return _locked(volume)

    def _read_label(self, empty: Empty) -> Array:
        source = cast("Source", self._label)
        _ = self._header
        if source.dtype().kind != "f":
            return _locked(as_label(self._voxels_of(source, empty)[0], source.where))
        whole = as_label(self._voxels_of(source, np.empty)[0], source.where)
        label = empty(whole.shape, whole.dtype)
        label[...] = whole
        return _locked(label)

    def _count(self, value: int | None, empty: Empty) -> Foreground:
        label = cast("Array", self.label)
        return Foreground(label if value is None else label == value, empty)

    def _voxels_of(
        self, source: Source, empty: Empty, expected: np.dtype[Any] | None = None
    ) -> Array:
        """Read a source, unless it was changed since its header was read."""

        def checked(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
            then = self.shape, dtype if expected is None else expected
            now = shape[1:], dtype
            for what, before, after in zip(("shape", "type"), then, now, strict=True):
                if before != after:
                    raise DataError(
                        f"{source.where} has {what} {after} now, and had {before} when its header "
                        "was read: it was changed in between; make the cohort anew"
                    )
            return empty(shape, dtype)

        return source.voxels(checked)


def _first_of(rest: Array, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    return rest[: shape[0]]


def _locked(volume: Array) -> Array:
    volume = volume[...]
    volume.flags.writeable = False  # of this view, not of the user's own array
    return volume


class Cohort(Sequence[Subject]):
    """A sequence of subjects: made by one of the four class methods, read when first needed.

    Every volume is decoded once, and kept as long as the cohort: in memory up to `memory_limit`
    bytes in all, beyond it in a scratch file (in `TMPDIR`) that is mapped into memory. Arrays that
    serve as they are don't count. Shapes may differ between subjects. A slice is a cohort that
    shares volumes with this one.

    Arguments that don't fit raise ``TypeError`` or ``ValueError``, files that aren't there
    ``FileNotFoundError``, and data that can't be used `DataError`.
    """

    def __init__(self, subjects: Iterable[Subject]) -> None:
        self._subjects = tuple(subjects)

    @classmethod
    def from_arrays(
        cls,
        images: Iterable[Any],
        labels: Iterable[Any] | None = None,
        *,
        memory_limit: int = LIMIT,
    ) -> Cohort:
        """Make a cohort of arrays: NumPy's, memory maps, h5py's, Zarr's, any with slices.

        Parameters
        ----------
        images : list, one entry per subject
            An array (*shape) of 2 or 3 dimensions, an array (channel, *shape) of 4, or a list of
            arrays (*shape), one per channel. Voxels are taken to be 1 mm, axes to be RAS.
        labels : list of arrays (*shape), optional
            Whole numbers from 0 on.
        """
        subjects, store = [], Store(memory_limit)
        for n, (id, arrays, array) in enumerate(list_subjects(images, labels)):
            at = f"{id}: array images[{n}]"
            channels = [ArraySource(f"{at}[{c}]", channel) for c, channel in enumerate(arrays)]
            if len(arrays) == 1:
                channels = [ArraySource(at, arrays[0], may_have_channels=True)]
            label = None if array is None else ArraySource(f"{id}: array labels[{n}]", array)
            subjects.append(Subject(id, channels, label, store))
            _ = subjects[n].shape  # arrays know theirs without being read
        return cls(subjects)

    @classmethod
    def from_files(
        cls,
        image_paths: Iterable[AnyPath | Sequence[AnyPath]],
        label_paths: Iterable[AnyPath] | None = None,
        *,
        frames: Sequence[int] | None = None,
        memory_limit: int = LIMIT,
    ) -> Cohort:
        """Make a cohort of NIfTI files: subjects are named after the first file, or its folder.

        Parameters
        ----------
        image_paths : list, one entry per subject
            A path, or a list of paths, one per channel.
        label_paths : list of paths, optional
        frames : sequence of ints, optional
            Which volumes of an image file of 4 dimensions become channels, counted from 0.
        """
        rows = list_subjects(image_paths, label_paths, paths=True)
        return cls._of_files(rows, frames, memory_limit)

    @classmethod
    def from_folder(
        cls,
        path: AnyPath,
        label: str | None = "*seg*",
        *,
        frames: Sequence[int] | None = None,
        memory_limit: int = LIMIT,
    ) -> Cohort:
        """Make a cohort of a folder that holds one folder of NIfTI files per subject.

        Parameters
        ----------
        path : path
            Its folders, by name, are the subjects; hidden ones are left out.
        label : str or None
            Pattern of the name of a label file. The other files, by name, are the channels, the
            same for every subject; all are when it is None. All subjects have a label, or none.
        frames : sequence of ints, optional
            As in `from_files`.
        """
        return cls._of_files(find_subjects(Path(path), label), frames, memory_limit)

    @classmethod
    def _of_files(cls, rows: Iterable[Row], frames: Sequence[int] | None, limit: int) -> Cohort:
        store, chosen = Store(limit), None
        if frames is not None:
            try:
                chosen = tuple(map(operator.index, frames))
            except TypeError:
                raise TypeError(f"`frames` must be a list of ints, got {frames!r}") from None
            if not chosen:
                raise ValueError(f"`frames` must name at least one volume, got {frames!r}")

        def subject(id: str, paths: Iterable[AnyPath], path: AnyPath | None) -> Subject:
            channels = [FileSource(id, Path(file), chosen) for file in paths]
            label = None if path is None else FileSource(id, Path(path), is_label=True)
            return Subject(id, channels, label, store)

        return cls(subject(*row) for row in rows)

    @classmethod
    def phantom(
        cls, n: int = 30, shape: Shape = SHAPE, seed: int = 0, *, memory_limit: int = LIMIT
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
        """
        if n < 1:
            raise ValueError(f"`n` must be at least 1, got {n}")
        sizes, store = check_shape(shape), Store(memory_limit)

        def subject(i: int, id: str) -> Subject:
            image, label = (PhantomSource(sizes, (seed, i), is_label) for is_label in (False, True))
            return Subject(id, [image], label, store)

        return cls(subject(i, id) for i, id in enumerate(numbered("sub", n)))

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

    def read(self, n: int) -> None:
        """Decode the image and the label of a subject, unless they are kept already."""
        _ = self[n].image, self[n].label

    @cached_property
    def facts(self) -> CohortFacts:
        """What the headers tell; no voxel is read."""
        return CohortFacts(
            ids=tuple(subject.id for subject in self),
            shapes=tuple(subject.shape for subject in self),
            spacings=tuple(subject.spacing for subject in self),
            orientations=tuple(subject.orientation for subject in self),
            n_channels=tuple(subject.n_channels for subject in self),
            has_label=tuple(subject.has_label for subject in self),
            foreground=self._count_class,
        )

    def _count_class(self, n: int, value: int | None = None) -> Foreground | None:
        return self[n].count_class(value)

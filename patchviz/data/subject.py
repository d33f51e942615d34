"""One subject: its image and its label, each read when it is first needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from patchviz.arguments import Array
from patchviz.data.cache import Cache, Key
from patchviz.data.sources import Header, Source, as_label
from patchviz.errors import DataError
from patchviz.grid.foreground import Foreground


@dataclass(frozen=True, eq=False, repr=False)
class Subject:
    """One subject of a cohort: a volume of one or more channels, and its label if there is one.

    Data that can't be used raise `DataError`: for what headers tell as soon as an attribute other
    than `id` and `has_label` is asked for, for what voxels tell with `image` or `label`.
    """

    id: str
    _channels: Sequence[Source]
    _label: Source | None
    _cache: Cache

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

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type that `image` will have, told by headers: no voxel is read.

        That of the data in native byte order, but float32 where a file scales them and uint8 for
        booleans; of several channels the type that holds them all (`numpy.result_type`).
        """
        return self._header.dtype

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
        where = self._channels[0].where
        return self._cache.get((self.id, "image"), where, self._read_image, self._image_key)

    @property
    def label(self) -> Array | None:
        """The label (*shape), of an integer type, read-only; None where there is none."""
        if self._label is None:
            return None
        name = self.id, "label"
        return self._cache.get(name, self._label.where, self._read_label, self._label.key)

    @property
    def foreground(self) -> Foreground | None:
        """Counts of the label's foreground in any box; None where there is no label."""
        return self.count_class()

    def count_class(self, value: int | None = None) -> Foreground | None:
        """Count the voxels of one label value in any box; of all but 0 where it is left out."""
        if self._label is None:
            return None
        name = self.id, "foreground" if value is None else f"class {value}"
        make, key = partial(self._count, value), partial(self._count_key, value)
        return Foreground.unpack(self._cache.get(name, self._label.where, make, key))

    def needs_file(self) -> bool:
        """Tell whether image or label don't serve as they are, and are kept in a file."""
        return any((self._image_key(), self._label and self._label.key()))

    @cached_property
    def _header(self) -> Header:
        shape, affine, dtype, n_channels = self._cache.recall(self._keys, self._read_header)
        return Header(tuple(shape), np.array(affine), np.dtype(dtype), n_channels)

    def _read_header(self) -> tuple[Any, ...]:
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
        images = headers[: len(self._channels)]
        dtype = np.result_type(*(header.dtype for header in images))
        n_channels = sum(header.n_channels for header in images)
        return first.shape, first.affine.tolist(), dtype.str, n_channels

    def _read_image(self) -> Array:
        header = self._header  # headers that disagree are told before anything large is read
        if len(self._channels) == 1:
            return self._read(self._channels[0], header.dtype)
        volume = rest = np.empty((header.n_channels, *header.shape), header.dtype)
        for source in self._channels:
            part = self._read(source, header.dtype)
            rest[: len(part)] = part
            rest = rest[len(part) :]
        return volume

    def _read_label(self) -> Array:
        source = cast("Source", self._label)
        return as_label(self._read(source)[0], source.where)

    def _count(self, value: int | None) -> Array:
        label = cast("Array", self.label)
        return Foreground(label if value is None else label == value).pack()

    def _read(self, source: Source, dtype: np.dtype[Any] | None = None) -> Array:
        """Read a source, unless it was changed since its header was read."""
        shape, voxels = self._header.shape, source.voxels()
        if dtype is None or (len(self._channels) > 1 and np.can_cast(voxels.dtype, dtype)):
            dtype = voxels.dtype
        then, now = (shape, dtype), (voxels.shape[1:], voxels.dtype)
        for what, before, after in zip(("shape", "type"), then, now, strict=True):
            if before != after:
                raise DataError(
                    f"{source.where} has {what} {after} now, and had {before} when its header was "
                    "read: it was changed in between; make the cohort anew"
                )
        return voxels

    def _keys(self) -> Key:
        return tuple(source.key() for source in (*self._channels, self._label) if source)

    def _image_key(self) -> Key | None:
        keys = [source.key() for source in self._channels]
        if keys == [None]:
            return None
        named = (key or source.where for key, source in zip(keys, self._channels, strict=True))
        return "image", *named

    def _count_key(self, value: int | None) -> Key | None:
        key = cast("Source", self._label).key()
        return key and ("count", value, key)

"""One subject: its image and its label, each read when it is first needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from patchviz.arguments import Array
from patchviz.data.cache import Store
from patchviz.data.sources import Empty, Header, Source, as_label
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
            part = self._voxels_of(source, partial(_first_of, rest), dtype)
            if not np.may_share_memory(part, rest):
                rest[: len(part)] = part
            rest = rest[len(part) :]
        return _locked(volume)

    def _read_label(self, empty: Empty) -> Array:
        source = cast("Source", self._label)
        _ = self._header
        if source.dtype().kind != "f":
            return _locked(as_label(self._voxels_of(source, empty)[0], source.where))
        return _locked(as_label(self._voxels_of(source, np.empty)[0], source.where, empty))

    def _count(self, value: int | None, empty: Empty) -> Foreground:
        label = cast("Array", self.label)
        return Foreground(label if value is None else label == value, empty)

    def _voxels_of(
        self, source: Source, empty: Empty, expected: np.dtype[Any] | None = None
    ) -> Array:
        """Read a source, unless it was changed since its header was read."""

        def checked(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
            fits = expected is None or (len(self._channels) > 1 and np.can_cast(dtype, expected))
            then = self.shape, dtype if fits else expected
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

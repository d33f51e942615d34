"""Owns `Cohort`: the subjects, of whatever they are made: arrays, files, a folder or phantoms."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, overload

from patchviz.data.cache import Cache
from patchviz.data.facts import CohortFacts
from patchviz.data.layouts import AnyPath, Row, find_subjects, list_subjects
from patchviz.data.phantom import SHAPE, Shape, check_shape, numbered
from patchviz.data.sources import ArraySource, FileSource, PhantomSource
from patchviz.data.subject import Subject
from patchviz.grid.foreground import Foreground


class Cohort(Sequence[Subject]):
    """A sequence of subjects: made by one of the four class methods, read when first needed.

    Every volume is decoded once, whatever processes and threads ask for it, into a file that is
    mapped into memory. The files lie in a temporary folder (in `TMPDIR`) that goes with the cohort,
    or stay in a folder of yours, `cache`: then another run decodes only what was changed since, and
    what nobody needs any longer stays until you remove the folder. Arrays in memory that serve as
    they are have no file. Shapes may differ between subjects. A slice is a cohort that shares
    volumes with this one.

    Arguments that don't fit raise ``TypeError`` or ``ValueError``, files that aren't there
    ``FileNotFoundError``, and data that can't be used `DataError`.
    """

    def __init__(self, subjects: Iterable[Subject]) -> None:
        self._subjects = tuple(subjects)

    @classmethod
    def from_arrays(cls, images: Iterable[Any], labels: Iterable[Any] | None = None) -> Cohort:
        """Make a cohort of arrays: NumPy's, memory maps, h5py's, Zarr's, any with slices.

        Images that nibabel opened will do as well.

        Parameters
        ----------
        images : list, one entry per subject
            An array (*shape) of 2 or 3 dimensions, an array (channel, *shape) of 4, or a list of
            arrays (*shape), one per channel. Voxels are taken to be 1 mm, axes to be RAS, but where
            an image of nibabel's tells its affine.
        labels : list of arrays (*shape), optional
            Whole numbers from 0 on.

        Notes
        -----
        To other processes, memory maps and h5py's datasets, of files that are open to be read only,
        travel by name; arrays in memory with their voxels. Copies of arrays that don't serve as
        they are can't be kept for another run: nobody could tell whether these were changed.
        """
        subjects, store = [], Cache()
        for n, (id, arrays, array) in enumerate(list_subjects(images, labels)):
            at = f"{id}: array images[{n}]"
            channels = [ArraySource(f"{at}[{c}]", channel) for c, channel in enumerate(arrays)]
            if len(arrays) == 1:
                channels = [ArraySource(at, arrays[0], may_have_channels=True)]
            label = None if array is None else ArraySource(f"{id}: array labels[{n}]", array)
            subjects.append(Subject(id, channels, label, store))
            _ = subjects[n].shape  # arrays know theirs without being read
        if any(map(Subject.needs_file, subjects)):
            store.prepare()
        return cls(subjects)

    @classmethod
    def from_files(
        cls,
        image_paths: Iterable[AnyPath | Sequence[AnyPath]],
        label_paths: Iterable[AnyPath] | None = None,
        *,
        frames: Sequence[int] | None = None,
        cache: AnyPath | None = None,
    ) -> Cohort:
        """Make a cohort of NIfTI files: subjects are named after the first file, or its folder.

        Parameters
        ----------
        image_paths : list, one entry per subject
            A path, or a list of paths, one per channel.
        label_paths : list of paths, optional
        frames : sequence of ints, optional
            Which volumes of an image file of 4 dimensions become channels, counted from 0.
        cache : path, optional
            A folder that keeps what is decoded; by default it goes with the cohort.
        """
        rows = list_subjects(image_paths, label_paths, paths=True)
        return cls._of_files(rows, frames, cache)

    @classmethod
    def from_folder(
        cls,
        path: AnyPath,
        label: str | None = "*seg*",
        *,
        frames: Sequence[int] | None = None,
        cache: AnyPath | None = None,
    ) -> Cohort:
        """Make a cohort of a folder that holds one folder of NIfTI files per subject.

        Parameters
        ----------
        path : path
            Its folders, by name, are the subjects; hidden ones are left out.
        label : str or None
            Pattern of the name of a label file. The other files, by name, are the channels, the
            same for every subject; all are when it is None. All subjects have a label, or none.
        frames, cache
            As in `from_files`.
        """
        return cls._of_files(find_subjects(Path(path), label), frames, cache)

    @classmethod
    def _of_files(
        cls, rows: Iterable[Row], frames: Sequence[int] | None, cache: AnyPath | None
    ) -> Cohort:
        chosen = None
        if frames is not None:
            try:
                chosen = tuple(map(operator.index, frames))
            except TypeError:
                raise TypeError(f"`frames` must be a list of ints, got {frames!r}") from None
            if not chosen:
                raise ValueError(f"`frames` must name at least one volume, got {frames!r}")
        store = _open_cache(cache)

        def subject(id: str, paths: Iterable[AnyPath], path: AnyPath | None) -> Subject:
            channels = [FileSource(id, Path(file), chosen) for file in paths]
            label = None if path is None else FileSource(id, Path(path), is_label=True)
            return Subject(id, channels, label, store)

        subjects = [subject(*row) for row in rows]
        store.prepare()
        return cls(subjects)

    @classmethod
    def phantom(
        cls,
        n: int = 30,
        shape: Shape = SHAPE,
        seed: int = 0,
        *,
        cache: AnyPath | None = None,
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
        cache : path, optional
            As in `from_files`.
        """
        if n < 1:
            raise ValueError(f"`n` must be at least 1, got {n}")
        sizes, store = check_shape(shape), _open_cache(cache)
        store.prepare()

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


def _open_cache(folder: AnyPath | None) -> Cache:
    if folder is None:
        return Cache()
    try:
        kept = Path(folder).absolute()
        kept.mkdir(parents=True, exist_ok=True)
    except (TypeError, FileExistsError, NotADirectoryError):
        raise TypeError(f"`cache` must be the path of a folder, got {folder!r}") from None
    return Cache(kept)

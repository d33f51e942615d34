"""Owns which data belong to which subject, in lists and in folders, and the ids of subjects."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from typing import Any

from patchviz.data.phantom import numbered
from patchviz.errors import DataError

AnyPath = str | os.PathLike[str]
Row = tuple[str, list[Any], Any]  # of a subject: id, channels, label or None


def list_subjects(
    images: Iterable[Any], labels: Iterable[Any] | None, *, paths: bool = False
) -> list[Row]:
    """Return the subjects in lists: arguments and errors as in `Cohort.from_arrays`.

    With `paths` as in `Cohort.from_files`.
    """
    image_name, label_name = ("image_paths", "label_paths") if paths else ("images", "labels")
    entries = _as_list(images, image_name)
    entries = [list(one) if isinstance(one, list | tuple) else [one] for one in entries]
    if not entries or [] in entries:
        got = f"an empty list for subject {entries.index([])}" if entries else "an empty list"
        must = "must hold at least one subject, and each one channel"
        raise ValueError(f"`{image_name}` {must}; got {got}")
    ids = _name_after(entries) if paths else numbered("subject", len(entries))
    if labels is None:
        return [(id, entry, None) for id, entry in zip(ids, entries, strict=True)]
    given = _as_list(labels, label_name)
    if len(given) != len(ids):
        must = f"must have {len(ids)} entries, one per subject"
        raise ValueError(f"`{label_name}` {must}, got {len(given)}")
    for id, label in zip(ids, given, strict=True):
        if label is None:
            raise DataError(f"{id}: missing label; pass {label_name}=None to work without labels")
    return list(zip(ids, entries, given, strict=True))


def find_subjects(path: Path, pattern: str | None) -> list[Row]:
    """Return the subjects in a folder: arguments and errors as in `Cohort.from_folder`."""
    if not path.is_dir():
        raise FileNotFoundError(f"`path` must be a folder, got {path}")
    folders = [folder for folder in sorted(path.glob("[!.]*")) if folder.is_dir()]
    if not folders:
        remedy = "it must hold one folder of NIfTI files per subject"
        if _nifti_files(path):
            remedy = "pass the files in it to Cohort.from_files, or make one folder per subject"
        raise DataError(f"{path} has no folders: {remedy}")
    found = [_find_subject(folder, pattern) for folder in folders]
    _check_same_channels(found)
    bare = [row for row in found if row[2] is None]
    if 0 < len(bare) < len(found):
        id, images, _ = bare[0]
        raise DataError(
            f"{id}: missing label, though other subjects have one: none of {_names(images)} "
            f"matches {pattern!r}; add the label or move the folder away"
        )
    return found


def _as_list(entries: Iterable[Any], name: str) -> list[Any]:
    if not (hasattr(entries, "shape") or isinstance(entries, str | os.PathLike)):
        return list(entries)
    n_axes, most = len(getattr(entries, "shape", ())), 4 if name == "images" else 3  # of one entry
    remedies = [
        f"wrap it in a list, {name}=[...]" * (n_axes <= most),
        f"pass list({name}) if its first axis counts subjects" * (n_axes > 2),
    ]
    must = f"must be a list with one entry per subject, got one {type(entries).__name__}"
    raise TypeError(f"`{name}` {must}: {', or '.join(filter(None, remedies))}")


def _name_after(images: Sequence[Sequence[AnyPath]]) -> list[str]:
    """Name subjects after first files, or where these collide after their folders; make unique."""
    paths = [Path(files[0]) for files in images]
    names = [path.name.removesuffix(".gz").removesuffix(".nii") for path in paths]
    if len(set(names)) < len(names):
        names = [path.absolute().parent.name for path in paths]
    ids: dict[str, None] = {}
    for name in names:
        others = (f"{name}-{n}" for n in count(2))
        free = (other for other in others if other not in ids and other not in names)
        ids[next(free) if name in ids else name] = None
    return list(ids)


def _find_subject(folder: Path, pattern: str | None) -> Row:
    files = _nifti_files(folder)
    labels = [file for file in files if fnmatchcase(file.name, pattern or "")]
    images = [file for file in files if file not in labels]
    if len(labels) > 1:
        several = f"{len(labels)} files match {pattern!r}: {_names(labels)}"
        raise DataError(f"{folder.name}: {several}; give a `label` pattern that only one matches")
    if not images:
        beside = f" but the label {_names(labels)}" if labels else ""
        found = f"no image (.nii or .nii.gz){beside} in {folder}"
        raise DataError(f"{folder.name}: {found}; add one or move the folder away")
    return folder.name, images, labels[0] if labels else None


def _check_same_channels(found: Sequence[Row]) -> None:
    """Refuse files that would make different channels; one file may have any name."""
    kinds = []
    for id, files, _ in found:
        word = rf"(?<![^\W_]){re.escape(id)}(?![^\W_])"  # the id, unless in a longer word
        kinds.append([re.sub(word, "", file.name) for file in files])
        n, n_first = len(files), len(kinds[0])
        if n != n_first or (n > 1 and kinds[-1] != kinds[0]):
            first = f"{found[0][0]} has {n_first} ({_names(found[0][1])})"
            raise DataError(
                f"{id} has {n} channels ({_names(files)}), but {first}: "
                "give all the same files, or list them for Cohort.from_files"
            )


def _nifti_files(folder: Path) -> list[Path]:
    files = [path for path in sorted(folder.glob("[!.]*")) if path.is_file()]
    return [path for path in files if path.name.endswith((".nii", ".nii.gz"))]


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(path.name for path in paths)

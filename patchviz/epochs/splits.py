"""Who trains and who validates: splits by subject, reproducible and kept in a file."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from patchviz.arguments import real_number, whole_number
from patchviz.errors import DataError
from patchviz.files import write_whole

Split = tuple[list[int], list[int]]


def get_validation_split(
    subjects: int | Sequence[object],
    data_split: float = 0.8,
    *,
    seed: int = 0,
    split_file: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Split:
    """Split subjects into a training and a validation set, never cutting one subject in two.

    Parameters
    ----------
    subjects : int or sequence of str or Subject
        How many there are, or their ids, or a `Cohort`.
    data_split : float
        Share that trains: ``floor(n * data_split)`` subjects, at least one on each side.
    seed : int
        The same seed gives the same split.
    split_file : path, optional
        A JSON file. Where it exists the split is loaded from it (subjects are matched by id,
        so their order may change); else the split is written there.
    overwrite : bool
        Draw anew and replace an existing `split_file`.

    Returns
    -------
    training_list, validation_list : list of int
        Indices into `subjects`, shuffled.

    Raises
    ------
    ValueError
        For fewer than two subjects or a share outside 0 to 1.
    DataError
        When the stored split was made for other subjects or with other parameters.
    """
    ids, share = _subject_ids(subjects), real_number(data_split)
    seed = whole_number("seed", seed, minimum=0)
    if len(ids) < 2:
        raise ValueError(f"`subjects` must be at least 2 to be split, got {len(ids)}")
    if share is None or not 0 < share < 1:
        raise ValueError(f"`data_split` must lie between 0 and 1, got {data_split!r}")
    if split_file is not None and Path(split_file).exists() and not overwrite:
        return _load_split(Path(split_file), ids, share, seed)
    # exact in decimal: 100 subjects at 0.29 are 29, where floats give 28.999…
    n_training = max(1, math.floor(len(ids) * Fraction(str(share))))
    order = [int(n) for n in np.random.default_rng(seed).permutation(len(ids))]
    split = order[:n_training], order[n_training:]
    if split_file is not None:
        _write_split(Path(split_file), ids, split, share, seed)
    return split


def k_fold_split(subjects: int | Sequence[object], k: int = 5, *, seed: int = 0) -> list[Split]:
    """Split subjects k times, so that each validates exactly once.

    Parameters
    ----------
    subjects : int or sequence
        How many there are, or their ids, or a `Cohort`.
    k : int
        Number of folds, from 2 to the number of subjects.
    seed : int
        The same seed gives the same folds.

    Returns
    -------
    list of (training_list, validation_list)
        Indices into `subjects`; the validation sets differ in size by one at most.

    Raises
    ------
    ValueError
        When `k` is out of range.
    """
    n, k = len(_subject_ids(subjects)), whole_number("k", k, minimum=0)
    if not 2 <= k <= n:
        raise ValueError(f"`k` must be from 2 to the number of subjects, {n}, got {k}")
    order = np.random.default_rng(whole_number("seed", seed, minimum=0)).permutation(n)
    folds = [[int(m) for m in fold] for fold in np.array_split(order, k)]
    return [([m for other in folds if other is not fold for m in other], fold) for fold in folds]


def _subject_ids(subjects: int | Sequence[object]) -> list[str]:
    if isinstance(subjects, (int, np.integer)):
        return [str(n) for n in range(subjects)]
    ids = [str(getattr(subject, "id", subject)) for subject in subjects]
    repeated = _repeated(ids)
    if repeated:
        raise ValueError(f"`subjects` must have ids of their own, got {repeated[0]!r} repeatedly")
    return ids


def _repeated(names: list[str]) -> list[str]:
    return sorted(name for name, times in Counter(names).items() if times > 1)


def _write_split(path: Path, ids: list[str], split: Split, data_split: float, seed: int) -> None:
    training, validation = ([ids[n] for n in side] for side in split)
    sides = {"training": training, "validation": validation}
    content = {"data_split": data_split, "seed": seed, **sides}
    write_whole(path, json.dumps(content, indent=1).encode())


def _load_split(path: Path, ids: list[str], data_split: float, seed: int) -> Split:
    remedy = "pass overwrite=True to draw it anew, or another split_file"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        training, validation = (list(map(str, stored[side])) for side in ("training", "validation"))
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a split file ({error!r}); {remedy}") from error
    for key, asked in (("data_split", data_split), ("seed", seed)):
        # a split written by hand may leave these out
        if stored.get(key, asked) != asked:
            raise DataError(
                f"{path}: made with {key}={stored[key]}, but {key}={asked} was asked for; {remedy}"
            )
    both = training + validation
    sides = {"training": training, "validation": validation}
    for problem, names in (
        ("names no subject for", [side for side in sides if not sides[side]]),
        ("lists twice", _repeated(both)),
        ("lists subjects that the cohort has not:", set(both) - set(ids)),
        ("lacks subjects of the cohort:", set(ids) - set(both)),
    ):
        if names:
            raise DataError(f"{path}: {problem} {', '.join(sorted(names)[:5])}; {remedy}")
    place = {name: n for n, name in enumerate(ids)}
    return [place[name] for name in training], [place[name] for name in validation]

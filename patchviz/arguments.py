"""What callers pass, checked: an error says which argument is wrong and what it must be."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from numbers import Real
from operator import index as as_int
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # of any numbers, where their type does not matter


def per_axis(
    name: str, value: Any, ndim: int | None = None, minimum: int | None = None
) -> tuple[int, ...]:
    """Check whole numbers given for all axes or one per axis, and return one per axis.

    Parameters
    ----------
    name : str
        The parameter, for the error.
    value : int or sequence of int
        A single number (needs `ndim`) or one per axis.
    ndim : int, optional
        Number of axes; any number where it is left out.
    minimum : int, optional
        The least allowed value.

    Returns
    -------
    tuple of int

    Raises
    ------
    TypeError, ValueError
        When a value is not a whole number, is too small, or there are too few or too many.
    """
    try:
        values = (
            tuple(map(as_int, value))
            if hasattr(value, "__len__")
            else (as_int(value),) * (ndim or 1)
        )
    except TypeError:
        raise TypeError(f"`{name}` must be whole numbers (voxels), got {value!r}") from None
    if not values or len(values) != (ndim or len(values)):
        axes = f"each of {ndim} axes" if ndim else "each axis"
        raise ValueError(f"`{name}` must have one value for {axes}, got {value!r}")
    if minimum is not None and min(values) < minimum:
        raise ValueError(f"`{name}` must be at least {minimum} on every axis, got {value!r}")
    return values


def whole_number(name: str, value: Any, minimum: int) -> int:
    """Check one whole number, and raise ``TypeError`` or ``ValueError`` that says what is wrong."""
    try:
        number = as_int(value)
    except TypeError:
        raise TypeError(f"`{name}` must be a whole number, got {value!r}") from None
    if number < minimum:
        raise ValueError(f"`{name}` must be at least {minimum}, got {number}")
    return number


def real_number(value: Any) -> float | None:
    """Return any real number of Python or NumPy as a float; None for what is none, as a bool.

    A number of few digits means the decimal that it prints: float32's 0.7 isn't 0.699999988.
    """
    if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
        return None
    return float(str(value)) if hasattr(value, "dtype") else float(value)


def subject_places(index_list: Iterable[int], n_subjects: int | None = None) -> NDArray[np.int64]:
    """Check the places of subjects in a cohort of that many; any iterable, gone through once.

    Raises ``TypeError`` for what isn't whole numbers, ``ValueError`` for one outside the cohort.
    """
    if isinstance(index_list, range):  # at once, however long
        places = np.arange(index_list.start, index_list.stop, index_list.step)
    else:
        given = list(index_list) if isinstance(index_list, Iterable) else [None]
        for n in given:
            if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
                raise TypeError(
                    "`index_list` must hold whole numbers, the places of subjects in the cohort, "
                    f"got {index_list if n is None else n!r} (of a mask: np.flatnonzero(mask))"
                )
        places = np.array(given, np.int64)
    if n_subjects is not None:
        for n in places[(places < 0) | (places >= n_subjects)]:
            raise ValueError(
                f"`index_list` must hold places of the cohort's {n_subjects} subjects, counted "
                f"from 0, got {n}"
            )
    return places


def require_choice(name: str, value: str, choices: Collection[str]) -> None:
    """Raise ``ValueError`` that lists the `choices` when `value` is none of them."""
    if value not in choices:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, choices))}, got {value!r}")

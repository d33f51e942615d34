"""What callers pass, checked: an error says which argument is wrong and what it must be."""

from __future__ import annotations

from collections.abc import Collection
from operator import index as as_int
from typing import Any

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


def require_choice(name: str, value: str, choices: Collection[str]) -> None:
    """Raise ``ValueError`` that lists the `choices` when `value` is none of them."""
    if value not in choices:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, choices))}, got {value!r}")

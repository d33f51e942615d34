"""A row of the ledger."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One number of the ledger: what it is, its value, and the formula with the values put in.

    Where the number may surprise, `reason` says why it is so.
    """

    key: str
    group: str
    label: str
    value: str
    formula: str
    reason: str = ""

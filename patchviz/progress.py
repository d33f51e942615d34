"""Owns the progress bar: it shows what takes longer than a second, and costs nothing before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any, TypeVar

Item = TypeVar("Item")


def show_progress(items: Sequence[Item], description: str, unit: str) -> Iterator[Item]:
    """Pass items on, with a bar after one second; it goes away at the end.

    Worker processes have none: several would write over each other.
    """
    start, bar = monotonic(), None
    try:
        for n, item in enumerate(items):
            if bar is None and monotonic() - start > 1:
                bar = _make_bar(initial=n, total=len(items), desc=description, unit=unit)
            yield item
            if bar is not None:
                bar.update()
    finally:
        if bar is not None:
            bar.close()


def _make_bar(**given: Any) -> Any:
    from multiprocessing import parent_process

    if parent_process() is not None:
        return None
    from tqdm.auto import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        monitor_interval = 0  # no thread that watches over it

    return Bar(leave=False, **given)

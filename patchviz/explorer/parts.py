"""What an explorer shows, locks and asks, as its teacher chose it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields

from patchviz.arguments import require_choice
from patchviz.scene.records import Scene
from patchviz.scene.settings import Settings

PARTS = (  # in the page's order
    "sentence",
    "patch_size",
    "planes",
    "cage",
    "boards",
    "table",
    "queue",
    "batch",
    "split",
    "coverage",
    "picture",
    "settings",
    "policies",
    "ledger",
)


def check_show(show: Iterable[str] | None) -> list[str]:
    """Return the names of the parts to show; all without a choice."""
    return list(PARTS) if show is None else _check("show", show, PARTS)


def check_lock(lock: Iterable[str] | None) -> list[str]:
    """Return the names of the settings that the page can't change."""
    return _check("lock", lock or (), [field.name for field in fields(Settings)])


def check_predict(predict: Iterable[str] | None, scene: Scene) -> list[str]:
    """Return the names of the numbers that stay covered until they are guessed."""
    return _check("predict", predict or (), [row.key for row in scene.ledger])


def _check(argument: str, names: Iterable[str], known: Collection[str]) -> list[str]:
    if isinstance(names, str):
        raise TypeError(f"`{argument}` must be a list of names, got {names!r}")
    unique = list(dict.fromkeys(names))
    for name in unique:
        require_choice(argument, name, known)
    return unique

"""The policies side by side on one volume, each with the calls that give its patches."""

from __future__ import annotations

import math
from dataclasses import dataclass

from patchviz.grid.patch_grid import PatchGrid
from patchviz.grid.policies import POLICIES, Policy
from patchviz.scene.peer_calls import Call, write_calls
from patchviz.scene.records import Scene
from patchviz.scene.wording import axes_text, join_axes, percent, shorten


@dataclass(frozen=True)
class Contender:
    """What one policy makes of the volume; only `reason` is filled where it can't be.

    Attributes
    ----------
    policy, summary, reference : str
        As in `Policy`.
    reason : str or None
        Why the policy is impossible for these sizes.
    counts, starts, n_patches, padding, lost, redundancy : str
        As in the ledger, but `lost` for the voxels in no patch.
    axes : tuple of tuple of int
        The starts of each axis, all of them.
    calls : tuple of Call
        One for each library in `PEERS`.
    """

    policy: str
    summary: str
    reference: str
    reason: str | None = None
    counts: str = ""
    starts: str = ""
    axes: tuple[tuple[int, ...], ...] = ()
    n_patches: str = ""
    padding: str = ""
    lost: str = ""
    redundancy: str = ""
    calls: tuple[Call, ...] = ()


def compare(scene: Scene) -> tuple[Contender, ...]:
    """Put all policies on the volume of a Scene, with its other settings as they are."""
    return tuple(_describe(scene, policy) for policy in POLICIES.values())


def _describe(scene: Scene, policy: Policy) -> Contender:
    settings, names = scene.settings, (policy.name, policy.summary, policy.reference)
    try:
        grid = PatchGrid(
            [axis.size for axis in scene.axes],
            [axis.patch for axis in scene.axes],
            overlap=settings.overlap,
            start=settings.start if policy.name == "centered" else None,
            policy=policy.name,
            padding_mode=settings.padding_mode,
        )
    except ValueError as error:
        return Contender(*names, reason=str(error).replace("`", ""))
    image = math.prod(grid.image_shape)
    cut = len(grid) * math.prod(grid.patch_size)
    real = math.prod(int(axis.sum()) for axis in grid.inside)
    return Contender(
        *names,
        counts=axes_text(grid.counts),
        starts=join_axes(scene.axes, map(shorten, grid.starts)),
        axes=grid.starts,
        n_patches=f"{len(grid):,}",
        padding=percent(1 - real / cut),
        lost=percent(grid.uncovered / image),
        redundancy=f"{cut / image:.2f} ×",
        calls=write_calls(grid),
    )

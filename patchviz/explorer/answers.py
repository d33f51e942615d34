"""What the front end is sent when it asks: Scenes, queues, slices and voxels."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchviz.data.cohort import Cohort
from patchviz.explorer.voxels import Voxels, grey_range, to_greys
from patchviz.grid.cut import cut_patch
from patchviz.grid.patch_grid import Corner
from patchviz.scene.comparison import compare
from patchviz.scene.coverage import compute_coverage, describe_coverage
from patchviz.scene.records import Scene
from patchviz.scene.resolve import describe
from patchviz.scene.sets import PlannedSets, plan_sets
from patchviz.scene.settings import ResolvedSettings, Settings, complete
from patchviz.scene.wording import percent


def read_settings(content: dict[str, Any], _: Any = None) -> Settings:
    """Make the settings that the front end sends: its lists are tuples here."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items()}
    return Settings(**values)


Message = tuple[dict[str, Any], list[Any]]  # its content, and the buffers that go with it


class Answers:
    """The answers about a cohort that the front end of an explorer asks for, as messages."""

    def __init__(self, cohort: Cohort) -> None:
        self._cohort = cohort
        # found once; of volumes, the one on show stays open
        self._grey_range = cache(lambda n, channel: grey_range(cohort[n].image[channel]))
        self.open_voxels = lru_cache(maxsize=1)(self._open_voxels)
        # planned and described once, though the front end asks about the same settings many times
        self._plan = lru_cache(maxsize=8)(lambda resolved: plan_sets(resolved, cohort.facts))
        self._describe = lru_cache(maxsize=8)(lambda resolved: describe(self._plan(resolved)))

    def plan(self, settings: Settings) -> PlannedSets:
        """Plan what settings give on the cohort."""
        return self._plan(complete(settings, self._cohort.facts))

    def describe(self, settings: Settings) -> Scene:
        """Resolve settings on the cohort."""
        return self._describe(complete(settings, self._cohort.facts))

    def to(self, asked: dict[str, Any]) -> Iterator[Message]:
        """Give the messages that answer a question, each as soon as it is ready.

        `about` comes back as it was asked: by then the front end may show something else.
        """
        kind = asked["kind"]
        if kind in ("volume", "plane", "voxels"):
            try:
                yield from self._show_voxels(**asked)
            except (ValueError, OSError) as error:
                yield {**asked, "kind": "failure", "text": str(error)}, []
        elif kind == "scene":
            yield {"kind": kind, **self._try_scene(asked["settings"])}, []
        elif kind == "ahead":
            tried = [self._try_scene(settings) for settings in asked["settings"]]
            yield {"kind": kind, "scenes": [t["scene"] for t in tried if "scene" in t]}, []
        else:
            sets = self.plan(read_settings(asked["settings"]))
            if kind == "patches":
                content, buffers = self._show_patches(sets, asked["axis"], asked["entries"])
                yield content | {"about": asked["about"]}, buffers
            elif kind == "contents":
                yield self._list_contents(sets, asked["entries"]), []
            elif kind == "queue":
                content, order = pack_queue(sets, sets.settings.epoch)
                yield content | {"about": asked["about"]}, [order]
            elif kind == "coverage":
                content, counts = pack_coverage(sets, asked["n_epochs"])
                yield content, [counts]
            elif kind == "comparison":
                rows = [asdict(row) for row in compare(self.describe(sets.settings))]
                yield {"kind": kind, "rows": rows}, []

    def _try_scene(self, settings: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"scene": self.describe(read_settings(settings)).to_json()}
        except (ValueError, TypeError) as error:
            control = re.match(r"`(\w+)`", str(error))
            return {"control": control and control[1], "text": str(error).replace("`", "")}

    def _show_patches(
        self, sets: PlannedSets, axis: int, entries: Sequence[tuple[int, int]]
    ) -> Message:
        """Show each patch's slice through the middle of what is image in it."""
        corners = [sets.patches[n][patch] for n, patch in entries]
        pictures = [
            self._cut(sets.settings, axis, n, corner)
            for (n, _), corner in zip(entries, corners, strict=True)
        ]
        content = {
            "kind": "patches",
            "axis": axis,
            "entries": entries,
            "corners": corners,
            "real": self._find_real(sets, entries, corners),
            "shape": pictures[0].shape,
        }
        return content, [b"".join(picture.tobytes() for picture in pictures)]

    def _cut(
        self, settings: ResolvedSettings, axis: int, n: int, corner_of_patch: Corner
    ) -> NDArray[np.uint8]:
        volume = self._cohort[n].image[settings.channel]
        corner, size = list(corner_of_patch), list(settings.patch_size)
        middle = max(0, corner[axis]), min(corner[axis] + size[axis], volume.shape[axis])
        corner[axis], size[axis] = sum(middle) // 2, 1
        slice_ = cut_patch(volume, corner, size, settings.padding_mode).squeeze(axis)
        return to_greys(slice_, *self._grey_range(n, settings.channel))

    def _list_contents(
        self, sets: PlannedSets, entries: Sequence[tuple[int, int]]
    ) -> dict[str, Any]:
        """List of each patch its corner and how much of it is image, and of that foreground.

        Labels are read of the subjects of these patches alone.
        """
        facts, size = self._cohort.facts, sets.settings.patch_size
        corners = [sets.patches[n][patch] for n, patch in entries]
        reals = self._find_real(sets, entries, corners)
        content = {"kind": "contents", "corners": corners, "real": reals, "text": ""}
        shares = []
        for (n, _), corner, real in zip(entries, corners, reals, strict=True):
            if (foreground := facts.foreground(n)) is None:
                return content
            count = int(foreground.count_each([corner], size)[0])
            shares.append(count / max(1, real * math.prod(size)))
        return content | {"foreground": shares, "text": _describe_foreground(shares)}

    def _find_real(
        self, sets: PlannedSets, entries: Sequence[tuple[int, int]], corners: Sequence[Corner]
    ) -> list[float]:
        """Find out how much of each patch is image."""
        shapes = np.array([sets.facts.shapes[n] for n, _ in entries])
        size = sets.settings.patch_size
        ends = np.array(corners) + size
        inside = np.clip(ends, 0, shapes) - np.clip(corners, 0, shapes)
        shares: list[float] = (inside / size).prod(axis=1).tolist()
        return shares

    def _open_voxels(self, n: int, channel: int) -> Voxels:
        subject = self._cohort[n]
        return Voxels(subject.image[channel], subject.label, self._grey_range(n, channel))

    def _show_voxels(
        self, kind: str, subject: int, channel: int, **asked: Any
    ) -> Iterator[Message]:
        """Show of a volume what is asked for: first what and how large it is.

        Then come the planes on show, or one, or a piece of it all.
        """
        voxels = self.open_voxels(subject, channel)
        which = {"subject": subject, "channel": channel}
        planes = []
        if kind == "volume":
            yield {"kind": kind, **which, **voxels.describe(), "note": voxels.note}, []
            planes = list(enumerate(asked["position"]))
        elif kind == "plane":
            planes = [(asked["axis"], asked["index"])]
        else:
            chunk = voxels.chunk(asked["part"], asked["offset"])
            yield {"kind": kind, **which, **asked}, [chunk.data]
        for axis, index in planes:
            cut = [part.ravel().data for part in voxels.plane(axis, index)]
            yield {"kind": "plane", **which, "axis": axis, "index": index}, cut


def _describe_foreground(shares: Sequence[float]) -> str:
    held = f"{sum(share > 0 for share in shares)} of {len(shares)} patches hold foreground"
    return f"{held}; it is {percent(sum(shares) / len(shares))} of a patch on average"


def pack_coverage(sets: PlannedSets, n_epochs: int) -> tuple[dict[str, Any], bytes]:
    """Give the message on how often voxels are seen, and the counts as little-endian uint16."""
    try:
        coverage = compute_coverage(sets, n_epochs)
    except ValueError as error:  # it would take too much memory
        return {"kind": "coverage", "edges": [], "shares": [], "text": str(error)}, b""
    content = {
        "kind": "coverage",
        "edges": coverage.edges,
        "shares": coverage.shares,
        "text": describe_coverage(coverage, n_epochs),
    }
    return content, np.minimum(coverage.counts, 2**16 - 1).astype("<u2").tobytes()


def pack_queue(sets: PlannedSets, epoch: int) -> tuple[dict[str, Any], bytes]:
    """Give the message on the queue of an epoch, and its order as little-endian int32."""
    queue = sets.training.queue(epoch)
    sizes = [len(grid) for grid in queue.grids]
    caches = [c for c in (1, 2, 4, 8, 16) if c < len(sizes)] + [len(sizes)]
    content = {
        "kind": "queue",
        "epoch": epoch,
        "subjects": np.asarray(queue.subjects).tolist(),
        "sizes": sizes,
        "reads": [[cache, queue.count_reads(cache)] for cache in caches],
    }
    return content, queue.order.astype("<i4").tobytes()

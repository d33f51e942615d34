"""What the front end is sent when it asks: Scenes, queues, slices and voxels."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchviz.data.cohort import Cohort
from patchviz.epochs.queue import PatchQueue
from patchviz.explorer.voxels import Voxels, grey_range, to_greys
from patchviz.grid.cut import cut_patch
from patchviz.grid.patch_grid import Corner, PatchGrid
from patchviz.scene.comparison import compare
from patchviz.scene.coverage import compute_coverage, describe_coverage
from patchviz.scene.records import Scene
from patchviz.scene.resolve import describe
from patchviz.scene.sets import PlannedSets, plan_sets
from patchviz.scene.settings import ResolvedSettings, Settings, complete
from patchviz.scene.wording import percent

MOST_DRAWN = 2**20  # entries of a queue: 4 MiB, in half a second
CACHES = 1, 2, 4  # volumes that a reader keeps

Message = tuple[dict[str, Any], list[Any]]  # its content, and the buffers that go with it
Entries = Sequence[tuple[int, int]]  # each a subject and the number of a patch


def read_settings(content: dict[str, Any], _: Any = None) -> Settings:
    """Make the settings that the front end sends: its lists are tuples here."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items()}
    return Settings(**values)


class Answers:
    """What a front end asks about a cohort: ``_answer_…`` answers questions of one kind."""

    def __init__(self, cohort: Cohort) -> None:
        self._cohort = cohort
        # found once; of volumes, the one on show stays open
        self._grey_range = cache(lambda n, channel: grey_range(cohort[n].image[channel]))
        self.open_voxels = lru_cache(maxsize=1)(self._open_voxels)
        # planned and described once, though the front end asks about the same settings many times
        self._plan = lru_cache(maxsize=32)(lambda resolved: plan_sets(resolved, cohort.facts))
        self._describe = lru_cache(maxsize=32)(lambda resolved: describe(self._plan(resolved)))

    def plan(self, settings: Settings) -> PlannedSets:
        """Plan what settings give on the cohort."""
        return self._plan(complete(settings, self._cohort.facts))

    def describe(self, settings: Settings) -> Scene:
        """Resolve settings on the cohort."""
        return self._describe(complete(settings, self._cohort.facts))

    def to(self, *, kind: str, id: str, **asked: Any) -> Message:
        """Answer a question: with its result, or as `failure` with the reason why there is none.

        `id` comes back as it was asked: by then the front end may show something else.
        """
        try:
            content, buffers = getattr(self, f"_answer_{kind}")(**asked)
        except (Exception, KeyboardInterrupt) as error:  # or the front end would wait for ever
            content, buffers = _explain(error), []
        return {"id": id, **content}, buffers

    def _answer_scene(self, settings: dict[str, Any]) -> Message:
        return {"scene": self.describe(read_settings(settings)).to_json()}, []

    def _answer_neighbours(self, settings: list[dict[str, Any]]) -> Message:
        """Resolve what may be asked for next, as far as it is possible."""
        tried = [self.to(kind="scene", id="", settings=each)[0] for each in settings]
        return {"scenes": [told["scene"] for told in tried if "scene" in told]}, []

    def _answer_comparison(self, settings: dict[str, Any]) -> Message:
        rows = compare(self.describe(read_settings(settings)))
        return {"rows": [asdict(row) for row in rows]}, []

    def _answer_queue(self, settings: dict[str, Any]) -> Message:
        sets = self.plan(read_settings(settings))
        content, order = pack_queue(sets, sets.settings.epoch)
        return {**content, **pack_grids(sets.queue)}, [order]

    def _answer_coverage(self, settings: dict[str, Any], n_epochs: int) -> Message:
        content, counts = pack_coverage(self.plan(read_settings(settings)), n_epochs)
        return content, [counts]

    def _answer_patches(self, settings: dict[str, Any], axis: int, entries: Entries) -> Message:
        """Show each patch's slice through the middle of what is image in it."""
        sets = self.plan(read_settings(settings))
        boxes = _find_boxes(sets, entries)
        cuts = zip(entries, boxes["corners"], strict=True)
        pictures = [self._cut(sets.settings, axis, n, corner) for (n, _), corner in cuts]
        return {**boxes, "shape": pictures[0].shape}, [b"".join(map(np.ndarray.tobytes, pictures))]

    def _answer_contents(self, settings: dict[str, Any], entries: Entries) -> Message:
        """List of each patch where it lies, and how much of its image part is foreground.

        Labels are read of the subjects of these patches alone.
        """
        sets = self.plan(read_settings(settings))
        boxes = _find_boxes(sets, entries)
        shares = []
        for (n, _), corner, inside in zip(entries, *boxes.values(), strict=True):
            if (foreground := sets.facts.foreground(n)) is None:
                return {**boxes, "text": ""}, []
            count = int(foreground.count_each([corner], sets.settings.patch_size)[0])
            shares.append(count / max(1, math.prod(inside)))
        return {**boxes, "foreground": shares, "text": _describe_foreground(shares)}, []

    def _answer_volume(self, subject: int, channel: int, position: Sequence[int]) -> Message:
        """Tell of a volume what and how large it is, with the planes on show."""
        voxels = self.open_voxels(subject, channel)
        planes = [part for axis, n in enumerate(position) for part in voxels.plane(axis, n)]
        content = {**voxels.describe(), "note": voxels.note, "planes": position}
        return content, [plane.ravel().data for plane in planes]

    def _answer_plane(self, subject: int, channel: int, axis: int, index: int) -> Message:
        plane = self.open_voxels(subject, channel).plane(axis, index)
        return {}, [part.ravel().data for part in plane]

    def _answer_voxels(self, subject: int, channel: int, part: str, offset: int) -> Message:
        return {}, [self.open_voxels(subject, channel).chunk(part, offset).data]

    def _open_voxels(self, n: int, channel: int) -> Voxels:
        subject = self._cohort[n]
        return Voxels(subject.image[channel], subject.label, self._grey_range(n, channel))

    def _cut(
        self, settings: ResolvedSettings, axis: int, n: int, corner_of_patch: Corner
    ) -> NDArray[np.uint8]:
        volume = self._cohort[n].image[settings.channel]
        corner, size = list(corner_of_patch), list(settings.patch_size)
        middle = max(0, corner[axis]), min(corner[axis] + size[axis], volume.shape[axis])
        corner[axis], size[axis] = sum(middle) // 2, 1
        slice_ = cut_patch(volume, corner, size, settings.padding_mode).squeeze(axis)
        return to_greys(slice_, *self._grey_range(n, settings.channel))


def _explain(error: BaseException) -> dict[str, Any]:
    """Say why there is no answer, and to which control that is due."""
    said, name = str(error), type(error).__name__
    control = re.match(r"`(\w+)`", said)
    is_clear = said and isinstance(error, (ValueError, TypeError, OSError))
    text = said.replace("`", "") if is_clear else f"{name}: {said}".removesuffix(": ")
    return {"failure": text, "control": control and control[1]}


def _find_boxes(sets: PlannedSets, entries: Entries) -> dict[str, Any]:
    """Find the corner of each patch, and how many voxels of it are image along each axis."""
    corners = [sets.patches[n][patch] for n, patch in entries]
    shapes = np.array([sets.facts.shapes[n] for n, _ in entries])
    ends = np.array(corners) + sets.settings.patch_size
    insides = np.clip(ends, 0, shapes) - np.clip(corners, 0, shapes)
    return {"corners": corners, "insides": insides.tolist()}


def _describe_foreground(shares: Sequence[float]) -> str:
    held = f"{sum(share > 0 for share in shares)} of {len(shares)} patches hold foreground"
    return f"{held}; it is {percent(sum(shares) / len(shares))} of a patch on average"


def pack_coverage(sets: PlannedSets, n_epochs: int) -> tuple[dict[str, Any], bytes]:
    """Tell how often voxels are seen, with the counts as little-endian uint16."""
    coverage = compute_coverage(sets, n_epochs)
    text = describe_coverage(coverage, n_epochs)
    content = {"edges": coverage.edges, "shares": coverage.shares, "text": text}
    return content, np.minimum(coverage.counts, 2**16 - 1).astype("<u2").tobytes()


def pack_queue(sets: PlannedSets, epoch: int) -> tuple[dict[str, Any], bytes]:
    """Tell of the queue of an epoch how it is made up, with its order as little-endian int32.

    Raises ``ValueError`` where it is too long to be drawn.
    """
    if (n_patches := sets.training.n_patches) > MOST_DRAWN:
        raise ValueError(
            f"an epoch has {n_patches:,} patches, and a queue of at most {MOST_DRAWN:,} can be "
            "drawn: larger patches, less overlap or fewer training subjects make fewer"
        )
    queue = sets.training.queue(epoch)
    sizes = [len(patches) for patches in queue.grids]
    content = {
        "epoch": epoch,
        "subjects": np.asarray(queue.subjects).tolist(),
        "sizes": sizes,
        "reads": [[cache, queue.count_reads(cache)] for cache in CACHES if cache <= len(sizes)],
    }
    return content, queue.order.astype("<i4").tobytes()


def pack_grids(queue: PatchQueue) -> dict[str, Any]:
    """Tell where patches lie: the axes of each grid as in a Scene, and which grid each subject has.

    There are none where patches are drawn.
    """
    grids = [grid for grid in queue.grids if isinstance(grid, PatchGrid)]
    numbers = {grid: n for n, grid in enumerate(dict.fromkeys(grids))}
    axes = [
        [
            {"starts": starts, "inside": inside.tolist(), "patch": patch}
            for starts, inside, patch in zip(g.starts, g.inside, g.patch_size, strict=True)
        ]
        for g in numbers
    ]
    return {"grids": axes, "grid_of": [numbers[grid] for grid in grids]}

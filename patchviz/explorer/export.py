"""The explorer as one HTML file: the same modules, with all that they ask for inside."""

from __future__ import annotations

import base64
import html
import itertools
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from patchviz.epochs.orders import ORDERS
from patchviz.explorer.answers import pack_coverage, pack_queue
from patchviz.explorer.bundle import SCRIPTS, STYLES, write_script
from patchviz.explorer.widget import Explorer
from patchviz.files import write_whole
from patchviz.grid.patch_grid import Ints
from patchviz.grid.policies import POLICIES
from patchviz.scene.comparison import compare
from patchviz.scene.records import Scene
from patchviz.scene.resolve import describe
from patchviz.scene.sets import PlannedSets, plan_sets
from patchviz.scene.settings import Settings
from patchviz.scene.size_sweep import list_sizes

# the page itself refuses to load anything, wherever it is opened
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' data:; "
    "style-src 'unsafe-inline'; img-src data: blob:"
)
N_EPOCHS = 8
MOST_COVERED = 16  # epochs, as far as the explorer's slider goes
LARGE = 2**23  # bytes of coverage, before they are packed
MOST_ENTRIES = 3000  # of a queue, unless the present one is longer: orders hardly compress


def export_page(
    explorer: Explorer,
    path: str | os.PathLike[str],
    *,
    choices: Iterable[Settings] | None = None,
) -> Path:
    """Write an explorer as one HTML file, which needs neither Python nor a network.

    It holds the voxels of the subject and channel on show, in 256 greys, and the Scenes of a list
    of choices with eight epochs of each one's queue; coverage it holds for the present settings
    alone. Its other controls are disabled. A file of
    that name is replaced.

    Parameters
    ----------
    explorer : Explorer
        What it shows at present is what the page opens with.
    path : str or path
        The file.
    choices : iterable of Settings, optional
        What can be chosen on the page; `subject` and `channel` are the present ones throughout.
        By default cubic patch sizes × overlaps × policies × orders around the present settings;
        where patches are drawn, patch sizes × orders.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        For a choice that is impossible on the data.
    OSError
        When the file can't be written; no part of it is left behind.
    """
    facts = explorer.cohort.facts
    now = plan_sets(replace(explorer.settings, epoch=0), facts)
    if choices is None:
        planned = _plan_usual(now)
    else:
        subject, channel = now.settings.subject, now.settings.channel
        planned = (
            plan_sets(replace(choice, subject=subject, channel=channel, epoch=0), facts)
            for choice in choices
        )
    # the present one first; each once
    unique = {sets.settings: sets for sets in itertools.chain([now], planned)}
    content, parts = _pack(explorer, list(unique.values()))
    parts["content"] = json.dumps(content, separators=(",", ":")).encode()
    path = Path(path)
    name = facts.ids[now.settings.subject]
    write_whole(path, _write_html(name, len(unique), parts).encode("utf-8", "replace"))
    return path


def _plan_usual(now: PlannedSets) -> Iterator[PlannedSets]:
    """Plan the choices that teach most, where they are possible and not too many patches."""
    settings, present = now.settings, now.settings.patch_size
    wanted = {71, 72, *(size + by for size in present for by in (-1, 0, 1))}
    sizes: list[Ints] = [present]
    shape = now.facts.shapes[settings.subject]
    sizes += [size for size in list_sizes(shape) if size % 8 == 0 or size in wanted]
    overlap: Ints = settings.overlap
    overlaps = {0: None, min(present) // 4: None, min(present) // 2: None, overlap: None}
    starts = {settings.start: None, None: None}
    grids = list(itertools.product(POLICIES, starts, overlaps))
    if settings.sampling != "grid":
        grids = [(settings.policy, settings.start, overlap)]
    for order, (policy, start, overlap), size in itertools.product(ORDERS, grids, sizes):
        choice = replace(
            settings, order=order, policy=policy, start=start, overlap=overlap, patch_size=size
        )
        try:
            sets = plan_sets(choice, now.facts)
        except ValueError:
            continue  # such as an overlap that is no smaller than the patch
        if sets.training.n_patches <= max(MOST_ENTRIES, now.training.n_patches):
            yield sets


def _pack(
    explorer: Explorer, planned: list[PlannedSets]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Put together what the page's stand-in for the model answers with, nothing twice."""
    scenes = [describe(sets) for sets in planned]
    settings = scenes[0].settings
    state = explorer.get_state(list(Explorer.class_own_traits(sync=True)))
    n_epochs = 1 if any(_draws(sets) for sets in planned) else N_EPOCHS
    bodies: dict[str, int] = {}  # as JSON, each with its number
    sweeps: dict[str, int] = {}
    queues: dict[str, int] = {}
    epochs: list[list[tuple[dict[str, Any], bytes]]] = []
    rows = []
    for sets, scene in zip(planned, scenes, strict=True):
        body = scene.to_json()
        chosen, sweep = body.pop("settings"), body.pop("size_sweep")
        queue = _number(queues, _describe_queue(sets))
        if queue == len(epochs):
            epochs.append([pack_queue(sets, epoch) for epoch in range(n_epochs)])
        rows.append([chosen, _number(bodies, body), _number(sweeps, sweep), queue])
    covered = _cover(planned[0]) if "coverage" in explorer.show else []
    which = {"subject": settings.subject, "channel": settings.channel}
    voxels = explorer.open_voxels(settings.subject, settings.channel)
    content = {
        "state": {**state, "settings": asdict(settings)},
        "n_epochs": n_epochs,
        "scenes": rows,
        "bodies": [json.loads(body) for body in bodies],
        "sweeps": [json.loads(sweep) for sweep in sweeps],
        "comparisons": _compare(scenes) if "policies" in explorer.show else [],
        "queues": [
            [{**message, "length": len(order) // 4} for message, order in queue] for queue in epochs
        ],
        "coverage": [{**message, "length": len(counts)} for message, counts in covered],
        "volume": {**which, **voxels.describe(), "note": ""},
    }
    orders = b"".join(order for queue in epochs for _, order in queue)
    return content, {
        "orders": orders,
        "coverage": b"".join(counts for _, counts in covered),
        **{part: voxels.whole(part).tobytes() for part in voxels.parts},
    }


def _cover(sets: PlannedSets) -> list[tuple[dict[str, Any], bytes]]:
    """Count how often voxels are seen in one epoch, in two …, while that makes no large page."""
    covered, size = [pack_coverage(sets, 1)], 0
    while len(covered) < MOST_COVERED and (size := size + len(covered[-1][1])) < LARGE:
        covered.append(pack_coverage(sets, len(covered) + 1))
    return covered


def _draws(sets: PlannedSets) -> bool:
    """Tell whether each epoch has a grid or patches of its own."""
    options = sets.training.options
    return options.sampling != "grid" or options.has_random_starts


def _compare(scenes: list[Scene]) -> list[Any]:
    """List the policies side by side for each grid, with the places of the scenes that have it."""
    found: dict[str, tuple[list[int], list[Any]]] = {}
    for n, scene in enumerate(scenes):
        alike = {**asdict(scene.settings), "policy": None, "order": None}
        if str(alike) not in found:
            found[str(alike)] = [], [asdict(row) for row in compare(scene)]
        found[str(alike)][0].append(n)
    return list(found.values())


def _number(known: dict[str, int], thing: Any) -> int:
    """Give things numbers as they come, equal ones the same."""
    return known.setdefault(json.dumps(thing), len(known))


def _describe_queue(sets: PlannedSets) -> list[Any]:
    """Tell apart settings whose queues differ; many grids have equally many patches."""
    settings, queue = sets.settings, sets.queue
    sizes = [len(grid) for grid in queue.grids]
    blank = queue.order.tolist() if settings.skip_blank else None
    how = [settings.order, settings.window, settings.seed]
    return [*how, list(map(int, queue.subjects)), sizes, blank]


def _write_html(name: str, n_scenes: int, parts: dict[str, bytes]) -> str:
    name = html.escape(name)
    packed = "\n".join(
        f'<script type="application/zlib" data-part="{part}">'
        f"{base64.b64encode(zlib.compress(content, 9)).decode()}</script>"
        for part, content in parts.items()
    )
    styles = (STYLES / name for name in ("explorer.css", "page.css"))
    body = f"""<main>
<h1>{name} in patches</h1>
<p>The patchviz explorer as one file, with {n_scenes:,} combination{"s" * (n_scenes > 1)} of
settings and the voxels of this subject alone. What is greyed out needs the notebook.</p>
<div id="explorer"></div>
</main>
{packed}
{write_script(SCRIPTS / "pages/page.js")}"""
    return frame_page(f"{name} in patches", POLICY, styles, body)


def frame_page(title: str, policy: str, styles: Iterable[Path], body: str) -> str:
    """Write a whole HTML file: what goes into its body, and a policy for what it may load."""
    style = "\n".join(path.read_text("utf-8") for path in styles)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
{body}
</body>
</html>
"""

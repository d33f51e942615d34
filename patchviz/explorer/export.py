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
from typing import TYPE_CHECKING, Any, cast

from patchviz.epochs.orders import ORDERS
from patchviz.explorer.answers import pack_coverage, pack_queue
from patchviz.explorer.bundle import SCRIPTS, STYLES, write_script
from patchviz.explorer.widget import Explorer
from patchviz.files import write_whole
from patchviz.grid.patch_grid import Ints
from patchviz.grid.policies import POLICIES
from patchviz.scene.resolve import Scene, resolve
from patchviz.scene.settings import Settings, make_queue

if TYPE_CHECKING:
    from patchviz.data.facts import CohortFacts

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
    now = resolve(replace(explorer.settings, epoch=0), facts)
    if choices is None:
        scenes = _usual_scenes(now, facts)
    else:
        subject, channel = now.settings.subject, now.settings.channel
        scenes = (
            resolve(replace(choice, subject=subject, channel=channel, epoch=0), facts)
            for choice in choices
        )
    # the present one first; each once
    unique = {scene.settings: scene for scene in itertools.chain([now], scenes)}
    content, parts = _pack(explorer, list(unique.values()))
    parts["content"] = json.dumps(content, separators=(",", ":")).encode()
    path = Path(path)
    write_whole(path, _write_html(now, len(unique), parts).encode("utf-8", "replace"))
    return path


def _usual_scenes(now: Scene, facts: CohortFacts) -> Iterator[Scene]:
    """Resolve the choices that teach most, where they are possible and not too many patches."""
    settings, present = now.settings, now.settings.patch_size
    assert isinstance(present, tuple)  # resolved
    wanted = {71, 72, *(size + by for size in present for by in (-1, 0, 1))}
    sizes: list[Ints] = [present]
    sizes += [size for size in now.size_sweep.sizes if size % 8 == 0 or size in wanted]
    overlap = settings.overlap
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
            scene = resolve(choice, facts)
        except ValueError:
            continue  # such as an overlap that is no smaller than the patch
        if scene.n_queue <= max(MOST_ENTRIES, now.n_queue):
            yield scene


def _pack(explorer: Explorer, scenes: list[Scene]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Put together what the page's stand-in for the model answers with, nothing twice."""
    facts, settings = explorer.cohort.facts, scenes[0].settings
    state = explorer.get_state(list(Explorer.class_own_traits(sync=True)))
    n_epochs = 1 if any(_draws(scene.settings) for scene in scenes) else N_EPOCHS
    bodies: dict[str, int] = {}  # as JSON, each with its number
    sweeps: dict[str, int] = {}
    queues: dict[str, int] = {}
    epochs: list[list[tuple[dict[str, Any], bytes]]] = []
    rows = []
    for scene in scenes:
        body = scene.to_json()
        chosen, sweep = body.pop("settings"), body.pop("size_sweep")
        queue = _number(queues, _describe_queue(scene.settings, facts))
        if queue == len(epochs):
            numbered = (replace(scene.settings, epoch=n) for n in range(n_epochs))
            epochs.append([pack_queue(settings, facts) for settings in numbered])
        rows.append([chosen, _number(bodies, body), _number(sweeps, sweep), queue])
    covered = _cover(settings, facts) if "coverage" in explorer.show else []
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


def _cover(settings: Settings, facts: CohortFacts) -> list[tuple[dict[str, Any], bytes]]:
    """Count how often voxels are seen in one epoch, in two …, while that makes no large page."""
    covered, size = [pack_coverage(settings, facts, 1)], 0
    while len(covered) < MOST_COVERED and (size := size + len(covered[-1][1])) < LARGE:
        covered.append(pack_coverage(settings, facts, len(covered) + 1))
    return covered


def _draws(settings: Settings) -> bool:
    """Tell whether each epoch has a grid or patches of its own."""
    return settings.sampling != "grid" or any(cast("tuple[int, ...]", settings.start_offset))


def _compare(scenes: list[Scene]) -> list[Any]:
    """List the policies side by side for each grid, with the places of the scenes that have it."""
    found: dict[str, tuple[list[int], list[Any]]] = {}
    for n, scene in enumerate(scenes):
        alike = {**asdict(scene.settings), "policy": None, "order": None}
        if str(alike) not in found:
            found[str(alike)] = [], [asdict(row) for row in scene.comparison]
        found[str(alike)][0].append(n)
    return list(found.values())


def _number(known: dict[str, int], thing: Any) -> int:
    """Give things numbers as they come, equal ones the same."""
    return known.setdefault(json.dumps(thing), len(known))


def _describe_queue(settings: Settings, facts: CohortFacts) -> list[Any]:
    """Tell apart settings whose queues differ; many grids have equally many patches."""
    queue = make_queue(settings, facts)
    sizes = [len(grid) for grid in queue.grids]
    blank = queue.order.tolist() if settings.skip_blank else None
    how = [settings.order, settings.window, settings.seed]
    return [*how, list(map(int, queue.subjects)), sizes, blank]


def _write_html(now: Scene, n_scenes: int, parts: dict[str, bytes]) -> str:
    name = html.escape(now.subject_id)
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

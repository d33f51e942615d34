"""The explorer as one HTML file: the same modules, with all that they ask for inside."""

from __future__ import annotations

import base64
import html
import itertools
import json
import os
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from patchviz.data.cohort import Cohort
from patchviz.epochs.orders import ORDERS
from patchviz.explorer.answers import Answers, pack_coverage, pack_grids, pack_queue
from patchviz.explorer.bundle import SCRIPTS, STYLES, write_script
from patchviz.files import write_whole
from patchviz.grid.patch_grid import Ints
from patchviz.grid.policies import POLICIES
from patchviz.scene.comparison import compare
from patchviz.scene.records import Scene
from patchviz.scene.resolve import describe
from patchviz.scene.sets import PlannedSets, plan_sets
from patchviz.scene.settings import Settings
from patchviz.scene.size_sweep import list_sizes

Packed = tuple[dict[str, Any], bytes]  # a message, and the bytes that go with it

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
    path: str | os.PathLike[str],
    cohort: Cohort,
    settings: Settings,
    state: dict[str, Any],
    *,
    choices: Iterable[Settings] | None = None,
) -> Path:
    """Write the explorer of a cohort as one HTML file, which needs neither Python nor a network.

    It holds the voxels of the subject and channel on show, in 256 greys, and the Scenes of a list
    of choices with eight epochs of each one's queue; coverage it holds for `settings` alone. Its
    other controls are disabled. A file of that name is replaced.

    Parameters
    ----------
    path : str or path
    cohort : Cohort
    settings : Settings
        What the page opens with.
    state : dict
        What else its views read: the synced traits of an `Explorer`.
    choices : iterable of Settings, optional
        What can be chosen on the page; `subject` and `channel` are those of `settings` throughout.
        By default cubic patch sizes × overlaps × policies × orders around `settings`; where
        patches are drawn, patch sizes × orders.

    Raises
    ------
    ValueError
        For a choice that is impossible on the data.
    OSError
        When the file can't be written; no part of it is left behind.
    """
    facts = cohort.facts
    now = plan_sets(replace(settings, epoch=0), facts)
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
    content, parts = _pack(cohort, list(unique.values()), state)
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
    cohort: Cohort, planned: list[PlannedSets], state: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Put together what the page's stand-in for the model answers with, nothing twice."""
    chosen = [sets.training.options for sets in planned]
    draws = any(options.sampling != "grid" or options.has_random_starts for options in chosen)
    n_epochs = 1 if draws else N_EPOCHS  # each has patches of its own
    epochs: list[list[Packed]] = []
    compared: dict[str, int] = {}  # by grid
    found: dict[str, dict[str, int]] = defaultdict(dict)  # of each kind, as JSON with a number

    def number(kind: str, thing: Any) -> int:
        return found[kind].setdefault(json.dumps(thing), len(found[kind]))

    rows = []
    for sets in planned:
        scene = describe(sets)
        body = scene.to_json()
        settings, sweep = body.pop("settings"), body.pop("size_sweep")
        queue = number("queues", _describe_queue(sets))
        if queue == len(epochs):
            epochs.append([pack_queue(sets, epoch) for epoch in range(n_epochs)])
        grid = str({**settings, "policy": None, "order": None})
        if grid not in compared:
            rows_of_it = compare(scene) if "policies" in state["show"] else ()
            compared[grid] = number("comparisons", [asdict(row) for row in rows_of_it])
        things = {"bodies": body, "sweeps": sweep, "grids": pack_grids(sets.queue)}
        numbers = [number(kind, thing) for kind, thing in things.items()]
        rows.append([settings, queue, compared[grid], *numbers])
    covered = _cover(planned[0]) if "coverage" in state["show"] else []
    voxels = Answers(cohort).open_voxels(planned[0].settings.subject, planned[0].settings.channel)
    parts = {
        "orders": _join(packed for queue in epochs for packed in queue),
        "coverage": _join(covered),
        **{part: voxels.whole(part).tobytes() for part in voxels.parts},
    }
    content = {
        **{kind: [json.loads(thing) for thing in things] for kind, things in found.items()},
        "state": {**state, "settings": asdict(planned[0].settings)},
        "n_epochs": n_epochs,
        "scenes": rows,
        "queues": [[message for message, _ in queue] for queue in epochs],
        "coverage": [message for message, _ in covered],
        "volume": {**voxels.describe(), "note": ""},
    }
    return content, parts


def _cover(sets: PlannedSets) -> list[Packed]:
    """Count how often voxels are seen in one epoch, in two …, while that makes no large page."""
    covered: list[Packed] = []
    try:
        while len(covered) < MOST_COVERED and sum(len(counts) for _, counts in covered) < LARGE:
            covered.append(pack_coverage(sets, len(covered) + 1))
    except ValueError as error:  # it would take too much memory
        covered = covered or [({"failure": str(error)}, b"")]
    return covered


def _join(packed: Iterable[Packed]) -> bytes:
    """Put the bytes of messages one behind another; each message learns where its own lie."""
    joined = bytearray()
    for message, part in packed:
        message |= {"offset": len(joined), "length": len(part)}
        joined += part
    return bytes(joined)


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


def write_picture(scene: Scene, png: str, show: Collection[str]) -> str:
    """Write a picture (base64) as HTML, with sentence and ledger where they are among the parts.

    Without styles or scripts, which pages that show notebooks take away.
    """
    words = (
        f"<b>{html.escape(w.text)}</b>" if w.strong else html.escape(w.text) for w in scene.sentence
    )
    rows = (
        f"<tr><th>{html.escape(row.label)}</th><td>{html.escape(row.value)}</td>"
        f"<td>{html.escape(row.formula)}</td><td>{html.escape(row.reason)}</td></tr>"
        for row in scene.ledger
    )
    name = f"a plane of {html.escape(scene.subject_id)} and the patches that it cuts"
    parts = [f'<img alt="{name}" src="data:image/png;base64,{png}">']
    if "sentence" in show:
        parts.insert(0, f"<p>{''.join(words)}</p>")
    if "ledger" in show:
        summary = "<summary>every number, and its formula</summary>"
        parts.append(f"<details>{summary}<table>{''.join(rows)}</table></details>")
    return "\n".join(parts)

"""Owns the command `patchviz plan`: what it asks of a cohort or a shape, and what it prints."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patchviz.data.facts import CohortFacts
    from patchviz.scene.resolve import Scene

# Heavy modules are imported where they are needed, so that `patchviz --help` answers at once.


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of the command, and what runs it."""
    parser.description = (
        "Print what a choice of patches gives: sentence, ledger, notes, and where patches start."
    )
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument(
        "folder", nargs="?", type=Path, help="a folder of subjects' folders, or one .nii[.gz] file"
    )
    ints: dict[str, Any] = {"nargs": "+", "type": read_voxels, "metavar": "N"}
    data.add_argument("--image-shape", **ints, help="voxels per axis, instead of data; one: a cube")
    parser.add_argument("--subjects", type=int, metavar="N", help="with --image-shape (default 30)")
    parser.add_argument("--label", metavar="PATTERN", help="names of label files (default *seg*)")
    parser.add_argument(
        "--subject", dest="shown", metavar="ID", help="whose grid: id, or number from 1 (default 1)"
    )
    # Left out, a setting is left to `Settings`: SUPPRESS keeps it out of the options.
    choices = parser.add_argument_group("settings", argument_default=argparse.SUPPRESS)
    choices.add_argument("--patch-size", **ints, help="voxels, for all axes or each (default 64)")
    choices.add_argument("--overlap", **ints, help="voxels, for all axes or each (default 0)")
    choices.add_argument("--start", **ints, help="of the first patch (default: centred)")
    choices.add_argument(
        "--policy",
        metavar="NAME",
        help="centered (default), tight, shifted, respaced, padded_end or dropped",
    )
    choices.add_argument(
        "--padding-mode", metavar="NAME", help="edge (default), constant, reflect or wrap"
    )
    choices.add_argument(
        "--start-offset", **ints, help="draw starts from -offset to 0 in every epoch (default 0)"
    )
    choices.add_argument(
        "--skip-blank",
        nargs="?",
        const=True,
        type=_number_or_word,
        metavar="RULE",
        help="leave out patches whose label is blank: any (default), center, or a share like 0.01",
    )
    choices.add_argument(
        "--sampling",
        nargs="+",
        type=_number_or_word,
        metavar="HOW",
        help="where training patches come from: grid (default), uniform, a share like 0.33 that "
        "must hold foreground, or the chances of label 0, 1, 2 … to stand at the middle",
    )
    choices.add_argument(
        "--patches-per-subject",
        type=int,
        metavar="N",
        help="to draw, with another sampling than grid (default: as many as the grid has)",
    )
    choices.add_argument("--batch-size", type=int, metavar="N", help="patches a batch (default 8)")
    choices.add_argument(
        "--data-split", type=float, metavar="SHARE", help="of subjects that train (default 0.8)"
    )
    choices.add_argument("--seed", type=int, metavar="N", help="of the split (default 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    parser.set_defaults(run=_print_plan)


def _print_plan(options: argparse.Namespace) -> None:
    from dataclasses import fields

    from patchviz.scene.resolve import resolve
    from patchviz.scene.settings import Settings

    facts = _read_facts(options)
    chosen = {f.name: getattr(options, f.name) for f in fields(Settings) if f.name in options}
    chosen = {name: _one_or_each(value) for name, value in chosen.items()}
    subject = _find_subject(facts.ids, options.shown)
    scene = resolve(Settings(**chosen, subject=subject), facts)
    if options.json:
        print(json.dumps(scene.to_json()))
        return
    print("\n".join(_describe(scene)))
    if options.folder is not None:
        print(f"\nShown is {scene.subject_id}, subject {subject + 1} of {scene.n_subjects}.")


def read_voxels(text: str) -> int:
    """Read a number of voxels, as argparse's `type`."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no whole number of voxels (a folder comes before the options)"
        ) from None


def _number_or_word(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _one_or_each(value: Any) -> Any:
    """Turn the list that argparse makes into one number for all axes, or one for each."""
    if not isinstance(value, list):
        return value
    return value[0] if len(value) == 1 else tuple(value)


def _read_facts(options: argparse.Namespace) -> CohortFacts:
    if options.folder is None:
        if options.label is not None:
            raise ValueError("--label goes with a folder, not with --image-shape")
        return _invent_facts(options.image_shape, options.subjects)
    if options.subjects is not None:
        raise ValueError("--subjects goes with --image-shape; here the data tell how many")
    from patchviz.data.cohort import Cohort

    if options.folder.is_file():
        return Cohort.from_files([options.folder]).facts
    return Cohort.from_folder(options.folder, label=options.label or "*seg*").facts


def _invent_facts(image_shape: Sequence[int], subjects: int | None) -> CohortFacts:
    """Make up the subjects of --subjects and --image-shape."""
    from patchviz.data.facts import CohortFacts

    n = 30 if subjects is None else subjects
    if n < 1:
        raise ValueError(f"--subjects must be at least 1, got {n}")
    shape = tuple(image_shape) * (3 if len(image_shape) == 1 else 1)
    if len(shape) > 3:
        raise ValueError(f"--image-shape must have at most 3 axes, got {len(shape)}")
    return CohortFacts.from_shape(shape, n)


def _find_subject(ids: Sequence[str], shown: str | None) -> int:
    """Find a subject by its id, or by its number counted from 1."""
    if shown is None:
        return 0
    if shown in ids:
        return ids.index(shown)
    if shown.isdecimal() and 1 <= int(shown) <= len(ids):
        return int(shown) - 1
    raise ValueError(
        f"--subject must be an id ({ids[0]} … {ids[-1]}) or a number from 1 to {len(ids)}, "
        f"got {shown!r}"
    )


def _describe(scene: Scene) -> Iterator[str]:
    """Write a scene as lines of text."""
    yield "".join(word.text for word in scene.sentence)
    label_width = max(len(row.label) for row in scene.ledger)
    value_width = min(24, max(len(row.value) for row in scene.ledger))
    for group, rows in groupby(scene.ledger, key=lambda row: row.group):
        yield f"\n{group}"
        for row in rows:
            yield f"  {row.label:<{label_width}}  {row.value:<{value_width}}  {row.formula}"
            if row.reason:
                yield f"  {'':<{label_width}}  {row.reason}"
    if scene.hints:
        yield "\nNotes"
        yield from (f"  {note.control}: {note.text}" for note in scene.hints)
    yield "\nStarts"
    for axis in scene.axes:
        starts = f"{axis.name}  {', '.join(map(str, axis.starts))}"
        yield textwrap.fill(starts, 100, initial_indent="  ", subsequent_indent="     ")

"""Owns the command `patchviz`: its options, what it prints, and the status it exits with."""

from __future__ import annotations

import argparse
import codecs
import io
import json
import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchviz import __version__
from patchviz.errors import DataError

if TYPE_CHECKING:
    from patchviz.facts import CohortFacts
    from patchviz.scene import Scene

# Heavy modules are imported where they are needed, so that `patchviz --help` answers at once.

OK, DATA_ERROR, USAGE_ERROR, STOPPED = 0, 1, 2, 130
PLAIN = {"→": "->", "×": "x", "·": "*", "…": "..."}  # for consoles that lack the character


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process where it is left out.

    Returns
    -------
    int
        0 when all went well, 1 when data or files are at fault, 2 when the arguments are, 130
        after Ctrl-C, and otherwise JupyterLab's own status.
    """
    _make_printable()
    given = list(sys.argv[1:] if argv is None else argv)
    cut = given.index("--") if "--" in given else len(given)
    try:
        options = _parser().parse_args(given[:cut])
        options.run(options, given[cut + 1 :])
        sys.stdout.flush()
    except SystemExit as end:  # argparse's or JupyterLab's
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        print("patchviz: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # whoever reads has read enough: `patchviz plan scans | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (DataError, OSError) as error:
        return _fail(error, DATA_ERROR)
    except (ValueError, TypeError) as error:
        return _fail(error, USAGE_ERROR)
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="patchviz",
        description="See, tweak, check and run the way 3-D scans are cut into patches. Without a "
        "command, JupyterLab opens on the explorer notebook, with the options that follow --.",
    )
    parser.add_argument("--version", action="version", version=f"patchviz {__version__}")
    parser.add_argument(
        "--notebooks",
        metavar="DIR",
        type=Path,
        help="copy the notebooks to DIR and open them there; edited ones are kept (default: a "
        "checkout's own folder, else patchviz-notebooks)",
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.add_argument("--port", type=int, metavar="N", help="for JupyterLab (default: its own)")
    parser.set_defaults(run=_open_notebooks)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_plan(commands.add_parser("plan", help="print the grid, the queue and every number"))
    _add_phantom(commands.add_parser("phantom", help="write synthetic scans as NIfTI files"))
    return parser


def _add_plan(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print what a choice of patches gives: sentence, ledger, notes, and where patches start."
    )
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument(
        "folder", nargs="?", type=Path, help="a folder of subjects' folders, or one .nii[.gz] file"
    )
    ints: dict[str, Any] = {"nargs": "+", "type": _voxels, "metavar": "N"}
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
        type=_blank_rule,
        metavar="RULE",
        help="leave out patches whose label is blank: any (default), center, or a share like 0.01",
    )
    choices.add_argument("--batch-size", type=int, metavar="N", help="patches a batch (default 8)")
    choices.add_argument(
        "--data-split", type=float, metavar="SHARE", help="of subjects that train (default 0.8)"
    )
    choices.add_argument("--seed", type=int, metavar="N", help="of the split (default 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    parser.set_defaults(run=_plan)


def _add_phantom(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write synthetic heads with lesions: a folder of NIfTI files per subject."
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--subjects", type=int, default=30, metavar="N", help="default 30")
    parser.add_argument(
        "--shape", nargs="+", type=_voxels, default=[144], metavar="N", help="default 144: a cube"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="default 0")
    parser.set_defaults(run=_write_phantom)


def _voxels(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no whole number of voxels (a folder comes before the options)"
        ) from None


def _blank_rule(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _open_notebooks(options: argparse.Namespace, lab_options: Sequence[str]) -> None:
    from patchviz.course import copy_notebooks, find_checkout, open_lab

    folder = options.notebooks or find_checkout()
    if folder is None or options.notebooks:
        folder = folder or Path("patchviz-notebooks")
        if kept := copy_notebooks(folder):
            print(
                f"patchviz: kept {', '.join(kept)} in {folder}, edited or from another version; "
                "delete or rename a file there to get a fresh copy"
            )
    ours = ["--no-browser"] if options.no_browser else []
    if options.port is not None:
        ours.append(f"--ServerApp.port={options.port}")
    open_lab(folder, [*ours, *lab_options])


def _plan(options: argparse.Namespace, rest: Sequence[str]) -> None:
    from dataclasses import fields

    from patchviz.scene import resolve
    from patchviz.settings import Settings

    _refuse(rest)
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


def _write_phantom(options: argparse.Namespace, rest: Sequence[str]) -> None:
    from patchviz.phantom import write_phantom_cohort

    _refuse(rest)
    shape = options.shape * 3 if len(options.shape) == 1 else options.shape
    write_phantom_cohort(options.folder, options.subjects, shape, options.seed)
    folder = f'"{options.folder}"' if " " in str(options.folder) else options.folder
    print(f"{options.subjects} subjects are in {options.folder}; next: patchviz plan {folder}")


def _refuse(rest: Sequence[str]) -> None:
    if rest:
        raise ValueError(f"nothing goes after -- here, got {' '.join(rest)}")


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
    from patchviz.volumes import Cohort

    if options.folder.is_file():
        return Cohort.from_files([options.folder]).facts
    return Cohort.from_folder(options.folder, label=options.label or "*seg*").facts


def _invent_facts(image_shape: Sequence[int], subjects: int | None) -> CohortFacts:
    """Make up the subjects of --subjects and --image-shape."""
    from patchviz.facts import CohortFacts

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
    if scene.notes:
        yield "\nNotes"
        yield from (f"  {note.control}: {note.text}" for note in scene.notes)
    yield "\nStarts"
    for axis in scene.axes:
        starts = f"{axis.name}  {', '.join(map(str, axis.starts))}"
        yield textwrap.fill(starts, 100, initial_indent="  ", subsequent_indent="     ")


def _fail(error: Exception, status: int) -> int:
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    print(f"patchviz: {text}", file=sys.stderr)
    return status


def _make_printable() -> None:
    """Let consoles print what they can, and the rest in ASCII, rather than raise."""
    codecs.register_error("patchviz", _transliterate)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="patchviz")


def _transliterate(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)  # streams that are written to only encode
    text = error.object[error.start : error.end]
    plain = (PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in text)
    return "".join(plain), error.end

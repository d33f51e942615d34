"""Owns the command `patchviz`: its options, what it prints, and the status it exits with."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import fields
from inspect import getdoc
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from patchviz import __version__
from patchviz.errors import DataError

if TYPE_CHECKING:
    from patchviz.data import CohortFacts
    from patchviz.scene import Scene

# Heavy modules are imported where they are needed, so that `patchviz --help` answers at once.

OK, DATA_ERROR, USAGE_ERROR, STOPPED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv`, the process's own by default, and return its status.

    0 when all went well, 1 when data or files are at fault, 2 when the arguments are, 130 after
    Ctrl-C, and otherwise JupyterLab's own.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console prints what it can, and never raises
    given = list(sys.argv[1:] if argv is None else argv)
    cut = given.index("--") if "--" in given else len(given)
    try:
        options = _parser("plan" in given).parse_args(given[:cut])
        options.lab_options = given[cut + 1 :]
        if options.lab_options and options.run is not _open_notebooks:
            raise ValueError(f"nothing goes after -- here, got {' '.join(options.lab_options)}")
        options.run(options)
        sys.stdout.flush()
    except SystemExit as end:  # argparse's or JupyterLab's
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        print("patchviz: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # whoever reads has read enough: `patchviz plan scans | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (DataError, OSError, ModuleNotFoundError) as error:
        return _fail(error, DATA_ERROR)
    except (ValueError, TypeError) as error:
        return _fail(error, USAGE_ERROR)
    return OK


def _fail(error: Exception, status: int) -> int:
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    print(f"patchviz: {text}", file=sys.stderr)
    return status


# The options -------------------------------------------------------------------------------------


def _read_voxels(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no whole number of voxels (a folder comes before the options)"
        ) from None


VOXELS: dict[str, Any] = {"type": _read_voxels, "metavar": "N", "nargs": "+"}


def _parser(with_settings: bool) -> argparse.ArgumentParser:
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
    plan = commands.add_parser("plan", help="print the grid, the queue and every number")
    _add_plan(plan)
    if with_settings:  # they are read from a module that needs NumPy
        _add_settings(plan)
    _add_phantom(commands.add_parser("phantom", help="write synthetic scans as NIfTI files"))
    _add_site(commands.add_parser("site", help="write the course as a web site without a server"))
    return parser


def _add_plan(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print what a choice of patches gives: sentence, ledger, notes, and where patches start."
    )
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument(
        "folder", nargs="?", type=Path, help="a folder of subjects' folders, or one .nii[.gz] file"
    )
    shape = "voxels per axis, instead of data; one: a cube"
    data.add_argument("--image-shape", help=shape, **VOXELS)
    parser.add_argument("--subjects", type=int, metavar="N", help="with --image-shape (default 30)")
    parser.add_argument("--label", metavar="PATTERN", help="names of label files (default *seg*)")
    parser.add_argument(
        "--subject", dest="shown", metavar="ID", help="whose grid: id, or number from 1 (default 1)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    parser.set_defaults(run=_print_plan)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Add an option for each of `Settings`, as its type, default and docstring have it."""
    from patchviz.scene import Settings

    entries = re.findall(r"^(\w[\w, ]*) : .*\n((?: .*\n?)+)", getdoc(Settings) or "", re.MULTILINE)
    about = {name: " ".join(text.split()) for names, text in entries for name in names.split(", ")}
    types = get_type_hints(Settings)
    # left out, a setting is left to `Settings`: SUPPRESS keeps it out of the options
    group = parser.add_argument_group("settings", argument_default=argparse.SUPPRESS)
    for setting in fields(Settings):
        if setting.name == "subject":  # said by its id
            continue
        text = about.get(setting.name, "").replace("`", "").replace("%", "%%")
        if setting.default is not None and setting.default is not False:
            text += f" (default {setting.default})"
        name = f"--{setting.name.replace('_', '-')}"
        group.add_argument(name, help=text, **_describe_values(_kinds(types[setting.name])))


def _kinds(annotation: Any) -> set[Any]:
    """Return all types that an annotation names."""
    return {get_origin(annotation) or annotation}.union(*map(_kinds, get_args(annotation)))


def _describe_values(kinds: set[Any]) -> dict[str, Any]:
    """Tell argparse how to read values of some types."""
    if bool in kinds:
        return {"type": _number_or_word, "metavar": "RULE", "nargs": "?", "const": True}
    nargs = "+" if kinds & {tuple, Sequence} else None
    if str in kinds:
        return {"type": _number_or_word, "metavar": "HOW", "nargs": nargs}
    if float in kinds:
        return {"type": float, "metavar": "SHARE", "nargs": nargs}
    return VOXELS if nargs else {"type": int, "metavar": "N"}


def _number_or_word(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _add_phantom(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write synthetic heads with lesions: a folder of NIfTI files per subject."
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--subjects", type=int, default=30, metavar="N", help="default 30")
    parser.add_argument("--shape", default=[144], help="default 144: a cube", **VOXELS)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="default 0")
    parser.set_defaults(run=_write_phantom)


def _add_site(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Run all notebooks and write them as pages, explorers alive, which any browser opens "
        "without Python or network. A site written before is replaced, unless it was edited."
    )
    folder = Path("patchviz-site")
    parser.add_argument(
        "folder", nargs="?", metavar="DIR", type=Path, default=folder, help=f"default {folder}"
    )
    parser.set_defaults(run=_write_site)


# What runs ---------------------------------------------------------------------------------------


def _open_notebooks(options: argparse.Namespace) -> None:
    from patchviz.course.notebooks import copy_notebooks, find_checkout, open_lab

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
    open_lab(folder, [*ours, *options.lab_options])


def _write_phantom(options: argparse.Namespace) -> None:
    from patchviz.data import write_phantom_cohort

    shape = options.shape * 3 if len(options.shape) == 1 else options.shape
    write_phantom_cohort(options.folder, options.subjects, shape, options.seed)
    folder = f'"{options.folder}"' if " " in str(options.folder) else options.folder
    print(f"{options.subjects} subjects are in {options.folder}; next: patchviz plan {folder}")


def _write_site(options: argparse.Namespace) -> None:
    from patchviz.course.site import write_site

    home = write_site(options.folder, say=lambda line: print(line, flush=True))
    print(f"the site is ready: open {home} in a browser")


def _print_plan(options: argparse.Namespace) -> None:
    from patchviz.scene import Settings, resolve

    facts = _read_facts(options)
    chosen = {f.name: getattr(options, f.name) for f in fields(Settings) if f.name in options}
    for name, value in chosen.items():
        if isinstance(value, list):  # one for all axes, or one for each
            chosen[name] = value[0] if len(value) == 1 else tuple(value)
    subject = 0 if options.shown is None else _find_subject(facts.ids, options.shown)
    scene = resolve(Settings(**chosen, subject=subject), facts)
    if options.json:
        print(json.dumps(scene.to_json()))
        return
    print("\n".join(_describe(scene)))
    if options.folder is not None:
        print(f"\nShown is {scene.subject_id}, subject {subject + 1} of {scene.n_subjects}.")


def _read_facts(options: argparse.Namespace) -> CohortFacts:
    from patchviz.data import Cohort, CohortFacts

    if options.folder is not None:
        if options.subjects is not None:
            raise ValueError("--subjects goes with --image-shape; here the data tell how many")
        if options.folder.is_file():
            return Cohort.from_files([options.folder]).facts
        return Cohort.from_folder(options.folder, label=options.label or "*seg*").facts
    if options.label is not None:
        raise ValueError("--label goes with a folder, not with --image-shape")
    n = 30 if options.subjects is None else options.subjects
    if n < 1:
        raise ValueError(f"--subjects must be at least 1, got {n}")
    shape = options.image_shape * (3 if len(options.image_shape) == 1 else 1)
    if len(shape) > 3:
        raise ValueError(f"--image-shape must have at most 3 axes, got {len(shape)}")
    return CohortFacts.from_shape(tuple(shape), n)


def _find_subject(ids: Sequence[str], shown: str) -> int:
    """Find a subject by its id, or by its number counted from 1."""
    places = {str(n + 1): n for n in range(len(ids))} | {name: n for n, name in enumerate(ids)}
    if shown not in places:
        raise ValueError(
            f"--subject must be an id ({ids[0]} … {ids[-1]}) or a number from 1 to {len(ids)}, "
            f"got {shown!r}"
        )
    return places[shown]


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
        yield from (f"  {hint.control}: {hint.text}" for hint in scene.hints)
    yield "\nStarts"
    for axis in scene.axes:
        starts = f"{axis.name}  {', '.join(map(str, axis.starts))}"
        yield textwrap.fill(starts, 100, initial_indent="  ", subsequent_indent="     ")

"""Owns the command `patchviz`: its options, what it prints, and the status it exits with."""

from __future__ import annotations

import argparse
import codecs
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from patchviz import __version__
from patchviz.errors import DataError
from patchviz.plan_command import add_plan, read_voxels

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
    add_plan(commands.add_parser("plan", help="print the grid, the queue and every number"))
    _add_phantom(commands.add_parser("phantom", help="write synthetic scans as NIfTI files"))
    _add_site(commands.add_parser("site", help="write the course as a web site without a server"))
    return parser


def _add_phantom(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write synthetic heads with lesions: a folder of NIfTI files per subject."
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--subjects", type=int, default=30, metavar="N", help="default 30")
    parser.add_argument(
        "--shape",
        nargs="+",
        type=read_voxels,
        default=[144],
        metavar="N",
        help="default 144: a cube",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="default 0")
    parser.set_defaults(run=_write_phantom)


def _add_site(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Run all notebooks and write them as pages, explorers alive, which any browser opens "
        "without Python or network. A site written before is replaced, unless it was edited."
    )
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="DIR",
        type=Path,
        default=Path("patchviz-site"),
        help="default patchviz-site",
    )
    parser.set_defaults(run=_write_site)


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
    from patchviz.data.phantom import write_phantom_cohort

    shape = options.shape * 3 if len(options.shape) == 1 else options.shape
    write_phantom_cohort(options.folder, options.subjects, shape, options.seed)
    folder = f'"{options.folder}"' if " " in str(options.folder) else options.folder
    print(f"{options.subjects} subjects are in {options.folder}; next: patchviz plan {folder}")


def _write_site(options: argparse.Namespace) -> None:
    from patchviz.course.site import write_site

    home = write_site(options.folder, say=lambda line: print(line, flush=True))
    print(f"the site is ready: open {home} in a browser")


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

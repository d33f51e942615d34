"""Execute the notebooks, and save them with their pictures: ``python -m tests.notebooks``.

With ``--table`` their lengths, sizes and times are printed, and written to the teacher's guide.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

REPOSITORY = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
ANSWERS = sorted((REPOSITORY / "notebooks/answers").glob("*.py"))
GUIDE = REPOSITORY / "notebooks/README.md"
NEEDS_TORCH = "this cell needs PyTorch: pip install torch\n"  # what 09 says where it is missing
WIDGET = "application/vnd.jupyter.widget-view+json"
TABLE = re.compile(r"(?<=<!-- table -->\n).*(?=<!-- end of table -->)", re.DOTALL)


def environment(*folders: Path) -> dict[str, str]:
    """Return the environment in which notebooks and answers import this checkout's patchviz.

    What is in `folders` is imported before anything else.
    """
    search = [*map(str, folders), str(REPOSITORY), os.environ.get("PYTHONPATH")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, search))}


def execute(path: Path, *folders: Path) -> NotebookNode:
    """Run a notebook from top to bottom in a kernel of its own, in an empty folder.

    What is in `folders` is imported before anything else.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        where = {"metadata": {"path": folder}}
        # lines printed one by one come in pieces where the machine is slow
        client = NotebookClient(notebook, timeout=300, resources=where, coalesce_streams=True)
        client.execute(env=environment(*folders))
    return strip(notebook)


def strip(notebook: NotebookNode) -> NotebookNode:
    """Leave what reads well where nothing runs: no widgets, no bars, no counts, no times."""
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        cell.execution_count = None
        # a bar of progress is shown where the machine is slow
        cell.outputs = [
            o for o in cell.outputs if "%|" not in o.get("data", {}).get("text/plain", "")
        ]
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = None
            if output.get("data", {}).pop(WIDGET, None) and len(output.data) > 1:
                output.data.pop("text/plain", None)
    return notebook


def outputs_of(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the outputs of all cells."""
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def kinds_of(cell: NotebookNode) -> list[tuple[str, set[str]]]:
    """Return what kinds of outputs a cell has, each with its forms."""
    return [(output.output_type, set(output.get("data", ()))) for output in cell.get("outputs", ())]


def count_words(notebook: NotebookNode) -> list[int]:
    """Count the words of each text cell."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return [sum(any(map(str.isalnum, word)) for word in text.split()) for text in texts]


def count_lines(notebook: NotebookNode) -> list[int]:
    """Count the lines of each code cell, but for comments and lone brackets."""
    cells = [cell.source.splitlines() for cell in notebook.cells if cell.cell_type == "code"]
    lines = [[line.partition("#")[0] for line in cell] for cell in cells]
    return [sum(any(map(str.isalnum, line)) for line in cell) for cell in lines]


def measure(path: Path) -> str:
    """Execute a notebook as stored, and return its row of the guide's table."""
    notebook = nbformat.read(path, as_version=4)
    start = perf_counter()
    execute(path)
    seconds = perf_counter() - start
    words, lines = (f"{median(count(notebook)):g}" for count in (count_words, count_lines))
    size = f"{path.stat().st_size / 1e3:.0f} kB"
    return f"| [{path.stem}]({path.name}) | {words} | {lines} | {seconds:.0f} s | {size} |\n"


def write_table() -> None:
    """Measure all notebooks, print the table, and put it into the teacher's guide."""
    head = (
        "| notebook | words per text cell | lines per code cell | run time | size |\n"
        "|---|---|---|---|---|\n"
    )
    table = head + "".join(map(measure, NOTEBOOKS))
    print(table, end="")
    GUIDE.write_text(TABLE.sub(lambda _: table, GUIDE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        write_table()
        sys.exit()
    wanted = set(sys.argv[1:])  # all, unless some are named
    for path in NOTEBOOKS:
        if wanted and path.stem not in wanted:
            continue
        notebook = execute(path)
        if any(output.get("text") == NEEDS_TORCH for output in outputs_of(notebook)):
            print(f"{path.relative_to(REPOSITORY)}: not saved, install PyTorch first")
            continue
        nbformat.write(notebook, path)
        print(f"{path.relative_to(REPOSITORY)}: {path.stat().st_size / 1e3:.0f} kB")

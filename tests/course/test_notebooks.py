"""Every notebook runs from top to bottom, is short, and is stored as it reads well anywhere."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from statistics import median

import nbformat
import nibabel
import numpy as np
import pytest
from nbformat import NotebookNode

import patchviz
from patchviz.scene import write_calls
from tests.notebooks import (
    ANSWERS,
    GUIDE,
    NEEDS_TORCH,
    NOTEBOOKS,
    REPOSITORY,
    TABLE,
    WIDGET,
    count_lines,
    count_words,
    environment,
    execute,
    kinds_of,
    outputs_of,
    strip,
)

# from the root or a drive, at the beginning of a word: /usr/lib, C:\\Users; not 144/64, </p>, https://
ABSOLUTE_PATH = re.compile(r"(?<![\w:/.<])/[\w.-]+/|\b[A-Z]:\\")

FOLDERS = {str(f) for f in (Path.home(), tempfile.gettempdir(), REPOSITORY) if len(str(f)) > 1}

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
every_answer = pytest.mark.parametrize("path", ANSWERS, ids=[path.stem for path in ANSWERS])


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code_of(notebook: NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def test_there_are_notebooks() -> None:
    assert (REPOSITORY / "notebooks/00-explorer.ipynb") in NOTEBOOKS


def test_09_runs_without_pytorch(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError")
    (path,) = (path for path in NOTEBOOKS if path.stem == "09-training")
    for ran, stored in zip(execute(path, tmp_path).cells, read(path).cells, strict=True):
        if ran.source.startswith("if have_torch():"):
            assert [output.text for output in ran.outputs] == [NEEDS_TORCH]
        else:
            assert kinds_of(ran) == kinds_of(stored)


@every_notebook
def test_it_is_stored_with_pictures_and_nothing_else(path: Path) -> None:
    notebook = read(path)
    assert strip(read(path)) == notebook
    assert path.stat().st_size < 1_000_000
    assert any("image/png" in output.get("data", {}) for output in outputs_of(notebook))
    for output in outputs_of(notebook):
        assert output.output_type != "error"
        assert output.get("name") != "stderr"
        assert WIDGET not in output.get("data", {})
        data = dict(output.get("data", {}))
        data.pop("image/png", None)
        for text in [output.get("text", ""), *map(str, data.values())]:
            text = re.sub(r"data:image/png;base64,[^\"]+", "", text)
            assert not re.search(r"(?i)site-packages|warning", text)
            assert not ABSOLUTE_PATH.search(text)
            assert not any(folder in text for folder in FOLDERS)
            assert "no answer yet" not in text


@every_notebook
def test_it_is_short_and_asks_and_proves(path: Path) -> None:
    notebook = read(path)
    assert notebook.cells[0].source.startswith("# ")
    assert 10 <= median(count_words(notebook)) <= 35
    # a network and its loop are as long as they are
    assert median(count_lines(notebook)) <= (5 if path.stem == "09-training" else 3)
    assert re.search(r"\bask\(", code_of(notebook))
    assert re.search(r"^\s*assert ", code_of(notebook), re.MULTILINE)


@pytest.mark.parametrize(
    ("path", "following"),
    list(pairwise(NOTEBOOKS)),
    ids=[path.stem for path in NOTEBOOKS[:-1]],
)
def test_it_ends_with_the_name_of_the_next(path: Path, following: Path) -> None:
    last = read(path).cells[-1]
    assert last.cell_type == "markdown"
    assert following.stem in last.source


@every_notebook
def test_its_exercises_have_answers(path: Path) -> None:
    notebook = read(path)
    named = re.findall(r"answers/([\w-]+\.py)", str(notebook))
    assert set(named) <= {answer.name for answer in ANSWERS}
    if re.search(r"\bcheck\(", code_of(notebook)):
        assert f"{path.stem}.py" in named
        assert "your turn" in str(outputs_of(notebook))


def test_another_scan_goes_through_08(tmp_path: Path) -> None:
    scan = tmp_path / "scan.nii"
    voxels = np.arange(70 * 50 * 20, dtype=np.int16).reshape(70, 50, 20)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([1.0, 1.0, 3.0, 1.0])), scan)
    (path,) = (path for path in NOTEBOOKS if path.stem == "08-own-data")
    notebook = read(path)
    (cell,) = (cell for cell in notebook.cells if "your scan goes here" in cell.source)
    lines = cell.source.splitlines()
    lines[:2] = f"path = {str(scan)!r}", "cohort = patchviz.Cohort.from_files([path])"
    cell.source = "\n".join(lines)
    nbformat.write(notebook, tmp_path / "mine.ipynb")
    said = str(outputs_of(execute(tmp_path / "mine.ipynb")))
    assert "(70, 50, 20) voxels of (1.0, 1.0, 3.0) mm" in said
    assert "(48, 64, 32)" in said  # as many patches as with 64, in multiples of 16
    assert "no answer yet" not in said


@every_answer
def test_an_answer_belongs_to_a_notebook_runs_and_proves(path: Path, tmp_path: Path) -> None:
    assert path.stem in {notebook.stem for notebook in NOTEBOOKS}
    assert re.search(r"^\s*assert ", path.read_text("utf-8"), re.MULTILINE)
    run = subprocess.run(
        [sys.executable, "-W", "error", path],
        cwd=tmp_path,
        env=environment() | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_the_guide_tells_of_every_notebook() -> None:
    guide = GUIDE.read_text("utf-8")
    (table,) = TABLE.findall(guide)
    for path in NOTEBOOKS:
        assert f"[{path.stem}]({path.name})" in table
        assert f"### {path.stem}" in guide


def find_private_names(code: str) -> list[str]:
    """Return what code uses of patchviz that is in no room's `__all__`."""
    used = []
    for node in ast.walk(ast.parse(re.sub(r"^%.*", "", code, flags=re.MULTILINE))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("patchviz"):
            used += [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            used += [(alias.name, "*") for alias in node.names if "patchviz." in alias.name]
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "patchviz":
            used.append(("patchviz", node.attr))
    return [
        f"{room}.{name}"
        for room, name in used
        if name not in getattr(import_module(room), "__all__", ())
    ]


def test_private_names_are_found() -> None:
    code = (
        "%run x\nimport patchviz.grid\nfrom patchviz.grid.cut import cut_patch\npatchviz.epochs.x"
    )
    assert find_private_names(code) == [
        "patchviz.grid.*",
        "patchviz.grid.cut.cut_patch",
        "patchviz.epochs",
    ]


README = re.findall(
    r"^```python\n(.*?)^```",
    (REPOSITORY / "README.md").read_text("utf-8"),
    re.DOTALL | re.MULTILINE,
)
COPIED = [
    call.code or ""
    for policy in patchviz.POLICIES
    for call in write_calls(patchviz.PatchGrid((144, 144, 144), 64, policy=policy))
]


@pytest.mark.parametrize(
    "code",
    [
        *(pytest.param(code_of(read(path)), id=path.stem) for path in NOTEBOOKS),
        *(pytest.param(path.read_text("utf-8"), id=f"answers/{path.stem}") for path in ANSWERS),
        *(pytest.param(code, id=f"README {n}") for n, code in enumerate(README, 1)),
        pytest.param("\n".join(COPIED), id="copied calls"),
    ],
)
def test_it_uses_public_names_only(code: str) -> None:
    assert find_private_names(code) == []

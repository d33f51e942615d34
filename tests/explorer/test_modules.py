"""The explorer's ES modules: which may import which, and their logic, tested by Node."""

import re
from pathlib import Path

import pytest

from patchviz.explorer.bundle import SCRIPTS
from tests.node import run_node

FOLDERS = ["state", "draw", "views", "pages"]  # each imports from itself and those before
TESTS = sorted(Path(__file__).parent.glob("js/*.test.mjs"))


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_logic(file):
    done = run_node("--test", str(file))
    assert not done.returncode, done.stdout


def imports():
    for path in SCRIPTS.rglob("*.js"):
        for found in re.findall(r'from "(\.[^"]+)"', path.read_text("utf-8")):
            yield path.relative_to(SCRIPTS), (path.parent / found).resolve().relative_to(SCRIPTS)


def test_imports_point_one_way_and_views_know_no_other_views():
    found = list(imports())
    assert len(found) > 50
    for importer, imported in found:
        here, there = (FOLDERS.index(path.parts[0]) for path in (importer, imported))
        assert there < here or (there == here and importer.parts[0] != "views"), importer

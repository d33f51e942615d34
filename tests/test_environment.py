"""environment.yml says the same as pyproject.toml, and the gate skips what it says only."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml  # jupyterlab needs it, by way of jupyter-events
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT)["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
ON_CONDA = {"matplotlib": "matplotlib-base", "isal": "python-isal"}  # what conda calls them


def split_bound(requirement: str) -> tuple[str, str]:
    name, bound = re.fullmatch(r"([a-z-]+)([=><][=0-9.]+)", requirement).groups()
    return name, bound


def test_packages_and_bounds_are_those_of_the_project():
    needed = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["lab"]
    wanted = {ON_CONDA.get(name, name): bound for name, bound in map(split_bound, needed)}
    _python, *packages, pip, from_pip = ENVIRONMENT["dependencies"]
    assert dict(map(split_bound, packages)) == wanted
    assert (pip, from_pip) == ("pip", {"pip": ["-e ."]})
    assert ENVIRONMENT["channels"] == ["conda-forge"]


def test_python_is_one_version_that_the_project_allows():
    """Binder's repo2docker looks for `python=x.y`, and ignores bounds."""
    name, bound = split_bound(ENVIRONMENT["dependencies"][0])
    version = re.fullmatch(r"=(3\.\d+)", bound)[1]
    assert name == "python"
    assert version in SpecifierSet(PROJECT["requires-python"])


def test_every_dependency_of_the_project_says_why():
    listed = re.findall(r"^(?:dependencies|lab) = \[(.*?)^\]", PYPROJECT, re.DOTALL | re.MULTILINE)
    reasoned = re.findall(r'^  "([^"]+)", *# *\S.*$', "".join(listed), re.MULTILINE)
    assert reasoned == PROJECT["dependencies"] + PROJECT["optional-dependencies"]["lab"]


def test_whoever_develops_gets_the_extra_that_opens_the_notebooks():
    """`uv run patchviz` and `pip install --group dev` install the group, and name no extra."""
    groups = tomllib.loads(PYPROJECT)["dependency-groups"]
    assert f"{PROJECT['name']}[lab,dask]" in groups["dev"]


def test_where_skips_are_limited_another_reason_fails(tmp_path):
    (tmp_path / "conftest.py").write_text("from tests.conftest import *")
    (tmp_path / "test_module.py").write_text(
        "import pytest\npytest.importorskip('torch_of_tomorrow')\n"
    )
    (tmp_path / "test_two.py").write_text(
        "import pytest\n"
        "def test_accepted(): pytest.skip('PyTorch is not installed')\n"
        "def test_refused(): pytest.skip('no browser found')\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", tmp_path, "--continue-on-collection-errors"],
        env=os.environ | {"PATCHVIZ_MAY_SKIP": "PyTorch|Keras", "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "1 failed, 1 skipped, 1 error" in run.stdout
    assert "Skipped: no browser found, but PATCHVIZ_MAY_SKIP is 'PyTorch|Keras'" in run.stdout
    assert "Skipped: could not import 'torch_of_tomorrow'" in run.stdout

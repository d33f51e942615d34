"""The package as a whole: its public names, what it loads, and that it says what it does."""

import ast
import doctest
import os
import subprocess
import sys
from importlib import import_module
from inspect import isclass, isroutine
from pathlib import Path

import pytest

import patchviz

PACKAGE = Path(patchviz.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__main__.py")
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
PUBLIC = [
    (face, name)
    for face in ("patchviz", *(f"patchviz.{room}" for room in ROOMS))
    for name in import_module(face).__all__
]


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def third_party_modules_after(code: str) -> set[str]:
    """Run code in a fresh interpreter and tell which packages it loaded beyond Python's own."""
    script = f"""
import sys
before = set(sys.modules)
{code}
files = {{name for name, module in sys.modules.items() if getattr(module, "__file__", None)}}
loaded = {{name.partition(".")[0] for name in files - before}}
print(sorted(loaded - sys.stdlib_module_names - {{"patchviz"}}))
"""
    root = str(Path(patchviz.__file__).parent.parent)
    run = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ast.literal_eval(run.stdout))


def test_import_loads_numpy_at_most():
    assert third_party_modules_after("import patchviz") <= {"numpy"}


def test_the_course_loads_nothing_that_comes_with_the_extra_lab():
    loaded = third_party_modules_after("import patchviz.course.site, patchviz.course.notebooks")
    assert "anywidget" in loaded
    assert not loaded & {"jupyterlab", "nbclient", "nbconvert", "nbformat", "jupyter_client"}


def test_the_core_loads_numpy_only():
    code = """
import patchviz
patchviz.PatchGrid((18, 18), 8).corners
patchviz.create_patch_index_list([0, 1], (18, 18), 8).pop()
patchviz.get_validation_split(30)
patchviz.reconstruct_from_patches([[1]], [[0]], (2,))
patchviz.get_number_of_steps(648, 8)
"""
    assert third_party_modules_after(code) == {"numpy"}


@pytest.mark.parametrize("room", ["", *ROOMS])
def test_public_names_are_a_literal_sorted_list(room):
    """One that is computed is nothing to a type checker."""
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text("utf-8"))
    (names,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets) == "__all__"
    )
    assert names == sorted(set(names), key=lambda name: (not name.isupper(), name))
    assert not [name for name in names if name.startswith("_")]


def test_public_names_on_top_are_those_that_have_a_home():
    assert [*patchviz._HOME] == patchviz.__all__ == patchviz.__dir__()
    with pytest.raises(AttributeError, match="'patchviz' has no attribute 'nothing'"):
        patchviz.nothing  # noqa: B018 (looking is what raises)


@pytest.mark.parametrize(("face", "name"), PUBLIC)
def test_a_public_name_is_there_described_and_defined_in_its_room(face, name):
    if name in ("PatchDataset", "PatchIterableDataset"):
        pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    value = getattr(import_module(face), name)
    if isclass(value) or isroutine(value):
        assert value.__name__ == name
        assert value.__module__.startswith(f"{face}.")
        assert value.__doc__
        assert not value.__doc__.startswith(f"{name}(")  # what dataclass writes by itself
    else:
        assert name == "POLICIES"


@pytest.mark.parametrize("name", patchviz.__all__)
def test_type_checkers_see_the_public_names(name):
    """Every name is imported under TYPE_CHECKING from the module that it is looked up in."""
    tree = ast.parse(Path(patchviz.__file__).read_text())
    imported = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("patchviz.")
        for alias in node.names
    }
    assert imported[name] == f"patchviz.{patchviz._HOME[name]}"


# that functions and classes are described is held by ruff
@pytest.mark.parametrize("path", FILES, ids=map(module_name, FILES))
def test_a_module_opens_with_one_sentence_and_its_examples_run(path):
    if path.name == "datasets.py":
        pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    module = import_module(module_name(path))
    assert module.__doc__.splitlines()[0].endswith(".")
    assert doctest.testmod(module).failed == 0


def test_datasets_say_what_they_need(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "patchviz.training.datasets", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"need PyTorch, .* pip install torch"):
        import_module("patchviz.training.datasets")

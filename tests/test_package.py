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

CORE = [
    "arguments",
    "errors",
    "grid.assembly",
    "grid.cut",
    "grid.patch_grid",
    "grid.policies",
    "epochs.queue",
    "epochs.splits",
    "training.batches",
    "training.generators",
    "training.prediction",
]


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


def test_public_names_are_those_that_have_a_home():
    assert sorted(patchviz.__all__) == sorted(patchviz._HOME) == dir(patchviz)
    assert len(set(patchviz.__all__)) == len(patchviz.__all__)
    assert not [name for name in patchviz.__all__ if name.startswith("_")]
    with pytest.raises(AttributeError, match="'patchviz' has no attribute 'nothing'"):
        patchviz.nothing  # noqa: B018 (looking is what raises)


@pytest.mark.parametrize("name", patchviz.__all__)
def test_a_public_name_is_there_described_and_defined_where_it_is_said_to_be(name):
    value = getattr(patchviz, name)
    if isclass(value) or isroutine(value):
        assert value.__name__ == name
        assert value.__module__.startswith("patchviz.")
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


@pytest.mark.parametrize("module", CORE)
def test_a_module_opens_with_one_sentence_and_its_examples_run(module):
    module = import_module(f"patchviz.{module}")
    first = module.__doc__.splitlines()[0]
    assert first.endswith(".")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("module", CORE)
def test_every_function_and_class_without_underscore_is_described(module):
    tree = ast.parse(Path(import_module(f"patchviz.{module}").__file__).read_text())
    named = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    local = {"keep", "make_queue", "queue_of", "batches", "cut"}  # functions within functions
    assert [node.name for node in named if not ast.get_docstring(node)] == [
        node.name for node in named if node.name in local
    ]


def test_datasets_say_what_they_need(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "patchviz.training.datasets", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"need PyTorch, .* pip install torch"):
        import_module("patchviz.training.datasets")

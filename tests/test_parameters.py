"""No function takes more than eight parameters: what belongs together travels as one value."""

import ast
from collections.abc import Iterator
from pathlib import Path

import patchviz

PACKAGE = Path(patchviz.__file__).parent
MOST = 8
SEED = {  # the names of the scheme, which take their options one by one
    "add_data",
    "compute_patch_indices",
    "create_patch_index_list",
    "data_generator",
    "get_number_of_patches",
    "get_number_of_steps",
    "get_set_of_patch_indices",
    "get_training_and_validation_generators",
    "get_validation_split",
}


def find_long(source: str) -> Iterator[str]:
    """Yield the functions with too many parameters; the `__init__` of a dataclass may have more."""
    tree = ast.parse(source)
    of_values = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any("dataclass" in ast.dump(d) for d in node.decorator_list)
        for inner in node.body
        if isinstance(inner, ast.FunctionDef) and inner.name == "__init__"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            given = node.args
            names = [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
            names += [a.arg for a in (given.vararg, given.kwarg) if a]
            n = len([name for name in names if name not in ("self", "cls")])
            if n > MOST and id(node) not in of_values:
                yield getattr(node, "name", "lambda")


def test_the_search_finds_what_is_too_long():
    nine = ", ".join("abcdefghi")
    source = f"""
def long({nine}): ...
def just(self, {nine[3:]}): ...
class Plain:
    def __init__(self, *, {nine}): ...
    def method(self, {nine[9:]}, *args, **more): ...
@dataclass(frozen=True)
class Value:
    def __init__(self, {nine}): ...
"""
    assert list(find_long(source)) == ["long", "__init__"]


def test_no_function_takes_more_than_eight_parameters():
    long = [
        f"{path.relative_to(PACKAGE).as_posix()}: {name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for name in find_long(path.read_text("utf-8"))
        if name not in SEED
    ]
    assert long == []

"""Types reach users: `mypy --strict` accepts what they write, and knows what comes out of it."""

import subprocess
import sys
from importlib import import_module

import pytest

ROOMS = [
    f"patchviz.{room}"
    for room in ("grid", "data", "epochs", "training", "scene", "figures", "explorer", "course")
]

SCRIPT = '''
class Scan:
    """A subject of the user's own."""

    id, shape, n_channels, has_label = "mine", (48, 40, 32), 1, True
    dtype = np.dtype(np.float32)

    def __init__(self) -> None:
        self.image = np.zeros((1, *self.shape), self.dtype)
        self.label = np.zeros(self.shape, np.uint8)

    def count_class(self, value: int | None = None) -> Foreground:
        return Foreground(self.label if value is None else self.label == value)


def model(batch: Array) -> Array:
    return np.asarray(batch.mean(axis=1, keepdims=True))


grid = PatchGrid((48, 40, 32), 16, overlap=4, policy="tight")
assert_type(grid[0], tuple[int, ...])
assert_type(grid[0:2], list[tuple[int, ...]])
grid["first"]  # type: ignore[call-overload]

scans: list[SubjectLike] = [Scan(), Scan()]
for x, y in data_generator(scans, [0, 1], patch_size=16, batch_size=2, skip_blank=0.1):
    print(x.shape, y)
    break
data_generator(["a.nii", "b.nii"], [0, 1], patch_size=16)  # type: ignore[list-item]
assert_type(get_number_of_patches(scans, [0, 1], 16), int)

cohort = Cohort.phantom(6, (48, 40, 32))
assert_type(cohort[0], Subject)
training, validation = get_validation_split(cohort)
assert_type(training, list[int])
queue = create_patch_index_list(training, cohort[0].shape, 16)
assert_type(queue.pop(), tuple[int, tuple[int, ...]])
prepared = get_training_and_validation_generators(cohort, batch_size=2, patch_size=16)
assert_type(prepared[2], int)
predict(cohort[0].image, model, grid).astype(np.float32)

settings = Settings(patch_size=16, sampling=0.33)
assert_type(resolve(settings, cohort.facts), Scene)
explorer = Explorer(cohort, settings=settings, show=["planes", "queue"])
assert_type(explorer.settings, Settings)
explorer.settings = settings
assert_type(explorer.export("patches.html"), Path)
ask("How many patches?", lambda: len(grid))
draw_plane(explorer.scene, axis=0)
'''


def test_mypy_accepts_a_script_and_all_public_names(tmp_path):
    pytest.importorskip("mypy", reason="mypy is not installed: pip install mypy")
    names = {
        "pathlib": ["Path"],
        "typing": ["Any", "assert_type"],
        **{room: import_module(room).__all__ for room in ("patchviz", *ROOMS)},
    }
    imports = [f"from {module} import {', '.join(some)}" for module, some in names.items()]
    head = ["import numpy as np", *imports, "Array = np.ndarray[Any, np.dtype[Any]]"]
    (tmp_path / "script.py").write_text("\n".join([*head, SCRIPT]), "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "script.py"],
        cwd=tmp_path,  # away from this project's settings
        capture_output=True,
        text=True,
    )
    assert (run.stdout, run.stderr) == ("Success: no issues found in 1 source file\n", "")

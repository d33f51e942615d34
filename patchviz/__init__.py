"""patchviz: see, tweak, check and run the way 3-D scans are cut into patches."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patchviz.course import ask, check
    from patchviz.data import Cohort, CohortFacts, Subject, make_phantom
    from patchviz.epochs import (
        PatchQueue,
        create_patch_index_list,
        get_number_of_patches,
        get_number_of_steps,
        get_validation_split,
        k_fold_split,
    )
    from patchviz.errors import DataError
    from patchviz.explorer import Explorer, check_widgets
    from patchviz.grid import (
        POLICIES,
        PatchGrid,
        add_data,
        compute_patch_indices,
        get_set_of_patch_indices,
        reconstruct_from_patches,
    )
    from patchviz.scene import Scene, Settings, resolve
    from patchviz.training import (
        data_generator,
        get_training_and_validation_generators,
        predict,
        predict_cohort,
    )

__all__ = [
    "POLICIES",
    "Cohort",
    "CohortFacts",
    "DataError",
    "Explorer",
    "PatchGrid",
    "PatchQueue",
    "Scene",
    "Settings",
    "Subject",
    "add_data",
    "ask",
    "check",
    "check_widgets",
    "compute_patch_indices",
    "create_patch_index_list",
    "data_generator",
    "get_number_of_patches",
    "get_number_of_steps",
    "get_set_of_patch_indices",
    "get_training_and_validation_generators",
    "get_validation_split",
    "k_fold_split",
    "make_phantom",
    "predict",
    "predict_cohort",
    "reconstruct_from_patches",
    "resolve",
]

# Names are imported when they are first asked for: `import patchviz` loads numpy at most.
_HOME = {
    "POLICIES": "grid",
    "Cohort": "data",
    "CohortFacts": "data",
    "DataError": "errors",
    "Explorer": "explorer",
    "PatchGrid": "grid",
    "PatchQueue": "epochs",
    "Scene": "scene",
    "Settings": "scene",
    "Subject": "data",
    "add_data": "grid",
    "ask": "course",
    "check": "course",
    "check_widgets": "explorer",
    "compute_patch_indices": "grid",
    "create_patch_index_list": "epochs",
    "data_generator": "training",
    "get_number_of_patches": "epochs",
    "get_number_of_steps": "epochs",
    "get_set_of_patch_indices": "grid",
    "get_training_and_validation_generators": "training",
    "get_validation_split": "epochs",
    "k_fold_split": "epochs",
    "make_phantom": "data",
    "predict": "training",
    "predict_cohort": "training",
    "reconstruct_from_patches": "grid",
    "resolve": "scene",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("patchviz-notebooks")
    if name not in _HOME:
        raise AttributeError(f"module 'patchviz' has no attribute {name!r}")
    return getattr(import_module(f"patchviz.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__

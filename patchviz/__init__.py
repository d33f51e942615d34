"""patchviz: see, tweak, check and run the way 3-D scans are cut into patches."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patchviz.assembly import reconstruct_from_patches
    from patchviz.cohort import Cohort
    from patchviz.epochs import PatchQueue, create_patch_index_list
    from patchviz.errors import DataError
    from patchviz.explorer import Explorer
    from patchviz.explorer.fallback import check_widgets
    from patchviz.facts import CohortFacts
    from patchviz.generators import (
        data_generator,
        get_training_and_validation_generators,
    )
    from patchviz.grid import PatchGrid, compute_patch_indices, get_set_of_patch_indices
    from patchviz.patches import add_data
    from patchviz.phantom import make_phantom
    from patchviz.policies import POLICIES
    from patchviz.prediction import predict, predict_cohort
    from patchviz.questions import ask, check
    from patchviz.scene import Scene, resolve
    from patchviz.settings import Settings
    from patchviz.splits import get_validation_split, k_fold_split
    from patchviz.steps import get_number_of_patches, get_number_of_steps
    from patchviz.subjects import Subject

# A name is imported when it is first asked for, so that `import patchviz` loads numpy at most.
_HOME = {
    "Cohort": "cohort",
    "CohortFacts": "facts",
    "DataError": "errors",
    "Explorer": "explorer",
    "POLICIES": "policies",
    "PatchGrid": "grid",
    "PatchQueue": "epochs",
    "Scene": "scene",
    "Settings": "settings",
    "Subject": "subjects",
    "add_data": "patches",
    "ask": "questions",
    "check": "questions",
    "check_widgets": "explorer.fallback",
    "compute_patch_indices": "grid",
    "create_patch_index_list": "epochs",
    "data_generator": "generators",
    "get_number_of_patches": "steps",
    "get_number_of_steps": "steps",
    "get_set_of_patch_indices": "grid",
    "get_training_and_validation_generators": "generators",
    "get_validation_split": "splits",
    "k_fold_split": "splits",
    "make_phantom": "phantom",
    "predict": "prediction",
    "predict_cohort": "prediction",
    "reconstruct_from_patches": "assembly",
    "resolve": "scene",
}

__all__ = sorted(_HOME)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'patchviz' has no attribute {name!r}")
    return getattr(import_module(f"patchviz.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__

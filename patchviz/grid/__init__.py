"""Where patches lie in a volume, how they are cut, and how they are put back: NumPy alone."""

from patchviz.grid.assembly import reconstruct_from_patches
from patchviz.grid.cut import add_data, cut_patch
from patchviz.grid.foreground import Foreground
from patchviz.grid.patch_grid import PatchGrid, compute_patch_indices, get_set_of_patch_indices
from patchviz.grid.policies import POLICIES, Policy
from patchviz.grid.subject import SubjectLike

__all__ = [
    "POLICIES",
    "Foreground",
    "PatchGrid",
    "Policy",
    "SubjectLike",
    "add_data",
    "compute_patch_indices",
    "cut_patch",
    "get_set_of_patch_indices",
    "reconstruct_from_patches",
]

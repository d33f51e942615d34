"""In which order patches are visited: splits, the queue of each epoch, and the number of steps."""

from patchviz.epochs.queue import PatchQueue, create_patch_index_list
from patchviz.epochs.splits import get_validation_split, k_fold_split
from patchviz.epochs.steps import get_number_of_patches, get_number_of_steps

__all__ = [
    "PatchQueue",
    "create_patch_index_list",
    "get_number_of_patches",
    "get_number_of_steps",
    "get_validation_split",
    "k_fold_split",
]

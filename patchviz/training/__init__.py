"""Batches for a network, and the network's answers put together to volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from patchviz.training.generators import data_generator, get_training_and_validation_generators
from patchviz.training.prediction import predict, predict_cohort

if TYPE_CHECKING:
    from patchviz.training.datasets import PatchDataset, PatchIterableDataset

__all__ = [
    "PatchDataset",
    "PatchIterableDataset",
    "data_generator",
    "get_training_and_validation_generators",
    "predict",
    "predict_cohort",
]


def __getattr__(name: str) -> Any:  # the datasets need PyTorch, all else does without
    if name not in ("PatchDataset", "PatchIterableDataset"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from patchviz.training import datasets

    return getattr(datasets, name)

"""How many patches and how many batches make an epoch."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from functools import partial
from typing import cast

import numpy as np

from patchviz.arguments import whole_number
from patchviz.epochs.options import PatchOptions, Sampling
from patchviz.epochs.plan import plan_cohort
from patchviz.grid.foreground import BlankRule, Foreground
from patchviz.grid.patch_grid import Ints, PatchGrid
from patchviz.grid.subject import SubjectLike, Subjects


def get_number_of_steps(n_patches: int, batch_size: int) -> int:
    """Count the batches of an epoch: ceil(n_patches / batch_size), the last may be partial.

    Raises ``ValueError`` for a negative number of patches or an empty batch.
    """
    n = whole_number("n_patches", n_patches, minimum=0)
    return -(-n // whole_number("batch_size", batch_size, minimum=1))


def _count_not_blank(subject: SubjectLike, grid: PatchGrid, rule: BlankRule) -> int:
    """Count the patches that aren't blank; a function of the module, so that it travels."""
    foreground = cast("Foreground", subject.count_class())
    return int(np.count_nonzero(~foreground.find_blank(grid, rule)))


def get_number_of_patches(
    cohort: Subjects,
    index_list: Iterable[int],
    patch_size: Ints,
    overlap: Ints = 0,
    *,
    skip_blank: BlankRule = False,
    start_offset: Ints = 0,
    sampling: Sampling = "grid",
    patches_per_subject: int | None = None,
    policy: str = "centered",
    seed: int = 0,
    executor: Executor | None = None,
) -> int:
    """Count the patches of every epoch over some subjects; 0 where all are blank.

    Parameters as in `data_generator`. Labels are read only to skip blanks; `executor`, of threads,
    processes or a cluster (as by ``dask.distributed.Client(…).get_executor()``), does so subject
    by subject.
    """
    options = PatchOptions(
        patch_size,
        overlap,
        skip_blank=skip_blank,
        start_offset=start_offset,
        sampling=sampling,
        patches_per_subject=patches_per_subject,
        policy=policy,
        seed=seed,
    )
    plan = plan_cohort(cohort, index_list, options)
    if executor is None or not options.skip_blank:
        return plan.n_patches
    subjects = [cohort[n] for n in plan.subjects]
    count = partial(_count_not_blank, rule=options.skip_blank)
    return sum(executor.map(count, subjects, plan.grids(0)))

"""The queue of every epoch as datasets of PyTorch, the same under any number of workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from patchviz.arguments import whole_number
from patchviz.epochs.options import PatchOptions
from patchviz.epochs.steps import get_number_of_steps
from patchviz.grid.subject import Subjects
from patchviz.training.batches import PatchReader, check_position

try:
    import torch
    from torch.utils.data import Dataset, IterableDataset, get_worker_info
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "`PatchDataset` and `PatchIterableDataset` need PyTorch, which is not installed: "
        "pip install torch",
        name="torch",
    ) from error


class PatchDataset(Dataset):
    """The patches of an epoch, one by one: ``dataset[n]`` is the n-th that its queue pops.

    For a ``DataLoader`` as it comes: unshuffled, for the queue is shuffled already, it gives the
    batches of `data_generator`. Under DistributedDataParallel give the loader a
    ``DistributedSampler(dataset, shuffle=False)``.

    Parameters
    ----------
    cohort : Cohort or sequence of Subject
    index_list : iterable of int
        The subjects to visit.
    epoch : int
        The epoch to start with; see `set_epoch`.
    **options
        `patch_size` and all else that `data_generator` takes of patches: overlap, start_offset,
        policy, padding_mode, skip_blank, sampling, patches_per_subject, labels, transform, order,
        window, seed.
    """

    def __init__(
        self, cohort: Subjects, index_list: Iterable[int], *, epoch: int = 0, **options: Any
    ) -> None:
        self._reader = PatchReader(cohort, index_list, PatchOptions(**options))
        # in shared memory, so that workers that live through several epochs learn of the next
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()
        self.set_epoch(epoch)

    def set_epoch(self, epoch: int) -> None:
        """Go to an epoch: call it before each one, or all have the order of the first.

        To resume where n of its patches were taken, leave those out:
        ``DataLoader(dataset, sampler=range(n, len(dataset)))``.
        """
        self._epoch[0] = whole_number("epoch", epoch, minimum=0)
        self._reader.queue(epoch)  # made here, a queue travels to new workers

    def __len__(self) -> int:
        return len(self._reader)

    def __getitem__(self, n: int) -> tuple[torch.Tensor, ...]:
        """Return the tensors x (channel, *patch_size) and, where there are labels, y."""
        if not -len(self) <= n < len(self):
            raise IndexError(f"patch index must be below the epoch's {len(self)}, got {n}")
        x, y = self._reader.read(int(self._epoch[0]), [len(self) - 1 - n % len(self)])
        return _as_tensors(x[0], None if y is None else y[0])


class PatchIterableDataset(IterableDataset):
    """The batches of an epoch: those of `data_generator`, whatever the number of workers.

    Batches are made here, so the loader makes none:
    ``DataLoader(dataset, batch_size=None, num_workers=4)``.

    Of `num_replicas` processes each takes one run of the queue, as long as the others': with the
    orders ``by_subject`` and ``buffered`` it reads its own subjects only. The queue is filled up
    with the patches that it popped first, so that all processes take equally many steps (where one
    takes more, it waits for the others for ever) and no patch is left out.

    Parameters
    ----------
    cohort, index_list, epoch, **options
        As in `PatchDataset`.
    batch_size : int
        Patches a batch of one process.
    num_replicas, rank : int, optional
        How many processes train together, and which of them this is; by default what
        ``torch.distributed`` says, or this one alone.
    """

    def __init__(
        self,
        cohort: Subjects,
        index_list: Iterable[int],
        *,
        batch_size: int = 1,
        epoch: int = 0,
        num_replicas: int | None = None,
        rank: int | None = None,
        **options: Any,
    ) -> None:
        self._batch_size = whole_number("batch_size", batch_size, minimum=1)
        # asked here: a worker doesn't belong to the process group
        num_replicas, rank = _find_rank(num_replicas, rank)
        self._reader = PatchReader(cohort, index_list, PatchOptions(**options))
        length = get_number_of_steps(len(self._reader), num_replicas)
        # the entries that this process reads in an epoch, counted as they are popped
        self._share = range(rank * length, (rank + 1) * length)
        self._where = torch.zeros(2, dtype=torch.int64).share_memory_()  # as in `PatchDataset`
        self.set_epoch(epoch)

    def set_epoch(self, epoch: int, position: int = 0) -> None:
        """Go to an epoch: call it before each one, or all have the order of the first.

        To resume in the middle, `position` tells how many of its batches this process took.
        """
        whole_number("epoch", epoch, minimum=0)
        n_steps = get_number_of_steps(len(self._share), self._batch_size)
        self._where[1] = check_position(position, n_steps)
        self._where[0] = epoch
        self._reader.queue(epoch)  # made here, a queue travels to new workers

    def __len__(self) -> int:
        """Count the batches of the epoch that are left from `position` on, of this process."""
        return get_number_of_steps(len(self._run()), self._batch_size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, ...]]:
        """Yield the tensors x (batch, channel, *patch_size) and, where there are labels, y."""
        worker, run, size = get_worker_info(), self._run(), self._batch_size
        first, every = (worker.id, worker.num_workers) if worker else (0, 1)
        epoch, n = int(self._where[0]), len(self._reader)
        for m in range(first * size, len(run), every * size):  # loaders take turns with workers
            places = n - 1 - np.array(run[m : m + size]) % n  # the end pops first
            yield _as_tensors(*self._reader.read(epoch, places))

    def _run(self) -> range:
        """Return which entries this process has yet to read."""
        return self._share[int(self._where[1]) * self._batch_size :]


def _find_rank(num_replicas: int | None, rank: int | None) -> tuple[int, int]:
    """Return how many processes train together and which this is, as given or as found."""
    group = torch.distributed
    together = group.is_available() and group.is_initialized()
    if num_replicas is None:
        num_replicas = group.get_world_size() if together else 1
    if rank is None:
        rank = group.get_rank() if together else 0
    if not 0 <= rank < num_replicas:
        raise ValueError(
            f"`rank` must be from 0 to below `num_replicas`, got {rank} of {num_replicas}"
        )
    return num_replicas, rank


def _as_tensors(x: Any, y: Any) -> tuple[torch.Tensor, ...]:
    """Turn arrays, which a transform may have mirrored or locked, into tensors."""
    arrays = (x,) if y is None else (x, y)
    return tuple(torch.from_numpy(np.require(array, None, ["C", "W"])) for array in arrays)

"""One process of a distributed training run: rank, number of processes, folder for the results."""

import sys
from pathlib import Path

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler

from patchviz.training.datasets import PatchDataset, PatchIterableDataset
from tests.cohorts import numbered_cohort


def first_voxels(x: torch.Tensor) -> list[int]:
    """Tell the patches of a batch apart: of 27³ voxels, patches of 9³ start at these."""
    places = x[:, 0, 0, 0, 0].long() - 1
    i, j, k = places // 27**2, places // 27 % 27, places % 27
    return (i // 9 * 9 + j // 9 * 3 + k // 9).tolist()


def main(rank: int, n_processes: int, folder: Path) -> None:
    distributed.init_process_group(
        "gloo", init_method=(folder / "meeting").as_uri(), rank=rank, world_size=n_processes
    )
    cohort = numbered_cohort([(27, 27, 27)], dtype="float32")
    by_batch = PatchIterableDataset(cohort, [0], patch_size=9, batch_size=4, seed=5)
    by_patch = PatchDataset(cohort, [0], patch_size=9, seed=5)
    sampler = DistributedSampler(by_patch, shuffle=False)
    torch.manual_seed(0)
    network = DistributedDataParallel(torch.nn.Conv3d(1, 1, 3))
    optimizer = torch.optim.SGD(network.parameters(), 1e-12)
    result: dict[str, list] = {"by_batch": [], "by_patch": []}
    for epoch in (0, 1, 2, 0):
        by_batch.set_epoch(epoch)
        seen = []
        for (x,) in DataLoader(by_batch, batch_size=None, num_workers=2):
            seen.append(first_voxels(x))
            optimizer.zero_grad()
            network(x).mean().backward()
            optimizer.step()
        result["by_batch"].append(seen)
        by_patch.set_epoch(epoch)
        loader = DataLoader(by_patch, batch_size=4, sampler=sampler)
        result["by_patch"].append([first_voxels(x) for (x,) in loader])
    result["weights"] = [p.tolist() for p in network.parameters()]
    torch.save(result, folder / f"{rank}.pt")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))

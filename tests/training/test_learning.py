"""A small network learns the phantom's lesions from the queue, and finds them in others."""

import numpy as np
import pytest

from patchviz.data.cohort import Cohort
from patchviz.epochs.splits import get_validation_split
from patchviz.grid.patch_grid import PatchGrid
from patchviz.training.prediction import predict

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

from patchviz.training.datasets import PatchIterableDataset  # noqa: E402

PATCH = 24


def block(n_in, n_out):
    convolution = nn.Conv3d(n_in, n_out, 3, padding=1)
    return nn.Sequential(convolution, nn.InstanceNorm3d(n_out, affine=True), nn.LeakyReLU(0.1))


class SmallUNet(nn.Module):
    """4,073 parameters, and one step down."""

    def __init__(self):
        super().__init__()
        self.down = block(1, 4)
        self.below = nn.Sequential(
            nn.MaxPool3d(2), block(4, 8), block(8, 8), nn.Upsample(scale_factor=2)
        )
        self.up = nn.Sequential(block(12, 4), nn.Conv3d(4, 1, 1))

    def forward(self, x):
        fine = self.down(x / 500 - 1)
        return self.up(torch.cat([fine, self.below(fine)], dim=1))


def train(network, dataset, n_epochs):
    """Return the mean loss of every epoch."""
    optimizer = torch.optim.Adam(network.parameters())
    n_steps = n_epochs * len(dataset)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.03, total_steps=n_steps)
    criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(20.0))  # a lesion is small
    losses = []
    for epoch in range(n_epochs):
        dataset.set_epoch(epoch)
        of_epoch = []
        for x, y in DataLoader(dataset, batch_size=None):
            loss = criterion(network(x), y.float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            of_epoch.append(loss.item())
        losses.append(np.mean(of_epoch))
    return losses


def dice(found, label):
    return 2 * (found & label).sum() / (found.sum() + label.sum())


@pytest.fixture
def one_thread():
    """Work this small is done sooner by one thread, above all on a busy machine."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.mark.usefixtures("one_thread")
def test_a_small_network_learns_the_lesions():
    cohort = Cohort.phantom(15, (48, 48, 48))
    training_list, validation_list = get_validation_split(cohort)
    dataset = PatchIterableDataset(
        cohort, training_list, patch_size=PATCH, batch_size=2, skip_blank=True, start_offset=8
    )
    torch.manual_seed(2)
    network = SmallUNet()
    assert sum(parameter.numel() for parameter in network.parameters()) == 4073
    losses = train(network, dataset, n_epochs=30)
    assert losses[-1] < losses[0] / 3
    scores, by_chance = [], []
    for n in validation_list:
        subject = cohort[n]
        grid = PatchGrid(subject.shape, PATCH, overlap=PATCH // 2, policy="tight")
        with torch.no_grad():
            answer = predict(
                subject, lambda x: network(torch.from_numpy(x)), grid, batch_size=4, weights="hann"
            )
        assert answer.shape == (1, *subject.shape)
        label = subject.label > 0
        scores.append(dice(answer[0] > 0, label))
        by_chance.append(2 * label.mean() / (1 + label.mean()))  # of calling everything a lesion
    assert np.mean(scores) > 0.25 > 50 * np.mean(by_chance)

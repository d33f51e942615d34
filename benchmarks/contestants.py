"""What `benchmarks.pipeline` times: the same work by patchviz, by NumPy alone, and by peers.

Each function imports what it needs and gets ready, untimed, and returns what is timed:

- cut: (volume, patch) -> run(out)
- epochs: () -> set_up(images, labels) -> epoch() -> batches
- workers: (images, labels, n_workers) -> epoch, the same over arrays that are ready
- reassemble: (patches, corners, shape, overlap) -> run() -> volume
- queue, grid: (n_subjects) or (size, patch) -> run()
- rank: (n_subjects, image_shape, patch, n_ranks) -> run() -> the first patch of the last rank
"""

import random
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np

BATCH, PATCH, N_PATCHES = 8, 64, 27
SECOND_RUN, KEPT = "patchviz, second run", "kept"  # which finds all volumes in this folder


@dataclass(frozen=True)
class Contestant:
    work: str
    name: str
    package: str
    prepare: object
    policy: str = "centered"  # where its patches lie and what stands around: checked by their sum
    padding_mode: str = "edge"

    @property
    def is_here(self):
        try:
            version(self.package)
        except PackageNotFoundError:
            return False
        return True


CONTESTANTS = []


def contestant(work, name, package, **facts):
    def register(prepare):
        CONTESTANTS.append(Contestant(work, name, package, prepare, **facts))
        return prepare

    return register


# ---- cutting all patches of a volume


@contestant("cut", "patchviz", "patchviz-notebooks")
def _(volume, patch):
    from patchviz import PatchGrid

    try:
        from patchviz.grid import cut_patch
    except ImportError:  # in builds before the rooms
        from patchviz.patches import cut_patch

    grid = PatchGrid(volume.shape[1:], patch)
    corners = list(grid)

    def run(out):
        for corner, room in zip(corners, out, strict=True):
            cut_patch(volume, corner, grid.patch_size, out=room)

    return run


def padded_windows(volume, patch, windows):
    """Pad with NumPy, then copy what a window function gives for each channel."""
    n = -(-volume.shape[1] // patch)
    before = -(-(n * patch - volume.shape[1]) // 2)
    around = [(0, 0), *[(before, n * patch - volume.shape[1] - before)] * 3]

    def run(out):
        padded = np.pad(volume, around, mode="edge")
        for channel, one in enumerate(padded):
            out[:, channel] = windows(one, (patch,) * 3, patch).reshape(-1, patch, patch, patch)

    return run


@contestant("cut", "numpy.pad and slices", "numpy")
def _(volume, patch):
    windows = np.lib.stride_tricks.sliding_window_view
    return padded_windows(
        volume, patch, lambda one, size, step: windows(one, size)[::step, ::step, ::step]
    )


@contestant("cut", "scikit-image", "scikit-image")
def _(volume, patch):
    from skimage.util import view_as_windows

    return padded_windows(volume, patch, view_as_windows)


@contestant("cut", "patchify", "patchify")
def _(volume, patch):
    from patchify import patchify

    return padded_windows(volume, patch, lambda one, size, step: patchify(one, size, step))


@contestant("cut", "torchio", "torchio", policy="shifted")
def _(volume, patch):
    import torch
    import torchio

    subject = torchio.Subject(image=torchio.ScalarImage(tensor=torch.from_numpy(volume)))

    def run(out):
        for room, one in zip(out, torchio.GridSampler(subject, patch, 0), strict=True):
            room[...] = one["image"]["data"]

    return run


@contestant("cut", "monai", "monai", policy="padded_end")
def _(volume, patch):
    from monai.data import PatchIter

    patches = PatchIter(patch_size=(patch,) * 3, mode="edge")

    def run(out):
        for room, (one, _) in zip(out, patches(volume), strict=True):
            room[...] = one

    return run


@contestant("cut", "patchly", "patchly", policy="shifted")
def _(volume, patch):
    import patchly

    spatial, size = volume.shape[1:], (patch,) * 3

    def run(out):
        sampler = patchly.GridSampler(
            volume, spatial, size, spatial_first=False, mode=patchly.SamplingMode.SAMPLE_EDGE
        )
        for room, (one, _) in zip(out, sampler, strict=True):
            room[...] = one

    return run


@contestant("cut", "tiler", "tiler", policy="padded_end", padding_mode="constant")
def _(volume, patch):
    from tiler import Tiler

    shape = (len(volume), *[patch] * 3)

    def run(out):
        tiler = Tiler(volume.shape, shape, channel_dimension=0, mode="constant")
        for n, one in tiler(volume):
            out[n] = one

    return run


# ---- epochs of shuffled patches from files


def patchviz_epochs(is_second_run=False, **given):
    from patchviz import Cohort, data_generator, get_number_of_steps

    def set_up(images, labels):
        kept = {"cache": images[0].parent / KEPT} if is_second_run else {}
        batches = data_generator(
            Cohort.from_files(images, labels, **kept),
            range(len(images)),
            patch_size=PATCH,
            batch_size=BATCH,
            **given,
        )
        n_steps = get_number_of_steps(len(images) * N_PATCHES, BATCH)
        return lambda: (next(batches) for _ in range(n_steps))

    return set_up


@contestant("epochs", "patchviz", "patchviz-notebooks")
def _():
    return patchviz_epochs()


@contestant("epochs", "patchviz, reuse_buffers", "patchviz-notebooks")
def _():
    return patchviz_epochs(reuse_buffers=True)


@contestant("epochs", SECOND_RUN, "patchviz-notebooks")
def _():
    return patchviz_epochs(is_second_run=True)


@contestant("workers", "patchviz", "torch")
def _(images, labels, n_workers):
    from torch.utils.data import DataLoader

    from patchviz import Cohort

    try:
        from patchviz.training import PatchIterableDataset
    except ModuleNotFoundError:  # in builds before the rooms
        from patchviz.datasets import PatchIterableDataset

    def loading(cohort):
        dataset = PatchIterableDataset(
            cohort, range(len(images)), patch_size=PATCH, batch_size=BATCH
        )
        return lambda: DataLoader(
            dataset, batch_size=None, num_workers=n_workers, multiprocessing_context="fork"
        )

    cohort = Cohort.from_files(images, labels)
    arrays = [[subject.image[0].copy() for subject in cohort], [s.label.copy() for s in cohort]]
    return loading(Cohort.from_files(images, labels)), loading(Cohort.from_arrays(*arrays))


def torchio_subjects(images, labels):
    import torchio

    return [
        torchio.Subject(image=torchio.ScalarImage(image), label=torchio.LabelMap(label))
        for image, label in zip(images, labels, strict=True)
    ]


def torchio_batches(loader):
    for batch in loader:
        yield batch["image"]["data"].numpy(), batch["label"]["data"].numpy()


@contestant("epochs", "torchio Queue", "torchio", policy=None)
def _():
    import torchio

    def set_up(images, labels):
        queue = torchio.Queue(
            torchio.SubjectsDataset(torchio_subjects(images, labels)),
            max_length=8 * N_PATCHES,
            samples_per_volume=N_PATCHES,
            sampler=torchio.UniformSampler(PATCH),
            num_workers=0,
        )
        return lambda: torchio_batches(torchio.SubjectsLoader(queue, batch_size=BATCH))

    return set_up


@contestant("epochs", "monai", "monai", policy=None)
def _():
    import torch
    from monai.data import CacheDataset, PatchDataset
    from monai.transforms import Compose, EnsureChannelFirstd, LoadImaged, RandSpatialCropSamplesd

    keys = ["image", "label"]

    def set_up(images, labels):
        items = [dict(zip(keys, pair, strict=True)) for pair in zip(images, labels, strict=True)]
        load = Compose([LoadImaged(keys), EnsureChannelFirstd(keys)])
        crop = RandSpatialCropSamplesd(keys, PATCH, N_PATCHES, random_size=False)
        patches = PatchDataset(CacheDataset(items, load, progress=False), crop, N_PATCHES)
        loader = torch.utils.data.DataLoader(patches, batch_size=BATCH)
        return lambda: ((batch["image"].numpy(), batch["label"].numpy()) for batch in loader)

    return set_up


@contestant("epochs", "monai ShuffleBuffer", "monai", policy=None)
def _():
    """Grids of patches, shuffled: as near to an epoch of a queue as its parts come."""
    import torch
    from monai.data import CacheDataset, GridPatchDataset, PatchIterd, ShuffleBuffer
    from monai.transforms import Compose, EnsureChannelFirstd, LoadImaged

    keys = ["image", "label"]

    def set_up(images, labels):
        items = [dict(zip(keys, pair, strict=True)) for pair in zip(images, labels, strict=True)]
        load = Compose([LoadImaged(keys), EnsureChannelFirstd(keys)])
        cut = PatchIterd(keys, (PATCH,) * 3, mode="edge")
        volumes = CacheDataset(items, load, progress=False)
        patches = GridPatchDataset(volumes, cut, with_coordinates=False)
        shuffled = ShuffleBuffer(patches, buffer_size=8 * N_PATCHES)
        loader = torch.utils.data.DataLoader(shuffled, batch_size=BATCH)
        return lambda: ((batch["image"].numpy(), batch["label"].numpy()) for batch in loader)

    return set_up


@contestant("epochs", "zlib, every file inflated once", "patchviz-notebooks", policy=None)
def _():
    """Read only: the least that a first epoch takes without a faster inflater."""
    import zlib

    def set_up(images, labels):
        def epoch():
            for path in (*images, *labels):
                content = path.read_bytes()
                if path.suffix == ".gz":
                    zlib.decompress(content, 31)
            yield from ()

        return epoch

    return set_up


# ---- patches put back together


@contestant("reassemble", "patchviz", "patchviz-notebooks")
def _(patches, corners, shape, overlap):
    from patchviz import reconstruct_from_patches

    return lambda: reconstruct_from_patches(patches, corners, shape)


@contestant("reassemble", "torchio, average", "torchio")
def _(patches, corners, shape, overlap):
    import torch
    import torchio

    image = torchio.ScalarImage(tensor=torch.zeros(1, *shape))
    before = -np.min(corners, axis=0)
    pad = int(before[0])
    subject = torchio.Pad(pad)(torchio.Subject(image=image))
    size = patches[0].shape[0]
    locations = torch.tensor([[*(c + before), *(c + before + size)] for c in np.array(corners)])
    tensors = torch.from_numpy(np.stack(patches))[:, None]

    def run():
        sampler = torchio.GridSampler(subject, size, overlap)
        aggregator = torchio.GridAggregator(sampler, overlap_mode="average")
        aggregator.add_batch(tensors, locations)
        inside = slice(pad, pad + shape[0])
        return aggregator.get_output_tensor()[0, inside, inside, inside].numpy()

    return run


@contestant("reassemble", "monai AvgMerger", "monai")
def _(patches, corners, shape, overlap):
    import torch
    from monai.inferers import AvgMerger

    before = -np.min(corners, axis=0)
    whole = tuple(int(n) for n in np.max(corners, axis=0) + before + patches[0].shape)
    inside = tuple(slice(int(b), int(b) + n) for b, n in zip(before, shape, strict=True))
    tensors = [torch.from_numpy(patch)[None, None] for patch in patches]

    def run():
        merger = AvgMerger(merged_shape=(1, 1, *whole))
        for tensor, corner in zip(tensors, corners, strict=True):
            merger.aggregate(tensor, tuple(int(c) for c in corner + before))
        return merger.finalize()[0, 0][inside].numpy()

    return run


@contestant("reassemble", "patchly", "patchly", policy="shifted")
def _(patches, corners, shape, overlap):
    import patchly

    size = patches[0].shape
    step = tuple(n - overlap for n in size)

    def run():
        sampler = patchly.GridSampler(
            None, shape, size, step, mode=patchly.SamplingMode.SAMPLE_EDGE
        )
        aggregator = patchly.Aggregator(sampler, shape)
        for n, patch in enumerate(patches):
            aggregator.append(patch, sampler.get_bbox(n))
        return aggregator.get_output()

    return run


@contestant("reassemble", "tiler", "tiler", policy="padded_end")
def _(patches, corners, shape, overlap):
    from tiler import Merger, Tiler

    def run():
        tiler = Tiler(shape, patches[0].shape, overlap=overlap)
        merger = Merger(tiler)
        for n, patch in enumerate(patches):
            merger.add(n, patch)
        return merger.merge(unpad=True)

    return run


# ---- the queue of an epoch, and the grid


@contestant("queue", "patchviz", "patchviz-notebooks")
def _(n):
    from patchviz import create_patch_index_list

    return lambda: create_patch_index_list(range(n), (144,) * 3, PATCH)


@contestant("queue", "list of tuples, shuffled", "numpy")
def _(n):
    from patchviz import PatchGrid

    corners = [tuple(corner) for corner in PatchGrid((144,) * 3, PATCH)]

    def run():
        entries = [(subject, corner) for subject in range(n) for corner in corners]
        random.shuffle(entries)

    return run


@contestant("rank", "patchviz", "patchviz-notebooks")
def _(n_subjects, image_shape, patch, n_ranks):
    from patchviz import create_patch_index_list

    def run():
        queue = create_patch_index_list(range(n_subjects), image_shape, patch, order="buffered")
        queue.drop((n_ranks - 1) * -(-len(queue) // n_ranks))
        return queue.pop()

    return run


@contestant("grid", "patchviz", "patchviz-notebooks")
def _(size, patch):
    from patchviz import PatchGrid

    return lambda: PatchGrid((size,) * 3, patch)


@contestant("grid", "monai dense_patch_slices", "monai")
def _(size, patch):
    from monai.data.utils import dense_patch_slices

    return lambda: dense_patch_slices((size,) * 3, (patch,) * 3, (patch,) * 3)


@contestant("grid", "torchio GridSampler", "torchio")
def _(size, patch):
    from torchio import GridSampler

    return lambda: GridSampler._get_patches_locations(
        np.full(3, size), np.full(3, patch), np.zeros(3, int)
    )

"""Record where other libraries put their patches along one axis, as `tests/peers.json`.

The libraries are run, not imitated, so that the policies are tested without installing any of
them. In an environment of its own (patchify wants numpy 1; nnU-Net's function needs none of
nnU-Net's other dependencies, 3DUnetCNN is no package but one file)::

    pip install "numpy<2" torch torchio monai patchly patchify tiler scikit-image
    pip install --no-deps nnunetv2 acvl-utils
    python benchmarks/record_peers.py path/to/3DUnetCNN/unet3d/utils/patches.py

A case is (size, patch, overlap) in voxels. What a library answers is filed under "cases", or
under "larger_patch" where the patch is larger than the image; what it raises under "errors".
"""

import argparse
import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import monai.data
import monai.inferers
import numpy as np
import patchly
import tiler
import torch
import torchio
from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window
from patchify import patchify
from skimage.util import view_as_windows

PEERS = Path(__file__).parent.parent / "tests" / "grid" / "peers.json"
LEGACY_COMMIT = "590115e9da78cb5c68dc4aa461c2f6b3e01ee706"

CASES = [
    # the reference case, and its overlaps
    *[(144, 64, overlap) for overlap in (0, 2, 4, 8, 16, 32)],
    # the patch is the image
    *[(1, 1, 0), (16, 16, 0), (16, 16, 8), (96, 96, 32), (144, 144, 72)],
    # the steps end exactly at the image's end, with and without overlap
    *[(128, 64, 0), (144, 72, 0), (240, 48, 0), (128, 64, 32), (160, 64, 32), (24, 8, 4)],
    # one voxel too many, one too few
    *[(17, 16, 0), (65, 64, 32), (97, 32, 0), (145, 72, 36), (127, 64, 0), (143, 72, 36)],
    # overlap larger than what remains beyond the first patch
    *[(65, 64, 62), (100, 96, 32), (144, 128, 32), (155, 144, 72), (160, 144, 16)],
    # small, odd and large ones; an overlap of patch - 1
    *[(7, 4, 0), (7, 4, 2), (7, 4, 3), (18, 4, 0), (18, 16, 15), (24, 16, 4), (100, 16, 8)],
    *[(100, 71, 2), (155, 71, 0), (155, 71, 34), (155, 96, 48), (240, 71, 36), (240, 128, 64)],
    # nnU-Net rounds halves to even (2.5, 3.5, 4.5), and the floats near a half as they come
    *[(8, 3, 0), (11, 4, 0), (14, 5, 0), (242, 17, 0)],
    # MONAI truncates patch * (1 - overlap / patch) to 7, 15 and 41: one less than the step
    *[(144, 48, 40), (160, 96, 80), (155, 72, 30)],
    # the patch is larger than the image; the image no larger than the overlap
    *[(1, 4, 0), (7, 8, 0), (7, 16, 8), (8, 16, 8), (9, 16, 8), (96, 128, 0), (100, 128, 32)],
    *[(100, 144, 16), (24, 71, 36)],
]


def starts_of_torchio(size, patch, overlap):
    image = torchio.ScalarImage(tensor=torch.zeros(1, size, 1, 1))
    subject = torchio.Subject(image=image)
    return torchio.GridSampler(subject, (patch, 1, 1), (overlap, 0, 0)).locations[:, 0]


def starts_of_nnunet(size, patch, overlap):
    step_size = (patch - overlap) / patch
    if patch * step_size != patch - overlap:
        raise ValueError("no float step size is this overlap exactly")
    return compute_steps_for_sliding_window((size,), (patch,), step_size)[0]


def starts_of_tiler(size, patch, overlap):
    tiles = tiler.Tiler((size,), (patch,), overlap, mode="constant")
    return [tiles.get_tile_bbox(index)[0][0] for index in range(len(tiles))]


def starts_of_skimage(size, patch, overlap):
    return view_as_windows(np.arange(size), patch, patch - overlap)[:, 0]


def starts_of_patchify(size, patch, overlap):
    volume = np.arange(size).reshape(size, 1, 1)
    return patchify(volume, (patch, 1, 1), patch - overlap)[:, 0, 0, 0, 0, 0]


def starts_of_monai_window(size, patch, overlap):
    """Starts in the image: a small one is first padded on both sides, by half the lack before."""
    starts = []

    def note_start(window, slices):
        starts.append(slices[0][2].start - max(patch - size, 0) // 2)
        return window

    monai.inferers.sliding_window_inference(
        torch.zeros(1, 1, size), (patch,), 1, note_start, overlap / patch, with_coord=True
    )
    return starts


def starts_of_monai_iter_patch(size, patch, overlap):
    patches = monai.data.iter_patch(np.zeros(size), (patch,), overlap=overlap / patch)
    return [bounds[0][0] for _, bounds in patches]


def starts_of_monai_splitter(size, patch, overlap):
    split = monai.inferers.SlidingWindowSplitter((patch,), overlap)
    return [corner[0] for _, corner in split(torch.zeros(1, 1, size))]


def starts_of_patchly(mode):
    def starts(size, patch, overlap):
        with np.errstate(divide="ignore"):  # SQUEEZE divides by zero where one patch is enough
            boxes = patchly.GridSampler(None, (size,), (patch,), (patch - overlap,), mode=mode)
        return [box[0][0] for box in boxes]

    return starts


def starts_of_legacy(path):
    np.__dict__.setdefault("int", int)  # the alias that numpy 1.24 took away
    spec = importlib.util.spec_from_file_location("legacy_patches", path)
    legacy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(legacy)

    def starts(size, patch, overlap):
        overlaps = np.array([overlap, 0, 0])
        return legacy.compute_patch_indices((size, 1, 1), (patch, 1, 1), overlaps)[:, 0]

    return starts


@dataclass(frozen=True)
class Peer:
    """One function of one library; `policy` is the one it equals in all `cases`, if any."""

    name: str
    policy: str | None
    package: str
    function: str
    note: str
    starts: Callable


def list_peers(legacy_path):
    mode = patchly.SamplingMode
    sampler = "patchly.GridSampler(mode=SamplingMode.SAMPLE_"
    return [
        Peer(
            "3DUnetCNN",
            "centered",
            f"commit {LEGACY_COMMIT[:8]}",
            "unet3d.utils.patches.compute_patch_indices",
            f"https://github.com/ellisdg/3DUnetCNN/blob/{LEGACY_COMMIT}/unet3d/utils/patches.py",
            starts_of_legacy(legacy_path),
        ),
        Peer(
            "TorchIO",
            "shifted",
            "torchio",
            "torchio.GridSampler(padding_mode=None)",
            "The overlap must be even.",
            starts_of_torchio,
        ),
        Peer(
            "patchly EDGE",
            "shifted",
            "patchly",
            f"{sampler}EDGE)",
            "step_size = patch - overlap.",
            starts_of_patchly(mode.SAMPLE_EDGE),
        ),
        Peer(
            "MONAI sliding window",
            None,
            "monai",
            "monai.inferers.sliding_window_inference",
            "Called with overlap / patch. Equals `shifted`, except that its step is "
            "int(patch * (1 - overlap / patch)), in floats, at least 1: at times one less than "
            "patch - overlap. A small image is padded around, the odd voxel after it.",
            starts_of_monai_window,
        ),
        Peer(
            "nnU-Net",
            "respaced",
            "nnunetv2",
            "nnunetv2.inference.sliding_window_prediction.compute_steps_for_sliding_window",
            "Called with tile_step_size = (patch - overlap) / patch, where patch times this is "
            "patch - overlap exactly. nnU-Net's predictor pads a small image around before, the "
            "odd voxel after it; larger_patch is the bare function.",
            starts_of_nnunet,
        ),
        Peer(
            "patchly SQUEEZE",
            None,
            "patchly",
            f"{sampler}SQUEEZE)",
            "As many patches as `respaced`, spaced by whole voxels: the last gap is the smallest.",
            starts_of_patchly(mode.SAMPLE_SQUEEZE),
        ),
        Peer(
            "tiler",
            "padded_end",
            "tiler",
            'tiler.Tiler(mode="constant")',
            "Without any tile where size <= overlap.",
            starts_of_tiler,
        ),
        Peer(
            "MONAI SlidingWindowSplitter",
            "padded_end",
            "monai",
            'monai.inferers.SlidingWindowSplitter(pad_mode="constant")',
            "Overlap in voxels (an int). Without any patch where size <= overlap.",
            starts_of_monai_splitter,
        ),
        Peer(
            "MONAI iter_patch",
            None,
            "monai",
            'monai.data.iter_patch(mode="wrap"); monai.data.PatchIter is its overlap 0',
            "Called with overlap / patch. Every step that starts inside the image: `padded_end` "
            "without overlap, else also patches that add nothing. Cuts the patch to the image.",
            starts_of_monai_iter_patch,
        ),
        Peer(
            "patchly ADAPTIVE",
            None,
            "patchly",
            f"{sampler}ADAPTIVE)",
            "Every step that starts inside the image; the last patches are cut at its end.",
            starts_of_patchly(mode.SAMPLE_ADAPTIVE),
        ),
        Peer(
            "scikit-image",
            "dropped",
            "scikit-image",
            "skimage.util.view_as_windows",
            "step = patch - overlap.",
            starts_of_skimage,
        ),
        Peer(
            "patchify",
            "dropped",
            "patchify",
            "patchify.patchify",
            "step = patch - overlap.",
            starts_of_patchify,
        ),
        Peer(
            "patchly CROP",
            "dropped",
            "patchly",
            f"{sampler}CROP)",
            "step_size = patch - overlap.",
            starts_of_patchly(mode.SAMPLE_CROP),
        ),
    ]


def record(peer):
    """Run all cases through one peer."""
    answers = {"cases": [], "larger_patch": [], "errors": []}
    for size, patch, overlap in CASES:
        try:
            starts = [int(start) for start in peer.starts(size, patch, overlap)]
        except (RuntimeError, ValueError) as error:
            answers["errors"].append([size, patch, overlap, type(error).__name__])
        else:
            kind = "larger_patch" if patch > size else "cases"
            answers[kind].append([size, patch, overlap, starts])
    return answers


def to_json(peer):
    """Write one peer, one case per line."""
    is_package = not peer.package.startswith("commit")
    facts = {
        "name": peer.name,
        "policy": peer.policy,
        "version": f"{peer.package} {version(peer.package)}" if is_package else peer.package,
        "function": peer.function,
        "note": peer.note,
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in facts.items()]
    for kind, rows in record(peer).items():
        body = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
        lines.append(f'"{kind}": [\n{body}\n]' if rows else f'"{kind}": []')
    return "{\n" + ",\n".join(lines) + "\n}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("legacy", help="unet3d/utils/patches.py of ellisdg/3DUnetCNN")
    peers = list_peers(parser.parse_args().legacy)
    PEERS.write_text("[\n" + ",\n".join(to_json(peer) for peer in peers) + "\n]\n")


if __name__ == "__main__":
    main()

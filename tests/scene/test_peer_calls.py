"""The calls of other libraries, run as they are handed out, give patchviz's patches voxel by voxel.

Only tiler and scikit-image belong to the development environment; the others' calls are run where
they are installed, as in the environment of `benchmarks/record_peers.py`::

    python -m pytest --noconftest -W default tests/scene/test_peer_calls.py
"""

import math

import numpy as np
import pytest

from patchviz.grid.patch_grid import PatchGrid
from patchviz.grid.policies import POLICIES
from patchviz.scene.peer_calls import PEERS, write_calls

MODULES = {"nnU-Net": "nnunetv2", "scikit-image": "skimage"}
WRITTEN = [
    pytest.param(library, policy, id=f"{library}-{policy}")
    for library, table in PEERS.items()
    for policy, call in table.items()
    if callable(call)
]
CASES = [  # image_shape, patch_size, overlap: small kin of the reference case, and its traps
    ((18, 18, 18), 8, 0),
    ((18, 18, 18), 8, 4),
    ((18, 18, 18), 8, 2),
    ((18, 18, 18), 9, 0),
    ((16, 16, 16), 8, 0),
    ((16, 16, 16), 8, 4),
    ((17, 12, 9), (8, 6, 4), (2, 0, 2)),
    ((17, 12, 9), (8, 6, 4), (4, 3, 2)),
    ((17, 12, 9), (5, 4, 3), (3, 1, 2)),
    ((20, 11, 8), (6, 4, 3), 0),
    ((24, 24, 10), (8, 8, 2), (4, 4, 1)),
    ((22, 14, 9), (8, 8, 8), 6),
    ((13, 9, 8), 8, (6, 4, 7)),
    ((9, 9, 9), 9, 0),
    ((9, 8, 7), (9, 4, 7), (8, 2, 0)),
    ((12, 6, 5), (8, 8, 8), 0),  # larger than the image
    ((12, 6, 5), (8, 8, 8), (4, 2, 4)),
    ((12, 4, 3), (8, 8, 8), (4, 4, 4)),  # no larger than the overlap
    ((50, 4, 4), (49, 4, 4), 0),
    ((37, 22, 22), 22, 7),  # 22 · (15 / 22) is less than 15 in floats: nnU-Net's third patch
    ((1, 1, 1), 1, 0),
]
STARTS = [
    ((16, 16, 16), 8, 0, 0),
    ((16, 16, 16), 8, 0, -2),  # leaves voxels out at the end
    ((16, 16, 16), 8, 4, (-8, -1, 0)),
    ((16, 16, 16), 8, 0, (3, 5, 0)),  # and at the beginning
    ((16, 16, 16), 8, 2, (-3, 5, 15)),
    ((16, 16, 16), 8, 2, 16),
    ((16, 16, 16), 8, 2, (-40, 0, 0)),
]


def grids(policy):
    """Make all grids of a policy that there are among the cases."""
    for mode in ("edge", "constant", "reflect", "wrap"):
        for shape, patch, overlap in CASES:
            try:
                yield PatchGrid(shape, patch, overlap=overlap, policy=policy, padding_mode=mode)
            except ValueError:
                assert policy in ("shifted", "respaced", "dropped")
        for shape, patch, overlap, start in STARTS if policy == "centered" else ():
            yield PatchGrid(shape, patch, overlap=overlap, start=start, padding_mode=mode)


def call_of(library, grid):
    (call,) = (call for call in write_calls(grid) if call.library == library)
    assert (call.code is None) != (call.reason is None)
    return call


def cut_all(image, grid):
    """Pad the whole image as NumPy does, and cut each patch from that."""
    padded = np.pad(image, grid.padding, mode=grid.padding_mode)
    before = [pair[0] for pair in grid.padding]
    for corner in grid:
        places = zip(corner, before, grid.patch_size, strict=True)
        yield padded[tuple(slice(at + pad, at + pad + n) for at, pad, n in places)]


@pytest.mark.parametrize(("library", "policy"), WRITTEN)
def test_the_call_handed_out_gives_the_very_patches(library, policy):
    pytest.importorskip(MODULES.get(library, library.lower()))
    n_run = 0
    for grid in grids(policy):
        call = call_of(library, grid)
        if not call.code:
            continue
        shape = grid.image_shape
        image = np.arange(1, 1 + math.prod(shape), dtype=np.float32).reshape(shape)
        names = {"image": image.copy()}
        exec(call.code, names)
        found, expected = list(names["patches"]), list(cut_all(image, grid))
        assert len(found) == len(expected), call.code
        for one, other in zip(found, expected, strict=True):
            assert np.array_equal(one, other), call.code
        n_run += 1
    assert n_run >= 12


REFERENCE = (144, 144, 144)


@pytest.mark.parametrize(
    ("library", "settings", "line"),
    [
        ("patchviz", {}, "grid = PatchGrid((144, 144, 144), 64)"),
        (
            "patchviz",
            {"overlap": (16, 16, 4), "start": -8, "padding_mode": "wrap"},
            "grid = PatchGrid((144, 144, 144), 64, overlap=(16, 16, 4), start=-8)",
        ),
        ("TorchIO", {}, 'subject = tio.Pad(24, padding_mode="edge")(subject)'),
        ("TorchIO", {"policy": "dropped"}, "subject = tio.Crop((0, 16, 0, 16, 0, 16))(subject)"),
        (
            "TorchIO",
            {"policy": "shifted", "overlap": 32},
            "sampler = tio.GridSampler(subject, 64, 32)",
        ),
        (
            "MONAI",
            {"overlap": 32},
            'splitter = SlidingWindowSplitter(64, overlap=32, offset=-24, pad_mode="replicate")',
        ),
        (
            "MONAI",
            {"policy": "shifted", "overlap": 16},
            "slices = dense_patch_slices((144, 144, 144), (64, 64, 64), (48, 48, 48))",
        ),
        (
            "nnU-Net",
            {"policy": "respaced", "overlap": 32},
            "steps = compute_steps_for_sliding_window((144, 144, 144), (64, 64, 64), 1 / 2)",
        ),
        (
            "patchly",
            {"policy": "shifted"},
            "    image, (144, 144, 144), (64, 64, 64), (64, 64, 64), mode=SamplingMode.SAMPLE_EDGE",
        ),
        (
            "tiler",
            {"policy": "padded_end", "padding_mode": "constant"},
            'tiler = Tiler((144, 144, 144), (64, 64, 64), overlap=0, mode="constant")',
        ),
        ("patchify", {"policy": "dropped"}, "windows = patchify(image, (64, 64, 64), 64)"),
    ],
)
def test_the_calls_of_the_reference_case(library, settings, line):
    assert line in call_of(library, PatchGrid(REFERENCE, 64, **settings)).code.splitlines()


def test_no_float_step_is_exact_for_nnunet_at_times():
    grid = PatchGrid((37,), 22, overlap=7, policy="respaced")
    assert "Fraction(15, 22))" in call_of("nnU-Net", grid).code


@pytest.mark.parametrize(
    ("library", "settings", "reason"),
    [
        ("TorchIO", {"overlap": 3}, "even overlaps only"),
        ("TorchIO", {"start": 200}, "lies outside the image"),
        ("TorchIO", {"policy": "respaced"}, "fixed step"),
        ("MONAI", {"start": -16, "patch_size": 72}, "ends with the first patch that reaches"),
        ("MONAI", {"start": 144}, "starts in or at the image"),
        ("MONAI", {"patch_size": 512, "padding_mode": "reflect"}, "can't pad by more than"),
        ("nnU-Net", {}, "policy respaced"),
        ("nnU-Net", {"policy": "respaced", "overlap": (32, 0, 0)}, "one step for all axes"),
        ("patchly", {}, "does not pad"),
        ("patchly", {"policy": "respaced", "overlap": 32}, "last gap"),
        ("patchly", {"policy": "respaced", "patch_size": 144}, "divides by zero"),
        ("tiler", {}, "starts with the image"),
        ("tiler", {"policy": "padded_end", "padding_mode": "wrap"}, "the tile's own voxels"),
        ("tiler", {"policy": "padded_end", "patch_size": 160, "overlap": 144}, "no tile"),
        ("scikit-image", {}, "policy dropped"),
    ],
)
def test_why_there_is_no_call(library, settings, reason):
    grid = PatchGrid(REFERENCE, **{"patch_size": 64, **settings})
    assert reason in call_of(library, grid).reason


def test_every_library_has_a_word_on_every_policy():
    for library, table in PEERS.items():
        assert list(table) == list(POLICIES), library
    for policy in POLICIES:
        calls = write_calls(PatchGrid((18, 18), 8, policy=policy))
        assert [call.library for call in calls] == list(PEERS)
        assert calls[0].code

"""How other libraries are asked for the same patches: the one table of equal calls.

Each call was run with torchio 1.2.1, monai 1.6.1, nnunetv2 2.8.1, patchly 0.0.19, tiler 0.6.0,
scikit-image 0.26.0 and patchify 0.2.3, and its patches compared voxel by voxel with patchviz's
(`tests/scene/test_peer_calls.py`). All read an array `image` and leave the patches, in patchviz's
order, in `patches`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from patchviz.grid.patch_grid import PatchGrid
from patchviz.grid.policies import POLICIES


@dataclass(frozen=True)
class Call:
    """One library's Python code for the patches of a grid, or the reason why it has none."""

    library: str
    code: str | None = None
    reason: str | None = None


class _NoCallError(Exception):
    """A library has the policy, but not for this grid."""


def _unless(obstacle: bool, reason: str) -> None:
    if obstacle:
        raise _NoCallError(reason)


def _short(values: tuple[int, ...]) -> str:
    """Write one value for all axes where they are alike: most libraries take both."""
    return str(values[0] if len(set(values)) == 1 else values)


def _extents(grid: PatchGrid) -> list[tuple[int, int]]:
    """Voxels by which the grid goes beyond the image (before, after); negative: stays within."""
    axes = zip(grid.starts, grid.patch_size, grid.image_shape, strict=True)
    return [(-starts[0], starts[-1] + patch - size) for starts, patch, size in axes]


def _steps(grid: PatchGrid) -> tuple[int, ...]:
    return tuple(p - o for p, o in zip(grid.patch_size, grid.overlap, strict=True))


def _patchviz(grid: PatchGrid) -> str:
    options = {
        "overlap": _short(grid.overlap) if any(grid.overlap) else None,
        "start": _short(grid.start) if grid.start else None,
        "policy": None if grid.policy == "centered" else f'"{grid.policy}"',
    }
    given = "".join(f", {name}={value}" for name, value in options.items() if value)
    mode = "" if grid.padding_mode == "edge" else f', "{grid.padding_mode}"'
    return f"""from patchviz.grid import PatchGrid, cut_patch

grid = PatchGrid({grid.image_shape}, {_short(grid.patch_size)}{given})
patches = [cut_patch(image, corner, grid.patch_size{mode}) for corner in grid]"""


def _torchio(grid: PatchGrid) -> str:
    """Bring the image to the grid's extent, which GridSampler then fills exactly."""
    extents = list(zip(_extents(grid), grid.image_shape, strict=True))
    _unless(len(extents) != 3, "TorchIO's images have three axes")
    _unless(any(o % 2 for o in grid.overlap), "TorchIO's GridSampler takes even overlaps only")
    _unless(
        any(-end >= size for ends, size in extents for end in ends),
        "the grid lies outside the image, and TorchIO can't crop all of it",
    )
    pad, crop = (
        tuple(max(0, sign * end) for ends, _ in extents for end in ends) for sign in (1, -1)
    )
    lines = ["import torchio as tio", ""]
    lines += ["subject = tio.Subject(image=tio.ScalarImage(tensor=image[None]))"]
    if any(pad):
        lines += [f'subject = tio.Pad({_short(pad)}, padding_mode="{grid.padding_mode}")(subject)']
    if any(crop) and grid.policy != "shifted":
        lines += [f"subject = tio.Crop({_short(crop)})(subject)"]
    overlap = f", {_short(grid.overlap)}" if any(grid.overlap) else ""
    lines += [f"sampler = tio.GridSampler(subject, {_short(grid.patch_size)}{overlap})"]
    lines += ["patches = [patch.image.numpy()[0] for patch in sampler()]"]
    return "\n".join(lines)


def _monai_padded(grid: PatchGrid) -> str:
    _unless(len(grid.image_shape) > 3, "MONAI pads images of at most three axes")
    extents = _extents(grid)
    first = tuple(-before for before, _ in extents)
    axes = list(zip(extents, grid.patch_size, grid.image_shape, _steps(grid), strict=True))
    _unless(
        any(not -size < before <= patch for (before, _), patch, size, _ in axes),
        "MONAI's SlidingWindowSplitter starts in or at the image",
    )
    _unless(
        any(not 0 <= after < step for (_, after), _, _, step in axes),
        "MONAI's SlidingWindowSplitter ends with the first patch that reaches the image's end, "
        "this grid does not",
    )
    longest = max(max(ends) - size for ends, _, size, _ in axes)
    _unless(
        (grid.padding_mode == "reflect" and longest >= 0)
        or (grid.padding_mode == "wrap" and longest > 0),
        f"MONAI can't pad by more than the image in mode {grid.padding_mode}",
    )
    modes = {"edge": "replicate", "wrap": "circular"}
    mode = modes.get(grid.padding_mode, grid.padding_mode)
    offset = f"offset={_short(first)}, " if any(first) else ""
    return _monai_splitter(grid, f'{offset}pad_mode="{mode}"')


def _monai_splitter(grid: PatchGrid, options: str = "pad_mode=None") -> str:
    patch, overlap = _short(grid.patch_size), _short(grid.overlap)
    return f"""import torch
from monai.inferers import SlidingWindowSplitter

splitter = SlidingWindowSplitter({patch}, overlap={overlap}, {options})
found = splitter(torch.from_numpy(image)[None, None])
patches = [patch[0, 0].numpy() for patch, corner in found]"""


def _monai_shifted(grid: PatchGrid) -> str:
    return f"""from monai.data.utils import dense_patch_slices

# where sliding_window_inference looks, but for the rounding of its relative overlap
slices = dense_patch_slices({grid.image_shape}, {grid.patch_size}, {_steps(grid)})
patches = [image[patch] for patch in slices]"""


def _nnunet(grid: PatchGrid) -> str:
    shares = {Fraction(s, p) for s, p in zip(_steps(grid), grid.patch_size, strict=True)}
    _unless(len(shares) > 1, "nnU-Net takes one step for all axes, as a share of the patch")
    (share,) = shares
    exact = all(p * float(share) == p * share for p in grid.patch_size)
    step = str(share) if exact else f"Fraction({share.numerator}, {share.denominator})"
    step = step.replace("/", " / ")
    imports = "" if exact else "from fractions import Fraction  # no float is this step exactly\n"
    return f"""{imports}from itertools import product

from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window

steps = compute_steps_for_sliding_window({grid.image_shape}, {grid.patch_size}, {step})
corners = product(*steps)
boxes = [[slice(i, i + n) for i, n in zip(corner, {grid.patch_size})] for corner in corners]
patches = [image[tuple(box)] for box in boxes]"""


def _patchly(mode: str, grid: PatchGrid) -> str:
    return f"""from patchly import GridSampler, SamplingMode

sampler = GridSampler(
    image, {grid.image_shape}, {grid.patch_size}, {_steps(grid)}, mode=SamplingMode.SAMPLE_{mode}
)
patches = [patch for patch, box in sampler]"""


def _patchly_squeeze(grid: PatchGrid) -> str:
    _unless(1 in grid.counts, "patchly's SAMPLE_SQUEEZE divides by zero where one patch is enough")
    _unless(
        any(starts[-1] % (len(starts) - 1) for starts in grid.starts),
        "patchly's SAMPLE_SQUEEZE places as many patches, but puts what does not divide into the "
        "last gap instead of rounding each",
    )
    return _patchly("SQUEEZE", grid)


def _tiler(grid: PatchGrid) -> str:
    _unless(
        any(size <= gap for size, gap in zip(grid.image_shape, grid.overlap, strict=True)),
        "tiler has no tile where the overlap is as large as the image",
    )
    mode = "drop" if grid.policy == "dropped" else grid.padding_mode
    last = [int(inside[-1]) for inside in grid.inside]
    missing = [patch - inside for patch, inside in zip(grid.patch_size, last, strict=True)]
    _unless(
        (mode == "wrap" and any(missing))
        or (mode == "reflect" and any(m >= i for m, i in zip(missing, last, strict=True))),
        f"tiler pads with the tile's own voxels, not the image's, in mode {mode}",
    )
    return f"""from tiler import Tiler

tiler = Tiler({grid.image_shape}, {grid.patch_size}, overlap={_short(grid.overlap)}, mode="{mode}")
patches = [tile for number, tile in tiler(image)]"""


def _windows(function: str, grid: PatchGrid) -> str:
    module, _, name = function.rpartition(".")
    shape = ", ".join(map(str, grid.patch_size))
    return f"""from {module} import {name}

windows = {name}(image, {grid.patch_size}, {_short(_steps(grid))})
patches = windows.reshape(-1, {shape})"""


_REGULAR = "{} has a fixed step: it does not spread patches evenly"
_INSIDE = "patchly does not pad: its patches lie inside the image"
_EVEN = "nnU-Net spreads patches evenly inside the image: that is policy respaced"
_AT_END = "tiler starts with the image, and pads or drops at its end"
_DROPS = "{} leaves out what does not fit: that is policy dropped"

Writer = Callable[[PatchGrid], str]

#: Library -> policy -> what writes its call, or the reason why it never has one.
PEERS: dict[str, dict[str, Writer | str]] = {
    "patchviz": dict.fromkeys(POLICIES, _patchviz),
    "TorchIO": {
        **dict.fromkeys(POLICIES, _torchio),
        "respaced": _REGULAR.format("TorchIO"),
    },
    "MONAI": {
        "centered": _monai_padded,
        "tight": _monai_padded,
        "shifted": _monai_shifted,
        "respaced": _REGULAR.format("MONAI"),
        "padded_end": _monai_padded,
        "dropped": _monai_splitter,
    },
    "nnU-Net": {**dict.fromkeys(POLICIES, _EVEN), "respaced": _nnunet},
    "patchly": {
        **dict.fromkeys(POLICIES, _INSIDE),
        "shifted": partial(_patchly, "EDGE"),
        "respaced": _patchly_squeeze,
        "dropped": partial(_patchly, "CROP"),
    },
    "tiler": {**dict.fromkeys(POLICIES, _AT_END), "padded_end": _tiler, "dropped": _tiler},
    "scikit-image": {
        **dict.fromkeys(POLICIES, _DROPS.format("scikit-image")),
        "dropped": partial(_windows, "skimage.util.view_as_windows"),
    },
    "patchify": {
        **dict.fromkeys(POLICIES, _DROPS.format("patchify")),
        "dropped": partial(_windows, "patchify.patchify"),
    },
}


def write_calls(grid: PatchGrid) -> tuple[Call, ...]:
    """Write for each library in `PEERS` the call that gives a grid's patches, or why none does."""
    return tuple(_call(library, table[grid.policy], grid) for library, table in PEERS.items())


def _call(library: str, write: Writer | str, grid: PatchGrid) -> Call:
    if isinstance(write, str):
        return Call(library, reason=write)
    try:
        return Call(library, code=write(grid))
    except _NoCallError as reason:
        return Call(library, reason=str(reason))

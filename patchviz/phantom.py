"""Owns the phantom: a synthetic T1-like head with labelled lesions, the same for the same seed.

The head is a formula of the position ``(x, y, z)`` in *head units*: to the right, to the front and
up, each from -1 to 1 across the head. A ``depth`` is a rough distance to a surface in these units,
positive inside; ``_ramp`` makes a soft edge of it.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Axis = NDArray[np.float32]  # head units, shaped to broadcast against the other two
Volume = NDArray[np.float32]
Box = tuple[slice, slice, slice]
Point = tuple[float, float, float]

FAT, MUSCLE, BONE, MARROW, FLUID, GREY, WHITE, AIR = 950, 350, 90, 330, 170, 570, 800, 40
NOISE = 14
HALF_WIDTHS = (0.38, 0.42, 0.41)  # of the head, as a share of each axis: longer than wide


Ellipsoid = tuple[Point, Point, float]  # centre, radii, intensity

STRUCTURES: tuple[Ellipsoid, ...] = (  # drawn in this order, on both sides of the midline
    ((0.34, 0.64, -0.41), (0.20, 0.18, 0.13), WHITE),  # fat of the orbit
    ((0.34, 0.67, -0.41), (0.12, 0.12, 0.11), FLUID),  # eye
    ((0.08, 0.62, -0.56), (0.06, 0.16, 0.16), AIR),  # nose
    ((0.30, 0.48, -0.63), (0.14, 0.14, 0.08), AIR),  # sinus
    ((0.00, 0.27, -0.66), (0.08, 0.11, 0.15), AIR),  # throat
    ((0.29, 0.07, -0.03), (0.085, 0.21, 0.11), 610),  # putamen
    ((0.115, -0.10, 0.0), (0.10, 0.16, 0.10), 620),  # thalamus
    ((0.15, 0.26, 0.03), (0.055, 0.10, 0.11), 590),  # head of the caudate nucleus
    ((0.17, 0.08, 0.14), (0.035, 0.16, 0.04), 590),  # its body
    ((0.00, -0.02, -0.06), (0.022, 0.15, 0.12), FLUID),  # third ventricle
    ((0.00, -0.30, -0.42), (0.045, 0.045, 0.09), FLUID),  # fourth ventricle
)
# White matter wide enough for a lesion. The middle axial plane cuts the first two, and one of
# these is always taken, so that a lesion is in sight when a head is first shown.
LESION_SITES = ((0.27, 0.42, 0.05), (0.40, -0.42, 0.06), (0.28, -0.05, 0.42), (0.30, 0.30, 0.36))


class Lesion(NamedTuple):
    """A bumpy ball: centre and mean radius in head units, phases of its bumps in radians."""

    centre: Point
    radius: float
    phases: Point


@dataclass(frozen=True)
class Anatomy:
    """What the seed decides about a head."""

    size: float
    midline: float  # x of the fissure: off the middle plane, which then shows gyri
    ventricles: float
    shading: Point
    phases: tuple[float, ...]
    lesions: tuple[Lesion, ...]


def make_phantom(
    shape: Sequence[int] = (144, 144, 144), seed: int | Sequence[int] = 0
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Make a T1-like head with one to three lesions.

    Parameters
    ----------
    shape : sequence of 3 ints
        Voxels along the axes i (to the right), j (to the front) and k (up), each at least 8.
        The head is centred and fills about 80 % of each.
    seed : int or sequence of ints
        Decides the size, folds, ventricles, lesions, shading and noise.

    Returns
    -------
    image : float32 array (i, j, k)
        Intensities of about 0 to 1000, with Rician noise.
    label : uint8 array (i, j, k)
        1, 2 or 3 in a lesion, 0 elsewhere.

    Raises
    ------
    ValueError
        When `shape` is not three axes of at least 8 voxels.
    """
    shape = _check_shape(shape)
    rng = np.random.default_rng(seed)
    anatomy = _draw_anatomy(rng)
    axes = _head_axes(shape, anatomy)
    soft = 1.3 / (0.4 * float(np.median(shape)))  # an edge is 1.3 voxels wide
    image = np.zeros(shape, np.float32)
    for box, slab in _slabs(axes):
        image[box] = _head(*slab, anatomy, soft)
    _add_structures(image, axes, anatomy, soft)
    for axis, slope in zip(axes, anatomy.shading, strict=True):
        image *= 1 + slope * axis
    image += NOISE * rng.standard_normal(shape, np.float32)
    np.hypot(image, NOISE * rng.standard_normal(shape, np.float32), out=image)
    return image, _label(shape, axes, anatomy)


def make_phantom_label(
    shape: Sequence[int] = (144, 144, 144), seed: int | Sequence[int] = 0
) -> NDArray[np.uint8]:
    """Make only the label of `make_phantom`, a hundred times faster: same arguments and errors."""
    shape = _check_shape(shape)
    anatomy = _draw_anatomy(np.random.default_rng(seed))
    return _label(shape, _head_axes(shape, anatomy), anatomy)


def phantom_affine(shape: Sequence[int]) -> NDArray[np.float64]:
    """Return the 4x4 affine of a phantom: RAS axes, 1 mm voxels, origin in the middle."""
    affine = np.eye(4)
    affine[:3, 3] = [(1 - n) / 2 for n in _check_shape(shape)]
    return affine


def numbered(prefix: str, n: int) -> list[str]:
    """Return `n` names that sort by number: ``sub-01``, ``sub-02``..."""
    digits = max(2, len(str(n)))
    return [f"{prefix}-{number:0{digits}d}" for number in range(1, n + 1)]


def write_phantom_cohort(
    folder: str | os.PathLike[str],
    n_subjects: int = 30,
    shape: Sequence[int] = (144, 144, 144),
    seed: int = 0,
) -> list[Path]:
    """Write the heads of ``Cohort.phantom(n_subjects, shape, seed)`` as NIfTI files.

    Parameters
    ----------
    folder : path
        Receives ``sub-01/t1.nii.gz`` (int16) and ``sub-01/seg.nii.gz`` (uint8), ``sub-02/...``
    n_subjects, shape, seed
        As in ``Cohort.phantom``.

    Returns
    -------
    list of Path
        The subjects' folders.

    Raises
    ------
    FileExistsError
        When a subject's folder is there already; nothing is written then.
    ValueError
        When `n_subjects` is less than 1, or `shape` is not three axes of at least 8 voxels.
    """
    import nibabel
    from tqdm.auto import tqdm

    if n_subjects < 1:
        raise ValueError(f"`n_subjects` must be at least 1, got {n_subjects}")
    affine = phantom_affine(shape)
    folders = [Path(folder, name) for name in numbered("sub", n_subjects)]
    taken = [path for path in folders if path.exists()]
    if taken:
        raise FileExistsError(f"{taken[0]} is there already: remove it or choose another `folder`")
    for n, path in enumerate(tqdm(folders, desc="phantom heads", unit="head")):
        image, label = make_phantom(shape, [seed, n])
        path.mkdir(parents=True)
        for name, voxels in (("t1", np.rint(image).astype(np.int16)), ("seg", label)):
            nifti = nibabel.Nifti1Image(voxels, affine)  # type: ignore[no-untyped-call]
            unfinished = path / f".{name}.nii.gz"  # a reader never meets half a file
            nibabel.save(nifti, unfinished)
            os.replace(unfinished, path / f"{name}.nii.gz")
    return folders


def _check_shape(shape: Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(operator.index(n) for n in shape)
    if len(sizes) != 3 or min(sizes) < 8:
        raise ValueError(f"`shape` must be three axes of at least 8 voxels, got {sizes}")
    return sizes


def _draw_anatomy(rng: np.random.Generator) -> Anatomy:
    places = [(site, side) for site in LESION_SITES for side in (-1, 1)]
    first = int(rng.integers(4))
    others = [n for n in rng.permutation(len(places)).tolist() if n != first]
    lesions = []
    for n, size in zip([first, *others][: rng.integers(1, 4)], (0.15, 0.12, 0.09), strict=False):
        (x, y, z), side = places[n]
        dx, dy, dz = rng.uniform(-0.03, 0.03, 3).tolist()
        centre = (side * x + dx, y + dy, z + dz)
        radius = size * float(rng.uniform(0.85, 1.1))
        p, q, r = rng.uniform(0, 2 * math.pi, 3).tolist()
        lesions.append(Lesion(centre, radius, (p, q, r)))
    return Anatomy(
        size=float(rng.uniform(0.96, 1.03)),
        midline=float(rng.choice((-1, 1)) * rng.uniform(0.045, 0.055)),
        ventricles=float(rng.uniform(0.85, 1.3)),
        shading=(*rng.uniform(-0.08, 0.08, 3).tolist(),),
        phases=tuple(rng.uniform(0, 2 * math.pi, 6).tolist()),
        lesions=tuple(lesions),
    )


def _head_axes(shape: Sequence[int], anatomy: Anatomy) -> tuple[Axis, ...]:
    voxels = ((np.arange(n) - (n - 1) / 2) / n for n in shape)
    units = (v / (w * anatomy.size) for v, w in zip(voxels, HALF_WIDTHS, strict=True))
    return np.ix_(*(axis.astype(np.float32) for axis in units))


def _box(axes: Sequence[Axis], centre: Point, reach: Point) -> tuple[Box, list[Axis]]:
    """Cut the axes to a box around `centre`; return where it is and the offsets from `centre`."""
    ends = zip(axes, centre, reach, strict=True)
    i, j, k = (slice(*np.searchsorted(a.ravel(), (c - r, c + r)).tolist()) for a, c, r in ends)
    x, y, z = axes
    cuts = zip((x[i], y[:, j], z[:, :, k]), centre, strict=True)
    return (i, j, k), [axis - np.float32(c) for axis, c in cuts]


def _slabs(axes: Sequence[Axis]) -> Iterator[tuple[Box, tuple[Axis, Axis, Axis]]]:
    """Cut the box around the head into slabs that stay in the processor's cache."""
    (i, j, k), (x, y, z) = _box(axes, (0, 0, 0), (1.1, 1.1, 1.1))
    thickness = max(1, 60_000 // (y.size * z.size))
    for n in range(0, x.size, thickness):
        slab = x[n : n + thickness]
        yield (slice(i.start + n, i.start + n + len(slab)), j, k), (slab, y, z)


def _ramp(depth: Volume, edge: float, width: float) -> Volume:
    """Rise from 0 to 1 over `width`, through 1/2 where `depth` is `edge`."""
    rise: Volume = (depth - (edge - width / 2)) * (1 / width)
    return rise.clip(0, 1)


def _round_min(a: Volume, b: Volume, radius: float) -> Volume:
    """Return the minimum of two depths, their common edge rounded."""
    gap = np.maximum(radius - np.abs(a - b), 0)
    rounded: Volume = np.minimum(a, b) - gap * gap * (1 / (4 * radius))
    return rounded


def _ball(x: Volume, y: Volume, z: Volume | float) -> Volume:
    """Return the depth below the unit sphere."""
    depth: Volume = 1 - np.sqrt(x * x + y * y + z * z)
    return depth


def _head(x: Axis, y: Axis, z: Axis, anatomy: Anatomy, soft: float) -> Volume:
    """Return the noiseless intensities of a slab, without its small structures."""
    p = anatomy.phases
    mid = x - anatomy.midline + 0.015 * np.sin(4 * y + p[0]) * np.cos(3 * z + p[1])
    side = np.abs(mid)
    head = _ball(x * (1 + 0.12 * y), y, z)
    vault = _ball(x * (1 + 0.23 * y), 0.98 * (y + 0.01), 0.966 * z) - 0.15
    floor = z + 0.18 + 0.30 * _ramp(-y, -0.36, 0.4) * _ramp(side, 0.2, 0.35)
    tent = z + 0.13 + 0.25 * side + 0.25 * _ramp(y, -0.12, 0.3)  # over the cerebellum
    upper = _round_min(vault, floor, 0.25)
    lower = 0.38 * _ball(x / 0.58, (y + 0.42) / 0.42, (z + 0.36) / 0.36)
    lower = _round_min(lower, vault, 0.05)
    pons = 0.05 * np.exp(-(((z + 0.40) / 0.11) ** 2))
    stem = np.minimum(0.10 + pons - np.hypot(mid, y + 0.16 - 0.4 * pons), -0.12 - z)
    cavity = -_round_min(-np.maximum(upper, lower), -stem - 0.04, 0.1)
    image = _outside(x, y, z, head, cavity, soft)
    cerebrum = _cerebrum(mid, y, z, upper - 0.015, tent - 0.015, p)
    for depth in (cerebrum, _cerebellum(side, y, z, np.minimum(lower - 0.015, -0.02 - tent))):
        image += (GREY - FLUID) * _ramp(depth, 0.01, soft)
        image += (WHITE - GREY) * _ramp(depth, 0.054, soft)
    image += (760 - image) * _ramp(stem, 0, soft)
    image *= _ramp(head, 0, soft)
    return image


def _outside(x: Axis, y: Axis, z: Axis, head: Volume, cavity: Volume, soft: float) -> Volume:
    """Return fat, muscle and bone around a cavity full of fluid."""
    streaks = np.sin(11 * x + 4 * y) * np.sin(9 * z + 2 * x) * np.sin(7 * y + 3 * z)
    image = FAT + (MUSCLE - FAT) * _ramp(head, 0.07, 2 * soft)
    image = np.maximum(image, MUSCLE + 400 * _ramp(streaks, 0.25, 0.4))
    image += (BONE - image) * _ramp(cavity, -0.085, soft)
    image += MARROW * np.exp(-(((cavity + 0.055) / 0.014) ** 2))
    image += (FLUID - image) * _ramp(cavity, -0.01, soft)
    return image


def _cerebrum(
    mid: Volume, y: Axis, z: Axis, skull: Volume, tent: Volume, phases: Sequence[float]
) -> Volume:
    """Return the depth below the folded surface; `skull` and `tent` are depths below these."""
    side = np.abs(mid)
    arch = 0.3 * _ball((y + 0.04) / 0.42, (z + 0.03) / 0.25, 0.0)
    core = np.minimum(arch, 0.22 - side)  # joins the hemispheres
    smooth = np.minimum(np.minimum(skull, tent), np.maximum(side - 0.009, core))
    # Sulci are sheets that run from the surface towards the middle of a hemisphere.
    x, z_up = side - 0.28, z + 0.05
    spread = 1 / (0.75 * np.sqrt(x * x + y * y + z_up * z_up) + 0.2)
    wave = 0.10 * np.sin(9 * y + 4 * mid + phases[1])
    other = 0.10 * np.sin(10 * z + 5 * mid + phases[2])
    along = (x * spread + wave + 0.3 * np.sign(mid), y * spread + other, z_up * spread + wave)
    below = np.maximum(smooth, np.minimum(skull, 2 * side - 0.018)) + 3 * np.maximum(0, core + 0.05)
    depth = smooth
    for frequency, shifts, reach in ((6.5, phases[:3], 0.21), (13.0, phases[3:], 0.12)):
        a, b, c = (frequency * u + shift for u, shift in zip(along, shifts, strict=True))
        gyroid = np.sin(a) * np.cos(b) + np.sin(b) * np.cos(c) + np.sin(c) * np.cos(a)
        sulci = np.abs(gyroid) * (0.75 / frequency) + 0.6 * np.maximum(0, below - reach)
        depth = np.minimum(depth, sulci)
    callosum = np.minimum(np.minimum(0.03 - np.abs(core - 0.045), z + 0.06), 0.3 - side)
    folded: Volume = np.maximum(depth, 3 * callosum)
    return folded


def _cerebellum(side: Volume, y: Axis, z: Axis, depth: Volume) -> Volume:
    """Return the depth below folia that fan out from the brain stem."""
    forward, up = -(y + 0.2), z + 0.36
    folia = np.abs(np.sin(11 * np.arctan2(up, forward) + 4 * side)) * np.hypot(forward, up) / 11
    folded: Volume = np.minimum(depth, folia + 0.5 * np.maximum(0, depth - 0.13))
    return folded


def _ventricles(scale: float) -> Iterator[Ellipsoid]:
    """Yield the lateral ventricles as strings of beads: the C, then the occipital horn."""
    for t in np.linspace(0, 1, 20).tolist():
        a = math.pi * (0.02 + 1.18 * t)
        centre = (0.075 + 0.26 * t**2.2, -0.06 + 0.37 * math.cos(a), -0.06 + 0.19 * math.sin(a))
        r = scale * (0.035 + 0.045 * math.sin(math.pi * min(1, 0.95 * t + 0.12)))
        yield centre, (0.75 * r, 1.3 * r, r), FLUID
    for t in np.linspace(0, 1, 8).tolist():
        centre = (0.13 + 0.06 * t, -0.38 - 0.22 * t, -0.02 * t)
        r = scale * (0.037 - 0.015 * t)
        yield centre, (r, 0.05, r), FLUID


def _add_structures(image: Volume, axes: Sequence[Axis], anatomy: Anatomy, soft: float) -> None:
    for (x, y, z), radii, intensity in (*_ventricles(anatomy.ventricles), *STRUCTURES):
        reach = (radii[0] + soft, radii[1] + soft, radii[2] + soft)
        for side in (-1, 1) if x else (1,):
            box, offsets = _box(axes, (anatomy.midline + side * x, y, z), reach)
            depth = _ball(*(o / r for o, r in zip(offsets, radii, strict=True))) * min(radii)
            image[box] += (intensity - image[box]) * _ramp(depth, 0, soft)
    for lesion in anatomy.lesions:
        box, depth = _lesion_depth(axes, lesion)
        bright_rim = 1000 - 480 * _ramp(depth, 0.05, 0.05)
        image[box] += (bright_rim - image[box]) * _ramp(depth, 0, 2.5 * soft)


def _lesion_depth(axes: Sequence[Axis], lesion: Lesion) -> tuple[Box, Volume]:
    r = lesion.radius
    box, (x, y, z) = _box(axes, lesion.centre, (1.6 * r, 1.6 * r, 1.6 * r))
    p, q, s = lesion.phases
    bumps = np.sin(x * (3 / r) + p) * np.sin(y * (3 / r) + q) * np.sin(z * (3 / r) + s)
    return box, r * (_ball(x / r, y / r, z / r) + 0.25 * bumps)


def _label(shape: Sequence[int], axes: Sequence[Axis], anatomy: Anatomy) -> NDArray[np.uint8]:
    label = np.zeros(shape, np.uint8)
    for value, lesion in enumerate(anatomy.lesions, start=1):
        box, depth = _lesion_depth(axes, lesion)
        label[box][depth > 0] = value
        # At a tiny shape a lesion may fall between the voxels: it has at least the nearest one.
        middle = (int(np.abs(a - c).argmin()) for a, c in zip(axes, lesion.centre, strict=True))
        label[tuple(middle)] = value
    return label

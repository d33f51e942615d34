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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Label = NDArray[np.uint8]
Shape = Sequence[int]
Seed = int | Sequence[int]
Point = Sequence[float]
Volume = Any  # float32, or an axis that broadcasts against the other two

SHAPE = (144, 144, 144)
FAT, MUSCLE, BONE, MARROW, FLUID, GREY, WHITE, AIR = 950, 350, 90, 330, 170, 570, 800, 40
NOISE = 14
HALF_WIDTHS = (0.38, 0.42, 0.41)  # of the head, as a share of each axis: longer than wide
STRUCTURES = (  # ellipsoids: centre, radii, intensity; drawn in this order, on both sides
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


def make_phantom(shape: Shape = SHAPE, seed: Seed = 0) -> tuple[Image, Label]:
    """Make a T1-like head with one to three lesions.

    Parameters
    ----------
    shape : sequence of 3 ints
        Voxels along the axes i (to the right), j (to the front) and k (up), each at least 8, or
        ``ValueError`` is raised. The head is centred and fills about 80 % of each.
    seed : int or sequence of ints
        Decides the size, folds, ventricles, lesions, shading and noise.

    Returns
    -------
    image : float32 array (i, j, k)
        Intensities of about 0 to 1000, with Rician noise.
    label : uint8 array (i, j, k)
        1, 2 or 3 in a lesion, 0 elsewhere.
    """
    head = _Head(shape, seed)
    with ThreadPoolExecutor(1) as pool:  # noise takes as long as the head
        noise = pool.submit(head.noise)
        image = head.image()
    image += noise.result()[0]
    return np.hypot(image, noise.result()[1], out=image), head.label()


def make_phantom_label(shape: Shape = SHAPE, seed: Seed = 0) -> Label:
    """Make only the label of `make_phantom`, a thousand times faster."""
    return _Head(shape, seed).label()


def phantom_affine(shape: Shape) -> NDArray[np.float64]:
    """Return the 4x4 affine of a phantom: RAS axes, 1 mm voxels, origin in the middle."""
    affine = np.eye(4)
    affine[:3, 3] = [(1 - n) / 2 for n in check_shape(shape)]
    return affine


def numbered(prefix: str, n: int) -> list[str]:
    """Return `n` names that sort by number: ``sub-01``, ``sub-02``..."""
    digits = max(2, len(str(n)))
    return [f"{prefix}-{number:0{digits}d}" for number in range(1, n + 1)]


def write_phantom_cohort(
    folder: str | os.PathLike[str], n_subjects: int = 30, shape: Shape = SHAPE, seed: int = 0
) -> list[Path]:
    """Write the heads of ``Cohort.phantom(n_subjects, shape, seed)``; return the folders made.

    `folder` receives ``sub-01/t1.nii.gz`` (int16), ``sub-01/seg.nii.gz`` (uint8), ``sub-02/...``
    Nothing is written when one of these is there already (``FileExistsError``), or for less than
    one subject or three axes of 8 voxels (``ValueError``).
    """
    import nibabel
    from tqdm.auto import tqdm

    if n_subjects < 1:
        raise ValueError(f"`n_subjects` must be at least 1, got {n_subjects}")
    affine = phantom_affine(shape)
    folders = [Path(folder, name) for name in numbered("sub", n_subjects)]
    for path in folders:
        if path.exists():
            raise FileExistsError(f"{path} is there already: remove it or choose another `folder`")
    for n, path in enumerate(tqdm(folders, desc="phantom heads", unit="head")):
        image, label = make_phantom(shape, [seed, n])
        path.mkdir(parents=True)
        for name, voxels in (("t1", np.rint(image).astype(np.int16)), ("seg", label)):
            unfinished = path / f".{name}.nii.gz"  # a reader never meets half a file
            nibabel.save(nibabel.Nifti1Image(voxels, affine), unfinished)
            os.replace(unfinished, path / f"{name}.nii.gz")
    return folders


def check_shape(shape: Shape) -> tuple[int, ...]:
    """Return the shape of a phantom as a tuple; refuse what isn't three axes of 8 voxels."""
    sizes = tuple(operator.index(n) for n in shape)
    if len(sizes) != 3 or min(sizes) < 8:
        raise ValueError(f"`shape` must be three axes of at least 8 voxels, got {sizes}")
    return sizes


class _Head:
    """What the seed decides about a head, and where its voxels are."""

    def __init__(self, shape: Shape, seed: Seed) -> None:
        self.shape = check_shape(shape)
        self.rng = rng = np.random.default_rng(seed)
        places = [(side * x, y, z) for x, y, z in LESION_SITES for side in (-1, 1)]
        first = int(rng.integers(4))
        others = [n for n in rng.permutation(len(places)).tolist() if n != first]
        chosen = [first, *others][: rng.integers(1, 4)]
        self.lesions: list[tuple[Point, float, Point]] = []  # centre, radius, phases of the bumps
        for n, radius in zip(chosen, (0.15, 0.12, 0.09), strict=False):
            centre = (places[n] + rng.uniform(-0.03, 0.03, 3)).tolist()
            radius *= rng.uniform(0.85, 1.1)
            self.lesions.append((centre, radius, rng.uniform(0, 2 * math.pi, 3).tolist()))
        size = rng.uniform(0.96, 1.03)
        # x of the fissure: off the middle plane, which then shows gyri
        self.midline = float(rng.choice((-1, 1)) * rng.uniform(0.045, 0.055))
        self.ventricles = rng.uniform(0.85, 1.3)
        self.shading = rng.uniform(-0.08, 0.08, 3).tolist()
        self.phases = rng.uniform(0, 2 * math.pi, 6).tolist()
        self.soft = 1.3 / (0.4 * float(np.median(self.shape)))  # an edge is 1.3 voxels wide
        widths = zip(self.shape, HALF_WIDTHS, strict=True)
        axes = (((np.arange(n) - (n - 1) / 2) / n) / (width * size) for n, width in widths)
        self.axes = [axis.astype(np.float32) for axis in axes]

    def noise(self) -> Image:
        """Draw the real and the imaginary part of the noise."""
        noise = self.rng.standard_normal((2, *self.shape), np.float32)
        noise *= NOISE
        return noise

    def image(self) -> Image:
        """Draw the head, large to small, without noise."""
        image, soft = np.zeros(self.shape, np.float32), self.soft
        (i, j, k), (_, y, z) = self._box((0, 0, 0), (1.1, 1.1, 1.1))
        thickness = max(1, 60_000 // (y.size * z.size))  # a slab stays in the processor's cache
        for n in range(i.start, i.stop, thickness):
            slab = slice(n, n + thickness)
            image[slab, j, k] = _tissues(self.axes[0][slab, None, None], y, z, self)
        for (right, front, up), radii, intensity in (*_ventricles(self.ventricles), *STRUCTURES):
            for side in (-1, 1) if right else (1,):
                centre = (self.midline + side * right, front, up)
                box, offsets = self._box(centre, [radius + soft for radius in radii])
                depth = _ball(*(x / r for x, r in zip(offsets, radii, strict=True))) * min(radii)
                image[box] += (intensity - image[box]) * _ramp(depth, 0, soft)
        for lesion in self.lesions:
            box, depth = self._bumpy_ball(*lesion)
            bright_rim = 1000 - 480 * _ramp(depth, 0.05, 0.05)
            image[box] += (bright_rim - image[box]) * _ramp(depth, 0, 2.5 * soft)
        for axis, slope in zip(np.ix_(*self.axes), self.shading, strict=True):
            image *= 1 + slope * axis
        return image

    def label(self) -> Label:
        """Return 1 in the first lesion, 2 in the second..."""
        label = np.zeros(self.shape, np.uint8)
        for value, lesion in enumerate(self.lesions, start=1):
            box, depth = self._bumpy_ball(*lesion)
            label[box][depth > 0] = value
            # At a tiny shape a lesion may fall between the voxels: it has at least the nearest.
            nearest = (np.abs(a - c).argmin() for a, c in zip(self.axes, lesion[0], strict=True))
            label[tuple(nearest)] = value
        return label

    def _box(self, centre: Point, reach: Point) -> tuple[tuple[slice, ...], tuple[Volume, ...]]:
        """Return which voxels are within `reach` of `centre`, and their offsets along each axis."""
        ends = zip(self.axes, centre, reach, strict=True)
        box = tuple(slice(*np.searchsorted(a, (c - r, c + r)).tolist()) for a, c, r in ends)
        cuts = zip(self.axes, box, centre, strict=True)
        return box, np.ix_(*(axis[cut] - np.float32(c) for axis, cut, c in cuts))

    def _bumpy_ball(self, centre: Point, r: float, phases: Point) -> tuple[Any, Volume]:
        box, offsets = self._box(centre, [1.6 * r] * 3)
        a, b, c = (np.sin(x * (3 / r) + phase) for x, phase in zip(offsets, phases, strict=True))
        return box, r * (_ball(*(x / r for x in offsets)) + 0.25 * (a * b * c))


def _ventricles(scale: float) -> Iterator[tuple[Point, Point, int]]:
    """Yield the lateral ventricles as strings of beads: the C, then the occipital horn."""
    for t in np.linspace(0, 1, 20).tolist():
        a = math.pi * (0.02 + 1.18 * t)
        centre = (0.075 + 0.26 * t**2.2, -0.06 + 0.37 * math.cos(a), -0.06 + 0.19 * math.sin(a))
        r = scale * (0.035 + 0.045 * math.sin(math.pi * min(1, 0.95 * t + 0.12)))
        yield centre, (0.75 * r, 1.3 * r, r), FLUID
    for t in np.linspace(0, 1, 8).tolist():
        r = scale * (0.037 - 0.015 * t)
        yield (0.13 + 0.06 * t, -0.38 - 0.22 * t, -0.02 * t), (r, 0.05, r), FLUID


def _ramp(depth: Volume, edge: float, width: float) -> Volume:
    """Rise from 0 to 1 over `width`, through 1/2 where `depth` is `edge`."""
    return ((depth - (edge - width / 2)) * (1 / width)).clip(0, 1)


def _ball(x: Volume, y: Volume, z: Volume) -> Volume:
    """Return the depth below the unit sphere."""
    return 1 - np.sqrt(x * x + y * y + z * z)


def _tissues(x: Volume, y: Volume, z: Volume, anatomy: _Head) -> Volume:
    """Return the intensities of a slab, without its small structures."""
    p, soft = anatomy.phases, anatomy.soft
    mid = x - anatomy.midline + 0.015 * np.sin(4 * y + p[0]) * np.cos(3 * z + p[1])
    side = np.abs(mid)
    head = _ball(x * (1 + 0.12 * y), y, z)
    vault = _ball(x * (1 + 0.23 * y), 0.98 * (y + 0.01), 0.966 * z) - 0.15
    floor = z + 0.18 + 0.30 * _ramp(-y, -0.36, 0.4) * _ramp(side, 0.2, 0.35)
    tent = z + 0.13 + 0.25 * side + 0.25 * _ramp(y, -0.12, 0.3)  # over the cerebellum
    rounding = np.maximum(0.25 - np.abs(vault - floor), 0) ** 2
    upper = np.minimum(vault, floor) - rounding
    lower = np.minimum(0.38 * _ball(x / 0.58, (y + 0.42) / 0.42, (z + 0.36) / 0.36), vault)
    pons = 0.05 * np.exp(-(((z + 0.40) / 0.11) ** 2))
    stem = np.minimum(0.10 + pons - np.hypot(mid, y + 0.16 - 0.4 * pons), -0.12 - z)
    cavity = np.maximum(np.maximum(upper, lower), stem + 0.04)
    streaks = np.sin(11 * x + 4 * y) * np.sin(9 * z + 2 * x) * np.sin(7 * y + 3 * z)
    image = FAT + (MUSCLE - FAT) * _ramp(head, 0.07, 2 * soft)
    image = np.maximum(image, MUSCLE + 400 * _ramp(streaks, 0.25, 0.4))
    image += (BONE - image) * _ramp(cavity, -0.085, soft)
    image += MARROW * np.exp(-(((cavity + 0.055) / 0.014) ** 2))
    image += (FLUID - image) * _ramp(cavity, -0.01, soft)
    cerebrum = _cerebrum(mid, y, z, upper - 0.015, tent - 0.015, p)
    for depth in (cerebrum, _cerebellum(side, y, z, np.minimum(lower - 0.015, -0.02 - tent))):
        image += (GREY - FLUID) * _ramp(depth, 0.01, soft)
        image += (WHITE - GREY) * _ramp(depth, 0.054, soft)
    image += (760 - image) * _ramp(stem, 0, soft)
    return image * _ramp(head, 0, soft)


def _cerebrum(mid: Volume, y: Volume, z: Volume, skull: Volume, tent: Volume, p: Point) -> Volume:
    """Return the depth below the folded surface; `skull` and `tent` are depths below these."""
    side = np.abs(mid)
    arch = 0.3 * _ball((y + 0.04) / 0.42, (z + 0.03) / 0.25, 0.0)
    core = np.minimum(arch, 0.22 - side)  # joins the hemispheres
    depth = smooth = np.minimum(np.minimum(skull, tent), np.maximum(side - 0.009, core))
    # Sulci are sheets that run from the surface towards the middle of a hemisphere.
    x, z_up = side - 0.28, z + 0.05
    spread = 1 / (0.75 * np.sqrt(x * x + y * y + z_up * z_up) + 0.2)
    wave = 0.10 * np.sin(9 * y + 4 * mid + p[1])
    other = 0.10 * np.sin(10 * z + 5 * mid + p[2])
    along = (x * spread + wave + 0.3 * np.sign(mid), y * spread + other, z_up * spread + wave)
    below = np.maximum(smooth, np.minimum(skull, 2 * side - 0.018)) + 3 * np.maximum(0, core + 0.05)
    for frequency, shifts, reach in ((6.5, p[:3], 0.21), (13.0, p[3:], 0.12)):
        a, b, c = (frequency * u + shift for u, shift in zip(along, shifts, strict=True))
        gyroid = np.sin(a) * np.cos(b) + np.sin(b) * np.cos(c) + np.sin(c) * np.cos(a)
        sulci = np.abs(gyroid) * (0.75 / frequency) + 0.6 * np.maximum(0, below - reach)
        depth = np.minimum(depth, sulci)
    return depth


def _cerebellum(side: Volume, y: Volume, z: Volume, depth: Volume) -> Volume:
    """Return the depth below folia that fan out from the brain stem."""
    forward, up = -(y + 0.2), z + 0.36
    folia = np.abs(np.sin(11 * np.arctan2(up, forward) + 4 * side)) * np.hypot(forward, up) / 11
    return np.minimum(depth, folia + 0.5 * np.maximum(0, depth - 0.13))

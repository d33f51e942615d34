"""What the core must equal, written the slow and obvious way."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

DTYPES = ["uint8", "int16", "int64", "float16", "float32", "float64", "bool", "complex64"]
LARGEST = {1: 40, 2: 14, 3: 8, 4: 5}  # voxels along an axis, by number of axes


def legacy_indices(image_shape, patch_size, overlap=0, start=None) -> np.ndarray:
    """Transcribe `compute_patch_indices` of ellisdg/3DUnetCNN, for any number of axes."""
    image_shape = np.asarray(image_shape)
    patch_size = np.asarray(patch_size)
    overlap = np.asarray(overlap)
    if start is None:
        n_patches = np.ceil(image_shape / (patch_size - overlap))
        overflow = (patch_size - overlap) * n_patches - image_shape + overlap
        start = -np.ceil(overflow / 2)
    start = np.broadcast_to(start, image_shape.shape)
    stop = image_shape + start
    step = np.broadcast_to(patch_size - overlap, image_shape.shape)
    ranges = tuple(slice(a, b, c) for a, b, c in zip(start, stop, step, strict=True))
    return np.asarray(np.mgrid[ranges].reshape(len(image_shape), -1).T, dtype=int)


def slice_of_padded(volume, corner, patch_size, mode="edge") -> np.ndarray:
    """Pad the whole volume with `numpy.pad` and slice the patch from it; channels come first."""
    ndim = len(corner)
    around = [
        (max(0, -c), max(0, c + p - n))
        for c, p, n in zip(corner, patch_size, volume.shape[-ndim:], strict=True)
    ]
    padded = np.pad(volume, [(0, 0)] * (volume.ndim - ndim) + around, mode=mode)
    box = [
        slice(c + before, c + before + p)
        for c, p, (before, _) in zip(corner, patch_size, around, strict=True)
    ]
    return padded[(..., *box)]


def blank(label, corner, patch_size, rule=True) -> bool:
    """Go through the patch voxel by voxel; only those inside the image count."""
    if rule is False:
        return False
    mask = slice_of_padded(label != 0, corner, patch_size, "constant")
    if rule == "center":
        return not mask[tuple(size // 2 for size in patch_size)]
    if rule is True or rule == "any":
        return not mask.any()
    inside = slice_of_padded(np.ones_like(label), corner, patch_size, "constant").sum()
    return bool(mask.sum() < max(1, rule * inside))


def paint(image_shape: Sequence[int], patch_size: Sequence[int], corners) -> tuple[Any, Any, Any]:
    """Paint every patch on a canvas with ample margin around the image.

    Returns how often each voxel of the canvas is painted, the share of image in each patch, and
    where on the canvas the image is.
    """
    reach = np.abs(corners).max(axis=0) + patch_size + image_shape
    canvas = np.zeros(2 * reach, int)
    is_image = np.zeros(2 * reach, bool)
    image_box = tuple(slice(r, r + n) for r, n in zip(reach, image_shape, strict=True))
    is_image[image_box] = True
    shares = []
    for corner in corners:
        box = tuple(slice(a, a + p) for a, p in zip(reach + corner, patch_size, strict=True))
        canvas[box] += 1
        shares.append(is_image[box].mean())
    return canvas, shares, image_box


blank_rules = st.sampled_from([True, "any", "center", 0.99, 0.25, 0.01])


@st.composite
def axes(draw, largest=40) -> tuple[int, int, int]:
    """(size, patch, overlap) of one axis; the patch may be larger than the image."""
    size = draw(st.integers(1, largest))
    patch = draw(st.integers(1, largest + 3))
    return size, patch, draw(st.integers(0, patch - 1))


@st.composite
def grid_arguments(draw, policies=("centered",), ndims=(1, 2, 3, 4)) -> dict[str, Any]:
    """Arguments of `PatchGrid` that every policy accepts; a given start under centered only."""
    ndim = draw(st.sampled_from(ndims))
    policy = draw(st.sampled_from(policies))
    shape, patch, overlap = zip(*(draw(axes(LARGEST[ndim])) for _ in range(ndim)), strict=True)
    if policy in ("shifted", "respaced", "dropped"):
        patch = tuple(map(min, patch, shape))
        overlap = tuple(min(o, p - 1) for o, p in zip(overlap, patch, strict=True))
    start = None
    if policy == "centered" and draw(st.booleans()):
        start = tuple(draw(st.integers(-LARGEST[ndim], LARGEST[ndim])) for _ in range(ndim))
    return {
        "image_shape": shape,
        "patch_size": patch,
        "overlap": overlap,
        "start": start,
        "policy": policy,
    }


@st.composite
def volumes(draw, image_shape):
    """Any dtype, with and without channels, in any layout of the memory."""
    shape = (*draw(st.lists(st.integers(1, 2), max_size=2)), *image_shape)
    values = np.random.default_rng(0).integers(0, 100, [2 * n for n in shape])
    values = values.astype(draw(st.sampled_from(DTYPES)))
    layout = draw(st.sampled_from(["C", "F", "every other", "backwards"]))
    if layout == "every other":
        return values[tuple(slice(None, None, 2) for _ in shape)]
    values = values[tuple(slice(n) for n in shape)]
    return values[..., ::-1] if layout == "backwards" else values.copy(order=layout)

"""Voxels as the browser gets them, a byte each: greys, and numbers of label values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchviz.scene.wording import axes_text

CHUNK = 4 * 2**20  # bytes in one message: larger ones hold up everything behind them
MOST_WHOLE = 2**28  # bytes of image and label together that are sent as a whole

Bytes = NDArray[np.uint8]


class Voxels:
    """One channel of a subject, and its label if there is one, as bytes.

    `image` and `label` have one shape, in C order; `greys` are the values of black and white: see
    `grey_range`. `parts` holds them by the names "image" and "label", `n_bytes` is what they take.
    """

    def __init__(
        self, image: NDArray[Any], label: NDArray[Any] | None, greys: tuple[float, float]
    ) -> None:
        self.parts = {"image": image} if label is None else {"image": image, "label": label}
        self.n_bytes = image.size * len(self.parts)
        self.greys = greys
        self._values = None if label is None else label_values(label)

    def describe(self) -> dict[str, Any]:
        """Give what the front end has to know before the first voxel."""
        low, high = self.greys
        shape = self.parts["image"].shape
        return {"shape": shape, "low": low, "high": high, "has_label": "label" in self.parts}

    @property
    def note(self) -> str:
        """Say that the whole is too large to be sent; empty where it isn't."""
        if self.n_bytes <= MOST_WHOLE:
            return ""
        size = axes_text(self.parts["image"].shape)
        most = f"{MOST_WHOLE / 2**20:.3g} MiB"
        return (
            f"planes are fetched from the kernel one by one: {size} voxels are more than the "
            f"{most} that are sent whole"
        )

    def plane(self, axis: int, index: int) -> list[Bytes]:
        """Cut the plane that is `index` along `axis` from each part."""
        at = (slice(None),) * axis + (index,)
        return [self._to_bytes(part, voxels[at]) for part, voxels in self.parts.items()]

    def chunk(self, part: str, offset: int) -> Bytes:
        """Cut a piece of a part, counted along it as one row of voxels in C order."""
        return self._to_bytes(part, self.parts[part].reshape(-1)[offset : offset + CHUNK])

    def whole(self, part: str) -> Bytes:
        """Give a part as a whole, made piece by piece so that no large copy stands beside it."""
        out = np.empty(self.parts[part].shape, np.uint8)
        for offset in range(0, out.size, CHUNK):
            out.reshape(-1)[offset : offset + CHUNK] = self.chunk(part, offset)
        return out

    def _to_bytes(self, part: str, voxels: NDArray[Any]) -> Bytes:
        if self._values is None or part == "image":
            return to_greys(voxels, *self.greys)
        return number_labels(voxels, self._values)


def grey_range(volume: NDArray[Any]) -> tuple[float, float]:
    """Find the values to show as black and white: the 0.1 and 99.9 percentiles."""
    sample = volume.ravel()[:: max(1, volume.size // 200_000)]
    low, high = (float(value) for value in np.percentile(sample, (0.1, 99.9)))
    return low, max(high, low + 1e-6 * max(1, abs(low)))


def to_greys(voxels: NDArray[Any], low: float, high: float) -> Bytes:
    """Bring voxels to 256 greys between two values, in C order."""
    scaled = voxels.astype(np.float32, order="C", copy=True)
    scaled -= low
    scaled *= 255 / (high - low)
    np.clip(scaled, 0, 255, out=scaled)
    return scaled.astype(np.uint8)


def label_values(label: NDArray[Any]) -> NDArray[Any]:
    """Find the values of a label but for background, in their order."""
    flat = label.reshape(-1)
    found = []
    for offset in range(0, flat.size, CHUNK):
        piece = flat[offset : offset + CHUNK]
        few = piece.max() < 2**16  # then counting them is ten times as fast as sorting
        found.append(np.flatnonzero(np.bincount(piece)) if few else np.unique(piece))
    values = np.unique(np.concatenate(found))
    return np.asarray(values[values != 0])


def number_labels(label: NDArray[Any], values: NDArray[Any]) -> Bytes:
    """Replace `values` by 1, 2, 3 … in their order, background by 0; 255 is all the rest."""
    numbers = np.searchsorted(values, np.ascontiguousarray(label), side="right")
    return np.minimum(numbers, 255).astype(np.uint8)

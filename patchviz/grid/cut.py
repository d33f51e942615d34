"""Cut patches out of a volume, and pad what lies outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import index as as_int
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from patchviz.arguments import Array, per_axis, require_choice
from patchviz.grid.foreground import BlankRule, check_rule
from patchviz.grid.patch_grid import PADDING_MODES, Corner, Ints
from patchviz.grid.subject import SubjectLike, Subjects

Transform = Callable[[Array, "Array | None", np.random.Generator], "tuple[Array, Array | None]"]


def padding_index(size: int, start: int, stop: int, padding_mode: str) -> NDArray[np.int64]:
    """Tell which voxel of an axis of `size` stands at each position from `start` to below `stop`.

    Positions may lie outside 0 … size; -1 is where ``constant`` padding (zero) stands.
    """
    place = np.arange(start, stop)
    if padding_mode == "edge":
        return np.clip(place, 0, size - 1)
    if padding_mode == "wrap":
        return place % size
    if padding_mode == "reflect":
        period = max(2 * (size - 1), 1)
        place %= period
        return np.minimum(place, period - place)
    if padding_mode != "constant":
        require_choice("padding_mode", padding_mode, PADDING_MODES)
    return np.where((place >= 0) & (place < size), place, -1)


def cut_patch(
    volume: Array,
    corner: Sequence[int],
    patch_size: Sequence[int],
    padding_mode: str = "edge",
    out: Array | None = None,
) -> Array:
    """Cut one patch, as if `numpy.pad` had padded the whole volume and it were sliced from that.

    Parameters
    ----------
    volume : ndarray, shape (..., *image_shape)
        The last axes are those of `corner`; channels may stand before them.
    corner, patch_size : sequence of int
        Voxels; the patch may lie partly or wholly outside.
    padding_mode : {"edge", "constant", "reflect", "wrap"}
        What stands outside; ``constant`` is zero.
    out : ndarray, shape (..., *patch_size), optional
        Where to write the patch.

    Returns
    -------
    ndarray, shape (..., *patch_size)
        `out`, or a new array.
    """
    require_choice("padding_mode", padding_mode, PADDING_MODES)
    return _cut(volume, tuple(corner), tuple(patch_size), padding_mode, out)


def _cut(
    volume: Array, corner: Corner, patch_size: Corner, padding_mode: str, out: Array | None
) -> Array:
    """Do what `cut_patch` says, of arguments that are checked."""
    channels, shape = volume.shape[: -len(corner)], volume.shape[-len(corner) :]
    if out is None:
        out = np.empty((*channels, *patch_size), volume.dtype)
    box = _find_box(corner, patch_size, shape)
    if box.is_padded and (box.is_empty or padding_mode in ("reflect", "wrap")):
        axes = list(zip(corner, patch_size, shape, strict=True))
        return _gather(volume, axes, padding_mode, out)
    if box.is_padded and padding_mode == "constant":
        out[...] = 0
    _copy(volume[box.in_image], out[box.in_patch])
    if box.is_padded and padding_mode == "edge":
        _repeat_edges(out, box)
    return out


class _Box(NamedTuple):
    """The voxels of a patch that lie inside the image, and what edge padding puts around them."""

    in_image: tuple[Any, ...]
    in_patch: tuple[Any, ...]
    is_empty: bool
    columns: list[Any]  # along the last axis: where in the patch, and the voxels to repeat there
    rows: list[Any]  # likewise along the axes before it, from the last to the first

    @property
    def is_padded(self) -> bool:
        """Whether the patch sticks out of the image."""
        return bool(self.columns or self.rows)


@lru_cache(1024)  # every subject of a shape has the same corners
def _find_box(corner: Corner, patch_size: Corner, image_shape: Corner) -> _Box:
    in_image, in_patch = [], []
    for c, p, n in zip(corner, patch_size, image_shape, strict=True):
        start, stop = min(max(c, 0), n), min(max(c + p, 0), n)
        in_image.append(slice(start, stop))
        in_patch.append(slice(start - c, stop - c))
    edges: list[list[Any]] = [[] for _ in corner]
    for axis, (found, box, p) in enumerate(zip(edges, in_patch, patch_size, strict=True)):
        before, after = (..., *in_patch[:axis]), (slice(None),) * (len(corner) - 1 - axis)
        sides = (0, box.start, box.start), (box.stop, p, box.stop - 1)
        for start, stop, edge in sides:
            if start < stop:
                pair = slice(start, stop), slice(edge, edge + 1)
                found.append([(*before, side, *after) for side in pair])
    *others, columns = edges
    return _Box(
        (..., *in_image),
        (..., *in_patch),
        any(box.start == box.stop for box in in_image),
        columns,
        [pair for found in reversed(others) for pair in found],
    )


def _copy(source: Array, target: Array) -> None:
    if source.dtype == target.dtype and _has_runs(source) and _has_runs(target):
        source, target = _as_runs(source), _as_runs(target)
    target[...] = source


def _has_runs(array: Array) -> bool:
    return array.strides[-1] == array.itemsize


def _as_runs(array: Array) -> Array:
    """View each row of the last axis as one item: NumPy moves an item faster than its voxels."""
    return array.view(f"V{array.shape[-1] * array.itemsize}")


def _repeat_edges(patch: Array, box: _Box) -> None:
    """Fill what lies around `box` with its outermost voxels, one axis after the other.

    The last axis goes first, while little is filled: then there are only whole rows to copy.
    Edges are copied, or else NumPy, which can't see that they lie beside the padding, copies that.
    """
    for padding, edge in box.columns:
        patch[padding] = patch[edge].copy()
    if box.rows and _has_runs(patch):
        patch = _as_runs(patch)
    for padding, edge in box.rows:
        patch[padding] = patch[edge].copy()


def _gather(volume: Array, axes: Sequence[tuple[int, ...]], padding_mode: str, out: Array) -> Array:
    """Look every voxel up by the index map of its axis: right for any mode and any corner."""
    index: list[Any] = [padding_index(n, c, c + p, padding_mode) for c, p, n in axes]
    _copy(volume[(..., *np.ix_(*index))], out)
    for axis, place in enumerate(index):
        outside = (..., place < 0, *(slice(None),) * (len(index) - 1 - axis))
        out[outside] = 0
    return out


def is_blank(
    label: Array, corner: Sequence[int], patch_size: Sequence[int], rule: BlankRule = True
) -> bool:
    """Tell whether a patch is blank by a rule, as `skip_blank` in `data_generator`."""
    rule = check_rule(rule)
    if rule == "center":
        corner = [c + size // 2 for c, size in zip(corner, patch_size, strict=True)]
        patch_size = (1,) * len(corner)
    inside = label[_find_box(tuple(corner), tuple(patch_size), label.shape).in_image]
    if isinstance(rule, float):
        return bool(np.count_nonzero(inside) < max(1, rule * inside.size))
    return rule is not False and not inside.any()


def add_data(
    x_list: list[Array],
    y_list: list[Array | None],
    cohort: Subjects,
    index: tuple[int, Corner],
    patch_size: Ints,
    *,
    skip_blank: BlankRule = False,
    labels: Sequence[int] | None = None,
    transform: Transform | None = None,
    padding_mode: str = "edge",
    rng: np.random.Generator | None = None,
    out: tuple[Array, Array | None] | None = None,
) -> bool:
    """Cut one patch of image and label and append it to the lists, unless it is blank.

    Parameters
    ----------
    x_list, y_list : list
        Take the patch of the image, (channel, *patch_size) in the image's dtype, and that of the
        label, (n_labels, *patch_size) uint8 or None where the subject has none.
    cohort : Cohort or sequence of Subject
    index : (int, tuple of int)
        Subject and corner, as a `PatchQueue` holds them.
    patch_size : int or sequence of int
        Voxels.
    skip_blank, labels, transform, padding_mode
        As in `data_generator`.
    rng : numpy.random.Generator, optional
        Handed to `transform`.
    out : (ndarray, ndarray or None), optional
        Arrays that take the patch, and are what the lists then hold.

    Returns
    -------
    bool
        Whether the patch was added.

    Raises
    ------
    ValueError
        When blanks are to be skipped and the subject has no label.
    """
    n, corner = index
    subject, corner = cohort[n], per_axis("index", corner)
    size = per_axis("patch_size", patch_size, len(corner), minimum=1)
    require_choice("padding_mode", padding_mode, PADDING_MODES)
    if check_rule(skip_blank):
        if subject.label is None:
            raise ValueError(f"{subject.id}: `skip_blank` needs a label, and this subject has none")
        if is_blank(subject.label, corner, size, skip_blank):
            return False
    x, y = cut_both(subject, corner, size, check_labels(labels), padding_mode, out)
    if (transform := check_transform(transform)) is not None:
        x, y = apply_transform(transform, x, y, rng or np.random.default_rng())
    x_list.append(x)
    y_list.append(y)
    return True


def cut_both(
    subject: SubjectLike,
    corner: Corner,
    patch_size: Corner,
    labels: Sequence[int] | None,
    padding_mode: str,
    out: tuple[Array, Array | None] | None = None,
) -> tuple[Array, Array | None]:
    """Cut one patch of a subject's image and label, as `add_data` by checked arguments."""
    label, (x_out, y_out) = subject.label, out or (None, None)
    x = _cut(subject.image, corner, patch_size, padding_mode, x_out)
    if label is None:
        return x, None
    cut = _cut(label, corner, patch_size, padding_mode, None)
    if y_out is None:
        y_out = np.empty((1 if labels is None else len(labels), *patch_size), np.uint8)
    channels = y_out.view(bool)  # of 0 and 1
    if labels is None:
        np.not_equal(cut, 0, out=channels[0])
    else:
        for channel, value in zip(channels, labels, strict=True):
            np.equal(cut, value, out=channel)
    return x, y_out


def apply_transform(
    transform: Transform, x: Array, y: Array | None, rng: np.random.Generator
) -> tuple[Array, Array | None]:
    """Transform one patch, and check that both image and label come back."""
    made = transform(x, y, rng)
    if not (isinstance(made, (tuple, list)) and len(made) == 2):
        raise TypeError(f"`transform` must return (x, y), got a {type(made).__name__}")
    x, y = made
    return x, y


def check_transform(transform: Transform | None) -> Transform | None:
    """Check that a transform can be called."""
    if not (transform is None or callable(transform)):
        raise TypeError(f"`transform` must be a function of (x, y, rng), got {transform!r}")
    return transform


def check_labels(labels: Sequence[int] | None) -> tuple[int, ...] | None:
    """Check the label values that get a channel each."""
    if labels is None:
        return None
    try:
        values = tuple(as_int(value) for value in labels)
    except TypeError:
        raise TypeError(f"`labels` must be a list of whole numbers, got {labels!r}") from None
    if not values:
        raise ValueError("`labels` must name at least one label value, got none")
    return values

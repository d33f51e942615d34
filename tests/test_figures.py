import subprocess
import sys
import time
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import matplotlib
import matplotlib.image
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from patchviz import PatchGrid, Scene, Settings, resolve
from patchviz.figures import (
    REAL,
    SELECTION,
    UNSEEN,
    draw_axis,
    draw_boards,
    draw_explorer,
    draw_ledger,
    draw_padding_track,
    draw_plane,
    explorer_png,
)
from patchviz.patches import cut_patch

REPOSITORY = Path(__file__).parent.parent
NUMPY_MODES = {"edge": "edge", "constant": "constant", "reflect": "reflect", "wrap": "wrap"}
SMALL = (18, 20, 22)  # with patches of 8: overflows 6, 4 and 2


def scene_of(
    shape: tuple[int, ...] = (144, 144, 144),
    spacing: tuple[float, ...] | None = None,
    n_subjects: int = 30,
    **choice: Any,
) -> Scene:
    n = n_subjects
    facts = SimpleNamespace(
        ids=tuple(f"sub-{k:02d}" for k in range(n)),
        shapes=(shape,) * n,
        spacings=(spacing or (1.0,) * len(shape),) * n,
        orientations=(tuple("RAS"[: len(shape)]),) * n,
        n_channels=(1,) * n,
        has_label=(True,) * n,
    )
    return resolve(Settings(**choice), cast(Any, facts))


def volume_of(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 1000, shape).astype(np.float32)


@pytest.fixture
def ax() -> Axes:
    return new_axes()


def new_axes(wide: float = 6, high: float = 6) -> Axes:
    figure = Figure(figsize=(wide, high), dpi=100)
    FigureCanvasAgg(figure)
    return figure.add_axes((0.1, 0.1, 0.8, 0.8))


def texts_of(artist: Any) -> list[str]:
    return [text.get_text() for text in artist.findobj(Text) if text.get_text()]


def labels_of(axis: Any, minor: bool = False) -> dict[float, str]:
    ticks = axis.get_minor_ticks() if minor else axis.get_major_ticks()
    return {tick.get_loc(): tick.label1.get_text() for tick in ticks if tick.label1.get_text()}


def boxes_of(ax: Axes) -> tuple[np.ndarray, PolyCollection]:
    """Corner and opposite corner of each rectangle, (n, 4)."""
    (found,) = (one for one in ax.collections if isinstance(one, PolyCollection))
    points = np.array([path.vertices[:4] for path in found.get_paths()])
    return np.hstack([points.min(axis=1), points.max(axis=1)]), found


def bars_of(ax: Axes) -> dict[int, tuple[float, float]]:
    found = {}
    for patch in cast(Any, ax.patches):
        if (patch.get_gid() or "").startswith("patch "):
            found[int(patch.get_gid().split()[1])] = (patch.get_x(), patch.get_width())
    return found


def pixels_of(figure: Any) -> np.ndarray:
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)


# The plane


def test_a_plane_has_the_starts_on_its_rulers_and_the_image_ends_beside(ax: Axes) -> None:
    draw_plane(scene_of(), ax=ax)
    for axis in (ax.xaxis, ax.yaxis):
        assert labels_of(axis) == {-24: "-24", 40: "40", 104: "104"}
        assert labels_of(axis, minor=True) == {0: "0", 144: "144"}
    assert ax.get_xlim() == ax.get_ylim() == (-24, 168)


@pytest.mark.parametrize(("axis", "right", "up"), [(0, 1, 2), (1, 0, 2), (2, 0, 1)])
def test_the_lower_axis_runs_to_the_right_and_the_higher_upwards(
    axis: int, right: int, up: int
) -> None:
    scene = scene_of(SMALL, (1.0, 2.0, 3.0), patch_size=8)
    ax = draw_plane(scene, volume_of(SMALL), axis=axis, ax=new_axes())
    assert ax.get_xlim() == scene.axes[right].span
    assert ax.get_ylim() == scene.axes[up].span
    assert ax.get_aspect() == pytest.approx((up + 1) / (right + 1))
    assert ax.get_title(loc="left") == f"{'ijk'[axis]} = {SMALL[axis] // 2}"


@pytest.mark.parametrize("mode", NUMPY_MODES)
@pytest.mark.parametrize(("axis", "position"), [(2, None), (2, -1), (0, 20), (1, 3)])
def test_the_plane_is_that_of_the_volume_padded_by_numpy(
    mode: str, axis: int, position: int | None
) -> None:
    scene = scene_of(SMALL, patch_size=8, padding_mode=mode)
    image = volume_of(SMALL)
    ax = draw_plane(scene, image, axis=axis, position=position, ax=new_axes())
    padded = np.pad(image, [a.padding for a in scene.axes], mode=cast(Any, NUMPY_MODES[mode]))
    across = scene.axes[axis]
    at = (across.size // 2 if position is None else position) - across.span[0]
    drawn = ax.images[0]
    np.testing.assert_array_equal(drawn.get_array(), padded.take(at, axis).T)
    assert tuple(drawn.get_extent()) == (*ax.get_xlim(), *ax.get_ylim())
    assert drawn.origin == "lower"


def test_only_what_is_not_image_is_dimmed_and_hatched() -> None:
    scene = scene_of(SMALL, patch_size=8)
    ax = draw_plane(scene, ax=new_axes())
    patches = {patch.get_gid(): patch for patch in cast(Any, ax.patches)}
    assert patches["padding"].get_hatch()
    assert patches["image"].get_linestyle() == "-"
    assert patches["image"].get_path().get_extents().extents.tolist() == [0, 0, 18, 20]
    pixels = pixels_of(ax.figure)

    def mean(i: float, j: float) -> float:  # around the middle of a voxel, away from lines
        x, y = ax.transData.transform((i, j)).astype(int)
        rows = len(pixels) - 1 - y
        return float(pixels[rows - 4 : rows + 4, x - 4 : x + 4].mean())

    inside = {mean(i, j) for i, j in ((1.5, 8), (9, 15), (15, 3), (9, 3))}
    outside = {mean(i, j) for i, j in ((-1.5, 8), (19.5, 8), (9, -1), (9, 21))}
    assert len(inside) == 1
    assert max(outside) < 0.75 * min(inside)


def test_a_plane_in_the_padding_is_padding_all_over(ax: Axes) -> None:
    draw_plane(scene_of(), position=-10, ax=ax)
    patches = {patch.get_gid(): patch for patch in cast(Any, ax.patches)}
    assert patches["image"].get_linestyle() == "--"
    assert patches["padding"].get_path().contains_point((72, 72))
    assert ax.get_title(loc="left") == "k = -10 (padding)"


@pytest.mark.parametrize(
    "choice",
    [{}, {"overlap": 32}, {"policy": "shifted"}, {"start": 0}, {"patch_size": (64, 48, 32)}],
)
def test_a_plane_shows_the_boxes_of_one_layer(ax: Axes, choice: dict[str, Any]) -> None:
    scene = scene_of(**choice)
    draw_plane(scene, ax=ax)
    boxes, _ = boxes_of(ax)
    right, up, _across = scene.axes
    assert len(boxes) == len(right.starts) * len(up.starts)
    line = 0.011 * (right.span[1] - right.span[0])  # boxes are drawn inside their borders
    expected = [[i, j, i + right.patch, j + up.patch] for i in right.starts for j in up.starts]
    np.testing.assert_allclose(boxes, expected, atol=line)


@settings(deadline=None, max_examples=50)
@given(
    size=st.integers(2, 40), patch=st.integers(1, 40), overlap=st.integers(0, 39), data=st.data()
)
def test_every_position_of_the_span_shows_the_layer_that_it_cuts(
    size: int, patch: int, overlap: int, data: st.DataObject
) -> None:
    scene = scene_of(
        (6, 6, size), patch_size=(6, 6, patch), overlap=(0, 0, min(overlap, patch - 1))
    )
    across = scene.axes[2]
    position = data.draw(st.integers(across.span[0], across.span[1] - 1))
    ax = draw_plane(scene, position=position, ax=new_axes())
    (number,) = (text for text in texts_of(ax) if ": " in text)
    layer = int(number.split(":")[0]) - 1
    assert across.starts[layer] <= position < across.starts[layer] + patch
    off = [abs(2 * (start - position) + patch - 1) for start in across.starts]
    assert off[layer] == min(off)


def test_boxes_tell_number_and_real_share_and_wear_the_colour_of_their_class(ax: Axes) -> None:
    scene = scene_of()
    draw_plane(scene, ax=ax)
    _, found = boxes_of(ax)
    grid = PatchGrid((144, 144, 144), 64)
    shares = grid.real_fraction[:, :, 1].ravel()
    numbers = np.arange(1, 28).reshape(3, 3, 3)[:, :, 1].ravel()
    tags = [text for text in texts_of(ax) if "%" in text]
    assert tags == [f"{n}: {round(100 * s, 1):g} %" for n, s in zip(numbers, shares, strict=True)]
    colours = [to_hex(colour) for colour in cast(Any, found.get_edgecolor())]
    assert colours == [to_hex(REAL(round(share, 3))) for share in shares]
    assert len(set(colours)) == 3  # 39.1, 62.5 and 100 %


def test_the_ramp_is_one_that_is_told_apart_by_lightness_alone() -> None:
    light = [
        np.dot(to_rgb(REAL(share)), (0.2126, 0.7152, 0.0722)) for share in (0.24, 0.39, 0.62, 1.0)
    ]
    assert np.diff(light).min() > 0.05


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("at", [1, 14, 17])
def test_magenta_are_the_voxels_that_no_patch_sees(axis: int, at: int) -> None:
    shape = (18, 19, 20)
    scene = scene_of(shape, patch_size=(8, 6, 7), policy="dropped")
    ax = draw_plane(scene, volume_of(shape), axis=axis, position=at, ax=new_axes())
    seen = np.zeros(shape, bool)
    for i, j, k in PatchGrid(shape, (8, 6, 7), policy="dropped"):
        seen[i : i + 8, j : j + 6, k : k + 7] = True
    colours = cast(Any, ax.images[-1].get_array())
    np.testing.assert_array_equal(colours[..., 3] > 0, ~seen.take(at, axis).T)
    assert {to_hex(c) for c in colours[colours[..., 3] > 0][:, :3]} == {UNSEEN}
    assert ax.get_title(loc="right") == "■ in no patch"


def test_voxels_before_a_given_start_are_unseen_and_padding_never_is() -> None:
    scene = scene_of((18, 18, 18), patch_size=8, start=2)
    ax = draw_plane(scene, ax=new_axes())
    unseen = cast(Any, ax.images[-1].get_array())[..., 3] > 0  # rows j, columns i
    right, up, _ = scene.axes
    assert right.span == (0, 26)
    expected = np.zeros((26, 26), bool)
    expected[:18, :18] = True
    expected[2:, 2:] = False
    np.testing.assert_array_equal(unseen, expected)
    assert up.unseen == ((0, 2),)


def test_nothing_is_magenta_where_all_is_seen(ax: Axes) -> None:
    draw_plane(scene_of(), volume_of((144, 144, 144)), ax=ax)
    assert len(ax.images) == 1
    assert ax.get_title(loc="right") == ""


def test_the_label_lies_over_the_image_and_is_padded_like_it(ax: Axes) -> None:
    scene = scene_of((18, 18, 18), patch_size=8)
    label = np.zeros((18, 18, 18), np.uint8)
    label[0, 5, 9], label[7, 8, 9], label[3, 3, 9] = 1, 2, 9
    draw_plane(scene, volume_of((18, 18, 18)), label, ax=ax)
    tints = cast(Any, ax.images[1].get_array())
    padded = np.pad(label, 3, mode="edge")[:, :, 12].T
    np.testing.assert_array_equal(tints[..., 3] > 0, padded > 0)
    assert len({tuple(tint) for tint in tints[padded > 0]}) == 3


def test_orientation_letters_stand_at_their_sides_of_the_image(ax: Axes) -> None:
    draw_plane(scene_of(), ax=ax)
    ax.figure.canvas.draw()
    places = {text.get_text(): text.get_window_extent() for text in ax.texts}
    middle = ax.transData.transform((72, 72))
    assert places["L"].x1 < ax.bbox.x0 < ax.bbox.x1 < places["R"].x0
    assert places["P"].y1 < ax.bbox.y0 < ax.bbox.y1 < places["A"].y0
    for letter, n in (("L", 1), ("R", 1), ("P", 0), ("A", 0)):
        ends = (places[letter].intervalx, places[letter].intervaly)[n]
        assert np.mean(ends) == pytest.approx(middle[n], abs=2)
    assert places["i"].x0 > ax.bbox.x1
    assert places["j"].y0 > ax.bbox.y1


def test_starts_too_near_each_other_keep_their_ticks_and_lose_numbers(ax: Axes) -> None:
    scene = scene_of(patch_size=16, overlap=12)
    draw_plane(scene, ax=ax)
    starts = scene.axes[0].starts
    assert [tick.get_loc() for tick in ax.xaxis.get_major_ticks()] == list(starts)
    ax.figure.canvas.draw()
    shown = [text for text in ax.get_xticklabels() if text.get_text()]
    assert shown[0].get_text() == str(starts[0])
    boxes = sorted((text.get_window_extent() for text in shown), key=lambda box: box.x0)
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))
    assert 5 < len(boxes) < len(starts)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros((2, 3, 4))}, r"`image` must have the scene's shape \(144, 144, 144\)"),
        ({"label": np.zeros((144, 144))}, r"`label` must have .*, got \(144, 144\)"),
        ({"axis": 3}, "`axis` must be from 0 to 2, got 3"),
        ({"axis": -1}, "`axis` must be from 0 to 2, got -1"),
        ({"position": 168}, r"`position` must be from -24 to 167 \(voxels\), got 168"),
        ({"position": -25}, "got -25"),
    ],
)
def test_a_plane_that_is_not_there_is_an_error(
    ax: Axes, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        draw_plane(scene_of(), **arguments, ax=ax)


def test_a_scene_of_four_axes_is_an_error(ax: Axes) -> None:
    with pytest.raises(ValueError, match="at most 3 axes to be drawn, got 4"):
        draw_plane(cast(Any, SimpleNamespace(axes=scene_of().axes[:2] * 2)), ax=ax)


def test_two_axes_are_one_plane_and_one_board_of_nine() -> None:
    scene = scene_of((18, 18), patch_size=8)
    image = volume_of((18, 18))
    ax = draw_plane(scene, image, ax=new_axes())
    np.testing.assert_array_equal(ax.images[0].get_array(), np.pad(image, 3, mode="edge").T)
    assert len(boxes_of(ax)[0]) == 9
    assert ax.get_title(loc="left") == ""
    boards = draw_boards(scene, image, ax=new_axes())
    assert len(boxes_of(boards)[0]) == 9


# One axis


@pytest.mark.parametrize(
    "choice",
    [{"patch_size": 8}, {"patch_size": 8, "overlap": 4}, {"patch_size": 8, "policy": "dropped"}],
)
def test_an_axis_shows_each_patch_as_a_bar_with_its_start(ax: Axes, choice: dict[str, Any]) -> None:
    scene = scene_of((18,), **choice)
    draw_axis(scene, ax=ax)
    (axis,) = scene.axes
    assert bars_of(ax) == {n: (start, 8) for n, start in enumerate(axis.starts, 1)}
    written = [text.get_text() for text in ax.texts]
    assert [text for text in written if text.lstrip("-").isdigit()] == list(map(str, axis.starts))
    assert "image: 18 voxels" in written
    assert labels_of(ax.xaxis) == {start: str(start) for start in axis.starts}
    lost = [p for p in cast(Any, ax.patches) if to_hex(p.get_facecolor()) == UNSEEN]
    assert [(p.get_x(), p.get_x() + p.get_width()) for p in lost] == list(axis.unseen)


@settings(deadline=None, max_examples=50)
@given(
    size=st.integers(1, 200),
    patch=st.integers(5, 100),
    overlap=st.integers(0, 90),
    start=st.none() | st.integers(-300, 300),
)
def test_bars_of_an_axis_never_lie_on_each_other(
    size: int, patch: int, overlap: int, start: int | None
) -> None:
    overlap = min(overlap, patch - 1)
    scene = scene_of((size,), patch_size=patch, overlap=overlap, start=start)
    ax = draw_axis(scene, ax=new_axes())
    bars = [p for p in cast(Any, ax.patches) if (p.get_gid() or "").startswith("patch ")]
    assert len(bars) == len(scene.axes[0].starts)
    for lane in {bar.get_y() for bar in bars}:
        row = sorted(bar.get_x() for bar in bars if bar.get_y() == lane)
        assert all(b - a >= patch for a, b in pairwise(row))


def test_an_axis_hatches_what_is_padding(ax: Axes) -> None:
    draw_axis(scene_of((18,), patch_size=8), ax=ax)
    real = [p for p in cast(Any, ax.patches) if to_hex(p.get_facecolor()) == to_hex(REAL(5 / 8))]
    assert [(p.get_x(), p.get_width()) for p in real] == [(0, 5), (13, 5)]
    assert sum(bool(p.get_hatch()) for p in cast(Any, ax.patches)) == 3


def test_an_axis_that_is_not_there_is_an_error(ax: Axes) -> None:
    with pytest.raises(ValueError, match="`axis` must be from 0 to 0, got 1"):
        draw_axis(scene_of((18,), patch_size=8), 1, ax=ax)


# The padding track


def test_the_track_is_the_scenes(ax: Axes) -> None:
    scene = scene_of()
    draw_padding_track(scene, ax=ax)
    saw, stem, dot = ax.lines
    assert tuple(cast(Any, saw.get_xdata())) == scene.track.sizes
    expected = [100 * cast(float, share) for share in scene.track.padding]
    np.testing.assert_allclose(saw.get_ydata(), expected)
    assert (dot.get_xdata(), dot.get_ydata()) == ([64], (57.8125,))
    assert {to_hex(line.get_color()) for line in (stem, dot)} == {SELECTION}
    assert ax.get_title(loc="left") == "patch size 64: 57.8 % padding"


def test_the_track_tells_how_many_patches_each_tick_gives(ax: Axes) -> None:
    scene = scene_of()
    draw_padding_track(scene, ax=ax)
    counts = {text.xy[0]: text.get_text() for text in cast(Any, ax.texts)}
    at = dict(zip(scene.track.sizes, scene.track.counts, strict=True))
    assert counts == {tick: f"{at[tick]:,}" for tick in scene.track.ticks}
    assert (counts[48], counts[64], counts[80]) == ("27", "27", "8")


def test_the_track_leaves_impossible_sizes_out(ax: Axes) -> None:
    draw_padding_track(scene_of(overlap=32), ax=ax)
    line = ax.lines[0]
    sizes, shares = (np.array(cast(Any, data)) for data in (line.get_xdata(), line.get_ydata()))
    assert np.isnan(shares[sizes <= 32]).all()
    assert not np.isnan(shares[sizes > 32]).any()


def test_patches_that_are_no_cubes_are_marked_by_their_share_alone(ax: Axes) -> None:
    scene = scene_of((128, 96, 24), patch_size=(64, 64, 24))
    draw_padding_track(scene, ax=ax)
    level = ax.lines[1]
    assert list(cast(Any, level.get_ydata())) == [25, 25]
    assert to_hex(level.get_color()) == SELECTION
    assert ax.get_title(loc="left") == "patch size 64 × 64 × 24: 25 % padding"


# The boards


@pytest.mark.parametrize("mode", NUMPY_MODES)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_each_thumbnail_is_the_patch_as_the_network_gets_it(axis: int, mode: str) -> None:
    scene = scene_of(SMALL, patch_size=8, padding_mode=mode)
    image = volume_of(SMALL)
    ax = draw_boards(scene, image, axis, ax=new_axes())
    (picture,) = ax.images
    canvas = cast(Any, picture.get_array()).T
    grid = PatchGrid(SMALL, 8, padding_mode=mode)
    places = {text.get_text(): text.get_position() for text in ax.texts}
    for n, corner in enumerate(grid):
        patch = cut_patch(image, corner, (8, 8, 8), mode)
        low, high = max(corner[axis], 0), min(corner[axis] + 8, SMALL[axis])
        middle = (low + high) // 2 - corner[axis]
        x, y = (int(place) for place in places[str(n + 1)])  # its number, in its corner
        np.testing.assert_array_equal(canvas[x : x + 8, y : y + 8], patch.take(middle, axis))
    assert np.isfinite(canvas).sum() == len(grid) * 64


@pytest.mark.parametrize(("axis", "layers"), [(0, 4), (1, 3), (2, 2)])
def test_boards_hold_all_patches_layer_by_layer(axis: int, layers: int) -> None:
    scene = scene_of((28, 20, 12), patch_size=8)
    ax = draw_boards(scene, axis=axis, ax=new_axes())
    boxes, found = boxes_of(ax)
    assert len(boxes) == 24
    captions = [text for text in texts_of(ax) if " … " in text]
    starts = scene.axes[axis].starts
    assert captions == [f"{'ijk'[axis]} = {s} … {s + 7}" for s in starts]
    assert len(captions) == layers
    shares = np.moveaxis(PatchGrid((28, 20, 12), 8).real_fraction, axis, 0).ravel()
    classes = np.array([(c.low + c.high) / 2 for c in scene.classes])
    nearest = classes[np.abs(classes - shares[:, None]).argmin(axis=1)]
    assert [to_hex(c) for c in cast(Any, found.get_facecolor())] == [
        to_hex(REAL(s)) for s in nearest
    ]
    numbers = np.moveaxis(np.arange(1, 25).reshape(4, 3, 2), axis, 0).ravel()
    assert [text for text in texts_of(ax) if text.isdigit()] == list(map(str, numbers))
    for a in range(24):  # no cell lies on another
        apart = (boxes[:, :2] >= boxes[a, 2:]) | (boxes[:, 2:] <= boxes[a, :2])
        assert apart.any(axis=1).sum() == 23


def test_the_legend_counts_the_patches_of_each_class(ax: Axes) -> None:
    draw_boards(scene_of(), ax=ax)
    legend = cast(Any, ax.get_legend())
    assert texts_of(legend) == ["1 × 100 % real", "6 × 62.5 %", "12 × 39.1 %", "8 × 24.4 %"]
    colours = [to_hex(key.get_facecolor()) for key in legend.legend_handles]
    assert colours == [to_hex(REAL(share)) for share in (1.0, 0.625, 0.391, 0.244)]


def test_many_patches_are_plain_cells() -> None:
    ax = draw_boards(scene_of(patch_size=16), volume_of((144, 144, 144)), ax=new_axes())
    assert len(boxes_of(ax)[0]) == 729
    assert not ax.images
    assert not [text for text in texts_of(ax) if text.isdigit()]


# The ledger


@pytest.mark.parametrize(
    "scene",
    [
        scene_of(),
        scene_of(patch_size=16),
        scene_of(overlap=32, policy="tight"),
        scene_of((128, 96, 24), patch_size=(48, 40, 16)),
        scene_of(n_subjects=1),
    ],
    ids=["reference", "many starts", "overlap", "three sizes", "one subject"],
)
@pytest.mark.parametrize("size", [(4, 4), (12, 12)])
def test_the_ledger_holds_every_value(scene: Scene, size: tuple[float, float]) -> None:
    ax = draw_ledger(scene, ax=new_axes(*size))
    written = texts_of(ax)
    for row in scene.ledger:
        assert row.label in written
        assert all(part in written for part in [row.value, *row.value.split("; ")][-1:])
        assert row.value in written or set(row.value.split("; ")) <= set(written)


def test_the_ledger_writes_formulas_in_full_where_there_is_room() -> None:
    scene = scene_of()
    ax = draw_ledger(scene, ax=new_axes(12, 6))
    muted = {text.get_text() for text in ax.texts if text.get_color() != ax.texts[0].get_color()}
    assert muted == {row.formula for row in scene.ledger}


@pytest.mark.parametrize("size", [(5.5, 4.2), (7.5, 4.2), (9, 8)])
def test_the_ledger_keeps_its_columns_and_lines_apart(size: tuple[float, float]) -> None:
    ax = draw_ledger(scene_of((128, 96, 24), patch_size=(48, 40, 16)), ax=new_axes(*size))
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    for n, box in enumerate(boxes):
        assert box.x1 <= ax.bbox.x1 + 8
        for other in boxes[:n]:
            apart = box.x0 > other.x1 or other.x0 > box.x1
            assert apart or abs(box.y0 + box.y1 - other.y0 - other.y1) > 2 * 14


# The whole


@pytest.fixture(scope="module")
def whole() -> Figure:
    return draw_explorer(scene_of(), volume_of((144, 144, 144)))


def test_the_explorer_says_the_sentence_with_its_strong_words_in_bold(whole: Figure) -> None:
    written = [(text.get_text(), text.get_weight()) for text in whole.texts]
    assert "".join(text for text, _ in written) == (
        "144 → 3 boxes of 64 per axis → 27 patches × 24 subjects = 648 → 81 steps"
    )
    assert [text for text, weight in written if weight == "bold"] == ["27", "648"]


def test_the_sentence_runs_on_in_one_line(whole: Figure) -> None:
    pixels_of(whole)
    boxes = [text.get_window_extent() for text in whole.texts]
    assert boxes[0].x0 >= 20
    assert boxes[-1].x1 <= 1080
    for before, after in pairwise(boxes):
        assert -3 <= after.x0 - before.x1 <= 12


def test_a_long_sentence_shrinks_to_fit() -> None:
    figure = draw_explorer(scene_of((1280, 960, 240), patch_size=(128, 96, 24), n_subjects=1000))
    pixels_of(figure)
    assert figure.texts[-1].get_window_extent().x1 <= 1090


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"overlap": 32},
        {"policy": "dropped"},
        {"policy": "shifted"},
        {"patch_size": 16},
        {"patch_size": (200, 64, 30)},
        {"shape": (128, 96, 24), "spacing": (2, 2, 2.2), "patch_size": (48, 40, 16)},
        {"shape": (24, 200, 200), "spacing": (4, 1, 1), "patch_size": (24, 64, 64)},
    ],
)
def test_the_explorers_texts_are_large_on_the_page_and_apart(choice: dict[str, Any]) -> None:
    figure = draw_explorer(scene_of(**choice))
    pixels_of(figure)
    boxes: dict[str, Any] = {}
    for text in figure.findobj(Text):
        if not text.get_text() or not text.get_visible():
            continue
        assert text.get_fontsize() >= 9
        box = text.get_window_extent()
        name = f"{text.get_text()} at {box.x0:.0f}, {box.y0:.0f}"
        assert min(box.x0, box.y0, 1100 - box.x1, 620 - box.y1) >= 0, name
        for other, taken in boxes.items():
            wide = min(box.x1, taken.x1) - max(box.x0, taken.x0)
            high = min(box.y1, taken.y1) - max(box.y0, taken.y0)
            assert wide <= 1 or high <= 3, f"{name} lies on {other}"
        boxes[name] = box


def test_the_explorer_is_opaque_white_whatever_the_style() -> None:
    with matplotlib.rc_context({"figure.facecolor": "black", "axes.facecolor": "black"}):
        pixels = pixels_of(draw_explorer(scene_of()))
    assert pixels.shape == (620, 1100, 3)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, -1]])
    assert (border == 255).all()


def test_the_explorer_leaves_pyplot_alone() -> None:
    code = (
        "import sys\n"
        "from patchviz import figures\n"
        "from tests.test_figures import scene_of\n"
        "figures.explorer_png(scene_of())\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)


def test_the_png_is_small_and_shows_what_the_figure_does() -> None:
    from patchviz.phantom import make_phantom

    image, label = make_phantom()
    scene = scene_of(padding_mode="reflect")  # the mode with most to show
    png = explorer_png(scene, image, label)
    assert len(png) < 250_000
    read = np.rint(255 * matplotlib.image.imread(BytesIO(png))).astype(int)
    np.testing.assert_array_equal(read, pixels_of(draw_explorer(scene, image, label)))


def test_the_png_is_drawn_in_a_moment() -> None:
    scene, image = scene_of(), volume_of((144, 144, 144))
    explorer_png(scene, image)
    took = []
    for _ in range(3):
        start = time.process_time()
        explorer_png(scene, image)
        took.append(time.process_time() - start)
    assert min(took) < 1  # seconds; 0.25 where it was written


@pytest.mark.parametrize("shape", [(18,), (18, 20), (18, 20, 22), (1, 1, 1)])
def test_the_explorer_draws_any_number_of_axes_up_to_three(shape: tuple[int, ...]) -> None:
    scene = scene_of(shape, patch_size=8)
    figure = draw_explorer(scene, volume_of(shape), np.ones(shape, np.uint8))
    pixels_of(figure)
    assert len(figure.axes) == 4


@pytest.mark.parametrize("value", [0, np.nan])
def test_an_image_of_one_value_is_drawn(value: float) -> None:
    image = np.full((18, 18, 18), value)
    pixels_of(draw_explorer(scene_of((18, 18, 18), patch_size=8), image))


def test_draws_into_the_axes_that_are_given_and_else_into_the_current_ones() -> None:
    matplotlib.use("agg")
    from matplotlib import pyplot

    scene = scene_of((18, 18, 18), patch_size=8)
    for draw in (draw_plane, draw_axis, draw_padding_track, draw_boards, draw_ledger):
        given = new_axes()
        assert draw(scene, ax=given) is given
        assert not pyplot.get_fignums()
        figure, current = pyplot.subplots()
        assert draw(scene) is current
        pyplot.close(figure)

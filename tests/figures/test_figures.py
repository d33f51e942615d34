import subprocess
import sys
from io import BytesIO
from itertools import pairwise
from types import SimpleNamespace

import matplotlib
import matplotlib.image
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from patchviz import PatchGrid, Settings, compute_patch_indices, resolve
from patchviz.data.facts import CohortFacts
from patchviz.data.phantom import make_phantom
from patchviz.figures import (
    draw_axis,
    draw_padding_track,
    draw_patch,
    draw_plane,
    plane_png,
)
from patchviz.figures.marks import REAL, SELECTION, UNSEEN
from patchviz.grid.cut import cut_patch
from patchviz.scene.wording import percent

MODES = ["edge", "constant", "reflect", "wrap"]
SMALL = (18, 20, 22)  # with patches of 8: overflows 6, 4 and 2


def scene_of(shape=(144, 144, 144), spacing=(1.0, 1.0, 1.0), n=30, **choice):
    facts = CohortFacts(range(n), [shape] * n, [spacing] * n, ["RAS"] * n, [1] * n, [True] * n)
    return resolve(Settings(**choice), facts)


def padding_of(scene):
    """How far patches stick out of the image along each axis, (before, after)."""
    return [(-axis.span[0], axis.span[1] - axis.size) for axis in scene.axes]


def volume_of(shape):
    return np.random.default_rng(0).integers(1, 1000, shape).astype(np.float32)


def new_axes(wide=6, high=6):
    figure = Figure(figsize=(wide, high), dpi=100)
    FigureCanvasAgg(figure)
    return figure.add_axes((0.1, 0.1, 0.8, 0.8))


@pytest.fixture
def ax():
    return new_axes()


def texts_of(artist):
    return [text for text in artist.findobj(Text) if text.get_text() and text.get_visible()]


def words_of(artist, part=""):
    return [text.get_text() for text in texts_of(artist) if part in text.get_text()]


def labels_of(axis, minor=False):
    ticks = axis.get_minor_ticks() if minor else axis.get_major_ticks()
    return {tick.get_loc(): tick.label1.get_text() for tick in ticks if tick.label1.get_text()}


def drawn(ax, name):
    (found,) = (boxes for boxes in ax.collections if boxes.get_gid() == name)
    return found


def boxes_of(ax, name="patches"):
    """Left, low, right and high of each rectangle, (n, 4)."""
    points = np.array([path.vertices[:4] for path in drawn(ax, name).get_paths()])
    return np.hstack([points.min(axis=1), points.max(axis=1)])


def covers(ax, name):
    """How many boxes lie on each voxel of the span."""
    origin = np.array((ax.get_xlim()[0], ax.get_ylim()[0])).astype(int)
    found = np.zeros((int(np.ptp(ax.get_xlim())), int(np.ptp(ax.get_ylim()))), int)
    for left, low, right, high in boxes_of(ax, name).astype(int) - [*origin, *origin]:
        found[left:right, low:high] += 1
    return found


def pixels_of(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("axis", "position"), [(2, 11), (2, -1), (0, 20), (1, 3)])
def test_the_plane_is_that_of_the_volume_padded_by_numpy(mode, axis, position):
    scene = scene_of(SMALL, (1.0, 2.0, 3.0), patch_size=8, padding_mode=mode)
    ax = draw_plane(scene, volume_of(SMALL), axis=axis, position=position, ax=new_axes())
    right, up = (n for n in range(3) if n != axis)  # the lower to the right, the higher upwards
    padded = np.pad(volume_of(SMALL), padding_of(scene), mode=mode)
    expected = padded.take(position - scene.axes[axis].span[0], axis)
    np.testing.assert_array_equal(ax.images[0].get_array().T, expected)
    assert (*ax.get_xlim(), *ax.get_ylim()) == (*scene.axes[right].span, *scene.axes[up].span)
    assert (*ax.get_xlim(), *ax.get_ylim()) == tuple(ax.images[0].get_extent())
    assert ax.images[0].origin == "lower"
    assert ax.get_aspect() == pytest.approx((up + 1) / (right + 1))
    outside = np.pad(np.zeros(SMALL), padding_of(scene), constant_values=1)
    expected = outside.take(position - scene.axes[axis].span[0], axis)
    np.testing.assert_array_equal(covers(ax, "padding"), expected)
    assert drawn(ax, "padding").get_hatch()
    where = f"{'ijk'[axis]} = {position}" + (" (padding)" if expected.all() else "")
    assert ax.get_title(loc="left") == where


def test_starts_ends_and_directions_stand_around_the_middle_plane(ax):
    draw_plane(scene_of(), ax=ax)
    assert (ax.get_title(loc="left"), ax.get_title(loc="right")) == ("k = 72", "")
    for axis in (ax.xaxis, ax.yaxis):
        assert labels_of(axis) == {-24: "-24", 40: "40", 104: "104"}
        assert labels_of(axis, minor=True) == {0: "0", 144: "144"}
    ax.figure.canvas.draw()
    at = {text.get_text(): text.get_window_extent() for text in ax.texts}
    assert at["L"].x1 < ax.bbox.x0 < ax.bbox.x1 < min(at["R"].x0, at["i"].x0)
    assert at["P"].y1 < ax.bbox.y0 < ax.bbox.y1 < min(at["A"].y0, at["j"].y0)
    x, y = ax.transData.transform((72, 72))
    assert [at["L"].y0 + at["L"].y1, at["A"].x0 + at["A"].x1] == pytest.approx(
        [2 * y, 2 * x], abs=4
    )


@pytest.mark.parametrize(
    "choice",
    [{}, {"overlap": 32}, {"policy": "shifted"}, {"start": 0}, {"patch_size": (64, 48, 32)}],
)
def test_a_plane_shows_the_boxes_of_one_layer(ax, choice):
    right, up, _ = (scene := scene_of(**choice)).axes
    expected = [[i, j, i + right.patch, j + up.patch] for i in right.starts for j in up.starts]
    line = 0.011 * (right.span[1] - right.span[0])  # boxes are drawn inside their borders
    np.testing.assert_allclose(boxes_of(draw_plane(scene, ax=ax)), expected, atol=line)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 40), st.integers(1, 40), st.integers(0, 39), st.data())
def test_every_position_of_the_span_shows_the_layer_that_it_cuts(size, patch, overlap, data):
    overlaps = (0, 0, min(overlap, patch - 1))
    scene = scene_of((6, 6, size), patch_size=(6, 6, patch), overlap=overlaps)
    position = data.draw(st.integers(scene.axes[2].span[0], scene.axes[2].span[1] - 1))
    (tag,) = words_of(draw_plane(scene, position=position, ax=new_axes()), ": ")
    off = [abs(2 * (start - position) + patch - 1) for start in scene.axes[2].starts]
    assert off[int(tag.split(":")[0]) - 1] == min(off) < patch


def test_boxes_tell_number_and_real_share_and_wear_the_colour_of_their_class(ax):
    draw_plane(scene_of(), ax=ax)
    shares = PatchGrid((144, 144, 144), 64).real_fraction[:, :, 1].ravel()
    texts = [f"{2 + 3 * n}: {percent(share)}" for n, share in enumerate(shares)]
    assert words_of(ax, "%") == texts
    colours = [to_hex(colour) for colour in drawn(ax, "patches").get_edgecolor()]
    assert colours == [to_hex(REAL(round(share, 3))) for share in shares]
    light = [np.dot(to_rgb(REAL(s)), (0.2126, 0.7152, 0.0722)) for s in (0.24, 0.39, 0.62, 1.0)]
    assert np.diff(light).min() > 0.05  # told apart by lightness alone


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("at", [1, 14, 17])
@pytest.mark.parametrize("choice", [{"policy": "dropped"}, {"start": (2, 3, 4)}])
def test_magenta_are_the_voxels_that_no_patch_sees(axis, at, choice):
    scene = scene_of((18, 19, 20), patch_size=(8, 6, 7), **choice)
    ax = draw_plane(scene, axis=axis, position=at, ax=new_axes())
    unseen = np.pad(np.ones((18, 19, 20)), padding_of(scene))
    for i, j, k in PatchGrid((18, 19, 20), (8, 6, 7), **choice):
        unseen[i : i + 8, j : j + 6, k : k + 7] = 0
    np.testing.assert_array_equal(covers(ax, "unseen"), unseen.take(at, axis))
    assert to_hex(drawn(ax, "unseen").get_facecolor()) == UNSEEN
    assert ax.get_title(loc="right") == "■ in no patch"


def test_the_label_lies_over_the_image_and_is_padded_like_it(ax):
    label = np.zeros((18, 18, 18), np.uint8)
    label[0, 5, 9], label[7, 8, 9], label[3, 3, 9] = 1, 2, 9
    draw_plane(scene_of((18, 18, 18), patch_size=8), volume_of((18, 18, 18)), label, ax=ax)
    tints = ax.images[1].get_array()
    padded = np.pad(label, 3, mode="edge")[:, :, 12].T
    np.testing.assert_array_equal(tints[..., 3] > 0, padded > 0)
    assert len({tuple(tint) for tint in tints[padded > 0]}) == 3


def test_starts_too_near_each_other_keep_their_ticks_and_lose_numbers(ax):
    starts = (scene := scene_of(patch_size=16, overlap=12)).axes[0].starts
    draw_plane(scene, ax=ax).figure.canvas.draw()
    assert [tick.get_loc() for tick in ax.xaxis.get_major_ticks()] == list(starts)
    boxes = [text.get_window_extent() for text in ax.get_xticklabels() if text.get_text()]
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))
    assert 5 < len(boxes) < len(starts)


@pytest.mark.parametrize(
    ("draw", "arguments", "message"),
    [
        (draw_plane, {"image": np.zeros((2, 3))}, r"`image` must have .* \(144, 144, 144\), got"),
        (draw_plane, {"label": np.zeros((2, 3))}, r"`label` must have .*, got \(2, 3\)"),
        (draw_plane, {"position": 168}, "`position` must be from -24 to 167, got 168"),
        (draw_plane, {"axis": -1}, "`axis` must be from 0 to 2, got -1"),
        (draw_axis, {"axis": 3}, "`axis` must be from 0 to 2, got 3"),
    ],
)
def test_what_is_not_there_is_an_error(ax, draw, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(scene_of(), **arguments, ax=ax)
    with pytest.raises(ValueError, match="at most 3 axes, got 4"):
        draw_plane(SimpleNamespace(axes=scene_of().axes[:2] * 2), ax=ax)


def test_two_axes_are_one_plane(ax):
    scene, image = scene_of((18, 18), patch_size=8), volume_of((18, 18))
    draw_plane(scene, image, ax=ax)
    np.testing.assert_array_equal(ax.images[0].get_array(), np.pad(image, 3, mode="edge").T)
    assert ax.get_title(loc="left") == ""
    assert len(boxes_of(ax)) == 9


@pytest.mark.parametrize("choice", [{}, {"overlap": 4}, {"policy": "dropped"}])
def test_an_axis_shows_each_patch_as_a_bar_with_its_start(ax, choice):
    draw_axis(scene := scene_of((18,), patch_size=8, **choice), ax=ax)
    (axis,) = scene.axes
    ends = [(start, start + 8) for start in axis.starts]
    assert [*map(tuple, boxes_of(ax)[:, ::2])] == ends
    assert [*map(tuple, boxes_of(ax, "real")[:, ::2])] == [(max(a, 0), min(b, 18)) for a, b in ends]
    assert drawn(ax, "patches").get_hatch()
    assert words_of(ax, "patch") == [f"patch {n} from {a}" for n, (a, _) in enumerate(ends, 1)]
    assert labels_of(ax.xaxis) == {start: str(start) for start in axis.starts}
    if axis.unseen:
        assert tuple(map(tuple, boxes_of(ax, "unseen")[:, ::2])) == axis.unseen


starts = st.none() | st.integers(-300, 300)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 200), st.integers(5, 100), st.integers(0, 90), starts)
def test_bars_of_an_axis_never_lie_on_each_other(size, patch, overlap, start):
    scene = scene_of((size,), patch_size=patch, overlap=min(overlap, patch - 1), start=start)
    boxes = boxes_of(draw_axis(scene, ax=new_axes()))
    assert len(boxes) == len(scene.axes[0].starts)
    for lane in set(boxes[:, 1]):
        row = boxes[boxes[:, 1] == lane]
        assert (row[1:, 0] >= row[:-1, 2]).all()


@pytest.mark.parametrize("overlap", [0, 32])
def test_the_track_is_the_scenes_and_tells_how_many_patches_each_tick_gives(ax, overlap):
    track = (scene := scene_of(overlap=overlap)).size_sweep
    draw_padding_track(scene, ax=ax)
    sizes, shares = ax.lines[0].get_data()
    assert tuple(sizes) == track.sizes
    expected = [np.nan if share is None else 100 * share for share in track.padding]
    np.testing.assert_allclose(shares, expected)
    at = dict(zip(track.sizes, track.counts, strict=True))
    counts = {text.get_position()[0]: text.get_text() for text in ax.texts}
    assert counts == {tick: f"{at[tick]:,}" for tick in track.ticks if tick > overlap}


def test_the_track_marks_the_scenes_own_sizes_at_their_share(ax):
    draw_padding_track(scene_of((128, 96, 24), patch_size=(64, 64, 24)), ax=ax)
    sizes, shares = ax.lines[1].get_data()
    assert (tuple(sizes), set(shares)) == ((64, 64, 24), {25})
    assert to_hex(ax.lines[1].get_color()) == SELECTION
    assert ax.get_title(loc="left") == "patch size 64 × 64 × 24: 25 % padding"


def test_the_png_leaves_pyplot_alone():
    code = "import sys; from patchviz import CohortFacts, Settings, resolve;"
    code += "from patchviz.figures import plane_png;"
    code += "plane_png(resolve(Settings(), CohortFacts.from_shape((144,) * 3)));"
    code += "assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_png_is_small_and_holds_all_texts_on_white_whatever_the_style():
    scene, voxels = scene_of(padding_mode="reflect"), make_phantom()  # the mode with most to show
    with matplotlib.rc_context({"figure.facecolor": "black", "savefig.facecolor": "black"}):
        png = plane_png(scene, *voxels)
    assert len(png) < 120_000
    pixels = matplotlib.image.imread(BytesIO(png))[..., :3]
    assert min(pixels.shape[:2]) > 400
    edges = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    assert all((edge == 1).all() for edge in edges)


@pytest.mark.parametrize("shape", [(18,), (18, 20), (18, 20, 22)])
@pytest.mark.parametrize("value", [0, np.nan])
def test_the_png_shows_up_to_three_axes_of_voxels_that_are_alike_or_missing(shape, value):
    image = np.zeros(shape)
    image[1] = value
    plane_png(scene_of(shape, patch_size=8), image, np.ones(shape, np.uint8))


def test_draws_into_the_axes_that_are_given_and_else_into_the_current_ones(ax):
    matplotlib.use("agg")
    from matplotlib import pyplot

    for draw in (draw_plane, draw_axis, draw_padding_track):
        assert draw(scene_of(), ax=ax) is ax
        assert not pyplot.get_fignums()
        figure, current = pyplot.subplots()
        assert draw(scene_of()) is current
        pyplot.close(figure)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_patch_is_drawn_as_the_network_gets_it(mode, axis, ax):
    scene, volume = scene_of(SMALL, patch_size=8, padding_mode=mode), volume_of(SMALL)
    draw_patch(scene, volume, 0, axis, ax=ax)
    corner = compute_patch_indices(SMALL, 8)[0]
    middle = (8 + corner[axis]) // 2 - corner[axis]
    plane = cut_patch(volume, corner, (8, 8, 8), mode).take(middle, axis)
    assert np.array_equal(ax.images[0].get_array(), plane.T)
    right, up = np.delete(corner, axis)
    assert boxes_of(ax, "image").tolist() == [[0, 0, 8 + right, 8 + up]]
    assert words_of(ax) == [f"patch 1, padding: {mode}"]


def test_a_patch_without_padding_names_no_mode(ax):
    draw_patch(scene_of(), np.zeros((144, 144, 144)), 13, ax=ax)
    assert words_of(ax) == ["patch 14"]
    with pytest.raises(ValueError, match="`patch` must be from 0 to 26, got 27"):
        draw_patch(scene_of(), np.zeros((144, 144, 144)), 27, ax=ax)


def test_a_view_without_axes_gets_a_figure_that_suits_it():
    from matplotlib import pyplot

    pyplot.close("all")
    ax = draw_axis(scene_of((18,), patch_size=8))
    assert ax.figure.get_size_inches().tolist() == [10, 1.8]
    assert draw_axis(scene_of((16,), patch_size=8)) is ax  # pyplot's current
    pyplot.close("all")

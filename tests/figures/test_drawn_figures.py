"""Figures of patches that are drawn."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from patchviz import Cohort, Settings, resolve
from patchviz.figures import draw_axis, draw_patch, draw_plane

HEADS = Cohort.phantom(10, (40, 48, 32))
SIZE = (12, 16, 40)  # the last is larger than the image


def scene_of(**chosen):
    return resolve(Settings(**{"patch_size": SIZE, "sampling": 0.5, **chosen}), HEADS.facts)


def new_axes():
    return Figure(figsize=(6, 6)).add_subplot()


def corners_of(scene):
    return np.array([axis.starts for axis in scene.axes]).T


def boxes_of(ax, name="patches"):
    """Left, low, right and high of each rectangle, (n, 4)."""
    (found,) = (boxes for boxes in ax.collections if boxes.get_gid() == name)
    points = np.array([path.vertices[:4] for path in found.get_paths()])
    return np.hstack([points.min(axis=1), points.max(axis=1)])


@pytest.mark.parametrize(("axis", "position"), [(0, 20), (1, 30), (2, -2), (2, 15)])
def test_a_plane_shows_all_drawn_boxes_that_it_cuts(axis, position):
    scene = scene_of()
    ax = draw_plane(scene, HEADS[0].image[0], HEADS[0].label, axis, position, ax=new_axes())
    low = corners_of(scene)
    cut = (low[:, axis] <= position) & (position < low[:, axis] + SIZE[axis])
    others = [n for n in range(3) if n != axis]
    expected = np.hstack([low[cut], low[cut] + SIZE])[:, [*others, *(n + 3 for n in others)]]
    np.testing.assert_allclose(boxes_of(ax), expected, atol=1)
    assert "unseen" not in {boxes.get_gid() for boxes in ax.collections}


@pytest.mark.parametrize("n", [0, 5])
def test_a_drawn_patch_is_cut_at_its_corner(n):
    scene = scene_of()
    image = HEADS[0].image[0]
    ax = draw_patch(scene, image, n, axis=0, ax=new_axes())
    i, j, _ = corners_of(scene)[n]
    expected = np.pad(image[i + 6, j : j + 16], [(0, 0), (4, 4)], mode="edge")
    np.testing.assert_array_equal(ax.images[0].get_array().T, expected)


def test_an_axis_has_a_bar_for_each_drawn_patch_and_none_on_another():
    scene = scene_of(patches_per_subject=30)
    boxes = boxes_of(draw_axis(scene, ax=new_axes()))
    np.testing.assert_array_equal(boxes[:, 0], scene.axes[0].starts)
    assert (np.diff(boxes[:, 1]) > boxes[0, 3] - boxes[0, 1]).all()


def test_two_axes_have_one_plane():
    cohort = Cohort.from_arrays([np.zeros((30, 8))] * 5)
    scene = resolve(Settings(patch_size=8, sampling="uniform"), cohort.facts)
    assert len(boxes_of(draw_plane(scene, ax=new_axes()))) == scene.n_patches == 4

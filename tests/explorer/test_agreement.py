"""What the browser works out is what the Scene says: its modules, run by Node."""

import numpy as np
import pytest

from patchviz import CohortFacts, Settings, resolve
from patchviz.scene.wording import percent
from tests.node import ask_node


@pytest.mark.parametrize(
    ("patch", "overlap", "more"),
    [
        (64, 32, {}),
        (64, 40, {"start": (8, 0, 0)}),
        (65, 32, {"policy": "tight"}),
        (48, 15, {"policy": "dropped"}),
    ],
)
def test_a_click_selects_from_the_layer_that_is_drawn(patch, overlap, more):
    chosen = Settings(patch_size=(patch, 3, 3), overlap=(overlap, 0, 0), **more)
    scene = resolve(chosen, CohortFacts.from_shape((144, 3, 3)))
    axis = scene.axes[0]
    positions = np.arange(*axis.span)
    code = """const answer = given.positions.map((at) => [
        it.boxes_on(given.scene, 0, at).map(({ n }) => n), it.box_at(given.scene, [at, 1, 1])]);"""
    found = ask_node(
        "state/boxes.js", code, {"scene": scene.to_json(), "positions": positions.tolist()}
    )
    for at, layer, (drawn, selected) in zip(positions, axis.layer_index, found, strict=True):
        off = [abs(2 * (start - at) + axis.patch - 1) for start in axis.starts]
        if min(off) >= axis.patch:
            assert (layer, drawn, selected) == (-1, [], None)
        else:
            assert layer == off.index(min(off))
            assert drawn == [layer]
            assert selected == layer


def test_shares_are_written_alike_by_python_and_javascript():
    shares = [n / d for d in (1, 16, 1000, 2**14, 1728, 10**6) for n in range(min(d, 3000) + 1)]
    code = "const answer = given.map(it.percent);"
    assert ask_node("state/words.js", code, shares) == list(map(percent, shares))

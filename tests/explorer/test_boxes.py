"""The boxes that the browser draws and selects are those of the Scene: its modules, run by Node."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from patchviz import CohortFacts, Settings, resolve

BOXES = Path(__file__).parents[2] / "patchviz/explorer/js/state/boxes.js"
ASK = """
import {{ box_at, box_of, boxes_on }} from {module};
const scene = JSON.parse(process.argv[1]);
const [{{ span }}] = scene.axes;
const answers = [];
for (let at = span[0]; at < span[1]; at++) {{
  const chosen = box_at(scene, [at, 1, 1]);
  answers.push([boxes_on(scene, 0, at).map(({{ n }}) => n), chosen]);
}}
console.log(JSON.stringify(answers));
"""


def ask_browser(scene):
    """Ask at each position along i for the boxes on the plane, and the one that a click selects."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node isn't found")
    code = ASK.format(module=json.dumps(BOXES.as_uri()))
    command = [node, "--input-type=module", "--eval", code, json.dumps(scene.to_json())]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


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
    assert len(axis.layer_index) == len(positions)
    for at, layer, (drawn, selected) in zip(
        positions, axis.layer_index, ask_browser(scene), strict=True
    ):
        off = [abs(2 * (start - at) + axis.patch - 1) for start in axis.starts]
        if min(off) >= axis.patch:
            assert (layer, drawn, selected) == (-1, [], None)
        else:
            assert layer == off.index(min(off))
            assert drawn == [layer]
            assert selected == layer

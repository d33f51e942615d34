#!/usr/bin/env bash
# tiler 0.6.0: the modes "reflect" and "wrap" pad the last tile with its own voxels, not the image's.
#
# An axis of 10 voxels, 0 to 9, is cut into tiles of 4; the last tile holds two voxels, 8 and 9, and
# two of padding. As if the image had been padded (what numpy.pad, MONAI and patchviz give):
#   reflect  8 9 8 7      wrap  8 9 0 1
# Seen, with NumPy 1.26.4:
#   reflect  8 9 8 9      wrap  8 9 8 9
# The tile is cut first and padded then, so a tile that holds few voxels repeats these, and "wrap"
# shows nothing of the image's other end. "edge" and "constant" are what one expects.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tiler==0.6.0 numpy==1.26.4
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from tiler import Tiler

image = np.arange(10)
for mode, same in (("edge", True), ("constant", True), ("reflect", False), ("wrap", False)):
    *_, (_, last) = Tiler(image.shape, (4,), mode=mode)(image)
    padded = np.pad(image, (0, 2), mode=mode)[8:]
    print(f"{mode:8} tiler {last.astype(int).tolist()}, image padded {padded.tolist()}")
    assert np.array_equal(last, padded) is same
    if not same:
        assert last.tolist() == [8, 9, 8, 9]
PYTHON

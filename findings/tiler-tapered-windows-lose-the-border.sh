#!/usr/bin/env bash
# tiler 0.6.0: merging with a tapered window loses the outermost voxels of the image.
#
# An image of ones, 16 x 16, is cut into tiles of 8 x 8 that overlap by 4, and put back with each of
# tiler's windows. All voxels should be 1 again. Seen, with NumPy 1.26.4:
#   hann, barthann, bartlett  60 of 256 voxels come back as 0: all those along the image's border
#   overlap-tile             112 of 256 come back as 0: a frame two voxels wide
#   boxcar, triang             0
# These windows weigh a tile's outer voxels by 0, and at the image's border no other tile stands in:
# 0 / 0, which tiler turns into 0 without a warning. (patchviz weighs no voxel by 0.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tiler==0.6.0 numpy==1.26.4
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from tiler import Merger, Tiler

image = np.ones((16, 16))
tiler = Tiler(image.shape, (8, 8), overlap=4)
lost = {}
for window in ("boxcar", "triang", "hann", "barthann", "bartlett", "overlap-tile"):
    merger = Merger(tiler, window=window)
    for number, tile in tiler(image):
        merger.add(number, tile)
    merged = merger.merge()
    lost[window] = int(np.count_nonzero(merged == 0))
    print(f"{window:13} {lost[window]:3} of {image.size} voxels are 0")
    if window == "hann":
        assert not merged[0].any() and not merged[:, -1].any() and (merged[1:-1, 1:-1] > 0.99).all()
expected = {"boxcar": 0, "triang": 0, "hann": 60, "barthann": 60, "bartlett": 60}
assert lost == expected | {"overlap-tile": 112}, lost
PYTHON

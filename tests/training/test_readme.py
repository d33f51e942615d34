"""The README's recipes run on what a CT holds: whole numbers of 16 bits."""

import re
from pathlib import Path

import numpy as np
import pytest

from patchviz.data.cohort import Cohort
from patchviz.grid.patch_grid import PatchGrid
from patchviz.training.prediction import predict

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")

README = Path(__file__).parents[2] / "README.md"


def test_training_and_prediction_of_the_readme_take_an_int16_ct():
    (code,) = (
        block
        for block in re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
        if "DataLoader" in block
    )
    code = code.replace("range(10)", "range(1)").replace("num_workers=4", "num_workers=0")
    rng = np.random.default_rng(0)
    images = [rng.integers(-1000, 1000, (20, 20, 20)).astype(np.int16) for _ in range(2)]
    cohort = Cohort.from_arrays(images, [(image > 900).astype(np.uint8) for image in images])
    network = torch.nn.Conv3d(1, 1, 1)
    names = {
        "cohort": cohort,
        "training": [0, 1],
        "subject": cohort[0],
        "network": network,
        "criterion": torch.nn.BCEWithLogitsLoss(),
    }
    exec(code, names)
    assert names["loss"].item() > 0
    with torch.no_grad():
        expected = network(torch.from_numpy(images[0][None]).float()).numpy()
    np.testing.assert_allclose(names["answer"], expected, rtol=1e-4, atol=1e-2)


def test_a_model_without_weights_is_refused():
    with pytest.raises(TypeError, match="`model` must return numbers, got a meta tensor"):
        predict(np.ones((8, 8)), lambda x: torch.ones(x.shape, device="meta"), PatchGrid((8, 8), 4))

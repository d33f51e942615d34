"""Keras fits on the plain generators as they are."""

import numpy as np
import pytest

from patchviz.data.cohort import Cohort
from patchviz.training.generators import get_training_and_validation_generators


@pytest.fixture
def keras(monkeypatch, tmp_path):
    """Return Keras on PyTorch, which leaves no settings behind."""
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return pytest.importorskip("keras", reason="Keras is not installed: pip install keras")


def channels_last(batches):
    """Do what the documentation of `data_generator` says."""
    for x, y in batches:
        yield np.moveaxis(x, 1, -1), np.moveaxis(y, 1, -1)


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
def test_keras_fits_on_the_generators(keras, data_format):
    train, validation, n_train_steps, n_validation_steps = get_training_and_validation_generators(
        Cohort.phantom(5, (16, 16, 16)), batch_size=5, patch_size=8, training_start_offset=2
    )
    assert (n_train_steps, n_validation_steps) == (7, 2)
    if data_format == "channels_last":
        train, validation = channels_last(train), channels_last(validation)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Rescaling(1 / 1000),
            keras.layers.Conv3D(4, 3, padding="same", activation="relu", data_format=data_format),
            keras.layers.Conv3D(1, 1, activation="sigmoid", data_format=data_format),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    history = model.fit(
        train,
        steps_per_epoch=n_train_steps,
        epochs=3,
        validation_data=validation,
        validation_steps=n_validation_steps,
        shuffle=False,  # the queue is, and Keras would warn that it won't
        verbose=0,
    ).history
    assert len(history["loss"]) == len(history["val_loss"]) == 3
    assert history["loss"][-1] < history["loss"][0]

"""Generators as SavedModels, which TensorFlow alone can draw from.

Artefact: `generator/`, a SavedModel, beside the Keras model that its GAN's stage leaves. The signature
`serving_default` takes `labels` int32 (N) and `seeds` int64 (N) and returns `images` uint8 (N, H, W, C). Image i is a
function of (labels[i], seeds[i]): within one grey level in any batch, exactly in batches of one size on one machine.
"""

import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def export(gan: Any, path: pathlib.Path) -> None:
    """Writes a GAN (a `gans.adversarial.AdversarialModel`) with its present weights to the folder `path`."""
    archive = keras.export.ExportArchive()
    for network in gan.drawing_networks:
        archive.track(network)
    archive.add_endpoint(
        "serving_default",
        lambda labels, seeds: {"images": gan.draw(labels, seeds)},
        input_signature=[
            tf.TensorSpec([None], tf.int32, name="labels"),
            tf.TensorSpec([None], tf.int64, name="seeds"),
        ],
    )
    archive.write_out(str(path), verbose=False)


class Generator:
    """Draws from the SavedModel in the folder `path`: a function (labels, seeds), ints (N,) -> images."""

    def __init__(self, path: pathlib.Path):
        # Kept: a signature whose SavedModel is gone refers to deleted variables.
        self._loaded = tf.saved_model.load(str(path))
        self._signature = self._loaded.signatures["serving_default"]

    def __call__(self, labels: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Returns images uint8 (N, H, W, C)."""
        drawn = self._signature(labels=tf.constant(labels, tf.int32), seeds=tf.constant(seeds, tf.int64))
        return drawn["images"].numpy()


def load(path: pathlib.Path) -> Generator:
    """Returns the generator in the folder of a finished GAN stage."""
    return Generator(path / "generator")

"""Generators: a GAN trained on the subset, left as a SavedModel that TensorFlow alone can draw from.

Artefact: `generator/`, a SavedModel, beside the Keras model that its GAN's stage leaves. The signature
`serving_default` takes `labels` int32 (N) and `seeds` int64 (N) and gives `images` uint8 (N, H, W, C). Image i is a
function of (labels[i], seeds[i]): within one grey level in any batch, exactly in batches of one size on one machine.
"""

import keras
import tensorflow as tf


def export(gan, path):
    """Writes `gan.draw` (labels, seeds) -> uint8 images, with the weights of `gan`, to the folder `path`."""
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
    """Draws uint8 images (N, H, W, C) from the SavedModel in the folder `path`: `generator(labels, seeds)`."""

    def __init__(self, path):
        # Kept: a signature whose SavedModel is gone refers to deleted variables.
        self._loaded = tf.saved_model.load(str(path))
        self._signature = self._loaded.signatures["serving_default"]

    def __call__(self, labels, seeds):
        drawn = self._signature(labels=tf.constant(labels, tf.int32), seeds=tf.constant(seeds, tf.int64))
        return drawn["images"].numpy()


def load(path):
    """The `Generator` in the folder of a finished stage."""
    return Generator(path / "generator")

"""The judge: one classifier, or an ensemble of them, that decides whether a draw shows its class.

Reads `member-<n>.keras`, one file for each member, which the judge's stage makes. Each member of an ensemble has left
out another part of the training images, and all of them judge every draw: all but one have seen the training image
that is nearest to it.
"""

import keras
import numpy as np
import tensorflow as tf

# Imported so that Keras knows the classes that the files name.
from tfgan_aug.classifiers import classifier, networks  # noqa: F401
from tfgan_aug.core import optimizers  # noqa: F401


class Judge:
    """Class probabilities float32 (N, classes) of uint8 images (N, H, W, C): the mean over the members."""

    def __init__(self, path, block_size):
        self.members = [keras.models.load_model(member) for member in sorted(path.glob("member-*.keras"))]
        self.block_size = block_size

    def __call__(self, images):
        return np.mean([member.probabilities(images, self.block_size) for member in self.members], axis=0)

    def probabilities(self, images):
        """The same of a tensor of any length, in a graph too."""
        return tf.add_n([tf.nn.softmax(member(images, training=False)) for member in self.members]) / len(self.members)

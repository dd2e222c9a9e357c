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
from tfgan_aug.core import artefacts, optimizers  # noqa: F401
from tfgan_aug.data import subsets


class Judge:
    """Class probabilities float32 (N, classes) of uint8 images (N, H, W, C): the mean over the members."""

    def __init__(self, path, block_size):
        with artefacts.loading(path):
            self.members = [keras.models.load_model(member) for member in sorted(path.glob("member-*.keras"))]
        self.block_size = block_size

    def __call__(self, images):
        return np.mean([member.probabilities(images, self.block_size) for member in self.members], axis=0)

    def of_training(self, ids, images):
        """The same of training images with these ids; `CrossFitted` leaves out the members that have seen them."""
        return self(images)

    def probabilities(self, images):
        """The same of a tensor of any length, in a graph too."""
        return tf.add_n([tf.nn.softmax(member(images, training=False)) for member in self.members]) / len(self.members)


class CrossFitted:
    """A judge that speaks of its own training images: of several members those that were trained without them."""

    def __init__(self, judge, subset, seed):
        """`subset` is that of the judge, a `data.subsets.Subset`, and `seed` what its folds were drawn by."""
        self.judge, members = judge, len(judge.members)
        folds = subsets.folds(subset.train.labels, members, seed)
        self.fold = dict(zip(subset.train.ids, folds.tolist(), strict=True))

    def of_training(self, ids, images):
        """Returns class probabilities float32 (N, classes) of training images uint8 (N, H, W, C) with these ids."""
        fold = np.array([self.fold[name] for name in ids])
        found = None
        for number, member in enumerate(self.judge.members):
            own = np.flatnonzero(fold == number)
            probabilities = member.probabilities(images[own], self.judge.block_size)
            found = np.empty((len(images), probabilities.shape[1]), np.float32) if found is None else found
            found[own] = probabilities
        return found

"""What generators that start from real images share: the images they hold, and how a model takes them."""

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import streams


def check_shape(image_shape):
    """Raises `ValueError` for a shape (H, W, C) that is no square of 8 to 128 pixels, a multiple of 8."""
    height, width, channels = image_shape
    if height != width or height % 8 or not 8 <= height <= 128 or channels not in (1, 3):
        raise ValueError(
            f"image_shape: found {tuple(image_shape)}, expected a square of 8 to 128 pixels, a multiple of 8, with "
            "1 or 3 channels"
        )


@keras.saving.register_keras_serializable("tfgan_aug")
class Anchors(keras.Layer):
    """The real images (N, H, W, C), uint8, that drawing starts from, by class."""

    def __init__(self, count, image_shape, classes, **kwargs):
        super().__init__(**kwargs)
        self.count, self.image_shape, self.classes = count, tuple(image_shape), classes
        fixed = {"trainable": False, "initializer": "zeros"}
        self.images = self.add_weight((count, *self.image_shape), dtype="uint8", name="images", **fixed)
        self.starts = self.add_weight((classes,), dtype="int32", name="starts", **fixed)
        self.counts = self.add_weight((classes,), dtype="int32", name="counts", **fixed)
        self.built = True

    def fill(self, images, labels):
        """Keeps images uint8 (count, H, W, C) of these int labels (count,)."""
        counts = np.bincount(labels, minlength=self.classes)
        self.images.assign(np.asarray(images)[np.argsort(labels, kind="stable")])
        self.starts.assign(np.cumsum(counts) - counts)
        self.counts.assign(counts)

    def call(self, labels, drawn, other_than=None):
        """Images uint8 (N, H, W, C) of labels int (N,), one of the class by numbers in [0, 1), (N,).

        Where it equals `other_than` (uint8 (N, H, W, C)), the next one of the class.
        """
        counts = tf.gather(self.counts.value, labels)
        place = streams.below(counts, drawn)
        found = self._at(labels, place)
        if other_than is None:
            return found
        same = tf.reduce_all(found == other_than, axis=[1, 2, 3])
        return self._at(labels, (place + tf.cast(same, tf.int32)) % counts)

    def two(self, labels, drawn):
        """Two images uint8 (N, H, W, C) of labels int (N,), different ones by numbers in [0, 1), (N, 2)."""
        counts = tf.gather(self.counts.value, labels)
        first = streams.below(counts, drawn[:, 0])
        second = (first + 1 + streams.below(counts - 1, drawn[:, 1])) % counts
        return self._at(labels, first), self._at(labels, second)

    def _at(self, labels, place):
        return tf.gather(self.images.value, tf.gather(self.starts.value, labels) + place)

    def get_config(self):
        own = {name: getattr(self, name) for name in ("count", "image_shape", "classes")}
        return {**super().get_config(), **own}


class StartsFromImages:
    """For a `keras.Model` with `image_shape`, `classes` and `form`: it keeps real images, its anchors.

    `adapt` takes them; `fit` on arrays does that by itself. A saved model holds them.
    """

    def _anchor_at(self, count):
        """Makes room for so many anchors, where a saved model is loaded; 0: `adapt` does."""
        self.anchors = Anchors(count, self.image_shape, self.classes) if count else None

    @property
    def anchor_count(self):
        return self.anchors.count if self.anchors else 0

    def adapt(self, images, labels):
        """Keeps images uint8 (N, H, W, C) of int labels (N,) as anchors; call it in the strategy's scope.

        Raises `ValueError` where a class has fewer than two, so no pair, and where other numbers were kept before.
        """
        (images,), labels = self.form.inputs([images]), self.form.labels(labels)
        images, labels = images.numpy(), labels.numpy()
        if len(images) != len(labels):
            raise ValueError(f"found {len(labels)} labels and {len(images)} images, expected as many")
        counts = np.bincount(labels, minlength=self.classes)
        if counts.min() < 2:
            label = int(counts.argmin())
            raise ValueError(f"labels: found {counts[label]} images of class {label}, expected two or more: a pair")
        if self.anchors is None:
            self.anchors = Anchors(len(images), self.image_shape, self.classes)
        if self.anchors.count != len(images):
            raise ValueError(f"images: found {len(images)}, expected the {self.anchors.count} of before")
        self.anchors.fill(images, labels)

    def fit(self, x=None, y=None, *arguments, **options):
        """Keras' own; arrays become the anchors where there are none."""
        if self.anchors is None and y is not None:
            self.adapt(x, y)
        self._anchored()
        return super().fit(x, y, *arguments, **options)

    def _anchored(self):
        if self.anchors is None:
            raise ValueError("found no anchors to start from, expected adapt(images, labels), or fit on arrays, before")
        return self.anchors

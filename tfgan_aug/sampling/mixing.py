"""Controls that no generator is trained for: new images that real ones are put together from. Makes no file.

Of one class: `pixel_mix`, which draws as generators do, by label and seed, so `stream` takes it. Of two classes, with
labels to match: `Mixed`.
"""

import dataclasses
from typing import Literal

import numpy as np
import tensorflow as tf

from tfgan_aug.core import masks, streams


def pixel_mix(images, labels):
    """Returns a function (labels, seeds), int64 (N,), that returns images uint8 (N, H, W, C): pixels of two of a class.

    Each of them is made of two different ones of `images` (uint8 (M, H, W, C)) of the class that `labels` (ints (M,))
    name: a coarse random mask, 4 by 4 cells that are moved at random, says from which one each pixel is. A class of one
    image has it unchanged; a label without images raises `tf.errors.InvalidArgumentError`.

    The masks are those of ChimeraMix (Reinders et al., 2022, section 3.2), which mixes features by them and decodes
    those: what it gains beyond this control is the network's.
    """
    images, labels = np.asarray(images), np.asarray(labels)
    counts = np.bincount(labels)
    order, starts = np.argsort(labels, kind="stable"), np.cumsum(counts) - counts
    pixels = tf.constant(images)
    order, starts, counts = (tf.constant(array, tf.int64) for array in (order, starts, counts))

    def draw(wanted, seeds):
        drawn = (streams.uniform_latents(seeds, 2 + masks.NUMBERS) + 1.0) / 2.0
        count = tf.gather(counts, wanted)
        with tf.control_dependencies([tf.debugging.assert_positive(count, "found a label without images")]):
            first = streams.below(count, drawn[:, 0])
        second = (first + 1 + streams.below(tf.maximum(count - 1, 1), drawn[:, 1])) % count
        one, other = (tf.gather(pixels, tf.gather(order, tf.gather(starts, wanted) + own)) for own in (first, second))
        mask = masks.coarse(drawn[:, 2:], images.shape[1])
        return tf.where(mask[..., None], one, other)

    return draw


@dataclasses.dataclass(frozen=True, eq=False)
class Mixed:
    """Examples as `training.loop.batches` takes them: each of `images` and `labels` mixed with a random other one.

    `how` is "mixup" (Zhang et al., 2018: all pixels, by a weight from Beta(1, 1)) or "cutmix" (Yun et al., 2019: a box
    of a share of the area from Beta(1, 1), cut off at the border). Labels become probabilities float32 (N, `classes`):
    the weights, or the shares of the pixels. What a place of the training is mixed with derives from `seed` and it.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: int
    how: Literal["mixup", "cutmix"]
    seed: int = 0

    def __len__(self):
        return len(self.images)

    def reader(self):
        """Returns the function (rows, places), int64 (N,), that returns images uint8 and their probabilities."""
        images, targets = tf.constant(self.images), tf.one_hot(self.labels, self.classes)
        first = streams.image_seeds(self.seed, streams.key_of(self.how), 0)

        def take(rows, places):
            drawn = (streams.uniform_latents(first + places, 4) + 1.0) / 2.0
            others = streams.below(tf.constant(len(self.images), tf.int64), drawn[:, 0])
            mask = self._mask(drawn[:, 1:])
            own, other = (tf.cast(tf.gather(images, chosen), tf.float32) for chosen in (rows, others))
            share = tf.reduce_mean(mask, [1, 2, 3])[:, None]
            probabilities = tf.gather(targets, rows) * share + tf.gather(targets, others) * (1.0 - share)
            return tf.cast(tf.round(own * mask + other * (1.0 - mask)), tf.uint8), probabilities

        return take

    def _mask(self, drawn):
        """The weights of the own image, float32 (N, H, W, 1), of numbers (N, 3) in [0, 1)."""
        height, width = self.images.shape[1:3]
        if self.how == "mixup":
            return tf.broadcast_to(drawn[:, :1, None, None], [tf.shape(drawn)[0], height, width, 1])
        half = tf.sqrt(1.0 - drawn[:, 0]) / 2.0
        inside = [
            tf.abs((tf.range(side, dtype=tf.float32) + 0.5) / side - drawn[:, axis, None]) < half[:, None]
            for axis, side in ((1, height), (2, width))
        ]
        return 1.0 - tf.cast(inside[0][:, :, None] & inside[1][:, None, :], tf.float32)[..., None]

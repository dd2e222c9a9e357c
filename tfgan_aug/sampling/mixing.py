"""Controls that no generator is trained for: new images that real ones of a class are put together from.

Makes no file. They draw as generators do, by label and seed, so `stream` takes them.
"""

import numpy as np
import tensorflow as tf

from tfgan_aug.core import streams

# Cells of a mask along each side, as in ChimeraMix' grid mask.
_CELLS = 4


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
    side, pixels = images.shape[1], tf.constant(images)
    cell = -(-side // _CELLS)
    order, starts, counts = (tf.constant(array, tf.int64) for array in (order, starts, counts))

    def draw(wanted, seeds):
        drawn = (streams.uniform_latents(seeds, 4 + (_CELLS + 1) ** 2) + 1.0) / 2.0
        count = tf.gather(counts, wanted)
        with tf.control_dependencies([tf.debugging.assert_positive(count, "found a label without images")]):
            first = _below(count, drawn[:, 0])
        second = (first + 1 + _below(tf.maximum(count - 1, 1), drawn[:, 1])) % count
        one, other = (tf.gather(pixels, tf.gather(order, tf.gather(starts, wanted) + own)) for own in (first, second))
        shifts = _below(tf.fill([2], tf.constant(cell, tf.int64))[None], drawn[:, 2:4])
        rows, columns = ((shifts[:, axis, None] + tf.range(side, dtype=tf.int64)) // cell for axis in (0, 1))
        cells = tf.reshape(drawn[:, 4:] < 0.5, [-1, _CELLS + 1, _CELLS + 1])
        mask = tf.gather(tf.gather(cells, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)
        return tf.where(mask[..., None], one, other)

    return draw


def _below(limits, drawn):
    """Ints int64 from 0 to `limits` - 1 of numbers `drawn` in [0, 1)."""
    return tf.minimum(tf.cast(drawn * tf.cast(limits, tf.float32), tf.int64), limits - 1)

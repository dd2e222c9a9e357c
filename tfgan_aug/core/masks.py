"""Coarse random masks that say from which of two images each place of a new one is. Makes no file."""

import tensorflow as tf

from tfgan_aug.core import streams

# Along each side, as in ChimeraMix' grid mask.
_CELLS = 4
# Numbers in [0, 1) that one mask is made of: where its cells lie, and what each of them is.
NUMBERS = 2 + (_CELLS + 1) ** 2


def coarse(drawn: tf.Tensor, side: int) -> tf.Tensor:
    """Masks bool (N, side, side) of numbers `drawn`, float32 (N, NUMBERS) in [0, 1): True, from the first image.

    4 by 4 cells, each True or False alike, moved at random by less than a cell: the grid masks of ChimeraMix (Reinders
    et al., 2022, section 3.2), each moved by itself.
    """
    cell = -(-side // _CELLS)
    shifts = streams.below(tf.constant(cell), drawn[:, :2])
    rows, columns = ((shifts[:, axis, None] + tf.range(side)) // cell for axis in (0, 1))
    cells = tf.reshape(drawn[:, 2:] < 0.5, [-1, _CELLS + 1, _CELLS + 1])
    return tf.gather(tf.gather(cells, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)

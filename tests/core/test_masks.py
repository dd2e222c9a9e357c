"""Coarse masks, against cells written out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_aug.core import masks, streams

# True where the number is below a half: the chequered cells begin with True.
CHEQUERED = (np.add.outer(np.arange(5), np.arange(5)) % 2 / 2 + 0.25).ravel()


@pytest.mark.parametrize(("down", "right", "rows", "columns"), [(0.0, 0.0, 0, 0), (0.3, 0.9, 1, 3), (0.99, 0.5, 3, 2)])
def test_cells_of_a_quarter_are_moved_by_less_than_one(down, right, rows, columns):
    """By a part in four of a cell of 4 places, or of 8."""
    for scale in (1, 2):
        drawn = tf.constant([[down, right, *CHEQUERED]], tf.float32)
        (mask,) = masks.coarse(drawn, 16 * scale).numpy()
        grid = np.kron(CHEQUERED.reshape(5, 5) < 0.5, np.ones((4 * scale, 4 * scale), bool))
        first, left = int(down * 4 * scale), int(right * 4 * scale)
        assert scale > 1 or (first, left) == (rows, columns)
        np.testing.assert_array_equal(mask, grid[first : first + 16 * scale, left : left + 16 * scale])


@pytest.mark.parametrize("value", [0.0, 0.4999, 0.5, 1 - 2**-23])
def test_numbers_below_a_half_are_the_first_image(value):
    drawn = tf.fill([2, masks.NUMBERS], tf.constant(value, tf.float32))
    for side in (2, 4, 6, 32):
        np.testing.assert_array_equal(masks.coarse(drawn, side), np.full((2, side, side), value < 0.5))


@pytest.mark.parametrize("kind", [tf.int32, tf.int64])
def test_below(kind):
    found = streams.below(tf.constant([1, 3, 4, 100], kind), tf.constant([0.999, 0.34, 0.25, 1 - 2**-23], tf.float32))
    assert found.dtype == kind and found.numpy().tolist() == [0, 1, 1, 99]

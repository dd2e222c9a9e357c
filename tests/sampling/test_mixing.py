"""Mixing on pixels: whose pixels they are, in how large pieces, and that a seed is an image."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_aug.sampling import mixing

# Image i is filled with i. Class 0 has one image, class 1 two, class 2 four; in no order.
LABELS = np.array([2, 1, 0, 2, 2, 1, 2])
IMAGES = np.broadcast_to(np.arange(7, dtype=np.uint8)[:, None, None, None], (7, 16, 16, 3))


def draw(label, count=200, first=0, side=16):
    generator = mixing.pixel_mix(np.repeat(np.repeat(IMAGES, side // 16, 1), side // 16, 2), LABELS)
    return generator(
        tf.fill([count], tf.constant(label, tf.int64)), tf.range(first, first + count, dtype=tf.int64)
    ).numpy()


@pytest.mark.parametrize(("label", "own"), [(0, {2}), (1, {1, 5}), (2, {0, 3, 4, 6})])
def test_pixels_are_those_of_two_images_of_the_class(label, own):
    images = draw(label)
    assert images.shape == (200, 16, 16, 3) and images.dtype == np.uint8
    np.testing.assert_array_equal(images, images[..., :1].repeat(3, axis=-1))
    found = [set(np.unique(image)) for image in images]
    assert set.union(*found) == own and max(map(len, found)) == min(2, len(own))
    # All 25 cells of a mask alike: one in 2**15 or fewer, as at least 16 of them show.
    assert sum(len(pair) < min(2, len(own)) for pair in found) <= 1


def test_masks_are_cells_of_a_quarter_that_lie_anywhere():
    """Half of the pixels are of each image; edges stand 4 pixels apart, in every place alike."""
    images = draw(1, 2_000)[..., 0] == 1
    # The mean of 2,000 masks of some 20 cells: 0.0025 is one standard error.
    assert abs(images.mean() - 0.5) < 0.0125
    edges = (images[:, :, 1:] != images[:, :, :-1]).any(axis=1)
    assert np.all(np.diff(np.flatnonzero(edges[0])) % 4 == 0)
    # An edge stands before a column in a quarter of the images, but where all four to five cells agree.
    rates = edges.mean(axis=0)
    assert np.all((rates > 0.19) & (rates < 0.27)), rates


def test_a_seed_is_an_image():
    np.testing.assert_array_equal(draw(2)[50:60], draw(2, 10, 50))
    assert not np.array_equal(draw(2), draw(2, first=200))
    # Not by the side: the same choice at twice the size.
    assert draw(2, 5, side=32).shape == (5, 32, 32, 3)


def test_a_class_without_images():
    generator = mixing.pixel_mix(IMAGES[1:2], LABELS[1:2])
    with pytest.raises(tf.errors.InvalidArgumentError, match="found a label without images"):
        generator(tf.constant([0], tf.int64), tf.constant([0], tf.int64))

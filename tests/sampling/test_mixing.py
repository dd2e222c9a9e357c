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


def mixed(how, count=4_000, seed=0, first=0):
    """The image of grey 0, mixed with those of 0, 100 and 200: (images, probabilities)."""
    images = np.full((3, 16, 16, 3), 100, np.uint8) * np.arange(3, dtype=np.uint8)[:, None, None, None]
    places = tf.range(first, first + count, dtype=tf.int64)
    take = mixing.Mixed(images, np.arange(3), 3, how, seed).reader()
    found, targets = (array.numpy() for array in take(tf.zeros_like(places), places))
    assert found.shape == (count, 16, 16, 3) and found.dtype == np.uint8 and targets.dtype == np.float32
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-6)
    return found, targets


def test_mixup_blends_all_pixels_by_one_weight():
    """The labels' weights are the pixels'; those from Beta(1, 1) are uniform."""
    found, targets = mixed("mixup")
    assert np.all(found == found[:, :1, :1, :1])
    np.testing.assert_allclose(found[:, 0, 0, 0], 100 * targets[:, 1] + 200 * targets[:, 2], atol=0.51)
    others = targets[:, 1:].sum(axis=1)[targets[:, 0] < 1]
    # Two thirds of 4,000, of which 30 is one standard error; by Kolmogorov and Smirnov at 0.1 %: 1.95 / sqrt(n).
    assert abs(len(others) - 2667) < 150
    steps = (np.arange(len(others)) + 0.5) / len(others)
    assert np.abs(np.sort(others) - steps).max() < 1.95 / len(others) ** 0.5


def test_cutmix_sets_one_box_of_another_image():
    found, targets = mixed("cutmix")
    changed = found[..., 0] > 0
    # The label is the share of pixels.
    np.testing.assert_allclose(changed.mean(axis=(1, 2)), 1 - targets[:, 0], atol=1e-6)
    for mask in changed[changed.any(axis=(1, 2))][:200]:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    # A box of side s covers (s - s^2 / 4)^2 on average once it is cut off; with s^2 uniform: 1/2 - 1/5 + 1/48.
    assert changed[targets[:, 0] < 1].mean() == pytest.approx(1 / 2 - 1 / 5 + 1 / 48, abs=0.025)


@pytest.mark.parametrize("how", ["mixup", "cutmix"])
def test_what_is_mixed_derives_from_seed_and_place(how):
    whole, again, other = mixed(how, 60)[0], mixed(how, 20, first=40)[0], mixed(how, 60, seed=1)[0]
    np.testing.assert_array_equal(whole[40:], again)
    assert not np.array_equal(whole, other)


def test_a_class_without_images():
    generator = mixing.pixel_mix(IMAGES[1:2], LABELS[1:2])
    with pytest.raises(tf.errors.InvalidArgumentError, match="found a label without images"):
        generator(tf.constant([0], tf.int64), tf.constant([0], tf.int64))

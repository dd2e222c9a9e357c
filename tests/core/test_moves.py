"""Moves of images: a plane moved by hand, whole pixels against NumPy, numbers of an image for it alone."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_aug.core import moves


def grid_image():
    """A plane: the pixel (y, x) of 8 x 8 is 10 y + x; float32 (1, 8, 8, 1)."""
    return (10.0 * np.arange(8)[:, None] + np.arange(8))[None, :, :, None].astype(np.float32)


def still(**changed):
    """Numbers (1, 7) of 1/2, but for those at the places of `changed`, such as n4=1.0."""
    drawn = np.full((1, 7), 0.5, np.float32)
    for name, value in changed.items():
        drawn[0, int(name[1:])] = value
    return tf.constant(drawn)


def test_affine_by_hand():
    """Numbers of 1/2 move nothing; the fifth shifts by up to an eighth of the side; the seventh mirrors."""
    image = grid_image()
    np.testing.assert_allclose(moves.affine(image, still()), image, atol=1e-4)
    shifted = moves.affine(image, still(n4=1.0))
    np.testing.assert_allclose(shifted[:, :, :-1], image[:, :, 1:], atol=1e-4)
    np.testing.assert_allclose(moves.affine(image, still(n6=0.0), flip=True), image[:, :, ::-1], atol=1e-4)
    np.testing.assert_allclose(moves.affine(image, still(n6=0.0)), image, atol=1e-4)


def test_affine_turns_about_the_middle_by_its_degrees():
    """A plane, turned by an angle, is a plane whose slopes are turned: 10 down and 1 across at 90 degrees swap."""
    image = grid_image()
    turned = moves.affine(image, still(n0=1.0), rotation=90.0)[0, 2:6, 2:6, 0].numpy()
    np.testing.assert_allclose(turned, np.rot90(image[0, :, :, 0])[2:6, 2:6], atol=1e-3)
    near = moves.affine(image, still(n0=1.0), rotation=15.0)[0, 3:5, 3:5, 0].numpy()
    assert np.mean(near) == pytest.approx(np.mean(image[0, 3:5, 3:5, 0]), abs=1e-3)
    down, right = (np.diff(near, axis=axis).mean() for axis in (0, 1))
    angle = np.deg2rad(15)
    expected = 10 * np.cos(angle) - np.sin(angle), 10 * np.sin(angle) + np.cos(angle)
    np.testing.assert_allclose((down, right), expected, rtol=1e-3)


@pytest.mark.parametrize("place, axis", [(2, 1), (3, 0)])
def test_affine_zooms_each_axis_by_its_factor(place, axis):
    """Where twice as much is seen, the plane's slope doubles."""
    zoomed = moves.affine(grid_image(), still(**{f"n{place}": 1.0}), zoom=np.log(2.0))[0, 2:6, 2:6, 0].numpy()
    slopes = [np.diff(zoomed, axis=0).mean(), np.diff(zoomed, axis=1).mean()]
    expected = [10.0, 1.0]
    expected[axis] *= 2
    np.testing.assert_allclose(slopes, expected, rtol=1e-3)


@pytest.mark.parametrize("flip", [False, True])
def test_whole_pixels_are_those_of_numpy(flip):
    """Against a padded copy: NumPy's symmetric border, shifted by whole pixels, mirrored where drawn so."""
    rng = np.random.default_rng(0)
    images, reach = rng.integers(0, 256, (40, 16, 16, 3)).astype(np.float32), 2
    drawn = rng.random((40, 3)).astype(np.float32)
    made = moves.whole_pixels(tf.constant(images), tf.constant(drawn), reach, flip).numpy()
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="symmetric")
    seen = set()
    for image, numbers, new in zip(padded, drawn, made, strict=True):
        down, right = np.floor(numbers[:2] * 5).astype(int) - reach
        seen.add((down, right))
        image = image[:, ::-1] if flip and numbers[2] < 0.5 else image
        np.testing.assert_array_equal(new, image[reach - down :, reach - right :][:16, :16])
    # 40 of 25 places: fewer than 10 different ones have a probability below 1e-9.
    assert len(seen) >= 10


def test_an_image_is_moved_by_its_own_numbers():
    rng = np.random.default_rng(1)
    images, drawn = rng.random((6, 8, 8, 1)).astype(np.float32), rng.random((6, 7)).astype(np.float32)
    for move in (moves.affine, lambda images, drawn: moves.whole_pixels(images, drawn, 2)):
        whole = move(tf.constant(images), tf.constant(drawn)).numpy()
        alone = np.concatenate([move(tf.constant(images[i : i + 1]), tf.constant(drawn[i : i + 1])) for i in range(6)])
        np.testing.assert_allclose(whole, alone, atol=1e-6)

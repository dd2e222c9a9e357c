"""Pixel arithmetic, at both ends of the range, and image grids."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan_aug.core import pixels

LEVELS = np.arange(256, dtype=np.uint8)


def test_round_trip_of_all_levels():
    floats = pixels.to_float(LEVELS)
    assert floats.dtype == tf.float32
    made = pixels.to_uint8(floats)
    assert made.dtype == tf.uint8
    np.testing.assert_array_equal(made, LEVELS)
    np.testing.assert_allclose(floats, LEVELS / 127.5 - 1, atol=1e-6)


def test_ends_of_the_range():
    np.testing.assert_array_equal(pixels.to_float(np.array([0, 255], np.uint8)), [-1.0, 1.0])
    np.testing.assert_array_equal(pixels.to_uint8([-1.0, 1.0]), [0, 255])


@pytest.mark.parametrize(
    ("value", "level"),
    # tf.cast alone would make 254 of the first and 0 of what is just above the range.
    [(0.999999, 255), (1.0001, 255), (1.01, 255), (7.0, 255), (-0.999999, 0), (-1.01, 0), (-7.0, 0), (0.0, 128)],
)
def test_saturation(value, level):
    assert int(pixels.to_uint8(value)) == level


def test_rounds_to_the_nearest_level():
    quarter = 0.25 / 127.5
    middle = LEVELS[1:-1]
    floats = pixels.to_float(middle).numpy()
    np.testing.assert_array_equal(pixels.to_uint8(floats + quarter), middle)
    np.testing.assert_array_equal(pixels.to_uint8(floats - quarter), middle)


def test_shapes_and_types_pass_through():
    images = np.zeros((2, 4, 5, 3), np.uint8)
    assert pixels.to_float(images).shape == (2, 4, 5, 3)
    assert pixels.to_uint8(tf.zeros((2, 4, 5, 3), tf.bfloat16)).shape == (2, 4, 5, 3)
    inside = tf.function(lambda x: pixels.to_uint8(pixels.to_float(x)))
    np.testing.assert_array_equal(inside(LEVELS), LEVELS)


def tile(*colour):
    return np.tile(np.array(colour, np.uint8), (4, 6, 1))


def test_grid():
    """Rows of two and one tiles of 4 x 6 pixels, doubled, two pixels of white after each."""
    rows = [np.stack([tile(255, 0, 0), tile(0, 0, 255)]), tile(0, 255, 0)[None]]
    made = pixels.grid(rows, scale=2, gap=2)
    assert made.shape == (2 * (8 + 2), 2 * (12 + 2), 3) and made.dtype == np.uint8
    expected = np.full(made.shape, 255, np.uint8)
    expected[:8, :12], expected[:8, 14:26], expected[10:18, :12] = (255, 0, 0), (0, 0, 255), (0, 255, 0)
    np.testing.assert_array_equal(made, expected)


def test_grid_keeps_pixels_apart():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    made = pixels.grid([image[None]], scale=3, gap=0)
    np.testing.assert_array_equal(made, image.repeat(3, 0).repeat(3, 1))


def test_grid_of_grey_images_with_labels():
    image = np.random.default_rng(0).integers(0, 200, (1, 16, 16, 1), np.uint8)
    made = pixels.grid([image, image], ["ab", "c"], scale=1, gap=1)
    left = 8 + 7 * 2
    assert made.shape == (2 * 17, left + 17, 3)
    for top in (0, 17):
        np.testing.assert_array_equal(made[top : top + 16, left : left + 16], image[0].repeat(3, -1))
        text = made[top : top + 16, :left]
        assert (text < 255).any() and (text == 255).any()


def test_save_grid(tmp_path):
    rows = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 4, 3), np.uint8)
    pixels.save_grid(tmp_path / "grid.png", rows, ["one", "two"])
    with Image.open(tmp_path / "grid.png") as file:
        assert file.format == "PNG"
        np.testing.assert_array_equal(np.asarray(file), pixels.grid(rows, ["one", "two"]))


@pytest.mark.parametrize("channels", [1, 3])
def test_png_files(channels):
    """Pillow reads the pixels back; one image alone gives the same bytes as in a batch."""
    images = np.random.default_rng(0).integers(0, 256, (3, 5, 4, channels), np.uint8)
    files = pixels.encode_png(images)
    for image, png in zip(images, files, strict=True):
        assert pixels.encode_png(image) == png
        np.testing.assert_array_equal(pixels.decode_png(png), image)
        with Image.open(io.BytesIO(png)) as file:
            assert file.format == "PNG" and file.mode == ("L" if channels == 1 else "RGB")
            np.testing.assert_array_equal(np.array(file).reshape(image.shape), image)

"""shapes10: each image shows its class's shape clearly."""

import numpy as np
import pytest

from tfgan_aug.data import shapes


def test_image_form():
    image = shapes.draw("train", 0, 0)
    assert image.shape == (32, 32, 3) and image.dtype == np.uint8
    assert len(shapes.CLASS_NAMES) == len(set(shapes.CLASS_NAMES)) == 10
    assert shapes.SPLIT_SIZES == {"train": 1000, "test": 300}


@pytest.mark.parametrize("image_size", [16, 48, 128])
def test_other_sizes_show_the_same_scene(image_size):
    large = shapes.draw("train", 7, 3, image_size=image_size)
    assert large.shape == (image_size, image_size, 3)
    # Quarters of the image keep their mean colour; noise and edges move it by a few levels.
    quarters = [
        p.reshape(4, len(p) // 4, 4, len(p) // 4, 3).mean((1, 3))
        for p in (large.astype(float), shapes.draw("train", 7, 3))
    ]
    assert np.abs(quarters[0] - quarters[1]).max() < 30


def test_one_channel_is_the_brightness():
    colour, grey = shapes.draw("train", 2, 5), shapes.draw("train", 2, 5, channels=1)
    assert grey.shape == (32, 32, 1) and grey.dtype == np.uint8
    assert np.abs(colour @ [0.299, 0.587, 0.114] - grey[..., 0]).max() <= 1


def test_shape_stands_out_and_is_large():
    """The two brightness levels of a square's image lie apart, and the shape covers what its size says."""
    square = shapes.CLASS_NAMES.index("square")
    for index in range(50):
        grey = shapes.draw("train", square, index, channels=1)[..., 0].astype(float)
        bright = grey > 127.5
        assert grey[bright].mean() - grey[~bright].mean() > 60
        # Side 0.55 to 0.85 times 0.85, one axis shortened to 0.88 at most; clutter of either brightness adds a little.
        corner = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
        share = (bright != (corner > 127.5)).mean()
        assert 0.16 < share < 0.6

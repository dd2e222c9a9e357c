"""The chequered pattern and the colours of images, by hand."""

import numpy as np
import pytest

from tfgan_aug.evaluation import looks

NOISE = np.random.default_rng(0).integers(0, 256, (200, 16, 16, 3), np.uint8)


def test_noise_has_no_pattern():
    """All frequencies have the same energy: of 3,200 rows each to 2 %."""
    assert looks.pattern(NOISE) == pytest.approx(1, abs=0.08)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 0), (0, 1)])
def test_squares_and_stripes_on_noise(rows, columns):
    """Levels of +-10 have 16 times their energy at one frequency, as noise of a variance of 16 * 10^2 has."""
    noise = np.random.default_rng(1).normal(128, 20, (200, 16, 16, 1))
    y, x = np.mgrid[:16, :16]
    signs = 1 - 2 * ((rows * y + columns * x) % 2)
    images = np.round(noise + 10 * signs[None, :, :, None]).astype(np.uint8)
    expected = 1 + 16 * 10**2 / 20**2
    assert looks.pattern(images) == pytest.approx((rows + columns) / 2 * (expected - 1) + 1, abs=0.2)


def test_saturation():
    images = np.zeros((1, 2, 2, 3), np.uint8)
    images[0, 0] = [[255, 0, 0], [51, 102, 51]]
    images[0, 1] = [[7, 7, 7], [255, 255, 255]]
    assert looks.saturation(images) == pytest.approx((1 + 0.2) / 4)
    assert looks.saturation(images[..., :1]) == 0


def test_extremes():
    assert looks.extremes(np.array([[[[0, 2, 3]], [[252, 253, 255]]]], np.uint8)) == pytest.approx(4 / 6)

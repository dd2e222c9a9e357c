"""The spread of a class's generated images: of as many kinds of pictures as there are."""

import numpy as np
import pytest

from tfgan_aug.data import shapes
from tfgan_aug.evaluation import spread
from tfgan_aug.training import monitor

REAL = np.random.default_rng(0).normal(size=(60, 50))


def test_images_like_the_real_ones_vary_as_much():
    found = spread.of_class(REAL, np.random.default_rng(1).normal(size=(100, 50)))
    # Distances of normal vectors in 50 dimensions vary by a tenth, their means over pairs far less.
    assert found.distance == pytest.approx(1, abs=0.03) and found.repeats == 0 and not found.low


@pytest.mark.parametrize(("pictures", "low"), [(1, True), (2, True), (10, True), (100, False)])
def test_few_pictures_drawn_over_and_over(pictures, low):
    """Of k pictures, each as often, the mean distance of different ones counts (1 - 1 / k) n / (n - 1) times."""
    drawn = np.resize(REAL[:pictures] if pictures < 60 else np.random.default_rng(1).normal(size=(100, 50)), (100, 50))
    found = spread.of_class(REAL, drawn)
    assert found.distance == pytest.approx((1 - 1 / pictures) * 100 / 99, abs=0.05)
    assert found.repeats == (pictures < 60) and found.low == low


def test_by_hand():
    found = spread.of_class(np.array([[0.0], [10.0]]), np.array([[0.0], [0.5], [8.0]]))
    assert found.distance == pytest.approx((0.5 + 7.5 + 8) / 3 / 10) and found.repeats == pytest.approx(2 / 3)


def test_images_without_a_picture_are_grey():
    """An untrained GAN's: they vary by a hundredth of a grey level."""
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (40, 8, 8, 3)).astype(float)
    found = spread.of_class(images, rng.normal(127, 0.5, (40, 8, 8, 3)))
    assert found.contrast == pytest.approx(0.5 / images.std(axis=(1, 2, 3)).mean(), rel=0.1) and found.grey
    # One picture over and over is another fault, and flat real images have nothing to compare with.
    assert not spread.of_class(images, images[[0, 0, 0]]).grey
    flat = np.ones((2, 4)) * np.array([[1.0], [5.0]])
    assert spread.of_class(flat, flat).contrast == 1


def test_contrast_by_hand():
    """Standard deviations 1 and 3 within generated images, 4 within each real one."""
    found = spread.of_class(np.array([[0.0, 8], [8.0, 0]]), np.array([[0.0, 2], [0.0, 6]]))
    assert found.contrast == pytest.approx(0.5)


@pytest.mark.parametrize("real", [5, 20])
def test_real_images_in_place_of_generated_ones_raise_no_alarm(real):
    """Of shapes10, classes of 5 or 20 real images beside 100 others; the docs state what was found in more draws."""
    rng = np.random.default_rng(3)
    for label in range(10):
        own = monitor.thumbnails(np.stack([shapes.draw("train", label, index) for index in range(real + 100)]))
        order = rng.permutation(len(own))
        found = spread.of_class(own[order[:real]], own[order[real : real + 100]])
        assert not found.low and not found.grey


def test_nothing_to_compare_with():
    assert spread.of_class(REAL[:1], REAL) is None and spread.of_class(REAL, REAL[:1]) is None
    assert spread.of_class(REAL[[0, 0]], REAL) is None

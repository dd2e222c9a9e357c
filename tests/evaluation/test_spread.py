"""The spread of a class's generated images: of as many kinds of pictures as there are."""

import numpy as np
import pytest

from tfgan_aug.evaluation import spread

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


def test_nothing_to_compare_with():
    assert spread.of_class(REAL[:1], REAL) is None and spread.of_class(REAL, REAL[:1]) is None
    assert spread.of_class(REAL[[0, 0]], REAL) is None

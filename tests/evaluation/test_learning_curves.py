"""The power law, what it says of more images, and its intervals."""

import numpy as np
import pytest

from tfgan_aug.evaluation import learning_curves

COUNTS = np.array([10.0, 20, 40, 80])


def test_an_exact_law_is_found_and_inverted():
    law = learning_curves.fit(COUNTS, 0.9 * COUNTS**-0.3)
    assert law == pytest.approx((0.9, 0.3))
    gained = learning_curves.gain(law, 80, 2.0)
    assert gained == pytest.approx(100 * 0.9 * (80**-0.3 - 160**-0.3))
    assert learning_curves.equivalent(law, 80, gained) == pytest.approx(80)


def test_no_gain_no_images_and_no_promise_beyond_four_times():
    law = (0.9, 0.3)
    assert learning_curves.equivalent(law, 80, 0) == learning_curves.equivalent(law, 80, -3) == 0
    assert learning_curves.equivalent(law, 80, learning_curves.gain(law, 80, 3.99)) == pytest.approx(2.99 * 80)
    assert learning_curves.equivalent(law, 80, learning_curves.gain(law, 80, 4.01)) == np.inf
    assert learning_curves.equivalent(law, 80, 99) == np.inf
    assert learning_curves.equivalent((0.9, 0.0), 80, 1) == np.inf
    # A flat law that is not quite flat: no overflow.
    assert learning_curves.equivalent((0.7, 1e-16), 80, 12) == np.inf


def test_intervals_cover_the_law_that_made_the_data():
    """40 trials with fixed seeds; at a coverage of 90 % (95 % is nominal) 32 or more have a chance of 98 %."""
    rng, covered = np.random.default_rng(0), 0
    truth = learning_curves.gain((0.9, 0.3), 80, 2)
    for trial in range(40):
        noise = 0.01 * rng.standard_normal((4, 4, 2)) + 0.01 * rng.standard_normal((4, 4, 1))
        accuracies = 1 - (0.9 * COUNTS**-0.3)[:, None, None] + noise
        gain, low, high = learning_curves.more(COUNTS, accuracies, 1000, 80, 2, seed=trial)
        assert gain == pytest.approx(
            learning_curves.gain(learning_curves.fit(COUNTS, 1 - accuracies.mean(axis=(1, 2))), 80, 2)
        )
        covered += low <= truth <= high
    assert covered >= 32


def test_a_gain_is_certain_where_nothing_varies():
    accuracies = np.broadcast_to(1 - (0.9 * COUNTS**-0.3)[:, None, None], (4, 3, 2))
    gain, low, high = learning_curves.more(COUNTS, accuracies, 1000, 80, 2)
    assert (low, high) == pytest.approx((gain, gain)) and gain == pytest.approx(learning_curves.gain((0.9, 0.3), 80, 2))


@pytest.mark.parametrize("end", [1.0, 0.0])
@pytest.mark.parametrize("points", [1, 4])
def test_curve_points_of_100_and_of_0_percent_have_a_law(end, points):
    accuracies = np.broadcast_to(np.array([0.3, 0.5, 0.6, 0.7])[:, None, None], (4, 2, 1)).copy()
    accuracies[-points:] = end
    gain, low, high = learning_curves.more(COUNTS, accuracies, 80, 80, 2)
    law = learning_curves.fit(COUNTS, learning_curves.errors(accuracies.mean(axis=(1, 2)), 80))
    assert np.all(np.isfinite([gain, low, high, *law]))
    if points == 4:
        assert (gain, low, high) == pytest.approx((0, 0, 0), abs=1e-9)


def test_no_error_is_below_half_an_image():
    assert learning_curves.errors([1.0, 0.75, 0.0], 50).tolist() == [0.01, 0.25, 1.0]


@pytest.mark.parametrize(("counts", "errors"), [([10, 10], [0.5, 0.5]), ([10, 20], [0.5, 0]), ([0, 20], [0.5, 0.4])])
def test_a_law_needs_two_counts_and_errors(counts, errors):
    with pytest.raises(ValueError, match="expected two counts"):
        learning_curves.fit(counts, errors)

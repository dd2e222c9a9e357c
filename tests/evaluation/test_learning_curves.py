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
        accuracies = 1 - (0.9 * COUNTS**-0.3)[:, None, None] + 0.01 * rng.standard_normal((4, 6, 3))
        drawn = learning_curves.laws(COUNTS, accuracies, resamples=200, seed=trial)
        low, high = learning_curves.interval([learning_curves.gain(law, 80, 2) for law in drawn])
        covered += low <= truth <= high
    assert covered >= 32


def test_paired_differences_lose_what_folds_and_seeds_have_in_common():
    common = np.random.default_rng(0).uniform(0, 1, (4, 2))
    assert learning_curves.paired(common + 0.02, common) == pytest.approx((2, 2, 2))
    noisy = common + 0.02 * np.random.default_rng(1).standard_normal((4, 2))
    difference, low, high = learning_curves.paired(noisy, common, seed=0)
    assert low < difference < high and learning_curves.paired(noisy, common, seed=0) == (difference, low, high)
    drawn = [learning_curves.paired(noisy, common, resamples=20, seed=seed) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize(("counts", "errors"), [([10, 10], [0.5, 0.5]), ([10, 20], [0.5, 0]), ([0, 20], [0.5, 0.4])])
def test_a_law_needs_two_counts_and_errors(counts, errors):
    with pytest.raises(ValueError, match="expected two counts"):
        learning_curves.fit(counts, errors)

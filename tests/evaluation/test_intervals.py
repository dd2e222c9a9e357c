"""Student's interval by hand and against its own level; verdicts."""

import numpy as np
import pytest

from tfgan_aug.evaluation import intervals


def test_by_hand():
    """1, 2, 3: mean 2, standard error 1 / sqrt(3), and t is 4.3027 for two degrees of freedom."""
    low, high = intervals.student([1.0, 2.0, 3.0])
    assert (low, high) == (pytest.approx(2 - 4.3027 / 3**0.5, abs=1e-4), pytest.approx(2 + 4.3027 / 3**0.5, abs=1e-4))
    assert intervals.student([1.5, 1.5]) == (1.5, 1.5)
    assert intervals.student([1.5]) == intervals.student([]) == (None, None)


@pytest.mark.parametrize("count", [2, 3, 6])
def test_it_covers_the_mean_in_95_of_100(count):
    """Of 4,000 normal samples; the share is within 4 standard errors of 0.95 but for a chance of 1 in 15,000."""
    samples = np.random.default_rng(count).normal(3.0, 2.0, (4_000, count))
    covered = np.mean([low <= 3.0 <= high for low, high in map(intervals.student, samples)])
    assert abs(covered - 0.95) < 4 * (0.95 * 0.05 / 4_000) ** 0.5


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.1, 2.0, "helps"), (-2.0, -0.1, "hurts"), (-1.0, 1.0, "not resolved"), (None, None, "not resolved")],
)
def test_verdicts(low, high, verdict):
    assert intervals.verdict(low, high) == verdict

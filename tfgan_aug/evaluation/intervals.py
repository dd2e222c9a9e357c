"""Intervals of means over few independent runs. Makes no file."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

LEVEL = 0.95


def student(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Returns (low, high), the 95 % interval of the mean of independent `values` by Student's t.

    Of equal values it is the value itself, of fewer than two (None, None).
    """
    if len(values) < 2:
        return None, None
    mean, error = float(np.mean(values)), float(stats.sem(values))
    half = error * float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1))
    return mean - half, mean + half


def verdict(low: float | None, high: float | None) -> str:
    """Returns "helps" or "hurts" where an interval of differences lies on one side of 0, else "not resolved"."""
    if low is None or high is None:
        return "not resolved"
    return "helps" if low > 0 else "hurts" if high < 0 else "not resolved"

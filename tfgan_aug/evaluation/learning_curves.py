"""What more real images would be worth: a power law through the accuracies on growing shares of a training set.

Makes no file. The bootstrap is that of `resampling`, over crossed folds and seeds. Errors are shares, differences in
accuracy percentage points.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfgan_aug.evaluation import resampling

RESAMPLES = 2_000
# No law measured on a tenth of the range says what happens beyond this many times the images.
FARTHEST = 4.0


def fit(counts: npt.ArrayLike, errors: npt.ArrayLike) -> tuple[float, float]:
    """(a, b) of error = a * n^-b, floats: least squares of the logarithms (Hestness et al. 2017).

    `counts` are images a class, (P,); `errors` (P,) above 0, such as means over trainings. Raises ValueError for fewer
    than two different counts.
    """
    counts, errors = np.asarray(counts, float), np.asarray(errors, float)
    if len(np.unique(counts)) < 2 or np.any(errors <= 0) or np.any(counts <= 0):
        raise ValueError(f"counts {counts.tolist()} and errors {errors.tolist()}: expected two counts, all above 0")
    slope, intercept = np.polyfit(np.log(counts), np.log(errors), 1)
    return float(np.exp(intercept)), float(-slope)


def gain(law: Sequence[float], count: float, times: float) -> float:
    """Points of accuracy, float, that `times` as many images as `count` a class are worth by the law (a, b)."""
    a, b = law
    return 100 * a * (count**-b - (count * times) ** -b)


def equivalent(law: Sequence[float], count: float, points: float) -> float:
    """More real images a class, float, that are worth `points` by the law (a, b); inf where no number of them is.

    0 for no gain. Beyond `FARTHEST` times the count, so (FARTHEST - 1) * count, the law is no evidence: inf, too.
    """
    a, b = law
    if points <= 0:
        return 0.0
    if b <= 0 or points > gain(law, count, FARTHEST):
        return np.inf
    return float(((a * count**-b - points / 100) / a) ** (-1 / b) - count)


def errors(accuracies: npt.ArrayLike, images: int) -> np.ndarray:
    """Errors, shares, of accuracies over `images` images: at least half an image, for no law reaches 0."""
    return np.maximum(1 - np.asarray(accuracies, float), 0.5 / images)


def more(
    counts: npt.ArrayLike, accuracies: npt.ArrayLike, images: int, count: float, times: float, seed: int = 0
) -> tuple[float, float, float]:
    """(gain, low, high) in points of `times` as many images as `count` a class, by the law through the means.

    `accuracies` are shares (P, folds, seeds) at `counts` (P,), each of the folds' `images` images together. Folds and
    seeds are crossed: a draw takes the same ones at every count, so that what they have in common cancels.
    """
    accuracies = np.asarray(accuracies, float)

    def gain_of(means):
        """Gains (...) by the laws through mean accuracies (P, ...)."""
        slopes, intercepts = np.polyfit(np.log(counts), np.log(errors(means, images)), 1)
        return gain((np.exp(intercepts), -slopes), count, times)

    means = accuracies.mean(axis=(1, 2))
    drawn = resampling.level_means(accuracies[:, None], RESAMPLES, seed)
    # How the gain moves with each fold and seed: its slope along each point of the curve.
    step = 1e-6
    slopes = [(gain_of(means + step * unit) - gain_of(means - step * unit)) / (2 * step) for unit in np.eye(len(means))]
    half = resampling.half_width(np.tensordot(slopes, accuracies, 1), gain_of(drawn))
    found = float(gain_of(means))
    return found, found - half, found + half

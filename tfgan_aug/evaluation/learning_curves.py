"""What more real images would be worth: a power law through the accuracies on growing shares of a training set.

Makes no file. The bootstraps are by hand: `scipy.stats.bootstrap` cannot resample crossed folds and seeds. Errors are
shares in (0, 1), differences in accuracy percentage points.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

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


def laws(counts: npt.ArrayLike, accuracies: npt.ArrayLike, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """Laws (resamples, 2), each `fit` to a draw of folds and seeds; `accuracies` shares (P, folds, seeds).

    Folds and seeds are crossed: a draw takes the same ones at every count, so that what they have in common cancels.
    """
    accuracies = np.asarray(accuracies, float)
    _, folds, seeds = accuracies.shape
    rng, found = np.random.default_rng(seed), np.empty((resamples, 2))
    for number in range(resamples):
        drawn = accuracies[:, rng.integers(folds, size=folds)][:, :, rng.integers(seeds, size=seeds)]
        found[number] = fit(counts, np.maximum(1 - drawn.mean(axis=(1, 2)), 1e-6))
    return found


def interval(values: npt.ArrayLike) -> tuple[float, float]:
    """(low, high): the 95 % percentile interval of numbers that may be inf."""
    low, high = np.quantile(np.asarray(values, float), [0.025, 0.975], method="nearest")
    return float(low), float(high)


def paired(
    first: npt.ArrayLike, second: npt.ArrayLike, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float, float]:
    """(difference, low, high) in points: accuracies, shares (folds, seeds), less others on the same folds and seeds."""
    change = 100 * (np.asarray(first, float) - np.asarray(second, float))
    rng = np.random.default_rng(seed)
    folds, seeds = change.shape
    drawn = [
        change[rng.integers(folds, size=folds)][:, rng.integers(seeds, size=seeds)].mean() for _ in range(resamples)
    ]
    return (float(change.mean()), *interval(drawn))

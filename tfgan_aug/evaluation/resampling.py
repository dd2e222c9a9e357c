"""The one bootstrap of mean accuracies over crossed factors: GAN and classifier seeds or folds, and test images.

Makes no file. By hand: no library has one over crossed factors that draws n - 1 of n levels. The factors are crossed,
not nested: every GAN seed meets the same classifier seeds and images. So a resample draws one set of each, common to
the others (Owen's pigeonhole bootstrap, 2007).
"""

from collections.abc import Sequence

import numpy as np

LEVEL = 0.05

# Test images drawn at a time, in all resamples of a block: about 16 MB of indices and 8 MB of float32 counts.
_BLOCK = 2_000_000


def level_counts(levels: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each level of a factor is drawn: int (resamples, levels).

    Of n levels n - 1 are drawn (Rao and Wu 1988; at least 1): n of n would give (n - 1)/n of the variance, a third too
    little with three.
    """
    return rng.multinomial(max(1, levels - 1), np.full(levels, 1 / levels), resamples)


def image_sums(tables: Sequence[np.ndarray], resamples: int, seed: int) -> list[np.ndarray]:
    """Sums of each of `tables` (..., N; bool or small integers) over N of N images drawn: float64 (resamples, ...).

    All tables see the same draws, so differences of what comes out are paired. Whole numbers, exactly.
    """
    images = tables[0].shape[-1]
    columns = np.concatenate([table.reshape(-1, images) for table in tables])
    # float32 is exact for whole numbers up to 2**24, far more than a test set's images, and multiplies fastest.
    columns = np.ascontiguousarray(columns.T, np.float32)
    sums = np.empty((resamples, columns.shape[1]))
    rng, block = _streams(seed)[0], max(1, _BLOCK // images)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        counts = np.empty((size, images), np.float32)
        # One count a resample: its N counters stay in the processor's cache, a whole block's would not.
        for position, drawn in enumerate(rng.integers(images, size=(size, images))):
            counts[position] = np.bincount(drawn, minlength=images)
        sums[start : start + size] = counts @ columns
    ends = np.cumsum([table.size // images for table in tables])[:-1]
    parts = zip(np.split(sums, ends, axis=1), tables, strict=True)
    return [part.reshape(resamples, *table.shape[:-1]) for part, table in parts]


def level_means(values: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Means of `values` (A, B) over drawn levels of A and of B: float64 (resamples,).

    `values` of (resamples, A, B) are those of each resample: whole numbers whose mean is 0 then have a mean of
    exactly 0. Other axes before A stay in what comes out.
    """
    (a, b), (_, *rngs) = values.shape[-2:], _streams(seed)
    first, second = level_counts(a, resamples, rngs[0]), level_counts(b, resamples, rngs[1])
    draws = first[0].sum() * second[0].sum()
    return np.einsum("...ab,...a,...b->...", values, first, second) / draws


def _streams(seed):
    """Random generators of images and of two factors: independent, so images are the same whatever the levels."""
    return np.random.default_rng(seed).spawn(3)


def freedom(values: np.ndarray) -> float:
    """Satterthwaite's degrees of freedom of the mean of `values`, an axis a factor; inf where nothing varies."""
    axes = range(values.ndim)
    means = [values.mean(axis=tuple(other for other in axes if other != axis)) for axis in axes]
    parts = [(factor.var(ddof=1) / len(factor), len(factor) - 1) for factor in means if len(factor) > 1]
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return np.inf
    return float(variance**2 / sum(part**2 / degrees for part, degrees in parts))


def half_width(values: np.ndarray, drawn: np.ndarray) -> float:
    """Half the width of the 95 % interval of an estimate with resamples `drawn` (R,): Student's t, see `student`.

    `values`, an axis a factor, have the degrees of freedom: their mean is the estimate, or moves as it does.
    """
    from scipy import special

    return float(drawn.std() * special.stdtrit(freedom(values), 1 - LEVEL / 2))


def student(values: np.ndarray, drawn: np.ndarray) -> tuple[float, float, float]:
    """(low, high, p) of the mean of `values`, an axis a factor, by its resamples `drawn` (R,): 95 %, two-sided.

    Student's t on the resamples' standard deviation, with the degrees of freedom of the few levels that there are. The
    resamples' own percentiles never leave the range of the levels, whatever the confidence: two levels of one sign,
    half of the cases where there is nothing, would be beyond doubt, and no correction for many rows could mend that.
    No p is below 2 / (R + 1): as many resamples show no less.
    """
    from scipy import special

    mean, error, half = float(values.mean()), float(drawn.std()), half_width(values, drawn)
    p = 1.0 if mean == 0 else 2 * float(special.stdtr(freedom(values), -abs(mean) / error)) if error else 0.0
    return mean - half, mean + half, max(p, least_p(len(drawn)))


def percentiles(drawn: np.ndarray) -> tuple[float, float, float]:
    """(low, high, p): the 95 % percentile interval of resamples (R,), and twice the smaller share beyond 0."""
    low, high = np.quantile(drawn, [LEVEL / 2, 1 - LEVEL / 2])
    tails = (1 + np.sum(drawn <= 0)) / (len(drawn) + 1), (1 + np.sum(drawn >= 0)) / (len(drawn) + 1)
    return float(low), float(high), min(1.0, 2 * float(min(tails)))


def least_p(resamples: int) -> float:
    """The smallest two-sided p value that so many resamples can show."""
    return 2 / (resamples + 1)


def least_resamples(comparisons: int) -> int:
    """The fewest resamples with which a p value can stay below 5 % after Holm's correction for `comparisons`."""
    return round(2 * comparisons / LEVEL)

"""How close generated images are to real ones, how sharp and how varied, in a feature space of the caller's choice.

Makes no file. Features are arrays (N, D). The name that a reader sees says which network they are of (see `names`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import linalg

from tfgan_aug.core.errors import UserError
from tfgan_aug.evaluation import distances

K_PRECISION, K_COVERAGE = 3, 5
_REAL, _FAKE = "real images", "generated images"


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^0.5), float: the squared Fréchet distance of two fitted normal laws.

    Heusel et al. (2017); covariances with n - 1, the root's trace from the eigenvalues of S1 S2, in double precision,
    as torch-fidelity has it. Biased upwards for few images: compare equal numbers only. Raises `UserError` where a
    side has no more images than dimensions: its covariance is singular.
    """
    real, fake = np.asarray(real), np.asarray(fake)
    dimensions = real[:1].size
    reason = f"more than the {dimensions} dimensions of the features"
    sides = [distances.vectors(name, side, dimensions + 1, reason) for name, side in ((_REAL, real), (_FAKE, fake))]
    distances.same_dimensions(*sides)
    means = [side.mean(axis=0, dtype=np.float64) for side in sides]
    covariances = [np.atleast_2d(np.cov(side, rowvar=False, dtype=np.float64)) for side in sides]
    root = np.sqrt(linalg.eigvals(covariances[0] @ covariances[1]).astype(complex)).real.sum()
    return float(np.sum((means[0] - means[1]) ** 2) + sum(map(np.trace, covariances)) - 2 * root)


def kernel_distance(
    real: np.ndarray, fake: np.ndarray, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """(mean, standard deviation over the subsets): unbiased squared MMD with the kernel (xy / D + 1)^3.

    KID of Binkowski et al. (2018): `subsets` pairs of subsets of `subset_size` images each, without replacement. Where
    a side has fewer, subsets are as large as it, and the deviation is smaller. May be negative. Raises `UserError`
    where a side has fewer than 2.
    """
    real, fake = distances.vectors(_REAL, real, 2, "a pair"), distances.vectors(_FAKE, fake, 2, "a pair")
    distances.same_dimensions(real, fake)
    size = min(subset_size, len(real), len(fake))
    # All images of both sides: every subset is the same.
    subsets = 1 if size == len(real) == len(fake) else subsets
    rng, found = np.random.default_rng(seed), []
    for _ in range(subsets):
        found.append(squared_mmd(*(side[rng.choice(len(side), size, replace=False)] for side in (real, fake))))
    return float(np.mean(found)), float(np.std(found))


def squared_mmd(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased estimate from two sets (m, D) of the same size, float."""
    x, y, m = x.astype(np.float64), y.astype(np.float64), len(x)
    xx, yy, xy = (((a @ b.T) / x.shape[1] + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    return (xx.sum() - np.trace(xx) + yy.sum() - np.trace(yy)) / (m * (m - 1)) - 2 * xy.mean()


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = K_PRECISION) -> tuple[float, float]:
    """(precision, recall), shares: fakes within a real image's ball to its k-th neighbour, and the reverse.

    Kynkäänniemi et al. (2019); a distance equal to the radius is inside. Raises `UserError` for k or fewer images.
    """
    real, fake = _sides(real, fake, k, k)
    precise = _balls(fake, real, _radii(real, k), np.less_equal)[0] > 0
    recalled = _balls(real, fake, _radii(fake, k), np.less_equal)[0] > 0
    return float(precise.mean()), float(recalled.mean())


def density_coverage(real: np.ndarray, fake: np.ndarray, k: int = K_COVERAGE) -> tuple[float, float]:
    """(density, coverage): real balls that a fake lies in, over k, on average (may exceed 1); real balls with a fake.

    Naeem et al. (2020); a distance equal to the radius is outside. Raises `UserError` for k or fewer real images.
    """
    real, fake = _sides(real, fake, k, 0)
    counts, covered = _balls(fake, real, _radii(real, k), np.less)
    return float(counts.sum() / (k * len(fake))), float(covered.mean())


# {names of what a metric returns: metric(real, fake, seed)}. A metric raises `UserError` for too few images.
METRICS: dict[tuple[str, ...], Callable[[np.ndarray, np.ndarray, int], tuple[float, ...]]] = {
    ("frechet_distance",): lambda real, fake, seed: (frechet_distance(real, fake),),
    ("kernel_distance", "kernel_distance_sd"): lambda real, fake, seed: kernel_distance(real, fake, seed=seed),
    ("precision", "recall"): lambda real, fake, seed: precision_recall(real, fake),
    ("density", "coverage"): lambda real, fake, seed: density_coverage(real, fake),
}
NAMES = tuple(name for names in METRICS for name in names)


def compute(real: np.ndarray, fake: np.ndarray, seed: int = 0) -> dict[str, Any]:
    """{name: float or None of `NAMES`, "real": N, "fake": N, "why": {name: reason}}: None where images are too few.

    Raises `UserError` for features of different dimensions.
    """
    if np.shape(real)[1:] != np.shape(fake)[1:]:
        distances.same_dimensions(*(np.reshape(side, (len(side), -1)) for side in (real, fake)))
    why: dict[str, str] = {}
    values: dict[str, Any] = {**dict.fromkeys(NAMES), "real": len(real), "fake": len(fake), "why": why}
    for names, metric in METRICS.items():
        try:
            values |= dict(zip(names, metric(real, fake, seed), strict=True))
        except UserError as error:
            why |= dict.fromkeys(names, str(error))
    return values


def measure(
    real: np.ndarray,
    fake: np.ndarray,
    real_labels: np.ndarray,
    fake_labels: np.ndarray,
    class_names: Sequence[str],
    seed: int = 0,
) -> dict[str, Any]:
    """{"overall": `compute` of all images, "classes": {name: `compute` of that class's}}; labels are ints (N,)."""
    real, fake = np.asarray(real), np.asarray(fake)
    classes = {
        name: compute(real[np.asarray(real_labels) == label], fake[np.asarray(fake_labels) == label], seed)
        for label, name in enumerate(class_names)
    }
    return {"overall": compute(real, fake, seed), "classes": classes}


def _sides(real, fake, k_real, k_fake):
    real = distances.vectors(_REAL, real, k_real + 1, f"more than k = {k_real}")
    fake = distances.vectors(_FAKE, fake, k_fake + 1, f"more than k = {k_fake}" if k_fake else "")
    distances.same_dimensions(real, fake)
    return real, fake


def _radii(values, k):
    return distances.nearest(values, values, k, leave_one_out=True)[0][:, -1]


def _balls(queries, centres, radii, compare):
    """(balls that each query lies in, int (N,); whether each ball holds a query, bool (M,))."""
    counts, held, squared = np.zeros(len(queries), np.int64), np.zeros(len(centres), bool), radii**2
    for own, others, squares in distances.blocks(queries, centres):
        inside = compare(squares, squared[others])
        counts[own] += inside.sum(axis=1)
        held[others] |= inside.any(axis=0)
    return counts, held

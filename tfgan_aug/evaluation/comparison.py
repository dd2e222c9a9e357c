"""Comparisons of the table's rows: test hits over GAN seeds x classifier seeds x test images, with their uncertainty.

Makes no file. The bootstrap is by hand: no library has one over three crossed factors that draws n - 1 of n seeds.
`hits` is a bool or uint8 array (G, C, N) everywhere: GAN seeds (1 where a row has no GAN), classifier seeds, test
images. Accuracies are in percent, differences and errors in percentage points.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

LEVEL = 0.05

# Test images drawn at a time, in all resamples of a block: about 16 MB of indices and 8 MB of float32 counts.
_BLOCK = 2_000_000


def recall(hits: np.ndarray, labels: np.ndarray, classes: int) -> list[float | None]:
    """Accuracy a class, the mean over all cells: list of `classes` floats, percent; None for a class without images.

    `labels` is (N,), integers below `classes`.
    """
    hits, labels = _cells(hits), np.asarray(labels)
    if labels.shape != hits.shape[2:]:
        raise ValueError(f"labels of shape {labels.shape} for hits of shape {hits.shape}")
    shares = hits.mean(axis=(0, 1))
    found = np.bincount(labels, weights=shares, minlength=classes)
    total = np.bincount(labels, minlength=classes)
    return [100 * float(found[label] / total[label]) if total[label] else None for label in range(classes)]


def describe(hits: np.ndarray, labels: np.ndarray, classes: int) -> dict[str, Any]:
    """{"total": N, "mean": percent, "sd": points, "se": points, "recall": percent a class} of one row.

    "sd" is over the G*C cells' accuracies (None for a single cell): the spread between runs. "se" is the binomial
    standard error of a test set of N images at the mean accuracy: the spread that no number of seeds takes away.
    """
    hits = _cells(hits)
    accuracies = hits.mean(axis=2).ravel()
    total, mean = hits.shape[2], float(accuracies.mean())
    return {
        "total": total,
        "mean": 100 * mean,
        "sd": 100 * float(accuracies.std(ddof=1)) if len(accuracies) > 1 else None,
        "se": 100 * (mean * (1 - mean) / total) ** 0.5,
        "recall": recall(hits, labels, classes),
    }


def compare(
    hits: np.ndarray,
    baseline: np.ndarray,
    *,
    gan: bool,
    resamples: int = 10_000,
    seed: int = 0,
    widen: bool = False,
) -> dict[str, Any]:
    """{"difference", "low", "high": points, "p", "scope"}: `hits` less `baseline`, 95 % interval, two-sided p.

    `baseline` is (1, C, N), a row without a GAN, on the same classifier seeds and test images in the same order; the
    resamples are of the paired differences D[g, c, i] = hits[g, c, i] - baseline[0, c, i]. `gan` says whether the row
    has a GAN; "scope" says in words which seeds the interval leaves out because there is one only, else "".

    The bootstrap is hierarchical: GAN seeds, classifier seeds, test images. The levels are crossed, not nested: every
    GAN seed meets the same classifier seeds and images, and a classifier seed's or an image's effect on the baseline
    is common to all GAN seeds. So a resample draws one set of each, common to the others (Owen's pigeonhole bootstrap,
    2007); drawing classifier seeds afresh within each GAN seed would average that common effect away.

    Of n seeds n - 1 are drawn (Rao and Wu 1988; at least 1): n of n would give (n - 1)/n of the variance, a third too
    little with three. Then the variance of each factor's own effect is unbiased, whatever the number of seeds; that of
    an interaction of two factors counts three times and of all three (and so of pure noise) seven times. The resampled
    variance is never too low on average, and close where seeds or images, not noise, decide.

    The percentile interval is nevertheless too narrow for few seeds where the seeds' effects are large against the
    test set's error: no resample leaves the range of the seeds, so three GAN seeds of one sign (a quarter of the cases
    where there is nothing) resolve. `widen` stretches the resamples about the difference by Student's over the normal
    97.5 % quantile, with Satterthwaite's degrees of freedom of the three factors; interval and p both follow.
    Simulated false alarms at a nominal 5 % (5 classifier seeds, 10,000 images): GAN seeds 3 points apart (standard
    deviation) give 30 % with two of them and 14 % with three or five, and 10, 6 and 7 % with `widen`; three of 1 point
    give 5 % and 2 %.
    """
    hits, baseline = _cells(hits), _cells(baseline)
    if baseline.shape[0] != 1 or hits.shape[1:] != baseline.shape[1:] or not (gan or hits.shape[0] == 1):
        raise ValueError(
            f"hits of shape {hits.shape} (gan={gan}) and baseline of shape {baseline.shape}: expected (G, C, N), with "
            "G = 1 where there is no GAN, and (1, C, N)"
        )
    if resamples < 1:
        raise ValueError(f"resamples={resamples}: expected at least 1")
    paired = hits.astype(np.int8) - baseline.astype(np.int8)
    difference = float(paired.mean())
    drawn = _resampled(paired, resamples, np.random.default_rng(seed))
    if widen:
        drawn = difference + _stretch(paired) * (drawn - difference)
    low, high = np.quantile(drawn, [LEVEL / 2, 1 - LEVEL / 2])
    tails = (1 + np.sum(drawn <= 0)) / (resamples + 1), (1 + np.sum(drawn >= 0)) / (resamples + 1)
    single = [("one GAN seed", gan and hits.shape[0] == 1), ("one classifier seed", hits.shape[1] == 1)]
    return {
        "difference": 100 * difference,
        "low": 100 * float(low),
        "high": 100 * float(high),
        "p": min(1.0, 2 * float(min(tails))),
        "scope": ", ".join(words for words, holds in single if holds),
    }


def holm(p_values: Iterable[float]) -> list[float]:
    """The p values adjusted for their number by Holm's method: list of float, in the order given."""
    p_values = list(p_values)
    if not p_values:
        return []
    # Slow to import, and only this function needs it.
    from statsmodels.stats.multitest import multipletests

    return multipletests(p_values, method="holm")[1].tolist()


def verdict(comparison: Mapping[str, Any]) -> str:
    """ "helps", "hurts" or "not resolved": Holm-adjusted p below 5 %, then the difference's sign."""
    if comparison["p_holm"] >= LEVEL or comparison["difference"] == 0:
        return "not resolved"
    return "helps" if comparison["difference"] > 0 else "hurts"


def compare_all(
    rows: Mapping[str, Mapping[str, Any]], baselines: Sequence[str] = ("real", "geo"), **options: Any
) -> dict[str, dict[str, dict[str, Any]]]:
    """{row: {baseline: comparison, with "p_holm" and "verdict"}}: every row against every baseline but itself.

    `rows` is {name: {"hits": (G, C, N), "gan": bool, "classifier_seeds": C distinct seeds}}; each pair is compared on
    the classifier seeds that both have. Baselines without a row are left out. Holm's family is all rows compared with
    one baseline. `options` go to `compare`.
    """
    compared: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in rows}
    for baseline in baselines:
        if baseline not in rows:
            continue
        family = []
        for name, row in rows.items():
            if name != baseline:
                hits, reference = _aligned(name, row, baseline, rows[baseline])
                compared[name][baseline] = compare(hits, reference, gan=row["gan"], **options)
                family.append(compared[name][baseline])
        for comparison, adjusted in zip(family, holm(item["p"] for item in family), strict=True):
            comparison["p_holm"] = adjusted
            comparison["verdict"] = verdict(comparison)
    return compared


def minutes_per_point(minutes: float, difference: float) -> float | None:
    """Minutes for each percentage point gained; None where nothing is gained."""
    return minutes / difference if difference > 0 else None


def _cells(hits):
    hits = np.asarray(hits)
    if hits.ndim != 3 or 0 in hits.shape:
        raise ValueError(f"hits of shape {hits.shape}: expected (GAN seeds, classifier seeds, test images), none empty")
    return hits


def _aligned(name, row, baseline, reference):
    """Both rows' hits on the classifier seeds that both have, in the baseline's order."""
    for label, item in ((name, row), (baseline, reference)):
        seeds, shape = list(item["classifier_seeds"]), np.shape(item["hits"])
        if len(set(seeds)) != len(seeds) or len(seeds) != _cells(item["hits"]).shape[1]:
            raise ValueError(f"row {label}: classifier seeds {seeds} for hits of shape {shape}")
    ours, theirs = list(row["classifier_seeds"]), list(reference["classifier_seeds"])
    common = [seed for seed in theirs if seed in ours]
    if not common:
        raise ValueError(f"rows {name} and {baseline} have no classifier seed in common: {ours} and {theirs}")
    return (
        np.asarray(row["hits"])[:, [ours.index(seed) for seed in common]],
        np.asarray(reference["hits"])[:, [theirs.index(seed) for seed in common]],
    )


def _resampled(paired, resamples, rng):
    """Means of `paired` (G, C, N; -1, 0 or 1) over `resamples` crossed draws: (resamples,) float64, a share."""
    gans, classifiers, images = paired.shape
    gan_draws, classifier_draws = max(1, gans - 1), max(1, classifiers - 1)
    gan_counts = rng.multinomial(gan_draws, np.full(gans, 1 / gans), resamples)
    classifier_counts = rng.multinomial(classifier_draws, np.full(classifiers, 1 / classifiers), resamples)
    # float32 is exact for whole numbers up to 2**24, far more than a test set's images, and multiplies fastest.
    table = np.ascontiguousarray(paired.reshape(-1, images).T, np.float32)
    sums = np.empty((resamples, gans, classifiers))
    block = max(1, _BLOCK // images)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        counts = np.empty((size, images), np.float32)
        # One count a resample: its N counters stay in the processor's cache, a whole block's would not.
        for position, drawn in enumerate(rng.integers(images, size=(size, images))):
            counts[position] = np.bincount(drawn, minlength=images)
        sums[start : start + size] = (counts @ table).reshape(size, gans, classifiers)
    # Whole numbers until here, so a resample without a difference is exactly 0 and counts in both tails.
    total = np.einsum("bgc,bg,bc->b", sums, gan_counts, classifier_counts)
    return total / (gan_draws * classifier_draws * images)


def _stretch(paired):
    """Student's over the normal 97.5 % quantile, at Satterthwaite's degrees of freedom of the three factors' means."""
    from scipy import special

    means = [paired.mean(axis=axes) for axes in ((1, 2), (0, 2), (0, 1))]
    parts = [(factor.var(ddof=1) / len(factor), len(factor) - 1) for factor in means if len(factor) > 1]
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return 1.0
    freedom = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    return float(special.stdtrit(freedom, 1 - LEVEL / 2) / special.ndtri(1 - LEVEL / 2))

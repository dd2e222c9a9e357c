"""Comparisons of the table's rows: test hits over GAN seeds x classifier seeds x test images, with their uncertainty.

Makes no file. The bootstrap is that of `resampling`. `hits` is a bool or uint8 array (G, C, N) everywhere: GAN seeds (1
where a row has no GAN), classifier seeds, test images. Accuracies are in percent, differences and errors in percentage
points.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tfgan_aug.evaluation import resampling
from tfgan_aug.evaluation.resampling import LEVEL


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

    The bootstrap is over GAN seeds, classifier seeds and test images, crossed: a classifier seed's or an image's effect
    on the baseline is common to all GAN seeds, and drawing classifier seeds afresh within each GAN seed would average
    it away. The variance of each factor's own effect is unbiased, whatever the number of seeds; that of an interaction
    of two factors counts three times and of all three (and so of pure noise) seven times. The resampled variance is
    never too low on average, and close where seeds or images, not noise, decide.

    Interval and p are the resamples' percentiles; with `widen` Student's t on their standard deviation, see
    `resampling.student`. The percentiles are too narrow for few seeds whose effects are large against the test set's
    error. Simulated false alarms of one row at a nominal 5 % (5 classifier seeds, 10,000 images): GAN seeds 3 points
    apart (standard deviation) give 36 % with two of them and 14 % with three or five; Student's t gives 11 % with two.
    """
    _check(hits, baseline, gan)
    if resamples < 1:
        raise ValueError(f"resamples={resamples}: expected at least 1")
    hits, baseline = np.asarray(hits), np.asarray(baseline)
    sums = resampling.image_sums([hits, baseline], resamples, seed)
    return _compared(hits, baseline, sums, gan=gan, seed=seed, widen=widen)


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
    rows: Mapping[str, Mapping[str, Any]],
    baselines: Sequence[str] = ("real", "geo"),
    *,
    resamples: int = 10_000,
    seed: int = 0,
    widen: bool = False,
) -> dict[str, dict[str, dict[str, Any]]]:
    """{row: {baseline: comparison, with "p_holm" and "verdict"}}: every row against every baseline but itself.

    `rows` is {name: {"hits": (G, C, N), "gan": bool, "classifier_seeds": C distinct seeds}}; each pair is compared on
    the classifier seeds that both have, and left out where they have none in common. Baselines without a row are left
    out. Holm's family is all rows compared with one baseline; `resampling.least_resamples` are needed to tell anything
    apart. The rest as in `compare`: test images are drawn once for all.
    """
    for name, row in rows.items():
        seeds, shape = list(row["classifier_seeds"]), np.shape(row["hits"])
        if len(set(seeds)) != len(seeds) or len(seeds) != _cells(row["hits"]).shape[1]:
            raise ValueError(f"row {name}: classifier seeds {seeds} for hits of shape {shape}")
    baselines = [name for name in baselines if name in rows]
    compared: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in rows}
    if not baselines:
        return compared
    for baseline in baselines:
        for row in rows.values():
            _check(row["hits"][:, :1], rows[baseline]["hits"][:, :1], row["gan"])
    sums = dict(zip(rows, resampling.image_sums([row["hits"] for row in rows.values()], resamples, seed), strict=True))
    for baseline in baselines:
        family = []
        for name, row in rows.items():
            ours, theirs = _common(row, rows[baseline])
            if name != baseline and ours:
                compared[name][baseline] = _compared(
                    row["hits"][:, ours],
                    rows[baseline]["hits"][:, theirs],
                    (sums[name][:, :, ours], sums[baseline][:, :, theirs]),
                    gan=row["gan"], seed=seed, widen=widen,
                )  # fmt: skip
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


def _check(hits, baseline, gan):
    hits, baseline = _cells(hits), _cells(baseline)
    if baseline.shape[0] != 1 or hits.shape[1:] != baseline.shape[1:] or not (gan or hits.shape[0] == 1):
        raise ValueError(
            f"hits of shape {hits.shape} (gan={gan}) and baseline of shape {baseline.shape}: expected (G, C, N), with "
            "G = 1 where there is no GAN, and (1, C, N)"
        )


def _common(row, reference):
    """Positions of the classifier seeds that both rows have, of each, in the reference's order."""
    ours, theirs = list(row["classifier_seeds"]), list(reference["classifier_seeds"])
    common = [seed for seed in theirs if seed in ours]
    return [ours.index(seed) for seed in common], [theirs.index(seed) for seed in common]


def _compared(hits, baseline, sums, *, gan, seed, widen):
    """What `compare` returns, from the `resampling.image_sums` of both."""
    paired = hits.astype(np.int8) - baseline.astype(np.int8)
    drawn = resampling.level_means(sums[0] - sums[1], len(sums[0]), seed) / paired.shape[2]
    low, high, p = resampling.student(paired, drawn) if widen else resampling.percentiles(drawn)
    single = [("one GAN seed", gan and hits.shape[0] == 1), ("one classifier seed", hits.shape[1] == 1)]
    return {
        "difference": 100 * float(paired.mean()),
        "low": 100 * low,
        "high": 100 * high,
        "p": p,
        "scope": ", ".join(words for words, holds in single if holds),
    }

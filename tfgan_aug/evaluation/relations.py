"""Whether a metric of the images orders training sets as the classifier's accuracy does: rank correlations.

Makes no file. Works on the records of measures.json and on gains in accuracy, which the caller reads.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfgan_aug.evaluation import names

# Fewer pools order nothing: with five, one order in 120 is perfect by chance.
LEAST = 5
RESAMPLES = 10_000
# Metrics where less is better: their sign is turned, so that a correlation above 0 always speaks for the metric.
_LESS = ("frechet_distance", "kernel_distance", "share")


def spearman(
    values: Sequence[float] | np.ndarray,
    accuracies: Sequence[float] | np.ndarray,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float | None, float | None, float | None, float | None]:
    """(rho, low, high, p): Spearman's rank correlation, its 95 % percentile interval over pools, a permutation p.

    The p value is two-sided, of |rho|: exact where there are no more than `resamples` orders (up to seven pools). Ties
    take their mean rank. Both are sequences of the same length, at least `LEAST`, else ValueError. All four are None
    where either side is constant.
    """
    from scipy import stats

    values, accuracies = np.asarray(values, float), np.asarray(accuracies, float)
    if len(values) != len(accuracies) or len(values) < LEAST:
        raise ValueError(f"{len(values)} values and {len(accuracies)} accuracies, expected as many, {LEAST} or more")
    if np.ptp(values) == 0 or np.ptp(accuracies) == 0:
        return None, None, None, None

    def rho(x, y, axis=-1):
        # Ranked afresh in each resample: a pool drawn twice ties with itself.
        return stats.pearsonr(stats.rankdata(x, axis=axis), stats.rankdata(y, axis=axis), axis=axis).statistic

    options = {"n_resamples": resamples, "vectorized": True}
    with warnings.catch_warnings():
        # A resample of few pools may be constant; it has no correlation and is left out of the interval.
        warnings.simplefilter("ignore", stats.ConstantInputWarning)
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        drawn = stats.bootstrap(
            (values, accuracies), rho, paired=True, method="percentile", rng=np.random.default_rng(seed), **options
        ).bootstrap_distribution
    low, high = np.quantile(drawn[np.isfinite(drawn)], [0.025, 0.975])
    permuted = stats.permutation_test(
        (values,),
        lambda x, axis: np.abs(rho(x, np.broadcast_to(accuracies, x.shape), axis)),
        permutation_type="pairings",
        alternative="greater",
        rng=np.random.default_rng(seed),
        **options,
    )
    return float(rho(values, accuracies)), float(low), float(high), float(permuted.pvalue)


def metrics_of(record: Mapping[str, Any]) -> dict[str, float]:
    """{name: value, larger is better}: every overall metric of a set of generated images (see `measures.measure`)."""
    found = {}
    for network, measured in record["quality"].items():
        for name in names.SHOWN:
            value = measured["overall"][name]
            if value is not None:
                found[names.metric_name(name, network)] = -value if name in _LESS else value
    for space, own in record["copying"].items():
        found[f"authenticity-{space}"] = own["authenticity"]
        if own["ct"] is not None:
            found[f"C_T-{space}"] = own["ct"]
    return found


def relate(
    sets: Sequence[Mapping[str, Any]], accuracies: Mapping[str, float], resamples: int = RESAMPLES
) -> dict[str, Any]:
    """{"sets": n, "pools": n, "metrics": [{"metric", "n": pools, "rho", "low", "high", "p", "p_holm"}]}.

    `sets` are records of measures.json, `accuracies` {key of a set: points over the baseline of the same subset}. The
    sets of the most common number of images count. Sets cut from one pool share a GAN's good and bad luck, so they are
    one observation: the means of their metrics and of their gains. What is permuted are the pools: exact where the
    metric says nothing of the gain and each pool gives as many sets, whatever the sets of a pool have in common. Means
    of more sets scatter less; with 1 to 13 sets a pool simulated false alarms at a nominal 5 % are 2 to 7 %, where sets
    that are permuted each alone give 25 %. Metrics come by falling |rho|; p is adjusted for their number by Holm's
    method.
    """
    from tfgan_aug.evaluation.comparison import holm

    known = [record for record in sets if record["key"] in accuracies]
    # Recall, coverage and FD depend on the number of images, and so may the gain: only equal numbers are compared.
    size = max(sizes := [record["images"] for record in known], key=sizes.count) if known else 0
    pools: dict[str, list[tuple[dict[str, float], float]]] = {}
    for record in known:
        if record["images"] == size:
            # A set of unknown origin is a pool of its own.
            own = pools.setdefault(record.get("pool", record["key"]), [])
            own.append((metrics_of(record), accuracies[record["key"]]))
    found: list[dict[str, Any]] = []
    for name in dict.fromkeys(name for own in pools.values() for metrics, _ in own for name in metrics):
        pairs = [[(metrics[name], gain) for metrics, gain in own if name in metrics] for own in pools.values()]
        means = [np.mean(own, axis=0) for own in pairs if own]
        if len(means) >= LEAST:
            values, gains = np.transpose(means)
            rho, low, high, p = spearman(values, gains, resamples)
            if rho is not None:
                found.append({"metric": name, "n": len(means), "rho": rho, "low": low, "high": high, "p": p})
    for item, adjusted in zip(found, holm(item["p"] for item in found), strict=True):
        item["p_holm"] = adjusted
    found.sort(key=lambda item: -abs(item["rho"]))
    return {"sets": sum(map(len, pools.values())), "pools": len(pools), "metrics": found}


def beyond_reach(found: Mapping[str, Any]) -> bool:
    """Whether so few pools that no correlation, not even a perfect one, stays below 5 % for so many metrics."""
    return all(2 * len(found["metrics"]) / math.factorial(min(item["n"], 20)) >= 0.05 for item in found["metrics"])

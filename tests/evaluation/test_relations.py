"""Rank correlation of metrics and accuracies, by hand and against SciPy; the report's sections on images."""

import numpy as np
import pytest
from scipy import stats

from tfgan_aug.core import artefacts
from tfgan_aug.evaluation import quality, relations
from tfgan_aug.experiments import gains, measures
from tfgan_aug.reports import image_sections, measure_text, page


def record(key, distance, recall):
    overall = dict.fromkeys(quality.NAMES) | {"frechet_distance": distance, "recall": recall, "fake": 4}
    limit = {"limit": 1.0, "share": 0.25, "classes": {"a": 0.25}}
    own = {"authenticity": 0.5, "ct": None, "why": "few", "thresholds": {"training images": limit}}
    return {
        "key": key, "gan": "dcgan", "gan_seed": 0, "images": 4, "variants": ["dcgan_tp"], "datasets": [f"d{key}"],
        "quality": {"cnn": {"overall": overall, "classes": {"a": overall}}}, "copying": {"pixels": own},
        "pairs": f"measures/{key}.png",
    }  # fmt: skip


def test_spearman_is_scipys():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, 12).astype(float)
    y = x + rng.standard_normal(12)
    rho, low, high, p = relations.spearman(x, y, resamples=4000)
    expected = stats.spearmanr(x, y)
    assert rho == pytest.approx(expected.statistic) and low < rho < high
    exact = stats.permutation_test(
        (x,), lambda own: stats.spearmanr(own, y).statistic, permutation_type="pairings", n_resamples=4000, rng=0
    )
    assert p == pytest.approx(exact.pvalue, abs=0.01)
    assert relations.spearman(x, y, 500, seed=0) == relations.spearman(x, y, 500, seed=0)
    assert relations.spearman(x, y, 500, seed=0) != relations.spearman(x, y, 500, seed=1)


def test_p_of_few_pools_is_exact():
    """Of the 120 orders of five pools, the given one and its reverse have |rho| = 1."""
    rho, low, high, p = relations.spearman([1, 2, 3, 4, 5], [10, 20, 30, 40, 50])
    assert low <= high and (rho, high, p) == (pytest.approx(1), pytest.approx(1), pytest.approx(2 / 120))


def test_an_interval_by_hand():
    """Percentiles over resampled pools, each ranked afresh, those without a correlation left out."""
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((2, 9))
    drawn = [rows for rows in np.random.default_rng(0).integers(9, size=(300, 9)) if len(set(rows)) > 1]
    found = [stats.spearmanr(x[rows], y[rows]).statistic for rows in drawn]
    assert relations.spearman(x, y, 300)[1:3] == pytest.approx(np.quantile(found, [0.025, 0.975]))


def test_constants_order_nothing_and_few_pools_are_refused():
    assert relations.spearman([1] * 6, range(6))[0] is None
    with pytest.raises(ValueError, match="5 or more"):
        relations.spearman([1, 2, 3, 4], [1, 2, 3, 4])


def test_a_small_distance_speaks_for_a_metric_where_gains_are_large():
    sets = [record(str(i), distance=10.0 - i, recall=0.5 + 0.01 * (i % 2)) for i in range(9)]
    found = relations.relate(sets, {str(i): float(i) for i in range(9)}, resamples=2000)
    first = found["metrics"][0]
    assert (first["metric"], first["rho"], first["n"]) == ("FD-cnn", pytest.approx(1.0), 9)
    assert measure_text.relation(found).startswith(
        "Watch FD-cnn: of all metrics it orders 9 sets of images from 9 pools"
    )
    against = relations.relate(sets, {str(i): -float(i) for i in range(9)}, resamples=2000)
    assert against["metrics"][0]["rho"] == pytest.approx(-1) and "None deserves trust" in measure_text.relation(against)
    # Of another number of images: recall and distance would be of other biases.
    more = [{**record(str(i), 1.0, 0.1), "images": 40} for i in range(9, 14)]
    assert relations.relate(sets + more, {str(i): float(i) for i in range(14)}, resamples=2000) == found
    few = relations.relate(sets[:4], {str(i): 1.0 for i in range(4)})
    assert measure_text.relation(few).startswith("4 sets of images were measured and trained on. That is too few")


def test_sets_cut_from_one_pool_are_one_observation():
    """By hand: the means of each pool's metrics and gains."""
    sets = [{**record(str(i), float(i * i), 0.5), "pool": f"p{i // 2}"} for i in range(12)]
    distance = [((2 * k) ** 2 + (2 * k + 1) ** 2) / 2 for k in range(6)]
    gains = {str(i): [3, 1, 2, 9, 4, 0][i // 2] + (-1.0) ** i for i in range(12)}
    found = relations.relate(sets, gains, resamples=500)
    (first,) = (item for item in found["metrics"] if item["metric"] == "FD-cnn")
    assert (found["sets"], found["pools"], first["n"]) == (12, 6, 6)
    assert first["rho"] == pytest.approx(-stats.spearmanr(distance, [3, 1, 2, 9, 4, 0]).statistic)
    # Thirteen cuts of one pool say nothing of another GAN.
    one = relations.relate([{**item, "pool": "p"} for item in sets], gains)
    assert one["metrics"] == [] and "too few" in measure_text.relation(one) and "found 1" in measure_text.relation(one)


def test_pools_that_have_much_in_common_raise_no_false_alarm():
    """30 trials in which no metric says anything; sets of a pool are alike. Nominal 5 %, unequal pools up to 7 %.

    At 7 %, 8 or more of 30 have a chance of 0.1 %. Sets that count each alone alarm in a quarter of the trials.
    """
    sizes, rng, alarms, naive = (6, 4, 4, 3, 3, 2, 2), np.random.default_rng(2), 0, 0
    for _ in range(30):
        metric, gain = (
            np.concatenate([rng.normal() + 0.5 * rng.normal(size=count) for count in sizes]) for _ in range(2)
        )
        pools = np.repeat(np.arange(len(sizes)), sizes)
        sets = [{**record(str(i), value, 0.5), "pool": str(pools[i])} for i, value in enumerate(metric)]
        found = relations.relate(sets, {str(i): value for i, value in enumerate(gain)}, resamples=200)
        alarms += next(item["p"] for item in found["metrics"] if item["metric"] == "FD-cnn") < 0.05
        naive += stats.spearmanr(metric, gain).pvalue < 0.05
    assert alarms < 8 <= naive


def test_five_pools_cannot_tell_many_metrics_from_chance():
    """A perfect order of five has p = 2/120; of six 2/720."""
    for pools, reach in ((5, False), (6, True)):
        sets = [{**record(str(i), 10.0 - i, 0.5 + 0.01 * i), "pool": str(i)} for i in range(pools)]
        for item in sets:
            item["quality"]["judge"] = item["quality"]["cnn"]
        found = relations.relate(sets, {str(i): float(i) for i in range(pools)}, resamples=1000)
        assert len(found["metrics"]) == 4 and relations.beyond_reach(found) != reach
        text = measure_text.relation(found)
        assert text.startswith("Watch ") == reach and ("cannot tell a metric from chance" in text) != reach


def cells_of(workdir, *cells):
    """Writes cells (folder, dataset, classifier seed, correct of ten)."""
    for name, dataset, seed, correct in cells:
        (workdir / name).mkdir(exist_ok=True)
        scores = {"correct": [correct], "total": [10]} if correct is not None else None
        result = {"dataset": dataset, "classifier_seed": seed, **({"test": scores} if scores else {})}
        artefacts.write_json(workdir / name / "result.json", result)


def test_a_set_counts_with_the_rows_that_hold_it_alone(tmp_path):
    """TP gains 10 points; with geometric images beside, twice weighted or cut in parts, its gain is another's."""
    cells_of(tmp_path, ("r0", "x", 0, 5), ("t0", "tp", 0, 6), ("g0", "tp_geo", 0, 9), ("w0", "tp", 0, 2))
    rows = [
        {"name": "real", "gan": "", "plain": True, "variant": "real", "cells": ["r0"]},
        {"name": "dcgan_tp", "gan": "dcgan", "plain": True, "variant": "dcgan_tp", "cells": ["t0"]},
        {"name": "dcgan_tp_geo", "gan": "dcgan", "plain": True, "variant": "dcgan_tp_geo", "cells": ["g0"]},
        {"name": "dcgan_tp_weighted", "gan": "dcgan", "plain": False, "variant": "dcgan_tp", "cells": ["w0"]},
    ]
    artefacts.write_json(tmp_path / "table.json", {"rows": rows})
    sets = [{**record("0", 1.0, 0.5), "datasets": ["tp", "tp_geo"]}]
    assert gains.accuracies_of(tmp_path, sets) == {"0": pytest.approx(10)}
    # A sweep of parts of the set; one of other seeds, whose cell of seed 0 is the table's.
    for name, point in (
        ("ratio", {"row": "dcgan_tp_geo_0.5", "datasets": ["tp_geo"], "difference": 70.0}),
        ("generated", {"row": "dcgan_tp", "datasets": ["tp"], "difference": 20.0, "gains": {"tp": {"0": 10, "1": 30}}}),
    ):
        (tmp_path / "sweeps" / name).mkdir(parents=True)
        artefacts.write_json(tmp_path / "sweeps" / name / "sweep.json", {"points": [{"label": "", **point}]})
    assert gains.accuracies_of(tmp_path, sets) == {"0": pytest.approx(20)}


def test_gan_seeds_of_a_point_have_gains_of_their_own(tmp_path):
    point = {"label": "", "row": "dcgan_tp", "datasets": ["a", "b"], "difference": 2.0}
    (tmp_path / "sweeps" / "generated").mkdir(parents=True)
    path = tmp_path / "sweeps" / "generated" / "sweep.json"
    sets = [{**record(name, 1.0, 0.5), "datasets": [name]} for name in "ab"]
    artefacts.write_json(path, {"points": [{**point, "gains": {"a": {"0": 5.0}, "b": {"0": -1.0}}}]})
    assert gains.accuracies_of(tmp_path, sets) == {"a": 5, "b": -1}
    # Of an earlier version nobody knows whose gain it was.
    artefacts.write_json(path, {"points": [point]})
    assert gains.accuracies_of(tmp_path, sets) == {}


def test_cells_that_were_not_scored_are_passed_over(tmp_path):
    cells_of(tmp_path, ("r0", "x", 0, 5), ("t0", "tp", 0, None))
    rows = [
        {"name": "real", "gan": "", "plain": True, "cells": ["r0"]},
        {"name": "dcgan_tp", "gan": "dcgan", "plain": True, "cells": ["t0"]},
    ]
    artefacts.write_json(tmp_path / "table.json", {"rows": rows})
    assert gains.accuracies_of(tmp_path, [{**record("0", 1.0, 0.5), "datasets": ["tp"]}]) == {}


def test_gains_come_from_cells_and_from_sweeps(tmp_path):
    for name, dataset, seed, correct in (("r0", "x", 0, 5), ("r1", "x", 1, 7), ("g0", "d0", 0, 6), ("g1", "d0", 1, 9)):
        (tmp_path / name).mkdir()
        scores = {"correct": [correct], "total": [10]}
        result = {"dataset": dataset, "classifier_seed": seed, "test": scores}
        artefacts.write_json(tmp_path / name / "result.json", result)
    rows = [
        {"name": "real", "gan": "", "plain": True, "cells": ["r0", "r1"]},
        {"name": "dcgan_tp", "gan": "dcgan", "plain": True, "cells": ["g0", "g1"]},
    ]
    artefacts.write_json(tmp_path / "table.json", {"rows": rows})
    (tmp_path / "sweeps" / "ratio").mkdir(parents=True)
    points = [{"row": "dcgan_tp", "datasets": ["d1"], "difference": -3.0}, {"datasets": ["d2"], "difference": None}]
    artefacts.write_json(tmp_path / "sweeps" / "ratio" / "sweep.json", {"points": points})
    sets = [record(str(i), 1.0, 0.5) for i in range(3)]
    assert gains.accuracies_of(tmp_path, sets) == {"0": pytest.approx(15), "1": -3}


def test_sections_show_what_is_there(tmp_path):
    assert [make({}, tmp_path) for make in image_sections.SECTIONS] == [None] * 5
    made = {"sets": [record("0", 1.25, 0.5), record("1", None, 0.5)], "classes": ["a"], "reference_note": ""}
    artefacts.write_json(tmp_path / measures.FILE, made)
    (tmp_path / "sweeps" / "ratio").mkdir(parents=True)
    sweep = {"sweep": "ratio", "title": "Which?", "points": []}
    artefacts.write_json(tmp_path / "sweeps" / "ratio" / "sweep.json", sweep)
    advice = {"curve": [{"count": 9.0, "mean": 50.0, "sd": 1.0}, {"count": 18.0, "mean": 55.0, "sd": 1.0}]}
    gains = {"difference": 1.5, "low": 0.5, "high": 2.5}
    tried = {"real": {"mean": 55.0, "versus": {}}, "pairs_fresh": {"mean": 56.5, "versus": {"real": gains}}}
    tried = {name: {**row, "title": "of it", "more": 4.0} for name, row in tried.items()}
    advice |= {"count": 18.0, "folds": 2, "seeds": 1, "steps": 7, "law": [0.9, 0.3], "more": [], "rows": []}
    advice |= {"tried": {"strongest": "real", "chosen": "pairs_fresh", "images": 36, "rows": tried}}
    artefacts.write_json(tmp_path / "advice.json", advice)
    (tmp_path / "map").mkdir()
    artefacts.write_json(tmp_path / "map" / "map.json", {"planned": 2, "points": [], "cells": []})
    sections = [make({}, tmp_path) for make in image_sections.SECTIONS]
    page.write(tmp_path / "p.html", tmp_path / "p.md", "Title", "Lead.", sections)
    text = (tmp_path / "p.md").read_text()
    for words in (
        "FD-cnn",
        "1.25",
        "25.0",
        "**Which?** No point is finished yet.",
        "too few to relate",
        "**Build `pairs_fresh`:** on images left out `pairs_fresh` reaches 56.5 %, 55.0 % with the real images alone",
        "Which row to build",
        "| 18 | 55.0",
    ):
        assert words in text, words
    assert "FID-" not in text
    del advice["tried"]
    artefacts.write_json(tmp_path / "advice.json", advice)
    assert "of an earlier version" in image_sections.advice({}, tmp_path).blocks[0].text
    made["reference_note"] = "left 0 unused"
    artefacts.write_json(tmp_path / measures.FILE, made)
    assert any("a copy looks perfect" in block.text for block in image_sections.images({}, tmp_path).blocks[:1])

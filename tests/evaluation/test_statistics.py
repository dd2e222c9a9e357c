"""Statistics: hand computation, the normal interval of one cell, simulations with effects of known size, guards."""

import math

import numpy as np
import pytest
from scipy import stats

from tfgan_aug.evaluation import comparison, resampling

HITS = np.array([[[1, 1, 0, 1, 1], [1, 0, 0, 1, 0]], [[1, 1, 1, 1, 0], [0, 1, 0, 1, 1]]], bool)
LABELS = np.array([0, 0, 2, 2, 2])


def simulate(rng, shape, gan=0.0, classifier=0.0, image=0.0):
    """(hits, baseline) of the same expected accuracy, 80 %: normal seed effects and +-`image` an image, all in shares.

    Each of the two rows has classifier effects of its own of standard deviation `classifier`.
    """
    gans, classifiers, images = shape
    chance = 0.8 + rng.normal(0, gan, (gans, 1, 1)) + rng.normal(0, classifier, (1, classifiers, 1))
    chance = chance + image * rng.choice([-1, 1], (1, 1, images))
    reference = 0.8 + rng.normal(0, classifier, (1, classifiers, 1))
    return rng.random(shape) < chance, rng.random((1, classifiers, images)) < np.broadcast_to(
        reference, (1, classifiers, images)
    )


def true_variance(shape, gan=0.0, classifier=0.0, image=0.0):
    """Of the mean difference that `simulate` makes; the noise apart from what three crossed factors make of it."""
    gans, classifiers, images = shape
    effects = gan**2 / gans + 2 * classifier**2 / classifiers + image**2 / images
    ours = (0.16 - gan**2 - classifier**2 - image**2) / (gans * classifiers * images)
    reference = (0.16 - classifier**2) / (classifiers * images)
    return effects, ours, reference


def resampled(hits, reference, resamples, seed):
    """Resamples of the mean difference of `hits` (G, C, N) less `reference` (1, C, N): (resamples,), a share."""
    ours, theirs = resampling.image_sums([hits, reference], resamples, seed)
    return resampling.level_means(ours - theirs, resamples, seed) / hits.shape[2]


def test_recall_by_hand():
    # Class 0: images 0 (3 of 4 cells) and 1 (3 of 4); class 1 has none; class 2: 1, 4 and 2 of 4.
    assert comparison.recall(HITS, LABELS, 4) == [75.0, None, pytest.approx(100 * 7 / 12), None]
    assert comparison.recall(HITS.astype(np.uint8), LABELS, 3)[0] == 75.0


def test_describe_by_hand():
    described = comparison.describe(HITS, LABELS, 3)
    # Cells: 80, 40, 80 and 60 %.
    assert described["total"] == 5 and described["mean"] == pytest.approx(65)
    assert described["sd"] == pytest.approx(math.sqrt((15**2 + 25**2 + 15**2 + 5**2) / 3))
    assert described["se"] == pytest.approx(100 * math.sqrt(0.65 * 0.35 / 5))
    assert described["recall"] == comparison.recall(HITS, LABELS, 3)
    assert comparison.describe(HITS[:1, :1], LABELS, 3)["sd"] is None


def test_one_cell_agrees_with_the_paired_normal_interval():
    rng = np.random.default_rng(3)
    reference = rng.random((1, 1, 4000)) < 0.8
    hits = np.where(rng.random(reference.shape) < 0.1, rng.random(reference.shape) < 0.9, reference)
    made = comparison.compare(hits, reference, gan=False)
    # McNemar's table: only images on which the two disagree count.
    gained, lost = np.sum(hits & ~reference), np.sum(~hits & reference)
    difference = (gained - lost) / 4000
    error = math.sqrt(((gained + lost) / 4000 - difference**2) / 4000)
    assert made["difference"] == pytest.approx(100 * difference)
    low, high = stats.norm.interval(0.95, 100 * difference, 100 * error)
    assert made["low"] == pytest.approx(low, abs=0.04) and made["high"] == pytest.approx(high, abs=0.04)
    assert made["p"] == pytest.approx(2 * stats.norm.sf(abs(difference) / error), abs=0.02)


def test_p_by_hand():
    nothing = np.ones((1, 1, 50), bool)
    same = comparison.compare(nothing, nothing, gan=False, resamples=99)
    assert same == {"difference": 0.0, "low": 0.0, "high": 0.0, "p": 1.0, "scope": "one classifier seed"}
    # Every image gained: no resample at or below 0.
    gained = comparison.compare(nothing, ~nothing, gan=False, resamples=99)
    assert (gained["difference"], gained["low"], gained["p"]) == (100, 100, pytest.approx(2 / 100))
    lost = comparison.compare(~nothing, nothing, gan=False, resamples=99)
    assert (lost["difference"], lost["high"], lost["p"]) == (-100, -100, pytest.approx(2 / 100))
    # One of two classifier seeds gains every image, the other loses every image: a resample has one of the two.
    hits = np.stack([nothing[0, 0], ~nothing[0, 0]])[None]
    made = comparison.compare(hits, ~hits, gan=False, resamples=999)
    assert (made["difference"], made["low"], made["high"]) == (0, -100, 100) and made["p"] > 0.9


def test_uint8_does_not_wrap():
    made = comparison.compare(np.zeros((1, 1, 9), np.uint8), np.ones((1, 1, 9), np.uint8), gan=False, resamples=9)
    assert made["difference"] == made["low"] == made["high"] == -100


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_variance_of_one_factor_is_unbiased(axis):
    """Rao and Wu for the seeds: s**2 / n exactly, with n of few; an image's n of n is as good for many."""
    shape = [3, 4, 400]
    values = np.random.default_rng(axis).integers(-1, 2, shape[axis])
    values[:2] = -1, 1
    paired = np.broadcast_to(np.expand_dims(values, [other for other in range(3) if other != axis]), shape)
    drawn = resampled(paired > 0, (paired < 0)[:1], 20_000, 0) if axis else resampled(paired, 0 * paired[:1], 20_000, 0)
    assert drawn.mean() == pytest.approx(values.mean(), abs=0.02)
    assert drawn.var() == pytest.approx(values.var(ddof=1) / shape[axis], rel=0.04)


SETTINGS = [
    ((3, 5, 1000), {"gan": 0.04}),
    ((3, 5, 1000), {"gan": 0.02, "classifier": 0.02, "image": 0.1}),
    ((5, 4, 1000), {"classifier": 0.03}),
]


@pytest.mark.parametrize("shape,effects", SETTINGS)
def test_variance_against_known_effects(shape, effects):
    """Seed and image effects once; noise of the baseline 3 times (two factors), of the row 7 times (three)."""
    rng, found = np.random.default_rng(0), []
    for number in range(400):
        hits, reference = simulate(rng, shape, **effects)
        found.append(resampled(hits, reference, 100, number).var())
    main, ours, theirs = true_variance(shape, **effects)
    assert np.mean(found) == pytest.approx(main + 7 * ours + 3 * theirs, rel=0.12)
    # Never anti-conservative on average.
    assert np.mean(found) > main + ours + theirs


def alarms(shape, widen, runs=300, **effects):
    """Share of `runs` without a true difference in which p is below 5 %."""
    rng, count = np.random.default_rng(1), 0
    for number in range(runs):
        hits, reference = simulate(rng, shape, **effects)
        made = comparison.compare(hits, reference, gan=True, resamples=200, seed=number, widen=widen)
        count += made["p"] < 0.05
    return count / runs


def test_false_alarms_are_rare_where_images_and_noise_matter():
    # Nominal 5 %; three standard errors of 300 runs are 3.8 points.
    assert alarms((3, 5, 1000), widen=False, gan=0.01, classifier=0.005, image=0.1) < 0.05
    assert alarms((10, 10, 500), widen=False, gan=0.03, classifier=0.01) < 0.088


def test_three_dominant_gan_seeds_need_widening():
    """The known limit: three seeds of one sign, a quarter of the cases, where the images hardly matter.

    Nominal 5 %; three standard errors of 300 runs are 3.8 points.
    """
    plain = alarms((3, 5, 2000), widen=False, gan=0.06)
    widened = alarms((3, 5, 2000), widen=True, gan=0.06)
    assert plain > 0.12 and widened < min(0.088, 0.6 * plain)


def test_widened_interval_is_students():
    """One factor of three levels, no noise: mean +- t(2 degrees) times its standard error, and the t test's p."""
    shares = np.array([0.1, 0.2, 0.6])
    hits = np.arange(1000) < 1000 * shares[:, None, None]
    made = comparison.compare(hits, np.zeros((1, 1, 1000), bool), gan=True, resamples=20_000, widen=True)
    images = shares.mean() * (1 - shares.mean()) / 1000
    assert made["difference"] == pytest.approx(30)
    assert (made["high"] - made["low"]) / 2 == pytest.approx(
        100 * stats.t.ppf(0.975, 2) * math.sqrt(shares.var(ddof=1) / 3 + images), rel=0.02
    )
    exact = stats.ttest_1samp(shares, 0)
    assert made["p"] == pytest.approx(exact.pvalue, rel=0.05)


def test_freedom_is_satterthwaites():
    assert resampling.freedom(np.broadcast_to(np.array([-1, 0, 1])[:, None, None], (3, 1, 1))) == 2
    assert resampling.freedom(np.zeros((3, 2, 5), np.int8)) == math.inf
    values = np.random.default_rng(0).normal(size=(4, 3))
    parts = [values.mean(axis=1).var(ddof=1) / 4, values.mean(axis=0).var(ddof=1) / 3]
    expected = sum(parts) ** 2 / (parts[0] ** 2 / 3 + parts[1] ** 2 / 2)
    assert resampling.freedom(values) == pytest.approx(expected)


def test_no_p_is_below_what_the_resamples_show():
    nothing = np.zeros((1, 2, 50), bool)
    for widen in (False, True):
        made = comparison.compare(~nothing, nothing, gan=False, resamples=999, widen=widen)
        assert (made["low"], made["high"], made["p"]) == (100, 100, pytest.approx(2 / 1000))
        same = comparison.compare(nothing, nothing, gan=False, resamples=999, widen=widen)
        assert (same["low"], same["high"], same["p"]) == (0, 0, 1)


@pytest.mark.parametrize("rows", [1, 3, 30])
def test_least_resamples_tell_rows_of_100_points_apart(rows):
    """With one resample less Holm's correction leaves no p below 5 %."""
    nothing = np.zeros((1, 1, 20), bool)
    made = {str(row): {"hits": ~nothing, "gan": False, "classifier_seeds": [0]} for row in range(rows)}
    made["real"] = {"hits": nothing, "gan": False, "classifier_seeds": [0]}
    least = resampling.least_resamples(rows)
    for resamples, expected in ((least, "helps"), (least - 1, "not resolved")):
        found = comparison.compare_all(made, ["real"], resamples=resamples, widen=True)
        assert {found[str(row)]["real"]["verdict"] for row in range(rows)} == {expected}


def test_images_are_drawn_once_for_all_rows(monkeypatch):
    rows, calls, real = table(), [], resampling.image_sums
    monkeypatch.setattr(resampling, "image_sums", lambda *args: calls.append(args) or real(*args))
    comparison.compare_all(rows, resamples=199)
    assert len(calls) == 1


def test_seed_decides_the_resamples():
    hits, reference = simulate(np.random.default_rng(0), (3, 4, 300))
    first = comparison.compare(hits, reference, gan=True, resamples=300)
    assert comparison.compare(hits, reference, gan=True, resamples=300, seed=0) == first
    other = comparison.compare(hits, reference, gan=True, resamples=300, seed=1)
    assert other["difference"] == first["difference"] and (other["low"], other["high"]) != (first["low"], first["high"])


def test_blocks_decide_nothing(monkeypatch):
    hits, reference = simulate(np.random.default_rng(0), (2, 2, 100))
    whole = comparison.compare(hits, reference, gan=True, resamples=60)
    monkeypatch.setattr(resampling, "_BLOCK", 700)
    assert comparison.compare(hits, reference, gan=True, resamples=60) == whole


@pytest.mark.parametrize(
    "shape,gan,scope",
    [
        ((2, 2), True, ""),
        ((1, 2), False, ""),
        ((1, 2), True, "one GAN seed"),
        ((2, 1), True, "one classifier seed"),
        ((1, 1), False, "one classifier seed"),
        ((1, 1), True, "one GAN seed, one classifier seed"),
    ],
)
def test_scope_says_what_is_left_out(shape, gan, scope):
    hits = np.ones((*shape, 4), bool)
    assert comparison.compare(hits, hits[:1], gan=gan, resamples=9)["scope"] == scope


@pytest.mark.parametrize(
    "shape,reference,gan",
    [
        ((2, 3, 4), (2, 3, 4), True),
        ((2, 3, 4), (1, 2, 4), True),
        ((2, 3, 4), (1, 3, 5), True),
        ((2, 3, 4), (1, 3, 4), False),
    ],
)
def test_shapes_that_do_not_match(shape, reference, gan):
    with pytest.raises(ValueError) as caught:
        comparison.compare(np.ones(shape, bool), np.ones(reference, bool), gan=gan)
    assert str(shape) in str(caught.value) and str(reference) in str(caught.value)


def test_other_guards():
    with pytest.raises(ValueError, match=r"\(3, 4\)"):
        comparison.describe(np.ones((3, 4), bool), np.zeros(4, int), 1)
    with pytest.raises(ValueError, match=r"\(1, 0, 4\)"):
        comparison.recall(np.ones((1, 0, 4), bool), np.zeros(4, int), 1)
    with pytest.raises(ValueError, match=r"labels of shape \(3,\)"):
        comparison.recall(np.ones((1, 1, 4), bool), np.zeros(3, int), 1)
    with pytest.raises(ValueError, match="resamples=0"):
        comparison.compare(np.ones((1, 1, 4), bool), np.ones((1, 1, 4), bool), gan=False, resamples=0)


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.03, 0.4 times 4, 3, 2, 1, never falling: 0.04, 0.06, 0.06, 0.4.
    assert comparison.holm([0.03, 0.01, 0.4, 0.02]) == pytest.approx([0.06, 0.04, 0.4, 0.06])
    assert comparison.holm([0.7, 0.6]) == [1, 1]
    assert comparison.holm([]) == []


@pytest.mark.parametrize(
    "difference,p,expected",
    [
        (1, 0.049, "helps"),
        (-1, 0.049, "hurts"),
        (1, 0.05, "not resolved"),
        (-1, 0.9, "not resolved"),
        (0, 0.01, "not resolved"),
    ],
)
def test_verdict(difference, p, expected):
    assert comparison.verdict({"difference": difference, "p_holm": p, "p": 0.001}) == expected


def table():
    """Four rows; "stacked" lacks classifier seed 5 and has its seeds in another order."""
    rng = np.random.default_rng(0)
    real = rng.random((1, 3, 200)) < 0.6
    better = real | (rng.random((2, 3, 200)) < 0.5)
    return {
        "real": {"hits": real, "gan": False, "classifier_seeds": [5, 6, 7]},
        "geo": {"hits": real.copy(), "gan": False, "classifier_seeds": [5, 6, 7]},
        "dcgan": {"hits": better, "gan": True, "classifier_seeds": [5, 6, 7]},
        "stacked": {"hits": better[:, [2, 1]], "gan": True, "classifier_seeds": [7, 6]},
    }


def test_compare_all():
    rows = table()
    made = comparison.compare_all(rows, resamples=199)
    assert {name: sorted(found) for name, found in made.items()} == {
        "real": ["geo"],
        "geo": ["real"],
        "dcgan": ["geo", "real"],
        "stacked": ["geo", "real"],
    }
    # Against "real": p of 1, 1 / 100 and 1 / 100, so Holm's are 1, 0.03 and 0.03.
    found = {name: made[name]["real"] for name in ("geo", "dcgan", "stacked")}
    assert [item["p"] for item in found.values()] == pytest.approx([1, 0.01, 0.01])
    assert [item["p_holm"] for item in found.values()] == pytest.approx([1, 0.03, 0.03])
    assert [item["verdict"] for item in found.values()] == ["not resolved", "helps", "helps"]
    # Common seeds, each with its own baseline.
    expected = rows["dcgan"]["hits"][:, 1:].mean() - rows["real"]["hits"][:, 1:].mean()
    assert found["stacked"]["difference"] == pytest.approx(100 * expected)
    paired = comparison.compare(rows["dcgan"]["hits"][:, 1:], rows["real"]["hits"][:, 1:], gan=True, resamples=199)
    assert {key: found["stacked"][key] for key in paired} == paired


def test_compare_all_without_a_baseline():
    rows = table()
    del rows["geo"]
    assert comparison.compare_all(rows, resamples=19)["real"] == {}
    assert set(comparison.compare_all(rows, resamples=19)["dcgan"]) == {"real"}


def test_rows_without_a_common_seed_are_not_compared():
    rows = table()
    rows["stacked"]["classifier_seeds"] = [8, 9]
    made = comparison.compare_all(rows, resamples=99)
    assert made["stacked"] == {} and set(made["dcgan"]) == {"real", "geo"}
    # Nor do they count for Holm.
    del rows["stacked"]
    assert comparison.compare_all(rows, resamples=99)["dcgan"] == made["dcgan"]


def test_compare_all_guards():
    rows = table()
    for seeds in ([5, 5], [5]):
        rows["stacked"]["classifier_seeds"] = seeds
        with pytest.raises(ValueError, match="row stacked: classifier seeds"):
            comparison.compare_all(rows, resamples=9)
    rows = table()
    rows["stacked"]["hits"] = rows["stacked"]["hits"][:, :, 1:]
    with pytest.raises(ValueError, match=r"hits of shape \(2, 1, 199\)"):
        comparison.compare_all(rows, resamples=9)


def test_minutes_per_point():
    assert comparison.minutes_per_point(30, 1.5) == 20
    assert comparison.minutes_per_point(30, 0) is None and comparison.minutes_per_point(30, -1) is None

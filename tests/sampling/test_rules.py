"""Rules by hand, and those that variants are named after."""

import dataclasses
import types

import fakes
import numpy as np
import pytest

from tfgan_aug.core import streams
from tfgan_aug.sampling import filling, pools, rules


def test_rule_by_hand():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.4, 0.3, 0.3], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5]], np.float32)
    # An image of the intended class below the threshold is neither.
    for threshold, label, expected in ((0.0, 0, "tp tp fp fp"), (0.6, 0, "tp none fp fp"), (0.6, 1, "fp fp tp fp")):
        codes = rules.ThresholdRule(threshold).verdicts(label, probabilities)
        assert " ".join(rules.VERDICTS[code] for code in codes) == expected


def test_quantile_rule_by_hand():
    """Cutoff 0.7 nats: a probability of at least 0.497, whatever the judge prefers."""
    rule = rules.QuantileRule((0.7, 0.0, -np.inf))
    probabilities = np.array([[0.5, 0.5, 0.0], [0.4, 0.3, 0.3], [0.49, 0.51, 0.0], [1.0, 0.0, 0.0]], np.float32)
    assert rule.verdicts(0, probabilities).tolist() == [1, 0, 2, 1]
    assert rule.verdicts(2, probabilities).tolist() == [2] * 4
    assert rules.cross_entropy(0, probabilities)[:2].tolist() == pytest.approx([np.log(2), np.log(2.5)])
    assert np.isfinite(rules.cross_entropy(2, probabilities)).all()


def test_quantile_is_each_classs_own(tmp_path):
    pool, drawer = pools.Pool(tmp_path), fakes.drawer(block_size=7)
    for label in range(3):
        for number in range(6):
            pool.write(number, *drawer.draw(label, number))
    rule = rules.quantile_rule(pool, 3, 0.5, 30)
    for label in range(3):
        images = fakes.images_of(streams.image_seeds(0, label, range(30)))
        losses = -np.log(fakes.judge(images)[:, label])
        assert rule.cutoffs[label] == pytest.approx(np.median(losses))
        # Half of the draws that it is taken from lie below it.
        kept = rule.verdicts(label, fakes.judge(images)) == 1
        assert 15 <= kept.sum() <= 18
    assert rules.quantile_rule(pools.Pool(tmp_path / "empty"), 1, 0.5, 30).cutoffs == (-np.inf,)


MARGIN = " by its margin for their class, -0.5 to 0.25"


@pytest.mark.parametrize(
    ("name", "rule", "keys", "draws", "words"),
    [
        ("", rules.MarginRule(-0.5, 0.25), {"threshold": 0.2, "margins": "-0.5:0.25"}, 0, MARGIN),
        ("confident", rules.ThresholdRule(0.7), {"threshold": 0.7}, 0, " with a confidence of at least 0.7"),
        (
            "quantile",
            rules.QuantileRule((-np.inf,)),
            {"threshold": 0.2, "quantile": [0.9, 40]},
            40,
            " by the 0.9 quantile of its cross-entropy with the class",
        ),
    ],
)
def test_rules_that_variants_are_named_after(tmp_path, name, rule, keys, draws, words):
    """The keys are those of datasets written before: they decide their digests."""
    samples = types.SimpleNamespace(threshold=0.2, confidence=0.7, quantile=0.9, quantile_draws=40, margins="-0.5:0.25")
    selection = rules.SELECTIONS[name]
    assert selection.rule(samples, pools.Pool(tmp_path), 1) == rule
    assert selection.keys(samples) == keys and selection.draws(samples) == draws and selection.words(samples) == words


def test_the_papers_rule_has_no_key_of_margins():
    samples = types.SimpleNamespace(threshold=0.0, margins="")
    assert rules.SELECTIONS[""].rule(samples, None, 1) == rules.ThresholdRule()
    assert rules.SELECTIONS[""].keys(samples) == {"threshold": 0.0}


@dataclasses.dataclass(frozen=True)
class Bright:
    """TP: the judge agrees, and the first pixel is at least `least`. All other draws are none."""

    least: int
    fields = ("images", "probabilities")

    def verdicts(self, label, images, probabilities):
        return np.where(
            (images[:, 0, 0, 0] >= self.least) & (probabilities.argmax(axis=1) == label), rules.TP, rules.NONE
        )


def test_a_rule_of_ones_own_reads_what_it_names(tmp_path):
    """By the rule written out again: the draws that are there already, and those that the filling adds."""
    pool, drawer = pools.Pool(tmp_path), fakes.drawer(block_size=7)
    pool.write(0, *drawer.draw(0, 0))
    wanted = filling.Wanted([6], [0], Bright(100), block_size=7, max_draws=700)
    drawn = filling.fill(pool, drawer, wanted, fakes.NAMES[:1], lambda *numbers: None)
    firsts = fakes.images_of(streams.image_seeds(0, 0, range(700)))[:, 0, 0, 0]
    bright = [index for index in fakes.accepted(0, "tp", 0.0, 700) if firsts[index] >= 100]
    assert [draw.index for draw in pool.select(Bright(100), 0, "tp", 6)] == bright[:6]
    assert drawn.counts[0, 0] == (bright[5] // 7 + 1) * 7 and drawn.counts[0, 2] == 0

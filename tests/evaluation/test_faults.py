"""Guessing is told from knowing by an exact test, as often as the docs state; too few images say nothing."""

import math

import numpy as np
import pytest

from tfgan_aug.evaluation import faults

NAMES = ("cat", "dog", "owl")


def tail(least, total, chance):
    """The probability that a guess of probability `chance` is right at least so often."""
    return sum(math.comb(total, n) * chance**n * (1 - chance) ** (total - n) for n in range(least, total + 1))


@pytest.mark.parametrize(("total", "chance"), [(20, 0.5), (60, 1 / 3), (300, 0.1), (900, 0.1)])
def test_the_least_number_is_the_least_that_guesses_hardly_reach(total, chance):
    least = faults.least_correct(total, chance)
    assert tail(least, total, chance) <= faults.LEVEL < tail(least - 1, total, chance)
    assert faults.missed(total, chance, 0.7) == pytest.approx(1 - tail(least, total, 0.7))


def test_chance_is_what_guesses_as_often_of_each_class_would_be_right_on():
    """Answers cat 3 of 4 times, true 1 of 2: 3/4 x 1/2 + 1/4 x 1/2."""
    found = faults.score([0, 0, 0, 1], [0, 1, 0, 1])
    assert (found.correct, found.total, found.only) == (3, 4, None) and found.chance == pytest.approx(0.5)
    # Nine in ten of one class: always answering it is no skill, and neither is answering at random.
    labels = np.array([0] * 90 + [1] * 10)
    assert faults.score(np.zeros(100, int), labels).chance == pytest.approx(0.9)


@pytest.mark.parametrize(("classes", "total"), [(2, 85), (3, 51), (10, 22), (60, 13)])
def test_so_many_images_are_enough(classes, total):
    """As the docs say: with one of fewer, a classifier half-way to perfect is taken for one that guesses too often."""
    found = [faults.Score(0, count, 1 / classes, None, 0).enough for count in (total - 1, *range(total, total + 50))]
    assert found == [False, *[True] * 50]


def test_guesses_are_named_and_half_knowledge_is_not():
    """Of 3,000 of either kind, over sets of 100 images in three uneven classes."""
    rng, named = np.random.default_rng(0), {"guesses": 0, "knows": 0}
    for _ in range(3000):
        labels = rng.choice(3, 100, p=(0.6, 0.3, 0.1))
        guesses = rng.choice(3, 100, p=(0.5, 0.25, 0.25))
        # Right on half of the images, at random on the others: hardly more than half-way.
        knows = np.where(rng.random(100) < 0.5, labels, guesses)
        named["guesses"] += faults.score(guesses, labels).guesses
        named["knows"] += faults.score(knows, labels).guesses
    assert named["guesses"] >= 3000 * (1 - faults.LEVEL) and named["knows"] <= 3000 * faults.LEVEL


def test_one_class_alone_is_named_on_fewer_images():
    labels = np.repeat([0, 1, 2], 6)
    found = faults.score(np.ones(18, int), labels)
    assert found.only == 1 and found.others == 12 and found.one_class and found.guesses and not found.enough
    assert found.words("held-out images", NAMES) == "takes all 18 held-out images for 'dog'"
    # (1/3)^4 is above a hundredth, (1/3)^5 is not.
    half = [faults.Score(3, 3 + others, 1 / 3, 1, others).one_class for others in (4, 5)]
    assert half == [False, True]


def test_where_nothing_can_be_told_nothing_is_said():
    for answers, labels in (([], []), ([0, 0, 0], [0, 0, 0]), ([1], [0]), ([0, 1, 0], [0, 1, 1])):
        found = faults.score(np.array(answers, int), np.array(labels, int))
        assert not found.guesses and found.words("images", NAMES) == ""
    # A set of one class: always answering it is right.
    assert not faults.score(np.zeros(100, int), np.zeros(100, int)).guesses


def test_words():
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1, 2], 20)
    found = faults.score(rng.permutation(labels), labels)
    assert found.guesses and found.words("test images", NAMES) == (
        f"is no better than guessing: right on {found.correct} of 60 test images, where guesses are on about 20 and "
        f"{faults.least_correct(60, 1 / 3)} would tell"
    )

"""Whether a classifier's answers are better than guessing, and how often that finding is wrong. Makes no file.

Two classifiers are told apart. One guesses: its answers have nothing to do with the images, however often it gives each
one. The other is half-way from guessing to being always right. Each is taken for the other in at most `LEVEL` of all
cases; where there are too few images for that, nothing is said.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

LEVEL = 0.01


@dataclasses.dataclass(frozen=True)
class Score:
    """The answers of a classifier on `total` images: so many are `correct`, of guesses the share `chance` would be.

    `only` is the class of all answers, or None where there are several; `others` counts the images of other classes
    than the one answered most.
    """

    correct: int
    total: int
    chance: float
    only: int | None
    others: int

    @property
    def enough(self) -> bool:
        """Whether there are images enough: a classifier half-way to perfect gets less than is needed in `LEVEL`."""
        return self.total > 0 and missed(self.total, self.chance, self._half_way) <= LEVEL

    @property
    def one_class(self) -> bool:
        """Whether all answers are one class, though a classifier half-way to perfect is so wrong in `LEVEL` at most."""
        return self.only is not None and (1 - self._half_way) ** self.others <= LEVEL

    @property
    def guesses(self) -> bool:
        """Whether this is no better than guessing."""
        return self.one_class or (self.enough and self.correct < least_correct(self.total, self.chance))

    def words(self, images: str, class_names: Sequence[str]) -> str:
        """What is wrong with it, to follow the classifier's name: `takes all 60 held-out images for 'cat'`; else ""."""
        if not self.guesses:
            return ""
        if self.one_class and self.only is not None:
            return f"takes all {self.total:,} {images} for {class_names[self.only]!r}"
        return (
            f"is no better than guessing: right on {self.correct:,} of {self.total:,} {images}, where guesses are on "
            f"about {self.chance * self.total:,.0f} and {least_correct(self.total, self.chance):,} would tell"
        )

    @property
    def _half_way(self):
        return (1 + self.chance) / 2


def score(answers: np.ndarray, labels: np.ndarray) -> Score:
    """The `Score` of answers, ints (N,), to images of these classes, ints (N,).

    Guesses are as many of each class as the answers are: so many of a class are right as images are of it.
    """
    answers, labels = np.asarray(answers), np.asarray(labels)
    if not len(labels):
        return Score(0, 0, 1.0, None, 0)
    classes = int(max(answers.max(), labels.max())) + 1
    said, true = (np.bincount(values, minlength=classes) for values in (answers, labels))
    chance = float((said / len(labels)) @ (true / len(labels)))
    most = int(said.argmax())
    only = most if said[most] == len(labels) else None
    return Score(int((answers == labels).sum()), len(labels), chance, only, len(labels) - int(true[most]))


def least_correct(total: int, chance: float) -> int:
    """The least number of right answers, int, that guesses reach in at most `LEVEL`: an exact one-sided binomial test.

    More than `total` where there are too few images for that.
    """
    from scipy import stats

    return int(stats.binom.isf(LEVEL, total, min(chance, 1.0))) + 1


def missed(total: int, chance: float, accuracy: float) -> float:
    """How often, float, a classifier that is right with probability `accuracy` is taken for one that guesses."""
    from scipy import stats

    return float(stats.binom.cdf(least_correct(total, chance) - 1, total, min(accuracy, 1.0)))

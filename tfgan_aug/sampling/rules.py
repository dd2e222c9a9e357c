"""rules."""

import dataclasses

import numpy as np

VERDICTS = ("none", "tp", "fp")


@dataclasses.dataclass(frozen=True)
class Rule:
    """Which draws count as true and as false positives (the paper, section 3.2).

    TP: the judge's class is the intended one, with a confidence of at least `threshold` (0 is the paper's rule).
    FP: the judge's class is another one. What is neither has the verdict "none".
    """

    threshold: float = 0.0
    # What `Pool.codes` reads for `verdicts`.
    fields = ("probabilities",)

    def verdicts(self, label, probabilities):
        """Codes into `VERDICTS`, int (N,), of draws intended as `label` (an int); `probabilities` (N, classes)."""
        predicted = probabilities.argmax(axis=1)
        true_positive = (predicted == label) & (probabilities[:, label] >= self.threshold)
        return np.where(true_positive, 1, np.where(predicted != label, 2, 0))


@dataclasses.dataclass(frozen=True)
class QuantileRule:
    """TP: the judge's cross-entropy with the intended class is at most `cutoffs[label]` (nats); FP: as in `Rule`.

    A quantile of each class's own draws (Ding et al., 2023): classes that the judge finds hard keep as many as others.
    """

    cutoffs: tuple
    fields = ("probabilities",)

    def verdicts(self, label, probabilities):
        """As `Rule.verdicts`; a draw below the cutoff is TP whatever class the judge prefers."""
        kept = cross_entropy(label, probabilities) <= self.cutoffs[label]
        return np.where(kept, 1, np.where(probabilities.argmax(axis=1) != label, 2, 0))


@dataclasses.dataclass(frozen=True)
class MarginRule:
    """TP: the judge's margin for the intended class is in [`low`, `high`), or at 1 where `high` is 1; FP as in `Rule`.

    The margin is the intended class's probability less the largest other one: above 0 the judge agrees.
    """

    low: float
    high: float
    fields = ("probabilities",)

    def verdicts(self, label, probabilities):
        """As `Rule.verdicts`; a draw in the band is TP whatever class the judge prefers."""
        found = margins(label, probabilities)
        kept = (found >= self.low) & ((found < self.high) | (self.high == 1))
        return np.where(kept, 1, np.where(probabilities.argmax(axis=1) != label, 2, 0))


def margins(label, probabilities):
    """Float (N,) in [-1, 1]: of `probabilities` (N, classes), that of class `label` less the largest other one."""
    others = np.delete(probabilities, label, axis=1).max(axis=1)
    return probabilities[:, label] - others


@dataclasses.dataclass(frozen=True)
class Screened:
    """A rule's verdicts, but "none" where `screen(images)`, bool (N,), finds a draw too close to a training image."""

    rule: object
    screen: object
    fields = ("probabilities", "images")

    def verdicts(self, label, probabilities, images):
        """As `Rule.verdicts`; `images` are uint8 (N, H, W, C)."""
        return np.where(self.screen(images), 0, self.rule.verdicts(label, probabilities))


def cross_entropy(label, probabilities):
    """Nats, float (N,): of `probabilities` (N, classes) with the class `label`."""
    return -np.log(np.maximum(probabilities[:, label], np.finfo(np.float32).tiny))


def quantile_rule(pool, classes, quantile, draws):
    """The `QuantileRule` of the first `draws` draws of each class in the pool; a class without draws keeps none."""
    cutoffs = []
    for label in range(classes):
        found = [cross_entropy(label, *pool.read(label, number, "probabilities")) for number in pool.blocks(label)]
        cutoffs.append(float(np.quantile(np.concatenate(found)[:draws], quantile)) if found else -np.inf)
    return QuantileRule(tuple(cutoffs))

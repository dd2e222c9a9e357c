"""Rules: which draws become true and false positives, from what the judge says of them. Makes no file.

A rule is any object of the shape of `Rule`. To add one that variants can be named after, write a class like
`QuantileRule`, a `Selection` of it, and put that into `SELECTIONS`: the variants `<gan>_tp_<name>`, their rows in the
table and their digests follow. Its settings are fields of `SamplingConfig` (`sampling/config.py`).
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from tfgan_aug.sampling.config import SamplingConfig, band

# Rules return places in this tuple.
VERDICTS = ("none", "tp", "fp")
NONE, TP, FP = range(3)


class Rule(Protocol):
    """The shape of a rule: immutable, and all that its verdicts depend on beside what it reads of each draw."""

    @property
    def fields(self) -> tuple[str, ...]:
        """What `verdicts` takes after the label, in order.

        Some of "probabilities" (the judge's, float32 (N, classes)) and "images" (uint8 (N, H, W, C), slow to read).
        """

    @property
    def verdicts(self) -> Callable[..., np.ndarray]:
        """A method (label, ...) that returns places in `VERDICTS`, int (N,), of draws meant as class `label`."""


@dataclasses.dataclass(frozen=True)
class ThresholdRule:
    """The paper's rule (section 3.2), with a threshold.

    TP: the judge's class is the intended one, with a confidence of at least `threshold` (0 is the paper's rule).
    FP: the judge's class is another one. Draws that are neither get the verdict "none".
    """

    threshold: float = 0.0
    fields = ("probabilities",)

    def verdicts(self, label: int, probabilities: np.ndarray) -> np.ndarray:
        """Returns places in `VERDICTS`, int (N,)."""
        predicted = probabilities.argmax(axis=1)
        return _verdicts((predicted == label) & (probabilities[:, label] >= self.threshold), label, probabilities)


@dataclasses.dataclass(frozen=True)
class QuantileRule:
    """TP: the judge's cross-entropy with the intended class is at most `cutoffs[label]` nats.

    FP: as in `ThresholdRule`. A draw below the cutoff is TP whatever class the judge prefers. With a quantile of each
    class's own draws (Ding et al., 2023), classes that the judge finds hard keep as many as others.
    """

    cutoffs: tuple[float, ...]
    fields = ("probabilities",)

    def verdicts(self, label: int, probabilities: np.ndarray) -> np.ndarray:
        """Returns places in `VERDICTS`, int (N,)."""
        return _verdicts(cross_entropy(label, probabilities) <= self.cutoffs[label], label, probabilities)


@dataclasses.dataclass(frozen=True)
class MarginRule:
    """TP: the judge's margin for the intended class is in [`low`, `high`), or at 1 where `high` is 1.

    FP: as in `ThresholdRule`. A draw in the band is TP whatever class the judge prefers.
    """

    low: float
    high: float
    fields = ("probabilities",)

    def verdicts(self, label: int, probabilities: np.ndarray) -> np.ndarray:
        """Returns places in `VERDICTS`, int (N,)."""
        found = margins(label, probabilities)
        return _verdicts((found >= self.low) & ((found < self.high) | (self.high == 1)), label, probabilities)


@dataclasses.dataclass(frozen=True)
class Screened:
    """The verdicts of `rule`, but "none" where `screen` finds that a draw is too close to a training image.

    `rule` reads probabilities alone. `screen(images)` returns bool (N,), see `near_copies.Screen`.
    """

    rule: Rule
    screen: Callable[[np.ndarray], np.ndarray]
    fields = ("probabilities", "images")

    def verdicts(self, label: int, probabilities: np.ndarray, images: np.ndarray) -> np.ndarray:
        """Returns places in `VERDICTS`, int (N,)."""
        return np.where(self.screen(images), NONE, self.rule.verdicts(label, probabilities))


def _verdicts(true_positive: np.ndarray, label: int, probabilities: np.ndarray) -> np.ndarray:
    """Returns the verdicts where bool (N,) says which draws are TP, and the others are FP by the paper's rule."""
    return np.where(true_positive, TP, np.where(probabilities.argmax(axis=1) != label, FP, NONE))


def margins(label: int, probabilities: np.ndarray) -> np.ndarray:
    """Returns the judge's margins for class `label`, float (N,) in [-1, 1]; above 0 the judge agrees with the class.

    The margin is the class's probability, of `probabilities` (N, classes), less the largest other one.
    """
    others = np.delete(probabilities, label, axis=1).max(axis=1)
    return probabilities[:, label] - others


def cross_entropy(label: int, probabilities: np.ndarray) -> np.ndarray:
    """Returns the cross-entropy, nats (float (N,)), of `probabilities` (N, classes) with the class `label`."""
    return -np.log(np.maximum(probabilities[:, label], np.finfo(np.float32).tiny))


def quantile_rule(pool: Any, classes: int, quantile: float, draws: int) -> QuantileRule:
    """Returns the rule of the first `draws` draws of each class in a `pools.Pool`; a class without draws keeps none."""
    cutoffs = []
    for label in range(classes):
        found = [cross_entropy(label, *pool.read(label, number, "probabilities")) for number in pool.blocks(label)]
        cutoffs.append(float(np.quantile(np.concatenate(found)[:draws], quantile)) if found else -np.inf)
    return QuantileRule(tuple(cutoffs))


# Rules that variants are named after


class Selection:
    """How a variant's images are chosen from the pool. This one: by the paper's rule, or by `samples.margins`.

    `samples` is the config's section in all methods. Subclasses stand for the variants `<gan>_tp_<name>`; `title` names
    their rows in the table.
    """

    name = title = ""

    def draws(self, samples: SamplingConfig) -> int:
        """Returns how many draws of each class the pool must hold before the rule can be made."""
        return 0

    def rule(self, samples: SamplingConfig, pool: Any, classes: int) -> Rule:
        """Returns the rule; `pool` is the GAN's `pools.Pool` of `classes` classes."""
        limits = band(samples.margins)
        return MarginRule(*limits) if limits else ThresholdRule(samples.threshold)

    def keys(self, samples: SamplingConfig) -> dict[str, Any]:
        """Returns what enters the digest of a dataset whose images are chosen so: all that the rule depends on."""
        keys = {"threshold": samples.threshold}
        return {**keys, "margins": samples.margins} if samples.margins else keys

    def words(self, samples: SamplingConfig) -> str:
        """Returns what a dataset's description says after "that a classifier found TP"."""
        if limits := band(samples.margins):
            return f" by its margin for their class, {limits[0]:g} to {limits[1]:g}"
        return f" with a confidence of at least {samples.threshold:g}" if samples.threshold else ""


class Confident(Selection):
    """The paper's rule, with a higher threshold."""

    name, title = "confident", "confident TP"

    def rule(self, samples: SamplingConfig, pool: Any, classes: int) -> Rule:
        return ThresholdRule(max(samples.threshold, samples.confidence))

    def keys(self, samples: SamplingConfig) -> dict[str, Any]:
        return {"threshold": max(samples.threshold, samples.confidence)}

    def words(self, samples: SamplingConfig) -> str:
        return f" with a confidence of at least {samples.confidence}"


class Quantile(Selection):
    """A `QuantileRule`, of the first draws."""

    name, title = "quantile", "TP by quantile"

    def draws(self, samples: SamplingConfig) -> int:
        return samples.quantile_draws

    def rule(self, samples: SamplingConfig, pool: Any, classes: int) -> Rule:
        return quantile_rule(pool, classes, samples.quantile, samples.quantile_draws)

    def keys(self, samples: SamplingConfig) -> dict[str, Any]:
        return {"threshold": samples.threshold, "quantile": [samples.quantile, samples.quantile_draws]}

    def words(self, samples: SamplingConfig) -> str:
        return f" by the {samples.quantile} quantile of its cross-entropy with the class"


SELECTIONS = {selection.name: selection for selection in (Selection(), Confident(), Quantile())}


def described(verdicts: tuple[str, ...], selection: str, samples: SamplingConfig) -> str:
    """Returns the words for draws of some `verdicts` ("tp", "fp") by the `SELECTIONS` entry of this name."""
    kinds = [verdict.upper() for verdict in verdicts]
    if "TP" in kinds:
        kinds[kinds.index("TP")] += SELECTIONS[selection].words(samples)
    text = " and ".join(kinds)
    if samples.drop_copies:
        text += f", without those close to a training image by {','.join(samples.drop_copies)}"
    return text

"""The pool: every draw with the judge's probabilities; verdicts are views of it.

Artefact: `pool-<digest>/class-<label>/block-<number>.npz`, each with `images` uint8 (B, H, W, C), `indices` int64 (B,),
`seeds` int64 (B,), `label` (the intended class) and `probabilities` float32 (B, classes). Written once, whole or
not at all; another rule or threshold needs no new draws.
"""

import dataclasses
import os
import pathlib

import numpy as np

from tfgan_aug import samples
from tfgan_aug.errors import UserError

VERDICTS = ("none", "tp", "fp")


class Shortfall(UserError):
    """A class did not reach its number of TP images within the allowed draws."""


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


class Pool:
    """The blocks drawn so far, in the folder `path`."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def _block_path(self, label, number):
        return self.path / f"class-{label:04d}" / f"block-{number:06d}.npz"

    def has(self, label, number):
        return self._block_path(label, number).exists()

    def write(self, number, block, probabilities):
        path = self._block_path(block.label, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"partial-{os.getpid()}.npz")
        fields = {"images": block.images, "indices": block.indices, "seeds": block.seeds, "label": block.label}
        np.savez(partial, probabilities=probabilities, **fields)
        os.replace(partial, path)

    def read(self, label, number, *fields):
        """Arrays of one block, in the order of `fields`."""
        with np.load(self._block_path(label, number)) as block:
            return [block[name] for name in fields]

    def codes(self, rule, label, number):
        """Codes into `VERDICTS`, int (B,), of one block's draws by a rule."""
        return rule.verdicts(label, *self.read(label, number, *rule.fields))

    def blocks(self, label):
        """The numbers of this class's blocks: 0, 1, ... without a gap."""
        number = 0
        while self.has(label, number):
            yield number
            number += 1

    def probabilities(self, label, indices):
        """Float32 (N, classes) of the draws of class `label` with these ascending `indices`, int (N,)."""
        found = []
        for number in self.blocks(label):
            drawn, judged = self.read(label, number, "indices", "probabilities")
            found.append(judged[np.isin(drawn, indices)])
            if drawn[-1] >= indices[-1]:
                break
        return np.concatenate(found)

    def confusion(self, classes):
        """Draws by intended (rows) and predicted class, int64 (classes, classes), over the whole pool."""
        counts = np.zeros((classes, classes), np.int64)
        for label in range(classes):
            for number in self.blocks(label):
                (probabilities,) = self.read(label, number, "probabilities")
                counts[label] += np.bincount(probabilities.argmax(axis=1), minlength=classes)
        return counts

    def select(self, rule, label, verdict, count):
        """Yields the first `count` draws of class `label` with this verdict ("tp" or "fp"), lowest indices first.

        Each is a dict: `image` uint8 (H, W, C), `index`, `predicted` (int), `confidence` (float: the judge's, of the
        class it predicts).
        """
        found = 0
        for number in self.blocks(label):
            images, indices, probabilities = self.read(label, number, "images", "indices", "probabilities")
            for i in np.flatnonzero(self.codes(rule, label, number) == VERDICTS.index(verdict)):
                if found == count:
                    return
                found += 1
                predicted = int(probabilities[i].argmax())
                confidence = float(probabilities[i, predicted])
                yield {"image": images[i], "index": int(indices[i]), "predicted": predicted, "confidence": confidence}


@dataclasses.dataclass(frozen=True)
class Drawn:
    """What was drawn for one GAN: (draws, TP, FP) a class in the blocks that its quota needed, and the shortfalls."""

    counts: np.ndarray
    short_tp: tuple
    short_fp: tuple


def draw(pool, generator, judge, seed, label, number, block_size):
    """Draws and judges one block and stores it."""
    block = samples.draw_block(generator, seed=seed, label=label, number=number, block_size=block_size)
    pool.write(number, block, judge(block.images))


def fill(
    pool,
    generator,
    judge,
    *,
    tp,
    fp,
    class_names,
    rule,
    seed,
    block_size,
    max_draws,
    allow_shortfall,
    progress,
    least=0,
):
    """Draws and judges blocks until each class has `tp[c]` TP and `fp[c]` FP images, and `least` draws; a `Drawn`.

    `judge(images)` gives probabilities float32 (N, classes). Blocks that the pool holds are not drawn again, and
    which blocks a class needs does not depend on those of others, nor on the order of work. `progress` is called
    with (label, draws, TP, FP) after each block.

    Raises `Shortfall` when a class has too few TP images after `max_draws` draws, unless `allow_shortfall`.
    """
    counts = np.zeros((len(class_names), 3), np.int64)
    for label in range(len(class_names)):
        number = 0
        while (
            counts[label, 1] < tp[label] or counts[label, 2] < fp[label] or counts[label, 0] < least
        ) and number * block_size < max_draws:
            if not pool.has(label, number):
                draw(pool, generator, judge, seed, label, number, block_size)
            codes = pool.codes(rule, label, number)
            counts[label] += (len(codes), (codes == 1).sum(), (codes == 2).sum())
            number += 1
            progress(label, *counts[label])
    drawn = Drawn(
        counts,
        tuple(int(c) for c in np.flatnonzero(counts[:, 1] < tp)),
        tuple(int(c) for c in np.flatnonzero(counts[:, 2] < fp)),
    )
    if drawn.short_tp and not allow_shortfall:
        rates = ", ".join(
            f"{class_names[c]} {counts[c, 1]} of {tp[c]} ({counts[c, 1] / max(counts[c, 0], 1):.1%} of {counts[c, 0]})"
            for c in drawn.short_tp
        )
        raise Shortfall(
            f"--config.samples.max_draws_per_class={max_draws}: too few TP images: {rates}; draw more, lower "
            "--config.samples.per_class or --config.samples.threshold, train the GAN longer, or --allow_shortfall"
        )
    return drawn

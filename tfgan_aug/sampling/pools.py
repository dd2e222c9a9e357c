"""The pool: every draw with the judge's probabilities; verdicts are views of it.

Artefact: `pool-<digest>/class-<label>/block-<number>.npz`, each with the images as PNG files one after the other
(`png`, uint8, and `png_ends`, int64 (B,)), `indices` int64 (B,), `seeds` int64 (B,), `label` (the intended class) and
`probabilities` float32 (B, classes). Written once, whole or not at all; another rule or threshold needs no new draws.
"""

import dataclasses
import itertools
import math
import os
import pathlib
import uuid
from concurrent import futures

import numpy as np

from tfgan_aug.core import pixels
from tfgan_aug.core.errors import UserError
from tfgan_aug.sampling import samples

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
        # Several threads or machines may draw the same block.
        partial = path.with_name(f"partial-{uuid.uuid4().hex}.npz")
        pngs = pixels.encode_png(block.images)
        fields = {"png": np.frombuffer(b"".join(pngs), np.uint8), "png_ends": np.cumsum([len(png) for png in pngs])}
        fields |= {"indices": block.indices, "seeds": block.seeds, "label": block.label}
        np.savez(partial, probabilities=probabilities, **fields)
        os.replace(partial, path)

    def read(self, label, number, *fields):
        """Arrays of one block, in the order of `fields`."""
        with np.load(self._block_path(label, number)) as block:
            return [block[name] for name in fields]

    def codes(self, rule, label, number):
        """Codes into `VERDICTS`, int (B,), of one block's draws by a rule."""
        with np.load(self._block_path(label, number)) as block:
            return _codes(rule, label, block)

    def pngs(self, label, number):
        """The images of one block, each the bytes of a PNG file."""
        return _pngs(*self.read(label, number, "png", "png_ends"))

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

        Each is a dict: `png` (bytes), `index`, `predicted` (int), `confidence` (float: the judge's, of the
        class it predicts).
        """
        found = 0
        for number in self.blocks(label) if count else ():
            with np.load(self._block_path(label, number)) as block:
                places = np.flatnonzero(_codes(rule, label, block) == VERDICTS.index(verdict))[: count - found]
                if not len(places):
                    continue
                found += len(places)
                images, indices, probabilities = (
                    self._given(label, number, block),
                    block["indices"],
                    block["probabilities"],
                )
            for i in places:
                predicted = int(probabilities[i].argmax())
                confidence = float(probabilities[i, predicted])
                yield {"png": images[i], "index": int(indices[i]), "predicted": predicted, "confidence": confidence}
            if found == count:
                return

    def _given(self, label, number, block):
        """What `select` gives for the images of an open block."""
        return _pngs(block["png"], block["png_ends"])


def _pngs(png, ends):
    return [png[start:end].tobytes() for start, end in itertools.pairwise([0, *ends])]


def _codes(rule, label, block):
    """Codes int (B,) of an open block, of which no more is read than the rule needs."""
    fields = {name: block[name] for name in rule.fields if name != "images"}
    if "images" in rule.fields:
        pngs = _pngs(block["png"], block["png_ends"])
        fields["images"] = np.stack([pixels.decode_png(png) for png in pngs])
    return rule.verdicts(label, *(fields[name] for name in rule.fields))


@dataclasses.dataclass(frozen=True)
class Drawn:
    """What was drawn for one GAN: (draws, TP, FP) a class in the blocks that its quota needed, and the shortfalls."""

    counts: np.ndarray
    short_tp: tuple
    short_fp: tuple


def judged(generator, judge, seed, label, number, block_size):
    """(block, probabilities) of one block drawn now."""
    block = samples.draw_block(generator, seed=seed, label=label, number=number, block_size=block_size)
    return block, judge(block.images)


def draw(pool, *source_and_place):
    """Draws and judges one block, as `judged` with these arguments, and stores it."""
    block, probabilities = judged(*source_and_place)
    pool.write(source_and_place[4], block, probabilities)


class _Writer:
    """Writes blocks in a thread, in their order, one at a time; a block that could not be written raises later on."""

    def __init__(self, pool):
        self._pool, self._thread, self._written = pool, futures.ThreadPoolExecutor(1), None

    def write(self, *block):
        if self._written:
            self._written.result()
        self._written = self._thread.submit(self._pool.write, *block)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self._thread.shutdown()
        if self._written and kind is None:
            self._written.result()


def lacking(pool, *, tp, fp, classes, rule, block_size, max_draws, least=0, margin=1.0, counted=None):
    """The blocks [(label, number), ...] that `fill` needs next, as far as the rates so far foretell; [] when none.

    Drawing them and asking again ends where `fill` would end. `margin` scales the numbers foretold. `counted`, a dict,
    keeps what was counted for the next time, so that each block is read once.
    """
    blocks, counted, most = [], {} if counted is None else counted, -(-max_draws // block_size)
    for label in range(classes):
        number, counts = counted.get(label, (0, np.zeros(3, np.int64)))
        missing = (least, int(tp[label]), int(fp[label]))
        while np.any(counts < missing) and number < most and pool.has(label, number):
            codes = pool.codes(rule, label, number)
            counts = counts + (len(codes), (codes == 1).sum(), (codes == 2).sum())
            number += 1
        counted[label] = number, counts
        if number == most or not np.any(counts < missing):
            continue
        # Nothing found yet: as many more as there are.
        draws = [
            (wanted - count) * counts[0] / count if count else max(counts[0], wanted - count)
            for count, wanted in zip(counts, missing, strict=True)
            if count < wanted
        ]
        more = max(1, math.ceil(margin * max(draws) / block_size))
        blocks += [(label, ahead) for ahead in range(number, min(number + more, most)) if not pool.has(label, ahead)]
    return blocks


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
    with (label, draws, TP, FP) after each block. Blocks are encoded and written while the next one is drawn.

    Raises `Shortfall` when a class has too few TP images after `max_draws` draws, unless `allow_shortfall`.
    """
    counts = np.zeros((len(class_names), 3), np.int64)
    with _Writer(pool) as writer:
        for label in range(len(class_names)):
            number, missing = 0, (least, tp[label], fp[label])
            while np.any(counts[label] < missing) and number * block_size < max_draws:
                if pool.has(label, number):
                    codes = pool.codes(rule, label, number)
                else:
                    block, probabilities = judged(generator, judge, seed, label, number, block_size)
                    writer.write(number, block, probabilities)
                    fields = {"images": block.images, "probabilities": probabilities}
                    codes = rule.verdicts(label, *(fields[name] for name in rule.fields))
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

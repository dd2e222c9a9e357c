"""filling."""

import dataclasses
import math
from concurrent import futures

import numpy as np

from tfgan_aug.core import streams
from tfgan_aug.core.errors import UserError


class Shortfall(UserError):
    """A class did not reach its number of TP images within the allowed draws."""


@dataclasses.dataclass(frozen=True)
class Drawn:
    """What was drawn for one GAN: (draws, TP, FP) a class in the blocks that its quota needed, and the shortfalls."""

    counts: np.ndarray
    short_tp: tuple
    short_fp: tuple


@dataclasses.dataclass(frozen=True, eq=False)
class Wanted:
    """What a pool is filled for: `tp` and `fp` images of each class, ints (classes,), by `rule` (see `rules`).

    Blocks hold `block_size` draws. Each class gets `least` draws at least, and none after `max_draws`.
    """

    tp: np.ndarray
    fp: np.ndarray
    rule: object
    block_size: int
    max_draws: int
    least: int = 0

    @property
    def classes(self):
        """The number of classes."""
        return len(self.tp)

    def of_class(self, label):
        """The least numbers (draws, TP, FP) of class `label`, three ints."""
        return self.least, int(self.tp[label]), int(self.fp[label])


@dataclasses.dataclass(frozen=True)
class Block:
    """`block_size` consecutive draws of one class, before any verdict.

    `indices` int64 (B,) within the class, `seeds` int64 (B,) of their streams, `images` uint8 (B, H, W, C).
    """

    label: int
    indices: np.ndarray
    seeds: np.ndarray
    images: np.ndarray


@dataclasses.dataclass(frozen=True)
class Drawer:
    """Draws blocks with a generator and has the judge look at them.

    `generator(labels, seeds)` returns images uint8 (B, H, W, C), `judge(images)` probabilities float32 (B, classes).
    A block depends on `seed`, its class and its indices alone.
    """

    generator: object
    judge: object
    seed: int
    block_size: int

    def draw(self, label, number):
        """Returns block `number` of class `label`, and its probabilities, float32 (B, classes).

        Always a whole block, so that the networks run in one batch size.
        """
        indices = np.arange(number * self.block_size, (number + 1) * self.block_size, dtype=np.int64)
        seeds = streams.image_seeds(self.seed, label, indices)
        images = self.generator(np.full(self.block_size, label), seeds)
        return Block(label, indices, seeds, images), self.judge(images)


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


def lacking(pool, wanted, margin=1.0, counted=None):
    """Returns the blocks [(label, number), ...] that `fill` needs next, as far as the rates so far foretell.

    Drawing them and asking again ends where `fill` would end, with []. `margin` scales the numbers foretold.
    `counted`, a dict, keeps what was counted for the next time, so that each block is read once.
    """
    blocks, counted, most = [], {} if counted is None else counted, -(-wanted.max_draws // wanted.block_size)
    for label in range(wanted.classes):
        number, counts = counted.get(label, (0, np.zeros(3, np.int64)))
        missing = wanted.of_class(label)
        while np.any(counts < missing) and number < most and pool.has(label, number):
            counts = counts + _counts(pool.codes(wanted.rule, label, number))
            number += 1
        counted[label] = number, counts
        if number == most or not np.any(counts < missing):
            continue
        # Nothing found yet: as many more as there are.
        draws = [
            (need - count) * counts[0] / count if count else max(counts[0], need - count)
            for count, need in zip(counts, missing, strict=True)
            if count < need
        ]
        more = max(1, math.ceil(margin * max(draws) / wanted.block_size))
        blocks += [(label, ahead) for ahead in range(number, min(number + more, most)) if not pool.has(label, ahead)]
    return blocks


def _counts(codes):
    """(draws, TP, FP) of a block's codes."""
    return len(codes), (codes == 1).sum(), (codes == 2).sum()


def fill(pool, drawer, wanted, class_names, progress, allow_shortfall=False):
    """Draws and judges blocks until each class has the images `wanted`; returns what was `Drawn`.

    Blocks that the pool holds are not drawn again. Which blocks a class needs depends neither on those of others nor on
    the order of work. `progress(label, draws, TP, FP)` is called after each block. A block is encoded and written while
    the next one is drawn.

    Raises `Shortfall` when a class has too few TP images after `max_draws` draws, unless `allow_shortfall`.
    """
    counts, rule = np.zeros((wanted.classes, 3), np.int64), wanted.rule
    with _Writer(pool) as writer:
        for label in range(wanted.classes):
            number, missing = 0, wanted.of_class(label)
            while np.any(counts[label] < missing) and number * wanted.block_size < wanted.max_draws:
                if pool.has(label, number):
                    codes = pool.codes(rule, label, number)
                else:
                    block, probabilities = drawer.draw(label, number)
                    writer.write(number, block, probabilities)
                    fields = {"images": block.images, "probabilities": probabilities}
                    codes = rule.verdicts(label, *(fields[name] for name in rule.fields))
                counts[label] += _counts(codes)
                number += 1
                progress(label, *counts[label])
    short_tp, short_fp = (
        tuple(int(label) for label in np.flatnonzero(counts[:, place] < needed))
        for place, needed in ((1, wanted.tp), (2, wanted.fp))
    )
    if short_tp and not allow_shortfall:
        rates = ", ".join(
            f"{class_names[c]} {counts[c, 1]} of {wanted.tp[c]} "
            f"({counts[c, 1] / max(counts[c, 0], 1):.1%} of {counts[c, 0]})"
            for c in short_tp
        )
        raise Shortfall(
            f"--config.samples.max_draws_per_class={wanted.max_draws}: too few TP images: {rates}; draw more, lower "
            "--config.samples.per_class or --config.samples.threshold, train the GAN longer, or --allow_shortfall"
        )
    return Drawn(counts, short_tp, short_fp)

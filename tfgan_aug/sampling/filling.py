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


def judged(generator, judge, seed, label, number, block_size):
    """(block, probabilities) of one block drawn now."""
    block = draw_block(generator, seed=seed, label=label, number=number, block_size=block_size)
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


@dataclasses.dataclass(frozen=True)
class Block:
    """`block_size` consecutive images of one class, before any verdict.

    `indices` int64 (B,) within the class, `seeds` int64 (B,) of their streams, `images` uint8 (B, H, W, C).
    """

    label: int
    indices: np.ndarray
    seeds: np.ndarray
    images: np.ndarray


def draw_block(generator, *, seed, label, number, block_size):
    """Block `number` of class `label`: always whole, so that the networks run in one batch size.

    `generator(labels, seeds)` gives uint8 images. The result depends on (`seed`, `label`, index) alone.
    """
    indices = np.arange(number * block_size, (number + 1) * block_size, dtype=np.int64)
    seeds = streams.image_seeds(seed, label, indices)
    return Block(label, indices, seeds, generator(np.full(block_size, label), seeds))

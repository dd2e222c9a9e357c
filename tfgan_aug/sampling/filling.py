"""Filling a pool: blocks are drawn and judged until each class has the images that are wanted.

Makes the files of the pool (see `pools`).
"""

import contextlib
import dataclasses
import math
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Any

import numpy as np

from tfgan_aug.core import streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.sampling import pools, rules

# Draws of a class, none of them TP, that are told of: fewer than 1 % are TP then (rule of three, 95 % confidence).
TOLD_AFTER = 300


class Shortfall(UserError):
    """A class did not reach its number of TP images within the allowed draws."""


@dataclasses.dataclass(frozen=True, eq=False)
class Wanted:
    """What a pool is filled for: `tp` and `fp` images of each class, ints (classes,), by `rule`.

    Blocks hold `block_size` draws. Each class gets at least `least` draws, and none after `max_draws`.
    """

    tp: np.ndarray
    fp: np.ndarray
    rule: rules.Rule
    block_size: int
    max_draws: int
    least: int = 0

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.tp)

    def of_class(self, label: int) -> tuple[int, int, int]:
        """Returns the least numbers (draws, TP, FP) of class `label`."""
        return self.least, int(self.tp[label]), int(self.fp[label])


@dataclasses.dataclass(frozen=True, eq=False)
class Drawn:
    """What was drawn for one GAN, in the blocks that were needed.

    `counts` int64 (classes, 3): draws, TP and FP of each class. `short_tp` and `short_fp` are the classes with fewer
    images than wanted.
    """

    counts: np.ndarray
    short_tp: tuple[int, ...]
    short_fp: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Drawer:
    """Draws blocks with a generator and shows them to the judge.

    `generator(labels, seeds)` returns images uint8 (B, H, W, C), `judge(images)` probabilities float32 (B, classes).
    A block depends on `seed`, its class and its indices alone.
    """

    generator: Callable[[np.ndarray, np.ndarray], np.ndarray]
    judge: Callable[[np.ndarray], np.ndarray]
    seed: int
    block_size: int

    def draw(self, label: int, number: int) -> tuple[pools.Block, np.ndarray]:
        """Returns block `number` of class `label`, and the judge's probabilities, float32 (B, classes).

        Always a whole block, so that the networks run in one batch size.
        """
        indices = np.arange(number * self.block_size, (number + 1) * self.block_size, dtype=np.int64)
        seeds = streams.image_seeds(self.seed, label, indices)
        images = self.generator(np.full(self.block_size, label), seeds)
        return pools.Block(label, indices, seeds, images), self.judge(images)


def lacking(
    pool: pools.Pool,
    wanted: Wanted,
    margin: float = 1.0,
    counted: dict[int, tuple[int, np.ndarray]] | None = None,
) -> list[tuple[int, int]]:
    """Returns the blocks (label, number) that `fill` needs next, as far as the rates so far foretell.

    Drawing them and asking again ends where `fill` would end, with []. `margin` scales the numbers foretold.
    `counted` keeps what was counted for the next call, so that each block is read once.
    """
    blocks: list[tuple[int, int]] = []
    counted, most = {} if counted is None else counted, -(-wanted.max_draws // wanted.block_size)
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


def fill(
    pool: pools.Pool,
    drawer: Drawer,
    wanted: Wanted,
    class_names: Sequence[str],
    progress: Callable[..., Any],
    allow_shortfall: bool = False,
    working: Callable[[], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext,
) -> Drawn:
    """Draws and judges blocks until each class has the images `wanted`; returns what was drawn.

    Blocks that the pool holds are not drawn again. Which blocks a class needs depends neither on those of others nor on
    the order of work. `progress(label, draws, TP, FP)` is called after each block. A block is encoded and written while
    the next one is drawn. `working()` is entered around the work on each block that is not there yet.

    Raises `Shortfall` when a class has too few TP images after `max_draws` draws, unless `allow_shortfall`.
    """
    if drawer.block_size != wanted.block_size:
        raise ValueError(f"found a drawer of blocks of {drawer.block_size} images, expected {wanted.block_size}")
    counts, rule = np.zeros((wanted.classes, 3), np.int64), wanted.rule
    with _Writer(pool) as writer:
        for label in range(wanted.classes):
            number, missing = 0, wanted.of_class(label)
            while np.any(counts[label] < missing) and number * wanted.block_size < wanted.max_draws:
                if pool.has(label, number):
                    codes = pool.codes(rule, label, number)
                else:
                    with working():
                        block, probabilities = drawer.draw(label, number)
                        writer.write(number, block, probabilities)
                        fields = {"images": block.images, "probabilities": probabilities}
                        codes = rule.verdicts(label, *(fields[name] for name in rule.fields))
                counts[label] += _counts(codes)
                number += 1
                progress(label, *counts[label])
    drawn = _drawn(counts, wanted)
    if drawn.short_tp and not allow_shortfall:
        raise _shortfall(drawn, wanted, class_names)
    return drawn


def watched(
    progress: Callable[..., Any], wanted: Wanted, refused: Callable[[int, int], Any]
) -> Callable[[int, int, int, int], Any]:
    """Returns `progress` as `fill` takes it, which also calls `refused(label, draws)` for a class without any TP image.

    Once a class, after `TOLD_AFTER` draws or a few more, where TP images are wanted and drawing goes on.
    """
    told = set()

    def show(label, draws, tp, fp):
        progress(label, draws, tp, fp)
        if not tp and wanted.tp[label] and TOLD_AFTER <= draws < wanted.max_draws and label not in told:
            told.add(label)
            refused(label, int(draws))

    return show


def found(pool: pools.Pool, wanted: Wanted) -> Drawn:
    """Returns what `fill` returned or would return for `wanted` alone, from the blocks of a pool that holds them."""
    counts = np.zeros((wanted.classes, 3), np.int64)
    for label in range(wanted.classes):
        number, missing = 0, wanted.of_class(label)
        while np.any(counts[label] < missing) and number * wanted.block_size < wanted.max_draws:
            if not pool.has(label, number):
                break
            counts[label] += _counts(pool.codes(wanted.rule, label, number))
            number += 1
    return _drawn(counts, wanted)


def _drawn(counts: np.ndarray, wanted: Wanted) -> Drawn:
    return Drawn(counts, _short(counts[:, 1], wanted.tp), _short(counts[:, 2], wanted.fp))


def _counts(codes: np.ndarray) -> np.ndarray:
    """Returns the numbers (draws, TP, FP) of a block's verdicts, int64 (3,)."""
    return np.array([len(codes), (codes == rules.TP).sum(), (codes == rules.FP).sum()])


def _short(counts: np.ndarray, wanted: np.ndarray) -> tuple[int, ...]:
    """Returns the classes that have less than is wanted."""
    return tuple(int(label) for label in np.flatnonzero(counts < wanted))


def _shortfall(drawn: Drawn, wanted: Wanted, class_names: Sequence[str]) -> Shortfall:
    rates = []
    for label in drawn.short_tp:
        draws, found, _ = drawn.counts[label]
        share = f"{found / max(draws, 1):.1%} of {draws}"
        rates.append(f"{class_names[label]} {found} of {wanted.tp[label]} ({share})")
    return Shortfall(
        f"--config.samples.max_draws_per_class={wanted.max_draws}: too few TP images: {', '.join(rates)}; draw more, "
        "lower --config.samples.per_class or --config.samples.threshold, train the GAN longer, or --allow_shortfall"
    )


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

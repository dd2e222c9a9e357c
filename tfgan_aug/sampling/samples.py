"""Samples: n images of a class, one random stream an image, drawn in blocks of one size."""

import dataclasses

import numpy as np

from tfgan_aug.core import streams


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

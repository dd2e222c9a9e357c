"""A generator and a judge that are plain functions of seeds and pixels: pools without training."""

import numpy as np

from tfgan_aug.core import streams
from tfgan_aug.data import subsets
from tfgan_aug.sampling import filling

CLASSES = 3
NAMES = ("blue", "green", "red")


class Generator:
    """Images uint8 (N, 2, 2, 1) that hold a hash of their seed; counts its calls and fails at call `fail_at`."""

    def __init__(self, fail_at=None):
        self.calls, self.fail_at = [], fail_at

    def __call__(self, labels, seeds):
        if len(self.calls) == self.fail_at:
            raise OSError("the disk is full")
        self.calls.append((int(labels[0]), int(seeds[0])))
        return images_of(seeds)


def drawer(block_size, generator=None, seed=0):
    """A `filling.Drawer` of these fakes."""
    return filling.Drawer(generator or Generator(), judge, seed, block_size)


def images_of(seeds):
    mixed = seeds.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    octets = mixed[:, None] >> (np.uint64(8) * np.arange(4, 8, dtype=np.uint64))
    return (octets & np.uint64(255)).astype(np.uint8).reshape(-1, 2, 2, 1)


def judge(images):
    """Probabilities: the class is the sum of the pixels modulo 3, its confidence 0.4 to 0.985 by the first pixel."""
    predicted = images.reshape(len(images), -1).sum(1, dtype=int) % CLASSES
    confidence = 0.4 + images[:, 0, 0, 0] % 40 * 0.015
    made = np.repeat(((1 - confidence) / (CLASSES - 1))[:, None], CLASSES, axis=1)
    made[np.arange(len(images)), predicted] = confidence
    return made.astype(np.float32)


def accepted(label, verdict, threshold, draws, seed=0):
    """Indices of the first `draws` draws of a class that have the verdict, by the rule written out again."""
    probabilities = judge(images_of(streams.image_seeds(seed, label, range(draws))))
    found = []
    for index, row in enumerate(probabilities.tolist()):
        best = row.index(max(row))
        if verdict == "fp" and best != label or verdict == "tp" and best == label and row[label] >= threshold:
            found.append(index)
    return found


def part(count, classes=3, first=0):
    """`count` images of each class, all different; those of a `first` that is larger by all of them are others."""
    labels = np.repeat(np.arange(classes, dtype=np.int32), count)
    values = first + np.arange(len(labels))
    images = np.stack([values % 256, values // 256, values % 7, values % 5], axis=1).astype(np.uint8)
    return subsets.Part(tuple(f"train/{i:04d}" for i in values), labels, images.reshape(-1, 2, 2, 1))

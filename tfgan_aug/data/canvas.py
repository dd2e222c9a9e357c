"""What the built-in sets draw with: a random stream for each image, and masks with smooth edges. Makes no file."""

from collections.abc import Mapping

import numpy as np
from PIL import Image

OVERSAMPLING = 4  # Masks are drawn this much larger and averaged: Pillow's own edges are jagged.

# Part of every random stream: appending is safe, renumbering changes all images.
_SPLIT_NUMBERS = {"train": 0, "test": 1}


def random_stream(
    split_sizes: Mapping[str, int], classes: int, split: str, label: int, index: int, seed: int, channels: int
) -> np.random.Generator:
    """Returns the random numbers of one image: other ones for every (seed, split, label, index).

    Raises `ValueError` for a split, label, index or number of channels that does not exist.
    """
    if split not in split_sizes:
        raise ValueError(f"split is {split!r}, expected one of {', '.join(split_sizes)}")
    if not 0 <= label < classes:
        raise ValueError(f"label is {label}, expected 0 to {classes - 1}")
    if not 0 <= index < split_sizes[split]:
        raise ValueError(f"index is {index}, expected 0 to {split_sizes[split] - 1} in split {split}")
    if channels not in (1, 3):
        raise ValueError(f"channels is {channels}, expected 1 or 3")
    stream = np.random.SeedSequence([seed, _SPLIT_NUMBERS[split], int(label), int(index)])
    return np.random.Generator(np.random.PCG64(stream))


def coverage(mask: Image.Image) -> np.ndarray:
    """Returns the coverage of each pixel, float (H, W) in [0, 1], by a mask `OVERSAMPLING` times as large."""
    return np.asarray(mask.reduce(OVERSAMPLING), dtype=np.float64) / 255

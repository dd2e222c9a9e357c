"""What an eye sees first in a set of generated images, as numbers: a chequered pattern, and too strong colours.

Makes no file. Images are uint8 (N, H, W, C).
"""

import numpy as np


def pattern(images: np.ndarray) -> float:
    """The energy of stripes that are a pixel wide, divided by that of slightly wider ones; about 1 without a pattern.

    In the spectra of grey rows and columns: the highest frequency beside the three below it. Layers that double the
    sides of an image in even and odd places apart leave their pattern there, whatever the images show.
    """
    grey = np.asarray(images, np.float64).mean(axis=-1)
    ratios = []
    for axis in (1, 2):
        energy = np.moveaxis(np.abs(np.fft.fft(grey, axis=axis)) ** 2, axis, 0).mean(axis=(1, 2))
        highest = len(energy) // 2
        ratios.append(energy[highest] / energy[highest - 3 : highest].mean())
    return float(np.mean(ratios))


def saturation(images: np.ndarray) -> float:
    """The mean difference of a pixel's strongest and weakest channel, in [0, 1]: 0 for grey images."""
    images = np.asarray(images)
    return float((images.max(axis=-1) / 255 - images.min(axis=-1) / 255).mean())


def extremes(images: np.ndarray) -> float:
    """The share of values within 1 % of black or white, in [0, 1]: many where colours are driven too far."""
    images = np.asarray(images)
    return float(((images < 0.01 * 255) | (images > 0.99 * 255)).mean())

"""Which draws are too close to a training image: the optional screen before the verdicts. Makes no file.

Everything here is selection, so it knows the training images and the judge's features alone. How many near-copies are
left is reported with the features of another network (see the experiments' `measures`).
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfgan_aug.evaluation import copying, features


class Screen:
    """A function (images uint8 (N, H, W, C)) -> bool (N,): which are too close to one of the training images `train`.

    Too close is nearer than the `quantile` of the training images' distances to each other, in one of `spaces`, some of
    "pixels" and "features". `members` are the judge's classifiers: their features are compared.
    """

    def __init__(self, train: np.ndarray, members: Sequence[Any], spaces: Sequence[str], quantile: float):
        self._spaces = {}
        for space in spaces:
            network = features.Network("judge", members) if space == "features" else None
            known = _values(network, train)
            self._spaces[space] = network, known, copying.threshold(known, quantile)
        self._seen: dict[bytes, np.ndarray] = {}

    def __call__(self, images: np.ndarray) -> np.ndarray:
        # A block is asked for once by the filling and again by each variant that selects from it.
        key = hashlib.sha256(np.ascontiguousarray(images).tobytes()).digest()
        if key not in self._seen:
            self._seen[key] = np.any([np.zeros(len(images), bool), *self.by_space(images).values()], axis=0)
        return self._seen[key]

    def by_space(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Returns {space: bool (N,), which images uint8 (N, H, W, C) are too close by it}."""
        return {
            space: copying.near_copies(known, _values(network, images), limit)
            for space, (network, known, limit) in self._spaces.items()
        }


def _values(network: features.Network | None, images: np.ndarray) -> np.ndarray:
    """Returns the features of images by a network, float32 (N, D); without one their pixels."""
    return network(images).values if network else np.asarray(images, np.float32).reshape(len(images), -1)

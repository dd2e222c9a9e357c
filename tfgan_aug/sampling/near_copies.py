"""Which draws are too close to a training image: the optional screen before the verdicts. Makes no file.

Everything here is selection, so it knows the training images and the judge's features (`features.Network` "judge")
alone; how many copies are left is reported with other features, see `measures`.
"""

import hashlib

import numpy as np

from tfgan_aug.evaluation import copying, features


class Screen:
    """(images uint8 (N, H, W, C)) -> bool (N,): nearer to a training image than the `quantile` of those are to another.

    `spaces` are some of "pixels" and "features"; near in one of them is enough. `members` are the judge's classifiers.
    """

    def __init__(self, train, members, spaces, quantile):
        self._spaces = []
        for space in spaces:
            network = features.Network("judge", members) if space == "features" else None
            known = self._values(network, train)
            self._spaces.append((network, known, copying.threshold(known, quantile)))
        self._seen = {}

    @staticmethod
    def _values(network, images):
        return network(images).values if network else np.asarray(images, np.float32).reshape(len(images), -1)

    def __call__(self, images):
        # A block is asked for once by the filling and again by each variant that selects from it.
        key = hashlib.sha256(np.ascontiguousarray(images).tobytes()).digest()
        if key not in self._seen:
            near = np.zeros(len(images), bool)
            for network, known, limit in self._spaces:
                near |= copying.near_copies(known, self._values(network, images), limit)
            self._seen[key] = near
        return self._seen[key]

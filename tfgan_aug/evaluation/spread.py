"""How much the generated images of a class vary beside its real ones: finds a GAN that draws one picture over and over.

And one that draws no picture at all: before it has learnt anything its images are all but grey.

Makes no file.
"""

import dataclasses

import numpy as np

from tfgan_aug.evaluation import distances

# Of the mean distance between two real images: nearer ones are the same picture to the eye.
_SAME = 0.1
# A generator that starts from two or three real images has distances of about a half, without a repeat.
_LOW_DISTANCE, _MANY_REPEATS = 0.25, 0.9
# Of the real images' contrast. DCGANs after one step had less than a hundredth, GANs that were trained 0.53 or more.
_GREY = 0.1


@dataclasses.dataclass(frozen=True)
class Spread:
    """The variety of a class's generated images.

    `distance`: the mean distance between two of them, divided by that between two real images of the class; 1 where
    they vary as much. `repeats`: the share of them that have another one within a tenth of that real distance.
    `contrast`: the mean standard deviation within one of them, divided by that within a real image.
    """

    distance: float
    repeats: float
    contrast: float = 1.0

    @property
    def low(self) -> bool:
        """Whether the class has collapsed: hardly more than one picture, or nearly every one comes again."""
        return self.distance < _LOW_DISTANCE or self.repeats > _MANY_REPEATS

    @property
    def grey(self) -> bool:
        """Whether there is no picture in them: hardly any contrast beside the real images'."""
        return self.contrast < _GREY


def of_class(real: np.ndarray, generated: np.ndarray) -> Spread | None:
    """The `Spread` of features (N, D) or images (N, ...) of one class; None for fewer than two of a kind.

    And None where all real ones are the same: there is nothing to compare with.
    """
    if min(len(real), len(generated)) < 2 or not (whole := _mean_distance(real)):
        return None
    nearest, _ = distances.nearest(generated, generated, leave_one_out=True)
    repeats = float((nearest[:, 0] < _SAME * whole).mean())
    known = _contrast(real)
    return Spread(_mean_distance(generated) / whole, repeats, _contrast(generated) / known if known else 1.0)


def _contrast(values: np.ndarray) -> float:
    """The mean standard deviation within a row."""
    return float(values.reshape(len(values), -1).std(axis=1, dtype=np.float64).mean())


def _mean_distance(values: np.ndarray) -> float:
    """The mean distance between two different rows."""
    values = distances.vectors("images", values)
    total = sum(np.sqrt(squares).sum() for _, _, squares in distances.blocks(values, values))
    return float(total / (len(values) * (len(values) - 1)))

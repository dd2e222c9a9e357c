"""How an image of any size and mode becomes a square of one size, grey or RGB.

Makes no file.
"""

import dataclasses
import difflib

import numpy as np
from PIL import Image

from tfgan_aug.core import checks
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import colours

FILTERS = {filter_.name.lower(): filter_ for filter_ in Image.Resampling}  # nearest, box, bilinear, hamming, ...
WAYS = ("crop", "stretch", "pad")


@dataclasses.dataclass(frozen=True)
class Fitting:
    """Fits images to uint8 (`image_size`, `image_size`, `channels`), resized with the filter named `resize_filter`.

    `way`, of `WAYS`, is what happens to an image that is no square. `white_level` is the value that becomes 255 in grey
    images of more than 8 bits; 0: the largest that their files can hold.
    """

    image_size: int
    channels: int
    resize_filter: str
    way: str = "crop"
    white_level: float = 0.0

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.image_size, self.image_size, self.channels

    @property
    def not_default(self) -> tuple[str, ...]:
        """What earlier versions did not know, where it is not as they did it."""
        known = {"fit=crop": f"fit={self.way}", "white_level=0": f"white_level={self.white_level:g}"}
        return tuple(own for default, own in known.items() if own != default)

    def fit(self, image: Image.Image) -> np.ndarray:
        """The Pillow image as uint8 of `shape`, RGB or grey.

        First `colours.plain`; then colours become RGB or, for one channel, brightness (ITU-R 601). An image that is no
        square is cut to the largest centred one (`crop`), distorted to one (`stretch`) or laid on a black one (`pad`).
        What has the size already is left alone, anything else resized with the filter, which averages where it shrinks
        (all but nearest).
        """
        image, _ = colours.plain(image)
        image = image.convert("L" if self.channels == 1 else "RGB")
        size = self._inner(*image.size)
        if self.way == "crop":
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            if image.size != (side, side):
                image = image.crop((left, top, left + side, top + side))
        if image.size != size:
            image = image.resize(size, FILTERS[self.resize_filter])
        pixels = np.zeros(self.shape, np.uint8)
        top, left = ((self.image_size - side) // 2 for side in (image.height, image.width))
        pixels[top : top + image.height, left : left + image.width] = np.asarray(image).reshape(*size[::-1], -1)
        return pixels

    def _inner(self, width, height):
        """(width, height) in the square of an image of that size: all of it, unless it is padded."""
        if self.way != "pad":
            return self.image_size, self.image_size
        longest = max(width, height)
        # A line of 1 x 1000 pixels stays one pixel wide.
        return tuple(max(1, round(side * self.image_size / longest)) for side in (width, height))


def check(fitting: Fitting) -> None:
    """Raises UserError, naming the option, for a size, a number of channels, a filter or a way that there is not."""
    numbers = {"image_size": checks.image_sizes, "white_level": checks.white_levels}
    for option, own in numbers.items():
        number = getattr(fitting, option)
        if not own.good(number):
            raise UserError(f"--config.{option}: found {number}, expected {own.expected}{own.hint(number)}")
    if fitting.channels not in (1, 3):
        raise UserError(f"--config.channels is {fitting.channels}, expected 1 or 3")
    for option, value, known in (
        ("resize_filter", fitting.resize_filter, sorted(FILTERS)), ("fit", fitting.way, WAYS)
    ):  # fmt: skip
        if value not in known:
            near = difflib.get_close_matches(str(value), known, n=1)
            hint = f" (nearest: {near[0]})" if near else ""
            raise UserError(f"--config.{option} is {value!r}{hint}, expected one of {', '.join(known)}")

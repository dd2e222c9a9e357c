"""How an image of any size and mode becomes a square of one size, grey or RGB.

Makes no file.
"""

import dataclasses

import numpy as np
from PIL import Image

FILTERS = {filter_.name.lower(): filter_ for filter_ in Image.Resampling}  # nearest, box, bilinear, hamming, ...


@dataclasses.dataclass(frozen=True)
class Fitting:
    """Fits images to uint8 (`image_size`, `image_size`, `channels`), resized with the filter named `resize_filter`."""

    image_size: int
    channels: int
    resize_filter: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.image_size, self.image_size, self.channels

    def fit(self, image: Image.Image) -> np.ndarray:
        """The Pillow image as uint8 of `shape`, RGB or grey.

        In this order: 16-bit grey is scaled to 8 bits (65535 becomes 255); what is transparent is laid over white;
        colours become RGB or, for one channel, brightness (ITU-R 601); the largest centred square is cut out; that
        square is left alone if it fits, else resized with the filter, which averages where it shrinks (all but
        nearest).
        """
        if image.mode.startswith("I"):
            levels = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
            image = Image.fromarray(((levels * 255 + 32767) // 65535).astype(np.uint8))
        elif image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        elif image.mode not in ("L", "RGB", "1"):
            image = image.convert("RGB")  # Palettes, CMYK and YCbCr: not all of them have a direct way to "L".
        image = image.convert("L" if self.channels == 1 else "RGB")
        width, height = image.size
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        if width != height:
            image = image.crop((left, top, left + side, top + side))
        if side != self.image_size:
            image = image.resize((self.image_size, self.image_size), FILTERS[self.resize_filter])
        return np.asarray(image, dtype=np.uint8).reshape(self.shape)

"""Image files, decoded: which formats are read, and what is wrong with a file that cannot be.

Makes no file. Every image file of a source is opened here, whichever kind of source names it.
"""

import os
import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from tfgan_aug.core.errors import UserError
from tfgan_aug.data.fitting import Fitting

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp")

# A fixed list: Pillow would open dozens of other formats under these extensions. Files of many phones, MPO, are JPEG.
_FORMATS = ("JPEG", "PNG", "WEBP")
# What 40,000 damaged files made Pillow raise, "not an image" being an OSError, and two more that decoders may raise.
_BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
_THREADS = min(8, os.cpu_count() or 1)
_BLOCK = 256  # Files in flight at once: `Executor.map` would queue the whole folder and hold every result.


def faults(paths: Sequence[Path]) -> dict[Path, str]:
    """{path: why it cannot be used} of those files that cannot. Decodes each file once, whole."""
    # The filter belongs to the process, not to a thread: set here, it also holds in the pool's threads.
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        reasons = list(_mapped(_fault, paths))
    return {path: reason for path, reason in zip(paths, reasons, strict=True) if reason}


def read(paths: Sequence[Path], fitting: Fitting) -> Iterator[np.ndarray]:
    """Yields the images in these files, fitted, in that order; raises UserError for a file that no longer decodes."""

    def load(path):
        try:
            return fitting.fit(_decoded(path))
        except _BROKEN as error:
            raise UserError(f"{path} no longer decodes ({_reason(error)}): it was readable at the start") from error

    return _mapped(load, paths)


def _decoded(path):
    """The whole image, turned upright as its EXIF orientation says."""
    with Image.open(path, formats=_FORMATS) as image:
        image.load()
        return ImageOps.exif_transpose(image)


def _reason(error):
    # Pillow repeats the path in its message; it is named once, in front.
    return "not an image" if isinstance(error, Image.UnidentifiedImageError) else " ".join(str(error).split())


def _fault(path):
    """Why the file cannot be used, or None."""
    try:
        _decoded(path)
    except _BROKEN as error:
        return _reason(error) or type(error).__name__
    return None


def _mapped(function: Callable, items: Sequence[Any]) -> Iterator[Any]:
    """`map(function, items)` in threads, in order, with a bounded number of results in memory."""
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(items), _BLOCK):
            yield from pool.map(function, items[start : start + _BLOCK])

"""Image files, decoded: which formats are read, what was met in them, and what is wrong with those that are not read.

Makes no file. Every image file of a source is opened here, whichever kind of source names it.
"""

import io
import os
import stat
import struct
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import colours, paths
from tfgan_aug.data.fitting import Fitting
from tfgan_aug.data.surveys import Kind, Seen

EXTENSIONS = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif",
    ".ppm", ".pgm", ".pbm", ".pnm",
)  # fmt: skip
# A fixed list: Pillow would open dozens of other formats under these extensions. Files of many phones, MPO, are JPEG.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
# Files that systems leave behind, beside those whose names start with a full stop.
_SYSTEM_FILES = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r")
# What 40,000 damaged files made Pillow raise, "not an image" being an OSError, and two more that decoders may raise.
_BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
_THREADS = min(8, os.cpu_count() or 1)
_BLOCK = 256  # Files in flight at once: `Executor.map` would queue the whole folder and hold every result.
_ORIENTATION, _BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 274, 258, 262, 339  # TIFF tags; the first is EXIF's, too.
_GREY_STEPS = {"L;2": 85, "L;4": 17}
# Of the values that 16 bits can hold. Twelve bits in sixteen reach a sixteenth: all images would be black.
_DARK = 1 / 8


def is_image(path: Path) -> bool:
    """Whether the file's ending is one of `EXTENSIONS`, and its name not that of a file of the system."""
    return path.suffix.lower() in EXTENSIONS and not is_system_file(path)


def is_system_file(path: Path) -> bool:
    """Whether a file is hidden, or one that Windows or macOS leaves in folders."""
    return path.name.startswith(".") or path.name.lower() in _SYSTEM_FILES


class Files:
    """Image files, each decoded once, whole, to prove that it can be.

    `faults` is {path: why it cannot be used} of those that cannot. Raises UserError for files of 16 bits that are all
    nearly black.
    """

    def __init__(self, paths: Sequence[Path], fitting: Fitting):
        self._fitting = fitting
        self.faults: dict[Path, str] = {}
        self._seen: dict[Path, Seen] = {}
        kinds: dict[Kind, Kind] = {}  # One object for equal ones: there may be a million files.

        def look(path):
            try:
                _, seen = _decoded(path, fitting)
            except _BROKEN as error:
                return _reason(path, error)
            return seen

        # The filter belongs to the process, not to a thread: set here, it also holds in the pool's threads.
        with warnings.catch_warnings():
            # Of tags and chunks that are damaged beside sound pixels.
            warnings.simplefilter("ignore", UserWarning)
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            for path, found in zip(paths, _mapped(look, paths), strict=True):
                if isinstance(found, str):
                    self.faults[path] = found
                else:
                    self._seen[path] = found._replace(kind=kinds.setdefault(found.kind, found.kind))
        self._check_light()

    def seen(self, paths: Iterable[Path]) -> Iterator[Seen]:
        """Yields what was seen of these files, none of them in `faults`."""
        return (self._seen[path] for path in paths)

    def read(self, paths: Sequence[Path]) -> Iterator[np.ndarray]:
        """Yields the images in these files, fitted, in that order; raises UserError for one that no longer decodes."""

        def load(path):
            try:
                return self._fitting.fit(_decoded(path, self._fitting)[0])
            except _BROKEN as error:
                raise UserError(
                    f"{path} no longer decodes ({_reason(path, error)}): it was readable at the start"
                ) from error

        return _mapped(load, paths)

    def _check_light(self):
        deep = {path: seen for path, seen in self._seen.items() if seen.kind.depth == 16}
        if self._fitting.white_level or not deep:
            return
        path, brightest = max(deep.items(), key=lambda item: item[1].peak)
        if brightest.peak >= _DARK:
            return
        highest = round(brightest.peak * 65535)
        bits = max(1, highest.bit_length())
        grey = brightest.kind.mode.startswith("I")
        expected = f"what is white, such as {2**bits - 1} ({bits} bits)" if grey else "files of 8 bits"
        raise UserError(
            f"--config.white_level: the brightest value in all files of 16 bits ({len(deep):,}) is {highest:,} of "
            f"65,535 (in {path}), so they would be nearly black; expected {expected}, or 65535 to keep them so dark"
        )


def of_array(pixels: np.ndarray, encoded: bytes) -> tuple[Image.Image, Seen]:
    """As for a file: the image, upright, in mode L or RGB, and what was seen of it.

    `pixels` uint8 (H, W, C) are those of the file `encoded`, decoded by TensorFlow, which leaves orientation and colour
    profile aside.
    """
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    kind, mode, depth, done = "", image.mode, 8, []
    try:
        with Image.open(io.BytesIO(encoded), formats=_FORMATS) as header:
            kind, depth = header.format or "", _depth(header)
            if header.info.get("icc_profile"):
                image.info["icc_profile"] = header.info["icc_profile"]
            # A PNG is decoded to find its EXIF data.
            if any(mark in encoded for mark in (b"Exif", b"eXIf", b"tiff:Orientation")) and _orientation(header) != 1:
                image.getexif()[_ORIENTATION] = _orientation(header)
                image, done = ImageOps.exif_transpose(image), ["turned upright"]
    except _BROKEN:
        pass  # TensorFlow reads what Pillow does not.
    plain, words = colours.plain(image)
    peak = float(np.max(plain.getextrema())) / 255
    return plain, Seen(Kind(kind, mode, depth, (*done, *words)), *plain.size, peak)


def _decoded(path: Path, fitting: Fitting) -> tuple[Image.Image, Seen]:
    """(the first image of the file, upright as its EXIF orientation says, in mode L or RGB; what was seen of it)."""
    # What lies in a pipe or a device may never end.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError("no regular file")
    with Image.open(path, formats=_FORMATS) as image:
        mode, scale, depth, raw = image.mode, _scale(image, fitting.white_level), _depth(image), _raw_mode(image)
        # Asked for here: loading a TIFF turns it upright and forgets that it did.
        turned = image.format == "TIFF" and _orientation(image) != 1
        image.load()
        done = ["turned upright"] if turned or _orientation(image) != 1 else []
        upright = ImageOps.exif_transpose(image)
        several = image.format != "MPO" and _several(image)
        kind_of_file = image.format or ""
    if (transparent := upright.info.get("transparency")) is not None:
        # Pillow brings pixels of 2, 4 and 16 bits to 8, but not the one that is transparent.
        if raw in _GREY_STEPS:
            upright.info["transparency"] = transparent * _GREY_STEPS[raw]
        elif depth == 16 and isinstance(transparent, tuple):
            upright.info["transparency"] = tuple(value >> 8 for value in transparent)
    plain, words = colours.plain(upright, scale)
    done += [*words, *(["first of several frames"] if several else [])]
    kind = Kind(kind_of_file, mode, depth, tuple(done))
    return plain, Seen(kind, *plain.size, _peak(upright, plain, depth, scale))


def _peak(upright, plain, depth, scale):
    """The brightest value, 1 being white; exact where there are more than 8 bits."""
    if upright.mode.startswith(("I", "F")):
        values = np.asarray(upright)
        return float(1 - values.min() / scale.white if scale.inverted else values.max() / scale.white)
    highest = int(np.max(plain.getextrema()))
    # Colours of 16 bits whose lower 8 are gone: the most that they can have been.
    return (highest * 256 + 255) / 65535 if depth == 16 else highest / 255


def _orientation(image):
    found = image.getexif().get(_ORIENTATION, 1)
    return found if found in range(2, 9) else 1


def _several(image):
    try:
        return bool(getattr(image, "is_animated", False))
    except _BROKEN:
        return False  # Damage behind the first frame, which is all that is wanted.


def _tag(image, number):
    """The values of a TIFF's tag, as a tuple; empty for other formats."""
    found = image.tag_v2.get(number, ()) if image.format == "TIFF" else ()
    return found if isinstance(found, tuple) else (found,)


def _depth(image):
    """Bits a channel, as they are in the file."""
    if image.mode == "1":
        return 1
    if image.mode.startswith("I;16"):
        return 12 if _tag(image, _BITS) == (12,) else 16
    if image.mode in ("I", "F"):
        return 16 if image.format in ("PNG", "PPM") and image.mode == "I" else max(_tag(image, _BITS), default=32)
    if image.format == "PPM":
        largest = image.tile[0][3]
        return 16 if isinstance(largest, tuple) and largest[1:] and largest[1] > 255 else 8
    return 16 if ";16" in _raw_mode(image) and image.format != "BMP" else 8


def _raw_mode(image):
    """How Pillow calls the pixels in the file, such as RGB;16B; its own mode, RGB, does not tell their depth."""
    found = image.tile[0][3] if image.tile else ""
    return str(found[0] if isinstance(found, tuple) and found else found)


def _scale(image, white_level):
    """What values mean that have more than 8 bits; raises `colours.Refused` for signed ones that look like unsigned."""
    deep = image.mode.startswith(("I", "F"))
    if not deep and 2 in _tag(image, _SAMPLE_FORMAT):
        raise colours.Refused("signed values of 8 bits, expected unsigned ones")
    if not deep and white_level not in (0, 65535) and _depth(image) == 16:
        raise colours.Refused(
            f"colours of 16 bits, of which the upper 8 are read: --config.white_level={white_level:g} "
            "is for grey ones; expected colours of 8 bits"
        )
    white = white_level or None
    if white is None and image.mode.startswith("I;16"):
        white = 4095 if _depth(image) == 12 else 65535
    elif white is None and image.mode == "I" and image.format in ("PNG", "PPM"):
        white = 65535
    # Pillow turns white-is-zero round itself where there are 8 bits or fewer.
    return colours.Scale(white, inverted=deep and _tag(image, _PHOTOMETRIC) == (0,))


def _reason(path, error):
    if isinstance(error, Image.UnidentifiedImageError):
        # Pillow says the same of a damaged header and of a TIFF whose kind it does not know.
        with open(path, "rb") as file:
            tiff = file.read(2) in (b"II", b"MM")
        return "not an image" + (", or a TIFF of another kind than 1 to 4 channels of 8 or 16 bits" if tiff else "")
    # The path is named once, in front.
    return paths.reason(error) or type(error).__name__


def _mapped(function: Callable, items: Sequence[Any]) -> Iterator[Any]:
    """`map(function, items)` in threads, in order, with a bounded number of results in memory."""
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(items), _BLOCK):
            yield from pool.map(function, items[start : start + _BLOCK])

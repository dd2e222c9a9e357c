"""How pixels of any mode and depth become grey or RGB of 8 bits.

Makes no file. What has no known meaning as 8 bits is refused, never clipped.
"""

import dataclasses
import functools
import io
from typing import Any

import numpy as np
from PIL import Image

BLANK = "wholly transparent, so blank"
_SAME = 3  # Grey levels: a colour profile that changes none by more is sRGB, as its maker rounded it.
_PROFILES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}  # {mode: the colour space of a profile that fits it}


class Refused(ValueError):
    """Pixels whose meaning as 8 bits is not known; the message says which, and what helps."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """What the values of a grey image of more than 8 bits mean.

    `white` becomes 255, 0 becomes 0; None where it is not known. With `inverted` it is 0 that is white.
    """

    white: float | None = 65535
    inverted: bool = False


def plain(image: Image.Image, scale: Scale | None = None) -> tuple[Image.Image, tuple[str, ...]]:
    """(the Pillow image in mode L or RGB, what was done to it, in words).

    In this order: grey of more than 8 bits is scaled as `scale` says, by default so that 65535 becomes 255; colours
    with an ICC profile that fits become sRGB; palettes, CMYK and all other modes become RGB; what is transparent is
    laid over white. Raises `Refused` for values outside the scale or without one.
    """
    done = []
    if image.mode.startswith(("I", "F")):
        image, words = _eight_bits(image, scale or Scale())
        done.append(words)
    alpha = None
    if image.has_transparency_data:
        grey = image.mode in ("L", "LA", "La", "1")
        with_alpha = image.convert("RGBA")
        alpha = with_alpha.getchannel("A")
        colours = with_alpha.convert("L" if grey else "RGB")
    else:
        colours = _base(image)
    if colours.mode != image.mode and image.mode not in ("RGBA", "LA", "1"):
        done.append(f"from mode {image.mode} to {colours.mode}")
    colours, words = _as_srgb(colours, image.info.get("icc_profile"))
    done += words
    if alpha is not None and (opacity := np.asarray(alpha)).min() < 255:
        done.append(BLANK if opacity.max() == 0 else "laid over white where transparent")
        colours = colours.convert("RGB")
        colours.putalpha(alpha)
        colours = Image.alpha_composite(Image.new("RGBA", image.size, "white"), colours).convert("RGB")
    return colours, tuple(done)


def _base(image):
    """An image without transparency in a mode that profiles know: L, RGB, CMYK or LAB."""
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _eight_bits(image, scale):
    values, white = np.asarray(image), scale.white
    low, high = values.min(), values.max()
    found = f"values from {low:g} to {high:g} (mode {image.mode})"
    if white is None:
        raise Refused(f"{found}, and which of them is white is not known; say it with --config.white_level")
    # Not "low < 0 or high > white": that takes NaN.
    if not (low >= 0 and high <= white):
        raise Refused(f"{found}, expected 0 to {white:g}, which is white; --config.white_level changes that")
    levels = np.floor(values * np.float32(255 / white) + np.float32(0.5)).astype(np.uint8)
    if scale.inverted:
        levels = 255 - levels
    if (transparent := image.info.get("transparency")) is not None:
        levels[values == transparent] = 255
    return Image.fromarray(levels), f"scaled to 8 bits ({white:g} is {'black' if scale.inverted else 'white'})"


def _as_srgb(image, profile):
    """(the image in sRGB, mode L or RGB, [what was done])."""
    done: list[str] = []
    if profile or image.mode == "LAB":
        transform, words = _transform(profile if image.mode != "LAB" else b"", image.mode)
        done += [words] if words else []
        if transform:
            mode = "L" if image.mode == "L" else "RGB"
            image = transform.apply(image).convert(mode)
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
        done.append("from mode CMYK to RGB without a profile")
    return image, done


@functools.lru_cache(64)
def _transform(profile: bytes, mode: str) -> tuple[Any, str]:
    """(what turns the profile's colours into sRGB, in words); (None, ...) where that is not wanted or not possible."""
    from PIL import ImageCms

    try:
        srgb = ImageCms.createProfile("sRGB")
        own: Any = ImageCms.createProfile("LAB") if mode == "LAB" else ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if mode != "LAB" and own.profile.xcolor_space != _PROFILES[mode]:
            return None, f"colour profile left aside, made for {own.profile.xcolor_space.strip()}"
        transform = ImageCms.buildTransform(own, srgb, mode, "RGB", flags=ImageCms.Flags.NOCACHE)
        name = "Lab" if mode == "LAB" else " ".join(ImageCms.getProfileDescription(own).split()) or "an unnamed profile"
    # ImportError: a Pillow without LittleCMS.
    except (ImageCms.PyCMSError, OSError, ImportError) as error:
        if mode == "LAB":
            raise Refused(f"mode LAB, which cannot be converted here ({error})") from error
        return None, "colour profile left aside, unreadable"
    if mode in ("L", "RGB") and _changes(transform, mode) <= _SAME:
        return None, ""
    return transform, f"from {name} to sRGB"


def _changes(transform, mode):
    """The largest change of a grey level that a transform makes."""
    steps = np.arange(0, 256, 51 if mode == "RGB" else 1, dtype=np.uint8)
    probes = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3) if mode == "RGB" else steps[None]
    converted = np.asarray(transform.apply(Image.fromarray(probes)), int)
    return np.abs(converted - (probes if mode == "RGB" else probes[..., None])).max()

"""Pixel arithmetic, PNG and image grids: the only place where uint8 meets [-1, 1].

Artefact: PNG grids (`save_grid`).
"""

import io
import pathlib
import textwrap
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image, ImageDraw


def to_float(images: npt.ArrayLike) -> tf.Tensor:
    """Images in [-1, 1], float32, of the same shape: 0 maps to -1 and 255 to 1.

    `images` is uint8 of any shape.
    """
    return tf.cast(images, tf.float32) * (1.0 / 127.5) - 1.0


def to_uint8(images: npt.ArrayLike) -> tf.Tensor:
    """Images in 0 to 255, uint8, of the same shape, rounded to the nearest level and clipped.

    `images` is floating point in [-1, 1]; what lies outside is clipped. Inverse of `to_float`.
    """
    levels = tf.round((tf.cast(images, tf.float32) + 1.0) * 127.5)
    return tf.cast(tf.clip_by_value(levels, 0.0, 255.0), tf.uint8)


def encode_png(images: npt.ArrayLike) -> np.ndarray:
    """The bytes of a PNG file of each image, as an object array (N,): images uint8 (N, H, W, C), C 1 or 3; or of one.

    The same for the same image. Not compressed: natural images of 32 x 32 pixels would shrink by 27 %, and take twice
    as long to encode and one and a half times as long to decode, in every epoch of every training that reads them.
    """
    return tf.io.encode_png(images, compression=0).numpy()


def decode_png(png: bytes) -> np.ndarray:
    """The image, uint8 (H, W, C), of the bytes of a PNG file; inverse of `encode_png`."""
    image = np.asarray(Image.open(io.BytesIO(png)))
    return image if image.ndim == 3 else image[..., None]


def grid(
    rows: Sequence[np.ndarray], labels: Sequence[str] = (), scale: int = 2, gap: int = 2, title: str = ""
) -> np.ndarray:
    """One uint8 image (height, width, 3): a row of tiles for each entry of `rows`, its label at the left.

    `rows` is a sequence of uint8 arrays (n, H, W, C) with C 1 or 3; rows may differ in n. `scale` enlarges
    each pixel, `gap` is the white space between tiles, in pixels of the result. A `title` stands above, in lines.
    """
    height, width = rows[0].shape[1] * scale, rows[0].shape[2] * scale
    left = 8 + max((7 * len(text) for text in labels), default=-8)
    columns = max(len(row) for row in rows)
    across = left + columns * (width + gap)
    lines = textwrap.wrap(title, max(20, (across - 8) // 7))
    above = 14 * len(lines)
    canvas = Image.new("RGB", (across, above + len(rows) * (height + gap)), "white")
    draw = ImageDraw.Draw(canvas)
    for number, line in enumerate(lines):
        draw.text((4, 14 * number), line, fill="black")
    for y, row in enumerate(rows):
        top = above + y * (height + gap)
        if y < len(labels):
            draw.text((4, top + height // 2 - 6), labels[y], fill="black")
        for x, image in enumerate(np.asarray(row)):
            tile = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).convert("RGB")
            canvas.paste(tile.resize((width, height), Image.Resampling.NEAREST), (left + x * (width + gap), top))
    return np.asarray(canvas)


def save_grid(
    path: str | pathlib.Path, rows: Sequence[np.ndarray], labels: Sequence[str] = (), scale: int = 2, title: str = ""
) -> None:
    """Writes `grid(rows, labels, scale, title=title)` to `path` as a PNG file."""
    Image.fromarray(grid(rows, labels, scale, title=title)).save(path)

"""shapes10: ten classes of small images drawn on demand: a data set that needs no download.

Makes no file. A class is a shape. Colours, background, texture, position, size, rotation, stray marks and noise vary
within a class and say nothing about it. The shape always fills 55 to 85 % of the image's side and stands out from its
background in brightness, so that a narrow GAN can learn it from a hundred images a class and grey images remain
solvable.
"""

import math

import numpy as np
from PIL import Image, ImageDraw

from tfgan_aug.data import canvas

CLASS_NAMES = ("arrow", "circle", "crescent", "cross", "heart", "hexagon", "ring", "square", "star", "triangle")
SPLIT_SIZES = {"train": 1000, "test": 300}  # Images a class.
VERSION = "1.0.0"  # To be raised whenever a pixel of any image changes.
DESCRIPTION = "Images of ten shapes in varied colours, textures, places and sizes, drawn by tfgan_aug."

_LUMA = np.array([0.299, 0.587, 0.114])


def _regular(corners, inner=None):
    """Corners of a regular polygon that points up; with `inner`, of a star whose notches lie at that radius."""
    steps = corners if inner is None else 2 * corners
    radii = [1.0 if inner is None or step % 2 == 0 else inner for step in range(steps)]
    return [
        (radius * math.sin(2 * math.pi * step / steps), -radius * math.cos(2 * math.pi * step / steps))
        for step, radius in enumerate(radii)
    ]


def _heart():
    """The usual heart curve, scaled to [-1, 1]."""
    angles = [2 * math.pi * step / 60 for step in range(60)]
    return [
        (
            math.sin(t) ** 3,
            -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16 - 0.1,
        )
        for t in angles
    ]


_POLYGONS = {
    "arrow": [(-1, -0.3), (0, -0.3), (0, -0.85), (1, 0), (0, 0.85), (0, 0.3), (-1, 0.3)],
    "cross": [
        (-0.33, -1), (0.33, -1), (0.33, -0.33), (1, -0.33), (1, 0.33), (0.33, 0.33),
        (0.33, 1), (-0.33, 1), (-0.33, 0.33), (-1, 0.33), (-1, -0.33), (-0.33, -0.33),
    ],
    "heart": _heart(),
    "hexagon": _regular(6),
    "square": [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
    "star": _regular(5, inner=0.42),
    "triangle": [(0, -0.95), (1, 0.8), (-1, 0.8)],
}  # fmt: skip


def _shape_mask(name, rng, image_size):
    """Coverage of each pixel by the shape: float (image_size, image_size) in [0, 1]."""
    side = image_size * canvas.OVERSAMPLING
    radius = rng.uniform(0.55, 0.85) / 2
    slack = 0.48 - radius
    centre = 0.5 + rng.uniform(-slack, slack, size=2)
    angle = math.radians(rng.uniform(-25, 25))
    squeeze = rng.uniform(0.88, 1.0)  # One axis shortened: no two outlines are the same up to scale.
    hole, bite = rng.uniform(0.42, 0.6), rng.uniform(0.45, 0.6)

    def place(points):
        cosine, sine = math.cos(angle), math.sin(angle)
        return [
            (
                (centre[0] + radius * (x * squeeze * cosine - y * sine)) * side,
                (centre[1] + radius * (x * squeeze * sine + y * cosine)) * side,
            )
            for x, y in points
        ]

    mask = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(mask)
    if name in _POLYGONS:
        pen.polygon(place(_POLYGONS[name]), fill=255)
    else:
        disc = _regular(72)
        pen.polygon(place(disc), fill=255)
        if name == "ring":
            pen.polygon(place([(hole * x, hole * y) for x, y in disc]), fill=0)
        elif name == "crescent":
            pen.polygon(place([(0.85 * x + bite, 0.85 * y) for x, y in disc]), fill=0)
    return canvas.coverage(mask)


def _clutter_mask(rng, image_size):
    """Coverage of each pixel by up to four thin strokes and dots: float (image_size, image_size) in [0, 1]."""
    side = image_size * canvas.OVERSAMPLING
    mask = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(mask)
    for _ in range(rng.integers(0, 5)):
        x, y = rng.uniform(0, side, size=2)
        length, angle, width = rng.uniform(0.1, 0.3) * side, rng.uniform(0, 2 * math.pi), rng.uniform(0.02, 0.05) * side
        if rng.random() < 0.5:
            pen.line(
                [x, y, x + length * math.cos(angle), y + length * math.sin(angle)], fill=255, width=max(1, round(width))
            )
        else:
            pen.ellipse([x - width, y - width, x + width, y + width], fill=255)
    return canvas.coverage(mask)


def _colour(rng, low, high):
    """A random colour whose brightness lies between `low` and `high`: float (3,) in [0, 255]."""
    colour = rng.uniform(0, 255, size=3)
    colour += rng.uniform(low, high) - colour @ _LUMA
    for _ in range(8):  # Clipping shifts the brightness; a few rounds bring it back into the band.
        colour = np.clip(colour, 0, 255)
        brightness = colour @ _LUMA
        colour += np.clip(brightness, low, high) - brightness
    return np.clip(colour, 0, 255)


def _painted(rng, colour, image_size, strength):
    """`colour` with a gradient, stripes, checks or nothing over it: float (image_size, image_size, 3)."""
    kind = rng.integers(4)
    angle, period, phase = rng.uniform(0, 2 * math.pi), rng.uniform(0.12, 0.35), rng.uniform(0, 2 * math.pi)
    tint = rng.uniform(-1, 1, size=3)
    tint *= rng.uniform(0.4, 1) * strength / np.abs(tint).max()
    axis = (np.arange(image_size) + 0.5) / image_size - 0.5
    across = axis[None, :] * math.cos(angle) + axis[:, None] * math.sin(angle)
    along = axis[:, None] * math.cos(angle) - axis[None, :] * math.sin(angle)
    if kind == 0:
        pattern = np.zeros_like(across)
    elif kind == 1:
        pattern = across * math.sqrt(2)
    elif kind == 2:
        pattern = np.sin(2 * math.pi * across / period + phase)
    else:
        pattern = np.sin(2 * math.pi * across / period + phase) * np.sin(2 * math.pi * along / period)
    return colour + pattern[..., None] * tint


def draw(split: str, label: int, index: int, seed: int = 0, image_size: int = 32, channels: int = 3) -> np.ndarray:
    """One image: uint8 (image_size, image_size, channels).

    The same arguments give the same bytes; every (seed, split, label, index) has a random stream of its own, so nothing
    but the asked image is drawn and no image of `test` is one of `train`. Another `image_size` shows the same scene
    with other noise; `channels=1` is the brightness of `channels=3`. Raises ValueError for a split, label, index or
    number of channels that does not exist.
    """
    rng = canvas.random_stream(SPLIT_SIZES, len(CLASS_NAMES), split, label, index, seed, channels)
    dark_shape = rng.random() < 0.5
    low, high = _colour(rng, 20, 85), _colour(rng, 170, 235)
    front, back = (low, high) if dark_shape else (high, low)
    image = _painted(rng, back, image_size, strength=38)
    clutter = _clutter_mask(rng, image_size)[..., None]
    image += clutter * (_colour(rng, 20, 235) - image) * 0.6
    shape = _shape_mask(CLASS_NAMES[label], rng, image_size)[..., None]
    image += shape * (_painted(rng, front, image_size, strength=30) - image)
    image += rng.normal(0, rng.uniform(2, 9), size=image.shape)
    image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    if channels == 1:
        return np.asarray(Image.fromarray(image).convert("L"))[..., None]
    return image

"""characters60: sixty handwritten characters of six scripts, drawn on demand: many related classes, few images of each.

Makes no file. A class is a character: two or three strokes, made once at random. An image is how one writer wrote it:
strokes bend, slide, turn, run short or long; the whole is slanted, turned, scaled; pens are thin or thick. So classes
share the ways in which their images differ, as those of real handwriting do.
"""

import functools
import math

import numpy as np
from PIL import Image, ImageDraw

from tfgan_aug.data import canvas

_SCRIPTS, _LETTERS = 6, 10
CLASS_NAMES = tuple(f"script{script}_{letter:02d}" for script in range(_SCRIPTS) for letter in range(_LETTERS))
SPLIT_SIZES = {"train": 25, "test": 50}  # Images a class.
VERSION = "1.0.0"  # To be raised whenever a pixel of any image changes.
DESCRIPTION = "Sixty made-up characters of six scripts, as many writers would write them, drawn by tfgan_aug."

# Of the random stream that the characters are made of, another one than any image's.
_STREAM = 2
_POINTS = 24  # Of the polygon that stands for a stroke.
# The least distance of two characters, in shares of the ink that they have together: none is another one's variant.
_APART = 0.55
# Of paper around the middle line of the strokes, in shares of the side.
_MARGIN = 0.08
# Of a script's strokes: few, so that its characters are related.
_STROKES = 7


def _curve(points):
    """Points (_POINTS, 2) of the smooth curve through the control points, float (N, 2): Catmull-Rom."""
    ends = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    t = np.linspace(0, len(points) - 1, _POINTS)
    start = np.minimum(t.astype(int), len(points) - 2)
    t = (t - start)[:, None]
    before, first, second, after = (ends[start + step] for step in range(4))
    return 0.5 * (
        2 * first
        + (second - before) * t
        + (2 * before - 5 * first + 4 * second - after) * t**2
        + (3 * first - before - 3 * second + after) * t**3
    )


def _turned(points, angle, centre):
    cosine, sine = math.cos(angle), math.sin(angle)
    return (points - centre) @ np.array([[cosine, sine], [-sine, cosine]]) + centre


def _stroke(rng):
    """Control points float (4, 2) of a stroke around the origin: a line, a bow, a hook, a wave or a loop."""
    kind, length, angle = rng.integers(5), rng.uniform(0.6, 1.0), rng.uniform(0, math.pi)
    along, bend = np.linspace(-0.5, 0.5, 4), rng.uniform(0.3, 0.5) * rng.choice([-1, 1])
    if kind == 4:
        angles = angle + np.linspace(0, rng.uniform(1.4, 1.9) * math.pi, 4)
        return 0.3 * length * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    across = {
        0: np.zeros(4),
        1: bend * np.array([0, 1, 1, 0]),
        2: bend * np.array([0, 0, 0.1, 1]),
        3: bend * np.array([0, 1, -1, 0]),
    }[int(kind)]
    return _turned(length * np.stack([along, across], axis=1), angle, np.zeros(2))


def _character(rng, strokes):
    """Control points of a character, a list of float (4, 2) that fill the unit square: strokes that meet."""
    chosen = rng.choice(len(strokes), size=rng.integers(2, 4), replace=False)
    made = [strokes[chosen[0]]]
    for number in chosen[1:]:
        # From an end or the middle of a stroke that is there, or across its middle.
        curve = _curve(made[rng.integers(len(made))])
        meeting, own = curve[rng.choice([0, _POINTS // 2, -1])], _curve(strokes[number])
        made.append(strokes[number] + meeting - own[rng.choice([0, _POINTS // 2, -1])])
    points = np.concatenate([_curve(stroke) for stroke in made])
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    # Narrow ones stay narrow.
    scale = 1 / np.maximum(size, 0.5 * size.max())
    return [(stroke - low - size / 2) * scale + 0.5 for stroke in made]


@functools.cache
def _characters() -> list[list[np.ndarray]]:
    """The characters of all classes: control points, see `_character`. No two look alike."""
    found: list[list[np.ndarray]] = []
    masks: list[np.ndarray] = []
    for script in range(_SCRIPTS):
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([_STREAM, script])))
        strokes = [_stroke(rng) for _ in range(_STROKES)]
        while len(found) < (script + 1) * _LETTERS:
            character = _character(rng, strokes)
            mask = _ink([_curve(stroke) * 0.7 + 0.15 for stroke in character], 0.12, 16) > 0.3
            if all((mask ^ other).sum() > _APART * (mask | other).sum() for other in masks):
                found.append(character)
                masks.append(mask)
    return found


def _ink(curves, width, image_size):
    """Coverage of each pixel by strokes: float (image_size, image_size) in [0, 1]. In shares of the side."""
    side = image_size * canvas.OVERSAMPLING
    mask = Image.new("L", (side, side), 0)
    pen, radius = ImageDraw.Draw(mask), width * side / 2
    for curve in curves:
        points = [tuple(point) for point in (curve * side).tolist()]
        pen.line(points, fill=255, width=max(1, round(2 * radius)), joint="curve")
        for x, y in (points[0], points[-1]):
            pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    return canvas.coverage(mask)


def _written(character, rng):
    """The curves of a character as one writer writes it, each float (_POINTS, 2), in shares of the side."""
    slant, turn = math.radians(rng.uniform(-15, 15)), math.radians(rng.uniform(-8, 8))
    scale, centre = rng.uniform(0.6, 0.78, size=2), 0.5 + rng.uniform(-0.05, 0.05, size=2)
    curves = []
    for stroke in character:
        points = stroke + rng.normal(0, 0.075, size=stroke.shape)
        points = _turned(points, math.radians(rng.normal(0, 12)), points.mean(axis=0))
        points = (points - points.mean(axis=0)) * rng.uniform(0.75, 1.25, size=2) + points.mean(axis=0)
        curve = _curve(points + rng.normal(0, 0.05, size=2)) - 0.5
        curve[:, 0] -= math.tan(slant) * curve[:, 1]
        curves.append(_turned(curve, turn, np.zeros(2)) * scale + centre)
    # All of it on the paper.
    low, high = np.min(curves, axis=(0, 1)), np.max(curves, axis=(0, 1))
    shrunk = min(1.0, (1 - 2 * _MARGIN) / (high - low).max())
    half = shrunk * (high - low) / 2
    placed = np.clip((low + high) / 2, _MARGIN + half, 1 - _MARGIN - half)
    return [(curve - (low + high) / 2) * shrunk + placed for curve in curves]


def draw(split: str, label: int, index: int, seed: int = 0, image_size: int = 32, channels: int = 3) -> np.ndarray:
    """One image: uint8 (image_size, image_size, channels), dark ink on bright paper, all channels alike.

    The same arguments give the same bytes; every (seed, split, label, index) has a random stream of its own, so nothing
    but the asked image is drawn and no image of `test` is one of `train`. Another `image_size` shows the same scene
    with other noise. Raises ValueError for a split, label, index or number of channels that does not exist.
    """
    rng = canvas.random_stream(SPLIT_SIZES, len(CLASS_NAMES), split, label, index, seed, channels)
    paper, ink = rng.uniform(225, 250), rng.uniform(10, 70)
    covered = _ink(_written(_characters()[label], rng), rng.uniform(0.05, 0.1), image_size)
    image = paper + covered * (ink - paper) + rng.normal(0, rng.uniform(1, 4), size=covered.shape)
    image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return np.repeat(image[..., None], channels, axis=2)

"""Draws docs/images/flow.png (README.md) and docs/images/rooms.png (docs/architecture.md).

Command: python -m docs.draw [FOLDER], in the repository's root; FOLDER is `grids` of a workdir, or docs/images.
The images are those of the grids of the default job; the arrows between rooms are those of tests/test_walls.py.
"""

import math
import pathlib
import sys

import matplotlib
from PIL import Image, ImageDraw, ImageFont

IMAGES = pathlib.Path(__file__).parent / "images"
FONTS = pathlib.Path(matplotlib.get_data_path()) / "fonts" / "ttf"
# Drawn twice as large as saved: Pillow does not smooth lines.
SCALE = 2
# Of tiles in a grid (tfgan_aug.core.pixels.grid at scale 2): the size, with the gap, and the width of the labels.
TILE, PITCH, LEFT = 64, 66, 64

INK, QUIET, PAPER, EDGE, CARD = "#1f2933", "#52606d", "#f7f5f0", "#d9d4c7", "#ffffff"
GREY, BLUE, GREEN, ORANGE, VIOLET = "#6b7785", "#2f6db5", "#25855a", "#c05621", "#6b46c1"


class Drawing:
    """A light panel with round corners, readable on light and dark pages; everything is in pixels of the saved file."""

    def __init__(self, width, height):
        self.size = width, height
        self.image = Image.new("RGBA", (width * SCALE, height * SCALE), (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.image)
        self.box(0, 0, width - 1, height - 1, PAPER, EDGE, radius=28)

    def box(self, left, top, right, bottom, fill=CARD, edge=EDGE, radius=16, width=2):
        corners = [SCALE * value for value in (left, top, right, bottom)]
        self.draw.rounded_rectangle(corners, SCALE * radius, fill, edge, SCALE * width)

    def text(self, x, y, words, size=26, fill=INK, bold=False, mono=False, anchor="la"):
        name = f"DejaVuSans{'Mono' if mono else ''}{'-Bold' if bold else ''}.ttf"
        font = ImageFont.truetype(str(FONTS / name), size * SCALE)
        for number, line in enumerate(words.split("\n")):
            at = x * SCALE, (y + number * size * 1.28) * SCALE
            self.draw.text(at, line, fill, font, anchor=anchor)

    def tile(self, x, y, tile, size=TILE):
        self.image.paste(tile.resize((size * SCALE, size * SCALE), Image.Resampling.NEAREST), (x * SCALE, y * SCALE))

    def tiles(self, x, y, rows, size=TILE, gap=8):
        for down, row in enumerate(rows):
            for across, tile in enumerate(row):
                self.tile(x + across * (size + gap), y + down * (size + gap), tile, size)

    def arrow(self, points, fill=QUIET, width=4, curved=False):
        """A line through `points`, with a head; `curved`: the Bézier curve of four points."""
        if curved:
            points = [_bezier(points, step / 60) for step in range(61)]
        (x0, y0), (x1, y1) = points[-2:]
        length = math.hypot(x1 - x0, y1 - y0)
        across, along = (x1 - x0) / length, (y1 - y0) / length
        self.draw.line([(SCALE * x, SCALE * y) for x, y in (*points[:-1], (x1 - 6 * across, y1 - 6 * along))],
                       fill, SCALE * width, "curve")  # fmt: skip
        back, half = 18, 9
        head = [(x1, y1)]
        head += [
            (x1 - back * across + side * half * along, y1 - back * along - side * half * across) for side in (1, -1)
        ]
        self.draw.polygon([(SCALE * x, SCALE * y) for x, y in head], fill)

    def badge(self, x, y, number, fill=INK):
        self.draw.ellipse([SCALE * value for value in (x - 19, y - 19, x + 19, y + 19)], fill)
        self.text(x, y, str(number), 23, "white", bold=True, anchor="mm")

    def save(self, path):
        self.image.resize(self.size, Image.Resampling.LANCZOS).save(path, optimize=True)


def _bezier(points, t):
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    return tuple(sum(weight * point[axis] for weight, point in zip(weights, points, strict=True)) for axis in (0, 1))


def grid(folder, name):
    """Returns {(row, column): tile} of a grid with ten rows of sixteen."""
    path = folder / f"{name}.png"
    path = path if path.exists() else folder / f"shapes10_{name}.png"
    whole = Image.open(path).convert("RGB")
    return {
        (row, column): whole.crop(
            (LEFT + column * PITCH, row * PITCH, LEFT + column * PITCH + TILE, row * PITCH + TILE)
        )
        for row in range(10)
        for column in range(16)
    }


def flow(folder):
    """Returns the drawing of the way from real images to a dataset and its answer."""
    real, true, false = (grid(folder, name) for name in ("real", "dcgan_tp", "dcgan_fp"))
    made = Drawing(1800, 740)

    # The real images.
    made.text(44, 40, "Your images", 32, bold=True)
    made.text(44, 84, "a few hundred, with labels", 24, QUIET)
    made.box(40, 130, 352, 484)
    classes = (0, 4, 8, 9)
    made.tiles(56, 148, [[real[kind, column] for column in (1, 3, 7, 10)] for kind in classes])
    made.text(196, 446, "arrow, heart, star, ...", 22, QUIET, anchor="ma")

    # The networks.
    for top, name, words, colour in (
        (150, "GAN", "learns them and\ndraws new ones", VIOLET),
        (330, "judge", "a classifier sorts\nthe new ones", BLUE),
    ):
        made.box(430, top, 670, top + 134, CARD, colour, radius=22, width=4)
        made.text(550, top + 16, name, 32, colour, bold=True, anchor="ma")
        made.text(550, top + 64, words, 22, QUIET, anchor="ma")
    made.arrow([(358, 217), (422, 217)], GREY)
    made.arrow([(358, 397), (422, 397)], GREY)
    made.arrow([(550, 290), (550, 322)], VIOLET)

    # What comes out of the judge, by the class that was asked for.
    names = ("arrow", "circle", "heart", "triangle")
    for top, colour, words, more, tiles, picked in (
        (60, GREEN, "TP", "shows the class", true, ((0, 13), (1, 2), (4, 6), (9, 1))),
        (330, ORANGE, "FP", "looks like another one", false, ((0, 8), (1, 13), (4, 2), (9, 4))),
    ):
        made.box(770, top, 1160, top + 190, CARD, colour, radius=16, width=4)
        made.text(790, top + 16, words, 32, colour, bold=True)
        made.text(856, top + 24, more, 22, QUIET)
        made.tiles(788, top + 68, [[tiles[where] for where in picked]], size=80, gap=11)
        for place, name in enumerate(names):
            made.text(828 + place * 91, top + 155, name, 19, QUIET, anchor="ma")
    made.arrow([(676, 378), (730, 378), (690, 155), (762, 155)], GREEN, curved=True)
    made.arrow([(676, 415), (762, 415)], ORANGE)

    # The dataset's variants.
    made.text(1234, 40, "TFDS dataset", 32, bold=True)
    made.box(1230, 92, 1760, 478)
    variants = (("real", ""), ("geo", "g"), ("dcgan_tp", "t"), ("dcgan_tp_geo", "tg"), ("dcgan_fp", "f"),
                ("dcgan_fp_geo", "fg"), ("dcgan_tp_fp", "tf"), ("dcgan_tp_fp_geo", "tfg"))  # fmt: skip
    for number, (name, parts) in enumerate(variants):
        top = 110 + number * 45
        made.text(1254, top, name, 25, mono=True)
        for place, part in enumerate("r" + parts):
            colour = {"r": GREY, "g": BLUE, "t": GREEN, "f": ORANGE}[part]
            made.box(1516 + place * 58, top + 2, 1566 + place * 58, top + 28, colour, colour, radius=6)
    made.arrow([(1166, 155), (1222, 155)], GREEN)
    made.arrow([(1166, 415), (1222, 415)], ORANGE)

    # Below: what goes round the GAN, and what is done with the dataset.
    made.box(430, 560, 910, 664, CARD, BLUE, radius=22, width=4)
    made.text(670, 572, "geometric copies", 28, BLUE, bold=True, anchor="ma")
    made.text(670, 618, "crops, flips, ...: the cheap rival", 22, QUIET, anchor="ma")
    made.arrow([(196, 490), (196, 612), (422, 612)], GREY)
    made.arrow([(916, 612), (1182, 612), (1182, 444), (1222, 444)], BLUE)
    made.arrow([(130, 490), (130, 702), (1204, 702), (1204, 468), (1222, 468)], GREY)
    made.box(1230, 540, 1480, 700)
    made.text(1355, 574, "train", 28, bold=True, anchor="ma")
    made.text(1355, 612, "tfds.load(...)\nmodel.fit(...)", 23, mono=True, anchor="ma")
    made.box(1510, 540, 1760, 700)
    made.text(1635, 574, "does it help?", 28, bold=True, anchor="ma")
    made.text(1635, 612, "a table with\nerror bars", 23, QUIET, anchor="ma")
    made.arrow([(1355, 484), (1355, 532)], GREY)
    made.arrow([(1635, 484), (1635, 532)], GREY)
    return made


# {room: (left, top, what it does to an image, the step of its way)}; rooms without a step only serve the others.
_ROOMS = {
    "commands": (60, 50, "flags in, text out: one file a verb", None),
    "reports": (60, 170, "tell it: page, tables, closing words", 7),
    "benchmarks": (960, 170, "how fast is every stage?", None),
    "experiments": (60, 290, "which work, in which folder: train, draw, write, then ask whether it helped", 5),
    "datasets": (60, 446, "write the images down as TFDS variants", 4),
    "config": (960, 446, "all options of an experiment, typed", None),
    "sampling": (60, 574, "draw new images and sort them: TP, FP", 3),
    "gans": (960, 574, "models that draw by (label, seed)", 2),
    "training": (60, 702, "the one loop that trains every model", 2),
    "classifiers": (960, 702, "networks, recipes, the judge", None),
    "evaluation": (60, 830, "numbers from arrays, with error bars", 6),
    "data": (960, 830, "give each real image an id and a label", 1),
    "core": (60, 970, "errors, workdir, digests, locks, random streams, pixels", None),
}
_WIDE = ("commands", "experiments", "core")
_TOP = ("commands", "reports", "benchmarks", "experiments")
_COLOURS = {"classifiers": BLUE, "gans": VIOLET, "training": "#0f766e", "sampling": ORANGE, "datasets": GREEN,
            "config": "#b83280"}  # fmt: skip
_HEIGHT, _NARROW, _FULL = 92, 780, 1680


def rooms(folder):
    """Returns the drawing of the rooms, the imports between them, and the way of one image."""
    real, true = grid(folder, "real"), grid(folder, "dcgan_tp")
    made = Drawing(1800, 1092)
    boxes = {
        name: (left, top, left + (_FULL if name in _WIDE else _NARROW), top + _HEIGHT)
        for name, (left, top, *_) in _ROOMS.items()
    }
    made.box(30, 22, 1770, 402, "#ece8df", EDGE, radius=22)
    for name, (left, top, right, bottom) in boxes.items():
        made.box(left, top, right, bottom, CARD, _COLOURS.get(name, GREY), width=4)
        words, step = _ROOMS[name][2:]
        made.text(left + 24, top + 12, name, 28, _COLOURS.get(name, INK), bold=True)
        made.text(left + 24, top + 52, words, 22, QUIET)
        if step:
            made.badge(right - 34, top + _HEIGHT // 2, step)
    for name, tile in (("data", real[4, 7]), ("sampling", true[4, 6]), ("datasets", true[4, 6])):
        made.tile(boxes[name][2] - 134, boxes[name][1] + 14, tile)
    made.text(900, 411, "the rooms above import every room below them", 20, QUIET, anchor="ma")
    made.text(900, 935, "every room imports core", 20, QUIET, anchor="ma")
    _imports(made, boxes)
    return made


def _imports(made, boxes):
    """Draws an arrow for each import that a wall lets through, but to core and from the rooms that import all."""
    from tests.test_walls import WALLS

    assert set(WALLS) == set(boxes), "draw.py knows other rooms than tests/test_walls.py"
    for source, targets in WALLS.items():
        for target in sorted(targets - {"core"}) if source not in _TOP else ():
            (left, top, right, bottom), to = boxes[source], boxes[target]
            colour, shift = _COLOURS[source], sorted(targets).index(target) * 12
            if left != to[0]:
                x, x1, bend = (right, to[0], 60) if left < to[0] else (left, to[2], -60)
                y, y1 = top + 54 + shift, to[1] + 24 + 10 * sorted(_COLOURS).index(source)
                made.arrow([(x, y), (x + bend, y), (x1 - bend, y1), (x1, y1)], colour, 3, curved=True)
            elif to[1] - bottom < 60:
                x = left + _NARROW // 2
                made.arrow([(x, bottom), (x, to[1])], colour, 3)
            else:
                side, out = (left, -20 - shift // 2) if left < 900 else (right, 20 + shift // 2)
                side_y = to[1] + 30 + shift
                made.arrow([(side, top + 50), (side + out, top + 50), (side + out, side_y), (side, side_y)], colour, 3)


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    flow(folder).save(IMAGES / "flow.png")
    rooms(folder).save(IMAGES / "rooms.png")


if __name__ == "__main__":
    main()

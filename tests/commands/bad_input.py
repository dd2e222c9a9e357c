"""Situations in which a command must refuse: what makes them, and what the one line has to say."""

import dataclasses
import pathlib

import numpy as np
import pytest
from PIL import Image

from tfgan_aug.commands import build_dataset

ROOT = pathlib.Path(__file__).parents[2]


@dataclasses.dataclass(frozen=True)
class Case:
    """`make(place)` sets the situation up and returns the arguments of `tool`; the line holds all `words`.

    The first of them names the option or the file; `{path}` in them is `Place.path`.
    """

    name: str
    words: tuple
    make: object
    tool: object = build_dataset


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a situation is set up: an empty folder, and a patch that ends with the test."""

    path: pathlib.Path
    patch: pytest.MonkeyPatch


# Classes of three images have enough for these.
SMALL = (
    "--config.gans=dcgan", "--config.train_per_class=0", "--config.test_per_class=1",
    "--config.judge.batch_size=2", "--config.classifier.batch_size=2", "--config.dcgan.batch_size=2",
)  # fmt: skip
PICTURES = "two classes"
NAMES = ("cat", "dog")


def options(name, *words, arguments, tool=build_dataset):
    """The case of arguments alone; `PICTURES` stands for those of a folder of two classes."""

    def make(place):
        given = [argument.format(path=place.path) for argument in arguments if argument is not PICTURES]
        return [*(pictures(place) if PICTURES in arguments else ()), *given]

    return Case(name, words, make, tool)


def pictures(place):
    """Makes a folder of two classes; returns the arguments with which it is a source."""
    return [*SMALL, f"--config.source=folder:{two_classes(place.path / 'pictures')}"]


def save(path, level, mode="RGB", size=(16, 16), **options):
    """Saves an image whose first pixel is `level`, the others 0, with the folders above it; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new(mode, size)
    image.putpixel((0, 0), level if len(image.getbands()) == 1 else (level,) * len(image.getbands()))
    image.save(path, **options)
    return path


def two_classes(root, count=3):
    """`count` images each of the classes cat and dog, all different; returns `root`."""
    for label, name in enumerate(NAMES):
        for number in range(count):
            save(root / name / f"{number}.png", 10 + 100 * label + number)
    return root


def arrays(count=3):
    """Arrays as of `two_classes`: {"images": uint8 (N, 16, 16, 3), "labels": int (N,)}."""
    images = np.random.default_rng(0).integers(0, 256, (2 * count, 16, 16, 3), np.uint8)
    return {"images": images, "labels": np.arange(2 * count) % 2}


def rows(count=3):
    """The rows of a table of `two_classes`."""
    return "".join(f"{name}/{number}.png,{name}\n" for name in NAMES for number in range(count))

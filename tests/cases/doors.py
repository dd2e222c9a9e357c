"""Ways in that the public cases share: images on disk, sources opened as a config opens them, a small network."""

import keras
import numpy as np
import pytest
from PIL import Image

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources

BLACK, WHITE, RED, BLUE = (0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255)


def plain(colour, mode="RGB", size=(16, 16)):
    """A Pillow image of one colour."""
    return Image.new(mode, size, colour)


def save(path, image, **options):
    """Saves a Pillow image, with the folders above it; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def two_classes(root, count=3):
    """`count` images each of the classes cat (red) and dog (blue), all different; returns `root`."""
    for name, colour in (("cat", RED), ("dog", BLUE)):
        for number in range(count):
            image = plain(colour)
            image.putpixel((number, 0), WHITE)
            save(root / name / f"{number}.png", image)
    return root


def opened(root, **options):
    """The source of a folder, at 16 x 16."""
    return sources.open_source(f"folder:{root}", **{"image_size": 16, **options})


def seen(root, name, **options):
    """The pixels that a training sees of the file `name` of a folder, uint8 (16, 16, C)."""
    train = opened(root, **options).train
    return train.images([train.ids.index(name)])[0]


def line(root, **options):
    """The one line with which opening a folder is refused."""
    with pytest.raises(UserError) as caught:
        opened(root, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def assert_plain(image, colour, tolerance=0):
    """Every pixel has the colour, to within `tolerance` grey levels."""
    assert np.abs(image.astype(int) - np.array(colour)).max() <= tolerance


def network(shape, classes):
    """Logits of images, by one layer: the quickest there is to trace."""
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(classes)])

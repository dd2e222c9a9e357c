"""What all built-in sets promise: the same arguments make the same bytes, others another image."""

import subprocess
import sys

import numpy as np
import pytest

from tfgan_aug.data import built_in

EACH = pytest.mark.parametrize("name", list(built_in.SETS))


@EACH
def test_same_arguments_same_bytes_in_another_process(name):
    drawn = f"built_in.SETS[{name!r}].draw('test', 4, 49, seed=3)"
    code = f"from tfgan_aug.data import built_in; print({drawn}.tobytes().hex(), end='')"
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert there == built_in.SETS[name].draw("test", 4, 49, seed=3).tobytes().hex()


@EACH
@pytest.mark.parametrize("other", [("train", 4, 7, 1), ("test", 4, 7, 0), ("train", 5, 7, 0), ("train", 4, 8, 0)])
def test_seed_split_label_and_index_each_change_the_image(name, other):
    draw = built_in.SETS[name].draw
    assert not np.array_equal(draw("train", 4, 7, 0), draw(*other))


@EACH
def test_no_image_twice(name):
    drawn = built_in.SETS[name]
    images = [drawn.draw(split, 1, index).tobytes() for split in ("train", "test") for index in range(25)]
    assert len(set(images)) == 50


@EACH
def test_what_a_source_asks_for(name):
    drawn = built_in.SETS[name]
    assert drawn.DESCRIPTION.endswith(".") and drawn.SPLIT_SIZES.keys() == {"train", "test"}
    for channels in (1, 3):
        image = drawn.draw("train", 0, 0, image_size=16, channels=channels)
        assert image.shape == (16, 16, channels) and image.dtype == np.uint8


@pytest.mark.parametrize("name", list(built_in.SETS))
@pytest.mark.parametrize(
    "split, label, index, channels, message",
    [
        ("valid", 0, 0, 3, "split is 'valid', expected one of train, test"),
        ("train", -1, 0, 3, "label is -1, expected 0 to "),
        ("test", 0, 100_000, 3, "index is 100000, expected 0 to .* in split test"),
        ("train", 0, 0, 4, "channels is 4, expected 1 or 3"),
    ],
)
def test_impossible_arguments(name, split, label, index, channels, message):
    with pytest.raises(ValueError, match=message):
        built_in.SETS[name].draw(split, label, index, channels=channels)

"""characters60: the same arguments give the same bytes; images of a class differ as handwriting does, and stay near."""

import subprocess
import sys

import numpy as np
import pytest

from tfgan_aug.data import built_in, characters


def ink(label, index, split="train"):
    """Where there is ink, bool (32, 32)."""
    return characters.draw(split, label, index, channels=1)[..., 0] < 150


def test_image_form():
    image = characters.draw("train", 0, 0)
    assert image.shape == (32, 32, 3) and image.dtype == np.uint8
    assert np.array_equal(image, np.repeat(characters.draw("train", 0, 0, channels=1), 3, axis=2))
    assert len(characters.CLASS_NAMES) == len(set(characters.CLASS_NAMES)) == 60
    assert characters.draw("test", 59, 49, image_size=16, channels=1).shape == (16, 16, 1)


def test_same_arguments_same_bytes_in_another_process():
    code = (
        "from tfgan_aug.data import characters; print(characters.draw('test', 4, 49, seed=3).tobytes().hex(), end='')"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert there == characters.draw("test", 4, 49, seed=3).tobytes().hex()


@pytest.mark.parametrize("other", [("train", 4, 7, 1), ("test", 4, 7, 0), ("train", 5, 7, 0), ("train", 4, 8, 0)])
def test_seed_split_label_and_index_each_change_the_image(other):
    assert not np.array_equal(characters.draw("train", 4, 7, 0), characters.draw(*other))


def test_ink_lies_within_the_paper_and_is_written():
    """Of every class one image: some ink, most of it paper, hardly any at the border."""
    for label in range(60):
        mask = ink(label, 3)
        assert 0.03 < mask.mean() < 0.4
        assert np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean() < 0.05


def test_images_are_nearer_to_their_class_than_to_others():
    """The mean image of ten others of a class is nearer than those of the 59 other classes, in most cases."""
    means = np.stack([np.mean([ink(label, index) for index in range(10)], axis=0) for label in range(60)])
    tried = [(label, ink(label, index, "test")) for label in range(60) for index in range(3)]
    right = [np.abs(means - mask).sum(axis=(1, 2)).argmin() == label for label, mask in tried]
    # By chance 1 in 60: of 180 tries 22 and more have a probability below 1e-11.
    assert np.mean(right) > 0.12


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

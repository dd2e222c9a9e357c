"""characters60: images of a class differ as handwriting does, and stay near each other."""

import numpy as np

from tfgan_aug.data import characters


def ink(label, index, split="train"):
    """Where there is ink, bool (32, 32)."""
    return characters.draw(split, label, index, channels=1)[..., 0] < 150


def test_image_form():
    image = characters.draw("train", 0, 0)
    assert image.shape == (32, 32, 3) and image.dtype == np.uint8
    assert np.array_equal(image, np.repeat(characters.draw("train", 0, 0, channels=1), 3, axis=2))
    assert len(characters.CLASS_NAMES) == len(set(characters.CLASS_NAMES)) == 60
    assert characters.draw("test", 59, 49, image_size=16, channels=1).shape == (16, 16, 1)


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

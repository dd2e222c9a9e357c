"""Arrays and labels that a model took for something else: rows 401 and following of docs/cases.md."""

import numpy as np
from doors import opened, two_classes
from PIL import Image

from tfgan_aug.core import pixels
from tfgan_aug.training import loop


def test_406_white_and_black_survive_the_way_to_floats_and_back():
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    floats = pixels.to_float(levels).numpy()
    assert (floats.min(), floats.max()) == (-1.0, 1.0)
    assert np.array_equal(pixels.to_uint8(floats), levels)
    assert np.array_equal(pixels.to_uint8(np.array([-3.0, 1.004, 7.0])), [0, 255, 255])


def test_408_grids_show_pixels_as_they_are(tmp_path):
    """Not stretched to the darkest and brightest pixel of the grid."""
    dull = np.full((1, 4, 4, 1), 100, np.uint8)
    dull[0, 0] = 120
    pixels.save_grid(tmp_path / "grid.png", [dull], scale=1)
    assert {100, 120} <= set(np.unique(np.asarray(Image.open(tmp_path / "grid.png"))).tolist()) <= {100, 120, 255}


def test_409_batches_that_are_larger_than_the_set(refused, tmp_path):
    """All of them at once, with the flags that mend it: with the last batch dropped there would be no step."""
    root = two_classes(tmp_path / "images", count=6)
    said = refused(f"--config.source=folder:{root}", "--config.train_per_class=4", "--config.test_per_class=2")
    for name in ("judge", "classifier", "dcgan"):
        assert f"--config.{name}.batch_size=8" in said


def test_410_every_step_of_a_training_has_a_full_batch(tmp_path):
    """Of 18 examples in batches of 32, too, and in 7 steps of 4 none of 6 is left out."""
    counted = [len(batch) for (batch,) in loop.batches((np.arange(18),), loop.Budget(3, 32, 0))]
    assert counted == [32, 32, 32]
    train = opened(two_classes(tmp_path)).train
    drawn = [batch for batch, _ in loop.batches((np.arange(6), train.labels), loop.Budget(3, 4, 0))]
    assert np.bincount(np.concatenate(drawn)).tolist() == [2] * 6

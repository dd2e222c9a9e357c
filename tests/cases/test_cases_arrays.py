"""Arrays and labels that a model took for something else: rows 401 and following of docs/cases.md."""

import numpy as np
import pytest
from doors import network, opened, two_classes
from PIL import Image

from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.core import pixels
from tfgan_aug.gans.dcgan import DCGAN
from tfgan_aug.training import loop

SHAPE, CLASSES = (16, 16, 3), 3


def made_classifier():
    model = Classifier(network(SHAPE, CLASSES))
    model.compile(run_eagerly=True)
    return model


@pytest.fixture(scope="module")
def classifier():
    """One that no test trains."""
    return made_classifier()


@pytest.fixture(scope="module")
def gan():
    """One that no test trains."""
    model = DCGAN(SHAPE, CLASSES, width=1, latent_dim=2)
    model.compile(run_eagerly=True)
    return model


def examples(count=6):
    images = np.random.default_rng(0).integers(0, 256, (count, *SHAPE), np.uint8)
    return images, np.arange(count) % CLASSES


def losses(model, images, labels):
    model.reset_metrics()
    return {name: float(value) for name, value in model.test_step((images, labels)).items()}


def refusal(model, images, labels=None):
    """What `fit` says before any step."""
    with pytest.raises(ValueError) as caught:
        model.fit(images, labels, verbose=0)
    assert int(model.optimizer.iterations) == 0
    return str(caught.value)


def test_401_labels_in_a_column(classifier, gan):
    """As Keras' own `cifar10.load_data` returns them."""
    images, labels = examples()
    for model in (classifier, gan):
        assert losses(model, images, labels[:, None]) == losses(model, images, labels)
    trained = [made_classifier() for _ in range(2)]
    for model, given in zip(trained, (labels, labels[:, None]), strict=True):
        model.train_step((images, given))
    for one, other in zip(*(model.network.weights for model in trained), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("wrong", [3, 100])
def test_402_a_label_that_no_class_has(classifier, gan, wrong):
    images, labels = examples()
    labels[2] = wrong
    for model in (classifier, gan):
        assert refusal(model, images, labels) == f"labels: found 0 to {wrong}, expected 0 to 2"


def test_403_labels_of_minus_one_and_one(classifier):
    images, labels = examples()
    assert refusal(classifier, images, labels - 1) == "labels: found -1 to 1, expected 0 to 2"


def test_404_classes_counted_from_one(classifier):
    images, labels = examples()
    assert refusal(classifier, images, labels + 1) == "labels: found 1 to 3, expected 0 to 2"


@pytest.mark.parametrize("scale, shift", [(1 / 255, 0), (1 / 127.5, -1), (1, 0)])
def test_405_images_that_were_scaled_before(classifier, gan, scale, shift):
    """Divided by 255 twice they would be black; of floats nobody knows how they were scaled."""
    images, labels = examples()
    for model in (classifier, gan):
        said = refusal(model, images.astype(np.float32) * scale + shift, labels)
        assert said.startswith("images: found float32, expected uint8 of 0 to 255; of x in [0, 1] they are ")


def test_406_white_and_black_survive_the_way_to_floats_and_back():
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    floats = pixels.to_float(levels).numpy()
    assert (floats.min(), floats.max()) == (-1.0, 1.0)
    assert np.array_equal(pixels.to_uint8(floats), levels)
    assert np.array_equal(pixels.to_uint8(np.array([-3.0, 1.004, 7.0])), [0, 255, 255])


def test_407_one_hot_labels(classifier, gan):
    images, labels = examples()
    one_hot = np.eye(CLASSES, dtype=np.float32)[labels]
    for model in (classifier, gan):
        assert losses(model, images, one_hot) == pytest.approx(losses(model, images, labels))


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
    for name in ("judge", "classifier", "pairs"):
        assert f"--config.{name}.batch_size=8" in said


def test_410_every_step_of_a_training_has_a_full_batch(tmp_path):
    """Of 18 examples in batches of 32, too, and in 7 steps of 4 none of 6 is left out."""
    counted = [len(batch) for (batch,) in loop.batches((np.arange(18),), loop.Budget(3, 32, 0))]
    assert counted == [32, 32, 32]
    train = opened(two_classes(tmp_path)).train
    drawn = [batch for batch, _ in loop.batches((np.arange(6), train.labels), loop.Budget(3, 4, 0))]
    assert np.bincount(np.concatenate(drawn)).tolist() == [2] * 6


def test_411_images_without_labels(classifier, gan):
    images, _ = examples()
    for model in (classifier, gan):
        assert refusal(model, images) == "found images without labels, expected (images, labels)"

"""Composer: the harness of every GAN, its masks and losses by hand, that it learns, which images it starts from."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from gan_harness import BATCH, CLASSES, IMAGE_SHAPE, GANHarness, examples

from tfgan_aug.gans.anchors import Anchors
from tfgan_aug.gans.composer import Composer, pyramid_loss


def small(**options):
    model = Composer(IMAGE_SHAPE, CLASSES, **{"width": 4, "seed": 3, **options})
    model.adapt(*examples())
    return model


class TestComposer(GANHarness):
    metrics = frozenset({"d_loss", "g_loss", "reconstruction", "pyramid"})
    moving_statistics = True
    rate, tolerance = 0.01, 1e-4

    @staticmethod
    def networks(model):
        return {"encoder": model.encoder, "decoder": model.decoder, "discriminator": model.discriminator}

    @classmethod
    def make(cls):
        return small(flip=True)


def floats(seed):
    """Images float32 (BATCH, H, W, C) in [-1, 1]."""
    return tf.constant(examples(seed=seed)[0] / 127.5 - 1, tf.float32)


def test_one_image_alone_is_its_reconstruction():
    """Where nothing is mixed, the other image plays no part."""
    model, first, second = small(), floats(0), floats(1)
    for mask, expected in ((True, first), (False, second)):
        made = model.compose(first, second, tf.fill([BATCH, 4, 4, 1], mask))
        np.testing.assert_allclose(made, model.decoder(model.encoder(expected)), atol=1e-5)
    assert np.abs(model.compose(first, second, tf.fill([BATCH, 4, 4, 1], True)) - made).max() > 0.01


def test_each_place_is_of_the_image_that_the_mask_says():
    model, first, second = small(), floats(0), floats(1)
    mask = np.random.default_rng(0).random((BATCH, 4, 4, 1)) < 0.5
    one, other = model.encoder(first).numpy(), model.encoder(second).numpy()
    expected = model.decoder(one * mask + other * ~mask)
    np.testing.assert_allclose(model.compose(first, second, tf.constant(mask)), expected, atol=1e-5)


def test_the_pyramid_by_hand():
    """A change of one pixel by 4 is 3 and thrice -1 in the finest level, a quarter as much in each one above."""
    made, wanted = np.zeros((2, 8, 8, 1), np.float32), np.zeros((2, 8, 8, 1), np.float32)
    made[0, 3, 6] = 4.0
    levels = [(3 + 3 * 1) / 64, (0.75 + 3 * 0.25) / 16, (0.1875 + 3 * 0.0625) / 4]
    # The mean of all pixels is the last.
    np.testing.assert_allclose(pyramid_loss(made, wanted), [sum(levels) + 4 / 64, 0.0], rtol=1e-6)
    # A change of the whole image stands in the last level alone.
    np.testing.assert_allclose(pyramid_loss(wanted + 0.5, wanted), [0.5, 0.5], rtol=1e-6)


def test_the_losses_by_hand():
    model = small()
    model.compile()
    images, labels = examples()
    first, second, mask = model._batch((tf.constant(images), tf.constant(labels)), moved=False)
    mixed, reconstruction, pyramid = model._mixed(first, second, mask, training=False)
    both = [np.square(model.decoder(model.encoder(one)) - one).mean(axis=(1, 2, 3)) for one in (first, second)]
    np.testing.assert_allclose(reconstruction, both[0] + both[1], rtol=1e-4)
    np.testing.assert_allclose(mixed, model.compose(first, second, mask), atol=1e-5)
    # Each place of the features is four by four pixels.
    of_pixels = np.kron(mask.numpy(), np.ones((1, 4, 4, 1)))
    np.testing.assert_allclose(pyramid, pyramid_loss(mixed, first * of_pixels + second * (1 - of_pixels)), rtol=1e-4)
    scores = [model.discriminator(one).numpy() for one in (first, mixed)]
    assert scores[0].shape == (BATCH, 4, 4, 1)
    expected = np.square(scores[0] - 1).mean(axis=(1, 2, 3)) + np.square(scores[1]).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(model._d_losses(first, mixed, training=False), expected, rtol=1e-4)
    found = model.test_step((tf.constant(images), tf.constant(labels)))
    assert float(found["g_loss"]) == pytest.approx(np.square(scores[1] - 1).mean(), rel=1e-4)
    assert float(found["d_loss"]) == pytest.approx(expected.mean(), rel=1e-4)


@pytest.mark.parametrize("name", ["reconstruction_weight", "pyramid_weight", "adversarial_weight"])
def test_a_weight_of_0_leaves_its_loss_out(name):
    """Of three weights one is above 0: the networks' step changes with it, and without any it is none."""
    options = dict.fromkeys(("reconstruction_weight", "pyramid_weight", "adversarial_weight"), 0.0)
    moved = []
    for weight in (0.0, 1.0):
        keras.utils.set_random_seed(0)
        model = small(**{**options, name: weight})
        model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        before = model.decoder.trainable_variables[0].numpy()
        model.train_step(tuple(map(tf.constant, examples())))
        moved.append(np.abs(model.decoder.trainable_variables[0] - before).max())
    assert moved[0] == 0 and moved[1] > 1e-6


def test_two_images_are_different_ones_of_the_class():
    """All ordered pairs alike, by numbers that run evenly over [0, 1) twice."""
    images, labels = examples(count=9)
    anchors = Anchors(9, IMAGE_SHAPE, 3)
    anchors.fill(images, labels)
    drawn = np.stack(np.meshgrid(*[(np.arange(6) + 0.5) / 6] * 2), -1).reshape(36, 2).astype(np.float32)
    for label in range(3):
        own = images[labels == label]
        pair = anchors.two(tf.fill([36], label), tf.constant(drawn))
        first, second = ([int(np.all(own == one, axis=(1, 2, 3)).argmax()) for one in side.numpy()] for side in pair)
        counts = {places: list(zip(first, second, strict=True)).count(places) for places in np.ndindex(3, 3)}
        assert counts == {(one, other): 6 * (one != other) for one, other in np.ndindex(3, 3)}


def test_images_learn_with_others_of_their_class():
    model = small()
    images, labels = examples()
    model.compile()
    first, second, mask = model._batch((tf.constant(images), tf.constant(labels)), moved=False)
    np.testing.assert_allclose(first, images / 127.5 - 1, atol=1e-6)
    for image, other, label in zip(first.numpy(), second.numpy(), labels, strict=True):
        assert not np.array_equal(image, other)
        assert any(np.allclose(other, own / 127.5 - 1, atol=1e-6) for own in images[labels == label])
    assert mask.shape == (BATCH, 4, 4, 1) and len(np.unique(mask.numpy().reshape(BATCH, -1), axis=0)) > 1


def test_both_images_of_a_pair_are_moved_alike():
    """By up to two whole pixels of sixteen."""
    model = small()
    model.compile()
    batch = tuple(map(tf.constant, examples()))
    still, moved = ([side.numpy() for side in model._batch(batch, moved=moved)[:2]] for moved in (False, True))
    shifts = []
    for place in range(BATCH):
        found = [
            {
                (down, right)
                for down, right in np.ndindex(5, 5)
                if np.allclose(after[place, 4:12, 4:12], before[place, 2 + down : 10 + down, 2 + right : 10 + right])
            }
            for before, after in zip(still, moved, strict=True)
        ]
        assert found[0] == found[1] and len(found[0]) == 1
        shifts += found[0]
    assert len(set(shifts)) > 1


def test_a_class_without_a_pair_is_refused():
    images, labels = examples(count=4)
    with pytest.raises(ValueError, match="^labels: found 1 images of class 1, expected two or more: a pair$"):
        Composer(IMAGE_SHAPE, CLASSES, width=4).adapt(images, labels)


@pytest.mark.parametrize("shape", [(20, 20, 3), (16, 32, 3), (16, 16, 2), (136, 136, 3)])
def test_images_that_it_cannot_make(shape):
    with pytest.raises(ValueError, match="^image_shape: found"):
        Composer(shape, CLASSES)


def bars(count=12):
    """Images of a bar, whose place is the class's, but for a shift; and their labels."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(CLASSES), count).astype(np.int32)
    images = np.full((len(labels), *IMAGE_SHAPE), 255, np.uint8)
    for image, label, shift in zip(images, labels, rng.integers(0, 3, len(labels)), strict=True):
        image[:, 2 + 4 * label + shift : 4 + 4 * label + shift] = 0
    return images, labels


def test_it_learns_to_reconstruct():
    """The mean image of the class, which knows no shift, is much further away."""
    images, labels = bars()
    keras.utils.set_random_seed(0)
    model = Composer(IMAGE_SHAPE, CLASSES, width=8)
    model.compile(keras.optimizers.Adam(2e-3, 0.5), keras.optimizers.Adam(2e-3, 0.5))
    model.fit(images, labels, batch_size=12, epochs=40, verbose=0)
    real = images / 127.5 - 1
    remade = model.decoder(model.encoder(tf.constant(real, tf.float32)))
    means = np.stack([real[labels == label].mean(axis=0) for label in labels])
    error, of_means = np.square(remade - real).mean(), np.square(means - real).mean()
    assert error < 0.2 * of_means, (error, of_means)
    # Mixed images are of their class, too: a dark bar in its own third.
    drawn = model.generate(np.repeat(np.arange(CLASSES), 20), np.arange(60))
    dark = (drawn < 128).mean(axis=(1, 3))
    for label in range(CLASSES):
        own = dark[20 * label : 20 * label + 20].mean(axis=0)
        assert own[2 + 4 * label : 6 + 4 * label].sum() > 0.8 * own.sum()

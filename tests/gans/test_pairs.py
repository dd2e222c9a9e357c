"""Pairs: the harness of every GAN, its flow and its moves by hand, the anchors."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from gan_harness import BATCH, CLASSES, IMAGE_SHAPE, GANHarness, examples

from tfgan_aug.gans.anchors import Anchors
from tfgan_aug.gans.pairs import Pairs, Warp


def small(**options):
    model = Pairs(IMAGE_SHAPE, CLASSES, **{"latent_dim": 4, "width": 4, "seed": 3, **options})
    model.adapt(*examples())
    return model


class TestPairs(GANHarness):
    metrics = frozenset({"loss", "reconstruction", "divergence"})
    watched = ("loss", "reconstruction")
    moving_statistics = True
    rate, tolerance = 0.1, 1e-4
    optimizers = ("optimizer",)
    test_both_optimisers_count_the_steps = None

    @staticmethod
    def networks(model):
        return {"encoder": model.encoder, "generator": model.generator}

    @classmethod
    def make(cls):
        return small(flip=True)


def grid_image():
    """One image (1, 8, 8, 1) whose pixel in row y and column x is 10 y + x."""
    return tf.constant((10.0 * np.arange(8)[:, None] + np.arange(8)[None]).reshape(1, 8, 8, 1), tf.float32)


@pytest.mark.parametrize(
    ("flow", "change"), [((0, 0), 0), ((1, 0), 10), ((0, -2), -2), ((0.5, 0.25), 5.25), ((-1.5, 1.5), -13.5)]
)
def test_a_flow_takes_each_pixel_from_where_it_says(flow, change):
    """Bilinear interpolation of a plane is exact; the border's pixels lie outside, too."""
    image = grid_image()
    warped = Warp()([image, tf.broadcast_to(tf.constant(flow, tf.float32), [1, 8, 8, 2])]).numpy()
    inner = slice(2, 6)
    np.testing.assert_allclose(warped[:, inner, inner], image[:, inner, inner] + change, atol=1e-4)
    far = Warp()([image, tf.fill([1, 8, 8, 2], 100.0)]).numpy()
    np.testing.assert_allclose(far, np.full((1, 8, 8, 1), 77.0), atol=0.02)


def test_the_flow_learns_through_the_warp():
    """On a plane each pixel changes by 10 a pixel down and 1 to the right."""
    flow = tf.Variable(tf.zeros([1, 8, 8, 2]))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(Warp()([grid_image(), flow])[:, 2:6, 2:6])
    slopes = tape.gradient(total, flow)[:, 2:6, 2:6].numpy()
    np.testing.assert_allclose(slopes, np.broadcast_to([10.0, 1.0], slopes.shape), rtol=1e-5)


def test_anchors_are_of_the_class_and_another_image():
    images, labels = examples(count=9)
    labels = np.array([2, 0, 1, 2, 2, 0, 1, 0, 1])
    anchors = Anchors(9, IMAGE_SHAPE, 3)
    anchors.fill(images, labels)
    drawn = np.linspace(0, 1, 30, endpoint=False, dtype=np.float32)
    for label in range(3):
        own = images[labels == label]
        found = anchors(tf.fill([30], label), tf.constant(drawn)).numpy()
        places = [next(i for i, image in enumerate(own) if np.array_equal(image, one)) for one in found]
        assert places == [i // 10 for i in range(30)]
        for number, image in enumerate(own):
            same = tf.broadcast_to(tf.constant(image), [30, *IMAGE_SHAPE])
            others = anchors(tf.fill([30], label), tf.constant(drawn), other_than=same).numpy()
            expected = [place if place != number else (place + 1) % 3 for place in places]
            np.testing.assert_array_equal(others, own[expected])


def test_every_image_learns_from_another_of_its_class():
    model = small()
    images, labels = examples()
    model.compile()
    first, second = model._pairs((tf.constant(images), tf.constant(labels)), moved=False)
    np.testing.assert_allclose(second, images / 127.5 - 1, atol=1e-6)
    for image, own, label in zip(first.numpy(), second.numpy(), labels, strict=True):
        assert not np.array_equal(image, own)
        assert any(np.allclose(image, other / 127.5 - 1, atol=1e-6) for other in images[labels == label])


def test_the_loss_by_hand():
    """Zero means and log variances have no divergence; without a flow the error is that of the images, as they are."""
    model = small()
    model.compile()
    for weight in model.encoder.layers[-1].weights:
        weight.assign(tf.zeros_like(weight))
    first, second = (tf.constant(examples(seed=seed)[0] / 127.5 - 1, tf.float32) for seed in (0, 1))
    heads = [layer for layer in model.generator.layers if layer.name.startswith("conv2d") and layer.use_bias]
    # The flow; content and mask of four pixels each.
    assert {layer.filters for layer in heads} == {2, 4 * (3 + 1)}
    for weight in (*heads[0].weights, *heads[1].weights):
        weight.assign(tf.zeros_like(weight))
    # No flow, and a mask of sigmoid(-3) that lets grey in.
    made = first.numpy() * (1 - 1 / (1 + np.exp(3)))
    losses, errors, divergence = model._losses_of(first, second, training=False)
    np.testing.assert_allclose(divergence, np.zeros(BATCH), atol=1e-6)
    expected, other = 0.0, second.numpy()
    for _ in range(3):
        expected += np.abs(made - other).mean(axis=(1, 2, 3))
        halves = (BATCH, made.shape[1] // 2, 2, made.shape[2] // 2, 2, 3)
        made, other = (images.reshape(halves).mean(axis=(2, 4)) for images in (made, other))
    np.testing.assert_allclose(errors, expected, rtol=1e-4)
    np.testing.assert_allclose(losses, errors, rtol=1e-4)


def test_fit_on_arrays_keeps_them_and_a_dataset_needs_adapt():
    images, labels = examples()
    model = Pairs(IMAGE_SHAPE, CLASSES, latent_dim=4, width=4)
    model.compile(run_eagerly=True)
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(4)
    for use in (
        lambda: model.fit(dataset),
        lambda: model.generate([0], [1]),
        lambda: model.train_step((images, labels)),
    ):
        with pytest.raises(ValueError, match="found no anchors to start from, expected adapt"):
            use()
    model.fit(images, labels, batch_size=4, verbose=0)
    assert model.anchors.count == BATCH and model.get_config()["count"] == BATCH
    with pytest.raises(ValueError, match="found 7, expected the 8 of before"):
        model.adapt(images[:7], labels[:7])


@pytest.mark.parametrize("form", ["column", "one_hot", "short", "floats"])
def test_anchors_take_what_fit_takes(form):
    images, labels = examples()
    given = {"column": labels[:, None], "one_hot": np.eye(CLASSES)[labels], "short": labels[:-1], "floats": labels}[
        form
    ]
    model = Pairs(IMAGE_SHAPE, CLASSES, latent_dim=4, width=4)
    if form in ("short", "floats"):
        with pytest.raises(ValueError, match="found 7 labels and 8 images|images: found float64, expected uint8"):
            model.adapt(images / 255.0 if form == "floats" else images, given)
        return
    model.adapt(images, given)
    np.testing.assert_array_equal(model.anchors.counts.numpy(), np.bincount(labels))
    np.testing.assert_array_equal(model.anchors.images.numpy()[:3], images[labels == 0])


def test_a_class_without_a_pair_is_refused():
    images, labels = examples(count=4)
    with pytest.raises(ValueError, match="^labels: found 1 images of class 1, expected two or more: a pair$"):
        Pairs(IMAGE_SHAPE, CLASSES, latent_dim=4, width=4).adapt(images, labels)


@pytest.mark.parametrize("shape", [(20, 20, 3), (16, 32, 3), (16, 16, 2), (136, 136, 3)])
def test_images_that_it_cannot_make(shape):
    with pytest.raises(ValueError, match="^image_shape: found"):
        Pairs(shape, CLASSES)


def test_it_learns_what_varies_within_classes():
    """Classes differ by where a bar stands, their images by how far it is shifted."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(CLASSES), 12).astype(np.int32)
    images = np.full((len(labels), *IMAGE_SHAPE), 255, np.uint8)
    for image, label, shift in zip(images, labels, rng.integers(0, 3, len(labels)), strict=True):
        image[:, 2 + 4 * label + shift : 4 + 4 * label + shift] = 0
    keras.utils.set_random_seed(0)
    model = Pairs(IMAGE_SHAPE, CLASSES, latent_dim=2, width=8, divergence_weight=0.001)
    model.compile(keras.optimizers.Adam(2e-3, 0.5))
    first = model.fit(images, labels, batch_size=12, epochs=1, verbose=0).history["reconstruction"][0]
    last = model.fit(images, labels, batch_size=12, epochs=25, verbose=0).history["reconstruction"][-1]
    assert last < 0.7 * first

"""The coupled GAN: the harness of every GAN, its losses by hand, the discriminator as a classifier."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from gan_harness import BATCH, CLASSES, IMAGE_SHAPE, GANHarness, examples

from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.core import pixels
from tfgan_aug.gans.coupled import Coupled, class_scores, feature_difference, source_logits


def small(image_shape=IMAGE_SHAPE, classes=CLASSES, **options):
    chosen = {"latent_dim": 8, "width": 2, "discriminator_width": 0.05, "seed": 3, **options}
    return Coupled(image_shape, classes, **chosen)


class TestCoupled(GANHarness):
    metrics = frozenset({"d_loss", "g_loss", "d_real", "d_generated", "accuracy"})
    generator_steps = (2, 2)

    @classmethod
    def make(cls):
        return small(augmentation="color,translation,flip", entropy_weight=1.0)


# Losses


def softmax(logits):
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@pytest.fixture
def logits():
    """Logits of eight real and eight generated images, and their labels."""
    real, generated = np.random.default_rng(0).normal(0, 2, (2, 8, 2 * CLASSES)).astype(np.float32)
    return real, generated, np.arange(8, dtype=np.int32) % CLASSES


def pair_probabilities(logits, labels):
    """The probability of "real" within the pair of each label, and of the pair, from the softmax over all outputs."""
    rows, shares = np.arange(len(labels)), softmax(logits.astype(np.float64))
    real, generated = shares[rows, labels], shares[rows, CLASSES + labels]
    return real / (real + generated), real + generated


def test_class_scores_are_the_sums_of_pairs(logits):
    real, _, labels = logits
    scores = np.exp(class_scores(real))
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, rtol=1e-5)
    _, pairs = pair_probabilities(real, labels)
    np.testing.assert_allclose(scores[np.arange(8), labels], pairs, rtol=1e-5)


def test_source_logits_are_those_of_the_pair(logits):
    for one in logits[:2]:
        found = 1 / (1 + np.exp(-source_logits(one, logits[2]).numpy().astype(np.float64)))
        np.testing.assert_allclose(found, pair_probabilities(one, logits[2])[0], rtol=1e-5)


@pytest.mark.parametrize(("weight", "entropy_weight"), [(0.0, 0.0), (0.5, 2.0)])
def test_losses_by_hand(logits, weight, entropy_weight):
    real, generated, labels = logits
    features = np.random.default_rng(1).normal(size=(2, 8, 5)).astype(np.float32)
    latents, recovered = np.random.default_rng(2).normal(size=(2, 8, 4)).astype(np.float32)
    model = small(feature_weight=weight, entropy_weight=entropy_weight)
    seen = (features[0], real, 0 * recovered), (features[1], generated, recovered)
    entropy = entropy_weight * ((latents - recovered) ** 2).mean(axis=1)
    (real_is_real, class_of_real), (made_is_real, class_of_made) = (
        pair_probabilities(one, labels) for one in (real, generated)
    )
    expected = -np.log(real_is_real) - np.log(1 - made_is_real) - np.log(class_of_real) + entropy
    np.testing.assert_allclose(model.discriminator_losses(seen, labels, latents), expected, rtol=1e-4)
    matching = np.abs(features[0].mean(axis=0) - features[1].mean(axis=0)).mean()
    expected = -np.log(made_is_real) - np.log(class_of_made) + weight * matching + entropy
    np.testing.assert_allclose(model.generator_losses(seen, labels, latents), expected, rtol=1e-4)


def test_equal_batches_have_no_difference_of_features():
    features = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    assert float(feature_difference(features, features[::-1])) == pytest.approx(0.0, abs=1e-7)
    assert float(feature_difference(features, features + 0.25)) == pytest.approx(0.25, rel=1e-5)


def test_no_gradient_reaches_the_real_features():
    real, made = tf.Variable(tf.ones((2, 3))), tf.Variable(tf.zeros((2, 3)))
    with tf.GradientTape() as tape:
        difference = feature_difference(real, made)
    slopes = tape.gradient(difference, [real, made])
    assert slopes[0] is None
    np.testing.assert_allclose(slopes[1], np.full((2, 3), -1 / 6), rtol=1e-6)


# A step


def by_hand(model, images, labels):
    """The step of plain gradient descent at a rate of 0.1, straight from the definitions; both networks change."""
    for network, number in (("discriminator", 0), *(("generator", n) for n in range(model.options.generator_steps))):
        weights, key = getattr(model, network).trainable_variables, [model._key(f"{network} latents")[0], number]
        latents = tf.random.stateless_uniform([BATCH, 8], tf.stack(key), -1.0, 1.0, alg="philox")
        with tf.GradientTape() as tape:
            generated = model.generator([latents, labels], training=True)
            both = tf.concat([images / 127.5 - 1.0, generated], 0)
            features, logits, recovered = model.discriminator(both, training=True)
            shares = tf.nn.softmax(logits)
            as_real, as_generated = (
                tf.reduce_sum(part * tf.one_hot(tf.tile(labels, [2]), CLASSES), 1) for part in tf.split(shares, 2, 1)
            )
            if network == "discriminator":
                # The source and the class of a real image together are its one output among all.
                share_of_generated = as_generated / (as_real + as_generated)
                losses = -tf.math.log(as_real[:BATCH]) - tf.math.log(share_of_generated[BATCH:])
            else:
                means = [tf.reduce_mean(part, 0) for part in (tf.stop_gradient(features[:BATCH]), features[BATCH:])]
                losses = -tf.math.log(as_real[BATCH:]) + 0.5 * tf.reduce_mean(tf.abs(means[0] - means[1]))
            loss = tf.reduce_mean(losses) + 3.0 * tf.reduce_mean((recovered[BATCH:] - latents) ** 2)
        for weight, slope in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign(weight - 0.1 * tf.convert_to_tensor(slope))


@pytest.mark.parametrize("steps", [1, 3])
def test_a_step_is_that_of_its_definition(steps):
    images, labels = examples()
    made, expected = (small(generator_steps=steps, entropy_weight=3.0) for _ in range(2))
    expected.set_weights(made.get_weights())
    for model in (made, expected):
        model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    before = [weight.numpy() for weight in made.trainable_variables]
    by_hand(expected, tf.constant(images, tf.float32), tf.constant(labels))
    made.train_step((tf.constant(images), tf.constant(labels)))
    for old, one, other in zip(before, made.trainable_variables, expected.trainable_variables, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-5, err_msg=one.path)
        assert not np.array_equal(one.numpy(), old), one.path


def test_noise_is_a_function_of_seed_and_step():
    first, same, other = (small(seed=seed) for seed in (3, 3, 4))
    for model in (first, same, other):
        model.compile()
    drawn = [model._noise(4, 8, "generator latents").numpy() for model in (first, same, other)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.isin(drawn[0], drawn[2]).any()
    first.optimizer.iterations.assign(1)
    assert not np.isin(drawn[0], first._noise(4, 8, "generator latents")).any()


# The classifier


def test_the_classifier_is_the_discriminator(tmp_path):
    images, labels = examples()
    model = small()
    model.compile()
    model.fit(images, labels, batch_size=BATCH, epochs=2, verbose=0)
    _, logits, _ = model.discriminator(pixels.to_float(images), training=False)
    shares = softmax(logits.numpy())
    expected = shares[:, :CLASSES] + shares[:, CLASSES:]
    made = model.classifier
    assert isinstance(made, Classifier) and made.classes == CLASSES
    np.testing.assert_allclose(made.probabilities(images), expected, atol=1e-6)
    made.save(tmp_path / "classifier.keras")
    loaded = keras.models.load_model(tmp_path / "classifier.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded.probabilities(images), made.probabilities(images))
    # It shares the weights; the file does not.
    model.fit(images, labels, batch_size=BATCH, epochs=1, verbose=0)
    assert np.abs(made.probabilities(images) - loaded.probabilities(images)).max() > 1e-4


def test_the_classifier_trains_on():
    images, labels = examples()
    made = small().classifier
    made.compile(keras.optimizers.Adam(0.01))
    first = made.evaluate(images, labels, verbose=0)[0]
    made.fit(images, labels, batch_size=BATCH, epochs=10, verbose=0)
    assert made.history.history["loss"][-1] < 0.7 * first


@pytest.mark.parametrize("image_shape", [(16, 16, 1), (48, 48, 3)])
def test_sizes_and_channels(image_shape):
    model = small(image_shape, classes=2)
    assert model.generate([0, 1], [1, 2], block_size=2).shape == (2, *image_shape)
    assert model.discriminator(np.zeros((2, *image_shape), np.float32))[1].shape == (2, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (24, 24, 3)}, r"image_shape: found \(24, 24, 3\), expected a square of 16 to 128 pixels"),
        ({"generator_steps": 0}, "generator_steps: found 0, expected a positive number"),
        ({"feature_weight": -1.0}, "feature_weight: found -1.0, expected 0 or more"),
        ({"discriminator_width": 0.0}, "discriminator_width: found 0.0, expected a positive number"),
        ({"augmentation": "cutout"}, "augmentation: found 'cutout', expected some of color, translation, flip"),
        ({"heads": 2}, "heads: no such option"),
    ],
)
def test_guards(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)

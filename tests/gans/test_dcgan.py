"""The DCGAN, its layers, losses and augmentation; and one DCGAN a class."""

import dataclasses
import typing

import keras
import numpy as np
import pytest
import tensorflow as tf
from gan_harness import BATCH, CLASSES, IMAGE_SHAPE, DrawingHarness, GANHarness, assert_same, examples, grey_levels

from tfgan_aug.core import optimizers
from tfgan_aug.core.normalization import BatchNormalization
from tfgan_aug.gans import diffaugment, losses
from tfgan_aug.gans.config import Policy
from tfgan_aug.gans.dcgan import DCGAN, _enlarge
from tfgan_aug.gans.layers import ConditionalBatchNormalization, LabelProjection
from tfgan_aug.gans.per_class import PerClass
from tfgan_aug.training import loop, progress, strategies


def small(image_shape=IMAGE_SHAPE, classes=CLASSES, **options):
    return DCGAN(image_shape, classes, **{"latent_dim": 8, "width": 2, "seed": 3, **options})


class TestDCGAN(GANHarness):
    @classmethod
    def make(cls):
        return small(augmentation="color,translation,flip")


class TestResizingDCGAN(GANHarness):
    @classmethod
    def make(cls):
        return small(upsampling="resize", width=4)


class TestPerClass(DrawingHarness):
    @classmethod
    def make(cls):
        return PerClass([small(classes=1, seed=label) for label in range(CLASSES)])


def test_per_class_draws_each_class_from_its_member():
    keras.utils.set_random_seed(1)
    members = [small(classes=1) for _ in range(CLASSES)]
    labels, seeds = np.array([2, 0, 1, 1]), np.array([7, 8, 9, 7])
    images = PerClass(members).generate(labels, seeds, block_size=4)
    for image, label, seed in zip(images, labels, seeds, strict=True):
        assert grey_levels(image, members[label].generate([0], [seed], block_size=4)[0]) <= 1


# The networks


def test_number_of_weights():
    """At 32 x 32, width 64, ten classes and kernels of 4 x 4, counted by hand."""
    gan = DCGAN((32, 32, 3), 10, width=64)
    filters = 512 + 256 + 128 + 64
    transposed = 16 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 3
    generator = 100 * 2048 + 10 * 2048 + 2 * 10 * filters + transposed
    assert gan.generator.count_params() == generator + 2 * filters == 3_001_987
    convolutions = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512) + 64
    discriminator = convolutions + 2 * (128 + 256 + 512) + (2048 + 1) + 10 * 2048
    assert gan.discriminator.count_params() == discriminator + 2 * (128 + 256 + 512) == 2_781_761


def test_sizes_of_the_feature_maps():
    gan = DCGAN((32, 32, 3), 10, width=64)
    kinds = (keras.layers.Reshape, keras.layers.Conv2DTranspose, keras.layers.Conv2D)
    shapes = [
        [layer.output.shape[1:] for layer in network.layers if isinstance(layer, kinds)]
        for network in (gan.generator, gan.discriminator)
    ]
    assert shapes[0] == [(2, 2, 512), (4, 4, 256), (8, 8, 128), (16, 16, 64), (32, 32, 3)]
    assert shapes[1] == [(16, 16, 64), (8, 8, 128), (4, 4, 256), (2, 2, 512)]


def test_sizes_of_the_feature_maps_that_are_resized():
    gan = DCGAN((32, 32, 3), 10, width=64, upsampling="resize")
    convolutions = [layer for layer in gan.generator.layers if isinstance(layer, keras.layers.Conv2D)]
    sizes = [(4, 4, 256), (8, 8, 128), (16, 16, 64), (32, 32, 3)]
    assert [layer.output.shape[1:] for layer in convolutions] == sizes
    assert {layer.kernel.shape[:2] for layer in convolutions} == {(3, 3)}


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_a_plain_area_stays_plain_where_it_is_resized(upsampling):
    """Transposed, each of the four places of a pixel in two by two has a kernel of its own, so a sum of its own."""
    keras.utils.set_random_seed(1)
    features = keras.Input((8, 8, 16))
    network = keras.Model(features, _enlarge(features, 3, upsampling))
    made = network(np.ones((1, 8, 8, 16), np.float32)).numpy()[0, 2:-2, 2:-2]
    assert made.shape == (12, 12, 3)
    places = np.array([made[y::2, x::2] for y in (0, 1) for x in (0, 1)])
    np.testing.assert_allclose(places, places[:, :1, :1] + 0 * places, atol=1e-6)
    difference = np.abs(places - places[0]).max()
    assert difference < 1e-6 if upsampling == "resize" else difference > 0.05


def activations(network):
    """Names of the activations of a network, without the last layer's."""
    names = []
    for layer in network.layers[:-1]:
        if isinstance(layer, (keras.layers.ReLU, keras.layers.LeakyReLU)):
            names.append(type(layer).__name__)
        elif isinstance(layer, keras.layers.Activation):
            names.append(layer.activation.__name__)
    return names


def test_activations_of_dcgan_and_of_the_paper():
    ours = small(activations="dcgan")
    assert activations(ours.generator) == ["ReLU"] * 4 and activations(ours.discriminator) == ["LeakyReLU"] * 4
    paper = small(activations="paper")
    assert activations(paper.generator) == ["LeakyReLU"] * 4 and activations(paper.discriminator) == ["tanh"] * 4
    slopes = {layer.negative_slope for layer in paper.generator.layers if isinstance(layer, keras.layers.LeakyReLU)}
    assert list(slopes) == pytest.approx([0.2])


def test_normalizations():
    def count(network, kind):
        return sum(isinstance(layer, kind) for layer in network.layers)

    batch, spectral = keras.layers.BatchNormalization, keras.layers.SpectralNormalization
    for name, counts in (("batch", (3, 0)), ("spectral", (0, 4)), ("none", (0, 0))):
        network = small(normalization=name).discriminator
        assert (count(network, batch), count(network, spectral)) == counts, name


@pytest.mark.parametrize("normalization", ["spectral", "none"])
def test_other_normalizations_train(normalization):
    # Not narrower: without batch normalisation DCGAN's small initial weights leave no gradient.
    gan = small(normalization=normalization, width=16)
    gan.compile(run_eagerly=True)
    before = gan.discriminator.get_weights()
    gan.fit(*examples(), batch_size=8, shuffle=False, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, gan.discriminator.get_weights(), strict=True)]
    assert all(changed)


@pytest.mark.parametrize("image_shape", [(16, 16, 1), (48, 48, 3), (128, 128, 1)])
def test_sizes_and_channels(image_shape):
    gan = small(image_shape, classes=2)
    assert gan.generate([0, 1], [1, 2], block_size=2).shape == (2, *image_shape)
    assert gan.discriminator([np.zeros((2, *image_shape), np.float32), np.array([0, 1])]).shape == (2, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (24, 24, 3)}, r"image_shape: found \(24, 24, 3\), expected a square of 16 to 128 pixels"),
        ({"image_shape": (144, 144, 3)}, r"image_shape: found \(144, 144, 3\), expected a square"),
        ({"image_shape": (0, 0, 3)}, r"image_shape: found \(0, 0, 3\), expected a square"),
        ({"image_shape": (32, 16, 3)}, r"image_shape: found \(32, 16, 3\), expected a square"),
        ({"image_shape": (32, 32, 4)}, r"image_shape: found \(32, 32, 4\), .* with 1 or 3 channels"),
        ({"activations": "relu"}, "activations: found 'relu', expected one of dcgan, paper"),
        ({"normalization": "layer"}, "normalization: found 'layer', expected one of batch, spectral, none"),
        ({"generator_loss": "hinge"}, r"generator_loss: found 'hinge', expected one of non_saturating, saturating"),
        ({"augmentation": "cutout"}, "augmentation: found 'cutout', expected some of color, translation, flip"),
    ],
)
def test_guards(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)


def test_one_class_is_unconditional():
    gan = small(classes=1)
    layers = gan.generator.layers + gan.discriminator.layers
    assert not any(isinstance(layer, (keras.layers.Embedding, LabelProjection)) for layer in layers)
    conditional = [layer for layer in layers if isinstance(layer, ConditionalBatchNormalization)]
    assert len(conditional) == 4 and {layer.gamma.shape[0] for layer in conditional} == {1}
    with pytest.raises(ValueError, match="labels: found 1 to 1, expected 0 to 0"):
        gan.generate([1], [1])


def test_labels_matter_to_the_discriminator():
    gan = small()
    image = np.random.default_rng(0).uniform(-1, 1, (1, *IMAGE_SHAPE)).astype(np.float32)
    logits = gan.discriminator([np.repeat(image, CLASSES, 0), np.arange(CLASSES)]).numpy()[:, 0]
    assert len(set(logits.tolist())) == CLASSES


def test_noise_of_a_step_is_a_function_of_seed_and_step():
    gans = [small(seed=seed) for seed in (3, 3, 4)]
    for gan in gans:
        gan.compile()
    first, same, other = (gan._noise(4, 8, "generator latents").numpy() for gan in gans)
    np.testing.assert_array_equal(first, same)
    assert not np.isin(first, other).any()
    assert not np.isin(first, gans[0]._noise(4, 8, "discriminator latents")).any()
    gans[0].optimizer.iterations.assign(1)
    assert not np.isin(first, gans[0]._noise(4, 8, "generator latents")).any()


# Averaged weights


class Weights(keras.callbacks.Callback):
    """The generator's weights after each step."""

    def __init__(self):
        super().__init__()
        self.found = []

    def on_train_batch_end(self, batch, logs=None):
        self.found.append([weight.numpy() for weight in self.model.generator_variables])


def averaged(folder, strategy="one_device", callbacks=(), stop_after=0):
    """A small DCGAN after six steps of `loop.trained`; or only its checkpoint after so many steps."""
    folder.mkdir(exist_ok=True)

    def build():
        keras.utils.set_random_seed(1)
        model = small(width=4)
        # Each average is half of the one before and half of the weights.
        averaging = optimizers.averaging_options(0.5, 4)
        model.compile(optimizers.Adam(1e-3, **averaging), optimizers.Adam(1e-3))
        return model

    budget, arrays = loop.Budget(6, BATCH, seed=7, checkpoint_steps=2), examples(count=20)
    if stop_after:
        budget = dataclasses.replace(budget, steps=stop_after)
        return loop.fit(build(), arrays, budget, folder / "checkpoints-gan")
    shown = progress.Progress().training("a test's model", budget.steps)
    strategy = strategies.make_strategy(strategy)
    return loop.trained(folder / "gan.keras", build, arrays, budget, strategy, shown, callbacks)


@pytest.mark.parametrize("strategy", ["one_device", "mirrored"])
def test_averaged_weights_draw_with_statistics_of_their_own(tmp_path, strategy):
    weights = Weights()
    model = averaged(tmp_path, strategy, [weights])
    expected = weights.found[0]
    for later in weights.found[1:]:
        expected = [0.5 * one + 0.5 * other for one, other in zip(expected, later, strict=True)]
    for found, one in zip(model.generator_variables, expected, strict=True):
        np.testing.assert_allclose(found.numpy(), one, atol=1e-6)

    layers = [layer for layer in model.generator.layers if isinstance(layer, ConditionalBatchNormalization)]
    assert {layer.normalization.momentum for layer in layers} == {0.9}
    # Of the first layer, whose inputs need no statistics: over 40 batches of the images' mix of classes.
    latents = np.random.default_rng(0).uniform(-1, 1, (40 * BATCH, model.latent_dim)).astype(np.float32)
    labels = np.resize(examples(count=20)[1], 40 * BATCH)
    dense, embedding = (
        next(layer for layer in model.generator.layers if isinstance(layer, kind))
        for kind in (keras.layers.Dense, keras.layers.Embedding)
    )
    features = (dense(latents) + embedding(labels)).numpy().reshape(-1, 8 * model.options.width)
    deviations = features.std(axis=0)
    np.testing.assert_allclose(layers[0].normalization.moving_mean, features.mean(axis=0), atol=0.2 * deviations.max())
    # About the mean of its own eight images a batch varies by an eighth less.
    expected = deviations**2 * (1 - 1 / BATCH)
    np.testing.assert_allclose(layers[0].normalization.moving_variance, expected, rtol=0.15)


def test_averaging_goes_on_after_a_stop(tmp_path):
    """The same bits, weights, averages and statistics, where training was cut off after four of six steps."""
    whole = averaged(tmp_path / "whole")
    averaged(tmp_path / "cut", stop_after=4)
    resumed = averaged(tmp_path / "cut")
    assert_same(resumed, whole)


# Losses

LOGITS = np.array([-3.0, -0.5, 0.0, 2.0], np.float32)
PROBABILITIES = 1 / (1 + np.exp(-LOGITS.astype(np.float64)))


def updated(model, step):
    """The networks' weights after `step(model, real, labels)`, with plain gradient descent."""
    model.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0))
    before = [weight.numpy() for weight in model.trainable_variables]
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, *IMAGE_SHAPE), np.uint8)
    step(model, tf.constant(images), tf.constant(np.arange(8, dtype=np.int32) % CLASSES))
    return [weight.numpy() - old for weight, old in zip(model.trainable_variables, before, strict=True)]


def by_hand(model, images, labels):
    """The step of shared updates with a pass for each loss, straight from the definitions."""
    real, share = tf.cast(images, tf.float32) / 127.5 - 1.0, 1.0 / len(images)
    latents = model._noise(len(images), model.latent_dim, "generator latents")
    with tf.GradientTape() as tape:
        generated = model.generator([latents, labels], training=True)
        real_logits = model._logits(real, labels, "real")
        logits = model._logits(generated, labels, "generated")
        d_loss = share * tf.reduce_sum(tf.math.softplus(-real_logits) + tf.math.softplus(logits))
    gradients = tape.gradient(d_loss, model.discriminator_variables)
    model.discriminator_optimizer.apply(gradients, model.discriminator_variables)
    with tf.GradientTape() as tape:
        generated = model.generator([latents, labels], training=True)
        logits = model._logits(generated, labels, "generator")
        g_loss = share * tf.reduce_sum(losses.GENERATOR_LOSSES[model.options.generator_loss](logits))
    gradients = tape.gradient(g_loss, model.generator_variables)
    model.optimizer.apply(gradients, model.generator_variables)


@pytest.mark.parametrize(
    ("normalization", "loss"),
    [("batch", "non_saturating"), ("spectral", "non_saturating"), ("none", "saturating")],
)
def test_shared_updates_are_those_of_two_passes(normalization, loss):
    options = {"normalization": normalization, "generator_loss": loss, "augmentation": "color,translation,flip"}
    made, expected = [], []
    for found, step in ((made, lambda model, *batch: model.train_step(batch)), (expected, by_hand)):
        keras.utils.set_random_seed(3)
        found += updated(small(**options), step)
    for one, other in zip(made, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5 * max(1.0, np.abs(other).max()))
    assert sum(np.abs(change).sum() for change in expected) > 0.01


@pytest.mark.parametrize(
    ("updates", "streams"), [("shared", ["generator"]), ("alternating", ["discriminator", "generator"])]
)
def test_latents_of_each_update(monkeypatch, updates, streams):
    """Alternating updates have latents and a pass of the generator each, shared ones the same."""
    model, drawn, passes = small(updates=updates), [], []
    noise, generate = model._noise, model.generator.call
    monkeypatch.setattr(model, "_noise", lambda *options: drawn.append(options[-1]) or noise(*options))
    monkeypatch.setattr(model.generator, "call", lambda *inputs, **k: passes.append(1) or generate(*inputs, **k))
    changes = updated(model, lambda model, *batch: model.train_step(batch))
    assert drawn == [f"{name} latents" for name in streams] and len(passes) == len(streams)
    assert all(np.abs(change).max() > 0 for change in changes)


@pytest.mark.parametrize(
    ("loss", "expected", "of_large", "of_small"),
    [
        (losses.discriminator_loss_real, -np.log(PROBABILITIES), 0.0, 1000.0),
        (losses.discriminator_loss_generated, -np.log(1 - PROBABILITIES), 1000.0, 0.0),
        (losses.generator_loss_non_saturating, -np.log(PROBABILITIES), 0.0, 1000.0),
        (losses.generator_loss_saturating, np.log(1 - PROBABILITIES), -1000.0, 0.0),
    ],
)
def test_losses(loss, expected, of_large, of_small):
    made = loss(LOGITS)
    assert made.shape == (4,) and made.dtype == tf.float32
    np.testing.assert_allclose(made, expected, rtol=1e-6)
    np.testing.assert_allclose(loss(np.array([1000.0, -1000.0])), [of_large, of_small], atol=1e-30)
    assert loss(tf.constant(LOGITS, tf.bfloat16)).dtype == tf.float32


def test_generator_losses_by_name():
    assert {
        "non_saturating": losses.generator_loss_non_saturating,
        "saturating": losses.generator_loss_saturating,
    } == losses.GENERATOR_LOSSES


# Augmentation of what the discriminator sees


@pytest.fixture
def images():
    return np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 3)).astype(np.float32)


def neutral(**changed):
    """Draws that change nothing, in two rows, but for the columns given as c<number>."""
    draws = np.full((2, 6), 0.5, np.float32)
    for name, value in changed.items():
        draws[:, int(name[1:])] = value
    return draws


def test_neutral_draws_change_nothing(images):
    np.testing.assert_array_equal(diffaugment.augment(images, neutral(), ("translation", "flip")), images)
    np.testing.assert_allclose(diffaugment.augment(images, neutral(), ("color",)), images, atol=1e-6)


def test_color(images):
    def color(**changed):
        return diffaugment.augment(images, neutral(**changed), ("color",)).numpy()

    np.testing.assert_allclose(color(c0=0.75), images + 0.25, atol=1e-6)
    grey = np.broadcast_to(images.mean(-1, keepdims=True), images.shape)
    np.testing.assert_allclose(color(c1=0.0), grey, atol=1e-6)
    mean = images.mean((1, 2, 3), keepdims=True)
    np.testing.assert_allclose(color(c2=0.0), (images - mean) / 2 + mean, atol=1e-6)


def test_a_share_of_the_images_keeps_its_colours(images):
    draws = np.concatenate([neutral(c0=0.75), [[0.49], [0.5]]], axis=1).astype(np.float32)
    made = diffaugment.augment(images, draws, ("color",), 0.5).numpy()
    np.testing.assert_allclose(made[0], images[0] + 0.25, atol=1e-6)
    np.testing.assert_array_equal(made[1], images[1])
    gan = small(augmentation="color", color_share=0.5)
    gan.compile()
    shown = []
    gan.discriminator = lambda inputs, training: shown.append(inputs[0].numpy()) or tf.zeros((len(inputs[0]), 1))
    gan._logits(tf.constant(np.resize(images, (200, 16, 16, 3))), tf.zeros(200, tf.int32), "real")
    kept = [
        np.array_equal(one, other) for one, other in zip(shown[0], np.resize(images, (200, 16, 16, 3)), strict=True)
    ]
    # Of 200 with chances of a half: fewer than 70 or more than 130 once in 50,000.
    assert 70 <= sum(kept) <= 130


def test_translation(images):
    """A reach of two pixels: five shifts, chosen by fifths of the unit interval."""
    moved = diffaugment.augment(images, neutral(c3=0.9, c4=0.1), ("translation",)).numpy()
    expected = np.roll(images, (-2, 2), (1, 2))
    expected[:, -2:], expected[:, :, :2] = 0, 0
    np.testing.assert_array_equal(moved, expected)
    one_down = diffaugment.augment(images, neutral(c3=0.3), ("translation",)).numpy()
    np.testing.assert_array_equal(one_down[:, 1:], images[:, :-1])
    assert not one_down[:, 0].any()


def test_flip(images):
    np.testing.assert_array_equal(diffaugment.augment(images, neutral(c5=0.49), ("flip",)), images[:, :, ::-1])


def test_each_image_has_draws_of_its_own(images):
    draws = neutral()
    draws[1] = [0.9, 0.1, 0.9, 0.9, 0.0, 0.1]
    for name in typing.get_args(Policy):
        made = diffaugment.augment(images, draws, (name,)).numpy()
        np.testing.assert_allclose(made[0], images[0], atol=1e-6)
        assert np.abs(made[1] - images[1]).max() > 0.1, name


def test_gradient_flows_through_the_augmentation(images):
    """Each pixel that stays in the picture has the gradient of the shift alone: 1."""
    watched = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(watched)
        total = tf.reduce_sum(diffaugment.augment(watched, neutral(c3=0.9, c5=0.1), ("color", "translation", "flip")))
    gradient = tape.gradient(total, watched).numpy()
    np.testing.assert_allclose(gradient[:, 2:], 1.0, atol=1e-5)
    np.testing.assert_allclose(gradient[:, :2], 0.0, atol=1e-5)


# Layers


def test_conditional_batch_normalization():
    random = np.random.default_rng(0)
    x = random.normal(2, 3, (6, 2, 2, 4)).astype(np.float32)
    labels = np.array([0, 2, 1, 1, 0, 2])
    layer = ConditionalBatchNormalization(3, momentum=0.9, epsilon=1e-5)
    layer.build([x.shape, labels.shape])
    gamma, beta = random.normal(size=(2, 3, 4)).astype(np.float32)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    spread = gamma[labels][:, None, None], beta[labels][:, None, None]

    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    made = layer([x, labels], training=True)
    np.testing.assert_allclose(made, (x - mean) / np.sqrt(variance + 1e-5) * spread[0] + spread[1], atol=1e-5)
    moving_mean, moving_variance = 0.1 * mean, 0.9 + 0.1 * variance
    np.testing.assert_allclose(layer.normalization.moving_mean, moving_mean, rtol=1e-5)
    np.testing.assert_allclose(layer.normalization.moving_variance, moving_variance, rtol=1e-5)
    made = layer([x, labels], training=False)
    expected = (x - moving_mean) / np.sqrt(moving_variance + 1e-5) * spread[0] + spread[1]
    np.testing.assert_allclose(made, expected, atol=1e-4)
    assert layer.compute_output_shape([x.shape, labels.shape]) == x.shape
    assert ConditionalBatchNormalization.from_config(layer.get_config()).get_config() == layer.get_config()


def test_conditional_batch_normalization_of_vectors():
    x, labels = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32), np.zeros(5, np.int32)
    layer = ConditionalBatchNormalization(2)
    made = layer([x, labels], training=True)
    np.testing.assert_allclose(made, (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5) * layer.gamma[0], atol=1e-5)


@pytest.mark.parametrize("shape", [(6, 2, 2, 4), (6, 4)])
def test_batch_normalization_is_that_of_keras(shape):
    random = np.random.default_rng(0)
    x, towards = (tf.constant(random.normal(2, 3, shape).astype(np.float32)) for _ in range(2))
    gamma, beta = random.normal(size=(2, 4)).astype(np.float32)
    found = []
    for kind in (BatchNormalization, keras.layers.BatchNormalization):
        layer = kind(momentum=0.9, epsilon=1e-5)
        layer.build(shape)
        layer.set_weights([gamma, beta, np.zeros(4), np.ones(4)])
        with tf.GradientTape() as tape:
            tape.watch(x)
            made = layer(x, training=True)
        sources = [x, *(weight.value for weight in layer.trainable_variables)]
        gradients = tape.gradient(made, sources, output_gradients=towards)
        found.append([made, *gradients, *layer.get_weights(), layer(x, training=False)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5, rtol=1e-5)


def test_label_projection():
    features = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    labels = np.array([1, 0, 1, 2])
    layer = LabelProjection(3)
    made = layer([features, labels])
    assert made.shape == layer.compute_output_shape([features.shape, labels.shape]) == (4, 1)
    embedding = np.array(layer.embedding)
    expected = [[features[i] @ embedding[label]] for i, label in enumerate(labels)]
    np.testing.assert_allclose(made, expected, atol=1e-6)
    assert LabelProjection.from_config(layer.get_config()).get_config() == layer.get_config()

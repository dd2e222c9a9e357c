"""How levels of a Stacked GAN train: losses, gradients, steps, the frozen encoder, learning; and the layers' noise."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from gan_harness import BATCH, CLASSES, IMAGE_SHAPE, examples, values
from test_stacked import draws, small, small_encoder, spread

from tfgan_aug.classifiers import networks
from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.gans import levels, losses
from tfgan_aug.gans.layers import KeyedDropout, KeyedGaussianNoise, OneHot

WEIGHTS = {"adversarial_weight": 1.3, "conditional_weight": 2.1, "entropy_weight": 5.0, "label_weight": 0.7}


# Losses, in NumPy and float64


def softplus(x):
    return np.log1p(np.exp(x))


def log_sum_exp(logits):
    return np.log(np.exp(logits).sum(-1))


def cross_entropy(logits, labels):
    return log_sum_exp(logits) - logits[np.arange(len(labels)), labels]


def squares(made, wanted):
    return ((made - wanted) ** 2).reshape(len(made), -1).mean(1)


def test_losses():
    random = np.random.default_rng(0)
    logits, labels = random.normal(0, 2, (6, 4)), np.array([0, 1, 2, 3, 3, 0])
    z = losses.real_logits(logits)
    np.testing.assert_allclose(z, log_sum_exp(logits), atol=1e-6)
    odds = np.exp(logits).sum(1)
    np.testing.assert_allclose(tf.sigmoid(z), odds / (odds + 1), rtol=1e-6)
    np.testing.assert_allclose(losses.real_logits(logits[:, :1]), logits[:, 0], rtol=1e-6)
    np.testing.assert_allclose(losses.class_loss(logits, labels), cross_entropy(logits, labels), rtol=1e-6)
    assert losses.class_loss(logits, labels).dtype == losses.real_logits(logits).dtype == tf.float32
    np.testing.assert_allclose(losses.real_logits(np.array([[1000.0, 1000.0]])), [1000 + np.log(2)])
    np.testing.assert_allclose(losses.class_loss(np.array([[1000.0, -1000.0]]), [1]), [2000])


@pytest.mark.parametrize("shape", [(3, 5), (3, 2, 2, 5)])
def test_squared_error(shape):
    made, wanted = np.random.default_rng(0).normal(size=(2, *shape))
    np.testing.assert_allclose(losses.squared_error(made, wanted), squares(made, wanted), rtol=1e-6)


def expected_metrics(model, real, labels, saturating, class_logits):
    """What `evaluate` gives for levels that make a batch `real` = [targets ..., condition], each term by hand."""
    expected = {}
    latents = model._latents(len(labels), "discriminator")
    made, condition = [], tf.constant(real[-1])
    for generator, z in zip(model.generators[::-1], latents[::-1], strict=True):
        condition = generator([condition, z], training=False)
        made.insert(0, condition)
    above = [*made[1:], real[-1]]
    for number, level in enumerate(model.levels_in):

        def discriminate(x, network=level.discriminator):
            found = network([tf.constant(x), tf.zeros(2, tf.int64), tf.zeros(2)], training=False)
            return [output.numpy().astype(np.float64) for output in found]

        (of_real, _), (of_made, recovered) = discriminate(real[number]), discriminate(made[number])
        z_real, z_made = log_sum_exp(of_real), log_sum_exp(of_made)
        latent = squares(recovered, latents[number].numpy().astype(np.float64))
        encoded = level.encoder(made[number], training=False).numpy().astype(np.float64)
        wanted = np.asarray(above[number])
        conditional = cross_entropy(encoded, labels) if wanted.ndim == 1 else squares(encoded, wanted)
        d_loss = 1.3 * (softplus(-z_real) + softplus(z_made)) / 2 + 5.0 * latent
        if class_logits:
            d_loss += 0.7 * cross_entropy(of_real, labels)
        g_loss = 1.3 * (-softplus(z_made) if saturating else softplus(-z_made)) + 2.1 * conditional + 5.0 * latent
        terms = (d_loss, g_loss, z_real > 0, z_made > 0, conditional, latent)
        names = ("d_loss", "g_loss", "d_real", "d_generated", "conditional", "latents")
        suffix = f"_{level.index}" if len(made) > 1 else ""
        expected |= {name + suffix: each.mean() for name, each in zip(names, terms, strict=True)}
    if len(made) > 1:
        for name in ("d_loss", "g_loss"):
            expected[name] = sum(expected[f"{name}_{level.index}"] for level in model.levels_in)
    return expected | {"g_steps": 0.0}


@pytest.mark.parametrize(("saturating", "class_logits"), [(True, True), (False, False)])
@pytest.mark.parametrize("index", [0, 1, 2, None])
def test_every_level_has_the_losses_of_the_equations(index, saturating, class_logits):
    """Of each level alone, and (None) of all on top of each other."""
    form = "class_logits" if class_logits else "one_logit"
    loss = "saturating" if saturating else "non_saturating"
    gan = spread(small(stacks=3, discriminator_form=form, generator_loss=loss, **WEIGHTS))
    images, labels = examples()
    chain = [images.astype(np.float32) / 127.5 - 1, *gan.features(images), labels]
    model, real = (gan, chain) if index is None else (gan.level(index), chain[index : index + 2])
    data = (images, labels) if index is None else gan.level_data(index, images, labels)
    model.compile(run_eagerly=True)
    found = model.evaluate(*data, batch_size=BATCH, verbose=0, return_dict=True)
    expected = expected_metrics(model, real, labels, saturating, class_logits)
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-4), name


# Gradients


def own_loss(gan, level, made, above, z, labels):
    """The mean of one level's generator loss in training form, of Keras' own losses; nothing scales its gradient."""
    key = gan._key(f"generator noise {level}")
    logits, recovered = gan.discriminators[level]([made, key, tf.constant(gan.amounts)], training=True)
    adversarial = tf.reduce_mean(tf.math.log(1.0 + tf.reduce_sum(tf.exp(logits), -1)))
    encoded = gan.encoders[level](made, training=False)
    if above is labels:
        conditional = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, encoded, from_logits=True))
    else:
        conditional = tf.reduce_mean((encoded - above) ** 2)
    return -1.3 * adversarial + 2.1 * conditional + 5.0 * tf.reduce_mean((recovered - z) ** 2)


@pytest.mark.parametrize("joint_weight", [0.0, 0.3, 1.0])
def test_a_generator_has_its_own_gradient_and_a_share_of_the_lower_levels(joint_weight):
    """Of three levels: the share is `joint_weight` of the next lower level, its square of the one below that."""
    gan = spread(small(stacks=3, joint_weight=joint_weight, **WEIGHTS))
    gan.compile(keras.optimizers.SGD(1.0))
    images, labels = examples()
    labels = tf.constant(labels)
    z = gan._latents(BATCH, "generator")
    with tf.GradientTape(persistent=True) as tape:
        made, condition = [], labels
        for generator, latents in zip(gan.generators[::-1], z[::-1], strict=True):
            condition = generator([condition, latents], training=True)
            made.insert(0, condition)
        of_levels = [own_loss(gan, i, made[i], [*made[1:], labels][i], z[i], labels) for i in range(3)]
    weights = [network.trainable_variables for network in gan.generators]
    before = [values(variables) for variables in weights]
    shares = {
        (level, lower): tape.gradient(of_levels[lower], weights[level], unconnected_gradients="zero")
        for level in range(3)
        for lower in range(level + 1)
    }
    gan.generator_step((images, labels))
    for level in range(3):
        expected = [
            -sum(joint_weight ** (level - lower) * shares[level, lower][i].numpy() for lower in range(level + 1))
            for i in range(len(weights[level]))
        ]
        made = [after - old for after, old in zip(values(weights[level]), before[level], strict=True)]
        flat, wanted = (np.concatenate([array.ravel() for array in arrays]) for arrays in (made, expected))
        assert np.linalg.norm(flat - wanted) < 1e-4 * np.linalg.norm(wanted)
        for lower in range(level):
            assert max(np.abs(array).max() for array in shares[level, lower]) > 1e-3


# The frozen encoder


@pytest.mark.parametrize("alone", [True, False])
def test_the_encoder_stays(alone):
    """Its weights are in no optimiser; with dropout in it, a step is that of an encoder without."""
    gans = []
    for dropout in ((0.0, 0.0, 0.0), (0.5, 0.5, 0.5)):
        encoder = small_encoder(dropout=dropout)
        encoder.set_weights(small_encoder().get_weights())
        gan = small(encoder)
        model = gan.level(0) if alone else gan
        model.compile(run_eagerly=True)
        before = encoder.get_weights()
        model.fit(*examples(), batch_size=BATCH, verbose=0)
        for one, other in zip(before, encoder.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
        trained = {id(v) for v in (*model.generator_variables, *model.discriminator_variables)}
        assert not trained & {id(v) for v in encoder.variables}
        assert {id(v) for v in model.trainable_variables} == trained
        # Adam: two moments for each weight, the rate and the count.
        assert len(model.optimizer.variables) == 2 * len(model.generator_variables) + 2
        assert len(model.discriminator_optimizer.variables) == 2 * len(model.discriminator_variables) + 2
        gans.append(gan)
    for one, other in zip(
        *(values(gan.generator_variables + gan.discriminator_variables) for gan in gans), strict=True
    ):
        np.testing.assert_array_equal(one, other)


# Steps


@pytest.mark.parametrize(
    ("loss", "steps"),
    [
        (9.0, 1),
        (0.6501, 1),
        (0.65, 3),
        (0.5001, 3),
        (0.5, 5),
        (0.3001, 5),
        (0.3, 7),
        (0.0, 7),
        (-1.0, 7),
        (math.nan, 1),
    ],
)
def test_adaptive_steps(loss, steps):
    assert levels.adaptive_steps(loss) == steps


def test_adaptive_steps_go_by_the_lowest_discriminators_adversarial_loss(monkeypatch):
    counts, seen = [3, 1], []

    def choose(loss):
        seen.append(loss)
        return counts[len(seen) - 1]

    monkeypatch.setattr(levels, "adaptive_steps", choose)
    gan = spread(small(generator_steps=0, adversarial_weight=3.0))
    gan.compile(run_eagerly=True)
    images, labels = examples(count=2 * BATCH)
    z = gan._latents(BATCH, "discriminator")
    dense = gan.generators[1]([tf.constant(labels[:BATCH]), z[1]], training=True)
    made = gan.generators[0]([dense, z[0]], training=True)
    real, logits = images[:BATCH] / np.float32(127.5) - 1, []
    for x, stream in ((tf.constant(real), "real"), (made, "made")):
        inputs = [x, gan._key(f"{stream} noise 0"), tf.constant([0.3, 0.2])]
        logits.append(log_sum_exp(gan.discriminators[0](inputs, training=True)[0].numpy().astype(np.float64)))
    history = gan.fit(images, labels, batch_size=BATCH, shuffle=False, verbose=0).history
    assert seen[0] == pytest.approx((softplus(-logits[0]) + softplus(logits[1])).mean() / 2, rel=1e-4)
    assert int(gan.optimizer.iterations) == 4 and int(gan.discriminator_optimizer.iterations) == 2
    assert history["g_steps"] == [2.0]


@pytest.mark.parametrize("steps", [1, 3])
def test_fixed_steps(steps):
    gan = small(stacks=1, generator_steps=steps)
    gan.compile(run_eagerly=True)
    history = gan.fit(*examples(), batch_size=BATCH, verbose=0).history
    assert int(gan.optimizer.iterations) == steps and int(gan.discriminator_optimizer.iterations) == 1
    assert history["g_steps"] == [steps]


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("index", [0, 1])
def test_dropout_and_hidden_noise_differ_alone_and_jointly(index, alone):
    gan = small(dropout=0.4, joint_dropout=0.6, joint_noise=0.7)
    model, amounts = (gan.level(index), [0.4, 0.0]) if alone else (gan, [0.6, 0.7])
    model.compile()
    level = gan.levels_in[index]
    x = tf.random.stateless_normal((4, *level.discriminator.input_shape[0][1:]), (1, 2))
    _, logits, latents = model._discriminate(level, x, "real", training=True)
    inputs = [x, model._key(f"real noise {index}"), tf.constant(amounts)]
    for one, other in zip((logits, latents), level.discriminator(inputs, training=True), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def after_two_steps(gan, data, labels):
    gan.compile(run_eagerly=True)
    gan.fit(data, labels, batch_size=BATCH, shuffle=False, verbose=0)
    return np.concatenate([value.ravel() for value in values([*gan.generator_variables, *gan.discriminator_variables])])


@pytest.mark.parametrize("alone", [True, False])
def test_raw_images_train_as_precomputed_features_do(alone):
    images, labels = examples(count=2 * BATCH)
    given, _ = small().joint_data(images, labels)
    raw, features = (after_two_steps(small().level(0) if alone else small(), data, labels) for data in (images, given))
    np.testing.assert_allclose(raw, features, atol=1e-5)


def test_any_number_of_precomputed_features():
    gan = spread(small(stacks=3))
    gan.compile(run_eagerly=True)
    images, labels = examples()
    given, _ = gan.joint_data(images, labels)
    first, *others = (
        gan.evaluate(data, labels, batch_size=BATCH, verbose=0, return_dict=True) for data in (images, given[:2], given)
    )
    for other in others:
        assert other == pytest.approx(first, rel=1e-5)


def test_noise_of_a_step_is_a_function_of_the_seed():
    images, labels = examples(count=2 * BATCH)
    first, same, other = (after_two_steps(small(stacks=1, seed=seed), images, labels) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, same)
    assert np.abs(first - other).max() > 1e-5


def test_latents_are_drawn_anew_for_each_level_network_and_step():
    gan = small(top_latent_dim=3)
    gan.compile()
    drawn = [*gan._latents(BATCH, "discriminator"), *gan._latents(BATCH, "generator")]
    gan.optimizer.iterations.assign(1)
    drawn += gan._latents(BATCH, "generator")
    together = np.array(drawn)
    assert together.shape == (6, BATCH, 3) and len(np.unique(together)) == together.size
    assert 0 <= together.min() < 0.1 and 0.9 < together.max() < 1


# Learning


@pytest.fixture(scope="module")
def colours():
    """Images of three colours with noise, their labels, and an encoder that tells them apart."""
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(0)
    labels = np.arange(48, dtype=np.int32) % CLASSES
    images = np.eye(3)[labels][:, None, None] * 160 + 40 + random.normal(0, 20, (48, *IMAGE_SHAPE))
    images = np.clip(images, 0, 255).astype(np.uint8)
    encoder = small_encoder()
    classifier = Classifier(encoder)
    classifier.compile(keras.optimizers.Adam(3e-3))
    classifier.fit(images, labels, batch_size=24, epochs=15, shuffle=False, verbose=0)
    assert classifier.evaluate(images, labels, verbose=0, return_dict=True)["accuracy"] == 1.0
    networks.even_out(encoder, images, ["dense"])
    return images, labels, encoder


def test_levels_learn_their_conditions_and_their_latents(colours):
    """Latents on draws that no step has seen: of a guess the correlation is 0, to 0.09 for so many."""
    images, labels, encoder = colours
    options = {"conditional_weight": 30.0, "entropy_weight": 100.0, "dropout": 0.0, "image_width": 0.1}
    gan = small(encoder, top_latent_dim=2, latent_dim_below=2, **options)
    for index in (0, 1):
        level = gan.level(index)
        level.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)))
        data = gan.level_data(index, images, labels)
        before = level.evaluate(*data, batch_size=24, verbose=0, return_dict=True)
        level.fit(*data, batch_size=24, epochs=40, verbose=0)
        # Slower at the end: the moving statistics catch up.
        for optimizer in (level.optimizer, level.discriminator_optimizer):
            optimizer.learning_rate = 1e-4
        level.fit(*data, batch_size=24, epochs=10, verbose=0)
        after = level.evaluate(*data, batch_size=24, verbose=0, return_dict=True)
        assert before["conditional"] > 0.5 and after["conditional"] < 0.1 * before["conditional"]
    # Measured with three instruction sets: 0.58 to 0.68 and 0.97. The squared error depends on the processor: it takes
    # in how far the moving statistics are from those of the batches, and rounding alone moves it by a half.
    for drawn, found in gan.recovered(*draws(gan, 64)):
        assert np.corrcoef(np.ravel(drawn), np.ravel(found))[0, 1] > 0.4
    # The images that level 0 makes of real features have the colours of the real images.
    colour = gan.from_features(gan.features(images)[0], np.arange(48)).mean((1, 2))
    assert (colour.argmax(1) == labels).mean() > 0.9


# Layers

KEY = np.array([5, 6], np.int64)


def ones(count=2000):
    return tf.ones((count, 5))


def test_gaussian_noise():
    x = tf.reshape(tf.range(20000.0), (4000, 5))
    layer = KeyedGaussianNoise(1, 0.5)
    noise = layer([x, KEY], training=True).numpy() - x.numpy()
    assert abs(noise.mean()) < 0.02 and noise.std() == pytest.approx(0.5, rel=0.03)
    assert abs(np.corrcoef(noise.T) - np.eye(5)).max() < 0.1
    for training in (False, None):
        np.testing.assert_array_equal(layer([x, KEY], training=training), x)
    np.testing.assert_array_equal(KeyedGaussianNoise(1, 0.0)([x, KEY], training=True), x)
    given = layer([x, KEY, tf.constant(2.0)], training=True).numpy() - x.numpy()
    np.testing.assert_allclose(given, 4 * noise, atol=0.01)
    np.testing.assert_array_equal(layer([x, KEY, tf.constant(0.0)], training=True), x)


def test_dropout():
    x = tf.random.stateless_uniform((4000, 5), (1, 2), 1.0, 2.0)
    layer = KeyedDropout(1)
    made = layer([x, KEY, tf.constant(0.3)], training=True).numpy()
    assert (made == 0).mean() == pytest.approx(0.3, abs=0.02)
    kept = made != 0
    np.testing.assert_allclose(made[kept], x.numpy()[kept] / 0.7, rtol=1e-6)
    for training, rate in ((True, 0.0), (False, 0.3), (None, 0.3)):
        np.testing.assert_array_equal(layer([x, KEY, tf.constant(rate)], training=training), x)


@pytest.mark.parametrize("make", [lambda stream: KeyedGaussianNoise(stream), lambda stream: KeyedDropout(stream)])
def test_noise_is_a_function_of_key_and_stream(make):
    def drawn(stream, key):
        return make(stream)([ones(), np.array(key, np.int64), tf.constant(0.5)], training=True).numpy()

    first = drawn(0, [5, 6])
    np.testing.assert_array_equal(first, drawn(0, [5, 6]))
    others = [drawn(*other) for other in ((1, [5, 6]), (0, [5, 7]), (0, [6, 6]), (1, [5, 7]))]
    for number, other in enumerate(others):
        for another in [first, *others[:number]]:
            assert abs(np.corrcoef(other.ravel(), another.ravel())[0, 1]) < 0.05
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(make(1)))
    inputs = [ones(), KEY, tf.constant(0.5)]
    np.testing.assert_array_equal(copy(inputs, training=True), make(1)(inputs, training=True))


def test_config_of_the_noise():
    layer = KeyedGaussianNoise(3, 0.25)
    copy = KeyedGaussianNoise.from_config(layer.get_config())
    assert (copy.stream, copy.deviation) == (3, 0.25) and copy.get_config() == layer.get_config()
    assert layer.compute_output_shape([(None, 4), (2,)]) == (None, 4)


def test_one_hot():
    layer = OneHot(4)
    np.testing.assert_array_equal(layer(np.array([2, 0, 3], np.int32)), np.eye(4)[[2, 0, 3]])
    assert layer.compute_output_shape((None,)) == (None, 4)
    assert OneHot.from_config(layer.get_config()).get_config() == layer.get_config()

"""The Stacked GAN: drawing, training, its networks, its levels' data, what it refuses."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from gan_harness import CLASSES, IMAGE_SHAPE, GANHarness, examples, grey_levels, values

from tfgan_aug.classifiers import networks
from tfgan_aug.core import pixels, streams
from tfgan_aug.gans import stacked_networks
from tfgan_aug.gans.stacked import StackedGAN, split

TOP, BELOW = 4, 3


def small_encoder(image_shape=IMAGE_SHAPE, classes=CLASSES, dropout=(0.0, 0.0, 0.0)):
    keras.utils.set_random_seed(4)
    return networks.encoder(image_shape, classes, width=0.1, dropout=dropout)


def small(encoder=None, **options):
    """A narrow Stacked GAN, the same in each call."""
    encoder = encoder or small_encoder()
    keras.utils.set_random_seed(5)
    narrow = {"image_width": 0.05, "feature_width": 0.1, "top_latent_dim": TOP, "latent_dim_below": BELOW, "seed": 3}
    return StackedGAN(encoder, **{**narrow, "generator_steps": 1, **options})


def spread(model):
    """The model, its weights far enough from their small initial values that every input shows in every output."""
    random = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(weight + random.normal(0, 0.3, weight.shape))
    return model


def draws(gan, count=6):
    """Latents float32 (count, latent_dim) as `call` takes them, and labels."""
    latents = np.random.default_rng(7).uniform(-1, 1, (count, gan.latent_dim)).astype(np.float32)
    return latents, np.arange(count, dtype=np.int32) % CLASSES


class StackedHarness(GANHarness):
    # Batch normalisation with an epsilon of 1e-6 makes much of rounding where a narrow layer is nearly constant:
    # at rate 0.1 1e-6 was measured, at 0.01 and at 1, other weights, up to 3e-5 and on one device 2e-4.
    rate, tolerance = 0.1, 1e-4

    @staticmethod
    def networks(model):
        kinds = {"generator": model.generators, "discriminator": model.discriminators}
        return {f"{kind}_{level}": network for kind in kinds for level, network in enumerate(kinds[kind])}


def metric_names(levels):
    names = ("d_loss", "g_loss", "d_real", "d_generated", "conditional", "latents")
    return {f"{name}_{level}" for name in names for level in range(levels)} | {"d_loss", "g_loss", "g_steps"}


class TestStackedGAN(StackedHarness):
    metrics = metric_names(2)
    eagerly = True

    @classmethod
    def make(cls):
        return small(augmentation="translation,flip")


class TestThreeStacks(StackedHarness):
    """On two devices and with callbacks it trains as two stacks do."""

    test_two_devices_make_the_step_of_one = test_callbacks = None

    metrics = metric_names(3)
    generator_steps = (2, 2)
    eagerly = True

    @classmethod
    def make(cls):
        options = {"architecture": "paper", "discriminator_form": "one_logit", "generator_loss": "saturating"}
        return small(stacks=3, generator_steps=2, **options)


class TestAdaptiveSteps(StackedHarness):
    """And a single stack, whose metrics have no suffix, trained by graphs; it draws as those of more stacks do.

    Two devices are those of `TestStackedGAN`: the graph of four times the steps on each takes most of a minute to make.
    """

    test_two_devices_make_the_step_of_one = None
    test_an_image_depends_on_its_label_and_seed_alone = test_seeds_and_labels_matter = test_generate_guards = None
    test_save_and_load = test_callbacks = None

    metrics = frozenset({"d_loss", "g_loss", "d_real", "d_generated", "conditional", "latents", "g_steps"})
    generator_steps = (1, 7)

    @classmethod
    def make(cls):
        return small(stacks=1, generator_steps=0, generator_loss="non_saturating")


# The networks


@pytest.fixture(scope="module")
def original():
    """At the sizes of the original's CIFAR-10 networks."""
    return StackedGAN(networks.encoder((32, 32, 3), 10))


def normalized(units):
    """Scale, shift, mean and variance of a batch normalisation."""
    return 4 * units


def test_numbers_of_weights(original):
    """Counted by hand. Layers before a batch normalisation have no bias."""
    convolutions = (25 * 3 * 64 + 64) + (25 * 64 * 128 + 128)
    assert original.encoder.count_params() == convolutions + (5 * 5 * 128 + 1) * 256 + (256 + 1) * 10 == 1_031_818

    latents = 16 * 128 + normalized(128) + 128 * 128 + normalized(128)
    joined = (256 + 128) * 6400 + normalized(6400)
    deconvolutions = 25 * (256 * 256 + 256 * 128 + 128 * 128 + 128 * 3) + 3 + normalized(256 + 128 + 128)
    assert original.generators[0].count_params() == latents + joined + deconvolutions == 5_381_507

    branches = 50 * 256 + normalized(256) + 10 * 512 + normalized(512)
    together = (256 + 512) * 512 + 512 * 512 + 2 * normalized(512)
    assert original.generators[1].count_params() == branches + together + (512 + 1) * 256 == 811_776

    convolutions = (9 * 3 * 96 + 96) + 9 * (96 * 96 + 96 * 192 + 2 * 192 * 192) + (192 * 192 + 192)
    heads = (192 + 1) * 10 + (6 * 6 * 192 + 1) * 16
    total = convolutions + normalized(96 + 3 * 192) + heads
    assert original.discriminators[0].count_params() == total == 1_067_354

    heads = (512 + 1) * 10 + (512 + 1) * 50
    total = (256 + 1) * 512 + 512 * 512 + normalized(512) + heads
    assert original.discriminators[1].count_params() == total == 426_556


def shapes(network, *kinds):
    return [layer.output.shape[1:] for layer in network.layers if isinstance(layer, kinds)]


def test_sizes_of_the_feature_maps(original):
    convolution, transposed = keras.layers.Conv2D, keras.layers.Conv2DTranspose
    made = shapes(original.generators[0], keras.layers.Reshape, transposed)
    assert made == [(5, 5, 256), (10, 10, 256), (14, 14, 128), (28, 28, 128), (32, 32, 3)]
    made = shapes(original.discriminators[0], convolution)
    assert made == [(32, 32, 96), (16, 16, 96), (16, 16, 192), (8, 8, 192), (6, 6, 192), (6, 6, 192)]
    assert [part.output_shape[1:] for part in original.encoders] == [(256,), (10,)]
    assert original.latent_dim == 50 + 16


def test_generators_of_the_paper_have_a_dense_layer_and_four_transposed_convolutions():
    dense, transposed = keras.layers.Dense, keras.layers.Conv2DTranspose
    vector = stacked_networks.vector_generator((256,), None, 10, 50, 1.0, "paper")
    assert shapes(vector, dense) == [(512,)]
    assert shapes(vector, transposed) == [(2, 2, 256), (4, 4, 128), (8, 8, 64), (16, 16, 1)]
    # The latents' branch, as in the image's generator, has two dense layers more.
    maps = stacked_networks.map_generator((5, 5, 128), (256,), 10, 16, 1.0, "paper")
    assert shapes(maps, dense) == [(128,), (128,), (5 * 5 * 256,)]
    assert shapes(maps, transposed) == [(5, 5, 256), (5, 5, 256), (5, 5, 128), (5, 5, 128)]


@pytest.mark.parametrize("length", [26, 12, 16, 64])
def test_a_vector_of_any_length(length):
    network = stacked_networks.vector_generator((length,), None, CLASSES, TOP, 0.02, "paper")
    made = network([np.arange(CLASSES), np.zeros((CLASSES, TOP), np.float32)]).numpy()
    assert made.shape == (CLASSES, length) and made.min() >= 0
    assert len(shapes(network, keras.layers.Conv2DTranspose)) == 4


@pytest.mark.parametrize("architecture", ["huang", "paper"])
@pytest.mark.parametrize(
    ("image_shape", "stacks"), [((16, 16, 1), 3), ((48, 48, 3), 2), ((48, 48, 1), 3), ((128, 128, 3), 1)]
)
def test_sizes_and_channels(image_shape, stacks, architecture):
    gan = small(small_encoder(image_shape), stacks=stacks, architecture=architecture)
    assert gan.generate([0, 1], [1, 2], block_size=2).shape == (2, *image_shape)
    logits, latents = gan.discriminators[0]([np.zeros((2, *image_shape)), np.zeros(2, np.int64), np.zeros(2)])
    assert logits.shape == (2, CLASSES) and latents.shape == (2, TOP if stacks == 1 else BELOW)
    inputs = [(None, *image_shape), *(part.output_shape for part in gan.encoders[:-1])]
    assert [network.output_shape for network in gan.generators] == inputs


@pytest.mark.parametrize(("form", "logits"), [("class_logits", CLASSES), ("one_logit", 1)])
def test_discriminator_forms(form, logits):
    gan = small(discriminator_form=form)
    assert [network.output_shape for network in gan.discriminators] == [
        [(None, logits), (None, BELOW)],
        [(None, logits), (None, TOP)],
    ]


# What the levels make of each other


@pytest.fixture(scope="module")
def stack():
    """Three stacks, to look at."""
    return spread(small(stacks=3))


def test_split_is_the_encoder():
    encoder = small_encoder(dropout=(0.5, 0.5, 0.5))
    x = np.random.default_rng(0).uniform(-1, 1, (4, *IMAGE_SHAPE)).astype(np.float32)
    for names, count in ((("pool_2", "dense"), 3), (("dense",), 2), ((), 1)):
        parts = split(encoder, names)
        assert len(parts) == count
        made = x
        for part in parts:
            made = part(made, training=False)
        np.testing.assert_allclose(made, encoder(x, training=False), rtol=1e-6)
    assert sum(len(part.layers) - 1 for part in split(encoder, ("pool_2", "dense"))) == len(encoder.layers) - 1


def test_features(stack):
    """As many as to need two blocks, against the encoder's layers run whole."""
    images, labels = examples(count=253)
    scaled = images.astype(np.float32) / 127.5 - 1
    made = stack.features(images)
    for name, features in zip(("pool_2", "dense"), made, strict=True):
        whole = keras.Model(stack.encoder.inputs[0], stack.encoder.get_layer(name).output)
        np.testing.assert_allclose(features, whole(scaled, training=False), atol=1e-5)
        assert features.dtype == np.float32 and features.std() > 0
    chain = [images, *made]
    given, given_labels = stack.joint_data(images, labels)
    for wanted, found in zip(chain, given, strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert given_labels is labels
    for index in range(3):
        given, given_labels = stack.level_data(index, images, labels)
        for wanted, found in zip(chain[index : index + 2], given, strict=True):
            np.testing.assert_array_equal(found, wanted)
        assert given_labels is labels
    assert small(stacks=1).features(images) == []


def by_hand(gan, latents, labels):
    """What each of three levels makes, lowest first, and their latents in [0, 1): the highest level's come first."""
    z = [tf.constant((latents[:, columns] + 1) / 2) for columns in (slice(7, 10), slice(4, 7), slice(0, 4))]
    dense = gan.generators[2]([tf.constant(labels), z[2]])
    pooled = gan.generators[1]([dense, z[1]])
    return [gan.generators[0]([pooled, z[0]]), pooled, dense], z


def test_latents_are_those_of_the_highest_level_first(stack):
    assert [stack.latent_columns(level) for level in (2, 1, 0)] == [slice(0, 4), slice(4, 7), slice(7, 10)]
    latents, labels = draws(stack)
    images = by_hand(stack, latents, labels)[0][0].numpy()
    np.testing.assert_allclose(stack([latents, labels]), images, atol=1e-6)
    for level in range(3):
        other = latents.copy()
        other[:, stack.latent_columns(level)] *= -1
        assert np.abs(stack([other, labels]).numpy() - images).max() > 0.01


def test_the_lowest_columns_change_the_image_alone(stack):
    """What higher levels make, seen in the latents that their discriminators recover."""
    latents, labels = draws(stack)
    first = stack.recovered(latents, labels)
    latents[:, stack.latent_columns(0)] *= -1
    second = stack.recovered(latents, labels)
    changed = [np.abs(a[1] - b[1]).max() > 1e-3 for a, b in zip(first, second, strict=True)]
    assert changed == [True, False, False]


def test_recovered_latents_and_conditional_errors(stack):
    latents, labels = draws(stack)
    made, z = by_hand(stack, latents, labels)
    errors, recovered = stack.conditional_errors(latents, labels), stack.recovered(latents, labels)
    for level, (drawn, found) in enumerate(recovered):
        np.testing.assert_array_equal(drawn, z[level])
        seen = stack.discriminators[level]([made[level], tf.ones(2, tf.int64), tf.ones(2)])[1]
        np.testing.assert_allclose(found, seen, rtol=1e-5, atol=1e-5)
        encoded = stack.encoders[level](made[level]).numpy().astype(np.float64)
        if level < 2:
            expected = np.square(encoded - made[level + 1].numpy()).reshape(len(labels), -1).mean(1)
        else:
            expected = np.log(np.exp(encoded).sum(1)) - encoded[np.arange(len(labels)), labels]
        np.testing.assert_allclose(errors[level], expected, rtol=1e-4)


def test_from_features(stack):
    """As many as to need two blocks; what the top level makes of labels gives the stack's own images."""
    labels, seeds = np.arange(253) % CLASSES, np.arange(253) * 2**40
    latents = streams.uniform_latents(tf.constant(seeds), stack.latent_dim).numpy()
    (made, pooled, dense), _ = by_hand(stack, latents, labels.astype(np.int32))
    images = stack.generate(labels, seeds)
    assert grey_levels(pixels.to_uint8(made).numpy(), images) <= 1 and images.std() > 1
    for features, level in ((dense, 2), (pooled, 1)):
        made = stack.from_features(features.numpy(), seeds, level=level)
        assert made.dtype == np.uint8 and grey_levels(made, images) <= 1
    assert grey_levels(stack.from_features(pooled.numpy(), seeds + 1), images) > 1


@pytest.mark.parametrize("level", [0, 3])
def test_from_features_guards(stack, level):
    with pytest.raises(ValueError, match=f"level: found {level}, expected one of 1, 2"):
        stack.from_features(np.zeros((1, 26), np.float32), [1], level=level)


def test_a_level_shares_its_weights_with_the_stack():
    gan = small()
    networks = [*gan.generators, *gan.discriminators]
    before = [values(network.variables) for network in networks]
    level = gan.level(1)
    level.compile(run_eagerly=True)
    level.fit(*gan.level_data(1, *examples()), batch_size=8, verbose=0)
    changed = [
        any(not np.array_equal(a, b) for a, b in zip(old, values(network.variables), strict=True))
        for old, network in zip(before, networks, strict=True)
    ]
    assert changed == [False, True, False, True]
    assert level.generators[0] is gan.generators[1] and level.discriminators[0] is gan.discriminators[1]


# What it refuses


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stacks": 0}, "stacks: found 0, expected 1, 2 or 3"),
        ({"stacks": 4}, "stacks: found 4, expected 1, 2 or 3"),
        ({"architecture": "dcgan"}, "architecture: found 'dcgan', expected one of huang, paper"),
        ({"discriminator_form": "hinge"}, "discriminator_form: found 'hinge', .* class_logits, one_logit"),
        ({"generator_loss": "hinge"}, "generator_loss: found 'hinge', expected one of non_saturating, saturating"),
        ({"augmentation": "cutout"}, "augmentation: found 'cutout', expected some of color, translation, flip"),
    ],
)
def test_guards(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)


@pytest.mark.parametrize("image_shape", [(24, 24, 3), (32, 16, 3), (144, 144, 1), (16, 16, 2)])
def test_guard_of_the_image_shape(image_shape):
    with pytest.raises(ValueError, match=r"encoder: found images of \(.*\), expected a square of 16 to 128 pixels"):
        small(small_encoder(image_shape))


@pytest.mark.parametrize("name", ["pool_2", "dense"])
def test_guard_of_the_encoders_layers(name):
    encoder = small_encoder()
    encoder.get_layer(name).name = "another"
    with pytest.raises(ValueError, match=rf"encoder: found layers \['images', .*'another'.*\], .* called '{name}'"):
        small(encoder)

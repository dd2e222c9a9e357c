"""What the levels of a Stacked GAN do: numbers against NumPy on its networks, images tile by tile."""

import functools

import keras
import numpy as np
import pytest
from PIL import Image

from tfgan_aug.classifiers import networks
from tfgan_aug.core import artefacts, pixels, streams
from tfgan_aug.data import subsets
from tfgan_aug.experiments import inspection
from tfgan_aug.gans.stacked import StackedGAN

DRAWS, SEED = 6, 11
SHAPE = (16, 16, 3)


@functools.cache
def made(stacks, classes=3):
    """A Stacked GAN whose weights are spread out: every latent matters. Tests give back the weights they change."""
    keras.utils.set_random_seed(1)
    encoder = networks.encoder(SHAPE, classes, 0.1)
    sizes = {"image_width": 0.05, "feature_width": 0.05, "top_latent_dim": 7, "latent_dim_below": 5}
    gan = StackedGAN(encoder, stacks=stacks, augmentation="flip", **sizes)
    random = np.random.default_rng(0)
    for weight in gan.trainable_variables:
        weight.assign(weight + random.normal(0, 0.3, weight.shape))
    images = random.integers(0, 256, (20, *SHAPE), np.uint8)
    networks.even_out(encoder, images, ("pool_2", "dense"))
    return gan


def latents_of(gan, labels, changed=None):
    """Columns of latents in [-1, 1) of each level, highest first, those of level `changed` from another draw."""
    base, other = (
        streams.uniform_latents(streams.image_seeds(SEED, 2**20 + draw, range(len(labels))), gan.latent_dim).numpy()
        for draw in (0, 1)
    )
    start, latents = 0, base.copy()
    for level in reversed(range(gan.stacks)):
        size = 7 if level == gan.stacks - 1 else 5
        if level == changed:
            latents[:, start : start + size] = other[:, start : start + size]
        start += size
    assert start == gan.latent_dim
    return latents


def down(gan, labels, latents):
    """What each level makes, lowest first, and its latents in [0, 1), by its generators alone."""
    condition, chain, start = labels, [], 0
    for level in reversed(range(gan.stacks)):
        size = 7 if level == gan.stacks - 1 else 5
        z = (latents[:, start : start + size] + 1) / 2
        condition = gan.generators[level]([condition, z], training=False).numpy()
        chain.insert(0, (condition, z))
        start += size
    return chain


def encoded(gan, images):
    """(last features, logits) of the whole encoder."""
    encoder = gan.encoder
    outputs = [encoder.get_layer(name).output for name in ("dense", "logits")]
    features, logits = (part.numpy() for part in keras.Model(encoder.input, outputs)(images, training=False))
    return (features if gan.stacks > 1 else logits), logits


def cross_entropy(logits, labels):
    shares = np.exp(logits.astype(float))
    return -np.log(shares[np.arange(len(labels)), labels] / shares.sum(1))


# Numbers


@pytest.mark.parametrize("stacks", [1, 2, 3])
def test_measure_by_hand(stacks, monkeypatch):
    """In several blocks, the last of them smaller."""
    monkeypatch.setattr(inspection, "_blocks", functools.partial(inspection._blocks, size=4))
    gan, labels = made(stacks), np.repeat(np.arange(3, dtype=np.int32), DRAWS)
    found = inspection.measure(gan, SEED, DRAWS)
    base = down(gan, labels, latents_of(gan, labels))
    features, logits = encoded(gan, base[0][0])
    assert found["intended_class"] == pytest.approx(np.mean(logits.argmax(1) == labels))
    assert [level["level"] for level in found["levels"]] == list(range(stacks))
    recovered = gan.recovered(latents_of(gan, labels), labels)
    for level, numbers in enumerate(found["levels"]):
        other = down(gan, labels, latents_of(gan, labels, changed=level))
        moved, other_logits = encoded(gan, other[0][0])
        distance = np.sqrt(((features - moved) ** 2).sum(1)).mean() / np.sqrt((features**2).sum(1).mean())
        assert numbers["feature_distance"] == pytest.approx(distance, rel=1e-4) and distance > 1e-3
        grey, other_grey = (pixels.to_uint8(images).numpy().astype(float) for images in (base[0][0], other[0][0]))
        assert numbers["pixel_distance"] == pytest.approx(np.sqrt(((grey - other_grey) ** 2).mean()), rel=1e-2)
        assert numbers["class_kept"] == pytest.approx(np.mean(logits.argmax(1) == other_logits.argmax(1)))

        true, seen = recovered[level]
        np.testing.assert_allclose(true, base[level][1], atol=1e-6)
        assert numbers["latent_error"] == pytest.approx(((base[level][1] - seen) ** 2).mean(), rel=1e-4)
        up = gan.encoders[level](base[level][0], training=False).numpy()
        top = level == stacks - 1
        error = cross_entropy(up, labels) if top else (up - base[level + 1][0]) ** 2
        assert numbers["conditional_error"] == pytest.approx(error.mean(), rel=1e-4)


def test_measure_is_a_function_of_the_seed():
    gan = made(2)
    first = inspection.measure(gan, SEED, DRAWS)
    assert inspection.measure(gan, SEED, DRAWS) == first != inspection.measure(gan, SEED + 1, DRAWS)


@pytest.mark.parametrize("unused", [0, 1])
def test_latents_that_a_level_does_not_use_change_nothing(unused):
    gan = made(2)
    # The layers that take the latents of this level alone.
    size = 7 if unused == 1 else 5
    layers = [layer for layer in gan.generators[unused].layers if isinstance(layer, keras.layers.Dense)]
    kernels = [layer.kernel for layer in layers if layer.kernel.shape[0] == size]
    assert len(kernels) == 1
    before = kernels[0].numpy()
    try:
        kernels[0].assign(0 * before)
        levels = inspection.measure(gan, SEED, DRAWS)["levels"]
    finally:
        kernels[0].assign(before)
    assert levels[unused]["feature_distance"] == levels[unused]["pixel_distance"] == 0
    assert levels[unused]["class_kept"] == 1
    assert levels[1 - unused]["feature_distance"] > 0.01 and levels[1 - unused]["pixel_distance"] > 1


# Images


def tile(path, row, column):
    """A tile uint8 (16, 16, 3) of a grid: every pixel twice as large, gaps of two."""
    with Image.open(path) as picture:
        return np.asarray(picture)[34 * row : 34 * row + 32 : 2, 34 * column : 34 * column + 32 : 2]


def size(path):
    """(rows, columns) of a grid's tiles."""
    with Image.open(path) as picture:
        return picture.size[1] / 34, picture.size[0] / 34


def same(one, other):
    return np.abs(one.astype(int) - other.astype(int)).max() <= 1


@pytest.mark.parametrize("stacks, classes", [(1, 3), (2, 11), (3, 3)])
def test_inspect(tmp_path, monkeypatch, stacks, classes):
    monkeypatch.setattr(inspection, "measure", functools.partial(inspection.measure, draws=2))
    gan, rows = made(stacks, classes), min(classes, 10)
    images = np.random.default_rng(3).integers(0, 256, (2 * classes, *SHAPE), np.uint8)
    # The first image of a class is not the first of all.
    labels = np.arange(2 * classes)[::-1] // 2
    levels, latents, numbers = paths = inspection.inspect(gan, subsets.Part((), labels, images), tmp_path, SEED)
    assert [path.name for path in paths] == ["sgan_levels.png", "sgan_latents.png", "sgan_levels.json"]
    assert sorted(tmp_path.iterdir()) == sorted(paths)

    assert size(levels) == (rows, 1 + 4 * stacks)
    features = gan.features(images)
    for row in range(rows):
        first = 2 * (classes - 1 - row)
        np.testing.assert_array_equal(tile(levels, row, 0), images[first])
        for level in range(1, stacks):
            own = gan.from_features(features[level - 1][[first] * 4], range(4), level)
            assert all(same(tile(levels, row, 4 * level - 3 + draw), own[draw]) for draw in range(4))
        drawn = gan.generate([row] * 4, range(4))
        assert all(same(tile(levels, row, 4 * stacks - 3 + draw), drawn[draw]) for draw in range(4))

    assert size(latents) == (rows, 5 if stacks == 1 else 9)
    labels = np.arange(rows, dtype=np.int32)
    base = pixels.to_uint8(down(gan, labels, latents_of(gan, labels))[0][0]).numpy()
    changed = [
        pixels.to_uint8(down(gan, labels, latents_of(gan, labels, level))[0][0]).numpy() for level in (0, stacks - 1)
    ]
    for row in range(rows):
        assert same(tile(latents, row, 0), base[row])
        assert same(tile(latents, row, 1), changed[0][row])
        if stacks > 1:
            assert same(tile(latents, row, 5), changed[1][row])
        others = [tile(latents, row, column) for column in range(1, 5 if stacks == 1 else 9)]
        assert not any(same(other, base[row]) for other in others)
        assert len({other.tobytes() for other in others}) == len(others)

    found = artefacts.read_json(numbers)
    assert set(found) == {"untrained", "trained"}
    assert found["trained"] == inspection.measure(gan, SEED) != found["untrained"]
    assert len(found["trained"]["levels"]) == len(found["untrained"]["levels"]) == stacks


@pytest.mark.parametrize("level", [1, 2])
def test_images_from_features(level):
    gan = made(3)
    images = np.random.default_rng(3).integers(0, 256, (2, *SHAPE), np.uint8)
    rows = inspection.from_features(gan, images, 3, level)
    first = rows()
    assert first.shape == (2, 4, *SHAPE) and first.dtype == np.uint8
    np.testing.assert_array_equal(first[:, 0], images)
    assert len({image.tobytes() for image in first[:, 1:].reshape(-1, *SHAPE)}) == 6
    np.testing.assert_array_equal(rows(), first)
    # The features are those of the beginning, the generators those of now; higher ones have no part in it.
    for network, unchanged in ((gan.encoder, True), (gan.generators[level], True), (gan.generators[level - 1], False)):
        before = network.get_weights()
        try:
            network.set_weights([weight * 1.5 for weight in before])
            now = rows()
        finally:
            network.set_weights(before)
        np.testing.assert_array_equal(now[:, 0], images)
        assert np.array_equal(now, first) is unchanged

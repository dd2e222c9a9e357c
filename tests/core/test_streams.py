"""Random streams: a function of their key, whatever the batching."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_aug.core import streams
from tfgan_aug.training import strategies


def test_key_of():
    assert streams.key_of("123456789") == 0xCBF43926, "the check value of CRC-32"
    assert streams.key_of("a", 1) == streams.key_of("a/1")
    keys = {streams.key_of(name, seed) for name in ("initial weights", "judge", "dcgan") for seed in range(1000)}
    # Chance of a collision of 3,000 32-bit keys: 0.1 %; these are always the same.
    assert len(keys) == 3000
    assert all(0 <= key < 2**32 for key in keys)


def test_image_seeds_are_unique():
    seeds = [streams.image_seeds(seed, label, np.arange(500)) for seed in (0, 1, 2**31 - 1) for label in range(10)]
    assert all(part.dtype == np.int64 and part.shape == (500,) for part in seeds)
    assert len(np.unique(np.concatenate(seeds))) == 3 * 10 * 500


def test_image_seeds_are_a_function_of_seed_label_and_index():
    whole = streams.image_seeds(3, 2, range(10))
    np.testing.assert_array_equal(streams.image_seeds(3, 2, [7, 0, 3]), whole[[7, 0, 3]])
    np.testing.assert_array_equal(np.diff(whole.astype(np.uint64)), np.ones(9, np.uint64))


def test_uniform_latents_do_not_depend_on_the_batch():
    seeds = np.array([5, -1, 2**40, 2**63 - 1, -(2**63), 0])
    whole = streams.uniform_latents(seeds, 7).numpy()
    assert whole.shape == (6, 7) and whole.dtype == np.float32
    assert len(np.unique(whole)) == whole.size
    np.testing.assert_array_equal(streams.uniform_latents(seeds[::-1], 7), whole[::-1])
    for i, seed in enumerate(seeds):
        np.testing.assert_array_equal(streams.uniform_latents([seed], 7)[0], whole[i])
    in_a_graph = tf.function(lambda: streams.uniform_latents(tf.constant(seeds), 7))()
    np.testing.assert_array_equal(in_a_graph, whole)


@pytest.mark.parametrize("latent_dim", [1, 4, 50, 66])
def test_uniform_latents_are_those_of_tensorflow(latent_dim):
    """Bit by bit TensorFlow's own stateless Philox, which takes one seed at a time."""
    edges = [0, 1, -1, 2**31, -(2**31), 2**62, -(2**63)]
    seeds = np.array([*edges, *np.random.default_rng(0).integers(-(2**63), 2**63 - 1, 20)], np.int64)
    expected = [
        tf.random.stateless_uniform([latent_dim], tf.bitcast(seed, tf.int32), -1.0, 1.0, alg="philox") for seed in seeds
    ]
    np.testing.assert_array_equal(streams.uniform_latents(seeds, latent_dim), np.stack(expected))


def test_uniform_latents_are_uniform():
    """Mean 0 and variance 1/3 to 4.5 standard errors: two fair draws of seeds in 100,000 would fail, these never do."""
    seeds = streams.image_seeds(0, 0, np.arange(2000))
    latents = tf.function(streams.uniform_latents)(tf.constant(seeds), 16).numpy().astype(np.float64)
    assert -1 <= latents.min() < -0.999 and 0.999 < latents.max() < 1
    assert latents.mean() == pytest.approx(0, abs=4.5 * np.sqrt(1 / 3 / latents.size))
    assert latents.var() == pytest.approx(1 / 3, abs=4.5 * np.sqrt((1 / 5 - 1 / 9) / latents.size))
    # Neighbouring seeds are no neighbours: correlation below 4.5 / sqrt(n).
    rows = np.corrcoef(latents[:-1].ravel(), latents[1:].ravel())[0, 1]
    assert abs(rows) < 4.5 / np.sqrt(latents.size)


def masks(network, key, counter):
    """What two layers of dropout leave of ones, one after the other."""
    streams.rekey(network, key, counter)
    x = tf.ones((4, 50))
    return [np.array(layer(x, training=True)) for layer in network.layers if isinstance(layer, keras.layers.Dropout)]


def test_rekey():
    network = keras.Sequential([keras.Input((50,)), keras.layers.Dropout(0.5), keras.layers.Dropout(0.5)])
    first, second = masks(network, 7, 0)
    assert not np.array_equal(first, second)
    for key, counter in ((8, 0), (7, 1), (7, 2**20)):
        other = masks(network, key, counter)
        assert not any(np.array_equal(one, made) for one in (first, second) for made in other), (key, counter)
    again = masks(network, 7, 0)
    np.testing.assert_array_equal([first, second], again)
    again = masks(network, tf.constant(7, tf.int64), tf.constant(0, tf.int64))
    np.testing.assert_array_equal([first, second], again)


def test_rekey_without_random_layers():
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    before = network.get_weights()
    streams.rekey(network, 2**32 - 1, 5)
    for one, other in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_parts_of_replicas_are_those_of_one_device():
    """Two replicas' rows, put together, are the rows of one: of a batch of eight, in eager mode and in a graph."""

    def draw(count):
        return tf.random.stateless_uniform([count, 3], [1, 2], alg="philox")

    whole = draw(8).numpy()
    assert len(np.unique(whole)) == whole.size
    np.testing.assert_array_equal(streams.replica_part(draw, 8), whole)
    for name, share in (("one_device", 8), ("mirrored", 4)):
        strategy = strategies.make_strategy(name)

        def run(strategy=strategy, share=share):
            return strategy.run(lambda: streams.replica_part(draw, tf.constant(share)))

        for function in (run, tf.function(run)):
            rows = strategy.experimental_local_results(function())
            assert [len(part) for part in rows] == [share] * (8 // share)
            np.testing.assert_array_equal(np.concatenate(rows), whole)

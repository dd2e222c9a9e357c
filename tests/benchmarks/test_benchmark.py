"""The benchmark measures every stage it promises; its figures are not judged here."""

import collections
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from tfgan_aug.benchmarks import cell_memory, data_speed, rates, suite, training_speed
from tfgan_aug.commands import benchmark
from tfgan_aug.core.errors import UserError
from tfgan_aug.core.normalization import BatchNormalization
from tfgan_aug.data import built_in
from tfgan_aug.experiments.families import FAMILIES
from tfgan_aug.training import strategies, timing

STAGES = {
    "DCGAN training": 3,
    "classifier training": 2,
    "classifier training on a stream": 1,
    "Pairs training": 1,
    "Composer training": 1,
    "Coupled GAN training": 1,
    "Stacked GAN encoder training": 1,
    "Stacked GAN level 0 training": 1,
    "Stacked GAN level 1 training": 1,
    "Stacked GAN joint training": 1,
    "Stacked GAN features": 1,
    "generated": 1,
    "judged": 1,
    "drawn, judged and kept": 1,
    "drawn, judged, kept and written": 1,
    "real images written": 1,
    "read": 1,
    "verified": 1,
    "read, shuffled, batched, flip, translate, zoom": 1,
    "nearest training images": 1,
    "authenticity": 1,
    "precision and recall": 1,
    "density and coverage": 1,
    "kernel distance": 1,
    "Fréchet distance": 1,
    "C_T": 1,
}
NOT_COMPARED = {"Fréchet distance", "C_T"}


def test_every_stage_has_a_rate_and_what_it_is_compared_with():
    config = tiny.config("shapes10")
    speeds, memory = suite.run(config, 0.01, strategies.make_strategy("one_device"))
    assert collections.Counter(speed.name for speed in speeds) == STAGES
    assert all(speed.rate > 0 for speed in speeds) and 0.1 < memory < 64
    # Two metrics are no products of matrices.
    assert {speed.name for speed in speeds if not math.isfinite(speed.bound)} == NOT_COMPARED
    words = [speed.bound_name for speed in speeds if speed.name == "DCGAN training"]
    assert ["alternating" in text for text in words] == [False, True, False] and "Keras' examples" in words[2]


def test_the_plain_gan_learns_with_keras_own_layers():
    gan = FAMILIES["dcgan"].build(tiny.config("shapes10").dcgan, (16, 16, 3), 3, 0)
    plain = training_speed.PlainGAN(gan)
    plain.compile(1e-2, 0.5)
    layers = [layer for network in (plain.generator, plain.discriminator) for layer in network.layers]
    layers += [layer.normalization for layer in layers if hasattr(layer, "normalization")]
    assert not any(isinstance(layer, BatchNormalization) for layer in layers)
    assert sum(isinstance(layer, keras.layers.BatchNormalization) for layer in layers) == 7
    shapes = [[weight.shape for weight in model.generator.weights] for model in (gan, plain)]
    assert shapes[0] == shapes[1]
    before = [weight.numpy() for weight in plain.trainable_variables]
    images, labels = np.zeros((4, 16, 16, 3), np.uint8), np.arange(4, dtype=np.int32) % 3
    first = plain.train_step((tf.constant(images), tf.constant(labels)))
    # Two classes of images that the discriminator knows nothing of: ln 2 each, to what a start at N(0, 0.02) gives.
    assert float(first["d_loss"]) == pytest.approx(math.log(2), abs=0.1)
    assert all(np.abs(weight - old).max() > 0 for weight, old in zip(plain.trainable_variables, before, strict=True))


def test_growth_counts_what_it_made():
    found = list(data_speed.growth([5_000]))
    assert [(one["images"], one["shards"]) for one in found] == [(5_000, 1)]
    # Each record holds 768 bytes of pixels, and less than 400 of all else.
    assert 768 < found[0]["bytes"] / 5_000 < 1_168
    assert 0.1 < found[0]["memory"] < 8 and found[0]["seconds"] > 0
    assert found[0]["draw and judge"] + found[0]["write and read back"] <= found[0]["seconds"]


def test_table_shows_shares():
    speeds = [rates.Speed("drawn", 1500.4, 2000.0, "the pass"), rates.Speed("read", 10.0, float("nan"), "none")]
    grown = [{"images": 10_000, "seconds": 1.52, "memory": 0.704, "shards": 1, "bytes": 10_210_000}]
    assert suite.table(speeds, 1.26, 0.234, grown).splitlines()[2:] == [
        "| drawn | 1,500 | 2,000 | 75% | the pass |",
        "| read | 10 | - | - | none |",
        "",
        "Peak memory: 1.3 GiB. `--help`: 0.23 s.",
        "",
        "| tiny images | seconds | us an image | peak memory, GiB | shards | MB |",
        "| --- | --- | --- | --- | --- | --- |",
        "| 10,000 | 2 | 152 | 0.70 | 1 | 10 |",
    ]


def test_rates_are_the_best_of_several_calls_in_turn(monkeypatch):
    clock = iter([0.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 9.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    ends = iter([0.0, 0.0, 0.5, 9.0])
    monkeypatch.setattr(timing.time, "monotonic", lambda: next(ends))
    calls = []
    # Each is called once to warm up, then twice for 10 images each: 2 and 1 s, 1 and 5 s.
    works = [lambda: calls.append("a"), lambda: calls.append("b")]
    assert timing.side_by_side(works, 10, 1.0) == [10.0, 10.0]
    assert "".join(calls) == "ababab"


def test_unknown_source_is_refused():
    with pytest.raises(UserError, match="cifar11"):
        suite.run(tiny.config("cifar11"), 0.01, strategies.make_strategy("one_device"))


@pytest.mark.parametrize("seconds", [-1.0, 0.0, math.inf, -math.inf, math.nan, 1e9])
def test_odd_seconds_are_refused(seconds):
    with pytest.raises(UserError, match=f"^--seconds: found {seconds}, expected a number above 0, up to 3600$"):
        benchmark.run(tiny.config("x"), seconds, "5000", "one_device")


@pytest.mark.parametrize("growth", ["-5000", "0", "inf", "nan", "1e9", "5000000000", "4999", "5000,x", "٥٠٠٠"])
def test_odd_sizes_are_refused(growth):
    with pytest.raises(UserError, match="^--growth: found '.*', expected multiples of 5000 up to 100,000,000, "):
        benchmark.run(tiny.config("x"), 1.0, growth, "one_device")


def test_multiply_adds_by_hand():
    """Batch 2: a convolution 8 x 8 of 3 to 4 channels, a transposed one, a dense layer, and the gradients of some."""
    x, kernel = tf.Variable(tf.zeros((2, 8, 8, 3))), tf.Variable(tf.zeros((3, 3, 3, 4)))
    up, dense = tf.Variable(tf.zeros((5, 5, 6, 4))), tf.Variable(tf.zeros((1536, 7)))

    def forward():
        y = tf.nn.conv2d(x, kernel, 2, "SAME")
        z = tf.nn.conv2d_transpose(y, up, (2, 16, 8, 6), (4, 2), "SAME")
        return tf.reshape(z, (2, -1)) @ tf.zeros((768, 7)), y

    convolution, transposed, product = 2 * 4 * 4 * 4 * 27, 2 * 4 * 4 * 4 * 150, 2 * 768 * 7

    def count(function):
        return rates.multiply_adds(tf.function(function, autograph=False).get_concrete_function().graph, 2)

    assert count(lambda: forward()[0]) == convolution + transposed + product
    assert count(lambda: forward()[1]) == convolution

    def gradient():
        with tf.GradientTape() as tape:
            y = forward()[1]
        return tape.gradient(y, kernel)

    # The gradient by the input, which the tape makes too, is not needed and not counted; nor is the forward pass.
    assert count(gradient) == convolution
    assert count(lambda: tf.transpose(dense) @ tf.zeros((1536, 5))) == 7 * 1536 * 5


def test_the_memory_of_cells_is_that_of_their_process():
    first, last = cell_memory.measured(1)
    assert first == last and 0.1 < first < 8


def test_start_up_is_timed():
    """In processes of their own, which must end well."""
    assert 0 < data_speed.help_seconds() < 60


@pytest.mark.parametrize("name", built_in.SETS)
def test_built_in_sets_are_not_looked_for_among_prepared_ones(name, tmp_path):
    config, strategy = tiny.config(name), strategies.make_strategy("one_device")
    images = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3), np.uint8)
    speeds = list(data_speed._files(config, strategy, images, tmp_path, 3, 0.01))
    assert [speed.name.partition(",")[0] for speed in speeds] == ["real images written", "read", "verified", "read"]
    assert all(speed.rate > 0 for speed in speeds)

"""The benchmark measures every stage it promises; its figures are not judged here."""

import math

import pytest
import tensorflow as tf
import tiny

from tfgan_aug import benchmark, training
from tfgan_aug.errors import UserError

STAGES = [
    "DCGAN training",
    "Stacked GAN encoder training",
    "Stacked GAN level 0 training",
    "Stacked GAN level 1 training",
    "Stacked GAN joint training",
    "Stacked GAN features",
    "classifier training",
    "generated",
    "judged",
    "drawn, judged and kept",
    "written",
    "read",
    "nearest training images",
    "authenticity",
    "precision and recall",
    "density and coverage",
    "kernel distance",
    "Fréchet distance",
    "C_T",
]


def test_every_stage_has_a_rate_and_its_bound():
    config = tiny.config("shapes10")
    rows, memory = benchmark.run(config, 0.01, training.make_strategy("one_device"))
    assert [row.name for row in rows] == STAGES
    assert all(row.rate > 0 for row in rows) and 0.1 < memory < 64
    # A bound for all but reading, which needs a TFDS source to compare with, and what is no product of matrices.
    assert [math.isfinite(row.bound) for row in rows] == [True] * 11 + [False] + [True] * 5 + [False] * 2


def test_table_shows_shares_of_the_bounds():
    rows = [benchmark.Row("drawn", 1500.4, 2000.0, "the pass"), benchmark.Row("read", 10.0, float("nan"), "none")]
    assert benchmark.table(rows, 1.26).splitlines()[2:] == [
        "| drawn | 1,500 | 2,000 | 75% | the pass |",
        "| read | 10 | - | - | none |",
        "",
        "Peak memory: 1.3 GiB.",
    ]


def test_rate_is_the_best_of_several_calls(monkeypatch):
    clock = iter([0.0, 2.0, 2.0, 3.0])
    monkeypatch.setattr(benchmark.time, "perf_counter", lambda: next(clock))
    ends = iter([0.0, 0.0, 0.5, 9.0])
    monkeypatch.setattr(benchmark.time, "monotonic", lambda: next(ends))
    calls = []
    # Two timed calls, of 2 s and 1 s for 10 images each, after one that warms up.
    assert benchmark.images_per_second(lambda: calls.append(1), 10, 1.0) == pytest.approx(10.0)
    assert len(calls) == 3


def test_unknown_source_is_refused():
    with pytest.raises(UserError, match="cifar11"):
        benchmark.run(tiny.config("cifar11"), 0.01, training.make_strategy("one_device"))


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
        return benchmark.multiply_adds(tf.function(function, autograph=False).get_concrete_function().graph, 2)

    assert count(lambda: forward()[0]) == convolution + transposed + product
    assert count(lambda: forward()[1]) == convolution

    def gradient():
        with tf.GradientTape() as tape:
            y = forward()[1]
        return tape.gradient(y, kernel)

    # The gradient by the input, which the tape makes too, is not needed and not counted; nor is the forward pass.
    assert count(gradient) == convolution
    assert count(lambda: tf.transpose(dense) @ tf.zeros((1536, 5))) == 7 * 1536 * 5

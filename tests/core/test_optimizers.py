"""The fused Adam and AdamW against Keras' own: the same weights, on one device and on two."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_aug.core import optimizers
from tfgan_aug.training import strategies

RNG = np.random.default_rng(0)
START, SLOPES = RNG.standard_normal((5, 8), np.float32), RNG.random((5, 8), np.float32)
STEPS = 20


def schedule():
    return keras.optimizers.schedules.CosineDecay(1e-2, 40)


CASES = {
    "Adam": ("Adam", lambda: {"learning_rate": 1e-2, "beta_1": 0.5}),
    "schedule": ("Adam", lambda: {"learning_rate": schedule()}),
    "clipped": ("Adam", lambda: {"learning_rate": 1e-2, "clipnorm": 0.1, "epsilon": 1e-3}),
    "amsgrad": ("Adam", lambda: {"learning_rate": 1e-2, "amsgrad": True}),
    "AdamW": ("AdamW", lambda: {"learning_rate": 1e-2, "weight_decay": 0.01}),
}


def minimized(make, strategy):
    """Weights (5, 8) after some steps down sum(slopes w^2 + w), each replica with its share."""
    with strategy.scope():
        weights, optimizer = keras.Variable(START), make()
        optimizer.build([weights])

    def replica():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(SLOPES * weights.value**2 + weights.value) / strategy.num_replicas_in_sync
        optimizer.apply(tape.gradient(loss, [weights.value]), [weights])

    step = tf.function(lambda: strategy.run(replica))
    for _ in range(STEPS):
        step()
    return weights.numpy()


@pytest.mark.parametrize(
    ("case", "strategy"), [*((case, "one_device") for case in CASES), ("AdamW", "mirrored"), ("schedule", "mirrored")]
)
def test_weights_are_those_of_keras(case, strategy):
    """After steps of a size of about 0.01 each, to 1e-5: 1 - 0.999^t has 4 digits in float32, and either rounds it."""
    strategy = strategies.make_strategy(strategy)
    name, options = CASES[case]
    made, expected = (
        minimized(lambda module=module: getattr(module, name)(**options()), strategy)
        for module in (optimizers, keras.optimizers)
    )
    np.testing.assert_allclose(made, expected, atol=1e-5)
    assert np.abs(made - START).max() > 0.05


def test_rows_of_an_embedding_are_updated_as_by_keras():
    rows = []
    for kind in (optimizers.Adam, keras.optimizers.Adam):
        table = keras.Variable(np.ones((4, 2), np.float32))
        optimizer = kind(0.1)
        optimizer.build([table])
        for _ in range(3):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.gather(table.value, [1, 1, 3]) ** 2)
            optimizer.apply(tape.gradient(loss, [table.value]), [table])
        rows.append(table.numpy())
    np.testing.assert_allclose(*rows, atol=1e-6)
    np.testing.assert_array_equal(rows[0][0], 1.0)
    assert (rows[0][1] < 0.9).all()


@pytest.mark.parametrize("kind", [optimizers.Adam, optimizers.AdamW])
def test_saved_with_its_model(tmp_path, kind):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(kind(1e-2), "mse")
    model.train_on_batch(START, START[:, :1])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again.optimizer) is kind
    for one, other in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_traced_update_is_forgotten():
    """TensorFlow keeps what is a custom gradient for ever, and the sum over replicas is one."""
    weights, optimizer = keras.Variable(START), optimizers.AdamW(1e-2)
    optimizer.build([weights])
    step = tf.function(lambda: optimizer.apply([weights.value * 0.1], [weights]))
    graph = weakref.ref(step.get_concrete_function().graph)
    step()
    del step
    gc.collect()
    assert graph() is None


@pytest.mark.parametrize("strategy", ["one_device", "mirrored"])
def test_averaged_weights_by_hand(strategy):
    """Over a quarter of 8 steps: each average is half of the one before and half of the weights."""
    strategy = strategies.make_strategy(strategy)
    with strategy.scope():
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(8, use_bias=False)])
        model.compile(optimizers.Adam(0.1, **optimizers.averaging_options(0.25, 8)))
        model.optimizer.build(model.trainable_variables)
    slopes = tf.constant(SLOPES)

    def replica():
        model.optimizer.apply([slopes / strategy.num_replicas_in_sync], model.trainable_variables)

    step, expected = tf.function(lambda: strategy.run(replica)), None
    for _ in range(8):
        step()
        weights = model.get_weights()[0]
        expected = weights if expected is None else 0.5 * expected + 0.5 * weights
    optimizers.average_weights(model)
    np.testing.assert_allclose(model.get_weights()[0], expected, atol=1e-6)
    assert np.abs(expected - weights).min() > 0.01


def test_without_averaging_the_weights_stay():
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(8)])
    model.compile(optimizers.Adam(0.1, **optimizers.averaging_options(0.0, 8)))
    before = model.get_weights()
    optimizers.average_weights(model)
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True))

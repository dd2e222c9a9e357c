"""timing."""

import time

import tensorflow as tf


def images_per_second(work, images, seconds):
    """The best rate of repeated calls of `work`, each handling `images` images, within `seconds`; one call warms up."""
    (rate,) = side_by_side([work], images, seconds)
    return rate


def compiled(function):
    """`function` as a graph, called without arguments; returns when its result is there."""
    graph = tf.function(function, autograph=False)
    return lambda: graph().numpy()


def training_step(model, strategy, batch):
    """One training step of `model` as `fit` runs it, on the same batch each time."""
    step = tf.function(lambda: strategy.run(model.train_step, args=(batch,)), autograph=False)

    def work():
        step()
        return model.optimizer.iterations.numpy()

    work.graph = step.get_concrete_function
    return work


def side_by_side(works, images, seconds):
    """The best rate of each of `works` within `seconds` for each, called in turn: what slows a machine slows all."""
    for work in works:
        work()
    best, end = [0.0] * len(works), time.monotonic() + seconds * len(works)
    while time.monotonic() < end or not all(best):
        for place, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[place] = max(best[place], images / (time.perf_counter() - start))
    return best

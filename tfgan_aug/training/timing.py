"""Rates of work: how many images a second a call handles. Makes no file."""

import time

import tensorflow as tf


def images_per_second(work, images, seconds):
    """The best rate of repeated calls of `work` within `seconds`; each call handles `images` images.

    One call before them warms up.
    """
    (rate,) = side_by_side([work], images, seconds)
    return rate


def compiled(function):
    """`function`, which takes no arguments, as a graph; a call returns when the result is there."""
    graph = tf.function(function, autograph=False)
    return lambda: graph().numpy()


def training_step(model, strategy, batch):
    """A function that makes one training step of `model` as `loop.fit` does, on the same batch each time."""
    step = tf.function(lambda: strategy.run(model.train_step, args=(batch,)), autograph=False)

    def work():
        step()
        return model.optimizer.iterations.numpy()

    work.graph = step.get_concrete_function
    return work


def side_by_side(works, images, seconds):
    """The best rate of each of `works`, called in turn for `seconds` each: what slows the machine slows all of them."""
    for work in works:
        work()
    best, end = [0.0] * len(works), time.monotonic() + seconds * len(works)
    while time.monotonic() < end or not all(best):
        for place, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[place] = max(best[place], images / (time.perf_counter() - start))
    return best

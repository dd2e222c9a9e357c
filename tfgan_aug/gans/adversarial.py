"""What the models of this room share: keyed noise, two optimisers, and drawing images by (label, seed)."""

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import fields, labelled, optimizers, pixels, streams

_KERAS_OPTIONS = ("name", "trainable", "dtype")


def default_optimizer():
    """DCGAN's own optimiser: Adam with learning rate 2e-4 and beta_1 0.5 (Radford et al., section 4)."""
    return optimizers.Adam(learning_rate=2e-4, beta_1=0.5)


def split_options(kind, given):
    """Returns (the options of the class `kind`, a config section, among those `given`; those that Keras takes, a dict).

    Raises `ValueError`, naming the option, for an unknown one and for a value that it cannot have.
    """
    own = dict(given)
    keras_options = {name: own.pop(name) for name in _KERAS_OPTIONS if name in own}
    return fields.made(kind, own), keras_options


class DrawsImages:
    """For a `keras.Model` whose `call` maps [latents in [-1, 1), labels] to images in [-1, 1]: drawing by seed.

    Needs `image_shape`, `classes` and `latent_dim`, and `drawing_networks`: the networks that drawing uses, which is
    what an export must hold, and no more.
    """

    def generate(self, labels, seeds, block_size=128):
        """Images uint8 (N, H, W, C), image i a function of `labels[i]` and `seeds[i]` alone.

        `labels` are ints (N,) in 0..classes-1, `seeds` 64-bit ints (N,). Drawn in padded blocks of `block_size`,
        so that an image does not depend on how many are asked for. Raises `ValueError` for others.
        """
        labels, seeds = labelled.ints("labels", labels), labelled.ints("seeds", seeds)
        if labels.shape != seeds.shape:
            raise ValueError(f"labels and seeds: found shapes {labels.shape} and {seeds.shape}, expected (N,) twice")
        if labels.size and not 0 <= labels.min() <= labels.max() < self.classes:
            raise ValueError(f"labels: found {labels.min()} to {labels.max()}, expected 0 to {self.classes - 1}")
        images = np.empty((len(labels), *self.image_shape), np.uint8)
        for start in range(0, len(labels), block_size):
            block = slice(start, start + block_size)
            count = len(labels[block])
            padding = (0, block_size - count)
            drawn = self.draw(np.pad(labels[block], padding), np.pad(seeds[block], padding))
            images[block] = drawn[:count]
        return images

    @tf.function(autograph=False)
    def draw(self, labels, seeds):
        """Images uint8 (N, H, W, C) of labels (N,) and seeds (N,), in one pass: the graph that is exported.

        Ends in `tf.errors.InvalidArgumentError` where a label is none of the model's, or the lengths differ. On every
        device: a GPU takes a label that is none for one without weights.
        """
        counts = tf.size(labels), tf.size(seeds)
        text = "found {} labels and {} seeds, expected as many"
        labels = labelled.guarded(labels, counts[0] == counts[1], text, *counts)
        latents = streams.uniform_latents(seeds, self.latent_dim)
        return pixels.to_uint8(self([latents, labels], training=False))


class KeyedSteps(labelled.TakesLabelledImages):
    """A model whose training step draws random numbers; subclasses write the step.

    Subclasses make their networks in `__init__`, inside the strategy's scope where there is one, then call `_set_up`,
    and name what they train on in `form`, a `labelled.Form`, with which a step reads its batch.

    Training noise derives from (`seed`, step, position in the global batch), so that a step is the same
    however many replicas share it, as long as they share it evenly.
    """

    OPTIMIZERS = 1
    """How many `compile` takes."""

    def _set_up(self, seed, metric_names):
        self.seed = seed
        self.trackers = [keras.metrics.Mean(name) for name in metric_names]
        # The networks hold every weight; `fit` under a strategy cannot build a model by calling it.
        self.built = True

    @property
    def metrics(self):
        return self.trackers

    def _loss_share(self, local_batch):
        """1 / global batch size: optimisers add the replicas' gradients up."""
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        return 1.0 / tf.cast(local_batch * replicas, tf.float32)

    def _key(self, stream):
        """The key int64 (2,) of a stream of random numbers in this step: (seed, stream) and the step."""
        return tf.stack([streams.key_of(self.seed, stream), tf.cast(self.optimizer.iterations, tf.int64)])

    def _noise(self, local_batch, width, stream):
        """Rows float32 (local_batch, width), uniform in [-1, 1): this replica's of the global batch's."""
        key = self._key(stream)
        return streams.replica_part(
            lambda count: tf.random.stateless_uniform([count, width], key, -1.0, 1.0, alg="philox"), local_batch
        )

    def _track(self, *values):
        """Adds one tensor to each tracker; returns the results by name."""
        for tracker, value in zip(self.trackers, values, strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}


class AdversarialModel(KeyedSteps):
    """Generators and discriminators, each kind with one optimiser.

    Subclasses name the weights in `generator_variables` and `discriminator_variables`.
    """

    OPTIMIZERS = 2

    def compile(self, optimizer=None, discriminator_optimizer=None, **kwargs):
        """`optimizer` trains the generator (learning-rate callbacks act on it); both default to DCGAN's own."""
        optimizer = keras.optimizers.get(optimizer or default_optimizer())
        super().compile(optimizer=optimizer, **kwargs)
        self.discriminator_optimizer = keras.optimizers.get(discriminator_optimizer or default_optimizer())
        # Built here: a replica may not create variables in its first step, and loading needs their slots.
        self.optimizer.build(self.generator_variables)
        self.discriminator_optimizer.build(self.discriminator_variables)

    def get_compile_config(self):
        if not self.compiled:
            return {}
        serialize = keras.optimizers.serialize
        return {
            "optimizer": serialize(self.optimizer),
            "discriminator_optimizer": serialize(self.discriminator_optimizer),
        }

    def compile_from_config(self, config):
        self.compile(**{name: keras.optimizers.deserialize(value) for name, value in config.items()})

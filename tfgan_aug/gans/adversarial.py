"""The model that every GAN of this library is: two networks, two optimisers, one training step, `generate`."""

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug import pixels, streams
from tfgan_aug.gans import diffaugment, losses


def default_optimizer():
    """DCGAN's own optimiser: Adam with learning rate 2e-4 and beta_1 0.5 (Radford et al., section 4)."""
    return keras.optimizers.Adam(learning_rate=2e-4, beta_1=0.5)


class AdversarialModel(keras.Model):
    """A conditional GAN: `fit` on (uint8 images (N, H, W, C), int labels (N,)), then `generate(labels, seeds)`.

    Subclasses build `generator`, functional, ([latents (N, latent_dim), labels (N,)]) -> images in [-1, 1], and
    `discriminator`, functional, ([images, labels]) -> logits (N, 1), and hand them to `_set_networks`. They do
    so in `__init__`, inside the strategy's scope where there is one.

    Training noise derives from (`seed`, step, position in the global batch), so that a step is the same
    however many replicas share it, as long as they share it evenly.

    Metrics: `d_loss`, `g_loss` in nats an example; `d_real` and `d_generated`, the shares of real and generated
    images that the discriminator calls real.
    """

    def _set_networks(
        self, generator, discriminator, *, image_shape, classes, latent_dim, seed, generator_loss, augmentation=""
    ):
        if generator_loss not in losses.GENERATOR_LOSSES:
            raise ValueError(f"generator_loss: found {generator_loss!r}, expected {sorted(losses.GENERATOR_LOSSES)}")
        self._policies = diffaugment.policy_names(augmentation)
        self.generator, self.discriminator = generator, discriminator
        self.image_shape, self.classes, self.latent_dim = tuple(image_shape), classes, latent_dim
        self.seed, self.generator_loss, self.augmentation = seed, generator_loss, augmentation
        self.trackers = [keras.metrics.Mean(name) for name in ("d_loss", "g_loss", "d_real", "d_generated")]
        # The networks hold every weight; `fit` under a strategy cannot build a model by calling it.
        self.built = True

    @property
    def metrics(self):
        return self.trackers

    def compile(self, optimizer=None, discriminator_optimizer=None, **kwargs):
        """`optimizer` trains the generator (learning-rate callbacks act on it); both default to DCGAN's own."""
        optimizer = keras.optimizers.get(optimizer or default_optimizer())
        super().compile(optimizer=optimizer, **kwargs)
        self.discriminator_optimizer = keras.optimizers.get(discriminator_optimizer or default_optimizer())
        # Built here: a replica may not create variables in its first step, and loading needs their slots.
        self.optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)

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

    def call(self, inputs, training=None):
        """Images float32 (N, H, W, C) in [-1, 1] of `inputs` = [latents (N, latent_dim), labels int (N,)]."""
        return self.generator(inputs, training=training)

    def train_step(self, data):
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        real, labels = pixels.to_float(images), tf.cast(labels, tf.int32)
        share = self._loss_share(tf.shape(real)[0])

        latents = self._noise(tf.shape(real)[0], self.latent_dim, "discriminator latents")
        # training=True although nothing is learnt here: generated images must be those of the generator's step.
        generated = self.generator([latents, labels], training=True)
        with tf.GradientTape() as tape:
            # Two batches, as in DCGAN: real and generated images each have batch statistics of their own.
            real_logits = self._judge(real, labels, "real")
            generated_logits = self._judge(generated, labels, "generated")
            d_losses = losses.discriminator_loss_real(real_logits) + losses.discriminator_loss_generated(
                generated_logits
            )
            d_loss = tf.reduce_sum(d_losses) * share
        weights = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply(tape.gradient(d_loss, weights), weights)

        latents = self._noise(tf.shape(real)[0], self.latent_dim, "generator latents")
        with tf.GradientTape() as tape:
            logits = self._judge(self.generator([latents, labels], training=True), labels, "generator")
            g_losses = losses.GENERATOR_LOSSES[self.generator_loss](logits)
            g_loss = tf.reduce_sum(g_losses) * share
        weights = self.generator.trainable_variables
        self.optimizer.apply(tape.gradient(g_loss, weights), weights)
        return self._track(d_losses, g_losses, real_logits, generated_logits)

    def test_step(self, data):
        """The losses of a batch in inference mode, with latents keyed by the position in the batch."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        labels = tf.cast(labels, tf.int32)
        latents = self._noise(tf.shape(images)[0], self.latent_dim, "discriminator latents")
        real_logits = self.discriminator([pixels.to_float(images), labels], training=False)[:, 0]
        generated = self.generator([latents, labels], training=False)
        generated_logits = self.discriminator([generated, labels], training=False)[:, 0]
        d_losses = losses.discriminator_loss_real(real_logits) + losses.discriminator_loss_generated(generated_logits)
        g_losses = losses.GENERATOR_LOSSES[self.generator_loss](generated_logits)
        return self._track(d_losses, g_losses, real_logits, generated_logits)

    def generate(self, labels, seeds, block_size=128):
        """Images uint8 (N, H, W, C), image i a function of `labels[i]` and `seeds[i]` alone.

        `labels` are ints (N,) in 0..classes-1, `seeds` 64-bit ints (N,). Drawn in padded blocks of `block_size`,
        so that an image does not depend on how many are asked for.
        """
        labels, seeds = np.asarray(labels, np.int32), np.asarray(seeds, np.int64)
        if labels.shape != seeds.shape or labels.ndim != 1:
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

    @property
    def drawing_networks(self):
        """The networks that `draw` uses: what an export must hold, and no more."""
        return (self.generator,)

    @tf.function(autograph=False)
    def draw(self, labels, seeds):
        """Images uint8 (N, H, W, C) of labels (N,) and seeds (N,), in one pass: the graph that is exported."""
        latents = streams.uniform_latents(seeds, self.latent_dim)
        return pixels.to_uint8(self.generator([latents, tf.cast(labels, tf.int32)], training=False))

    def _loss_share(self, local_batch):
        """1 / global batch size: optimisers add the replicas' gradients up."""
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        return 1.0 / tf.cast(local_batch * replicas, tf.float32)

    def _judge(self, images, labels, stream):
        """Training logits (N,) of the images (N, H, W, C), which the discriminator sees augmented."""
        if self._policies:
            images = diffaugment.augment(
                images, (self._noise(tf.shape(images)[0], 6, stream) + 1.0) / 2.0, self._policies
            )
        return self.discriminator([images, labels], training=True)[:, 0]

    def _noise(self, local_batch, width, stream):
        """Rows float32 (local_batch, width), uniform in [-1, 1): this replica's of the global batch's.

        Keyed by (seed, stream, step), so the rows are the same however many replicas share them.
        """
        context = tf.distribute.get_replica_context()
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        replica = tf.cast(context.replica_id_in_sync_group, tf.int32) if context else 0
        key = tf.stack([streams.key_of(self.seed, stream), tf.cast(self.optimizer.iterations, tf.int64)])
        rows = tf.random.stateless_uniform([local_batch * replicas, width], key, -1.0, 1.0, alg="philox")
        return rows[replica * local_batch : (replica + 1) * local_batch]

    def _track(self, d_losses, g_losses, real_logits, generated_logits):
        shares = [tf.cast(logits > 0, tf.float32) for logits in (real_logits, generated_logits)]
        for tracker, values in zip(self.trackers, [d_losses, g_losses, *shares], strict=True):
            tracker.update_state(values)
        return {tracker.name: tracker.result() for tracker in self.trackers}

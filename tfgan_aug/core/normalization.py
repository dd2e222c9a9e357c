"""Batch normalisation with the statistics of the global batch, quick on one device. Makes no file."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tfgan_aug")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' own, with statistics of the global batch: replicas share them, one alone takes TensorFlow's fused kernel.

    Keras' layer with `synchronized=True` adds up ones to count the inputs, on one device too, and has no fused kernel:
    it takes about twice as long there.
    """

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "synchronized": True})

    def call(self, inputs, training=None, mask=None):
        if not (training and self.trainable) or tf.distribute.get_strategy().num_replicas_in_sync > 1:
            return super().call(inputs, training=training, mask=mask)
        # In float32, as Keras does with narrower types.
        features = tf.reshape(keras.ops.cast(inputs, "float32"), (tf.shape(inputs)[0], -1, 1, inputs.shape[-1]))
        ones = tf.ones(inputs.shape[-1:])
        normalized, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=features,
            scale=self.gamma if self.scale else ones,
            offset=self.beta if self.center else 0.0 * ones,
            mean=tf.zeros(0),
            variance=tf.zeros(0),
            epsilon=self.epsilon,
        )
        # The kernel's variance is the unbiased one.
        count = tf.cast(tf.size(features) // inputs.shape[-1], tf.float32)
        variance *= (count - 1.0) / count
        for average, statistics in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(average * self.momentum + statistics * (1.0 - self.momentum))
        return keras.ops.cast(tf.reshape(normalized, tf.shape(inputs)), self.compute_dtype)

"""Layers that the GANs share and Keras does not have."""

import keras
import tensorflow as tf

from tfgan_aug.core import streams
from tfgan_aug.core.normalization import BatchNormalization


@keras.saving.register_keras_serializable("tfgan_aug")
class ConditionalBatchNormalization(keras.layers.Layer):
    """Batch-normalised features, scaled and shifted by vectors of their own for each class.

    Inputs: `[features, labels]`, features float (N, ..., C), labels int32 (N,) in 0..classes-1. Output: shape
    of the features. Equation 2 of Dumoulin et al. (2017), as in Miyato and Koyama (2018). A label plane
    concatenated to a convolution's input, as in the original conditional DCGAN, amounts to the shift alone.

    The scale starts at N(1, 0.02) and the shift at 0, DCGAN's own. Statistics are taken over the global batch:
    replicas share them.
    """

    def __init__(self, classes, momentum=0.9, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.classes, self.momentum, self.epsilon = classes, momentum, epsilon
        self.normalization = BatchNormalization(momentum=momentum, epsilon=epsilon, center=False, scale=False)

    def build(self, input_shape):
        features_shape, _ = input_shape
        channels = features_shape[-1]
        self.normalization.build(features_shape)
        self.gamma = self.add_weight(
            shape=(self.classes, channels), initializer=keras.initializers.RandomNormal(1.0, 0.02), name="gamma"
        )
        self.beta = self.add_weight(shape=(self.classes, channels), initializer="zeros", name="beta")

    def call(self, inputs, training=None):
        features, labels = inputs
        normalized = self.normalization(features, training=training)
        spread = (-1,) + (1,) * (len(features.shape) - 2) + (features.shape[-1],)
        gamma = keras.ops.reshape(keras.ops.take(self.gamma, labels, axis=0), spread)
        beta = keras.ops.reshape(keras.ops.take(self.beta, labels, axis=0), spread)
        return normalized * gamma + beta

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        own = {"classes": self.classes, "momentum": self.momentum, "epsilon": self.epsilon}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("tfgan_aug")
class LabelProjection(keras.layers.Layer):
    """The part of a discriminator's logit that depends on the label: <embedding(label), features>, shape (N, 1).

    Inputs: `[features, labels]`, features float (N, D), labels int32 (N,). Equation 3 of Miyato and Koyama
    (2018). The embedding starts at N(0, 0.02) like every other weight of a DCGAN.
    """

    def __init__(self, classes, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes

    def build(self, input_shape):
        self.embedding = self.add_weight(
            shape=(self.classes, input_shape[0][-1]),
            initializer=keras.initializers.RandomNormal(0.0, 0.02),
            name="embedding",
        )

    def call(self, inputs):
        features, labels = inputs
        return keras.ops.sum(features * keras.ops.take(self.embedding, labels, axis=0), axis=-1, keepdims=True)

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], 1)

    def get_config(self):
        return {**super().get_config(), "classes": self.classes}


class _Keyed(keras.layers.Layer):
    """A random layer that is a function of its inputs: no state to save, the same numbers for any number of replicas.

    Its numbers come from `key`, an int64 (2,) input that the training step makes of (seed, step), folded with `stream`,
    which tells the layers of one network apart.
    """

    def __init__(self, stream, **kwargs):
        super().__init__(**kwargs)
        self.stream = stream

    def _rows(self, draw, features, key):
        key = key + tf.constant([self.stream * 2**32, 0], tf.int64)
        shape = features.shape[1:]
        return streams.replica_part(lambda count: draw([count, *shape], key), tf.shape(features)[0])

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "stream": self.stream}


@keras.saving.register_keras_serializable("tfgan_aug")
class KeyedGaussianNoise(_Keyed):
    """In training, the features plus N(0, deviation^2). Inputs: `[features, key]`, or `[features, key, deviation]`,
    where the deviation is a scalar that may change from step to step, and the constructor's is not used."""

    def __init__(self, stream, deviation=None, **kwargs):
        super().__init__(stream, **kwargs)
        self.deviation = deviation

    def call(self, inputs, training=None):
        features, key, *given = inputs
        if not training:
            return features
        noise = self._rows(lambda shape, key: tf.random.stateless_normal(shape, key, alg="philox"), features, key)
        return features + keras.ops.cast(noise * (given[0] if given else self.deviation), features.dtype)

    def get_config(self):
        return {**super().get_config(), "deviation": self.deviation}


@keras.saving.register_keras_serializable("tfgan_aug")
class KeyedDropout(_Keyed):
    """In training, a share `rate` of the features set to 0, the rest scaled up. Inputs: `[features, key, rate]`."""

    def call(self, inputs, training=None):
        features, key, rate = inputs
        if not training:
            return features
        draws = self._rows(lambda shape, key: tf.random.stateless_uniform(shape, key, alg="philox"), features, key)
        kept = keras.ops.cast(draws >= rate, features.dtype)
        return features * kept / keras.ops.cast(1.0 - rate, features.dtype)


@keras.saving.register_keras_serializable("tfgan_aug")
class OneHot(keras.layers.Layer):
    """One-hot vectors float (N, classes) of labels int32 (N,)."""

    def __init__(self, classes, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes

    def call(self, labels):
        return keras.ops.one_hot(labels, self.classes, dtype=self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.classes)

    def get_config(self):
        return {**super().get_config(), "classes": self.classes}

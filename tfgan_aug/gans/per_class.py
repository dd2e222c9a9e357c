"""One GAN a class: the paper's other reading of how an unconditional DCGAN gives labelled images."""

import keras
import tensorflow as tf

from tfgan_aug.core import labelled
from tfgan_aug.gans.adversarial import DrawsImages


@keras.saving.register_keras_serializable("tfgan_aug")
class PerClass(DrawsImages, keras.Model):
    """Images of class c from `gans[c]`, each a trained GAN of one class; the same `generate` and `draw`.

    The members train one by one (`gan.fit` on their class's images, all labels 0); this model only draws.
    """

    def __init__(self, gans, **kwargs):
        super().__init__(**kwargs)
        self.gans = list(gans)
        self.image_shape, self.latent_dim, self.classes = gans[0].image_shape, gans[0].latent_dim, len(gans)
        self.built = True

    def compile(self, *args, **kwargs):
        raise NotImplementedError("PerClass only draws: compile and fit its members, each on one class's images")

    def call(self, inputs, training=None):
        latents, labels = inputs
        labels = labelled.int_labels(labels, self.classes)
        images = tf.zeros((tf.shape(labels)[0], *self.image_shape))
        for label, gan in enumerate(self.gans):
            rows = tf.where(labels == label)
            own = tf.gather_nd(latents, rows)
            made = gan.generator([own, tf.zeros(tf.shape(own)[:1], tf.int32)], training=training)
            images = tf.tensor_scatter_nd_update(images, rows, made)
        return images

    @property
    def drawing_networks(self):
        return tuple(gan.generator for gan in self.gans)

    def get_config(self):
        return {**super().get_config(), "gans": [keras.saving.serialize_keras_object(gan) for gan in self.gans]}

    @classmethod
    def from_config(cls, config):
        gans = [keras.saving.deserialize_keras_object(gan) for gan in config["gans"]]
        return cls(**{**config, "gans": gans})

"""Adversarial losses as pure functions of logits.

Contract: every function takes float logits of shape (N,), positive where the discriminator says "real", and
gives one float32 loss an example, shape (N,), in nats. Nothing is reduced here: the training step divides by
the global batch size.
"""

import tensorflow as tf


def discriminator_loss_real(logits):
    """-log D(x) for real images: equation 1 of Goodfellow et al. (2014), with D = sigmoid(logits)."""
    return tf.nn.softplus(-tf.cast(logits, tf.float32))


def discriminator_loss_generated(logits):
    """-log(1 - D(G(z))) for generated images: equation 1 of Goodfellow et al. (2014)."""
    return tf.nn.softplus(tf.cast(logits, tf.float32))


def generator_loss_non_saturating(logits):
    """-log D(G(z)): the form that section 3 of Goodfellow et al. (2014) trains with; DCGAN's own."""
    return tf.nn.softplus(-tf.cast(logits, tf.float32))


def generator_loss_saturating(logits):
    """log(1 - D(G(z))): the generator's side of equation 1 of Goodfellow et al. (2014), as it stands."""
    return -tf.nn.softplus(tf.cast(logits, tf.float32))


GENERATOR_LOSSES = {
    "non_saturating": generator_loss_non_saturating,
    "saturating": generator_loss_saturating,
}

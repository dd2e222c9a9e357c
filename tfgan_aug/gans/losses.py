"""The losses of GANs as pure functions.

Contract: every function gives one float32 number an example, shape (N,); nothing is reduced over the batch, which
is the training step's matter. Adversarial losses take float logits (N,), positive where the discriminator
says "real", and are in nats.
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


def called_real(logits):
    """1.0 where the discriminator says "real", else 0.0: its share is a metric of training."""
    return tf.cast(logits > 0, tf.float32)


def real_logits(class_logits):
    """One logit of "real", (N,), of K class logits (N, K): Z = log sum exp, so that D = sum exp / (sum exp + 1).

    Equation 7 of Salimans et al. (2016), which the Stacked GAN's CIFAR-10 code follows. One logit (N, 1) is itself.
    """
    return tf.reduce_logsumexp(tf.cast(class_logits, tf.float32), axis=-1)


def class_loss(class_logits, labels):
    """Cross-entropy in nats of K class logits (N, K) and int labels (N,)."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, tf.cast(class_logits, tf.float32))


def squared_error(made, wanted):
    """The mean squared difference of each example's numbers, (N,), of two tensors (N, ...).

    The Stacked GAN's conditional loss at a representation, and its entropy loss, -log Q up to a constant for a
    Gaussian Q of fixed deviation (equations 4 and 5 of Huang et al., 2017).
    """
    difference = tf.cast(made, tf.float32) - tf.cast(wanted, tf.float32)
    return tf.reduce_mean(difference**2, axis=range(1, len(difference.shape)))

"""The coupled GAN: the discriminator is the classifier (Zhang et al., 2019, "DADA", phase one)."""

import keras
import tensorflow as tf

from tfgan_aug.classifiers import networks
from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.core import fields, labelled, pixels
from tfgan_aug.gans import diffaugment, losses
from tfgan_aug.gans.adversarial import AdversarialModel, DrawsImages, split_options
from tfgan_aug.gans.config import CoupledOptions
from tfgan_aug.gans.dcgan import build_generator, check_image_shape


def class_scores(logits):
    """Class scores float (N, K), the logarithms of probabilities that sum to 1, of 2K logits (N, 2K).

    The first K logits are those of real images of each class, the last K those of generated ones. A class has the
    summed probability of its two. Takes the symbolic tensors of Keras, too.
    """
    pairs = keras.ops.reshape(logits, (-1, 2, logits.shape[-1] // 2))
    return keras.ops.log_softmax(keras.ops.logsumexp(pairs, axis=1))


def source_logits(logits, labels):
    """Logits (N,), positive: real, of 2K logits (N, 2K): the softmax within the pair of each image's label, int (N,).

    Its probability of "real" is the sigmoid of these, so that the losses in `losses` are those of the pair.
    """
    real, generated = tf.split(logits, 2, axis=1)
    return tf.gather(real - generated, labels, batch_dims=1)


def feature_difference(real, generated):
    """The mean absolute difference, a scalar, of the mean features of real and generated images, each (N, D).

    Means are over the global batch. Feature matching of Salimans et al. (2016, section 3.1), with DADA's absolute
    values in place of squares. The real side is taken as it is: no gradient reaches it.
    """
    differences = tf.reduce_mean(tf.stop_gradient(real) - generated, axis=0)
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if replicas > 1:
        context = tf.distribute.get_replica_context()
        differences = context.all_reduce(tf.distribute.ReduceOp.MEAN, differences)
    return tf.reduce_mean(tf.abs(differences))


@keras.saving.register_keras_serializable("tfgan_aug")
class Coupled(DrawsImages, AdversarialModel):
    """A label-conditional GAN whose discriminator is a classifier with a real and a generated output for each class.

    `fit` on (uint8 images (N, H, W, C), int labels (N,)), see `core.labelled`, then `generate(labels, seeds)` and
    `classifier`. `generator` is functional, ([latents (N, latent_dim), labels (N,)]) -> images in [-1, 1];
    `discriminator` too, images in [-1, 1] -> (features (N, D), logits (N, 2K), see `class_scores`, recovered latents
    (N, latent_dim)).

    Arguments: `image_shape` (H, W, C), H = W a multiple of 16; `seed` of the training noise; the fields of
    `config.CoupledOptions` by name. Raises `ValueError`, naming the option, for an unknown one and for a value that it
    cannot have.

    After Zhang et al., "DADA: Deep Adversarial Data Augmentation for extremely low data regime classification"
    (ICASSP 2019), whose first phase this is. The discriminator's loss is that of the source (real or generated, within
    the pair of the image's class) and, on real images, that of the class. The generator's are both, with the source
    turned round, and `feature_weight` x `feature_difference`; it learns `generator_steps` times a step. The second
    phase is a training of its own: a classifier on real images and new draws.

    `entropy_weight` goes beyond DADA: without it a class of few images becomes one picture, whatever the latents.
    Both networks then have that weight x the squared error of the latents that the discriminator recovers from
    generated images, as in Huang et al. (2017, equation 5).

    Deviations: the networks are those that this library has, a DCGAN's generator and `networks.normalized_cnn`, with
    batch normalisation where the original has weight normalisation, dropout and noise; weights are not averaged; the
    discriminator may see augmented images (`augmentation`, see `diffaugment`).

    Metrics: `d_loss`, `g_loss` in nats an example; `d_real` and `d_generated`, the shares of real and generated
    images that the discriminator calls real; `accuracy`, the share of real images whose class it finds.
    """

    OPTIONS = CoupledOptions

    def __init__(self, image_shape=(32, 32, 3), classes=10, *, seed=0, **options):
        options, keras_options = split_options(self.OPTIONS, options)
        super().__init__(**keras_options)
        check_image_shape(image_shape)
        self.options, self.image_shape, self.classes = options, tuple(image_shape), classes
        self.latent_dim = options.latent_dim
        # Latents uniform in [-1, 1) then weigh 0.17 and labels 0.1, however many latents there are. With more for the
        # latents classes look alike; with less, a class of few images becomes one picture.
        deviation = 0.3 * options.latent_dim**-0.5
        self.generator = build_generator(
            image_shape, classes, options.latent_dim, options.width, "dcgan", options.upsampling, deviation
        )
        body = networks.normalized_cnn(image_shape, 2 * classes, options.discriminator_width)
        features = body.layers[-1].input
        recovered = keras.layers.Dense(options.latent_dim, dtype="float32", name="latents")(features)
        self.discriminator = keras.Model(body.input, [features, body.output, recovered], name="discriminator")
        self.form = labelled.Form(classes, (self.image_shape,))
        self._set_up(seed, ("d_loss", "g_loss", "d_real", "d_generated", "accuracy"))

    @property
    def generator_variables(self):
        return self.generator.trainable_variables

    @property
    def discriminator_variables(self):
        return self.discriminator.trainable_variables

    @property
    def drawing_networks(self):
        return (self.generator,)

    @property
    def classifier(self):
        """The discriminator as a `Classifier`, not compiled: logits (N, K) that are `class_scores`. Shares weights."""
        _, logits, _ = self.discriminator.outputs
        return Classifier(keras.Model(self.discriminator.inputs, class_scores(logits), name="class_scores"))

    def call(self, inputs, training=None):
        """Images float32 (N, H, W, C) in [-1, 1] of `inputs` = [latents (N, latent_dim), labels int (N,)]."""
        latents, labels = inputs
        return self.generator([latents, labelled.int_labels(labels, self.classes)], training=training)

    def train_step(self, data):
        """One update of the discriminator, then `generator_steps` of the generator, on latents of their own."""
        (images,), labels, _ = self.form.read(data)
        real = pixels.to_float(images)
        share = self._loss_share(tf.shape(real)[0])

        # training=True although the generator does not learn here: its images must be those of its own steps.
        latents = self._latents(labels, "discriminator")
        generated = self.generator([latents, labels], training=True)
        with tf.GradientTape() as tape:
            seen = self._seen(real, generated, "discriminator")
            d_losses = self.discriminator_losses(seen, labels, latents)
            d_loss = tf.reduce_sum(d_losses) * share
        gradients = tape.gradient(d_loss, self.discriminator_variables)
        self.discriminator_optimizer.apply(gradients, self.discriminator_variables)

        for _ in range(self.options.generator_steps):
            # Other latents each time: their key counts the generator's own steps.
            latents = self._latents(labels, "generator")
            with tf.GradientTape() as tape:
                generated = self.generator([latents, labels], training=True)
                g_losses = self.generator_losses(self._seen(real, generated, "generator"), labels, latents)
                g_loss = tf.reduce_sum(g_losses) * share
            gradients = tape.gradient(g_loss, self.generator_variables)
            self.optimizer.apply(gradients, self.generator_variables)
        return self._record(d_losses, g_losses, seen, labels)

    def test_step(self, data):
        """The losses of a batch in inference mode, with latents keyed by the position in the batch."""
        (images,), labels, _ = self.form.read(data)
        latents = self._latents(labels, "discriminator")
        generated = self.generator([latents, labels], training=False)
        seen = [self.discriminator(kind, training=False) for kind in (pixels.to_float(images), generated)]
        d_losses = self.discriminator_losses(seen, labels, latents)
        return self._record(d_losses, self.generator_losses(seen, labels, latents), seen, labels)

    def discriminator_losses(self, seen, labels, latents):
        """The losses float32 (N,) of N real images and N generated ones of these labels and latents.

        `seen` is what the discriminator returns of either.
        """
        (_, real, _), (_, generated, recovered) = seen
        source = losses.discriminator_loss_real(source_logits(real, labels))
        source += losses.discriminator_loss_generated(source_logits(generated, labels))
        entropy = self.options.entropy_weight * losses.squared_error(recovered, latents)
        return source + losses.class_loss(class_scores(real), labels) + entropy

    def generator_losses(self, seen, labels, latents):
        """The generator's losses float32 (N,) of the same; the difference of features is in each."""
        (real_features, _, _), (features, logits, recovered) = seen
        source = losses.generator_loss_non_saturating(source_logits(logits, labels))
        matching = self.options.feature_weight * feature_difference(real_features, features)
        entropy = self.options.entropy_weight * losses.squared_error(recovered, latents)
        return source + losses.class_loss(class_scores(logits), labels) + matching + entropy

    def _latents(self, labels, stream):
        return self._noise(tf.shape(labels)[0], self.latent_dim, f"{stream} latents")

    def _seen(self, real, generated, stream):
        """What the discriminator returns in training of the real images, and of the generated ones, both augmented.

        Both kinds in one batch: so batch normalisation has the statistics that a classifier of real images has, too.
        """
        images = tf.concat([real, generated], 0)
        if self.options.augmentation:
            count = tf.shape(real)[0]
            draws = tf.concat([self._noise(count, 6, f"{stream} {kind}") for kind in ("real", "generated")], 0)
            images = diffaugment.augment(images, (draws + 1.0) / 2.0, self.options.augmentation)
        outputs = self.discriminator(images, training=True)
        return tuple(zip(*(tf.split(output, 2) for output in outputs), strict=True))

    def _record(self, d_losses, g_losses, seen, labels):
        (_, real, _), (_, generated, _) = seen
        called_real = [losses.called_real(source_logits(logits, labels)) for logits in (real, generated)]
        found = tf.argmax(class_scores(real), axis=1, output_type=tf.int32)
        return self._track(d_losses, g_losses, *called_real, tf.cast(found == labels, tf.float32))

    def get_config(self):
        own = {name: getattr(self, name) for name in ("image_shape", "classes", "seed")}
        return {**super().get_config(), **own, **fields.to_dict(self.options)}

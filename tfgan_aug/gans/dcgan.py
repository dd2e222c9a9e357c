"""The DCGAN (Radford et al., 2016) as the paper of Kono and Kawamoto lays it out, conditional on the class."""

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import checks, fields, labelled, pixels, streams
from tfgan_aug.core.normalization import BatchNormalization
from tfgan_aug.gans import diffaugment, losses
from tfgan_aug.gans.adversarial import AdversarialModel, DrawsImages, split_options
from tfgan_aug.gans.config import DCGANOptions
from tfgan_aug.gans.layers import ConditionalBatchNormalization, LabelProjection

# Twice the stride: every output pixel of a transposed convolution sees as many inputs.
_KERNEL = 4


def _normal(deviation=0.02):
    return keras.initializers.RandomNormal(0.0, deviation)


def check_image_shape(image_shape):
    """Raises `ValueError`, naming `image_shape`, for one (H, W, C) that `build_generator` cannot make images of."""
    height, width, channels = image_shape
    if height != width or not checks.image_sizes.good(height) or channels not in (1, 3):
        raise ValueError(
            f"image_shape: found {tuple(image_shape)}, expected a square of 16 to 128 pixels, a multiple of 16, "
            f"with 1 or 3 channels{'' if checks.image_sizes.good(height) else checks.image_sizes.hint(height)}"
        )


def _enlarge(x, filters, upsampling, **options):
    """Features (N, 2 H, 2 W, filters) of features (N, H, W, C): by a transposed convolution, or resized and convolved.

    Of every two by two pixels that a transposed convolution makes, each has weights of its own. Their sums differ from
    the start, and nothing in training makes them equal: that is the chequered pattern, which even spreads over areas
    without any detail (docs/results.md has the numbers). A resized image is convolved with the same weights everywhere.
    """
    options["kernel_initializer"] = _normal()
    if upsampling == "transposed":
        return keras.layers.Conv2DTranspose(filters, _KERNEL, 2, "same", **options)(x)
    x = keras.layers.UpSampling2D(2, interpolation="bilinear")(x)
    return keras.layers.Conv2D(filters, 3, padding="same", **options)(x)


def build_generator(
    image_shape, classes, latent_dim, width, activations, upsampling="transposed", latent_deviation=0.02
):
    """A functional model ([latents (N, latent_dim), labels int32 (N,)]) -> images (N, H, W, C) in [-1, 1].

    A dense layer and four layers that double the side, transposed convolutions (4 x 4, stride 2) or such as `_enlarge`
    has them: for 32 x 32 images and width 64, 2 x 2 x 512 -> 256 -> 128 -> 64 -> C. Labels enter the dense layer, as
    one-hot labels beside the latents would, and the scale and shift of every batch normalisation. The latents' weights
    in the dense layer start at N(0, latent_deviation^2).
    """
    height, base_width, channels = image_shape[0], image_shape[1] // 16, image_shape[2]
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")

    def activate(x):
        x = ConditionalBatchNormalization(classes)([x, labels])
        return keras.layers.LeakyReLU(0.2)(x) if activations == "paper" else keras.layers.ReLU()(x)

    shape = (height // 16, base_width, 8 * width)
    units = shape[0] * shape[1] * shape[2]
    x = keras.layers.Dense(units, use_bias=False, kernel_initializer=_normal(latent_deviation))(latents)
    if classes > 1:
        x = x + keras.layers.Embedding(classes, units, embeddings_initializer=_normal(0.1))(labels)
    x = activate(keras.layers.Reshape(shape)(x))
    for filters in (4 * width, 2 * width, width):
        x = activate(_enlarge(x, filters, upsampling, use_bias=False))
    x = _enlarge(x, channels, upsampling, activation="tanh", dtype="float32")
    return keras.Model([latents, labels], x, name="generator")


def build_discriminator(image_shape, classes, width, activations, normalization):
    """A functional model ([images (N, H, W, C) in [-1, 1], labels int32 (N,)]) -> logits (N, 1), positive: real.

    Four convolutions (4 x 4, stride 2) and a dense layer: for 32 x 32 images and width 64, 64 -> 128 -> 256 -> 512.
    Labels enter by projection on the last features. No batch normalisation on the first layer, as in DCGAN.
    """
    images = keras.Input(image_shape, name="images")
    labels = keras.Input((), dtype="int32", name="labels")

    def activate(x):
        return keras.layers.Activation("tanh")(x) if activations == "paper" else keras.layers.LeakyReLU(0.2)(x)

    x = images
    for depth, filters in enumerate((width, 2 * width, 4 * width, 8 * width)):
        convolution = keras.layers.Conv2D(
            filters,
            _KERNEL,
            2,
            "same",
            use_bias=depth == 0 or normalization != "batch",
            kernel_initializer=_normal(),
        )
        x = keras.layers.SpectralNormalization(convolution)(x) if normalization == "spectral" else convolution(x)
        if depth and normalization == "batch":
            gamma = keras.initializers.RandomNormal(1.0, 0.02)
            x = BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=gamma)(x)
        x = activate(x)
    features = keras.layers.Flatten()(x)
    logits = keras.layers.Dense(1, kernel_initializer=_normal(), dtype="float32")(features)
    if classes > 1:
        logits = logits + LabelProjection(classes, dtype="float32")([features, labels])
    return keras.Model([images, labels], logits, name="discriminator")


@keras.saving.register_keras_serializable("tfgan_aug")
class DCGAN(DrawsImages, AdversarialModel):
    """A label-conditional DCGAN; with `classes=1` the unconditional one (the paper's reading "one a class").

    `fit` on (uint8 images (N, H, W, C), int labels (N,)), see `core.labelled`, then `generate(labels, seeds)`.
    `generator` is functional, ([latents (N, latent_dim), labels (N,)]) -> images in [-1, 1]; `discriminator` ([images,
    labels]) -> logits (N, 1).

    Arguments: `image_shape` (H, W, C), H = W a multiple of 16; `seed` of the training noise; the fields of
    `config.DCGANOptions` by name. A `width` of 64 makes 3.0 and 2.8 million weights at 32 x 32. The `activations`
    `"paper"` are those that the text of Kono and Kawamoto names, the reverse of DCGAN's own. Raises `ValueError`,
    naming the option, for an unknown one and for a value that it cannot have.

    Deviations from DCGAN: labels enter by conditional batch normalisation and projection (Miyato and Koyama, 2018)
    in place of label planes at every layer, and start at N(0, 0.1) in the dense layer, where at 0.02 they would drown
    in 100 latents; kernels are 4 x 4, not 5 x 5; no L2 penalty (1e-5 in the original code, absent from its paper).
    `normalization` (of the discriminator) and `augmentation` (of what it sees, see `diffaugment`) go beyond it.
    `upsampling`: transposed convolutions are DCGAN's own and leave a chequered pattern; `"resize"` leaves none (Odena
    et al., 2016), at about twice the work in the generator.
    `updates` (see `train_step`): `"shared"` or `"alternating"` (as in Goodfellow et al., 2014, algorithm 1, and DCGAN).

    Metrics: `d_loss`, `g_loss` in nats an example; `d_real` and `d_generated`, the shares of real and generated
    images that the discriminator calls real.
    """

    OPTIONS = DCGANOptions

    def __init__(self, image_shape=(32, 32, 3), classes=10, *, seed=0, **options):
        options, keras_options = split_options(self.OPTIONS, options)
        super().__init__(**keras_options)
        check_image_shape(image_shape)
        self.options, self.image_shape, self.classes = options, tuple(image_shape), classes
        self.latent_dim, width, activations = options.latent_dim, options.width, options.activations
        self.generator = build_generator(
            image_shape, classes, options.latent_dim, width, activations, options.upsampling
        )
        self.discriminator = build_discriminator(image_shape, classes, width, activations, options.normalization)
        self.form = labelled.Form(classes, (self.image_shape,))
        self._set_up(seed, ("d_loss", "g_loss", "d_real", "d_generated"))

    @property
    def generator_variables(self):
        return self.generator.trainable_variables

    @property
    def discriminator_variables(self):
        return self.discriminator.trainable_variables

    @property
    def drawing_networks(self):
        return (self.generator,)

    def call(self, inputs, training=None):
        """Images float32 (N, H, W, C) in [-1, 1] of `inputs` = [latents (N, latent_dim), labels int (N,)]."""
        latents, labels = inputs
        return self.generator([latents, labelled.int_labels(labels, self.classes)], training=training)

    def train_step(self, data):
        """One update of each network, the discriminator's first; returns the metrics.

        Alternating: the generator learns against the new discriminator on latents of its own: two passes of the
        generator and three of the discriminator. Shared: on the same latents, so that one pass of the generator does;
        its discriminator has then just learnt from these very images.
        """
        (images,), labels, _ = self.form.read(data)
        real = pixels.to_float(images)
        share = self._loss_share(tf.shape(real)[0])
        step = self._shared if self.options.updates == "shared" else self._alternating
        d_losses, g_losses, real_logits, generated_logits = step(real, labels, share)
        return self._track(d_losses, g_losses, losses.called_real(real_logits), losses.called_real(generated_logits))

    def _alternating(self, real, labels, share):
        latents = self._noise(tf.shape(real)[0], self.latent_dim, "discriminator latents")
        # training=True although nothing is learnt here: generated images must be those of the generator's step.
        generated = self.generator([latents, labels], training=True)
        with tf.GradientTape() as tape:
            # Two batches, as in DCGAN: real and generated images each have batch statistics of their own.
            real_logits = self._logits(real, labels, "real")
            generated_logits = self._logits(generated, labels, "generated")
            d_losses = self.discriminator_losses(real_logits, generated_logits)
            d_loss = tf.reduce_sum(d_losses) * share
        self._descend(self.discriminator_optimizer, tape, d_loss, self.discriminator_variables)

        latents = self._noise(tf.shape(real)[0], self.latent_dim, "generator latents")
        with tf.GradientTape() as tape:
            logits = self._logits(self.generator([latents, labels], training=True), labels, "generator")
            g_losses = losses.GENERATOR_LOSSES[self.options.generator_loss](logits)
            g_loss = tf.reduce_sum(g_losses) * share
        self._descend(self.optimizer, tape, g_loss, self.generator_variables)
        return d_losses, g_losses, real_logits, generated_logits

    def _shared(self, real, labels, share):
        latents = self._noise(tf.shape(real)[0], self.latent_dim, "generator latents")
        with tf.GradientTape() as generating:
            generated = self.generator([latents, labels], training=True)
        with tf.GradientTape() as tape:
            real_logits = self._logits(real, labels, "real")
            generated_logits = self._logits(tf.stop_gradient(generated), labels, "generated")
            d_losses = self.discriminator_losses(real_logits, generated_logits)
            d_loss = tf.reduce_sum(d_losses) * share
        self._descend(self.discriminator_optimizer, tape, d_loss, self.discriminator_variables)

        with tf.GradientTape() as tape:
            tape.watch(generated)
            logits = self._logits(generated, labels, "generator")
            g_losses = losses.GENERATOR_LOSSES[self.options.generator_loss](logits)
            g_loss = tf.reduce_sum(g_losses) * share
        towards = tape.gradient(g_loss, generated)
        self._descend(self.optimizer, generating, generated, self.generator_variables, output_gradients=towards)
        return d_losses, g_losses, real_logits, generated_logits

    def renew_statistics(self, batches_of_labels):
        """Takes the batch statistics that the generator draws with anew, for weights that were set: averages, mostly.

        Those that training left belong to the weights of its last steps. The new ones are means over batches of these
        labels, each ints (N,), normalised as in training, with latents keyed by (`seed`, batch): "standing
        statistics" of Brock et al. (2019).
        """
        kinds = (layer for layer in self.generator.layers if isinstance(layer, ConditionalBatchNormalization))
        kept = [layer.normalization for layer in kinds]
        momentums = [layer.momentum for layer in kept]
        for number, labels in enumerate(batches_of_labels):
            labels = labelled.int_labels(labels, self.classes)
            seeds = streams.image_seeds(streams.key_of("statistics", self.seed), number, np.arange(len(labels)))
            for layer in kept:
                # A moving average with these is the mean of all so far.
                layer.momentum = number / (number + 1)
            self.generator([streams.uniform_latents(seeds, self.latent_dim), labels], training=True)
        for layer, momentum in zip(kept, momentums, strict=True):
            layer.momentum = momentum

    def discriminator_losses(self, real_logits, generated_logits):
        """The losses float32 (N,) of N real and N generated images with these logits (N,)."""
        return losses.discriminator_loss_real(real_logits) + losses.discriminator_loss_generated(generated_logits)

    @staticmethod
    def _descend(optimizer, tape, target, weights, **options):
        optimizer.apply(tape.gradient(target, weights, **options), weights)

    def test_step(self, data):
        """The losses of a batch in inference mode, with latents keyed by the position in the batch."""
        (images,), labels, _ = self.form.read(data)
        latents = self._noise(tf.shape(images)[0], self.latent_dim, "discriminator latents")
        real_logits = self.discriminator([pixels.to_float(images), labels], training=False)[:, 0]
        generated = self.generator([latents, labels], training=False)
        generated_logits = self.discriminator([generated, labels], training=False)[:, 0]
        d_losses = self.discriminator_losses(real_logits, generated_logits)
        g_losses = losses.GENERATOR_LOSSES[self.options.generator_loss](generated_logits)
        return self._track(d_losses, g_losses, losses.called_real(real_logits), losses.called_real(generated_logits))

    def _logits(self, images, labels, stream):
        """Training logits (N,) of the images (N, H, W, C), which the discriminator sees augmented."""
        if self.options.augmentation:
            share = self.options.color_share
            draws = (self._noise(tf.shape(images)[0], 7 if share < 1 else 6, stream) + 1.0) / 2.0
            images = diffaugment.augment(images, draws, self.options.augmentation, share)
        return self.discriminator([images, labels], training=True)[:, 0]

    def get_config(self):
        own = {name: getattr(self, name) for name in ("image_shape", "classes", "seed")}
        return {**super().get_config(), **own, **fields.to_dict(self.options)}

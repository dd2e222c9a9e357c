"""Composer: a generator that mixes the features of two real images of a class."""

import keras
import tensorflow as tf

from tfgan_aug.core import fields, labelled, masks, moves, pixels
from tfgan_aug.core.normalization import BatchNormalization
from tfgan_aug.gans import losses
from tfgan_aug.gans.adversarial import AdversarialModel, DrawsImages, split_options
from tfgan_aug.gans.anchors import StartsFromImages, check_shape
from tfgan_aug.gans.config import ComposerOptions

# Pixels along each side of a place of the features.
_PLACE = 4


def _block(x, filters, stride=1):
    x = keras.layers.Conv2D(filters, 3, stride, "same", use_bias=False)(x)
    return keras.layers.LeakyReLU(0.2)(BatchNormalization(momentum=0.9)(x))


def _twice(x, **options):
    return keras.layers.UpSampling2D(interpolation="bilinear", **options)(x)


def _residual(x):
    filters = x.shape[-1]
    change = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(_block(x, filters))
    return x + BatchNormalization(momentum=0.9)(change)


def build_encoder(image_shape, width):
    """A functional model images (N, H, W, C) in [-1, 1] -> features (N, H / 4, W / 4, 4 width)."""
    images = keras.Input(image_shape, name="images")
    # Over blocks of 2 by 2 pixels, as in `pairs`: convolutions of few channels over all pixels are slow on CPUs.
    x = _block(keras.ops.space_to_depth(images, 2), 2 * width)
    return keras.Model(images, _residual(_block(x, 4 * width, 2)), name="encoder")


def build_decoder(image_shape, width):
    """A functional model features (N, H / 4, W / 4, 4 width) -> images (N, H, W, C) in [-1, 1]."""
    height, image_width, channels = image_shape
    features = keras.Input((height // _PLACE, image_width // _PLACE, 4 * width), name="features")
    x = _block(_twice(_residual(features)), 2 * width)
    coarse = _twice(keras.layers.Conv2D(channels, 3, padding="same", dtype="float32")(x), dtype="float32")
    # Of four pixels each, at first hardly any: from random ones a chequered pattern stayed.
    near_zero = keras.initializers.RandomNormal(stddev=0.01)
    detail = keras.layers.Conv2D(4 * channels, 3, padding="same", kernel_initializer=near_zero, dtype="float32")(x)
    return keras.Model(features, keras.ops.tanh(coarse + keras.ops.depth_to_space(detail, 2)), name="decoder")


def build_discriminator(image_shape, width):
    """A functional model images (N, H, W, C) in [-1, 1] -> scores (N, H / 4, W / 4, 1), near 1: real, near 0: mixed.

    Fully convolutional: each score is of a patch of 26 by 26 pixels. It knows no classes.
    """
    images = keras.Input(image_shape, name="images")
    x = keras.layers.Conv2D(2 * width, 3, padding="same")(keras.ops.space_to_depth(images, 2))
    x = _block(_block(keras.layers.LeakyReLU(0.2)(x), 4 * width, 2), 4 * width)
    return keras.Model(images, keras.layers.Conv2D(1, 3, padding="same", dtype="float32")(x), name="discriminator")


def pyramid_loss(made, wanted, levels=3):
    """Mean absolute differences of Laplacian pyramids, float32 (N,), of images (N, H, W, C): summed over the levels.

    A level is what the mean of each 2 by 2 pixels leaves out, the last these means themselves. The original's levels
    are of a 5 by 5 filter, and it leaves the last means out, so that colours are free.
    """
    rest, total = made - wanted, 0.0
    for _ in range(levels):
        means = tf.nn.avg_pool2d(rest, 2, 2, "VALID")
        detail = rest - tf.repeat(tf.repeat(means, 2, axis=1), 2, axis=2)
        total += tf.reduce_mean(tf.abs(detail), axis=[1, 2, 3])
        rest = means
    return total + tf.reduce_mean(tf.abs(rest), axis=[1, 2, 3])


@keras.saving.register_keras_serializable("tfgan_aug")
class Composer(StartsFromImages, DrawsImages, AdversarialModel):
    """A generator of images of a class from two of its real images: their features, mixed by a coarse random mask.

    `encoder` maps both images to features, of which each place is taken from the one or the other, and `decoder` makes
    an image of them. It draws two different training images, its anchors, and a mask.

    `fit` on (uint8 images (N, H, W, C), int labels (N,)), see `core.labelled`, then `generate(labels, seeds)`. `adapt`
    takes the anchors; `fit` on arrays does that by itself. Saved models and SavedModels hold these training images.

    Arguments: `image_shape` (H, W, C), H = W a multiple of 8; `count`, the number of anchors, where they are loaded;
    `seed` of the training noise; the fields of `config.ComposerOptions` by name. Raises `ValueError`, naming the
    option, for an unknown one and for a value that it cannot have.

    After ChimeraMix (Reinders et al., 2022), with its grid masks. Deviations: networks over blocks of 2 by 2 pixels, a
    quarter of the width or less, and batch normalisation in place of that of each image; residual blocks in the
    decoder, which the original's code makes and does not use; the pyramid loss is that of mixed images, against the
    same pixels, where the original's code has it of both reconstructions.

    Metrics: `d_loss` and `g_loss`, the least-squares losses (Mao et al., 2017) of the discriminator's scores;
    `reconstruction`, the mean squared error of both images, in units of [-1, 1]; `pyramid`, see `pyramid_loss`.
    """

    OPTIONS = ComposerOptions

    def __init__(self, image_shape=(32, 32, 3), classes=10, *, count=0, seed=0, **options):
        options, keras_options = split_options(self.OPTIONS, options)
        super().__init__(**keras_options)
        check_shape(image_shape)
        self.options, self.image_shape, self.classes = options, tuple(image_shape), classes
        # The first two choose the anchors.
        self.latent_dim = 2 + masks.NUMBERS
        self.encoder = build_encoder(image_shape, options.width)
        self.decoder = build_decoder(image_shape, options.width)
        self.discriminator = build_discriminator(image_shape, options.width)
        self.form = labelled.Form(classes, (self.image_shape,))
        self._anchor_at(count)
        self._set_up(seed, ("d_loss", "g_loss", "reconstruction", "pyramid"))

    @property
    def generator_variables(self):
        return [*self.encoder.trainable_variables, *self.decoder.trainable_variables]

    @property
    def discriminator_variables(self):
        return self.discriminator.trainable_variables

    @property
    def drawing_networks(self):
        return (self._anchored(), self.encoder, self.decoder)

    def call(self, inputs, training=None):
        """Images float32 (N, H, W, C) in [-1, 1] of `inputs` = [latents (N, latent_dim) in [-1, 1), labels (N,)]."""
        latents, labels = inputs
        labels, drawn = labelled.int_labels(labels, self.classes), (latents + 1.0) / 2.0
        first, second = (pixels.to_float(images) for images in self._anchored().two(labels, drawn[:, :2]))
        return self.compose(first, second, self._masks(drawn[:, 2:]), training=training)

    def compose(self, first, second, mask, training=None):
        """Images of the features of two, float32 (N, H, W, C) in [-1, 1]: of the first where `mask` is True.

        `mask` is bool (N, H / 4, W / 4, 1).
        """
        one, other = tf.split(self.encoder(tf.concat([first, second], 0), training=training), 2)
        return self.decoder(tf.where(mask, one, other), training=training)

    def train_step(self, data):
        """One update of encoder and decoder, then one of the discriminator; returns the metrics."""
        first, second, mask = self._batch(data, moved=True)
        share = self._loss_share(tf.shape(first)[0])
        with tf.GradientTape() as tape:
            mixed, reconstruction, pyramid = self._mixed(first, second, mask, training=True)
            g_losses = losses.squared_error(self.discriminator(mixed, training=True), 1.0)
            total = (
                self.options.reconstruction_weight * reconstruction
                + self.options.pyramid_weight * pyramid
                + self.options.adversarial_weight * g_losses
            )
            loss = tf.reduce_sum(total) * share
        self.optimizer.apply(tape.gradient(loss, self.generator_variables), self.generator_variables)

        with tf.GradientTape() as tape:
            d_losses = self._d_losses(first, tf.stop_gradient(mixed), training=True)
            loss = tf.reduce_sum(d_losses) * share
        weights = self.discriminator_variables
        self.discriminator_optimizer.apply(tape.gradient(loss, weights), weights)
        return self._track(d_losses, g_losses, reconstruction, pyramid)

    def test_step(self, data):
        """The losses of a batch and its partners, unmoved."""
        first, second, mask = self._batch(data, moved=False)
        mixed, reconstruction, pyramid = self._mixed(first, second, mask, training=False)
        g_losses = losses.squared_error(self.discriminator(mixed, training=False), 1.0)
        return self._track(self._d_losses(first, mixed, training=False), g_losses, reconstruction, pyramid)

    def _batch(self, data, moved):
        """(Images, others of their classes, masks): float32 (N, H, W, C) in [-1, 1] twice, bool (N, H/4, W/4, 1)."""
        (images,), labels, _ = self.form.read(data)
        drawn = (self._noise(tf.shape(images)[0], 4 + masks.NUMBERS, "pairs") + 1.0) / 2.0
        partners = self._anchored()(labels, drawn[:, 0], other_than=images)
        both = pixels.to_float(tf.concat([images, partners], -1))
        if moved:
            # By whole pixels: interpolated images would teach the discriminator that real ones are blurred.
            both = moves.whole_pixels(both, drawn[:, 1:4], self.image_shape[0] // 8, flip=self.options.flip)
        return *tf.split(both, 2, axis=-1), self._masks(drawn[:, 4:])

    def _masks(self, drawn):
        """Masks bool (N, H / 4, W / 4, 1) of the features, of numbers (N, masks.NUMBERS) in [0, 1)."""
        return masks.coarse(drawn, self.image_shape[0] // _PLACE)[..., None]

    def _mixed(self, first, second, mask, training):
        """(Mixed images (N, H, W, C), errors of both reconstructions (N,), pyramid losses (N,))."""
        one, other = tf.split(self.encoder(tf.concat([first, second], 0), training=training), 2)
        features = tf.concat([one, other, tf.where(mask, one, other)], 0)
        # Together: the statistics of batches are those of images as they are and of mixed ones.
        remade, remade_other, mixed = tf.split(self.decoder(features, training=training), 3)
        reconstruction = losses.squared_error(remade, first) + losses.squared_error(remade_other, second)
        of_pixels = tf.repeat(tf.repeat(mask, _PLACE, axis=1), _PLACE, axis=2)
        return mixed, reconstruction, pyramid_loss(mixed, tf.where(of_pixels, first, second))

    def _d_losses(self, real, mixed, training):
        real_losses = losses.squared_error(self.discriminator(real, training=training), 1.0)
        return real_losses + losses.squared_error(self.discriminator(mixed, training=training), 0.0)

    def get_config(self):
        own = {name: getattr(self, name) for name in ("image_shape", "classes", "seed")}
        own["count"] = self.anchor_count
        return {**super().get_config(), **own, **fields.to_dict(self.options)}

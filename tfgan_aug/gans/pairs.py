"""Pairs: a generator that starts from a real image and draws another one of its class."""

import keras
import tensorflow as tf

from tfgan_aug.core import fields, labelled, moves, pixels
from tfgan_aug.core.normalization import BatchNormalization
from tfgan_aug.gans.adversarial import DrawsImages, KeyedSteps, default_optimizer, split_options
from tfgan_aug.gans.anchors import StartsFromImages, check_shape
from tfgan_aug.gans.config import PairsOptions

# How far a pixel may be taken from, in shares of the side.
_REACH = 0.1875
# Of the roughness of the flow in the loss.
_SMOOTHNESS = 0.01


def _block(x, filters, stride=1):
    x = keras.layers.Conv2D(filters, 3, stride, "same", use_bias=False)(x)
    return keras.layers.LeakyReLU(0.2)(BatchNormalization(momentum=0.9)(x))


def _twice(x):
    return keras.layers.UpSampling2D(interpolation="bilinear")(x)


def build_encoder(image_shape, latent_dim, width):
    """A functional model ([images, other images], (N, H, W, C) in [-1, 1]) -> means and log variances (N, 2 x latents).

    Of the latents that make the second image of the first.
    """
    first, second = keras.Input(image_shape, name="first"), keras.Input(image_shape, name="second")
    x = _block(keras.ops.space_to_depth(keras.layers.Concatenate()([first, second]), 2), 2 * width)
    x = _block(_block(x, 4 * width, 2), 4 * width, 2)
    x = keras.layers.Dense(128, activation="relu")(keras.layers.Flatten()(x))
    return keras.Model([first, second], keras.layers.Dense(2 * latent_dim, dtype="float32")(x), name="encoder")


def build_generator(image_shape, latent_dim, width):
    """A functional model ([images (N, H, W, C) in [-1, 1], latents (N, latents)]) -> [images (N, H, W, C), flow].

    A U-net over blocks of 2 by 2 pixels, with the latents at its bottom. Its flow (N, H, W, 2), in pixels, says where
    each pixel is taken from; a mask then lets new content in, at first hardly any: what it need not paint stays real.
    """
    size, channels = image_shape[0], image_shape[2]
    images, latents = keras.Input(image_shape, name="images"), keras.Input((latent_dim,), name="latents")
    near_zero = {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.01), "dtype": "float32"}
    # Convolutions of few channels over all pixels took most of the time.
    half = _block(keras.ops.space_to_depth(images, 2), 2 * width)
    quarter = _block(half, 4 * width, 2)
    planes = keras.layers.Dense((size // 4) ** 2 * width)(latents)
    planes = keras.layers.Reshape((size // 4, size // 4, width))(planes)
    x = _block(_block(keras.layers.Concatenate()([quarter, planes]), 4 * width), 4 * width)
    x = _block(keras.layers.Concatenate()([_twice(x), half]), 2 * width)
    scale, shift = (keras.layers.Reshape((1, 1, -1))(keras.layers.Dense(2 * width)(latents)) for _ in range(2))
    x = x * (1.0 + scale) + shift
    flow = keras.layers.Conv2D(2, 3, padding="same", activation="tanh", **near_zero)(x)
    flow = _twice(flow) * (_REACH * size)
    painted = keras.layers.Conv2D(4 * (channels + 1), 3, padding="same", **near_zero)(x)
    painted = keras.ops.depth_to_space(painted, 2)
    mask = keras.ops.sigmoid(painted[..., -1:] - 3.0)
    made = Warp(dtype="float32")([images, flow]) * (1.0 - mask) + mask * keras.ops.tanh(painted[..., :-1])
    return keras.Model([images, latents], [made, flow], name="generator")


@keras.saving.register_keras_serializable("tfgan_aug")
class Warp(keras.Layer):
    """Images (N, H, W, C), each pixel taken from where the flow (N, H, W, 2; pixels down and right) says, bilinearly.

    Outside lies the border's pixel. The flow learns by this; the images do not. Not
    `keras.ops.image.map_coordinates`, which interpolates between examples and channels, too: 16 pixels where 4 do.
    """

    def call(self, inputs):
        images, flow = inputs
        height, width = images.shape[1:3]
        down, right = (
            tf.range(side, dtype=flow.dtype)[(slice(None), None) if axis == 0 else (None, slice(None))]
            for axis, side in enumerate((height, width))
        )
        # Less than a side minus one: every pixel has neighbours below and to the right.
        y = tf.clip_by_value(down + flow[..., 0], 0.0, height - 1.001)
        x = tf.clip_by_value(right + flow[..., 1], 0.0, width - 1.001)
        top, left = tf.floor(y), tf.floor(x)
        lower, across = (y - top)[..., None], (x - left)[..., None]
        # A flow that is no number must reach the loss, where it is named.
        top, left = (
            tf.clip_by_value(tf.cast(place, tf.int32), 0, side - 2) for place, side in ((top, height), (left, width))
        )
        corner = top * width + left
        flat = tf.reshape(images, [-1, height * width, images.shape[3]])

        def taken(step):
            return tf.gather(flat, corner + step, axis=1, batch_dims=1)

        upper = taken(0) * (1 - across) + taken(1) * across
        return upper * (1 - lower) + (taken(width) * (1 - across) + taken(width + 1) * across) * lower

    def compute_output_shape(self, input_shape):
        return input_shape[0]


@keras.saving.register_keras_serializable("tfgan_aug")
class Pairs(StartsFromImages, DrawsImages, KeyedSteps):
    """A generator of images of a class from one of its real images: a conditional variational autoencoder of pairs.

    It learns from pairs of one class, what makes the one of the other: `encoder` maps both to latents, `generator` the
    first and the latents to the second. What varies within classes is learnt over all of them, and carried to those
    with few images. It draws from a random training image, its anchor, with latents from N(0, 1).

    `fit` on (uint8 images (N, H, W, C), int labels (N,)), see `core.labelled`, then `generate(labels, seeds)`. `adapt`
    takes the anchors; `fit` on arrays does that by itself. Saved models and SavedModels hold these training images.

    Arguments: `image_shape` (H, W, C), H = W a multiple of 8; `count`, the number of anchors, where they are loaded;
    `seed` of the training noise; the fields of `config.PairsOptions` by name. Raises `ValueError`, naming the option,
    for an unknown one and for a value that it cannot have.

    The design is ours, after the Delta-encoder (Schwartz et al., 2018, which works on features) and DAGAN (Antoniou et
    al., 2017): a flow and a mask in place of an image painted anew keep the strokes sharp and the class right.
    No discriminator.

    Metrics: `loss`; `reconstruction`, the mean absolute error on three scales, in units of [-1, 1]; `divergence` of the
    latents from N(0, 1), nats an example.
    """

    OPTIONS = PairsOptions

    def __init__(self, image_shape=(32, 32, 3), classes=10, *, count=0, seed=0, **options):
        options, keras_options = split_options(self.OPTIONS, options)
        super().__init__(**keras_options)
        check_shape(image_shape)
        self.options, self.image_shape, self.classes = options, tuple(image_shape), classes
        # The first number chooses the anchor.
        self.latent_dim = 1 + options.latent_dim
        self.encoder = build_encoder(image_shape, options.latent_dim, options.width)
        self.generator = build_generator(image_shape, options.latent_dim, options.width)
        self.form = labelled.Form(classes, (self.image_shape,))
        self._anchor_at(count)
        self._set_up(seed, ("loss", "reconstruction", "divergence"))

    def compile(self, optimizer=None, **kwargs):
        """Compiles with Adam, learning rate 2e-4 and beta_1 0.5, where no optimiser is given."""
        super().compile(optimizer=keras.optimizers.get(optimizer or default_optimizer()), **kwargs)
        self.optimizer.build(self._learning)

    def get_compile_config(self):
        return {"optimizer": keras.optimizers.serialize(self.optimizer)} if self.compiled else {}

    def compile_from_config(self, config):
        self.compile(keras.optimizers.deserialize(config["optimizer"]))

    @property
    def _learning(self):
        return [*self.encoder.trainable_variables, *self.generator.trainable_variables]

    @property
    def drawing_networks(self):
        return (self._anchored(), self.generator)

    def call(self, inputs, training=None):
        """Images float32 (N, H, W, C) in [-1, 1] of `inputs` = [latents (N, latent_dim) in [-1, 1), labels (N,)]."""
        latents, labels = inputs
        labels = labelled.int_labels(labels, self.classes)
        anchors = self._anchored()(labels, (latents[:, 0] + 1.0) / 2.0)
        return self.generator([pixels.to_float(anchors), _normal(latents[:, 1:])], training=training)[0]

    def train_step(self, data):
        """One update of encoder and generator; returns the metrics."""
        first, second = self._pairs(data, moved=True)
        count = tf.shape(first)[0]
        with tf.GradientTape() as tape:
            losses, reconstruction, divergence = self._losses_of(first, second, training=True)
            loss = tf.reduce_sum(losses) * self._loss_share(count)
        self.optimizer.apply(tape.gradient(loss, self._learning), self._learning)
        return self._track(losses, reconstruction, divergence)

    def test_step(self, data):
        """The losses of a batch and its partners, unmoved."""
        return self._track(*self._losses_of(*self._pairs(data, moved=False), training=False))

    def _pairs(self, data, moved):
        """(Anchors, images), float32 (N, H, W, C) in [-1, 1]: each image of the batch with another one of its class."""
        (images,), labels, _ = self.form.read(data)
        count = tf.shape(images)[0]
        drawn = (self._noise(count, 8, "pairs") + 1.0) / 2.0
        partners = self._anchored()(labels, drawn[:, 0], other_than=tf.cast(images, tf.uint8))
        both = pixels.to_float(tf.concat([tf.cast(partners, tf.float32), tf.cast(images, tf.float32)], -1))
        if moved:
            both = moves.affine(both, drawn[:, 1:], flip=self.options.flip)
        return tf.split(both, 2, axis=-1)

    def _losses_of(self, first, second, training):
        """(Losses, errors of the reconstruction, divergences), each float32 (N,)."""
        mean, log_variance = tf.split(self.encoder([first, second], training=training), 2, axis=-1)
        log_variance = tf.clip_by_value(log_variance, -8.0, 4.0)
        noise = _normal(self._noise(tf.shape(first)[0], self.options.latent_dim, "latents"))
        made, flow = self.generator([first, mean + tf.exp(log_variance / 2.0) * noise], training=training)
        errors = 0.0
        for scale in range(3):
            if scale:
                made, second = (tf.nn.avg_pool2d(images, 2, 2, "VALID") for images in (made, second))
            errors += tf.reduce_mean(tf.abs(made - second), axis=[1, 2, 3])
        divergence = tf.reduce_sum(mean**2 + tf.exp(log_variance) - log_variance - 1.0, axis=1) / 2.0
        roughness = sum(
            tf.reduce_mean(difference**2, axis=[1, 2, 3])
            for difference in (flow[:, 1:] - flow[:, :-1], flow[:, :, 1:] - flow[:, :, :-1])
        )
        losses = errors + self.options.divergence_weight * divergence + _SMOOTHNESS * roughness
        return losses, errors, divergence

    def get_config(self):
        own = {name: getattr(self, name) for name in ("image_shape", "classes", "seed")}
        own["count"] = self.anchor_count
        return {**super().get_config(), **own, **fields.to_dict(self.options)}


def _normal(uniform):
    """Numbers from N(0, 1) of numbers uniform in [-1, 1)."""
    # The ends are infinitely far: 24 bits reach 5 deviations.
    return 2.0**0.5 * tf.math.erfinv(tf.clip_by_value(uniform, -1 + 2e-7, 1 - 2e-7))

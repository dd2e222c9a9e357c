"""The networks of a Stacked GAN: one generator and one discriminator for each representation, by its shape.

Sizes are those of the CIFAR-10 networks of Huang et al. (2017; their code, not the paper, states them), for 32 x 32
images at width 1; other image sizes change the maps in proportion, `width` scales every hidden layer.

A generator is functional, ([condition, latents (N, z) in [0, 1)]) -> representation, its condition labels int32 (N,), a
vector or a map. A discriminator is functional, ([representation, key, amounts]) -> (logits (N, 1 or classes),
recovered latents (N, z)): `key` int64 (2,) drives its noise, `amounts` float32 (2,) is its dropout rate and
the deviation of the noise after hidden layers. Representations are vectors, maps with ReLU, or images in [-1, 1].

Deviations: images in [-1, 1] from tanh, where the original has a sigmoid and takes the training set's mean image
away; where the lower of three representations is a map, which the original's CIFAR-10 code does not have, its
networks are ours.
"""

import dataclasses

import keras

from tfgan_aug.core.normalization import BatchNormalization
from tfgan_aug.gans.layers import KeyedDropout, KeyedGaussianNoise, OneHot

VECTOR_NOISE, IMAGE_NOISE = 0.2, 0.05


def _units(count, width):
    return max(1, round(count * width))


def _normal():
    return keras.initializers.RandomNormal(0.0, 0.02)


def _normalize(x):
    return BatchNormalization(momentum=0.9, epsilon=1e-6)(x)


def _dense(x, units):
    x = keras.layers.Dense(units, use_bias=False, kernel_initializer=_normal())(x)
    return keras.layers.ReLU()(_normalize(x))


def _deconvolution(x, filters, kernel=5, strides=1, padding="same"):
    layer = keras.layers.Conv2DTranspose(
        filters, kernel, strides, padding, use_bias=False, kernel_initializer=_normal()
    )
    return keras.layers.ReLU()(_normalize(layer(x)))


def _last(x, kind, activation, *arguments):
    """The layer that gives the representation: with a bias, without normalisation."""
    return kind(*arguments, activation=activation, kernel_initializer=_normal(), dtype="float32")(x)


def _condition(shape, classes):
    """(input, tensor to use) of a condition: labels, where `shape` is None, enter as one-hot vectors."""
    if shape is None:
        labels = keras.Input((), dtype="int32", name="labels")
        return labels, OneHot(classes)(labels)
    condition = keras.Input(shape, name="condition")
    return condition, condition


def _joined(condition, latents, width, shape):
    """A map of `shape`, of a condition and the latents' branch of two dense layers of 128."""
    branch = _dense(_dense(latents, _units(128, width)), _units(128, width))
    if len(condition.shape) == 2:
        joined = keras.layers.Concatenate()([condition, branch])
        return keras.layers.Reshape(shape)(_dense(joined, shape[0] * shape[1] * shape[2]))
    size = condition.shape[1] * condition.shape[2]
    spread = keras.layers.Reshape((*condition.shape[1:3], -1))(keras.layers.RepeatVector(size)(branch))
    return _deconvolution(keras.layers.Concatenate()([condition, spread]), shape[2], kernel=3)


def vector_generator(shape, condition_shape, classes, latent_dim, width, architecture):
    """A functional model ([condition, latents]) -> vectors (N, *shape), not negative.

    `huang`: latents and condition through a dense layer each (256, 512), together through two (512), and the last.
    `paper`: a dense layer and four transposed convolutions, 4 x 4, whose last map, flattened, is the vector.
    """
    (length,) = shape
    inputs, condition = _condition(condition_shape, classes)
    latents = keras.Input((latent_dim,), name="latents")
    if architecture == "huang":
        branches = [_dense(latents, _units(256, width)), _dense(condition, _units(512, width))]
        x = _dense(keras.layers.Concatenate()(branches), _units(512, width))
        x = _last(_dense(x, _units(512, width)), keras.layers.Dense, "relu", length)
        return keras.Model([inputs, latents], x, name="vector_generator")
    doublings = next(k for k in (4, 3, 2, 1, 0) if length % 4**k == 0)
    strides = [2] * doublings + [1] * (4 - doublings)
    x = _dense(keras.layers.Concatenate()([condition, latents]), _units(512, width))
    x = keras.layers.Reshape((1, 1, -1))(x)
    for filters, stride in zip((256, 128, 64), strides[:3], strict=True):
        x = _deconvolution(x, _units(filters, width), 4, stride)
    x = _last(x, keras.layers.Conv2DTranspose, "relu", length // 4**doublings, 4, strides[3], "same")
    return keras.Model([inputs, latents], keras.layers.Flatten()(x), name="vector_generator")


def map_generator(shape, condition_shape, classes, latent_dim, width, architecture):
    """A functional model ([condition, latents]) -> maps (N, *shape), not negative.

    A dense layer, then two (`huang`) or four (`paper`) transposed convolutions, 3 x 3, at the map's own size.
    """
    inputs, condition = _condition(condition_shape, classes)
    latents = keras.Input((latent_dim,), name="latents")
    x = _joined(condition, latents, width, (*shape[:2], _units(256, width)))
    for filters in (256,) if architecture == "huang" else (256, 256, 128):
        x = _deconvolution(x, _units(filters, width), kernel=3)
    x = _last(x, keras.layers.Conv2DTranspose, "relu", shape[2], 3, 1, "same")
    return keras.Model([inputs, latents], x, name="map_generator")


def image_generator(image_shape, condition_shape, classes, latent_dim, width, architecture):
    """A functional model ([condition, latents]) -> images (N, H, W, C) in [-1, 1].

    A dense layer and four transposed convolutions, 5 x 5, in both architectures: for 32 x 32 images 5 x 5 x 256 -> 10
    -> 14 x 14 x 128 -> 28 -> 32 x 32 x C.
    """
    del architecture
    inputs, condition = _condition(condition_shape, classes)
    latents = keras.Input((latent_dim,), name="latents")
    side = (image_shape[0] - 12) // 4
    x = _joined(condition, latents, width, (side, side, _units(256, width)))
    x = _deconvolution(x, _units(256, width), strides=2)
    x = _deconvolution(x, _units(128, width), padding="valid")
    x = _deconvolution(x, _units(128, width), strides=2)
    x = _last(x, keras.layers.Conv2DTranspose, "tanh", image_shape[2], 5, 1, "valid")
    return keras.Model([inputs, latents], x, name="image_generator")


class _Discriminator:
    """A chain of layers that starts from `shape`, with the inputs that drive its noise; `finish` adds the heads."""

    def __init__(self, shape, noise):
        self.inputs = [
            keras.Input(shape, name="representation"),
            keras.Input(batch_shape=(2,), dtype="int64", name="key"),
            keras.Input(batch_shape=(2,), dtype="float32", name="amounts"),
        ]
        self.x = KeyedGaussianNoise(0, noise)(self.inputs[:2])
        self.random_layers = 1

    def _random(self, kind, amount):
        self.x = kind(self.random_layers)([self.x, self.inputs[1], amount])
        self.random_layers += 1

    def activate(self, layer, normalize=True):
        self.x = layer(self.x)
        self.x = keras.layers.LeakyReLU(0.2)(_normalize(self.x) if normalize else self.x)

    def dense(self, units, normalize=True):
        self.activate(keras.layers.Dense(units, use_bias=not normalize, kernel_initializer=_normal()), normalize)
        self._random(KeyedGaussianNoise, self.inputs[2][1])

    def convolution(self, filters, kernel=3, strides=1, padding="same", normalize=True):
        self.activate(
            keras.layers.Conv2D(
                filters, kernel, strides, padding, use_bias=not normalize, kernel_initializer=_normal()
            ),
            normalize,
        )

    def drop(self):
        self._random(KeyedDropout, self.inputs[2][0])

    def finish(self, logits, latent_dim):
        pooled, flat = self.x, self.x
        if len(self.x.shape) == 4:
            pooled, flat = keras.layers.GlobalAveragePooling2D()(self.x), keras.layers.Flatten()(self.x)
        heads = [
            keras.layers.Dense(logits, kernel_initializer=_normal(), dtype="float32", name="real")(pooled),
            keras.layers.Dense(latent_dim, kernel_initializer=_normal(), dtype="float32", name="latents")(flat),
        ]
        return keras.Model(self.inputs, heads)


def vector_discriminator(shape, logits, latent_dim, width):
    """Noise of deviation 0.2, two dense layers of 512, the heads."""
    chain = _Discriminator(shape, VECTOR_NOISE)
    chain.dense(_units(512, width), normalize=False)
    chain.dense(_units(512, width))
    return chain.finish(logits, latent_dim)


def map_discriminator(shape, logits, latent_dim, width):
    """Noise of deviation 0.2, convolutions 3 x 3 of 192, dropout, 3 x 3 of 192, 1 x 1 of 192, the heads."""
    chain = _Discriminator(shape, VECTOR_NOISE)
    filters = _units(192, width)
    chain.convolution(filters, normalize=False)
    chain.drop()
    chain.convolution(filters)
    chain.convolution(filters, kernel=1, normalize=False)
    return chain.finish(logits, latent_dim)


def image_discriminator(shape, logits, latent_dim, width):
    """Noise of deviation 0.05, convolutions of 96, 96 / 2, dropout, 192, 192 / 2, dropout, 192, 192 (1 x 1); heads."""
    chain = _Discriminator(shape, IMAGE_NOISE)
    few, many = _units(96, width), _units(192, width)
    chain.convolution(few, normalize=False)
    chain.convolution(few, strides=2)
    chain.drop()
    chain.convolution(many)
    chain.convolution(many, strides=2)
    chain.drop()
    chain.convolution(many, padding="valid")
    chain.convolution(many, kernel=1, normalize=False)
    return chain.finish(logits, latent_dim)


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The sizes of a level's networks: of its `classes`, its discriminator's `logits`, its latents, hidden layers."""

    classes: int
    logits: int
    latent_dim: int
    width: float
    architecture: str


_NETWORKS = {
    "image": (image_generator, image_discriminator),
    "map": (map_generator, map_discriminator),
    "vector": (vector_generator, vector_discriminator),
}


def build(shape, condition_shape, sizes, is_image):
    """Returns (generator, discriminator) of the representation of `shape`.

    They are conditioned on a representation of `condition_shape`, or on labels where it is None.
    """
    generator, discriminator = _NETWORKS["image" if is_image else "map" if len(shape) == 3 else "vector"]
    return (
        generator(shape, condition_shape, sizes.classes, sizes.latent_dim, sizes.width, sizes.architecture),
        discriminator(shape, sizes.logits, sizes.latent_dim, sizes.width),
    )

"""Networks of classifiers: functions (image_shape, classes, width, dropout) that return a `keras.Model`. Makes no file.

A network maps float32 images in [-1, 1] to logits.
"""

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import pixels, streams
from tfgan_aug.core.normalization import BatchNormalization


@keras.saving.register_keras_serializable("tfgan_aug")
class Dropout(keras.layers.Dropout):
    """`keras.layers.Dropout`, with masks by an example's place in the global batch, whichever replica has it."""

    def call(self, inputs, training=False):
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        if not training or replicas == 1:
            return super().call(inputs, training=training)

        def masks(count):
            ones = tf.ones((count, *inputs.shape[1:]), inputs.dtype)
            return keras.random.dropout(ones, self.rate, seed=self.seed_generator)

        return inputs * streams.replica_part(masks, tf.shape(inputs)[0])


def paper_cnn(image_shape, classes, width=1.0, dropout=(0.0, 0.0, 0.0)):
    """The network of table 1: images float32 (N, H, W, C) in [-1, 1] -> logits float32 (N, classes).

    Two convolutions of 64, pooling, two of 128, pooling, a dense layer of 1024, a dense layer of `classes`; `width`
    scales the hidden ones. The table gives only sizes: kernels are 3 x 3, activations ReLU.
    """
    images = keras.Input(image_shape, name="images")
    x = images
    for filters, rate in ((64, dropout[0]), (128, dropout[1])):
        for _ in range(2):
            x = keras.layers.Conv2D(max(1, round(filters * width)), 3, padding="same", activation="relu")(x)
        x = keras.layers.MaxPooling2D()(x)
        if rate:
            x = Dropout(rate)(x)
    x = keras.layers.Dense(max(1, round(1024 * width)), activation="relu")(keras.layers.Flatten()(x))
    if dropout[2]:
        x = Dropout(dropout[2])(x)
    return keras.Model(images, keras.layers.Dense(classes, dtype="float32")(x), name="paper_cnn")


def normalized_cnn(image_shape, classes, width=1.0, dropout=(0.0, 0.0, 0.0)):
    """A network for few images: images float32 (N, H, W, C) in [-1, 1] -> logits float32 (N, classes).

    Over blocks of 2 by 2 pixels, twice two convolutions, batch normalisation after each, and pooling; 96 and 192
    filters times `width`. Of `dropout` the last, before the layer of `classes`. A step takes half the time of
    `paper_cnn`'s of the same width.
    """
    images = keras.Input(image_shape, name="images")
    x = keras.ops.space_to_depth(images, 2)
    for filters in (96, 192):
        for _ in range(2):
            x = keras.layers.Conv2D(max(1, round(filters * width)), 3, padding="same", use_bias=False)(x)
            x = keras.layers.ReLU()(BatchNormalization(momentum=0.9)(x))
        x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Flatten()(x)
    if dropout[2]:
        x = Dropout(dropout[2])(x)
    return keras.Model(images, keras.layers.Dense(classes, dtype="float32")(x), name="normalized_cnn")


def encoder(image_shape, classes, width=1.0, dropout=(0.0, 0.0, 0.0)):
    """The Stacked GAN's encoder: images float32 (N, H, W, C) in [-1, 1] -> logits float32 (N, classes).

    Twice a convolution (5 x 5, valid; 64, then 128 filters) and a pooling, a dense layer of 256, a dense layer of
    `classes`, as in the CIFAR-10 code of Huang et al. (2017); `width` scales the hidden ones. Layers are called
    `conv_1`, `pool_1`, `conv_2`, `pool_2`, `dense`, `logits`.
    """
    layers = [keras.Input(image_shape, name="images")]
    for number, (filters, rate) in enumerate(((64, dropout[0]), (128, dropout[1])), start=1):
        filters = max(1, round(filters * width))
        layers.append(keras.layers.Conv2D(filters, 5, activation="relu", name=f"conv_{number}"))
        layers.append(keras.layers.MaxPooling2D(name=f"pool_{number}"))
        layers += [Dropout(rate)] if rate else []
    layers.append(keras.layers.Flatten())
    layers.append(keras.layers.Dense(max(1, round(256 * width)), activation="relu", name="dense"))
    layers += [Dropout(dropout[2])] if dropout[2] else []
    x = layers[0]
    for layer in layers[1:]:
        x = layer(x)
    return keras.Model(layers[0], keras.layers.Dense(classes, dtype="float32", name="logits")(x), name="encoder")


# Those that a config names alone.
BUILT_IN = {"paper_cnn": paper_cnn, "normalized_cnn": normalized_cnn}


def even_out(network, images, names, block_size=250):
    """Scales weights of an `encoder`: the outputs of its layers `names` have a root mean square of 1 on `images`.

    The weighted layer below gets the factor, the one above takes it back: ReLU and pooling commute with it, so the
    logits stay what they were. The weights of losses on the representations then mean the same for every encoder.
    `images` are uint8 (N, H, W, C).
    """
    for name in names:
        end = [layer.name for layer in network.layers].index(name) + 1
        below = [layer for layer in network.layers[:end] if layer.weights][-1]
        above = next(layer for layer in network.layers[end:] if layer.weights)
        output = keras.Model(network.input, network.get_layer(name).output)
        squares = 0.0
        for start in range(0, len(images), block_size):
            block = np.asarray(images[start : start + block_size])
            squares += np.square(output(pixels.to_float(block), training=False)).sum(dtype=np.float64)
        scale = np.sqrt(squares / (len(images) * np.prod(output.output_shape[1:])))
        if not scale > 0:
            raise ValueError(f"{name}: found no output above 0 on {len(images)} images, expected a trained encoder")
        for weight in below.weights:
            weight.assign(weight / scale)
        above.kernel.assign(above.kernel * scale)

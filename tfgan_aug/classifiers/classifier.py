"""The paper's CNN, the model that trains any network as a classifier, and the judge.

Artefact of the judge: `member-<n>.keras`, one for each member of the ensemble.
"""

import dataclasses
import importlib

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import optimizers, pixels, streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import geometric


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a classifier is trained: Adam (decoupled weight decay), loss and augmentation on the fly.

    `dropout` after each pooling and before the last layer; `schedule` is "constant" or "cosine" (to zero over the
    budget); `augmentation` a comma-separated list of `geometric.TRANSFORMS`.
    """

    learning_rate: float
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    dropout: tuple = (0.25, 0.25, 0.5)
    schedule: str = "constant"
    augmentation: str = ""

    def replace(self, section):
        """This recipe with the fields that a config section overrides."""
        fields = ("learning_rate", "weight_decay", "label_smoothing", "augmentation")
        given = {name: section[name] for name in fields if section[name] is not None}
        return dataclasses.replace(self, **given)


RECIPES = {
    # Plain: what a paper of its time would have done. It names no optimiser, no dropout and no budget.
    "paper": Recipe(learning_rate=1e-3),
    "best": Recipe(
        learning_rate=1e-3,
        weight_decay=1e-4,
        label_smoothing=0.1,
        schedule="cosine",
        augmentation="flip,translate,zoom",
    ),
}


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

        return inputs * streams.replica_rows(masks, tf.shape(inputs)[0])


def paper_cnn(image_shape, classes, width=1.0, dropout=(0.0, 0.0, 0.0)):
    """The network of table 1: images float32 (N, H, W, C) in [-1, 1] -> logits float32 (N, classes).

    Two convolutions of 64, pooling, two of 128, pooling, a dense layer of 1024, a dense layer of `classes`; `width`
    scales the hidden ones. The table gives sizes alone: kernels are 3 x 3, activations ReLU.
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


@keras.saving.register_keras_serializable("tfgan_aug")
class Classifier(keras.Model):
    """Logits float32 (N, classes) of uint8 images (N, H, W, C); trains any network on [-1, 1] images.

    `network` maps float32 images in [-1, 1] to logits. `augmentation` names `geometric.TRANSFORMS` that are drawn
    anew in every step. Labels are ints (N,) or probabilities (N, classes); `sample_weight` weighs examples.
    `Dropout` (Keras' own drops alike in every replica) and augmentation derive from (`seed`, step, place in the global
    batch): a resumed run equals an uninterrupted one, and several replicas do what one does.

    Metrics: `loss` (cross-entropy in nats an example), `accuracy`.
    """

    def __init__(self, network, augmentation="", label_smoothing=0.0, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.network, self.augmentation, self.label_smoothing, self.seed = network, augmentation, label_smoothing, seed
        names = geometric.transform_names("augmentation", augmentation)
        self.augment = [geometric.by_place(layer) for layer in geometric.layers_for(names, network.input_shape[1])]
        self.loss_tracker = keras.metrics.Mean("loss")
        self.accuracy_tracker = keras.metrics.Mean("accuracy")
        self.built = True

    @property
    def metrics(self):
        return [self.loss_tracker, self.accuracy_tracker]

    @property
    def classes(self):
        return self.network.output_shape[-1]

    def compile(self, optimizer="adam", **kwargs):
        super().compile(optimizer=optimizer, **kwargs)
        # Built here: a replica may not create variables in its first step, and loading needs their slots.
        self.optimizer.build(self.trainable_variables)

    def get_compile_config(self):
        return {"optimizer": keras.optimizers.serialize(self.optimizer)} if self.compiled else {}

    def compile_from_config(self, config):
        self.compile(keras.optimizers.deserialize(config["optimizer"]))

    def call(self, images, training=None):
        return self.network(pixels.to_float(images), training=training)

    def train_step(self, data):
        images, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        streams.rekey(self, streams.key_of("classifier", self.seed), tf.cast(self.optimizer.iterations, tf.int64))
        x = tf.cast(images, tf.float32)
        for layer in self.augment:
            x = layer(x, training=True)
        with tf.GradientTape() as tape:
            logits = self.network(pixels.to_float(x), training=True)
            losses, correct = self._cross_entropy(labels, logits)
            weighted = losses if weights is None else losses * tf.cast(weights, tf.float32)
            share = 1.0 / tf.cast(tf.shape(images)[0] * replicas, tf.float32)
            loss = tf.reduce_sum(weighted) * share
            penalty = tf.add_n(self.network.losses) / replicas if self.network.losses else 0.0
            loss += penalty
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return self._track(losses, correct, weights)

    def test_step(self, data):
        images, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        return self._track(*self._cross_entropy(labels, self(images, training=False)), weights)

    def _cross_entropy(self, labels, logits):
        """Cross-entropy (N,) and whether the largest logit is that of the label (N,)."""
        labels = tf.convert_to_tensor(labels)
        if labels.shape.rank == 1:
            targets = tf.one_hot(tf.cast(labels, tf.int32), self.classes)
        else:
            targets = tf.cast(labels, tf.float32)
        correct = tf.cast(tf.argmax(logits, -1) == tf.argmax(targets, -1), tf.float32)
        targets = targets * (1.0 - self.label_smoothing) + self.label_smoothing / self.classes
        return tf.nn.softmax_cross_entropy_with_logits(targets, logits), correct

    def _track(self, losses, correct, weights):
        self.loss_tracker.update_state(losses, sample_weight=weights)
        self.accuracy_tracker.update_state(correct, sample_weight=weights)
        return {metric.name: metric.result() for metric in self.metrics}

    def probabilities(self, images, block_size=250):
        """Class probabilities float32 (N, classes) of uint8 images (N, H, W, C), in padded blocks of one size."""
        made = np.empty((len(images), self.classes), np.float32)
        for start in range(0, len(images), block_size):
            block = np.asarray(images[start : start + block_size])
            padded = np.pad(block, ((0, block_size - len(block)), (0, 0), (0, 0), (0, 0)))
            made[start : start + block_size] = self._probabilities(padded)[: len(block)]
        return made

    @tf.function(autograph=False, reduce_retracing=True)
    def _probabilities(self, images):
        return tf.nn.softmax(self(images, training=False))

    def get_config(self):
        own = {name: getattr(self, name) for name in ("augmentation", "label_smoothing", "seed")}
        return {**super().get_config(), "network": keras.saving.serialize_keras_object(self.network), **own}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "network": keras.saving.deserialize_keras_object(config["network"])})


def build_network(option, section, image_shape, classes, default=paper_cnn):
    """The network that a config section names: `default`, the paper's CNN, or what `section.builder` returns.

    A builder is a function (image_shape, classes) -> `keras.Model` from float32 images in [-1, 1] to logits. Raises
    `UserError`, naming `option`, where it cannot be imported or its model has other shapes.
    """
    recipe = RECIPES[section.recipe].replace(section)
    if not section.builder:
        return default(image_shape, classes, section.width, recipe.dropout)
    module, _, function = section.builder.partition(":")
    try:
        build = getattr(importlib.import_module(module), function)
        if not callable(build):
            raise TypeError(f"{function} is no function")
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UserError(f"{option}: found {section.builder!r}, expected package.module:function ({error})") from None
    network = build(tuple(image_shape), classes)
    # A model that is not built has no shapes.
    sides = ("input_shape", "output_shape")
    shapes = tuple(getattr(network, side, None) for side in sides) if isinstance(network, keras.Model) else network
    expected = ((None, *image_shape), (None, classes))
    if shapes != expected:
        raise UserError(f"{option}: {section.builder} made a model of shapes {shapes}, expected {expected}")
    return network


def build(option, section, image_shape, classes, seed, default=paper_cnn):
    """A compiled `Classifier` as a config section says, of the network `default`; call it in the strategy's scope."""
    recipe = RECIPES[section.recipe].replace(section)
    geometric.transform_names(f"{option}.augmentation", recipe.augmentation)
    keras.utils.set_random_seed(streams.key_of("initial weights", seed))
    network = build_network(f"{option}.builder", section, image_shape, classes, default)
    rate = recipe.learning_rate
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, section.steps)
    model = Classifier(network, recipe.augmentation, recipe.label_smoothing, seed)
    model.compile(optimizers.AdamW(rate, weight_decay=recipe.weight_decay))
    return model

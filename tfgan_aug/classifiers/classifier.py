"""The model that trains any network as a classifier, and how one is made from a section of a config. Makes no file."""

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.classifiers import builders, networks
from tfgan_aug.classifiers.recipes import RECIPES
from tfgan_aug.core import fields, labelled, optimizers, pixels, streams
from tfgan_aug.data import transforms


@keras.saving.register_keras_serializable("tfgan_aug")
class Classifier(labelled.TakesLabelledImages):
    """Logits float32 (N, classes) of uint8 images (N, H, W, C); trains any network on [-1, 1] images.

    `network` maps float32 images in [-1, 1] to logits. `augmentation` is some of `transforms.TRANSFORMS` (names, or
    comma-separated text), drawn anew in every step. Labels are ints (N,) or probabilities (N, classes);
    `sample_weight` weighs examples. With `consistency` above 0 each step sees the images in two augmentations, and the
    loss has the divergence of the second prediction from the first, in nats, times it: what images whose probabilities
    are all zero, so without a label, teach. What else is understood or refused: see `core.labelled`.
    `Dropout` (Keras' own drops alike in every replica) and augmentation derive from (`seed`, step, place in the global
    batch): a resumed run equals an uninterrupted one, and several replicas do what one does.

    Metrics: `loss` (cross-entropy in nats an example; in training with `consistency` what is minimised), `accuracy`.
    """

    def __init__(self, network, augmentation=(), label_smoothing=0.0, seed=0, consistency=0.0, **kwargs):
        super().__init__(**kwargs)
        self.network, self.label_smoothing, self.seed, self.consistency = network, label_smoothing, seed, consistency
        self.augmentation = transforms.transform_names("augmentation", augmentation)
        layers = transforms.layers_for(self.augmentation, network.input_shape[1])
        self.augment = [transforms.by_place(layer) for layer in layers]
        for layer in self.augment:
            # Else Keras' `fit` under a strategy calls the model on floats, to build them.
            layer.build((None, *network.input_shape[1:]))
        self.form = labelled.Form(
            network.output_shape[-1], (tuple(network.input_shape[1:]),), soft=True, unlabelled=consistency > 0
        )
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
        (images,) = self.form.inputs([images])
        return self.network(pixels.to_float(images), training=training)

    def train_step(self, data):
        (images,), labels, weights = self.form.read(data)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        streams.rekey(self, streams.key_of("classifier", self.seed), tf.cast(self.optimizer.iterations, tf.int64))
        x, other = self._augmented(images), self._augmented(images) if self.consistency else None
        with tf.GradientTape() as tape:
            logits = self.network(pixels.to_float(x), training=True)
            losses, correct = self._cross_entropy(labels, logits)
            if self.consistency:
                losses += self.consistency * _divergence(logits, self.network(pixels.to_float(other), training=True))
            weighted = losses if weights is None else losses * weights
            share = 1.0 / tf.cast(tf.shape(images)[0] * replicas, tf.float32)
            loss = tf.reduce_sum(weighted) * share
            penalty = tf.add_n(self.network.losses) / replicas if self.network.losses else 0.0
            loss += penalty
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return self._track(losses, correct, weights, self._counted(labels, weights))

    def _augmented(self, images):
        """The images float32, moved as `augmentation` says; anew at each call."""
        x = tf.cast(images, tf.float32)
        for layer in self.augment:
            x = layer(x, training=True)
        return x

    def test_step(self, data):
        (images,), labels, weights = self.form.read(data)
        losses, correct = self._cross_entropy(labels, self(images, training=False))
        return self._track(losses, correct, weights, self._counted(labels, weights))

    def _counted(self, labels, weights):
        """The weights of the examples in the accuracy, float32 (N,) or None: without a label none is right or wrong."""
        if not self.consistency or labels.shape.rank == 1:
            return weights
        labelled_share = tf.reduce_sum(labels, axis=-1)
        return labelled_share if weights is None else labelled_share * weights

    def _cross_entropy(self, labels, logits):
        """Cross-entropy (N,) and whether the largest logit is that of the label (N,)."""
        targets = tf.one_hot(labels, self.classes) if labels.shape.rank == 1 else labels
        correct = tf.cast(tf.argmax(logits, -1) == tf.argmax(targets, -1), tf.float32)
        spread = self.label_smoothing / self.classes
        if self.consistency:
            # What has no label stays without.
            spread *= tf.reduce_sum(targets, axis=-1, keepdims=True)
        targets = targets * (1.0 - self.label_smoothing) + spread
        return tf.nn.softmax_cross_entropy_with_logits(targets, logits), correct

    def _track(self, losses, correct, weights, counted):
        self.loss_tracker.update_state(losses, sample_weight=weights)
        self.accuracy_tracker.update_state(correct, sample_weight=counted)
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
        own = {name: getattr(self, name) for name in ("label_smoothing", "seed", "consistency")}
        own["augmentation"] = fields.text(self.augmentation)
        return {**super().get_config(), "network": keras.saving.serialize_keras_object(self.network), **own}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "network": keras.saving.deserialize_keras_object(config["network"])})


def _divergence(logits, others):
    """Kullback-Leibler divergences float32 (N,) of the predictions `others` from those of `logits`, which are fixed."""
    fixed = tf.nn.log_softmax(tf.stop_gradient(logits))
    return tf.reduce_sum(tf.exp(fixed) * (fixed - tf.nn.log_softmax(others)), axis=-1)


def build(option, section, image_shape, classes, seed, default=networks.paper_cnn):
    """A compiled `Classifier` as a config section says, of the network `default`; call it in the strategy's scope."""
    recipe = RECIPES[section.recipe].replace(section)
    transforms.transform_names(f"{option}.augmentation", recipe.augmentation)
    keras.utils.set_random_seed(streams.key_of("initial weights", seed))
    return of_network(
        builders.build_network(f"{option}.builder", section, image_shape, classes, default), section, seed
    )


def of_network(network, section, seed):
    """A compiled `Classifier` of this network, trained as a config section says; call it in the strategy's scope."""
    recipe = RECIPES[section.recipe].replace(section)
    rate = recipe.learning_rate
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, section.steps)
    model = Classifier(network, recipe.augmentation, recipe.label_smoothing, seed, section.consistency)
    averaging = optimizers.averaging_options(section.averaging, section.steps)
    model.compile(optimizers.AdamW(rate, weight_decay=recipe.weight_decay, **averaging))
    return model

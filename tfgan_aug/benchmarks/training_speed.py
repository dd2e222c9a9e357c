"""How fast each network trains: beside its multiply-adds, and beside the same network in the style of Keras' examples.

Makes no file.
"""

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.benchmarks.rates import Speed, convolution_rate, multiply_adds
from tfgan_aug.classifiers import classifier, recipes
from tfgan_aug.core import fields, pixels
from tfgan_aug.core.normalization import BatchNormalization
from tfgan_aug.experiments import stacked_stages
from tfgan_aug.experiments.families import FAMILIES
from tfgan_aug.experiments.single_model import SingleModel
from tfgan_aug.gans import diffaugment
from tfgan_aug.gans.layers import ConditionalBatchNormalization
from tfgan_aug.sampling import stream
from tfgan_aug.training import loop
from tfgan_aug.training.timing import compiled, images_per_second, side_by_side, training_step

_STEPS = 16
_KERAS = "the same {}, in the style of Keras' examples"


def speeds(config, strategy, shape, classes, seconds):
    """Yields a `Speed` of each network of the config, on one batch of noise."""
    rng, operations = np.random.default_rng(0), convolution_rate(seconds)

    def data(count):
        labels = rng.integers(0, classes, count).astype(np.int32)
        return tf.constant(rng.integers(0, 256, (count, *shape), np.uint8)), tf.constant(labels)

    for name, models, section in (
        ("DCGAN training", _dcgans(config.dcgan, shape, classes, strategy), config.dcgan),
        ("classifier training", _classifiers(config.classifier, shape, classes, strategy), config.classifier),
    ):
        batch = data(section.batch_size)
        steps = {words: training_step(model, strategy, batch) for words, model in models.items()}
        rates = dict(zip(steps, side_by_side(list(steps.values()), section.batch_size, seconds), strict=True))
        ours = rates.pop("")
        yield Speed(name, ours, *_operations(steps[""], section.batch_size, ours, operations))
        for words, rate in rates.items():
            yield Speed(name, ours, rate, words)
    yield from _others(config, strategy, data, shape, classes, seconds, operations)
    yield from _stacked(config.sgan, strategy, data, shape, classes, seconds, operations)
    yield _stream(config, strategy, data, shape, classes, seconds)


def _others(config, strategy, data, shape, classes, seconds, operations):
    """Yields a `Speed` of each GAN of one model that is measured nowhere else, beside its multiply-adds."""
    for name, family in FAMILIES.items():
        if name == "dcgan" or not isinstance(family, SingleModel):
            continue
        section = family.section(config)
        batch, model = data(section.batch_size), _model_of(family, config, strategy, data, classes)
        step = training_step(model, strategy, batch)
        rate = images_per_second(step, section.batch_size, seconds)
        yield Speed(f"{family.TITLE} training", rate, *_operations(step, section.batch_size, rate, operations))


def _model_of(family, config, strategy, data, classes):
    """A compiled model of a family for images as `data` makes them, which it starts from where it does from any."""
    arrays = data(2 * classes)[0].numpy(), np.repeat(np.arange(classes, dtype=np.int32), 2)
    with strategy.scope():
        return family.build_for(family.section(config), arrays, classes, 0, 1)


def _stream(config, strategy, data, shape, classes, seconds):
    """The `Speed` of a classifier that trains on a stream, half of it drawn by `pairs` and not judged.

    Beside a step on real images and the generator's forward pass for half of a batch, one after the other.
    """
    section = config.classifier
    gan = _model_of(FAMILIES["pairs"], config, strategy, data, classes)
    with strategy.scope():
        model = classifier.build("--config.classifier", section, shape, classes, 0)
    batch = data(section.batch_size)
    half = section.batch_size // 2
    labels, seeds = tf.cast(batch[1][:half], tf.int64), tf.range(half, dtype=tf.int64)
    real, forward = side_by_side(
        [training_step(model, strategy, batch), lambda: gan.draw(labels, seeds)], section.batch_size, seconds
    )
    examples = stream.FreshExamples(*(tensor.numpy() for tensor in batch), gan.draw, 0.5)
    batches = iter(loop.batches(examples, loop.Budget(10**6, section.batch_size, 0)))
    step = loop.step_function(model, strategy)

    def steps():
        # Many: the first batches are drawn while others wait.
        for _ in range(_STEPS):
            step(next(batches))
        return model.optimizer.iterations.numpy()

    rate = images_per_second(steps, _STEPS * section.batch_size, seconds)
    words = f"a step on real images and a forward pass for {half}"
    return Speed("classifier training on a stream", rate, 1 / (1 / real + 1 / forward), words)


def _operations(step, size, rate, operations):
    """The bound of a step's multiply-adds at the rate `operations` of convolutions, and its words."""
    needed = multiply_adds(step.graph().graph, size)
    return size * operations / needed, (
        f"{needed / 1e9:.1f} billion multiply-adds at {operations / 1e9:.0f} a second: "
        f"{1e3 * needed / operations:.0f} of {1e3 * size / rate:.0f} ms a step"
    )


def _dcgans(section, shape, classes, strategy):
    """{words: compiled model}: ours (""), with the other updates, and as an example of Keras would train it."""
    classes = classes if section.conditioning == "label" else 1
    other = fields.replaced(section, {"updates": "alternating" if section.updates == "shared" else "shared"})
    with strategy.scope():
        models = {"": FAMILIES["dcgan"].build(section, shape, classes, 0)}
        models[f"the same with --config.dcgan.updates={other.updates}"] = FAMILIES["dcgan"].build(
            other, shape, classes, 0
        )
        models[_KERAS.format("networks, a generator pass for each update")] = plain = PlainGAN(models[""])
        plain.compile(section.learning_rate, section.beta_1)
    return models


class PlainGAN(keras.Model):
    """The networks of a `DCGAN`, trained as in Keras' examples of GANs: Keras' own layers, losses and optimisers.

    The discriminator learns from generated and real images as one batch, then the generator from images of its own.
    """

    def __init__(self, gan):
        super().__init__()
        self.generator, self.discriminator = (
            keras.models.clone_model(network, clone_function=_keras_layer)
            for network in (gan.generator, gan.discriminator)
        )
        self.latent_dim, self._policies = gan.latent_dim, gan.options.augmentation
        self.seed_generator = keras.random.SeedGenerator(0)
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
        self.trackers = [keras.metrics.Mean(name) for name in ("d_loss", "g_loss")]
        self.built = True

    @property
    def metrics(self):
        return self.trackers

    def compile(self, learning_rate, beta_1):
        """Adam for both networks."""
        super().compile(optimizer=keras.optimizers.Adam(learning_rate, beta_1=beta_1))
        self.d_optimizer = keras.optimizers.Adam(learning_rate, beta_1=beta_1)
        self.optimizer.build(self.generator.trainable_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)

    def train_step(self, data):
        images, labels = data
        real = pixels.to_float(images)
        generated = self.generator([self._latents(labels), labels], training=True)
        both, twice = keras.ops.concatenate([generated, real]), keras.ops.concatenate([labels, labels])
        real_truth = keras.ops.ones((tf.shape(labels)[0], 1))
        truth = keras.ops.concatenate([0.0 * real_truth, real_truth])
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(truth, self.discriminator([self._seen(both), twice], training=True))
        weights = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, weights), weights)
        with tf.GradientTape() as tape:
            generated = self.generator([self._latents(labels), labels], training=True)
            logits = self.discriminator([self._seen(generated), labels], training=True)
            g_loss = self.loss_fn(real_truth, logits)
        weights = self.generator.trainable_variables
        self.optimizer.apply(tape.gradient(g_loss, weights), weights)
        for tracker, loss in zip(self.trackers, (d_loss, g_loss), strict=True):
            tracker.update_state(loss)
        return {tracker.name: tracker.result() for tracker in self.trackers}

    def _latents(self, labels):
        return keras.random.uniform((tf.shape(labels)[0], self.latent_dim), -1.0, 1.0, seed=self.seed_generator)

    def _seen(self, images):
        draws = keras.random.uniform((tf.shape(images)[0], 6), seed=self.seed_generator)
        return diffaugment.augment(images, draws, self._policies)


def _keras_layer(layer):
    """A copy of a layer, with Keras' own batch normalisation in place of ours."""
    own = {"momentum", "epsilon"}
    if isinstance(layer, ConditionalBatchNormalization):
        made = ConditionalBatchNormalization.from_config(layer.get_config())
        options = {name: getattr(layer, name) for name in own}
        made.normalization = keras.layers.BatchNormalization(center=False, scale=False, **options)
        return made
    if isinstance(layer, BatchNormalization):
        return keras.layers.BatchNormalization(**{name: getattr(layer, name) for name in own})
    return layer.__class__.from_config(layer.get_config())


def _classifiers(section, shape, classes, strategy):
    """{words: compiled model}: ours (""), and the same network compiled and trained by Keras itself."""
    with strategy.scope():
        ours = classifier.build("--config.classifier", section, shape, classes, 0)
        recipe = recipes.RECIPES[section.recipe].replace(section)
        layers = [type(layer).from_config(layer.get_config()) for layer in ours.augment]
        scaled = keras.layers.Lambda(pixels.to_float, output_shape=tuple(shape))
        plain = keras.Sequential([keras.Input(shape), *layers, scaled, keras.models.clone_model(ours.network)])
        plain.compile(
            keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        plain.optimizer.build(plain.trainable_variables)
    return {"": ours, _KERAS.format("network"): plain}


def _stacked(section, strategy, data, shape, classes, seconds, operations):
    """Yields a `Speed` of each stage of the Stacked GAN, beside its multiply-adds at the measured convolution rate."""
    pool = 4 * section.batch_size
    for name, model, arrays in stacked_stages.models(section, strategy, data, shape, classes):
        arrays = tf.nest.map_structure(tf.constant, arrays)
        size = len(arrays[1])
        step = training_step(model, strategy, arrays)
        rate = images_per_second(step, size, seconds)
        yield Speed(f"{name} training", rate, *_operations(step, size, rate, operations))
    # The last model is the whole stack.
    images, floats = data(pool)[0], tf.zeros((pool, *shape))
    forward = compiled(lambda: model.encoder(floats, training=False))
    rates = side_by_side([lambda: model.features(images), forward], pool, seconds)
    yield Speed("Stacked GAN features", *rates, "the encoder's forward pass")

"""Generators: a GAN trained on the subset, left as a SavedModel that TensorFlow alone can draw from.

Artefact: `generator/`, a SavedModel, and `gan.keras`, the Keras model (per class: `gan-<label>.keras`). The signature
`serving_default` takes `labels` int32 (N) and `seeds` int64 (N) and gives `images` uint8 (N, H, W, C). Image i is a
function of (labels[i], seeds[i]): within one grey level in any batch, exactly in batches of one size on one machine.
"""

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug import artefacts, pixels, streams, training
from tfgan_aug.errors import UserError
from tfgan_aug.gans.dcgan import DCGAN
from tfgan_aug.gans.per_class import PerClass

_PREVIEWS = 10


def stage(workdir, gan, subset_stage, config):
    """The stage that `make` fills."""
    dependencies = {"subset": subset_stage.digest, gan: config[gan].to_dict(), "seed": config.seed}
    return artefacts.Stage(workdir, gan, dependencies)


def build(gan, section, image_shape, classes, seed):
    """A compiled GAN as the config section says; call it in the strategy's scope."""
    keras.utils.set_random_seed(streams.key_of("initial weights", gan, seed))
    fields = ("latent_dim", "width", "activations", "generator_loss", "normalization", "augmentation")
    model = _MODELS[gan](image_shape, classes, seed=seed, **{name: section[name] for name in fields})
    model.compile(*(keras.optimizers.Adam(section.learning_rate, beta_1=section.beta_1) for _ in range(2)))
    return model


def budget(section, examples):
    """Training steps: `steps` where given, else `epochs` of `examples` images."""
    return section.steps or -(-section.epochs * examples // section.batch_size)


def check_batch_size(gan, subset, section):
    """Raises `UserError` when a class that gets a GAN of its own has fewer images than a batch."""
    if section.conditioning == "per_class":
        for name, count in zip(subset.class_names, subset.train.counts(subset.classes), strict=True):
            if count < section.batch_size:
                raise UserError(
                    f"--config.{gan}.batch_size: found {section.batch_size}, expected at most the {count} training "
                    f"images of class {name!r}, which has a GAN of its own"
                )


def make(stage, gan, subset, config, strategy, progress):
    """Trains the GAN on the subset and exports its generator."""
    section, train = config[gan], subset.train
    seed = streams.key_of(gan, config.seed) % 2**31
    with stage.making() as folder:
        if section.conditioning == "label":
            model = _train(
                folder, "gan", train.images, train.labels, gan, section, subset.classes, seed, strategy, progress
            )
        else:
            models = []
            for label in range(subset.classes):
                own = np.asarray(train.images[train.of_class(label)])
                zeros = np.zeros(len(own), np.int32)
                models.append(
                    _train(folder, f"gan-{label:04d}", own, zeros, gan, section, 1, seed + label, strategy, progress)
                )
            model = PerClass(models)
        export(model, folder / "generator")


def _train(folder, name, images, labels, gan, section, classes, seed, strategy, progress):
    """One GAN, trained or found done in `folder`, as `<name>.keras`."""
    path = folder / f"{name}.keras"
    if path.exists():
        return keras.models.load_model(path)
    steps = budget(section, len(images))
    with strategy.scope():
        model = build(gan, section, images.shape[1:], classes, seed)
    checkpoints = folder / f"checkpoints-{name}"
    with progress.training(f"{gan} {name}", steps) as callback:
        training.fit(
            model,
            (images, labels),
            steps=steps,
            batch_size=section.batch_size,
            seed=seed,
            directory=checkpoints,
            checkpoint_steps=section.checkpoint_steps,
            callbacks=[callback, _Preview(folder / f"{name}.png", classes)],
        )
    partial = path.with_name(f"partial-{path.name}")
    model.save(partial)
    partial.replace(path)
    training.discard(checkpoints)
    return model


class _Preview(keras.callbacks.Callback):
    """The same latents at every checkpoint, a class a row: a failing run is seen early."""

    def __init__(self, path, classes):
        super().__init__()
        self.path, self.classes = path, min(classes, _PREVIEWS)

    def on_epoch_end(self, epoch, logs=None):
        labels = np.repeat(np.arange(self.classes), _PREVIEWS)
        images = self.model.generate(labels, np.tile(np.arange(_PREVIEWS), self.classes))
        pixels.save_grid(self.path, images.reshape(self.classes, _PREVIEWS, *images.shape[1:]))


def export(gan, path):
    """Writes `gan.draw` (labels, seeds) -> uint8 images, with the weights of `gan`, to the folder `path`."""
    archive = keras.export.ExportArchive()
    for network in gan.drawing_networks:
        archive.track(network)
    archive.add_endpoint(
        "serving_default",
        lambda labels, seeds: {"images": gan.draw(labels, seeds)},
        input_signature=[
            tf.TensorSpec([None], tf.int32, name="labels"),
            tf.TensorSpec([None], tf.int64, name="seeds"),
        ],
    )
    archive.write_out(str(path), verbose=False)


class Generator:
    """Draws uint8 images (N, H, W, C) from the SavedModel in the folder `path`: `generator(labels, seeds)`."""

    def __init__(self, path):
        # Kept: a signature whose SavedModel is gone refers to deleted variables.
        self._loaded = tf.saved_model.load(str(path))
        self._signature = self._loaded.signatures["serving_default"]

    def __call__(self, labels, seeds):
        drawn = self._signature(labels=tf.constant(labels, tf.int32), seeds=tf.constant(seeds, tf.int64))
        return drawn["images"].numpy()


def load(path):
    """The `Generator` in the folder of a finished stage."""
    return Generator(path / "generator")


_MODELS = {"dcgan": DCGAN}

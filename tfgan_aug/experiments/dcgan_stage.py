"""The DCGAN's stage: one label-conditional DCGAN, or one a class, trained on the subset.

Artefacts: `gan.keras`, its learning curve `gan.csv`, the last preview `gan.png`, `tensorboard/` (see `monitor`); per
class `gan-<label>.*`.
"""

import keras
import numpy as np

from tfgan_aug.core import artefacts, optimizers, streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.gans.dcgan import DCGAN
from tfgan_aug.gans.per_class import PerClass
from tfgan_aug.training import loop, monitor, strategies


def stage(workdir, subset_stage, config):
    """The stage that `train` fills."""
    dependencies = {"subset": subset_stage.digest, "dcgan": config.dcgan.to_dict(), "seed": config.seed}
    return artefacts.Stage(workdir, "dcgan", dependencies)


def build(section, image_shape, classes, seed):
    """A compiled DCGAN as the config section says; call it in the strategy's scope."""
    keras.utils.set_random_seed(streams.key_of("initial weights", "dcgan", seed))
    fields = ("latent_dim", "width", "activations", "generator_loss", "normalization", "augmentation", "updates")
    model = DCGAN(image_shape, classes, seed=seed, **{name: section[name] for name in fields})
    model.compile(*(optimizers.Adam(section.learning_rate, beta_1=section.beta_1) for _ in range(2)))
    return model


def budget(section, examples):
    """Training steps: `steps` where given, else `epochs` of `examples` images."""
    return section.steps or -(-section.epochs * examples // section.batch_size)


def check(config, subset, strategy):
    """Raises `UserError` where training would fail: a batch larger than the set that it is drawn from."""
    section = config.dcgan
    strategies.check_batch_size("--config.dcgan.batch_size", section.batch_size, strategy, len(subset.train.ids))
    if section.conditioning == "per_class":
        for name, count in zip(subset.class_names, subset.train.counts(subset.classes), strict=True):
            if count < section.batch_size:
                raise UserError(
                    f"--config.dcgan.batch_size: found {section.batch_size}, expected at most the {count} training "
                    f"images of class {name!r}, which has a GAN of its own"
                )


def make_parts(stage, subset, config, strategy, progress):
    """Nothing: a DCGAN has no stages below its own."""


def train(folder, stage, subset, config, strategy, progress):
    """The model that draws, trained in `folder` on the subset."""
    section, data = config.dcgan, subset.train
    seed = streams.key_of("dcgan", config.seed) % 2**31
    if section.conditioning == "label":
        return _train(folder, "gan", (data.images, data.labels), section, subset.classes, seed, strategy, progress)
    models = []
    for label in range(subset.classes):
        own = np.asarray(data.images[data.of_class(label)])
        arrays = own, np.zeros(len(own), np.int32)
        models.append(_train(folder, f"gan-{label:04d}", arrays, section, 1, seed + label, strategy, progress))
    return PerClass(models)


def inspect(stage, subset, config, folder):
    """No paths: the grids of the pool show all there is."""
    return []


def _train(folder, name, arrays, section, classes, seed, strategy, progress):
    steps = budget(section, len(arrays[0]))
    return loop.trained(
        folder / f"{name}.keras",
        lambda: build(section, arrays[0].shape[1:], classes, seed),
        arrays,
        loop.Budget.of(section, seed, steps),
        strategy,
        progress.training(f"dcgan {name}", steps),
        callbacks=[monitor.Monitor(folder / f"{name}.png", monitor.classes_in_rows, arrays)],
    )

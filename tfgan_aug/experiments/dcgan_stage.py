"""The DCGAN's stage: one label-conditional DCGAN, or one for each class, trained on the subset.

Artefacts in `dcgan-<digest>`: `gan.keras`, its learning curve `gan.csv`, the last preview `gan.png`, `tensorboard/`
(see `training.monitor`); with one for each class, `gan-<label>.*`.
"""

import keras
import numpy as np

from tfgan_aug.core import artefacts, fields, optimizers, streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.gans.config import DCGANOptions
from tfgan_aug.gans.dcgan import DCGAN
from tfgan_aug.gans.per_class import PerClass
from tfgan_aug.training import loop, monitor, strategies

TITLE = "DCGAN"


def stage(run):
    """See `families.Family`."""
    config = run.config
    dependencies = {"subset": run.subset_stage.digest, "dcgan": fields.digest_form(config.dcgan), "seed": config.seed}
    return artefacts.Stage(run.workdir, "dcgan", dependencies)


def build(section, image_shape, classes, seed):
    """Returns a compiled DCGAN as the config section says; call it in the strategy's scope."""
    keras.utils.set_random_seed(streams.key_of("initial weights", "dcgan", seed))
    model = DCGAN(image_shape, classes, seed=seed, **fields.options_of(DCGANOptions, section))
    model.compile(*(optimizers.Adam(section.learning_rate, beta_1=section.beta_1) for _ in range(2)))
    return model


def steps_of(section, images):
    """Returns the training steps on so many images: `steps` where given, else `epochs` of them."""
    return section.steps or -(-section.epochs * images // section.batch_size)


def check(run):
    """Raises `UserError` where a batch is larger than the set that it is drawn from."""
    section, train = run.config.dcgan, run.subset.train
    strategies.check_batch_size("--config.dcgan.batch_size", section.batch_size, run.strategy, len(train.ids))
    if section.conditioning == "per_class":
        for name, count in zip(run.subset.class_names, train.counts(run.subset.classes), strict=True):
            if count < section.batch_size:
                raise UserError(
                    f"--config.dcgan.batch_size: found {section.batch_size}, expected at most the {count} training "
                    f"images of class {name!r}, which has a GAN of its own"
                )


def make_parts(stage, run):
    """Makes nothing: a DCGAN has no stages below its own."""


def train(folder, stage, run):
    """See `families.Family`."""
    data, classes = run.subset.train, run.subset.classes
    seed = streams.key_of("dcgan", run.config.seed) % 2**31
    if run.config.dcgan.conditioning == "label":
        return _train(folder / "gan.keras", (data.images, data.labels), classes, seed, run)
    models = []
    for label in range(classes):
        own = np.asarray(data.images[data.of_class(label)])
        arrays = own, np.zeros(len(own), np.int32)
        models.append(_train(folder / f"gan-{label:04d}.keras", arrays, 1, seed + label, run))
    return PerClass(models)


def _train(path, arrays, classes, seed, run):
    section = run.config.dcgan
    steps = steps_of(section, len(arrays[0]))
    return loop.trained(
        path,
        lambda: build(section, arrays[0].shape[1:], classes, seed),
        arrays,
        loop.Budget.of(section, seed, steps),
        run.strategy,
        run.progress.training(f"dcgan {path.stem}", steps),
        [monitor.Monitor(path.with_suffix(".png"), monitor.classes_in_rows, arrays)],
    )


def inspect(stage, run, folder):
    """Returns no paths: the grids of the pool show all there is."""
    return []


def budget(run, batch):
    """See `families.Family`: one item, with the steps of all classes where each has a GAN."""
    section, subset = run.config.dcgan, run.subset
    alone, counts = section.conditioning == "per_class", subset.train.counts(subset.classes)
    with run.strategy.scope():
        model = build(section, subset.image_shape, 1 if alone else subset.classes, 0)
    images, labels = batch(section.batch_size)
    steps = sum(steps_of(section, count) for count in (counts if alone else [counts.sum()]))
    yield "DCGAN", steps, model, (images, labels * 0 if alone else labels)


def shortened(config, share, images):
    """See `families.Family`."""
    return {"dcgan.epochs": 0, "dcgan.steps": max(1, round(share * steps_of(config.dcgan, images)))}

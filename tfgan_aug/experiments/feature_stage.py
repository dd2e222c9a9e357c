"""The stage of the network that reported metrics use: trained on source images that no GAN and no judge saw.

Artefact: `features-<digest>/` with `network.keras`, its learning curve `network.csv`, and the real images that
generated ones are compared with: `reference.json` (their ids), `reference_images.npy`, `reference_labels.npy`.
"""

import keras
import numpy as np

from tfgan_aug.classifiers import classifier
from tfgan_aug.core import artefacts, fields, streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.evaluation import features
from tfgan_aug.training import loop, strategies

# Fewer images a class train no network, and measure nothing.
LEAST = 20


def unused(source, subset):
    """Positions, ascending, of the source's training images that are neither the subset's nor held out by it."""
    seen = {*subset.train.ids, *subset.held_out.ids}
    return np.array([place for place, name in enumerate(source.train.ids) if name not in seen], np.int64)


def choose(source, subset, section, seed):
    """(positions that train the reporting network, positions of the reference images), by class, seeded.

    Raises `UserError` where a class has too few images that no GAN saw.
    """
    free, train, reference = unused(source, subset), [], []
    for label, name in enumerate(source.class_names):
        own = np.random.default_rng([seed, label]).permutation(free[source.train.labels[free] == label])
        if len(own) < 2 * LEAST:
            raise UserError(
                f"--config.train_per_class: left {len(own)} unused training images of class {name!r}, expected "
                f"{2 * LEAST} or more: reported metrics need images that no GAN saw"
            )
        count = min(section.reference_per_class, len(own) // 2)
        reference.append(own[:count])
        train.append(own[count : count + section.train_per_class])
    return np.concatenate(train), np.concatenate(reference)


def stage(run):
    """Returns the stage that `make` fills; raises as `choose`."""
    config = run.config
    read = np.concatenate(choose(run.source, run.subset, config.metrics, config.seed))
    section = {
        name: value for name, value in fields.digest_form(config.metrics).items() if name not in ("inception", "pairs")
    }
    dependencies = {"subset": run.subset_stage.digest, "source": run.source_digest, "metrics": section}
    dependencies["images"] = run.source.digest_of(read)
    return artefacts.Stage(run.workdir, "features", {**dependencies, "seed": config.seed})


def make(stage, run):
    """Trains the reporting network, and keeps the reference images."""
    section, source = run.config.metrics, run.source
    train, reference = choose(source, run.subset, section, run.config.seed)
    strategies.check_batch_size("--config.metrics.batch_size", section.batch_size, run.strategy, len(train))
    seed = streams.key_of("features", run.config.seed) % 2**31
    with stage.making() as folder:
        loop.trained(
            folder / "network.keras",
            lambda: classifier.build("--config.metrics", section, source.image_shape, len(source.class_names), seed),
            (source.train.images(train), source.train.labels[train].astype(np.int32)),
            loop.Budget.of(section, seed),
            run.strategy,
            run.progress.training("feature network", section.steps),
        )
        np.save(folder / "reference_images.npy", source.train.images(reference))
        np.save(folder / "reference_labels.npy", source.train.labels[reference].astype(np.int32))
        artefacts.write_json(folder / "reference.json", {"ids": [source.train.ids[place] for place in reference]})


def reporting(path):
    """(the `Network` "cnn", reference images uint8 (N, H, W, C), their labels int32 (N,)) of a finished stage."""
    with artefacts.loading(path):
        network = features.Network("cnn", [keras.models.load_model(path / "network.keras")])
        return network, np.load(path / "reference_images.npy"), np.load(path / "reference_labels.npy")

"""The judge's stage: the classifiers that decide which generated images look like their class.

Artefacts: `judge-<digest>/member-<number>.keras` (see `classifiers.judges`), each with its learning curve
`member-<number>.csv`.
"""

import numpy as np

from tfgan_aug.classifiers import classifier
from tfgan_aug.core import artefacts, fields, streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import subsets
from tfgan_aug.training import loop


def stage(run):
    """Returns the stage that `make` fills. `trained_on="source_train"` depends on the whole source, and leaks."""
    config = run.config
    seen = {"source": run.source.train_digest} if config.judge.trained_on == "source_train" else {}
    dependencies = {
        "subset": run.subset_stage.digest,
        "judge": fields.digest_form(config.judge),
        "seed": config.seed,
        **seen,
    }
    return artefacts.Stage(run.workdir, "judge", dependencies)


def batches(run):
    """Returns what `strategies.check_batch_sizes` takes; raises `UserError` for more members than images of a class."""
    section, subset = run.config.judge, run.subset
    labels = run.source.train.labels if section.trained_on == "source_train" else subset.train.labels
    counts = np.bincount(labels, minlength=subset.classes)
    if section.members > counts.min():
        name = subset.class_names[int(counts.argmin())]
        raise UserError(
            f"--config.judge.members: found {section.members}, expected at most the {counts.min()} training images of "
            f"class {name!r}, one or more for each member to train without"
        )
    left_out = np.bincount(subsets.folds(labels, section.members, run.config.seed)).max() if section.members > 1 else 0
    words = "training images" if section.members == 1 else "training images of a member"
    return [("--config.judge.batch_size", section.batch_size, int(len(labels) - left_out), words)]


def make(stage, run):
    """Trains the members; fills the stage.

    With several, each trains without one fold of the images; their probabilities are averaged (see `judges`).
    """
    section, subset, seed_of_run = run.config.judge, run.subset, run.config.seed
    if section.trained_on == "source_train":
        train = run.source.train
        images, labels = train.images(np.arange(len(train.ids))), train.labels
    else:
        images, labels = subset.train.images, subset.train.labels
    fold = subsets.folds(labels, section.members, seed_of_run)
    with stage.making() as folder:
        for member in range(section.members):
            own = np.flatnonzero(fold != member) if section.members > 1 else np.arange(len(labels))
            seed = streams.key_of("judge", seed_of_run, member) % 2**31
            loop.trained(
                folder / f"member-{member}.keras",
                lambda seed=seed: classifier.build("--config.judge", section, subset.image_shape, subset.classes, seed),
                (images[own], labels[own]),
                loop.Budget.of(section, seed),
                run.strategy,
                run.progress.training(f"judge {member + 1} of {section.members}", section.steps),
            )

"""judge_stage."""

import numpy as np

from tfgan_aug.classifiers import recipes
from tfgan_aug.core import artefacts, streams
from tfgan_aug.data import subsets
from tfgan_aug.training import loop


def stage(workdir, subset_stage, source, config):
    """The stage that `make` fills. `trained_on="source_train"` depends on the whole source, and leaks."""
    section = config.judge.to_dict()
    seen = {"source": source.fingerprint()} if config.judge.trained_on == "source_train" else {}
    dependencies = {"subset": subset_stage.digest, "judge": section, "seed": config.seed, **seen}
    return artefacts.Stage(workdir, "judge", dependencies)


def make(stage, subset, source, config, strategy, progress):
    """Trains the members. With k > 1 members, member i never sees fold i: no image vouches for its own likes."""
    section = config.judge
    if section.trained_on == "source_train":
        images, labels = source.train.images(np.arange(len(source.train.ids))), source.train.labels
    else:
        images, labels = subset.train.images, subset.train.labels
    fold = subsets.folds(labels, section.members, config.seed)
    with stage.making() as folder:
        for member in range(section.members):
            rows = np.flatnonzero(fold != member) if section.members > 1 else np.arange(len(labels))
            seed = streams.key_of("judge", config.seed, member) % 2**31
            loop.trained(
                folder / f"member-{member}.keras",
                lambda seed=seed: recipes.build("--config.judge", section, subset.image_shape, subset.classes, seed),
                (images[rows], labels[rows]),
                loop.Budget.of(section, seed),
                strategy,
                progress.training(f"judge {member + 1} of {section.members}", section.steps),
            )

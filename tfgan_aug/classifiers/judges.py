"""The judge: one classifier, or an ensemble of cross-fitted ones, that decides whether a draw shows its class.

Artefact: `member-<n>.keras`, one for each member.
"""

import keras
import numpy as np

from tfgan_aug.classifiers import classifier as classifiers
from tfgan_aug.core import artefacts, streams
from tfgan_aug.data import subsets
from tfgan_aug.training import loop as training


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
            training.trained(
                folder / f"member-{member}.keras",
                lambda seed=seed: classifiers.build(
                    "--config.judge", section, subset.image_shape, subset.classes, seed
                ),
                (images[rows], labels[rows]),
                section=section,
                steps=section.steps,
                seed=seed,
                strategy=strategy,
                progress=progress,
                name=f"judge {member + 1} of {section.members}",
            )


class Judge:
    """Class probabilities float32 (N, classes) of uint8 images (N, H, W, C): the mean over the members."""

    def __init__(self, path, block_size):
        self.members = [keras.models.load_model(member) for member in sorted(path.glob("member-*.keras"))]
        self.block_size = block_size

    def __call__(self, images):
        return np.mean([member.probabilities(images, self.block_size) for member in self.members], axis=0)

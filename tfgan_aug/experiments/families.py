"""The GANs that experiments know, one entry each: the objects that make their stages.

Makes no file: `make` fills the stage of a family, and leaves the trained generator in it, as the SavedModel
`generator/` (see `sampling.saved_models`).

A new GAN is a section of the config, a model in `gans`, and its entry in `FAMILIES` under the name of its section: a
`SingleModel`, or where several models train in turn, a module of this room that offers what `Family` lists.
"""

import shutil
from typing import Protocol

from tfgan_aug.experiments import stacked_stages
from tfgan_aug.experiments.anchored_model import AnchoredModel
from tfgan_aug.experiments.coupled_model import CoupledModel
from tfgan_aug.experiments.single_model import SingleModel
from tfgan_aug.gans.composer import Composer
from tfgan_aug.gans.coupled import Coupled
from tfgan_aug.gans.dcgan import DCGAN
from tfgan_aug.gans.pairs import Pairs
from tfgan_aug.sampling import saved_models


class Family(Protocol):
    """What the entry of a GAN offers. `run` is a `run.Run`, `stage` the `artefacts.Stage` that `stage` returns."""

    TITLE: str
    """The GAN's name in words, as tables print it."""

    def stage(self, run):
        """Returns the stage of the trained GAN; its parts are the stages that it alone needs."""

    def batches(self, run):
        """Returns what `strategies.check_batch_sizes` takes: the batches of the GAN's trainings."""

    def check(self, run):
        """Raises `UserError` for settings with which the GAN's networks cannot be made."""

    def make_parts(self, stage, run):
        """Fills the parts of the stage that are missing."""

    def train(self, folder, stage, run):
        """Returns the model that draws (see `gans.adversarial`), trained in `folder` with its files left there."""

    def inspect(self, stage, run, folder):
        """Writes images and numbers of what the GAN's parts do to `folder`; returns the paths, [] without any."""

    def budget(self, run, batch):
        """Yields (name, steps, compiled model, one batch) of each training, in their order.

        `batch(size)` returns (images uint8, labels int32). A model is used before the next one is asked for.
        """

    def steps(self, config, images):
        """Returns {dotted field: number}: fields of the config that say its trainings on so many images in steps.

        0 where there are none, and for fields that must be 0 then.
        """


FAMILIES: dict[str, Family] = {
    "dcgan": SingleModel("dcgan", "DCGAN", DCGAN),
    "sgan": stacked_stages,
    "pairs": AnchoredModel("pairs", "Pairs", Pairs),
    "composer": AnchoredModel("composer", "Composer", Composer),
    "coupled": CoupledModel("coupled", "Coupled GAN", Coupled),
}

# Those that leave a classifier, too, see `coupled_model`.
WITH_CLASSIFIER = tuple(name for name, family in FAMILIES.items() if isinstance(family, CoupledModel))


def ensure(stage, gan, run):
    """Fills the stage where it is missing, see `make`."""
    stage.ensure(lambda: make(stage, gan, run), run.progress.note)


def make(stage, gan, run):
    """Trains the GAN called `gan` on the run's subset and exports its generator; fills the stage."""
    family = FAMILIES[gan]
    family.make_parts(stage, run)
    with stage.making() as folder:
        generator = saved_models.folder(folder)
        # Half of one that a killed run left.
        shutil.rmtree(generator, ignore_errors=True)
        saved_models.export(family.train(folder, stage, run), generator)

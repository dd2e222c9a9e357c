"""The stage of a generator that starts from real images: one Keras model, whose anchors are the training images.

Artefacts: those of `single_model`; `gan.keras` and `generator/` hold the training images.
"""

import keras
import numpy as np

from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments.single_model import SingleModel


class AnchoredModel(SingleModel):
    """A `families.Family`: a `gans.anchors.StartsFromImages`, as its section of the config is."""

    def rate(self, section, steps):
        """Returns the learning rate, which falls by a cosine to zero."""
        return keras.optimizers.schedules.CosineDecay(section.learning_rate, steps)

    def build_for(self, section, arrays, classes, seed, steps):
        """Returns a compiled model that starts from these images and labels; call it in the strategy's scope."""
        model = self.build(section, arrays[0].shape[1:], classes, seed, steps)
        model.adapt(*arrays)
        return model

    def batches(self, run):
        """See `families.Family`; raises `UserError` for a class of one image."""
        counts = run.subset.train.counts(run.subset.classes)
        if counts.min() < 2:
            name = run.subset.class_names[int(counts.argmin())]
            raise UserError(
                f"--config.gans: found {self.name} and a class of {counts.min()}, {name!r}, expected two training "
                "images or more of each: it learns from pairs"
            )
        return super().batches(run)

    def budget(self, run, batch):
        """See `families.Family`."""
        section, subset = self.section(run.config), run.subset
        images, labels = batch(section.batch_size)
        # Any pair does: what a step costs does not depend on it.
        with run.strategy.scope():
            anchors = np.repeat(images[:1], 2 * subset.classes, axis=0), np.repeat(np.arange(subset.classes), 2)
            model = self.build_for(section, anchors, subset.classes, 0, section.steps)
        yield self.TITLE, section.steps, model, (images, labels)

    def steps(self, config, images):
        """See `families.Family`."""
        return {f"{self.name}.steps": self.section(config).steps}

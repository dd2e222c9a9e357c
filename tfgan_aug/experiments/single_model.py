"""The stage of a GAN that is one Keras model, trained once on the subset: for all classes, or one for each class.

Artefacts in `<name>-<digest>`: `gan.keras`, its learning curve `gan.csv`, the last preview `gan.png`, `tensorboard/`
(see `training.monitor`); with one for each class, `gan-<label>.*`.
"""

import dataclasses

import keras
import numpy as np

from tfgan_aug.core import artefacts, fields, labelled, optimizers, streams
from tfgan_aug.gans.per_class import PerClass
from tfgan_aug.training import loop, monitor


@dataclasses.dataclass(frozen=True)
class SingleModel:
    """A `families.Family`: the GAN called `name`, as its section of the config is, a `model` such as `DCGAN`.

    The section is a `DCGANConfig`, or has as many fields of its names; those of `model.OPTIONS` are the model's own.
    """

    name: str
    TITLE: str
    model: type

    def section(self, config):
        """Returns the config's section of this GAN."""
        return getattr(config, self.name)

    def conditioning(self, config):
        """Returns "label", or "per_class" where each class has a GAN of its own."""
        return getattr(self.section(config), "conditioning", "label")

    def stage(self, run):
        """See `families.Family`."""
        section = fields.digest_form(self.section(run.config))
        dependencies = {"subset": run.subset_stage.digest, self.name: section, "seed": run.config.seed}
        return artefacts.Stage(run.workdir, self.name, dependencies)

    def build(self, section, image_shape, classes, seed, steps=1):
        """Returns a compiled model as the config section says, for so many steps; call it in the strategy's scope."""
        keras.utils.set_random_seed(streams.key_of("initial weights", self.name, seed))
        model = self.model(image_shape, classes, seed=seed, **fields.options_of(self.model.OPTIONS, section))
        model.compile(*self.optimizers(section, steps))
        return model

    def optimizers(self, section, steps):
        """Returns what the model is compiled with: its optimiser, or the generator's and the discriminator's.

        The first one averages its weights where the section says so.
        """
        averaging = optimizers.averaging_options(getattr(section, "averaging", 0.0), steps)
        own = (averaging, {})[: self.model.OPTIMIZERS]
        return tuple(optimizers.Adam(self.rate(section, steps), beta_1=section.beta_1, **more) for more in own)

    def rate(self, section, steps):
        """Returns the learning rate for a training of so many steps, as Keras takes one."""
        return section.learning_rate

    def build_for(self, section, arrays, classes, seed, steps):
        """Returns what `build` does, for training on these images and labels."""
        return self.build(section, arrays[0].shape[1:], classes, seed, steps)

    def batches(self, run):
        """See `families.Family`."""
        section, train = self.section(run.config), run.subset.train
        option, size = f"--config.{self.name}.batch_size", section.batch_size
        if self.conditioning(run.config) != "per_class":
            return [(option, size, len(train.ids), "training images")]
        counts = zip(run.subset.class_names, train.counts(run.subset.classes), strict=True)
        words = "training images of class {!r}, which has a GAN of its own"
        return [(option, size, int(count), words.format(name)) for name, count in counts]

    def check(self, run):
        """Raises nothing: the options are checked with the config."""

    def make_parts(self, stage, run):
        """Makes nothing: the model has no stages below its own."""

    def train(self, folder, stage, run):
        """See `families.Family`."""
        data, classes = run.subset.train, run.subset.classes
        seed = streams.key_of(self.name, run.config.seed) % 2**31
        if self.conditioning(run.config) == "label":
            return self._train(folder / "gan.keras", (data.images, data.labels), classes, seed, run)
        models = []
        for label in range(classes):
            own = np.asarray(data.images[data.of_class(label)])
            arrays = own, np.zeros(len(own), np.int32)
            models.append(self._train(folder / f"gan-{label:04d}.keras", arrays, 1, seed + label, run))
        return PerClass(models)

    def _train(self, path, arrays, classes, seed, run):
        section = self.section(run.config)
        # As many as without `balanced`: it changes which images they see, not how many.
        steps = steps_of(section, len(arrays[0]))
        if getattr(section, "balanced", False):
            rows = labelled.balanced_rows(arrays[1])
            arrays = arrays[0][rows], arrays[1][rows]
        return loop.trained(
            path,
            lambda: self.build_for(section, arrays, classes, seed, steps),
            arrays,
            loop.Budget.of(section, seed, steps),
            run.strategy,
            run.progress.training(f"{self.name} {path.stem}", steps),
            [monitor.Monitor(path.with_suffix(".png"), monitor.classes_in_rows, arrays)],
        )

    def inspect(self, stage, run, folder):
        """Returns no paths: the grids of the pool show all there is."""
        return []

    def budget(self, run, batch):
        """See `families.Family`: one item, with the steps of all classes where each has a GAN."""
        section, subset = self.section(run.config), run.subset
        alone, counts = self.conditioning(run.config) == "per_class", subset.train.counts(subset.classes)
        with run.strategy.scope():
            model = self.build(section, subset.image_shape, 1 if alone else subset.classes, 0)
        images, labels = batch(section.batch_size)
        steps = sum(steps_of(section, count) for count in (counts if alone else [counts.sum()]))
        yield self.TITLE, steps, model, (images, labels * 0 if alone else labels)

    def steps(self, config, images):
        """See `families.Family`."""
        section = self.section(config)
        steps = {f"{self.name}.steps": steps_of(section, images)}
        return {f"{self.name}.epochs": 0, **steps} if hasattr(section, "epochs") else steps


def steps_of(section, images):
    """Returns the training steps on so many images: `steps` where given, else `epochs` of them."""
    return section.steps or -(-section.epochs * images // section.batch_size)

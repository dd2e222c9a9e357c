"""Estimates: which work of a table is left, and about how long it takes on this machine.

Makes no file. Rates are measured with a few steps of each network, or taken from cells that are done.
"""

import numpy as np
import tensorflow as tf

from tfgan_aug.classifiers import classifier
from tfgan_aug.core import artefacts
from tfgan_aug.experiments import rows
from tfgan_aug.experiments.families import FAMILIES
from tfgan_aug.training import strategies, timing

_SECONDS = 1.0


def of_table(table):
    """Returns what is left of a `table.Table`, with the seconds of training that it takes.

    {"steps": of a cell of row real, "protocol", "gans": [{"gan" ("" for none), "seed", "variants", "seconds"}] of those
    whose datasets are missing, "rows": [{"name", "number", "group", "cells", "left", "seconds"}] of all rows}.
    """
    seconds = _Seconds(table)
    gans = [
        {"gan": gan, "seed": seed, "variants": made.plan.variants, "seconds": seconds.of_plan(made.plan)}
        for (gan, seed), made in table.gan_datasets.items()
        if not made.stage.done
    ]
    planned = {}
    for row, _, _, _, done in table.states():
        about = {"name": row.name, "number": row.number, "group": row.group, "length": _length(table, row)}
        found = planned.setdefault(row.name, about)
        found["cells"] = found.get("cells", 0) + 1
        found["left"] = found.get("left", 0) + (not done)
    config, untuned = table.run.config, {row.name for row in table.untuned()}
    for row in planned.values():
        # Each setting that is tried is one more training, of the same length on the average of its order.
        trainings = row["left"] + config.table.search * (row["name"] in untuned)
        row["seconds"] = trainings * seconds.cell() * row.pop("length")
    for row in table.untuned():
        # On its inner split a GAN of its own, and a judge.
        planned[row.name]["seconds"] += seconds.apart(row.variant.gan) if row.variant.gan else 0.0
    return {
        "steps": config.classifier.steps,
        "protocol": config.table.protocol,
        "gans": gans,
        "rows": list(planned.values()),
    }


def _length(table, row):
    """Returns the training steps of a row, counted in those of `real`."""
    plan = table.gan_datasets[row.variant.gan, table.gan_seeds(row)[0]].plan
    counts = table.run.subset.train.counts(table.run.subset.classes)
    generated = int(sum(quota.sum() for quota in row.variant.quotas(plan.per_class).values()))
    real, beside = int(counts.sum()), 0 if row.fresh else row.variant.geo * int(counts.sum()) + generated
    if row.take == "none":
        return 0.0
    images = {"generated": generated, "real": real}.get(row.take, (real + beside) * row.repeat)
    config = table.run.config
    return rows.steps_of(config, images, real) / config.classifier.steps


class _Seconds:
    """Seconds of each kind of work, each measured when first asked for."""

    def __init__(self, table):
        self.table, self.run, self.config = table, table.run, table.run.config
        self.shape, self.classes = table.run.subset.image_shape, table.run.subset.classes
        self.known, self.judge_counted, self._steps = {}, False, self.config.classifier.steps

    def cell(self):
        """Returns those of a cell of row real: by the mean of a step in those done, else from a few steps."""
        if "cell" not in self.known:
            paths = [self.run.workdir / folder for *_, folder, done in self.table.states() if folder and done]
            # Without the cells that train nothing.
            spent = [
                artefacts.read_json(path / "seconds.json") / steps
                for path in paths
                if (steps := artefacts.read_json(path / "result.json")["steps"])
            ]
            self.known["cell"] = self._steps * float(np.mean(spent)) if spent else self._classifier("classifier")
        return self.known["cell"]

    def of_plan(self, plan):
        """Returns those of the GANs of a plan that are missing, and of the judge where it is, for the first plan."""
        needed = sum(self.gan(gan) for gan in plan.gans if not plan.gan_stages[gan].done)
        if plan.gans and not plan.judge_stage.done and not self.judge_counted:
            needed += self._classifier("judge") * self.config.judge.members
            # Every GAN and seed shares it.
            self.judge_counted = True
        return needed

    def apart(self, gan):
        """Returns those of one more GAN and a judge of its own."""
        return self.gan(gan) + self._classifier("judge") * self.config.judge.members

    def gan(self, name):
        """Returns those of one GAN of one seed: of all its trainings."""
        if name not in self.known:
            trainings = FAMILIES[name].budget(self.run, self._data)
            self.known[name] = sum(steps * self._step(model, batch) for _, steps, model, batch in trainings)
        return self.known[name]

    def _classifier(self, name):
        section = getattr(self.config, name)
        with self.run.strategy.scope():
            model = classifier.build(f"--config.{name}", section, self.shape, self.classes, 0)
        return section.steps * self._step(model, self._data(section.batch_size))

    def _data(self, size):
        rng = np.random.default_rng(0)
        return rng.integers(0, 256, (size, *self.shape), np.uint8), np.arange(size, dtype=np.int32) % self.classes

    def _step(self, model, arrays):
        """Returns the seconds of one training step: the best of those made in a second."""
        strategies.set_up(self.config.seed)
        step = timing.training_step(model, self.run.strategy, tf.nest.map_structure(tf.constant, arrays))
        return 1 / timing.images_per_second(step, 1, _SECONDS)

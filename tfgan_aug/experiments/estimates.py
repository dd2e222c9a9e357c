"""The plan of a table before it runs: which work is left, and about how long it takes on this machine.

Makes no file. Rates are measured with a few steps of each network, or taken from cells that are done.
"""

import numpy as np
import tensorflow as tf

from tfgan_aug.classifiers import recipes
from tfgan_aug.core import artefacts
from tfgan_aug.experiments import families
from tfgan_aug.training import strategies, timing

_SECONDS = 1.0


def plan(table):
    """Returns text: GANs and rows with their number of cells left, and an estimate of their training time."""
    seconds = _Seconds(table)
    lines, total = [], 0.0
    for (gan, seed), made in table.gan_datasets.items():
        if made.stage.done:
            continue
        needed = seconds.of_plan(made.plan)
        names = ", ".join(variant.name for variant in made.plan.variants)
        lines.append(f"{f'{gan}, GAN seed {seed}' if gan else 'no GAN'}: {names}; {_text(needed)}")
        total += needed
    left = {}
    for row, _, _, _, done in table.states():
        found = left.setdefault(row.name, [row, 0, 0])
        found[1] += 1
        found[2] += not done
    for row, cells, missing in left.values():
        needed = missing * seconds.cell()
        number = f"row {row.number}" if row.number else row.group
        lines.append(f"{row.name} ({number}): {missing} of {cells} cells left; {_text(needed)}")
        total += needed
    count, steps = sum(cells for _, cells, _ in left.values()), table.run.config.classifier.steps
    head = f"{count} cells of {len(left)} rows, {steps:,} optimiser steps each; training alone, for one worker:"
    closing = f"in all {_text(total)}; drawing, writing and scoring come on top"
    return "\n".join([head, *lines, closing]) + "\n"


def _text(seconds):
    if not seconds:
        return "nothing to train"
    return f"about {seconds / 60:.0f} minutes" if seconds < 5400 else f"about {seconds / 3600:.1f} hours"


class _Seconds:
    """Seconds of each kind of work, each measured when first asked for."""

    def __init__(self, table):
        self.table, self.run, self.config = table, table.run, table.run.config
        self.shape, self.classes = table.run.subset.image_shape, table.run.subset.classes
        self.known, self.judge_counted = {}, False

    def cell(self):
        """Returns those of one cell: the mean of those done, else from a few steps."""
        if "cell" not in self.known:
            paths = [self.run.workdir / folder for *_, folder, done in self.table.states() if folder and done]
            spent = [artefacts.read_json(path / "seconds.json") for path in paths]
            self.known["cell"] = float(np.mean(spent)) if spent else self._classifier("classifier")
        return self.known["cell"]

    def of_plan(self, plan):
        """Returns those of the GANs of a plan that are missing, and of the judge where it is, for the first plan."""
        needed = sum(self.gan(gan) for gan in plan.gans if not plan.gan_stages[gan].done)
        if plan.gans and not plan.judge_stage.done and not self.judge_counted:
            needed += self._classifier("judge") * self.config.judge.members
            # Every GAN and seed shares it.
            self.judge_counted = True
        return needed

    def gan(self, name):
        """Returns those of one GAN of one seed: of all its trainings."""
        if name not in self.known:
            trainings = families.FAMILIES[name].budget(self.run, self._data)
            self.known[name] = sum(steps * self._step(model, batch) for _, steps, model, batch in trainings)
        return self.known[name]

    def _classifier(self, name):
        section = self.config[name]
        with self.run.strategy.scope():
            model = recipes.build(f"--config.{name}", section, self.shape, self.classes, 0)
        return section.steps * self._step(model, self._data(section.batch_size))

    def _data(self, size):
        rng = np.random.default_rng(0)
        return rng.integers(0, 256, (size, *self.shape), np.uint8), np.arange(size, dtype=np.int32) % self.classes

    def _step(self, model, arrays):
        """Returns the seconds of one training step: the best of those made in a second."""
        strategies.set_up(self.config.seed)
        step = timing.training_step(model, self.run.strategy, tf.nest.map_structure(tf.constant, arrays))
        return 1 / timing.images_per_second(step, 1, _SECONDS)

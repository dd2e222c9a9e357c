"""Learning curves: the metrics of a training, a line for each stretch of steps.

Artefact: a CSV file with the columns `step`, then the metrics in the model's order, six digits each.
"""

import pathlib
import re

import keras
import numpy as np

from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.training import checkpoints

# {stage of the workdir: the learning rate of its training}, where that is not <stage>.learning_rate.
_RATES = {
    "cell": "classifier.learning_rate",
    "features": "metrics.learning_rate",
    "sgan": "sgan.joint_learning_rate",
    "sgan-encoder": "sgan.encoder.learning_rate",
    "sgan-level-0": "sgan.image_learning_rate",
    "sgan-level-1": "sgan.feature_learning_rate",
    "sgan-level-2": "sgan.feature_learning_rate",
}


class NonFiniteLoss(UserError):
    """A metric or a weight became infinite or not a number; the message names the training, the steps and it."""


class StopOnNonFinite(keras.callbacks.Callback):
    """Raises `NonFiniteLoss` at the end of a stretch of steps where a metric or a weight is infinite or not a number.

    `name` is what the message calls the training, where the model's own name does not say enough: with a folder, as
    `judge-<digest>/member-0`, it has checkpoints. Weights too: those of the last step, and those that only a penalty
    moves, show in no metric.

    Not Keras' TerminateOnNaN, which sees only a metric named `loss` (a GAN has none), waits for the numbers of every
    step, and names no step.
    """

    def __init__(self, name=""):
        super().__init__()
        self.name, self._start = name, 0

    def on_epoch_begin(self, epoch, logs=None):
        self._start = checkpoints.steps_done(self.model)

    def on_epoch_end(self, epoch, logs=None):
        found = [(name, value) for name, value in (logs or {}).items() if not np.isfinite(value)]
        found += [] if found else [(f"weight {weight.path}", "not finite") for weight in _weights(self.model)]
        if found:
            (what, value), step = found[0], checkpoints.steps_done(self.model)
            steps = f"in step {step}" if step == self._start + 1 else f"in one of the steps {self._start + 1} to {step}"
            name = self.name or self.model.name
            helps = f"lower the learning rate{_option(self.name)}{_kept(self.name, self._start)}"
            raise NonFiniteLoss(f"{name}: {what} is {value}, {steps}, expected a number; {helps}")


def _option(name):
    """Returns ` (--config.judge.learning_rate)` for a training called `judge-<digest>/...`; "" without a digest."""
    found = re.fullmatch(rf"(.+)-[0-9a-f]{{{artefacts.DIGEST_LENGTH}}}/.*", name)
    return f" (--config.{_RATES.get(found[1], f'{found[1]}.learning_rate')})" if found else ""


def _kept(name, step):
    """Returns the words for the last good checkpoint, of `step`; "" where there is none."""
    return f"; the checkpoint of step {step:,} stays" if "/" in name and step else ""


def _weights(model):
    """The weights that are not finite."""
    floats = (weight for weight in model.weights if "float" in weight.dtype)
    return [weight for weight in floats if not np.isfinite(keras.ops.convert_to_numpy(weight)).all()]


class Curve(keras.callbacks.Callback):
    """Appends a line to the CSV file `path` at the end of each stretch of steps.

    Drops the lines after step `start`, which a run that was cut off has left: so the file of a resumed training ends
    with the bytes of an uninterrupted one. Not Keras' CSVLogger, which keeps those lines, numbers epochs in place of
    steps, and adds an empty `val_` column for each metric.
    """

    def __init__(self, path, start):
        super().__init__()
        self.path = pathlib.Path(path)
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        self.lines = lines[:1] + [line for line in lines[1:] if int(line.partition(",")[0]) <= start]

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        self.lines = self.lines or [",".join(["step", *logs])]
        self.lines.append(
            ",".join([str(checkpoints.steps_done(self.model)), *(f"{float(value):.6g}" for value in logs.values())])
        )
        artefacts.write_text(self.path, "\n".join(self.lines) + "\n")

"""Learning curves: the metrics of a training, a line for each stretch of steps.

Artefact: a CSV file with the columns `step`, then the metrics in the model's order, six digits each.
"""

import pathlib

import keras
import numpy as np

from tfgan_aug.core.errors import UserError
from tfgan_aug.training import checkpoints


class NonFiniteLoss(UserError):
    """A metric or a weight became infinite or not a number; the message names the training, the steps and it."""


class StopOnNonFinite(keras.callbacks.Callback):
    """Raises `NonFiniteLoss` at the end of a stretch of steps where a metric or a weight is infinite or not a number.

    `name` is what the message calls the training, where the model's own name does not say enough. Weights too: those
    of the last step, and those that only a penalty moves, show in no metric.

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
            raise NonFiniteLoss(f"{name}: {what} is {value}, {steps}, expected a number; lower the learning rate")


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
        partial = self.path.with_name(f"partial-{self.path.name}")
        partial.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        partial.replace(self.path)

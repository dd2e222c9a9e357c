"""Learning curves: the metrics of a training, a line for each stretch of steps.

Artefact: a CSV file with the columns `step`, then the metrics in the model's order, six digits each.
"""

import pathlib

import keras
import numpy as np

from tfgan_aug.training import checkpoints


class NonFiniteLoss(RuntimeError):
    """A metric became infinite or not a number; the message names the step and the metric."""


class StopOnNonFinite(keras.callbacks.Callback):
    """Raises `NonFiniteLoss` at the end of a stretch of steps where a metric is infinite or not a number.

    Not Keras' TerminateOnNaN, which sees only a metric named `loss` (a GAN has none), waits for the numbers of every
    step, and names no step.
    """

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            if not np.isfinite(value):
                raise NonFiniteLoss(
                    f"{name} is {value} after step {checkpoints.steps_done(self.model)}; lower the learning rate"
                )


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

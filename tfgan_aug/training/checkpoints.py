"""Checkpoints: weights and optimisers after so many steps, from which a training that was cut off goes on.

Artefact: `<directory>/step-<step>.weights.h5`, only the newest.
"""

import errno
import os
import pathlib
import re
import shutil

import keras
import numpy as np

from tfgan_aug.core import artefacts

# What HDF5 writes beside the numbers, at most.
_BYTES_A_VARIABLE = 4096
_CHECKPOINT = re.compile(r"step-(\d{8})\.weights\.h5")


def copy_state(model, other):
    """Copies the weights and the optimisers' state of `model` to `other`, a model of the same kind."""
    for source, target in zip(_state(model), _state(other), strict=True):
        target.assign(source.numpy())


def _state(model):
    optimizers = [model.optimizer, getattr(model, "discriminator_optimizer", None)]
    return [*model.weights, *(variable for owner in optimizers if owner for variable in owner.variables)]


def restore(model, directory):
    """The step of the newest checkpoint in `directory`, loaded into `model`; 0 when there is none."""
    found = sorted(path for path in pathlib.Path(directory).glob("step-*") if _CHECKPOINT.fullmatch(path.name))
    if not found:
        return 0
    with artefacts.loading(directory):
        model.load_weights(found[-1])
    return int(_CHECKPOINT.fullmatch(found[-1].name).group(1))


def discard(directory):
    """Removes the folder of checkpoints of a training that is done."""
    shutil.rmtree(directory, ignore_errors=True)


def steps_done(model):
    """The number of training steps that the model has made: a GAN counts its discriminator's.

    Its generator may move several times in one step.
    """
    return int(np.asarray(getattr(model, "discriminator_optimizer", model.optimizer).iterations))


def save_weights(model, path):
    """Writes the weights and the optimisers' state of a model to `path`, all of it or nothing.

    Raises `OSError` where the disk has no room: HDF5 would take the interpreter down with it.
    """
    needed = _BYTES_A_VARIABLE * len(_state(model)) + sum(variable.value.numpy().nbytes for variable in _state(model))
    if shutil.disk_usage(path.parent).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    with artefacts.whole(path) as partial:
        model.save_weights(partial, overwrite=True)


class Checkpoint(keras.callbacks.Callback):
    """Writes a checkpoint at the end of each stretch of steps: beside, then renamed, so that none is half written.

    Keeps only the newest.
    """

    def __init__(self, directory):
        super().__init__()
        self.directory = directory

    def on_epoch_end(self, epoch, logs=None):
        path = self.directory / f"step-{steps_done(self.model):08d}.weights.h5"
        save_weights(self.model, path)
        for old in self.directory.glob("*.weights.h5"):
            if old != path:
                old.unlink()

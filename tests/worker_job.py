"""Trains small models for a few steps under a strategy: run by processes that clusters.py starts.

argv: the strategy, the number of logical CPU devices, the folder of checkpoints and results, steps, and the models, of
dcgan, classifier and level; or "refuse", where the job ends in a user's mistake, or "break", in the third step.
"""

import pathlib
import sys

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.classifiers.networks import encoder, paper_cnn
from tfgan_aug.commands import cli
from tfgan_aug.gans.dcgan import DCGAN
from tfgan_aug.gans.stacked import StackedGAN
from tfgan_aug.training import loop, strategies, workers

COUNT, BATCH, SHAPE = 20, 8, (16, 16, 3)


class Break(keras.callbacks.Callback):
    """Ends a training by an error in the process that has the callbacks."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            raise OSError("the disk is full")


def sgd():
    return keras.optimizers.SGD(0.1)


def dcgan():
    model = DCGAN(SHAPE, 2, latent_dim=4, width=2, augmentation="translation,flip", seed=5)
    model.compile(sgd(), sgd())
    return model


def classifier():
    network = paper_cnn(SHAPE, 2, 0.05, dropout=(0.25, 0.25, 0.5))
    model = Classifier(network, "flip,translate,zoom,brightness", 0.1, seed=5)
    model.compile(sgd())
    return model


def level():
    gan = StackedGAN(encoder(SHAPE, 2, 0.05), stacks=2, image_width=0.05, feature_width=0.05, seed=5, generator_steps=0)
    model = gan.level(1)
    model.compile(sgd(), sgd())
    return model


def arrays(name):
    rng = np.random.default_rng(0)
    labels = np.arange(COUNT, dtype=np.int32) % 2
    if name != "level":
        return rng.integers(0, 256, (COUNT, *SHAPE), np.uint8), labels
    return (rng.random((COUNT, 13), np.float32),), labels


def train(name, strategy, folder, steps):
    """Leaves `<folder>/<name>.npz`, the weights in their order, and `<name>.csv`, the learning curve."""
    keras.utils.set_random_seed(1)
    callbacks = [Break()] if name == "break" else []
    with strategy.scope():
        model = {"dcgan": dcgan, "break": classifier, "classifier": classifier, "level": level}[name]()
    loop.fit(
        model,
        arrays(name),
        loop.Budget(steps, BATCH, seed=7, checkpoint_steps=2),
        folder / name,
        curve=folder / f"{name}.csv",
        strategy=strategy,
        callbacks=callbacks,
    )
    np.savez(folder / f"{name}.npz", *(variable.numpy() for variable in model.weights))


def main():
    """Trains."""
    strategy, devices, folder, steps, *names = sys.argv[1:]
    strategies.set_up(0)
    devices = [tf.config.LogicalDeviceConfiguration()] * int(devices)
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], devices)
    with workers.using(strategy) as strategy:
        for name in names:
            if name == "refuse":
                raise cli.UserError("--config.x: found 1, expected 2")
            train(name, strategy, pathlib.Path(folder), int(steps))
        print(strategies.device_names(strategy))


if __name__ == "__main__":
    try:
        main()
    except cli.UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)

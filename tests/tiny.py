"""The smallest inputs that the main job works on: folders of 16 x 16 images, configs of a few steps, a judge
of any image; and a training that is cut off.
"""

import keras
import numpy as np
from PIL import Image

from tfgan_aug.classifiers import judges
from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import fields
from tfgan_aug.training import checkpoints

COLOURS = {"blue": (40, 60, 200), "green": (40, 180, 60), "red": (200, 50, 40)}


def save_images(root, counts, first=0):
    """Writes `counts` = {class: n} noisy images of one colour each to `root/<class>/<number>.png`; returns `root`."""
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            noise = np.random.default_rng([number, *name.encode()]).integers(-40, 41, (16, 16, 3))
            pixels = np.clip(np.array(COLOURS[name]) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number:03d}.png")
    return root


def config(source, **changes):
    """A config of a few steps; `changes` override, a double underscore for each dot."""
    small = {
        "source": source, "gans": "dcgan", "image_size": 16, "train_per_class": 6, "test_per_class": 2,
        "judge__recipe": "paper", "judge__width": 0.05, "judge__steps": 2, "judge__batch_size": 4,
        "classifier__recipe": "paper", "classifier__width": 0.05, "classifier__steps": 2, "classifier__batch_size": 4,
        "dcgan__width": 1, "dcgan__latent_dim": 4, "dcgan__epochs": 0, "dcgan__steps": 2, "dcgan__batch_size": 4,
        "sgan__image_width": 0.05, "sgan__feature_width": 0.05, "sgan__batch_size": 4,
        "sgan__image_steps": 2, "sgan__feature_steps": 2, "sgan__joint_steps": 2,
        "sgan__encoder__recipe": "paper", "sgan__encoder__width": 0.1, "sgan__encoder__steps": 2,
        "sgan__encoder__batch_size": 4,
        "samples__block_size": 8, "samples__max_draws_per_class": 200,
    }  # fmt: skip
    changes = {name.replace("__", "."): value for name, value in {**small, **changes}.items()}
    return fields.replaced(ExperimentConfig(), changes)


class AnyJudge(judges.Judge):
    """A trained judge whose answers are replaced: it takes draws for the classes in turn, TP and FP of every class."""

    def __init__(self, path, block_size):
        super().__init__(path, block_size)
        self.calls = 0

    def __call__(self, images):
        assert super().__call__(images).shape == (self.block_size, 3)
        self.calls += 1
        predicted = (np.arange(len(images)) + self.calls) % 3
        return np.full((len(images), 3), 0.1, np.float32) + 0.7 * np.eye(3, dtype=np.float32)[predicted]


class Interrupted(Exception):
    """What a training is cut off by."""


class InterruptAfter(keras.callbacks.Callback):
    """Cuts a training off after step `steps`, before that step's checkpoint."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def on_train_batch_end(self, batch, logs=None):
        if checkpoints.steps_done(self.model) == self.steps:
            raise Interrupted

"""Whether a process grows with the classifiers that it trains, one after the other, as a table does. Makes no file."""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from tfgan_aug.benchmarks.rates import peak_memory
from tfgan_aug.classifiers import classifier
from tfgan_aug.classifiers.config import ClassifierConfig
from tfgan_aug.training import loop, strategies

_SHAPE, _CLASSES, _IMAGES = (16, 16, 3), 3, 20
# The peak of the first ones is what the others are compared with.
FIRST = 10


def measured(cells):
    """(Peak memory in GiB after the first ten of `cells` tiny classifiers, after all), in a process of their own."""
    words = [sys.executable, "-c", f"from tfgan_aug.benchmarks import cell_memory; cell_memory.train({int(cells)})"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    first, last = json.loads(done.stdout.splitlines()[-1])
    return first, last


def train(cells):
    """Trains `cells` tiny classifiers and scores with each, as cells of the table do; prints the two peaks as JSON."""
    section = ClassifierConfig(width=0.05, steps=2, batch_size=8)
    images = np.random.default_rng(0).integers(0, 256, (_IMAGES, *_SHAPE), np.uint8)
    labels = np.arange(_IMAGES, dtype=np.int32) % _CLASSES
    strategy, peaks = strategies.make_strategy("one_device"), []
    for seed in range(cells):
        strategies.set_up(seed)
        with tempfile.TemporaryDirectory() as folder:
            with strategy.scope():
                model = classifier.build("--config.classifier", section, _SHAPE, _CLASSES, seed)
            budget = loop.Budget.of(section, seed)
            loop.fit(model, (images, labels), budget, pathlib.Path(folder) / "checkpoints", strategy=strategy)
            model.probabilities(images, _IMAGES)
        peaks.append(peak_memory())
    print(json.dumps([peaks[min(FIRST, cells) - 1], peaks[-1]]))

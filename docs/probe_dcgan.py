"""Prints how a DCGAN's images of shapes10 look: docs/results.md, "DCGAN: pattern, colours and rare classes".

Command: python -m docs.probe_dcgan [rare=10] [size=32] [steps=1500] [averaging=0.1] [balanced=0] [OPTION=VALUE ...], in
the repository's root. Three classes keep `rare` of their 100 images (0: all); OPTION is one of the DCGAN, such as
upsampling. Writes no file.
"""

import json
import sys
import types

import keras
import numpy as np

from tfgan_aug.core import labelled, optimizers, streams
from tfgan_aug.data import shapes
from tfgan_aug.evaluation import looks, quality, spread
from tfgan_aug.gans.dcgan import DCGAN
from tfgan_aug.training import loop, monitor, strategies

# circle, heart and star
RARE = (1, 4, 8)
CLASSES, DRAWS = len(shapes.CLASS_NAMES), 100


def drawn(first, last, size):
    """Images uint8 (N, size, size, 3) and labels int32 (N,) of shapes10: of each class those from `first` on."""
    labels = np.repeat(np.arange(CLASSES, dtype=np.int32), last - first)
    places = np.tile(np.arange(first, last), CLASSES)
    images = np.stack([shapes.draw("train", label, place) for label, place in zip(labels, places, strict=True)])
    step = 32 // size
    halved = images.reshape(len(images), size, step, size, step, 3).mean(axis=(2, 4))
    return np.round(halved).astype(np.uint8), labels


def told(name, model, train, others):
    """Prints the numbers of 100 images of each class."""
    labels, seeds = np.repeat(np.arange(CLASSES), DRAWS), np.tile(np.arange(DRAWS), CLASSES)
    images = model.generate(labels, seeds)
    thumbnails, common = monitor.thumbnails(images), ~np.isin(labels, RARE)
    reference = monitor.thumbnails(others[0])[~np.isin(others[1], RARE)]
    spreads = [
        spread.of_class(monitor.thumbnails(train[0][train[1] == label]), thumbnails[labels == label])
        for label in range(CLASSES)
    ]
    found = {
        "pattern": looks.pattern(images),
        "saturation": looks.saturation(images),
        "extremes": looks.extremes(images),
        "FD of 8 x 8 pixels, common classes": quality.frechet_distance(reference, thumbnails[common]),
        "distances, rare classes": [spreads[label].distance for label in RARE],
        "repeats, rare classes": [spreads[label].repeats for label in RARE],
    }
    print(name, json.dumps(found, default=float), flush=True)


def _number(text):
    """The number that a text is, or the text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def main():
    """Trains and prints."""
    options = {"augmentation": "color,translation,flip", "width": 16}
    given = {"rare": 10, "size": 32, "steps": 1500, "averaging": 0.1, "balanced": 0}
    for word in sys.argv[1:]:
        name, _, value = word.partition("=")
        (given if name in given else options)[name] = _number(value)
    given = types.SimpleNamespace(**given)
    strategies.set_up(0)
    images, labels = drawn(0, 100, given.size)
    others = drawn(100, 500, given.size)
    kept = np.arange(len(labels)) % 100 < np.where(np.isin(labels, RARE), given.rare or 100, 100)
    train = images[kept], labels[kept]
    print("real", {kind.__name__: kind(train[0]) for kind in (looks.pattern, looks.saturation, looks.extremes)})
    rows = labelled.balanced_rows(train[1]) if given.balanced else np.arange(len(train[1]))
    arrays, budget = (train[0][rows], train[1][rows]), loop.Budget(given.steps, 64, 7, checkpoint_steps=10**6)
    keras.utils.set_random_seed(streams.key_of("initial weights", "dcgan", 0))
    model = DCGAN((given.size, given.size, 3), CLASSES, **options)
    averaging = optimizers.averaging_options(given.averaging, given.steps)
    model.compile(*(optimizers.Adam(5e-4, beta_1=0.5, **own) for own in (averaging, {})))
    told("at the start", model, train, others)
    loop.run(model, arrays, budget)
    told("trained", model, train, others)
    if given.averaging:
        optimizers.average_weights(model)
        told("averaged, statistics of training", model, train, others)
        batches = loop.batches(arrays, loop.Budget(64, 64, 7))
        model.renew_statistics(batch[-1] for batch in batches)
        told("averaged, statistics anew", model, train, others)


if __name__ == "__main__":
    main()

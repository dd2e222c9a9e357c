"""Rows of the table: a classifier trained on one built dataset, scored on real test images.

Artefacts: `result-<digest>/result.json` with correct and total a class on the source's test split and on the subset's
held-out images; `classifier.csv`, the learning curve. Nothing else in this library scores on test images.
"""

import numpy as np

from tfgan_aug import artefacts, classifiers, sources, streams, training

_BLOCK = 500


def stage(workdir, dataset_digest, source, config):
    """The stage that `make` fills: one row, one classifier seed."""
    dependencies = {
        "dataset": dataset_digest,
        "classifier": config.classifier.to_dict(),
        "source": source.fingerprint(),
    }
    return artefacts.Stage(workdir, "result", dependencies)


def make(stage, dataset, source, config, strategy, callbacks=()):
    """Trains the config's classifier on the built `dataset` and scores it; fills the stage."""
    section = config.classifier
    images, labels = dataset.load("train")
    training.check_batch_size("--config.classifier.batch_size", section.batch_size, strategy, len(images))
    with stage.making() as folder:
        with strategy.scope():
            seed = streams.key_of("classifier", section.seed)
            model = classifiers.build("--config.classifier", section, images.shape[1:], len(source.class_names), seed)
        training.fit(
            model,
            (images, labels),
            steps=section.steps,
            batch_size=section.batch_size,
            seed=seed % 2**31,
            directory=folder / "checkpoints",
            checkpoint_steps=section.checkpoint_steps,
            callbacks=callbacks,
            curve=folder / "classifier.csv",
        )
        scores = {}
        test = sources.test_split(source)
        if test is not None:
            batches = ((batch, test.labels[positions]) for positions, batch in test.batches(_BLOCK))
            scores["test"] = score(model, batches, len(source.class_names))
        if "test" in dataset.splits:
            scores["held_out"] = score(model, [dataset.load("test")], len(source.class_names))
        artefacts.write_json(
            folder / "result.json",
            {"variant": dataset.variant, "images": len(images), "steps": section.steps, **scores},
        )
        training.discard(folder / "checkpoints")


def score(model, batches, classes):
    """{"correct": ints, "total": ints}, one entry a class, over every image of `batches` of (images, labels)."""
    correct, total = np.zeros(classes, np.int64), np.zeros(classes, np.int64)
    for images, labels in batches:
        hits = model.probabilities(images, _BLOCK).argmax(axis=1) == labels
        correct += np.bincount(labels[hits], minlength=classes)
        total += np.bincount(labels, minlength=classes)
    return {"correct": correct.tolist(), "total": total.tolist()}


def accuracy(scores):
    """(accuracy, its standard error) of a `score`: the binomial error of a test set of this size."""
    total = sum(scores["total"])
    share = sum(scores["correct"]) / total
    return share, (share * (1 - share) / total) ** 0.5

"""The judge's stage: the classifiers that decide which generated images look like their class.

Artefacts: `judge-<digest>/member-<number>.keras` (see `classifiers.judges`), each with its learning curve
`member-<number>.csv`; `judge.json`, how many images it is right on, see `found`.
"""

import numpy as np

from tfgan_aug.classifiers import classifier
from tfgan_aug.core import artefacts, fields, streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import subsets
from tfgan_aug.evaluation import faults
from tfgan_aug.training import loop

_FOUND = "judge.json"


def stage(run):
    """Returns the stage that `make` fills. `trained_on="source_train"` depends on the whole source, and leaks."""
    config = run.config
    seen = {"source": run.source.train_digest} if config.judge.trained_on == "source_train" else {}
    dependencies = {
        "subset": run.subset_stage.digest,
        "judge": fields.digest_form(config.judge),
        "seed": config.seed,
        **seen,
    }
    return artefacts.Stage(run.workdir, "judge", dependencies)


def batches(run):
    """Returns what `strategies.check_batch_sizes` takes; raises `UserError` for more members than images of a class."""
    section, subset = run.config.judge, run.subset
    labels = run.source.train.labels if section.trained_on == "source_train" else subset.train.labels
    counts = np.bincount(labels, minlength=subset.classes)
    if section.members > counts.min():
        name = subset.class_names[int(counts.argmin())]
        raise UserError(
            f"--config.judge.members: found {section.members}, expected at most the {counts.min()} training images of "
            f"class {name!r}, one or more for each member to train without"
        )
    left_out = np.bincount(subsets.folds(labels, section.members, run.config.seed)).max() if section.members > 1 else 0
    words = "training images" if section.members == 1 else "training images of a member"
    return [("--config.judge.batch_size", section.batch_size, int(len(labels) - left_out), words)]


def ensure(stage, run):
    """Fills the stage where it is missing."""
    stage.ensure(lambda: make(stage, run), run.progress.note)


def make(stage, run):
    """Trains the members; fills the stage. A warning says where the judge is no better than guessing.

    With several, each trains without one fold of the images; their probabilities are averaged (see `judges`).
    """
    section, subset, seed_of_run = run.config.judge, run.subset, run.config.seed
    if section.trained_on == "source_train":
        train = run.source.train
        images, labels = train.images(np.arange(len(train.ids))), train.labels
    else:
        images, labels = subset.train.images, subset.train.labels
    fold, models = subsets.folds(labels, section.members, seed_of_run), []
    with stage.making() as folder:
        for member in range(section.members):
            own = np.flatnonzero(fold != member) if section.members > 1 else np.arange(len(labels))
            seed = streams.key_of("judge", seed_of_run, member) % 2**31
            model = loop.trained(
                folder / f"member-{member}.keras",
                lambda seed=seed: classifier.build("--config.judge", section, subset.image_shape, subset.classes, seed),
                (images[own], labels[own]),
                loop.Budget.of(section, seed),
                run.strategy,
                run.progress.training(f"judge {member + 1} of {section.members}", section.steps),
            )
            models.append(model)
        artefacts.write_json(folder / _FOUND, found(models, run))
    if words := fault(stage):
        run.progress.note(f"warning: {words}")


def fault(stage):
    """Returns the words for a judge that is no better than guessing; "" for another one, or where nothing is known."""
    path = stage.path / _FOUND
    return artefacts.read_json(path)["fault"] if path.exists() else ""


def found(models, run):
    """Returns what is known of a judge of these members, a dict for JSON.

    `scored_on`: the first of `_scored` that are enough to tell it from guessing; `correct` of so many `images`; what
    guesses would be right on, `chance`; `members`: the accuracy of each; `confusion[i][j]`: images of class i that it
    takes for class j; `fault`: the words, see `fault`.
    """
    name, labels, probabilities, answers, score = _telling(models, run)
    confusion = np.zeros((run.subset.classes, run.subset.classes), int)
    np.add.at(confusion, (labels, answers), 1)
    return {
        "scored_on": name,
        "images": score.total,
        "correct": score.correct,
        "chance": score.chance,
        "members": [float((own.argmax(axis=1) == labels).mean()) for own in probabilities],
        "confusion": confusion.tolist(),
        "fault": _words(score, name, run),
    }


def _telling(models, run):
    """Returns the first of `_scored` that are enough, else the last; with the judge's answers, their `faults.Score`."""
    for scored in _scored(models, run):
        _, labels, probabilities = scored
        answers = np.mean(probabilities, axis=0).argmax(axis=1)
        score = faults.score(answers, labels)
        if score.enough or score.one_class:
            break
    return *scored, answers, score


def _scored(models, run):
    """Yields (name, labels, the members' probabilities) of images to score a judge on, the most telling ones first.

    Held-out images; where there are several members, the training images, each by the member that it is new to; the
    training images. A judge of the whole source has seen them all.
    """
    section, train, held_out = run.config.judge, run.subset.train, run.subset.held_out
    apart = section.trained_on == "subset"
    if apart and len(held_out.ids):
        yield "held-out images", held_out.labels, [_probabilities(model, held_out.images, run) for model in models]
    seen = [_probabilities(model, train.images, run) for model in models]
    if apart and len(models) > 1:
        fold = subsets.folds(train.labels, section.members, run.config.seed)
        yield "training images left out of a member", train.labels, [np.stack(seen)[fold, np.arange(len(fold))]]
    yield "training images", train.labels, seen


def _probabilities(model, images, run):
    return model.probabilities(images, run.config.samples.block_size)


def _words(score, images, run):
    if not (words := score.words(images, run.subset.class_names)):
        return ""
    return (
        f"the judge {words}; its verdicts TP and FP mean nothing: train it longer (--config.judge.steps is "
        f"{run.config.judge.steps}), with another --config.judge.learning_rate, or see whether the labels are right"
    )

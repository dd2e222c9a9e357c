"""Cells of the table: a classifier trained on one built dataset with one seed, scored on real test images.

Artefacts: `cell-<digest>/result.json` with correct and total a class on the source's test split and on the subset's
held-out images, seeds, steps, the dataset's digest and, only for a classifier that is no better than guessing,
`at_chance`; `hits.npz`, for each split which images were right (bool (N,))
and their labels (int32 (N,)); `classifier.csv`, the learning curve; `seconds.json`, the time it took. Nothing else in
this library scores on test images.
"""

import dataclasses

import numpy as np

from tfgan_aug.classifiers import classifier, judges
from tfgan_aug.core import artefacts, fields, optimizers, streams
from tfgan_aug.data import sources
from tfgan_aug.datasets import augmented, records
from tfgan_aug.evaluation import faults
from tfgan_aug.experiments import coupled_model, judge_stage, rows
from tfgan_aug.experiments.run import Run
from tfgan_aug.sampling import saved_models
from tfgan_aug.training import checkpoints, loop, strategies, workers

_BLOCK = 500


@dataclasses.dataclass(frozen=True)
class Cell:
    """One row of the table with one classifier `seed`, on the dataset of one GAN seed (None: the row has no GAN).

    `judge` is the stage of the judge, for rows with soft labels and those that draw; `gan_stage` that of the GAN that
    these draw from.
    """

    run: Run
    row: rows.Row
    dataset: augmented.Dataset
    seed: int
    gan_seed: int | None = None
    judge: artefacts.Stage | None = None
    gan_stage: artefacts.Stage | None = None

    def stage(self):
        """Returns the stage that `make` fills."""
        config = self.run.config
        dependencies = {
            "dataset": self.dataset.digest,
            "classifier": {**fields.digest_form(config.classifier), "seed": self.seed},
            "test": self.run.source.test_digest,
        }
        # What is tuned differs in the classifier's section.
        if config.table.protocol == "equal_epochs":
            dependencies["protocol"] = config.table.protocol
        use = self.row.use(config, self.judge.digest if self.row.asks_judge else "")
        return artefacts.Stage(self.run.workdir, "cell", {**dependencies, "view": use} if use else dependencies)

    def phases(self):
        """Returns what the classifier trains on, see `rows.Row.phases`."""
        config = self.run.config
        draws = self.row.fresh == "gan"
        judged = self.row.asks_judge or (draws and config.table.fresh_tries)
        judge = self._judge() if judged else None
        generator = saved_models.folder(self.gan_stage.path) if draws else None
        return self.row.phases(self.dataset, config, judge, generator, self.seed)

    def _judge(self):
        """The judge, trained where no GAN of the table has asked for it."""
        judge_stage.ensure(self.judge, self.run)
        judge = judges.Judge(self.judge.path, self.run.config.samples.block_size)
        # A judge of the whole source has folds of its own, and leaks anyhow.
        if self.row.distilled and self.run.config.judge.trained_on == "subset":
            return judges.CrossFitted(judge, self.run.subset, self.run.config.seed)
        return judge


def refusal(run, row):
    """Returns why a row cannot train in this run, such as `--strategy=...: found ...`; "" where it can."""
    # Its examples lie in no file that other workers could read.
    if row.fresh and isinstance(run.strategy, workers.Chief):
        return (
            f"--strategy=multi_worker: found row {row.name}, whose images are new in every step, expected one process: "
            "leave the row out, or take --strategy=mirrored"
        )
    if row.fresh == "gan" and (found := run.config.samples.drop_copies):
        return (
            f"--config.samples.drop_copies: found {fields.text(found)} and row {row.name}, whose draws are not "
            "compared with training images; expected one of them"
        )
    return ""


def splits(run):
    """Returns which images there are to score on, some of "test" and "held_out"."""
    there = {"test": sources.test_split(run.source) is not None, "held_out": len(run.subset.held_out.ids) > 0}
    return [name for name, found in there.items() if found]


def ensure(stage, cell):
    """Fills the stage where it is missing."""
    stage.ensure(lambda: make(stage, cell), cell.run.progress.note)


def make(stage, cell):
    """Trains the config's classifier on the cell's dataset and scores it; fills the stage."""
    run, source = cell.run, cell.run.source
    section, classes = run.config.classifier, len(source.class_names)
    if cell.row.augmentation is not None:
        section = fields.replaced(section, {"augmentation": cell.row.augmentation})
    if cell.row.targets == "none":
        section = fields.replaced(section, {"consistency": run.config.table.consistency})
    phases = cell.phases()
    section = fields.replaced(section, {"steps": phases[-1][1]})
    seed = streams.key_of("classifier", cell.seed)
    strategies.set_up(cell.seed)
    seeds = f"classifier seed {cell.seed}"
    seeds = f"GAN seed {cell.gan_seed}, {seeds}" if cell.gan_seed is not None else seeds
    with stage.making() as folder:
        with run.strategy.scope():
            own = coupled_model.classifier_of(cell.gan_stage) if cell.row.network == "gan" else None
            if not section.steps:
                model = own
            elif own:
                model = classifier.of_network(own.network, section, seed)
            else:
                model = classifier.build("--config.classifier", section, source.image_shape, classes, seed)
        if section.steps:
            shown = run.progress.training(f"classifier on {cell.row.name}, {seeds}", section.steps)
            _train(model, phases, section, seed, run, folder, shown)
        answers = {}
        test = sources.test_split(source)
        if test is not None:
            answers["test"] = _answers(model, ((batch, test.labels[places]) for places, batch in test.batches(_BLOCK)))
        if records.HELD_OUT in cell.dataset.splits:
            images, labels, ids = cell.dataset.load(records.HELD_OUT, "image", "label", "id")
            # Every dataset has an order of its own; sorted, image i is the same one in every cell.
            order = np.argsort(ids)
            answers["held_out"] = _answers(model, [(images[order], labels[order])])
        hits = {name: (predicted == labels, labels) for name, (predicted, labels) in answers.items()}
        fault = _fault(answers, source.class_names)
        np.savez_compressed(
            folder / "hits.npz",
            **{name: found for name, (found, _) in hits.items()},
            **{f"{name}_labels": labels for name, (_, labels) in hits.items()},
        )
        artefacts.write_json(
            folder / "result.json",
            {
                "row": cell.row.name,
                # Of the judge that no dataset's minutes hold.
                **({"judge_minutes": cell.judge.minutes} if cell.row.asks_judge and not cell.row.variant.gan else {}),
                "variant": cell.dataset.variant,
                "dataset": cell.dataset.digest,
                "images": sum(len(loop.examples_of(arrays)) for arrays, _ in phases) // cell.row.repeat,
                "steps": section.steps,
                "gan_seed": cell.gan_seed,
                "classifier_seed": cell.seed,
                **{name: counted(*found, classes) for name, found in hits.items()},
                **({"at_chance": True} if fault else {}),
            },
        )
        checkpoints.discard(folder / "checkpoints")
    if fault:
        run.progress.note(
            f"warning: row {cell.row.name}, {seeds}: its classifier {fault}; its accuracy says nothing: train longer "
            f"(--config.classifier.steps is {section.steps:,}), or with another --config.classifier.learning_rate"
        )


def _train(model, phases, section, seed, run, folder, shown):
    """Trains the model on one phase after another, in `folder`."""
    with shown as callback:
        for arrays, steps in phases:
            loop.fit(
                model,
                arrays,
                loop.Budget.of(section, seed % 2**31, steps),
                folder / "checkpoints",
                strategy=run.strategy,
                callbacks=[callback],
                curve=folder / "classifier.csv",
            )
    optimizers.average_weights(model)


def _answers(model, batches):
    """Returns (classes int64 (N,), labels int32 (N,)) of every image of `batches` of (images, labels), in order."""
    answers, labels = [], []
    for images, truth in batches:
        answers.append(model.probabilities(images, _BLOCK).argmax(axis=1))
        labels.append(truth)
    return np.concatenate(answers), np.concatenate(labels).astype(np.int32)


def _fault(answers, class_names):
    """Returns the words for a classifier that is no better than guessing, by the first split that tells; else ""."""
    for name, (predicted, labels) in answers.items():
        score = faults.score(predicted, labels)
        if score.enough or score.one_class:
            return score.words(f"{name.replace('_', '-')} images", class_names)
    return ""


def counted(hits, labels, classes):
    """Returns {"correct": ints, "total": ints}, one entry a class."""
    correct, total = np.bincount(labels[hits], minlength=classes), np.bincount(labels, minlength=classes)
    return {"correct": correct.tolist(), "total": total.tolist()}


def accuracy(scores):
    """Returns (accuracy, its standard error) of a `counted`: the binomial error of a test set of this size."""
    total = sum(scores["total"])
    share = sum(scores["correct"]) / total
    return share, (share * (1 - share) / total) ** 0.5

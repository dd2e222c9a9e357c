"""Advice before a GAN is trained: what more real images and cheap augmentation would be worth on this training set.

Classifiers are trained on inner splits of the subset's training images; no test or held-out image is read. Artefacts:
`advice-<digest>/result.json` for each training, with correct and total a class on the fold left out; `advice.json`.
"""

import numpy as np

from tfgan_aug.classifiers import classifier
from tfgan_aug.core import artefacts, fields, optimizers, streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import geometric, subsets, transforms
from tfgan_aug.evaluation import learning_curves
from tfgan_aug.experiments import cells
from tfgan_aug.training import checkpoints, loop, strategies

FILE = "advice.json"
TIMES = (1.25, 1.5, 2.0, 4.0)
KINDS = ("plain", "augmented", "geometric")


def nested(labels, positions, share, seed):
    """Those of `positions` that a share keeps, ascending: of each class the first in a seeded order, at least one.

    Smaller shares are parts of larger ones. `labels` is of the whole set, ints.
    """
    kept = []
    for label in np.unique(labels[positions]):
        own = np.random.default_rng([seed, int(label)]).permutation(positions[labels[positions] == label])
        kept.append(own[: max(1, round(share * len(own)))])
    return np.sort(np.concatenate(kept))


class Trainings:
    """The trainings of a config's subset: kinds x shares x folds x seeds, each a stage of the workdir."""

    def __init__(self, run):
        self.config, self.workdir, self.subset, self.subset_stage = (
            run.config,
            run.workdir,
            run.subset,
            run.subset_stage,
        )
        self.strategy, self.progress, self.section = run.strategy, run.progress, run.config.advice
        config, subset, strategy = run.config, run.subset, run.strategy
        self.shares = sorted(set(self.section.shares))
        self.seeds = self.section.seeds
        if len(self.shares) < 2 or self.shares[0] <= 0 or self.shares[-1] > 1:
            found = fields.text(self.section.shares)
            raise UserError(f"--config.advice.shares: found {found!r}, expected two or more above 0, up to 1")
        counts = subset.train.counts(subset.classes)
        if counts.min() < self.section.folds:
            name = subset.class_names[int(counts.argmin())]
            raise UserError(
                f"--config.advice.folds={self.section.folds}: found {counts.min()} training images of class {name!r}, "
                "expected one or more for each fold"
            )
        self.fold = subsets.folds(subset.train.labels, self.section.folds, config.seed)
        if not transforms.transform_names("--config.advice.augmentation", self.section.augmentation):
            raise UserError("--config.advice.augmentation: found none, expected some, such as flip,translate")
        size = config.classifier.batch_size
        enough = [share for share in self.shares if self._smallest(share) >= size]
        if len(enough) < 2:
            option, smallest = "--config.classifier.batch_size", self._smallest(self.shares[-2])
            strategies.check_batch_size(option, size, strategy, smallest)
        strategies.check_batch_size("--config.classifier.batch_size", size, strategy, self._smallest(enough[0]))
        # The smallest shares of a small set hold less than a batch: the curve starts later.
        self.shares = tuple(enough)

    def _smallest(self, share):
        return min(len(self.positions(fold, share)) for fold in range(self.section.folds))

    def positions(self, fold, share):
        """Positions of the images that a training learns from."""
        return nested(self.subset.train.labels, np.flatnonzero(self.fold != fold), share, self.config.seed)

    def plan(self):
        """Yields (kind, share, fold, seed): the curve, then what is added to the largest share."""
        for kind in KINDS:
            for share in self.shares if kind == "plain" else self.shares[-1:]:
                for fold in range(self.section.folds):
                    for seed in self.seeds:
                        yield kind, share, fold, seed

    def accuracy(self, kind, share, fold, seed):
        """The accuracy, a share, of one training on the fold left out; trained where it is not there yet."""
        made = {
            "classifier": fields.digest_form(self.config.classifier),
            "kind": kind,
            "share": share,
            "fold": fold,
            "seed": seed,
        }
        made["classifier"].pop("seed")
        if kind == "augmented":
            made["augmentation"] = fields.text(self.section.augmentation)
        if kind == "geometric":
            made["geometric"] = fields.digest_form(self.config.geometric)
        dependencies = {
            "subset": self.subset_stage.digest,
            "folds": self.section.folds,
            "config_seed": self.config.seed,
        }
        stage = artefacts.Stage(self.workdir, "advice", {**dependencies, **made})
        if not stage.done:
            self._train(stage, kind, share, fold, seed)
        return cells.accuracy(artefacts.read_json(stage.path / "result.json"))[0]

    def _train(self, stage, kind, share, fold, seed):
        data, chosen = self.subset.train, self.positions(fold, share)
        left_out = np.flatnonzero(self.fold == fold)
        images, labels = np.asarray(data.images[chosen]), data.labels[chosen]
        section = self.config.classifier
        if kind == "augmented":
            section = fields.replaced(section, {"augmentation": self.section.augmentation})
        if kind == "geometric":
            stage_there = geometric.stage(self.workdir, self.subset_stage, self.config)
            if not stage_there.done:
                geometric.make(stage_there, self.subset, self.config)
            images = np.concatenate([images, geometric.load(stage_there.path)[chosen]])
            labels = np.concatenate([labels, labels])
        key = streams.key_of("advice", seed, fold) % 2**31
        strategies.set_up(key)
        name = f"{kind}, {len(chosen):,} images, fold {fold + 1} of {self.section.folds}, seed {seed}"
        with stage.making() as folder:
            with self.strategy.scope():
                shape, classes = self.subset.image_shape, self.subset.classes
                model = classifier.build("--config.classifier", section, shape, classes, key)
            with self.progress.training(name, section.steps) as callback:
                loop.fit(
                    model,
                    (images, labels),
                    loop.Budget.of(section, key),
                    folder / "checkpoints",
                    strategy=self.strategy,
                    callbacks=[callback],
                )
            optimizers.average_weights(model)
            truth = data.labels[left_out]
            hits = model.probabilities(data.images[left_out]).argmax(axis=1) == truth
            artefacts.write_json(folder / "result.json", cells.counted(hits, truth, self.subset.classes))
            checkpoints.discard(folder / "checkpoints")


def advise(run, table=None):
    """Trains what is missing and gives the advice, a dict that is also written to advice.json.

    {"curve": [{"count", "images", "mean", "sd"}], "law": [a, b], "more": [{"times", "more", "gain", "low", "high"}],
    "augmented" and "geometric": {"difference", "low", "high", "equivalent"}, "rows": [...]}: counts are images a class
    (the mean over classes), accuracies percent, differences points. "rows" says what the rows with GAN images of
    `table` (a table.json) are worth in real images.
    """
    trainings, config, subset = Trainings(run), run.config, run.subset
    found = {}
    for plan in trainings.plan():
        found[plan] = trainings.accuracy(*plan)
    folds, seeds = range(config.advice.folds), trainings.seeds

    def block(kind, share):
        return np.array([[found[kind, share, fold, seed] for seed in seeds] for fold in folds])

    curve = np.array([block("plain", share) for share in trainings.shares])
    images = [np.mean([len(trainings.positions(fold, share)) for fold in folds]) for share in trainings.shares]
    counts = np.array(images) / subset.classes
    total = len(subset.train.ids)
    law = learning_curves.fit(counts, learning_curves.errors(curve.mean(axis=(1, 2)), total))
    # What is asked is about the whole training set, of which an inner split has a part.
    own = total / subset.classes
    made = {
        "subset": run.subset_stage.digest,
        "count": own,
        "counts": subset.train.counts(subset.classes).tolist(),
        "folds": config.advice.folds,
        "seeds": len(seeds),
        "steps": config.classifier.steps,
        "augmentation": fields.text(config.advice.augmentation),
        "curve": [
            {
                "count": float(count),
                "images": float(total),
                "mean": 100 * float(a.mean()),
                "sd": 100 * float(a.std(ddof=1)),
            }
            for count, total, a in zip(counts, images, curve, strict=True)
        ],
        "law": list(law),
        "more": [],
    }
    for times in TIMES:
        gain, low, high = learning_curves.more(counts, curve, total, own, times, config.seed)
        made["more"].append({"times": times, "more": (times - 1) * own, "gain": gain, "low": low, "high": high})
    for kind in KINDS[1:]:
        difference, low, high = learning_curves.paired(block(kind, trainings.shares[-1]), curve[-1], seed=config.seed)
        made[kind] = {"difference": difference, "low": low, "high": high}
        made[kind]["equivalent"] = _images(law, own, difference)
    made["rows"] = [] if table is None else _rows(table, law, own)
    artefacts.write_json(run.workdir / FILE, made)
    return made


def _images(law, own, points):
    """`learning_curves.equivalent`, None for infinitely many: JSON has no such number."""
    more = learning_curves.equivalent(law, own, points)
    return more if np.isfinite(more) else None


def _rows(table, law, own):
    found = []
    for row in table["rows"]:
        scores = row["splits"].get("test") or row["splits"].get("held_out")
        versus = scores and scores["versus"].get("real")
        if row["gan"] and versus and row["group"] != "controls":
            item = {"row": row["name"], **{name: versus[name] for name in ("difference", "low", "high", "verdict")}}
            item |= {
                name: _images(law, own, versus[field]) for name, field in (("more", "difference"), ("most", "high"))
            }
            found.append(item)
    return found

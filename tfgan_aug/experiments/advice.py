"""Advice before a dataset is built: which row is worth it, and what more real images would be worth.

Rows are tried on inner splits of the subset's training images; no test or held-out image is read. Artefacts: those of
`inner`, and `advice.json`.
"""

import dataclasses

import numpy as np

from tfgan_aug.classifiers.recipes import RECIPES
from tfgan_aug.core import artefacts, fields, workdirs
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import transforms
from tfgan_aug.evaluation import learning_curves
from tfgan_aug.experiments import inner, rows, table
from tfgan_aug.experiments.families import FAMILIES, WITH_CLASSIFIER

FILE = "advice.json"
TIMES = (1.25, 1.5, 2.0, 4.0)
_OPTION = "--config.advice.folds"


@dataclasses.dataclass(frozen=True)
class Trials:
    """What is tried: `tables[share][fold]`, each a checked `table.Table` of an inner split.

    With the largest share of the inner training images all rows, with smaller ones the real images alone.
    """

    run: object
    tables: dict

    @classmethod
    def of(cls, run, described):
        """Returns the trials of a run; `described` as `table.Table` takes it.

        Raises `UserError` for what the user can mend, before any work. Smaller shares of less than a batch are
        left out.
        """
        section, size = run.config.advice, run.config.classifier.batch_size
        shares = sorted(set(section.shares))
        if len(shares) < 2 or shares[0] <= 0 or shares[-1] > 1:
            found = fields.text(section.shares)
            raise UserError(f"--config.advice.shares: found {found!r}, expected two or more above 0, up to 1")
        tried = _rows(run.config)
        run = dataclasses.replace(run, config=_shortened(run))
        runs = {
            share: [inner.run_of(run, _OPTION, section.folds, fold, share) for fold in range(section.folds)]
            for share in shares
        }
        least = {share: min(len(one.subset.train.ids) for one in found) for share, found in runs.items()}
        # Of too few images there is no curve; rows are tried all the same.
        enough = [share for share in shares[:-1] if least[share] >= size] + shares[-1:]
        # Of few images a class a smaller share can be as many.
        enough = [share for share in enough[:-1] if least[share] < least[enough[-1]]] + enough[-1:]
        made, known = {}, set()
        for share in enough:
            chosen = tried if share == enough[-1] else tried[:1]
            choice = table.Choice(tuple(chosen), (run.config.seed,), section.seeds)
            made[share] = [inner.checked(one, choice, described, "--config.advice", known) for one in runs[share]]
        return cls(run, made)

    def work(self):
        """Makes what is missing: the rows that matter most first."""
        for share in sorted(self.tables, reverse=True):
            inner.work(self.tables[share])

    def curve(self):
        """Returns the accuracies of the real images alone, shares (P, folds, seeds), over the shares, ascending."""
        found = [
            [inner.scores(made)["real"]["hits"][0].mean(axis=1) for made in self.tables[share]]
            for share in sorted(self.tables)
        ]
        return np.array(found)


def _rows(config):
    """Returns the rows that the advice is about, `real` first; raises `UserError` for unknown ones."""
    section, words = config.advice, []
    for word in section.rows:
        words += [_best_use(gan) for gan in config.gans] if word == "fresh" else [word]
    named = [word for word in words if word != "augmented"]
    found = rows.parse("--config.advice.rows", ["real", *named], config.gans)
    if "augmented" in words:
        if not transforms.transform_names("--config.advice.augmentation", section.augmentation):
            raise UserError("--config.advice.augmentation: found none, expected some, such as flip,translate")
        if section.augmentation != RECIPES[config.classifier.recipe].replace(config.classifier).augmentation:
            title = f"real, {fields.text(section.augmentation)} in every step"
            augmented = dataclasses.replace(found[0], name="augmented", group="controls", title=title)
            found.insert(1, dataclasses.replace(augmented, number=None, augmentation=section.augmentation))
    return sorted(found, key=lambda row: row.name != "real")


def _best_use(gan):
    """Returns the name of the row that uses a GAN in the way that has helped most."""
    return f"{gan}_both" if gan in WITH_CLASSIFIER else f"{gan}_fresh"


def _shortened(run):
    """Returns the run's config with no more training steps than the advice has."""
    config, most = run.config, run.config.advice.steps
    if not most:
        return config
    changes = {f"{name}.steps": min(most, getattr(config, name).steps) for name in ("judge", "classifier")}
    images = len(run.subset.train.ids)
    if "sgan" in config.gans:
        changes["sgan.encoder.steps"] = min(most, config.sgan.encoder.steps)
    for gan in config.gans:
        changes |= {name: min(most, count) for name, count in FAMILIES[gan].steps(config, images).items()}
    return fields.replaced(config, changes)


def advise(trials, summary=None):
    """Trains what is missing and returns the advice, a dict that is also written to advice.json.

    {"curve": [{"count", "images", "mean", "sd"}], "law": [a, b], None for a single point, "more": [{"times", "more",
    "gain", "low", "high"}], "tried": as `inner.compare`, each of its rows with its "title" and "more", "rows": [...]}:
    counts are images a class (the mean over classes), accuracies percent, differences points. "rows" says what the rows
    with generated images of `summary` (a table.json) are worth in real images.
    """
    trials.work()
    run, config, subset = trials.run, trials.run.config, trials.run.subset
    shares, largest = sorted(trials.tables), max(trials.tables)
    curve = trials.curve()
    images = [np.mean([len(made.run.subset.train.ids) for made in trials.tables[share]]) for share in shares]
    counts = np.array(images) / subset.classes
    total = len(subset.train.ids)
    law = None
    if len(shares) > 1:
        law = learning_curves.fit(counts, learning_curves.errors(curve.mean(axis=(1, 2)), total))
    # What is asked is about the whole training set, of which an inner split has a part.
    own = total / subset.classes
    made = {
        "subset": run.subset_stage.digest,
        "count": own,
        "counts": subset.train.counts(subset.classes).tolist(),
        "folds": config.advice.folds,
        "seeds": len(config.advice.seeds),
        "steps": config.classifier.steps,
        "curve": [
            {
                "count": float(count),
                "images": float(total),
                "mean": 100 * float(a.mean()),
                "sd": 100 * float(a.std(ddof=1)),
            }
            for count, total, a in zip(counts, images, curve, strict=True)
        ],
        "law": law and list(law),
        "more": [],
    }
    for times in TIMES if law else ():
        gain, low, high = learning_curves.more(counts, curve, total, own, times, config.seed)
        made["more"].append({"times": times, "more": (times - 1) * own, "gain": gain, "low": low, "high": high})
    made["tried"] = inner.compare(trials.tables[largest], config.table.resamples)
    titles = {row.name: row.title for row in trials.tables[largest][0].choice.rows}
    for name, row in made["tried"]["rows"].items():
        row["title"] = titles[name]
        row["more"] = _images(law, own, row["versus"]["real"]["difference"]) if law and name != "real" else 0.0
    made["rows"] = _worth(summary, law, own) if law and summary else []
    with workdirs.lock(run.workdir, FILE, wait=True):
        artefacts.write_json(run.workdir / FILE, made)
    return made


def _images(law, own, points):
    """`learning_curves.equivalent`, None for infinitely many: JSON has no such number."""
    more = learning_curves.equivalent(law, own, points)
    return more if np.isfinite(more) else None


def _worth(summary, law, own):
    found = []
    for row in summary["rows"]:
        scores = row["splits"].get("test") or row["splits"].get("held_out")
        versus = scores and scores["versus"].get("real")
        if row["gan"] and versus and row["group"] != "controls":
            item = {"row": row["name"], **{name: versus[name] for name in ("difference", "low", "high", "verdict")}}
            item |= {
                name: _images(law, own, versus[field]) for name, field in (("more", "difference"), ("most", "high"))
            }
            found.append(item)
    return found

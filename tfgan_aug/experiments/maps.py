"""Maps: where generated images help, over data sets and images a class. Each point is a table of its own.

Artefacts: `map/<set>-<images a class>-<subset>/` in the workdir, each the workdir of a `table`.
"""

import collections
import dataclasses

import numpy as np

from tfgan_aug.core import artefacts, fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources
from tfgan_aug.evaluation import intervals
from tfgan_aug.experiments import summaries
from tfgan_aug.experiments.run import Run

FOLDER = "map"
FIELDS = ("source", "per_class", "row", "mean", "strongest", "strongest_mean")
FIELDS += ("difference", "low", "high", "verdict", "subsets")


@dataclasses.dataclass(frozen=True, eq=False)
class Point:
    """One training subset of one data set: its `run` works in a folder of its own. `subset` is the seed."""

    per_class: int
    subset: int
    run: Run

    @property
    def source(self):
        """The name of the data set."""
        return self.run.source.name

    @property
    def words(self):
        """The point in words."""
        return f"{self.source}, {self.per_class} images a class, subset {self.subset}"


def points(run, skip_unreadable=False, drop_duplicates=False):
    """Returns (points, lines on what is to be known): every set of the config with every number that its classes have.

    `run` is that of the first set, without a subset. Each set is opened once. Raises `UserError` for sets of the same
    name, and where no point is left.
    """
    found, notes, specs = [], [], {}
    for spec in run.config.map.sources:
        of_set = run
        if spec != run.config.source:
            config = fields.replaced(run.config, {"source": spec})
            source = sources.open_configured(config, skip_unreadable=skip_unreadable, own=(run.workdir,))
            of_set = dataclasses.replace(run, config=config, source=source)
            notes += source.notes
            of_set = of_set.without_duplicates() if drop_duplicates else of_set
        source = of_set.source
        if specs.setdefault(source.name, spec) != spec:
            raise UserError(
                f"--config.map.sources: found {specs[source.name]} and {spec}, both called {source.name}, expected "
                "other names"
            )
        counts = np.bincount(source.train.labels, minlength=len(source.class_names))
        most = int(counts.min()) - run.config.test_per_class
        for count in run.config.map.per_class:
            if count > most:
                notes.append(f"{source.name}: {count} images a class left out, its smallest class can give {most}")
            else:
                found += [_point(of_set, count, subset) for subset in run.config.map.subsets]
            if most / 2 < count <= most and len(run.config.map.subsets) > 1:
                notes.append(
                    f"{source.name}: subsets of {count} of {most} images a class share most of them, so their interval "
                    "is too narrow"
                )
    if not found:
        raise UserError(f"--config.map.per_class: {'; '.join(notes)}; expected one that is there")
    return found, notes


def _point(of_set, count, subset):
    config = fields.replaced(of_set.config, {"train_per_class": count, "seed": subset})
    fields.check(config)
    folder = of_set.workdir / FOLDER / f"{of_set.source.name}-{count}-{subset}"
    return Point(count, subset, dataclasses.replace(of_set.of(config), workdir=folder))


def summarise(planned):
    """Returns the map of the points whose table is there, a dict for map.json.

    {"planned", "points": [{"source", "per_class", "subset", "folder", "accuracy": {row: percent}}], "cells": see
    `FIELDS`}: a cell is a row with generated images at one number of images a class of one set, beside the strongest
    row without, over the subsets: means in percent, the difference in points. Its interval is Student's over the
    subsets, which have generators and classifiers of their own; None for a single one. The test images are the same
    for all, and their chance is in no interval. The verdict is `helps` or `hurts` where it lies on one side of 0.
    """
    found, accuracies, gans, without = [], collections.defaultdict(list), set(), set()
    for point in planned:
        path = point.run.workdir / summaries.FILE
        if not path.exists():
            continue
        rows = [row for row in artefacts.read_json(path)["rows"] if summaries.primary(row)]
        accuracy = {row["name"]: summaries.primary(row)["mean"] for row in rows}
        # The controls with a GAN hold its images alone.
        gans |= {row["name"] for row in rows if row["gan"] and row["group"] != "controls"}
        without |= {row["name"] for row in rows if not row["gan"]}
        if accuracy:
            about = {"source": point.source, "per_class": point.per_class, "subset": point.subset}
            found.append({**about, "folder": f"{FOLDER}/{point.run.workdir.name}", "accuracy": accuracy})
            accuracies[point.source, point.per_class].append(accuracy)
    cells = []
    for (source, per_class), own in accuracies.items():
        # Of rows that every subset has.
        shared = set.intersection(*(set(accuracy) for accuracy in own))
        means = {name: float(np.mean([accuracy[name] for accuracy in own])) for name in sorted(shared)}
        plain = {name: mean for name, mean in means.items() if name in without}
        if not plain:
            continue
        strongest = max(plain, key=plain.get)
        for name in sorted(shared & gans):
            differences = [accuracy[name] - accuracy[strongest] for accuracy in own]
            low, high = intervals.student(differences)
            cells.append(
                {
                    **{"source": source, "per_class": per_class, "row": name, "mean": means[name]},
                    **{"strongest": strongest, "strongest_mean": plain[strongest]},
                    **{"difference": float(np.mean(differences)), "low": low, "high": high},
                    "verdict": intervals.verdict(low, high),
                    "subsets": len(own),
                }
            )
    return {"planned": len(planned), "points": found, "cells": cells}

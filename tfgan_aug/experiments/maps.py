"""Maps: where generated images help, over data sets and images a class. Each point is a table of its own.

Artefacts: `map/<set>-<images a class>-<subset>/` in the workdir, each the workdir of a `table`.
"""

import collections
import dataclasses
import pathlib

import numpy as np

from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources
from tfgan_aug.evaluation import intervals
from tfgan_aug.experiments import summaries

FOLDER = "map"
FIELDS = ("source", "per_class", "row", "mean", "strongest", "strongest_mean")
FIELDS += ("difference", "low", "high", "verdict", "subsets")


@dataclasses.dataclass(frozen=True)
class Point:
    """One training subset of one data set, with the config of its table. `source` is the set's name."""

    source: str
    per_class: int
    subset: int
    config: object

    @property
    def folder(self):
        """The name of its folder."""
        return f"{self.source}-{self.per_class}-{self.subset}"


def points(config, **options):
    """Returns (points, lines on what is left out): every set of the config with every number that its classes have.

    `options` as in `sources.open_configured`. Raises `UserError` for sets of the same name, and where no point is left.
    """
    found, notes, specs = [], [], {}
    for spec in config.map.sources:
        own = fields.replaced(config, {"source": spec})
        source = sources.open_configured(own, **options)
        if specs.setdefault(source.name, spec) != spec:
            raise UserError(
                f"--config.map.sources: found {specs[source.name]} and {spec}, both called {source.name}, expected "
                "other names"
            )
        most = int(np.bincount(source.train.labels, minlength=len(source.class_names)).min()) - config.test_per_class
        for count in config.map.per_class:
            if count > most:
                notes.append(f"{source.name}: {count} images a class left out, its smallest class can give {most}")
                continue
            for subset in config.map.subsets:
                changes = {"train_per_class": count, "seed": subset}
                found.append(Point(source.name, count, subset, fields.replaced(own, changes)))
    if not found:
        raise UserError(f"--config.map.per_class: {'; '.join(notes)}; expected one that is there")
    for point in found:
        fields.check(point.config)
    return found, notes


def summarise(workdir, planned):
    """Returns the map of the points that are finished, a dict for map.json.

    {"planned", "points": [{"source", "per_class", "subset", "folder", "accuracy": {row: percent}}], "cells": see
    `FIELDS`}: a cell is a row with generated images at one number of images a class of one set, beside the strongest
    row without, over the subsets: means in percent, the difference in points. Its interval is Student's over the
    subsets, which have generators, classifiers and test errors of their own; None for a single one. The verdict is
    `helps` or `hurts` where it lies on one side of 0.
    """
    found, accuracies, gans, without = [], collections.defaultdict(list), set(), set()
    for point in planned:
        folder = pathlib.Path(workdir) / FOLDER / point.folder
        if not (folder / summaries.table.STATE).exists():
            continue
        rows = [row for row in summaries.summarise(folder)["rows"] if summaries.primary(row)]
        accuracy = {row["name"]: summaries.primary(row)["mean"] for row in rows}
        # The controls with a GAN hold its images alone.
        gans |= {row["name"] for row in rows if row["gan"] and row["group"] != "controls"}
        without |= {row["name"] for row in rows if not row["gan"]}
        if accuracy:
            about = {"source": point.source, "per_class": point.per_class, "subset": point.subset}
            found.append({**about, "folder": f"{FOLDER}/{point.folder}", "accuracy": accuracy})
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

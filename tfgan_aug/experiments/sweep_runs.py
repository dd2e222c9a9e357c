"""The runs of a sweep: each point is a table of its own, and gives a record.

Artefacts: a point's datasets and cells.json in `sweeps/<name>/<digest>` of the workdir. GANs, judges and cells are the
workdir's, as for the table.
"""

import dataclasses

import numpy as np

from tfgan_aug.config import GANS
from tfgan_aug.core import artefacts, fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.datasets import cards, examples
from tfgan_aug.evaluation import comparison
from tfgan_aug.experiments import summaries, sweeps, table
from tfgan_aug.experiments.rows import all_rows
from tfgan_aug.sampling import pools, rules

FIELDS = ("curve", "label", "x", "row", "images", "cells", "mean", "sd", "difference", "low", "high", "p")
FIELDS += (
    "generated",
    "short",
    "acceptance",
    "margin",
    "confidence",
    "recall",
    "recall_difference",
    "recall_low",
    "recall_high",
)


class SweepRuns:
    """The sweeps of a run, with the seeds of a `table.Choice`, whose rows are the points'."""

    def __init__(self, run, choice):
        self.run, self.choice, self._runs, self._tried = run, choice, {}, set()

    def run_of(self, point):
        """Returns the run of a point; subsets are read once each. Raises `UserError` where there is none."""
        keys = ("train_per_class", "test_per_class", "rare_class", "rare_share", "seed")
        key = tuple(getattr(point.config, name) for name in keys)
        if key not in self._runs:
            self._runs[key] = self.run.of(point.config)
        return dataclasses.replace(self._runs[key], config=point.config)

    def folder(self, name):
        """Returns the folder of a sweep."""
        return self.run.workdir / "sweeps" / name

    def summaries(self, name, points):
        """Runs a sweep; yields after each point what is known by then, a dict for sweep.json.

        {"points": records (see `record`), "planned": the number of points, "sweep", "title", "x_label", "log",
        "rare_class", "config"}.
        """
        title, x_label, log = sweeps.SWEEPS[name]
        config, records = self.run.config, []
        made = {"sweep": name, "title": title, "x_label": x_label, "log": log, "planned": len(points)}
        made["rare_class"] = config.rare_class
        made["config"] = {key: value for key, value in fields.to_dict(config).items() if key != "source_data_dir"}
        for number, point in enumerate(points, start=1):
            self.run.progress.note(f"sweep {name}, point {number} of {len(points)}: {point.curve} {point.label}")
            record = self.record(name, point)
            records += [record] if record else []
            yield {**made, "points": list(records)}

    def check(self, name, points):
        """Raises `UserError` for what would fail at one of the points of a sweep."""
        if self.run.config.table.protocol == "tuned":
            raise UserError(
                "--config.table.protocol: found tuned, expected equal_steps or equal_epochs: the points of a sweep "
                "train alike"
            )
        for point in points:
            try:
                self._table(name, point).check(self._tried)
            except UserError as error:
                raise UserError(f"--sweep={name}, point {point.curve} {point.label}: {error}") from None

    def _table(self, name, point):
        """Returns the table of a point: its row beside row real."""
        real = next(row for row in all_rows(GANS) if row.name == "real")
        wanted = (real, *(row for row in point.rows if row.name != "real"))
        run = self.run_of(point)
        images = [run.subset_stage.digest, run.source.test_digest]
        made_of = {"config": fields.digest_form(point.config), "rows": [row.name for row in wanted], "images": images}
        choice = dataclasses.replace(self.choice, rows=wanted)
        output_folder = self.folder(name) / artefacts.digest(made_of)
        return table.Table(run, choice, {}, allow_shortfall=True, output_folder=output_folder)

    def record(self, name, point):
        """Returns the record of a point of a sweep, a dict (see `FIELDS`) with `datasets`, the digests of its row's.

        None where too few images were accepted for any.
        """
        made = self._table(name, point)
        made.run.write_subset()
        made.output_folder.mkdir(parents=True, exist_ok=True)
        made.begin()
        made.work()
        hits, labels, results, images = _hits(made)
        row = point.rows[0]
        if row.name not in hits or (row.variant.gan and images[row.name] <= images["real"]):
            self.run.progress.note(f"{name}, {point.curve} {point.label}: left out, too few images were accepted")
            return None
        own, base = hits[row.name], hits["real"]
        described = comparison.describe(own, labels, len(self.run.source.class_names))
        record = {**dict.fromkeys(FIELDS), "curve": point.curve, "label": point.label, "x": point.x, "row": row.name}
        record |= {"images": images[row.name], "cells": int(own.shape[0] * own.shape[1])}
        datasets = results[row.name]
        record |= {"mean": described["mean"], "sd": described["sd"], "datasets": sorted(set(datasets))}
        if gan := bool(row.variant.gan):
            record["gains"] = _gains(own, base, datasets, self.choice.classifier_seeds)
        # The baseline itself differs from nothing.
        if row.name != "real":
            record |= _compared(own, base, gan, point.config.table.resamples)
        if name == "rare":
            mine = labels == self.run.source.class_names.index(self.run.config.rare_class)
            # A class without test images has no recall.
            record["recall"] = 100 * float(own[:, :, mine].mean()) if mine.any() else None
            if row.name != "real" and mine.any():
                rare = _compared(own[:, :, mine], base[:, :, mine], gan, point.config.table.resamples)
                record |= {f"recall_{field}": rare[field] for field in ("difference", "low", "high")}
        if gan:
            record |= _drawn(made, row)
            record["x"] = _true_x(name, record, images["real"])
        return record


def _hits(made):
    """Returns ({row: hits bool (G, C, N)}, labels (N,), {row: a dataset's digest for each G}, {row: images})."""
    found, digests, images, labels = {}, {}, {}, None
    for row, gan_seed, _, cell in made.cells():
        if cell is None:
            continue
        folder = cell.stage().path
        scored = summaries.read_hits(folder)
        split = "test" if "test" in scored else "held_out"
        found.setdefault(row.name, {}).setdefault(gan_seed, []).append(scored[split])
        labels = scored[f"{split}_labels"]
        digests.setdefault(row.name, {})[gan_seed] = cell.dataset.digest
        images.setdefault(row.name, []).append(artefacts.read_json(folder / "result.json")["images"])
    hits = {name: np.array(list(by_seed.values())) for name, by_seed in found.items()}
    # GAN seeds may lack different numbers.
    means = {name: round(float(np.mean(counts))) for name, counts in images.items()}
    return hits, labels, {name: list(found.values()) for name, found in digests.items()}, means


def _gains(own, base, datasets, seeds):
    """Returns {digest of a dataset: {classifier seed: points over the baseline}}; hits as in `comparison`."""
    points = 100 * (own.mean(axis=2) - base.mean(axis=2))
    return {
        dataset: {str(seed): float(gain) for seed, gain in zip(seeds, line, strict=True)}
        for dataset, line in zip(datasets, points, strict=True)
    }


def _true_x(name, record, real):
    """Returns a point's place on the x axis by the images that are there: not all that were asked for may be."""
    if name == "threshold":
        return record["margin"]
    if name == "generated":
        return record["generated"] / real
    if name == "ratio":
        return record["generated"] / (record["images"] - real)
    return record["x"]


def _compared(own, base, gan, resamples):
    compared = comparison.compare(own, base, gan=gan, resamples=resamples, widen=True)
    return {name: compared[name] for name in ("difference", "low", "high", "p")}


def _drawn(made, row):
    """Returns {"acceptance": share of draws, "margin", "confidence": means of the row's images}, over GAN seeds.

    And "generated", the mean number of the row's generated images, and "short", what is missing of them in words.

    The acceptance is the mean of the classes' shares, of the draws that their quotas took: of the classes that accept
    few, more were drawn. Draws that a later run adds to the pool change nothing.
    """
    shares, margins, confidences, generated, short = [], [], [], [], []
    code = rules.VERDICTS.index("fp" if "fp" in row.variant.verdicts else "tp")
    for gave in made.gan_datasets.values():
        # Of a GAN seed that gave no image there is no dataset.
        if gave.gan != row.variant.gan or not (dataset := gave.dataset(row.variant)):
            continue
        # Classes that need no image were not drawn.
        shares += [counts[code] / counts[0] for counts in gave.record()["draws_tp_fp"] if counts[0]]
        names = row.generated_ids(dataset)
        generated.append(len(names))
        if lacking := gave.record().get("short", {}).get(row.variant.name):
            short.append(f"GAN seed {gave.seed}: {cards.shortfall(lacking)}")
        drawn = np.array([examples.parse_name(name) for name in names]).reshape(-1, 2)
        pool = pools.Pool(gave.plan.pool_stages[gave.gan].path)
        for label in np.unique(drawn[:, 0]):
            found = pool.probabilities(label, np.sort(drawn[drawn[:, 0] == label, 1]))
            margins.append(rules.margins(label, found))
            confidences.append(found.max(axis=1))
    found = {"acceptance": float(np.mean(shares)) if shares else None, "margin": None, "confidence": None}
    found |= {"generated": float(np.mean(generated)), "short": "; ".join(short)}
    if margins:
        found |= {"margin": float(np.concatenate(margins).mean())}
        found |= {"confidence": float(np.concatenate(confidences).mean())}
    return found

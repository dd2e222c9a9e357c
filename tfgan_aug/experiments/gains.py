"""What sets of generated images are worth in accuracy, by a workdir's table and sweeps. Makes no file."""

import numpy as np

from tfgan_aug.config import GANS, ExperimentConfig
from tfgan_aug.core import artefacts
from tfgan_aug.experiments import measures, rows


def accuracies_of(workdir, sets):
    """{key of a set: points over real images alone}, from the table and the sweeps of a workdir.

    The mean over classifier seeds, each cell once, of the rows that train on real images and this set alone: neither
    geometric images beside it nor a part of it, nor another training.
    """
    by_dataset = {dataset: record["key"] for record in sets for dataset in record["datasets"]}
    found = {}
    for gains in (_of_table(workdir), _of_sweeps(workdir)):
        for dataset, seed, gain in gains:
            if dataset in by_dataset:
                found.setdefault(by_dataset[dataset], {})[dataset, seed] = gain
    return {key: float(np.mean(list(gains.values()))) for key, gains in found.items()}


def _alone():
    """Returns the names of the rows that use real images and one set of generated ones, as they are."""
    config = ExperimentConfig()
    return {
        row.name
        for row in rows.all_rows(GANS)
        if row.variant.gan and not row.variant.geo and not row.use(config, "the judge's")
    }


def _of_table(workdir):
    """Yields (digest of a dataset, classifier seed, points over row real), a cell at a time."""
    path = workdir / "table.json"
    table = artefacts.read_json(path) if path.exists() else {"rows": []}
    real = {seed: value for row in table["rows"] if row["name"] == "real" for _, seed, value in _cells(workdir, row)}
    alone = _alone()
    for row in table["rows"]:
        if row["name"] in alone:
            yield from (
                (dataset, seed, accuracy - real[seed])
                for dataset, seed, accuracy in _cells(workdir, row)
                if seed in real
            )


def _cells(workdir, row):
    """Yields (digest of the dataset, classifier seed, accuracy in percent) of a row's cells that were scored."""
    for folder in row["cells"]:
        result = artefacts.read_json(workdir / folder / "result.json")
        scores = result.get("test") or result.get("held_out")
        if scores:
            accuracy = 100 * sum(scores["correct"]) / sum(scores["total"])
            yield result["dataset"], result["classifier_seed"], accuracy


def _of_sweeps(workdir):
    """Yields (digest of a dataset, classifier seed, points over real) of the sweeps' points, a cell at a time.

    Of a point of an earlier version, whose cells are not known apart: its difference, with seed None.
    """
    alone = _alone()
    for dataset, _, point in measures.sweep_points(workdir):
        if point.get("row") and point["row"] not in alone:
            continue
        if "gains" in point:
            yield from ((dataset, int(seed), gain) for seed, gain in point["gains"].get(dataset, {}).items())
        elif point.get("difference") is not None and len(point["datasets"]) == 1:
            yield dataset, None, point["difference"]

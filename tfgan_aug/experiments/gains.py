"""What sets of generated images gained: points over real images alone, from tables and sweeps. Makes no file."""

import numpy as np

from tfgan_aug.core import artefacts
from tfgan_aug.experiments import measures


def accuracies_of(workdir, sets):
    """{key of a set: points over real images alone}, from the table and the sweeps of a workdir.

    Of rows that use a dataset as it is; the mean over the GAN seeds' rows where a row has several.
    """
    found, by_name = {}, {}
    for record in sets:
        for dataset in record["datasets"]:
            by_name[dataset] = record["key"]
    for gains in (_of_table(workdir), _of_sweeps(workdir)):
        for dataset, gain in gains:
            if dataset in by_name:
                found.setdefault(by_name[dataset], []).append(gain)
    return {key: float(np.mean(gains)) for key, gains in found.items()}


def _of_table(workdir):
    """Yields (digest of a dataset, points over row real), a GAN seed at a time."""
    path = workdir / "table.json"
    table = artefacts.read_json(path) if path.exists() else {"rows": []}
    real = [_cells(workdir, row["cells"]) for row in table["rows"] if row["name"] == "real"]
    for row in table["rows"] if real else ():
        if row["gan"] and row["plain"]:
            by_dataset = {}
            for dataset, seed, accuracy in _cells(workdir, row["cells"]):
                paired = [value for _, other, value in real[0] if other == seed]
                by_dataset.setdefault(dataset, []).extend(accuracy - value for value in paired)
            yield from ((dataset, float(np.mean(gains))) for dataset, gains in by_dataset.items() if gains)


def _cells(workdir, folders):
    """[(digest of the dataset, classifier seed, accuracy in percent)] of cells."""
    found = []
    for folder in folders:
        result = artefacts.read_json(workdir / folder / "result.json")
        scores = result.get("test") or result["held_out"]
        accuracy = 100 * sum(scores["correct"]) / sum(scores["total"])
        found.append((result["dataset"], result["classifier_seed"], accuracy))
    return found


def _of_sweeps(workdir):
    """Yields (digest of a dataset, points over real) of the sweeps' points."""
    for dataset, _, point in measures.sweep_points(workdir):
        if point.get("difference") is not None:
            yield dataset, point["difference"]

"""The command behind tools.run_sweep: runs a sweep's points as tables of their own, sums up, draws the curve.

Artefacts: `sweeps/<name>/sweep.json`, `sweep.csv` and `sweep.png` in the workdir, written again after every point; a
point's datasets in `sweeps/<name>/<digest>`. GANs, judges and cells are the workdir's, as for the table.
"""

import dataclasses

import numpy as np

from tfgan_aug.experiments import sweep_runs, sweeps, table
from tfgan_aug.experiments.run import Place, open_run


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line says beside the config."""

    sweep: str
    workdir: str
    seeds: str = ""
    gan_seeds: str = ""
    classifier_seeds: str = ""
    gans: str = ""
    strategy: str = "auto"
    dry_run: bool = False
    skip_unreadable: bool = False


def run(config, options):
    """Runs the points that are missing; gives what the user reads. Raises `UserError` for what the user can mend."""
    names = sweeps.parse(options.sweep)
    # The rows are the sweep's: any stands in.
    config, choice = table.choose(
        config, "real", options.seeds, options.gan_seeds, options.classifier_seeds, options.gans
    )
    place = Place(options.workdir, options.strategy, options.skip_unreadable, shared=True)
    with open_run(config, place, read_subset=False) as run:
        source, classes = run.source, len(run.source.class_names)
        if not config.rare_class:
            # Sweep `rare` needs one, the others do without.
            config = sweeps.changed(config, rare_class=source.class_names[0])
        available = int(np.bincount(source.train.labels, minlength=classes).min()) - config.test_per_class
        found = {name: sweeps.points(name, config, available, classes) for name in names}
        job = sweep_runs.SweepRuns(dataclasses.replace(run, config=config), choice)
        # Every point is checked before the first one works.
        for points in found.values():
            for point in points:
                job.run_of(point.config)
        if options.dry_run:
            return "\n".join(sweep_runs.plan(name, points, choice) for name, points in found.items()) + "\n"
        return "\n".join(job.sweep(name, points) for name, points in found.items())

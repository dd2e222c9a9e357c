"""The paper's open questions, a curve each: runs sweeps point by point, and says what they show.

Artefacts: `sweeps/<name>/sweep.json`, `sweep.csv` and `sweep.png` in the workdir, written again after every point.
"""

import csv
import dataclasses
import io

from absl import flags

from tfgan_aug.commands import cli
from tfgan_aug.core.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(cli.CellOptions):
    """What the command line says beside the config."""

    sweep: str


def define_flags():
    cli.define_config()
    flags.DEFINE_string("sweep", "", "generated, ratio, real, stacks, threshold, conditional, rare, budget, or all.")
    cli.define_workdir()
    cli.define_strategy()
    cli.define_seeds_and_gans()
    flags.DEFINE_bool("dry_run", False, "Print the points, and stop.")
    cli.define_source_flags()


def main(config):
    """Measures how one choice changes what generated images are worth: a curve with error bars, as CSV and PNG.

    --sweep: generated (how many), ratio (to geometric ones), real (how many of those), stacks, threshold (how sure the
    judge is), conditional (its loss off and on), rare (one class cut and filled up), budget (how long the GAN trains),
    several, or all. Start it again to go on; GANs and trainings of tools.run_table in the same --workdir are used.
    """
    print(run(config, cli.options(Options)), end="")


def run(config, options):
    """Runs the points that are missing; returns what the user reads. Raises `UserError` for what the user can mend."""
    import numpy as np

    from tfgan_aug.experiments import sweep_runs, sweeps, table
    from tfgan_aug.experiments.run import Place, open_run
    from tfgan_aug.reports import plan_text

    names = sweeps.parse(options.sweep)
    # The rows are the sweep's: any stands in.
    config, choice = table.choose(config, "real", **options.picked)
    with open_run(config, Place(**options.place), read_subset=False) as run:
        source, classes = run.source, len(run.source.class_names)
        if not config.rare_class:
            # Sweep `rare` needs one, the others do without.
            config = sweeps.changed(config, rare_class=source.class_names[0])
        available = int(np.bincount(source.train.labels, minlength=classes).min()) - config.test_per_class
        if available < 1:
            raise UserError(
                f"--config.test_per_class: found {config.test_per_class}, expected fewer: the smallest class has "
                f"{available + config.test_per_class} images"
            )
        found = {name: sweeps.points(name, config, available, classes) for name in names}
        job = sweep_runs.SweepRuns(dataclasses.replace(run, config=config), choice)
        # Every point is checked before the first one works.
        for name, points in found.items():
            job.check(name, points)
        if options.dry_run:
            return "\n".join(plan_text.of_sweep(name, points, choice) for name, points in found.items()) + "\n"
        run.note_images()
        return "\n".join(_sweep(job, name, points) for name, points in found.items())


def _sweep(job, name, points):
    """Runs a sweep and writes its files after every point; returns what the user reads."""
    from tfgan_aug.core import artefacts, workdirs
    from tfgan_aug.experiments import sweep_runs
    from tfgan_aug.reports import charts, sweep_text

    folder = job.folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    for made in job.summaries(name, points):
        lines = io.StringIO()
        writer = csv.DictWriter(lines, sweep_runs.FIELDS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(made["points"])
        with workdirs.lock(folder, "sweep", wait=True):
            artefacts.write_json(folder / "sweep.json", made)
            artefacts.write_text(folder / "sweep.csv", lines.getvalue())
            charts.save_sweep(folder / "sweep.png", made)
    return f"{sweep_text.text(made)}\n\n{folder / 'sweep.csv'}, {folder / 'sweep.png'}\n"

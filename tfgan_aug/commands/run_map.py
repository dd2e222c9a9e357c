"""A map of where generated images help: tables over data sets, images a class and training subsets.

Artefacts: `map/map.json`, `map.csv` and `map.png` in the workdir, written again after every point.
"""

import csv
import dataclasses
import io
import shlex
import sys

from absl import flags

from tfgan_aug.commands import cli, run_table
from tfgan_aug.core.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(cli.CellOptions):
    """What the command line says beside the config."""

    rows: str = ""


def define_flags():
    cli.define_config()
    cli.define_workdir()
    cli.define_strategy()
    flags.DEFINE_string("rows", "", "As in tools.run_table; empty: the config's.")
    cli.define_seeds_and_gans()
    flags.DEFINE_bool("dry_run", False, "Print the points, and stop.")
    cli.define_source_flags()


def main(config):
    """Maps where generated images help: over data sets, images a class and training subsets, each a table of its own.

    --config.map.sources, --config.map.per_class and --config.map.subsets say which; --rows and --seeds as for
    tools.run_table. Start it again to go on. Ends with the heatmap's numbers, as CSV and PNG.
    """
    command = shlex.join(["python", "-m", "tools.run_map", *sys.argv[1:]])
    print(run(config, cli.options(Options), command), end="")


def run(config, options, command=""):
    """Runs the points that are missing; returns what the user reads. Raises `UserError` for what the user can mend."""
    from tfgan_aug.core import fields, workdirs
    from tfgan_aug.experiments import maps, table, tuning
    from tfgan_aug.experiments.run import Place, open_run

    config, choice = table.choose(config, options.rows, **options.picked)
    config = fields.replaced(config, {"source": config.map.sources[0]})
    with open_run(config, Place(**options.place), read_subset=False) as run:
        points, notes = maps.points(run, options.skip_unreadable, options.drop_duplicates)
        tables = [
            table.Table(point.run, choice, run_table.describe(point.run, command), allow_shortfall=True)
            for point in points
        ]
        # Every point is checked before the first one works.
        tried, tuned = set(), []
        for point, made in zip(points, tables, strict=True):
            try:
                made.check(tried)
                tuned.append(tuning.tables(made))
            except UserError as error:
                raise UserError(f"--config.map, {point.words}: {error}") from None
        for note in notes:
            run.progress.note(note)
        if options.dry_run:
            return _plan(points, choice)
        for number, (point, made, own) in enumerate(zip(points, tables, tuned, strict=True), start=1):
            run.progress.note(f"map, point {number} of {len(points)}: {point.words}")
            with workdirs.writable("--workdir", point.run.workdir):
                run_table.work(made, own)
            text = _written(run.workdir / maps.FOLDER, maps.summarise(points))
        return text


def _plan(points, choice):
    """Returns a line for each point, and how many trainings there are at most."""
    generated = sum(bool(row.variant.gan) for row in choice.rows)
    cells = len(choice.rows) - generated + generated * len(choice.gan_seeds)
    count = len(points) * cells * len(choice.classifier_seeds)
    lines = [point.words for point in points]
    return "\n".join([*lines, f"{len(points)} points, up to {count} trainings of classifiers"]) + "\n"


def _written(folder, made):
    """Writes the map's files into a folder; returns what the user reads."""
    from tfgan_aug.core import artefacts, workdirs
    from tfgan_aug.experiments import maps
    from tfgan_aug.reports import charts, map_text

    lines = io.StringIO()
    writer = csv.DictWriter(lines, maps.FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(made["cells"])
    with workdirs.lock(folder, "map", wait=True):
        artefacts.write_json(folder / "map.json", made)
        artefacts.write_text(folder / "map.csv", lines.getvalue())
        charts.save_map(folder / "map.png", made)
    return f"{map_text.text(made)}\n\n{folder / 'map.csv'}, {folder / 'map.png'}\n"

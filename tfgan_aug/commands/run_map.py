"""A map of where generated images help: tables over data sets, images a class and training subsets.

Artefacts: `map/map.json`, `map.csv` and `map.png` in the workdir, written again after every point.
"""

import csv
import dataclasses
import io
import pathlib
import shlex
import sys

from absl import flags

from tfgan_aug.commands import cli, run_table


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line says beside the config."""

    workdir: str
    rows: str = ""
    seeds: str = ""
    gan_seeds: str = ""
    classifier_seeds: str = ""
    gans: str = ""
    strategy: str = "auto"
    dry_run: bool = False
    skip_unreadable: bool = False
    drop_duplicates: bool = False


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
    from tfgan_aug.core import workdirs
    from tfgan_aug.experiments import maps, summaries, table
    from tfgan_aug.experiments.run import Place, open_run

    picked = (options.rows, options.seeds, options.gan_seeds, options.classifier_seeds, options.gans)
    config, choice = table.choose(config, *picked)
    with workdirs.open_workdir("--workdir", options.workdir, shared=True) as workdir:
        planned, notes = maps.points(config, skip_unreadable=options.skip_unreadable, own=(workdir,))
        for note in notes:
            print(note, file=sys.stderr)
        if options.dry_run:
            return _plan(planned, choice)
        for point in planned:
            folder = workdir / maps.FOLDER / point.folder
            place = Place(str(folder), options.strategy, options.skip_unreadable, options.drop_duplicates, shared=True)
            with open_run(point.config, place) as run:
                made = table.Table(run, choice, run_table.describe(run, command), allow_shortfall=True)
                made.check()
                with workdirs.lock(run.workdir, "shared", wait=True):
                    run.write_subset()
                run.note_subset()
                made.begin()
                made.work()
                summaries.summarise(run.workdir)
            text = _written(workdir / maps.FOLDER, maps.summarise(workdir, planned))
        return text


def _plan(planned, choice):
    """Returns a line for each point, and how many trainings there are at most."""
    generated = sum(bool(row.variant.gan) for row in choice.rows)
    cells = len(choice.rows) - generated + generated * len(choice.gan_seeds)
    lines = [f"{point.source}, {point.per_class} images a class, subset {point.subset}" for point in planned]
    count = len(planned) * cells * len(choice.classifier_seeds)
    return "\n".join([*lines, f"{len(planned)} points, up to {count} trainings of classifiers"]) + "\n"


def _written(folder, made):
    """Writes the map's files into a folder; returns what the user reads."""
    from tfgan_aug.core import artefacts
    from tfgan_aug.experiments import maps
    from tfgan_aug.reports import charts, map_text

    artefacts.write_json(folder / "map.json", made)
    lines = io.StringIO()
    writer = csv.DictWriter(lines, maps.FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(made["cells"])
    artefacts.write_text(folder / "map.csv", lines.getvalue())
    charts.save_map(folder / "map.png", made)
    return f"{map_text.text(made)}\n\n{pathlib.Path(folder) / 'map.csv'}, {folder / 'map.png'}\n"


def command():
    """The installed command."""
    cli.run(sys.modules[__name__])

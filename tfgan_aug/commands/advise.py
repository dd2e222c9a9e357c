"""Advice before a dataset is built, by small trials on inner splits. Makes no file of its own."""

import shlex
import sys

from absl import flags

from tfgan_aug.commands import cli, run_table


def define_flags():
    cli.define_config()
    cli.define_workdir()
    cli.define_strategy()
    cli.define_source_flags()


def main(config):
    """Tells which row is worth building, with its doubt, and what more real images would be worth.

    Tries rows with and without generated images on inner splits of the training images, for a few steps; no test image
    is read. After tools.run_table in the same --workdir, also how many real images each row's gain equals.
    """
    values = flags.FLAGS
    command = shlex.join(["python", "-m", "tools.advise", *sys.argv[1:]])
    same = values.strategy, values.skip_unreadable, values.drop_duplicates, values.verify
    print(run(config, values.workdir, *same, command=command), end="")


def run(config, workdir, strategy="auto", skip_unreadable=False, drop_duplicates=False, verify=False, command=""):
    """Returns the advice in words, of a config's training images; advice.json in the workdir holds its numbers.

    With a table.json of the same subset there, also what its rows with generated images are worth. Raises `UserError`
    for what the user can mend.
    """
    from tfgan_aug.core import artefacts
    from tfgan_aug.experiments import advice
    from tfgan_aug.experiments.run import Place, open_run
    from tfgan_aug.reports import advice_text

    with open_run(config, Place(workdir, strategy, skip_unreadable, drop_duplicates, verify)) as run:
        folder, stage = run.workdir, run.subset_stage
        # Every check before the first file.
        trials = advice.Trials.of(run, run_table.describe(run, command))
        run.write_subset()
        run.note_images()
        path = folder / "table.json"
        table = artefacts.read_json(path) if path.exists() else None
        if table and table["subset_digest"] != stage.digest:
            run.progress.note(f"{path} is of another subset: its rows are left out")
            table = None
        made = advice.advise(trials, table)
        said = "\n".join(advice_text.lines(made))
        return f"{said}\n\n{advice_text.curve(made)}\n\n{folder / advice.FILE}\n"

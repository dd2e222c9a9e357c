"""Advice before a GAN is trained, from the learning curve of the classifier. Makes no file of its own."""

from absl import flags

from tfgan_aug.commands import cli


def define_flags():
    cli.define_config()
    cli.define_workdir()
    cli.define_strategy()
    cli.define_source_flags()


def main(config):
    """Tells what more real images and cheap augmentation would be worth, and so what a GAN would have to beat.

    From the learning curve of the config's classifier on inner splits of the training images; no GAN is trained and no
    test image read. After tools.run_table in the same --workdir, also how many real images each row's gain equals.
    """
    values = flags.FLAGS
    print(run(config, values.workdir, values.strategy, values.skip_unreadable, values.drop_duplicates), end="")


def run(config, workdir, strategy="auto", skip_unreadable=False, drop_duplicates=False):
    """Returns the advice in words, of a config's training images; advice.json in the workdir holds its numbers.

    With a table.json of the same subset there, also what its rows with generated images are worth. Raises `UserError`
    for what the user can mend.
    """
    from tfgan_aug.core import artefacts, workdirs
    from tfgan_aug.experiments import advice
    from tfgan_aug.experiments.run import Place, open_run
    from tfgan_aug.reports import advice_text

    with open_run(config, Place(workdir, strategy, skip_unreadable, drop_duplicates, shared=True)) as run:
        folder, stage = run.workdir, run.subset_stage
        # Every check before the first file.
        advice.Trainings(run)
        with workdirs.lock(folder, "shared", wait=True):
            run.write_subset()
        run.note_images()
        path = folder / "table.json"
        table = artefacts.read_json(path) if path.exists() else None
        if table and table["subset_digest"] != stage.digest:
            run.progress.note(f"{path} is of another subset: its rows are left out")
            table = None
        made = advice.advise(run, table)
        said = "\n".join(advice_text.lines(made))
        return f"{said}\n\n{advice_text.curve(made)}\n\n{folder / advice.FILE}\n"

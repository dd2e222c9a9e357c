"""The command behind tools.advise: opens, checks, measures the learning curve, gives the words."""

from tfgan_aug.config import settings
from tfgan_aug.core import artefacts, workdirs
from tfgan_aug.data import sources, subsets
from tfgan_aug.experiments import advice
from tfgan_aug.training import strategies, workers
from tfgan_aug.training.progress import Progress


def run(config, workdir, strategy="auto", skip_unreadable=False):
    """The advice in words, of a config's training images; advice.json in the workdir holds its numbers.

    With a table.json of the same subset there, also what its rows with GAN images are worth. Raises `UserError` for
    what the user can mend.
    """
    settings.check(config)
    strategies.set_up(config.seed)
    progress = Progress()
    with (
        workers.using(strategy) as strategy,
        workdirs.open_workdir("--workdir", workdir, shared=True) as folder,
    ):
        source = sources.open_configured(config, skip_unreadable)
        chosen = subsets.read(source, config)
        stage = subsets.stage(folder, source, chosen)
        # Every check before the first file.
        advice.Trainings(config, folder, chosen, stage, strategy, progress)
        with workdirs.lock(folder, "shared", wait=True):
            if not stage.done:
                subsets.make(stage, source, chosen)
        path = folder / "table.json"
        table = artefacts.read_json(path) if path.exists() else None
        if table and table["subset_digest"] != stage.digest:
            progress.note(f"{path} is of another subset: its rows are left out")
            table = None
        made = advice.advise(config, folder, subsets.load(stage.path), stage, strategy, progress, table)
        return "\n".join(made["words"]) + f"\n\n{folder / advice.FILE}\n"

"""The command behind tools.measure: opens, checks, measures, and sums up."""

from tfgan_aug.config import settings
from tfgan_aug.core import workdirs
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources
from tfgan_aug.evaluation import names
from tfgan_aug.experiments import measures
from tfgan_aug.reports import measure_text
from tfgan_aug.training import strategies, workers
from tfgan_aug.training.progress import Progress

_HEAD = ("frechet_distance", "kernel_distance", "precision", "recall", "density", "coverage")


def run(config, workdir, data_dir="", strategy="auto", skip_unreadable=False):
    """Measures the datasets of a workdir; gives what the user reads. Raises `UserError` for what the user can mend."""
    settings.check(config)
    strategies.set_up(config.seed)
    progress = Progress()
    with (
        workers.using(strategy) as strategy,
        workdirs.open_workdir("--workdir", workdir, shared=True) as folder,
    ):
        roots = [folder, *([data_dir] if data_dir else [])]
        if not measures.datasets_in(roots):
            raise UserError(f"--workdir: found no datasets in {folder}, expected those of tools.build_dataset")
        source = sources.open_configured(config, skip_unreadable)
        # The cards are written by tables, too.
        with workdirs.lock(folder, "summary", wait=True):
            made = measures.measure(config, folder, roots, source, strategy, progress)
        where = f"{folder / measures.FILE}; the cards of the datasets hold the same, class by class"
        return f"{table(made, folder)}\n\n{where}\n"


def table(made, workdir):
    """A Markdown table: a set of generated images a line, by the first network there is, and its copying."""
    network = next(iter(made["sets"][0]["quality"]))
    head = ["images of", "GAN seed", "images", *(names.metric_name(name, network) for name in _HEAD)]
    head += ["near-copies, pixels", "authentic, pixels", "C_T, pixels"]
    rows = [head, ["---"] * len(head)]
    for title, record in zip(measures.titles(made["sets"], workdir), made["sets"], strict=True):
        overall, own = record["quality"][network]["overall"], record["copying"]["pixels"]
        near = next(reversed(own["thresholds"].values()))
        cells = [title, str(record["gan_seed"]), f"{record['images']:,}"]
        cells += [measure_text.number(overall[name]) for name in _HEAD]
        cells += [f"{near['share']:.1%}", f"{own['authenticity']:.1%}", measure_text.number(own["ct"], "+.1f")]
        rows.append(cells)
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if made["reference_note"]:
        lines += ["", f"Compared with the training images, where a copy looks perfect: {made['reference_note']}."]
    return "\n".join(lines)

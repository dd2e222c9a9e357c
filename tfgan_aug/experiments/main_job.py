"""The main job: from a config to TFDS variants, their accuracies and the pictures to look at."""

import dataclasses
import pathlib

from tfgan_aug.config import settings
from tfgan_aug.core import artefacts, workdirs
from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments import building, cells, families, grids, rows
from tfgan_aug.experiments.run import Place, open_run
from tfgan_aug.reports import closing
from tfgan_aug.sampling import rules

# The variants whose accuracy the main job measures; the whole table has a command of its own.
_SCORED = ("real", "geo", "{gan}_tp", "{gan}_tp_geo")


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line says beside the config."""

    workdir: str
    data_dir: str = ""
    variants: str = ""
    strategy: str = "auto"
    overwrite: bool = False
    allow_shortfall: bool = False
    skip_unreadable: bool = False
    beam_options: str = ""


@dataclasses.dataclass(frozen=True)
class Result:
    """`summary` Markdown, `datasets` (`augmented.Dataset`s that are there now), `grids` (paths)."""

    summary: str
    datasets: tuple
    grids: tuple


def build_dataset(config, options):
    """Builds the variants, trains the classifier on those that the table shows, draws the grids; gives a `Result`.

    Raises `UserError` for what the user can mend, before any work where it can be known before.
    """
    settings.check(config)
    variants = building.parse_variants(config, options.variants)
    data_dir = options.data_dir or str(pathlib.Path(options.workdir) / "tensorflow_datasets")
    place = Place(options.workdir, options.strategy, options.skip_unreadable, beam_options=options.beam_options)
    with open_run(config, place) as run, workdirs.writable("--data_dir", data_dir) as data_dir:
        flags = {"overwrite": options.overwrite, "allow_shortfall": options.allow_shortfall}
        job = building.Building(run, variants, data_dir, **flags)
        job.check()
        return _run(job)


def _run(job):
    job.run.note_subset()
    kept = job.build()
    if not kept:
        raise UserError("--variants: every one of them needs more images than the judge let pass; nothing was written")
    subset, grids = job.run.subset, save_grids(job, job.run.workdir / "grids")
    scored = {name.format(gan=gan) for name in _SCORED for gan in job.gans or ("",)}
    table = [_row(job, variant) for variant in kept if variant.name in scored]
    drawn = {gan: job.acceptance(gan) for gan in job.gans}
    dataset = job.datasets[kept[-1].name]
    text = closing.closing(
        table, subset.class_names, drawn, job.leaking, job.source.skipped, job.run.workdir / "grids", dataset
    )
    (job.run.workdir / "summary.md").write_text(text, encoding="utf-8")
    return Result(text, tuple(job.datasets[variant.name] for variant in kept), tuple(grids))


def save_grids(job, folder):
    """Writes the picture grids of a built `building.Building`; gives their paths."""
    subset, config = job.run.subset, job.config
    pools = {gan: job.pool(gan) for gan in job.gans}
    rule = rules.ThresholdRule(config.samples.threshold)
    paths = grids.save_grids(folder, subset, job.geometric_images(), pools, rule)
    for gan in job.gans:
        paths += families.FAMILIES[gan].inspect(job.gan_stages[gan], job.gan_run, folder)
    return paths


def _row(job, variant):
    seed, row = job.config.classifier.seed, rows.plain(variant)
    cell = cells.Cell(row, job.datasets[variant.name], job.config, job.source, job.run.source_digest, seed)
    stage = cell.stage(job.run.workdir)
    if not stage.done:
        cells.make(stage, cell, job.run.strategy, job.progress)
    result = artefacts.read_json(stage.path / "result.json")
    return {**result, "make_minutes": job.minutes(variant), "train_minutes": stage.minutes}

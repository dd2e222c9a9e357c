"""The main job: from a config to TFDS variants, their accuracies and the pictures to look at."""

import dataclasses
import logging
import pathlib

from tfgan_aug.config import settings
from tfgan_aug.core import artefacts, workdirs
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources, subsets
from tfgan_aug.experiments import building, cells, families, grids, rows
from tfgan_aug.reports import closing
from tfgan_aug.sampling import rules
from tfgan_aug.training import strategies, workers

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
    strategies.set_up(config.seed)
    engine = _engine(options.beam_options)
    data_dir = options.data_dir or str(pathlib.Path(options.workdir) / "tensorflow_datasets")
    with (
        workers.using(options.strategy) as strategy,
        workdirs.open_workdir("--workdir", options.workdir) as workdir,
        workdirs.writable("--data_dir", data_dir) as data_dir,
    ):
        source = sources.open_configured(config, options.skip_unreadable)
        subset = subsets.read(source, config)
        flags = {"overwrite": options.overwrite, "allow_shortfall": options.allow_shortfall, "engine": engine}
        job = building.Building(config, workdir, data_dir, strategy, source, subset, variants, **flags)
        job.check()
        return _run(job)


def _engine(beam_options):
    """Returns the `sampling.beam.Runner` of these options, None without; raises `UserError` where Beam is missing."""
    if not beam_options:
        return None
    root, level = logging.getLogger(), logging.getLogger().level
    # Beam warns of cloud libraries that are not there.
    root.setLevel(logging.ERROR)
    try:
        from tfgan_aug.sampling import beam
    except ModuleNotFoundError as error:
        if error.name != "apache_beam":
            raise
        raise UserError("--beam_options: found no apache_beam, expected it: pip install 'tfgan_aug[beam]'") from None
    finally:
        root.setLevel(level)
    return beam.Runner(beam_options)


def _run(job):
    job.note_subset()
    kept = job.build()
    if not kept:
        raise UserError("--variants: every one of them needs more images than the judge let pass; nothing was written")
    subset, grids = job.subset(), save_grids(job, job.workdir / "grids")
    scored = {name.format(gan=gan) for name in _SCORED for gan in job.gans or ("",)}
    table = [_row(job, variant) for variant in kept if variant.name in scored]
    drawn = {gan: job.acceptance(gan) for gan in job.gans}
    dataset = job.datasets[kept[-1].name]
    text = closing.closing(
        table, subset.class_names, drawn, job.leaking, job.source.skipped, job.workdir / "grids", dataset
    )
    (job.workdir / "summary.md").write_text(text, encoding="utf-8")
    return Result(text, tuple(job.datasets[variant.name] for variant in kept), tuple(grids))


def save_grids(job, folder):
    """Writes the picture grids of a built `building.Building`; gives their paths."""
    subset, config = job.subset(), job.config
    pools = {gan: job.pool(gan) for gan in job.gans}
    rule = rules.ThresholdRule(config.samples.threshold)
    paths = grids.save_grids(folder, subset, job.geometric_images(), pools, rule)
    for gan in job.gans:
        paths += families.inspect(gan, job.gan_stages[gan], subset, job.gan_config, folder)
    return paths


def _row(job, variant):
    seed, row = job.config.classifier.seed, rows.plain(variant)
    cell = cells.Cell(row, job.datasets[variant.name], job.config, job.source, job.source.fingerprint(), seed)
    stage = cell.stage(job.workdir)
    if not stage.done:
        cells.make(stage, cell, job.strategy, job.progress)
    result = artefacts.read_json(stage.path / "result.json")
    return {**result, "make_minutes": job.minutes(variant), "train_minutes": stage.minutes}

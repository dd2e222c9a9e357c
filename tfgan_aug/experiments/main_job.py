"""The main job: from a config to TFDS variants, their accuracies and grids of images to look at.

Artefacts: the stages of the workdir, the datasets, and `grids/*.png` in the workdir (see `grids`).
"""

import dataclasses
import pathlib

from tfgan_aug.core import artefacts, fields, workdirs
from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments import cells, drawing, grids, plans, rows, shared_stages, writing
from tfgan_aug.experiments.run import Place, open_run, verify
from tfgan_aug.sampling import saved_models

# The rows whose accuracy the main job measures, a strong cheap one among them; the whole table has its own command.
_SCORED = ("real", "pixel_mix", "{gan}_tp", "{gan}_fresh", "{gan}_both")
# Those that are measured where their variants are asked for by name.
_ASKED = ("geo", "{gan}_tp_geo")


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
    drop_duplicates: bool = False
    verify: bool = False
    beam_options: str = ""


@dataclasses.dataclass(frozen=True)
class Result:
    """What the job gave.

    `datasets`: the `augmented.Dataset`s that are there now; `grids`: paths, all in `grids_folder`; `scores`: dicts with
    `row`, `variant`, `gan` ("" without generated images), `fresh` (whether these are new in every step), `images`,
    `test` and `held_out` (see `cells.counted`; None where there are no such images), `make_minutes` and
    `train_minutes`; `generators`: {GAN: the folder of its exported generator}; `drawn`: {GAN: its `filling.Drawn`};
    `little_variety`: {GAN: the words for the classes of which it draws one picture over and over, or ""}; `faults`:
    lines on what makes verdicts or images worthless, see `drawing.Drawing.faults`;
    `short`: {variant: the images that it lacks, see `cards.shortfall`}; `left_out`: the names of variants that were not
    written; `leaking`: which networks saw more than the subset, in words; `skipped`: the ids of unreadable files.
    """

    workdir: pathlib.Path
    class_names: tuple
    datasets: tuple
    grids: tuple
    scores: tuple
    generators: dict
    drawn: dict
    little_variety: dict
    short: dict
    left_out: tuple
    leaking: str
    skipped: tuple
    faults: tuple = ()

    @property
    def grids_folder(self):
        """The folder of the grids."""
        return self.workdir / "grids"


def build_dataset(config, options):
    """Builds the variants, trains the classifier on those of the table's rows, draws the grids; returns a `Result`.

    Raises `UserError` for what the user can mend, before any work where it can be known before.
    """
    fields.check(config)
    variants = plans.parse_variants(config, options.variants)
    data_dir = options.data_dir or str(pathlib.Path(options.workdir) / "tensorflow_datasets")
    place = Place(
        options.workdir,
        options.strategy,
        options.skip_unreadable,
        options.drop_duplicates,
        options.verify,
        beam_options=options.beam_options,
    )
    with open_run(config, place) as run, workdirs.writable("--data_dir", data_dir) as data_dir:
        if options.verify:
            verify(data_dir)
        plan = plans.Plan(run, variants, data_dir)
        plan.check(options.overwrite, options.allow_shortfall)
        run.write_subset()
        run.note_subset()
        shared_stages.make(plan)
        filled = drawing.Drawing(plan, options.allow_shortfall)
        filled.fill()
        kept = writing.write(filled, options.overwrite)
        if not kept:
            raise UserError(
                "--variants: every one of them needs more images than the judge let pass; nothing was written"
            )
        return Result(
            workdir=run.workdir,
            class_names=run.subset.class_names,
            datasets=tuple(plan.datasets[variant.name] for variant in kept),
            grids=tuple(_save_grids(filled)),
            scores=tuple(_score(filled, row) for row in _rows(plan, kept, _SCORED + _ASKED * bool(options.variants))),
            generators={gan: saved_models.folder(stage.path) for gan, stage in plan.gan_stages.items()},
            drawn={gan: filled.acceptance(gan) for gan in plan.gans},
            little_variety={gan: filled.little_variety(gan) for gan in plan.gans},
            short={variant.name: short for variant in kept if (short := filled.quotas(variant)[1])},
            left_out=tuple(variant.name for variant in variants if variant not in kept),
            leaking=plan.leaking,
            skipped=run.source.skipped,
            faults=tuple(dict.fromkeys(words for gan in plan.gans for words in filled.faults(gan))),
        )


def _save_grids(filled):
    run = filled.plan.run
    with workdirs.lock(run.workdir, "grids", wait=True):
        return grids.save(filled, run.workdir / "grids")


def _rows(plan, kept, scored):
    """Returns the rows to score, those of `scored` in their order whose variant is among `kept`."""
    if not cells.splits(plan.run):
        return []
    names = dict.fromkeys(name.format(gan=gan) for name in scored for gan in plan.gans or ("",))
    by_name = {row.name: row for row in rows.all_rows(plan.gans)}
    found = [by_name[name] for name in names if name in by_name and by_name[name].variant in kept]
    return [row for row in found if not cells.refusal(plan.run, row)]


def _score(filled, row):
    """Returns the result of the cell of a row, trained where it is missing, and the minutes that both took."""
    plan, variant = filled.plan, row.variant
    stages = plan.judge_stage, plan.gan_stages.get(variant.gan)
    cell = cells.Cell(plan.run, row, plan.datasets[variant.name], plan.run.config.classifier.seed, None, *stages)
    stage = cell.stage()
    cells.ensure(stage, cell)
    result = artefacts.read_json(stage.path / "result.json")
    made = {"gan": variant.gan, "fresh": row.fresh == "gan", "make_minutes": filled.minutes(variant)}
    # Earlier tables trained the same cell for a row of another name.
    return {**result, **made, "row": row.name, "train_minutes": stage.minutes}

"""The paper's table, with statistics and controls. Makes cells.json's description; the rest is `experiments`' work."""

import dataclasses
import os
import pathlib
import platform
import shlex
import sys

from absl import flags

from tfgan_aug import __version__
from tfgan_aug.commands import cli
from tfgan_aug.config import GANS
from tfgan_aug.core import artefacts, fields
from tfgan_aug.core.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(cli.CellOptions):
    """What the command line says beside the config."""

    rows: str = ""
    claim: bool = False
    overwrite: bool = False
    allow_shortfall: bool = False


def define_flags():
    cli.define_config()
    cli.define_workdir()
    cli.define_strategy()
    cli.define_allow_shortfall()
    cli.define_source_flags()
    flags.DEFINE_string("rows", "", "paper, controls, options, all, the paper's numbers or names; empty: the config's.")
    cli.define_seeds_and_gans()
    words = "First choose on inner splits of the training images which row with generated images to claim."
    flags.DEFINE_bool("claim", False, words)
    flags.DEFINE_bool("dry_run", False, "Print the plan and an estimate of its time, and stop.")
    flags.DEFINE_bool("overwrite", False, "Go on in a workdir of another config: its old cells do not count.")


def main(config):
    """Measures whether generated images help: rows of training sets, over GAN seeds and classifier seeds.

    Start it again to go on, and once on each GPU to share the work: every cell is made once. Ends with the table, and
    writes what was measured into each dataset's card.
    """
    command = shlex.join(["python", "-m", "tools.run_table", *sys.argv[1:]])
    print(run(config, cli.options(Options), command), end="")


def run(config, options, command=""):
    """Runs the cells that are chosen and missing; returns what the user reads: the table, or with `dry_run` the plan.

    Raises `UserError` for what the user can mend, before any work where it can be known before.
    """
    from tfgan_aug.experiments import estimates, inner, table, tuning
    from tfgan_aug.experiments.run import Place, open_run
    from tfgan_aug.reports import plan_text, table_text

    config, choice = table.choose(config, options.rows, **options.picked)
    if options.dry_run and options.strategy == "multi_worker":
        raise UserError("--dry_run: found --strategy=multi_worker, expected one of this process")
    with open_run(config, Place(**options.place)) as run:
        made = table.Table(run, choice, describe(run, command), options.overwrite, options.allow_shortfall)
        made.check()
        tuned = tuning.tables(made)
        splits = inner.tables_for_claim(made) if options.claim and not made.claimed else ()
        if options.dry_run:
            texts = [plan_text.of_table(estimates.of_table(one)) for one in (made, *splits)]
            return "\nbefore that, an inner split for the claim: ".join(texts)
        text = table_text.text(work(made, tuned, splits))
        closing = (
            f"{run.workdir / 'table.json'}; python -m tools.make_report --workdir={options.workdir} writes the page"
        )
        return f"{text}\n\n{closing}\n"


def work(made, tuned, splits=()):
    """Makes what is missing of a checked `table.Table`; returns its summary, which the datasets' cards tell, too.

    First its rows are tuned by `tuned`, `tuning.tables`. With `splits`, `inner.tables_for_claim`, a row is claimed.
    """
    from tfgan_aug.core import workdirs
    from tfgan_aug.experiments import findings, inner, summaries, tuning

    run = made.run
    run.write_subset()
    run.note_subset()
    made.begin()
    tuning.tune(made, tuned)
    if splits and not made.claimed:
        for number, split in enumerate(splits, start=1):
            run.progress.note(f"to choose what is claimed: inner split {number} of {len(splits)}")
            inner.work([split])
        found = inner.claim(splits, run.config.table.resamples)
        if found["row"]:
            made.claim(found)
        else:
            run.progress.note("nothing is claimed: too few generated images were accepted on the inner splits")
    made.work()
    with workdirs.lock(run.workdir, "summary", wait=True):
        summary = summaries.summarise(run.workdir)
        findings.record(summary, run.workdir)
    return summary


def describe(run, command):
    """Returns how the table is made, for cells.json."""
    import keras
    import tensorflow as tf

    from tfgan_aug.training import strategies

    config, source = run.config, run.source
    # Where a source lies changes nothing.
    values = fields.to_dict(config)
    del values["source_data_dir"]
    same = {name: value for name, value in fields.digest_form(config).items() if name in values}
    named = {name: getattr(source, name) for name in ("name", "version", "spec", "license", "citation")}
    spec = pathlib.PurePath(source.spec.partition(":")[2]).name if source.spec.startswith("folder:") else source.spec
    return {
        "title": f"Do generated images help? {source.name}, {config.train_per_class or 'all'} images a class",
        "source": {**named, "spec": spec},
        "subset_digest": run.subset_stage.digest,
        "classes": list(source.class_names),
        "config": values,
        "config_digest": artefacts.digest(same),
        "command": command,
        "hardware": f"{os.cpu_count()} CPU cores ({platform.machine()}), {strategies.device_names(run.strategy)}",
        "versions": {
            "tfgan_aug": __version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "python": platform.python_version(),
        },
        "steps": config.classifier.steps,
        "protocol": config.table.protocol,
        "leaking": bool(config.leaks(config.gans)),
        "leaks": config.leaks(config.gans),
        "deviations": deviations(config),
    }


def deviations(config):
    """Where this config departs from the paper, in words."""
    paper = {
        "train_per_class": (500, "training images a class"),
        "test_per_class": (100, "held-out images a class"),
        "dcgan.activations": ("dcgan", "activations of the DCGAN"),
        "dcgan.augmentation": ("", "augmentation of what the DCGAN's discriminator sees"),
        "sgan.augmentation": ("", "augmentation of what the Stacked GAN's discriminator sees"),
        "sgan.image_width": (1.0, "width of the Stacked GAN's image networks"),
        "classifier.width": (1.0, "width of the classifier of table 1"),
        "judge.width": (1.0, "width of the judge"),
        "classifier.recipe": ("paper", "training recipe of the classifier"),
    }
    found = []
    for field, (expected, name) in paper.items():
        value, section = fields.text(fields.get(config, field)), field.split(".")[0]
        if value != expected and (section not in GANS or section in config.gans):
            found.append(f"{name}: {value!r} (the paper: {expected!r})")
    found.append("test images: the source's own test split and the held-out images (the paper: 1,000 images alone)")
    found.append("optimisers, learning rates and budgets: ours, where the paper names none")
    return found

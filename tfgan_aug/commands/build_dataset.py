"""The main job: vetted generated images as TFDS datasets, and what they are worth.

Artefact: `summary.md` in the workdir, the text that is printed.
"""

import sys

from absl import flags

from tfgan_aug.commands import cli


def define_flags():
    cli.define_config()
    cli.define_workdir()
    cli.define_strategy()
    cli.define_allow_shortfall()
    cli.define_skip_unreadable()
    flags.DEFINE_string("data_dir", "", "Folder the datasets are written to; empty: tensorflow_datasets in --workdir.")
    flags.DEFINE_string("variants", "", "Comma-separated variants, such as real,geo,dcgan_tp_geo; empty: all.")
    flags.DEFINE_bool("overwrite", False, "Replace datasets of another digest.")
    words = "Options of an Apache Beam runner that draws, judges and writes; empty: this process does."
    flags.DEFINE_string("beam_options", "", words)


def main(config):
    """Trains a GAN on a small labelled image set and writes vetted images of it as TFDS datasets.

    Ends with the accuracy of a classifier with and without them, and the line of Python that loads the data.
    """
    from tfgan_aug.experiments import main_job

    print(run(config, cli.options(main_job.Options)), end="")


def run(config, options):
    """Builds the datasets (see `main_job`); returns what the user reads.

    Raises `UserError` for what the user can mend.
    """
    from tfgan_aug.core import artefacts
    from tfgan_aug.experiments import main_job

    result = main_job.build_dataset(config, options)
    made = text(result)
    artefacts.write_text(result.workdir / "summary.md", made)
    return made


def text(result):
    """Returns what the user reads of a `main_job.Result`."""
    from tfgan_aug.reports import closing

    return closing.closing(result)


def command():
    """The installed command."""
    cli.run(sys.modules[__name__])

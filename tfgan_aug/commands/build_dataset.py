"""The main job: vetted generated images as TFDS datasets. Makes no file of its own."""

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

    print(main_job.build_dataset(config, cli.options(main_job.Options)).summary, end="")


def command():
    """The installed command."""
    cli.run(sys.modules[__name__])

"""The main job: vetted generated images as TFDS datasets, and what they are worth.

Artefact: `summary.md` in the workdir, the text that is printed.
"""

import shlex
import sys

from absl import flags

from tfgan_aug.commands import cli
from tfgan_aug.core import fields

# Flags that other commands do not have.
_OWN = ("data_dir", "variants", "overwrite", "beam_options", "max_copy_share")
_GATE = "samples.max_copy_share"


def define_flags():
    cli.define_config()
    cli.define_workdir()
    cli.define_strategy()
    cli.define_allow_shortfall()
    cli.define_source_flags()
    flags.DEFINE_string("data_dir", "", "Folder the datasets are written to; empty: tensorflow_datasets in --workdir.")
    flags.DEFINE_string("variants", "", "Comma-separated variants, such as real,geo,dcgan_tp_geo; empty: all.")
    flags.DEFINE_bool("overwrite", False, "Replace datasets of another digest.")
    words = "Options of an Apache Beam runner that draws, judges and writes; empty: this process does."
    flags.DEFINE_string("beam_options", "", words)
    words = f"Short for --config.{_GATE}: variants with a larger share of near-copies are not written."
    flags.DEFINE_string("max_copy_share", "", words)


def main(config):
    """Trains a GAN on a small labelled image set and writes vetted images of it as TFDS datasets.

    Ends with the accuracy of a classifier with and without them, and the line of Python that loads the data.
    """
    from tfgan_aug.experiments import main_job

    options, shared = cli.options(main_job.Options), cli.without(sys.argv[1:], *_OWN)
    if gate := flags.FLAGS.max_copy_share:
        config = fields.replaced(config, {})
        fields.set_text(config, _GATE, gate)
        shared.append(f"--config.{_GATE}={gate}")
    print(run(config, options, shared), end="")


def run(config, options, shared=None):
    """Builds the datasets (see `main_job`); returns what the user reads.

    `shared` are the arguments that other commands take, too; by default the workdir. Raises `UserError` for what the
    user can mend.
    """
    from tfgan_aug.core import artefacts, workdirs
    from tfgan_aug.experiments import main_job

    result = main_job.build_dataset(config, options)
    made = text(result, shared)
    with workdirs.lock(result.workdir, "summary.md", wait=True):
        artefacts.write_text(result.workdir / "summary.md", made)
    return made


def text(result, shared=None):
    """Returns what the user reads of a `main_job.Result`; `shared` as in `run`."""
    from tfgan_aug.reports import closing

    return closing.closing(result, shlex.join(shared or [f"--workdir={result.workdir}"]))


def command():
    """The installed command."""
    cli.run(sys.modules[__name__])

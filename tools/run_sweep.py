"""The paper's open questions, a curve each: `python -m tools.run_sweep --sweep=NAME [--config=FILE]`."""

import pathlib

from absl import flags

from tfgan_aug.commands import cli

_OPTIONS = ("sweep", "workdir", "seeds", "gan_seeds", "classifier_seeds", "gans", "strategy")
_SWITCHES = ("dry_run", "skip_unreadable")


def main(config):
    """Measures how one choice changes what generated images are worth: a curve with error bars, as CSV and PNG.

    --sweep: generated (how many), ratio (to geometric ones), real (how many of those), stacks, threshold (how sure the
    judge is), conditional (its loss off and on), rare (one class cut and filled up), budget (how long the GAN trains),
    several, or all. Start it again to go on; GANs and trainings of tools.run_table in the same --workdir are used.
    """
    from tfgan_aug.commands import run_sweep

    options = {name: flags.FLAGS[name].value for name in (*_OPTIONS, *_SWITCHES)}
    print(run_sweep.run(config, run_sweep.Options(**options)), end="")


if __name__ == "__main__":
    cli.define_config(pathlib.Path(__file__).parents[1] / "configs" / "shapes10.py")
    flags.DEFINE_string("sweep", "", "generated, ratio, real, stacks, threshold, conditional, rare, budget, or all.")
    flags.DEFINE_string("workdir", "tfgan_aug_work", "Folder for every stage's artefact; a rerun continues there.")
    cli.define_strategy_flag()
    flags.DEFINE_string("seeds", "", "Seeds of GANs and classifiers alike, such as 0,1; empty: the config's.")
    flags.DEFINE_string("gan_seeds", "", "Seeds of the GANs alone; empty: as --seeds.")
    flags.DEFINE_string("classifier_seeds", "", "Seeds of the classifiers alone; empty: as --seeds.")
    flags.DEFINE_string("gans", "", "Some of dcgan,sgan; empty: the config's.")
    flags.DEFINE_bool("dry_run", False, "Print the points, and stop.")
    flags.DEFINE_bool("skip_unreadable", False, "Leave out images of a folder that do not decode, and list them.")
    cli.run(main)

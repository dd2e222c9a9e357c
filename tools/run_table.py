"""The paper's table, with statistics and controls: `python -m tools.run_table [--config=FILE] [--rows=...]`."""

import pathlib
import shlex
import sys

from absl import flags

from tfgan_aug.commands import cli

_OPTIONS = ("workdir", "rows", "seeds", "gan_seeds", "classifier_seeds", "gans", "strategy")
_SWITCHES = ("dry_run", "overwrite", "allow_shortfall", "skip_unreadable")


def main(config):
    """Measures whether generated images help: rows of training sets, over GAN seeds and classifier seeds.

    Start it again to go on, and once on each GPU to share the work: every cell is made once. Ends with the table, and
    writes what was measured into each dataset's card.
    """
    from tfgan_aug.commands import run_table

    options = run_table.Options(**{name: flags.FLAGS[name].value for name in (*_OPTIONS, *_SWITCHES)})
    print(run_table.run(config, options, shlex.join(["python", "-m", "tools.run_table", *sys.argv[1:]])), end="")


if __name__ == "__main__":
    cli.define_work_flags(pathlib.Path(__file__).parents[1] / "configs" / "shapes10.py")
    flags.DEFINE_string("rows", "", "paper, controls, options, all, the paper's numbers or names; empty: the config's.")
    flags.DEFINE_string("seeds", "", "Seeds of GANs and classifiers alike, such as 0,1; empty: the config's.")
    flags.DEFINE_string("gan_seeds", "", "Seeds of the GANs alone; empty: as --seeds.")
    flags.DEFINE_string("classifier_seeds", "", "Seeds of the classifiers alone; empty: as --seeds.")
    flags.DEFINE_string("gans", "", "Some of dcgan,sgan; empty: the config's.")
    flags.DEFINE_bool("dry_run", False, "Print the plan and an estimate of its time, and stop.")
    flags.DEFINE_bool("overwrite", False, "Go on in a workdir of another config: its old cells do not count.")
    cli.run(main)

"""Advice before a GAN is trained: `python -m tools.advise --config=FILE`."""

import pathlib

from absl import flags

from tfgan_aug.commands import cli


def main(config):
    """Tells what more real images and cheap augmentation would be worth, and so what a GAN would have to beat.

    From the learning curve of the config's classifier on inner splits of the training images; no GAN is trained and no
    test image read. After tools.run_table in the same --workdir, also how many real images each row's gain equals.
    """
    from tfgan_aug.commands import advise

    values = flags.FLAGS
    print(advise.run(config, values.workdir, values.strategy, values.skip_unreadable), end="")


if __name__ == "__main__":
    cli.define_config(pathlib.Path(__file__).parents[1] / "configs" / "shapes10.py")
    flags.DEFINE_string("workdir", "tfgan_aug_work", "Folder for every stage's artefact; a rerun continues there.")
    cli.define_strategy_flag()
    flags.DEFINE_bool("skip_unreadable", False, "Leave out images of a folder that do not decode, and list them.")
    cli.run(main)

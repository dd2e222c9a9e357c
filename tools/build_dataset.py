"""The main job: `python -m tools.build_dataset [--config=FILE] [--config.x.y=VALUE] [--workdir=DIR]`."""

import pathlib

from tfgan_aug.commands import cli

if __name__ == "__main__":
    cli.define_build_dataset_flags(pathlib.Path(__file__).parents[1] / "configs" / "shapes10.py")
    cli.run(cli.build_dataset_main)

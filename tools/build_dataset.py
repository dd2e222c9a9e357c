"""The main job: `python -m tools.build_dataset [--config=FILE] [--config.x.y=VALUE] [--workdir=DIR]`."""

from tfgan_aug.commands import build_dataset, cli

if __name__ == "__main__":
    cli.run(build_dataset)

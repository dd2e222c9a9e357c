"""Advice before a GAN is trained: `python -m tools.advise --config=FILE`."""

from tfgan_aug.commands import advise, cli

if __name__ == "__main__":
    cli.run(advise)

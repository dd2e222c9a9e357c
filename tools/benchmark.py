"""The speed of every stage beside its bound: `python -m tools.benchmark [--config=FILE] [--seconds=S]`."""

import pathlib

from absl import flags

from tfgan_aug.commands import cli


def main(config):
    """Prints images/s of training, drawing, judging, writing and reading on this machine, each beside its bound."""
    from tfgan_aug.benchmarks import data_speed, suite
    from tfgan_aug.config import settings
    from tfgan_aug.training import progress, strategies

    settings.check(config)
    if flags.FLAGS.seconds <= 0:
        raise cli.UserError(f"--seconds: found {flags.FLAGS.seconds}, expected a positive number")
    if flags.FLAGS.strategy == "multi_worker":
        raise cli.UserError(
            "--strategy: found multi_worker, expected auto, one_device or mirrored: it times one machine"
        )
    sizes = [_size(text) for text in flags.FLAGS.growth.split(",") if text.strip()]
    strategy, note = strategies.make_strategy(flags.FLAGS.strategy), progress.Progress().note
    rows, memory = suite.run(config, flags.FLAGS.seconds, strategy, note)
    print(suite.table(rows, memory, data_speed.help_seconds(), list(data_speed.growth(sizes, note))))


def _size(text):
    """A number of tiny images: whole blocks of each class."""
    if not text.strip().isdigit() or not int(text) or int(text) % 5_000:
        raise cli.UserError(f"--growth: found {text.strip()!r}, expected multiples of 5000, with commas between them")
    return int(text)


if __name__ == "__main__":
    cli.define_config(pathlib.Path(__file__).parents[1] / "configs" / "shapes10.py")
    flags.DEFINE_float("seconds", 5.0, "How long each measure repeats.")
    words = "Numbers of tiny images, multiples of 5000, to draw, write and check, each in a process of its own."
    flags.DEFINE_string("growth", "10000,100000", words)
    words = "auto (all GPUs there are, else the CPU), one_device or mirrored."
    flags.DEFINE_string("strategy", "auto", words)
    cli.run(main)

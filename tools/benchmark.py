"""The speed of every stage beside its bound: `python -m tools.benchmark [--config=FILE] [--seconds=S]`."""

import pathlib

from absl import flags

from tfgan_aug import cli


def main(config):
    """Prints images/s of training, drawing, judging, writing and reading on this machine, each beside its bound."""
    from tfgan_aug import benchmark, progress, settings, training

    settings.check(config)
    if flags.FLAGS.seconds <= 0:
        raise cli.UserError(f"--seconds: found {flags.FLAGS.seconds}, expected a positive number")
    if flags.FLAGS.strategy == "multi_worker":
        raise cli.UserError(
            "--strategy: found multi_worker, expected auto, one_device or mirrored: it times one machine"
        )
    strategy = training.make_strategy(flags.FLAGS.strategy)
    rows, memory = benchmark.run(config, flags.FLAGS.seconds, strategy, progress.Progress().note)
    print(benchmark.table(rows, memory))


if __name__ == "__main__":
    cli.define_config(pathlib.Path(__file__).parents[1] / "configs" / "shapes10.py")
    flags.DEFINE_float("seconds", 5.0, "How long each measure repeats.")
    words = "auto (all GPUs there are, else the CPU), one_device or mirrored."
    flags.DEFINE_string("strategy", "auto", words)
    cli.run(main)

"""The speed of every stage beside its bound. Makes no file."""

from absl import flags

from tfgan_aug.commands import cli
from tfgan_aug.core import checks, fields
from tfgan_aug.core.errors import UserError

_MOST_SECONDS = 3600


def define_flags():
    cli.define_config()
    flags.DEFINE_float("seconds", 5.0, "How long each measure repeats.")
    words = "Numbers of tiny images, multiples of 5000, to draw, write and check, each in a process of its own."
    flags.DEFINE_string("growth", "10000,100000", words)
    flags.DEFINE_integer("cells", 0, "Tiny classifiers to train in one process, which must not grow; 0: none.")
    words = "auto (all GPUs there are, else the CPU), one_device or mirrored."
    flags.DEFINE_string("strategy", "auto", words)


def main(config):
    """Prints images/s of training, drawing, judging, writing and reading on this machine, each beside its bound."""
    print(run(config, flags.FLAGS.seconds, flags.FLAGS.growth, flags.FLAGS.strategy, flags.FLAGS.cells))


def run(config, seconds, growth, strategy, cells=0):
    """Returns the table of speeds; raises `UserError` for what the user can mend."""
    from tfgan_aug.benchmarks import cell_memory, data_speed, suite
    from tfgan_aug.training import progress, strategies

    fields.check(config)
    if not 0 < seconds <= _MOST_SECONDS:
        raise UserError(f"--seconds: found {seconds}, expected a number above 0, up to {_MOST_SECONDS}")
    if cells < 0:
        raise UserError(f"--cells: found {cells}, expected 0 or more")
    if strategy == "multi_worker":
        raise UserError("--strategy: found multi_worker, expected auto, one_device or mirrored: it times one machine")
    sizes = [_size(text) for text in growth.split(",") if text.strip()]
    strategy, note = strategies.make_strategy(strategy), progress.Progress().note
    speeds, memory = suite.run(config, seconds, strategy, note)
    table = suite.table(speeds, memory, data_speed.help_seconds(), list(data_speed.growth(sizes, note)))
    if not cells:
        return table
    first, last = cell_memory.measured(cells)
    return (
        f"{table}\n\n{cells} tiny classifiers in one process: {last:.2f} GiB at most, after the first "
        f"{min(cells, cell_memory.FIRST)} {first:.2f} ({last / first - 1:+.0%})."
    )


def _size(text):
    """A number of tiny images: whole blocks of each class."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) in range(5_000, checks.MOST + 1, 5_000)):
        expected = f"multiples of 5000 up to {checks.MOST:,}, with commas between them"
        raise UserError(f"--growth: found {text!r}, expected {expected}")
    return int(text)

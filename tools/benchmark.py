"""The speed of every stage beside its bound: `python -m tools.benchmark [--config=FILE] [--seconds=S]`."""

from tfgan_aug.commands import benchmark, cli

if __name__ == "__main__":
    cli.run(benchmark)

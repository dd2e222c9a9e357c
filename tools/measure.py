"""How good generated images are, and whether they are copies: `python -m tools.measure --config=FILE --workdir=DIR`."""

from tfgan_aug.commands import cli, measure

if __name__ == "__main__":
    cli.run(measure)

"""The report of a table: `python -m tools.make_report --workdir=DIR [--output=NAME]`."""

from tfgan_aug.commands import cli, make_report

if __name__ == "__main__":
    cli.run(make_report)

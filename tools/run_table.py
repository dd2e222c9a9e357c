"""The paper's table, with statistics and controls: `python -m tools.run_table [--config=FILE] [--rows=...]`."""

from tfgan_aug.commands import cli, run_table

if __name__ == "__main__":
    cli.run(run_table)

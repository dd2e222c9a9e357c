"""The paper's open questions, a curve each: `python -m tools.run_sweep --sweep=NAME [--config=FILE]`."""

from tfgan_aug.commands import cli, run_sweep

if __name__ == "__main__":
    cli.run(run_sweep)

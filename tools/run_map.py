"""Where generated images help, a heatmap: `python -m tools.run_map [--config=FILE]`."""

from tfgan_aug.commands import cli, run_map

if __name__ == "__main__":
    cli.run(run_map)

"""Whether datasets and workdirs are as they were written: `python -m tools.verify PATH...`."""

from tfgan_aug.commands import cli, verify

if __name__ == "__main__":
    cli.run(verify)

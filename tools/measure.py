"""How good generated images are, and whether they are copies: `python -m tools.measure --config=FILE --workdir=DIR`."""

import pathlib

from absl import flags

from tfgan_aug.commands import cli


def main(config):
    """Measures the generated images of every dataset in the workdir: quality, class by class, and copying.

    Writes measures.json, pictures of the closest pairs, and a section into each dataset's card; the report shows them.
    The features' network is trained on source images that no GAN saw.
    """
    from tfgan_aug.commands import measure

    values = flags.FLAGS
    print(measure.run(config, values.workdir, values.data_dir, values.strategy, values.skip_unreadable), end="")


if __name__ == "__main__":
    cli.define_config(pathlib.Path(__file__).parents[1] / "configs" / "shapes10.py")
    flags.DEFINE_string("workdir", "tfgan_aug_work", "The workdir of tools.build_dataset or tools.run_table.")
    flags.DEFINE_string("data_dir", "", "Where datasets lie, if outside the workdir.")
    cli.define_strategy_flag()
    flags.DEFINE_bool("skip_unreadable", False, "Leave out images of a folder that do not decode, and list them.")
    cli.run(main)

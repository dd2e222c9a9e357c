"""How good generated images are, and whether they are copies. Makes no file of its own."""

from absl import flags

from tfgan_aug.commands import cli
from tfgan_aug.core.errors import UserError


def define_flags():
    cli.define_config()
    cli.define_workdir("The workdir of tools.build_dataset or tools.run_table.")
    flags.DEFINE_string("data_dir", "", "Where datasets lie, if outside the workdir.")
    cli.define_strategy()
    cli.define_source_flags()


def main(config):
    """Measures the generated images of every dataset in the workdir: quality, class by class, and copying.

    Writes measures.json, images of the closest pairs, and a section into each dataset's card; the report shows them.
    The features' network is trained on source images that no GAN saw.
    """
    values = flags.FLAGS
    print(
        run(
            config,
            values.workdir,
            values.data_dir,
            values.strategy,
            values.skip_unreadable,
            values.drop_duplicates,
            values.verify,
        ),
        end="",
    )


def run(config, workdir, data_dir="", strategy="auto", skip_unreadable=False, drop_duplicates=False, verify=False):
    """Measures the datasets of a workdir; returns what the user reads.

    Raises `UserError` for what the user can mend.
    """
    from tfgan_aug.core import workdirs
    from tfgan_aug.experiments import measures
    from tfgan_aug.experiments.run import Place, open_run
    from tfgan_aug.reports import measure_text

    with open_run(config, Place(workdir, strategy, skip_unreadable, drop_duplicates, verify)) as run:
        roots = [run.workdir, *([data_dir] if data_dir else [])]
        if not measures.datasets_in(roots):
            raise UserError(f"--workdir: found no datasets in {run.workdir}, expected those of tools.build_dataset")
        # The cards are written by tables, too.
        with workdirs.lock(run.workdir, "summary", wait=True):
            made = measures.measure(run, roots)
        where = f"{run.workdir / measures.FILE}; the cards of the datasets hold the same, class by class"
        return f"{measure_text.table(made, run.workdir)}\n\n{where}\n"

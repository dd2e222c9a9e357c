"""The report of a table: `report.html` and `report.md` in its workdir, or where --output says."""

import pathlib
import sys

from absl import flags

from tfgan_aug.commands import cli
from tfgan_aug.core.errors import UserError


def define_flags():
    cli.define_workdir("The workdir of tools.run_table.")
    flags.DEFINE_string("output", "", "The files without their endings; empty: report in the workdir.")


def main():
    """Writes one self-contained HTML file and a Markdown file that say what was done, and what came out of it.

    Reads the workdir of tools.run_table alone, finished or not: cells that are missing are named.
    """
    print(run(flags.FLAGS.workdir, flags.FLAGS.output))


def run(workdir, output=""):
    """Writes the report of `workdir`; returns the closing line. Cells that are missing are named on stderr."""
    from tfgan_aug.core import workdirs
    from tfgan_aug.experiments import summaries
    from tfgan_aug.reports import table_page, table_text

    workdir = pathlib.Path(workdir)
    output = pathlib.Path(output or workdir / "report")
    if not output.name:
        raise UserError(f"--output: found {str(output)!r}, expected the name of a file without its ending")
    made = summaries.summarise(workdir)
    paths = [
        output.with_name(f"{output.name.removesuffix('.html').removesuffix('.md')}{ending}")
        for ending in (".html", ".md")
    ]
    with workdirs.writable("--output", output.parent):
        table_page.write(*paths, made, workdir)
    missing = table_text.unfinished(made)
    for cell in missing[:10]:
        print(f"unfinished: {cell}", file=sys.stderr)
    if len(missing) > 10:
        print(f"unfinished: {len(missing) - 10} more cells", file=sys.stderr)
    return f"{paths[0]} and {paths[1]}: {len(made['rows'])} rows, {len(missing)} unfinished cells"

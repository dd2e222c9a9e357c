"""The report of a table: `report.html` and `report.md` in its workdir, or where --output says."""

import os
import sys

from absl import flags

from tfgan_aug.commands import cli
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import paths

# Bytes: file systems take 255, and the name gets an ending and, while it is written, a beginning.
_LONGEST = 240


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

    workdir = paths.of("--workdir", workdir)
    output = paths.of("--output", output) if output else workdir / "report"
    if not output.name or len(os.fsencode(output.name)) > _LONGEST:
        found, most = paths.shown(output.name or str(output)), f"up to {_LONGEST} bytes"
        raise UserError(f"--output: found {found}, expected the name of a file without its ending, {most}")
    made = summaries.summarise(workdir)
    files = [
        output.with_name(f"{output.name.removesuffix('.html').removesuffix('.md')}{ending}")
        for ending in (".html", ".md")
    ]
    with workdirs.writable("--output", output.parent), workdirs.lock(workdir, "report", wait=True):
        table_page.write(*files, made, workdir)
    missing = table_text.unfinished(made)
    for cell in missing[:10]:
        print(f"unfinished: {cell}", file=sys.stderr)
    if len(missing) > 10:
        print(f"unfinished: {len(missing) - 10} more cells", file=sys.stderr)
    return f"{files[0]} and {files[1]}: {len(made['rows'])} rows, {len(missing)} unfinished cells"

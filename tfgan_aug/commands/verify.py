"""Whether datasets and workdirs are as they were written. Makes no file."""

import sys

from absl import flags

# `cli.run` hands the paths of the command line to `main`.
TAKES_PATHS = True


def define_flags():
    # Options may stand after paths.
    flags.FLAGS.set_gnu_getopt(True)
    flags.DEFINE_bool("full", False, "Draw every generated image of a workdir again, not a sample of them.")


def main(paths):
    """Compares what lies in PATH... (datasets, folders of datasets, workdirs) with what was recorded when it was made.

    Reads every file: checksums, counts, classes, ids, verdicts, no test image in train; in a workdir each dataset
    against its pool and subset, and a sample of the generated images drawn again. Names what differs, and what mends
    it; the exit code is 1 then.
    """
    text, good = run(paths, flags.FLAGS.full)
    print(text, end="")
    sys.exit(0 if good else 1)


def run(paths, full=False):
    """Returns (what the user reads, whether all is well). Raises `UserError` for a path that is nothing of ours."""
    from tfgan_aug.data import paths as named
    from tfgan_aug.experiments import audit
    from tfgan_aug.training.progress import Progress

    made = audit.Audit(full, Progress().note)
    for path in paths:
        made.look(named.of("PATH", path))
    lines = [str(problem) for problem in made.problems]
    counts = ", ".join(f"{count:,} {kind}" for kind, count in sorted(made.counts.items()) if count)
    lines.append(f"{len(made.problems)} problems; as recorded: {counts or 'nothing'}")
    return "\n".join(lines) + "\n", not made.problems

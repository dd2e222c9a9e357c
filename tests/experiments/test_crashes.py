"""The short form of `python -m docs.crashes`: by SIGKILL, SIGTERM and Ctrl-C at writes chosen at random."""

import subprocess
import sys

from jobs import ROOT


def test_the_main_job_ends_as_a_whole_run_does_whatever_it_was_killed_by():
    command = [sys.executable, "-m", "docs.crashes", "build", "--kills=3"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "build: 3 kills at " in done.stdout and done.stdout.endswith("no faults\n")

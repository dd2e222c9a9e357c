"""A worker that is lost ends the job with a line that names it, and the job goes on when all start again."""

import signal
import time

import numpy as np
import pytest
from clusters import output, start, start_two, weights


@pytest.mark.parametrize("killed", [0, 1])
def test_a_killed_worker_ends_the_job_and_a_restart_goes_on(tmp_path, killed):
    two = start_two(tmp_path, 10**6, "dcgan")
    end = time.monotonic() + 120
    while not list((tmp_path / "dcgan").glob("step-*")) and time.monotonic() < end:
        time.sleep(0.05)
    two[killed].send_signal(signal.SIGKILL)
    _, error = two[1 - killed].communicate(timeout=120)
    assert two[1 - killed].returncode == 2
    line = error.strip().splitlines()[-1]
    assert line.startswith("--strategy=multi_worker: another worker is gone")
    assert f"/job:worker/task:{killed}" in line and "start all of them again" in line
    two[killed].communicate()
    (checkpoint,) = (tmp_path / "dcgan").glob("step-*")
    reached = int(checkpoint.name[5:13])
    for process in start_two(tmp_path, reached + 1, "dcgan"):
        output(process)
    alone = tmp_path / "alone"
    output(start("one_device", 1, alone, reached + 1, "dcgan"))
    pairs = list(zip(weights(tmp_path, "dcgan"), weights(alone, "dcgan"), strict=True))
    assert max(np.abs(one - other).max() for one, other in pairs) < 1e-3
    steps = [int(line.partition(",")[0]) for line in (tmp_path / "dcgan.csv").read_text().splitlines()[1:]]
    assert steps == [*range(2, reached + 1, 2), reached + 1]

"""Processes that run worker_job.py alone or as the workers of a cluster, and what they leave."""

import json
import os
import pathlib
import socket
import subprocess
import sys

import numpy as np

TESTS = pathlib.Path(__file__).parent
MODELS = ("classifier", "level")


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("localhost", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def start(strategy, devices, folder, steps, *names, task=None):
    """Starts worker_job.py; `task` is (index, ports) of a worker."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
    if task:
        index, ports = task
        cluster = {"worker": [f"localhost:{port}" for port in ports]}
        environment["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, TESTS / "worker_job.py", strategy, str(devices), folder, str(steps), *names],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_two(folder, steps, *names):
    ports = free_ports(2)
    return [start("multi_worker", 1, folder, steps, *names, task=(index, ports)) for index in (0, 1)]


def output(process):
    """The last line that a process leaves, once it ended well."""
    out, error = process.communicate(timeout=240)
    assert process.returncode == 0, error
    return out.strip()


def weights(folder, name):
    with np.load(folder / f"{name}.npz") as found:
        return [found[key] for key in found.files]


def assert_same(folder, expected, names):
    """To 1e-5 in each weight after five steps of gradient descent, where float32 sums in another order (found: 4e-6);
    learning curves to 1e-4."""
    for name in names:
        pairs = list(zip(weights(folder, name), weights(expected, name), strict=True))
        assert max(np.abs(one - other).max() for one, other in pairs) < 1e-5, name
        curves = [np.loadtxt(path / f"{name}.csv", delimiter=",", skiprows=1) for path in (folder, expected)]
        np.testing.assert_allclose(*curves, atol=1e-4)
        assert curves[0].shape[0] == 3

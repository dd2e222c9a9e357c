"""Clusters of workers: one that is lost, a chief that fails, a TF_CONFIG that makes no sense, workers that are gone."""

import json
import signal
import socket
import time

import numpy as np
import pytest
from clusters import free_ports, output, start, start_two, weights

from tfgan_aug.core.errors import UserError
from tfgan_aug.training import strategies, workers


def kill(folder, killed, name):
    """Kills one of two workers of an endless training once it has left a checkpoint; the other ends by itself."""
    two = start_two(folder, 10**6, name)
    end = time.monotonic() + 120
    while not list((folder / name).glob("step-*")) and time.monotonic() < end:
        time.sleep(0.05)
    two[killed].send_signal(signal.SIGKILL)
    _, error = two[1 - killed].communicate(timeout=120)
    assert two[1 - killed].returncode == 2
    line = error.strip().splitlines()[-1]
    assert line.startswith("--strategy=multi_worker: another worker is gone")
    assert f"/job:worker/task:{killed}" in line and "start all of them again" in line
    two[killed].communicate()


def test_a_lost_worker_ends_the_job(tmp_path):
    kill(tmp_path, 1, "classifier")


def test_a_lost_chief_ends_the_job_and_a_restart_goes_on(tmp_path):
    kill(tmp_path, 0, "dcgan")
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


@pytest.mark.parametrize(
    ("job", "code", "of_chief", "of_other"),
    [
        ("refuse", 2, "--config.x: found 1, expected 2", "the chief ended: --config.x: found 1, expected 2"),
        ("break", 1, "OSError: the disk is full", "another worker is gone (/job:worker/task:0)"),
    ],
)
def test_a_chief_that_fails_ends_the_others(tmp_path, job, code, of_chief, of_other):
    """Before a training it says why; in the middle of one the others see that it is gone."""
    chief, other = start_two(tmp_path, 10**6, job)
    shown = [process.communicate(timeout=120)[1].strip().splitlines()[-1] for process in (chief, other)]
    assert (chief.returncode, other.returncode) == (code, 2)
    assert shown[0] == of_chief and shown[1].startswith(f"--strategy=multi_worker: {of_other}")


# Clusters


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found no TF_CONFIG in the environment, expected one such as"),
        ('{"cluster"', "cannot read TF_CONFIG='{\"cluster\"' .JSONDecodeError"),
        ("[]", "cannot read TF_CONFIG"),
        ('{"cluster": {"worker": ["a:1"]}}', "cannot read TF_CONFIG.*KeyError: 'task'"),
        ('{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}', "names 1 ps, expected worker"),
        ('{"cluster": {"worker": []}, "task": {"type": "worker", "index": 0}}', "names 0 worker, expected"),
        (
            '{"cluster": {"chief": ["a:1", "b:1"]}, "task": {"type": "chief", "index": 0}}',
            "names 2 chief, expected worker",
        ),
        (
            '{"cluster": {"worker": ["a:70000"]}, "task": {"type": "worker", "index": 0}}',
            "'a:70000', expected host:port",
        ),
        ('{"cluster": {"worker": ["a"]}, "task": {"type": "worker", "index": 0}}', "address 'a', expected host:port"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}', "task is worker 1, expected one"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "chief", "index": 0}}', "task is chief 0, expected one"),
    ],
)
def test_tf_config_guards(monkeypatch, text, message):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match=f"^--strategy=multi_worker: .*{message}"), workers.using("multi_worker"):
        pass


def test_read_cluster():
    text = '{"cluster": {"chief": ["a:1"], "worker": ["[::1]:2", "b:3"]}, "task": {"type": "worker", "index": "1"}}'
    assert workers.read_cluster(text) == ({"chief": ["a:1"], "worker": ["[::1]:2", "b:3"]}, "worker", 1)


def test_a_host_that_is_none(monkeypatch):
    text = '{"cluster": {"worker": ["localhost:1", "no.such.host.invalid:2"]}, "task": {"type": "worker", "index": 0}}'
    monkeypatch.setenv("TF_CONFIG", text)
    message = "^--strategy=multi_worker: TF_CONFIG names no.such.host.invalid:2: "
    with pytest.raises(UserError, match=message), workers.using("multi_worker"):
        pass


def test_a_worker_that_does_not_answer(monkeypatch):
    mine, silent = free_ports(2)
    cluster = {"worker": [f"localhost:{mine}", f"localhost:{silent}"]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 0}}))
    monkeypatch.setattr(workers, "START_SECONDS", 1)
    message = f"^--strategy=multi_worker: no answer from localhost:{silent} of TF_CONFIG within 1 s, expected a worker"
    with pytest.raises(UserError, match=message), workers.using("multi_worker"):
        pass


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", {"127.0.0.1", "::1"}),
        ("127.0.0.1", {"127.0.0.1"}),
        ("[::1]", {"::1"}),
        # Whichever interface the peers mean.
        ("worker-1.example", {"::", "0.0.0.0"}),
        ("192.0.2.1", {"::", "0.0.0.0"}),
    ],
)
def test_workers_of_one_machine_wait_on_its_loopback_interface(host, expected):
    (port,) = free_ports(1)
    with workers._listener(f"{host}:{port}", 2) as listener:
        at, own, *_ = listener.getsockname()
        assert at in expected and own == port
        assert at in ("::", "0.0.0.0") or workers._answers(f"{host}:{port}")


def test_an_address_that_is_taken(monkeypatch):
    with socket.create_server(("", 0)) as taken:
        cluster = {"worker": [f"localhost:{taken.getsockname()[1]}", "localhost:1"]}
        monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 0}}))
        message = "^--strategy=multi_worker: cannot listen at own address localhost:.*: .*in use"
        with pytest.raises(UserError, match=message), workers.using("multi_worker"):
            pass


def test_strategies_of_one_process_need_no_cluster(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with workers.using("mirrored") as strategy:
        assert strategy is strategies.make_strategy("mirrored")
    with pytest.raises(UserError, match="^--strategy: found 'tpu'"), workers.using("tpu"):
        pass

"""Training in several processes, on one machine or many: the chief runs the job, the others train with it.

Every process is started with the same command and `--strategy=multi_worker`, and with TensorFlow's own description of
the cluster in the environment variable TF_CONFIG. The chief (the task `chief`, or worker 0) does everything but
the training by itself, and only it writes. The others wait until it trains, take part, and end when it ends.

Artefact, while a training runs: `<checkpoints>/task/`, with the model as it starts (`model.keras`), its arrays
(`array-<n>.npy`) and, written last, `task.json`: all the others need, on a file system that all workers share.
"""

import contextlib
import dataclasses
import functools
import ipaddress
import json
import os
import pathlib
import shutil
import socket
import time

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.training import loop, strategies

_OPTION = "--strategy=multi_worker"
_EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
# How long a worker waits for the others to start, and for a file that the chief has written to be seen.
START_SECONDS, FILE_SECONDS = 300, 60
_MESSAGE_BYTES = 4096
# No path that a chief sends starts so.
_FAILED = "failed: "


class WorkerLost(UserError):
    """Another worker ended while it was needed."""


def read_cluster(text):
    """({task type: addresses}, own task type, own index) of a TF_CONFIG. Raises `UserError` where it makes no sense."""
    if not text:
        raise UserError(f"{_OPTION}: found no TF_CONFIG in the environment, expected one such as {_EXAMPLE}")
    try:
        config = json.loads(text)
        cluster, task = config["cluster"], config["task"]
        kind, index = str(task["type"]), int(task["index"])
        addresses = {name: list(hosts) for name, hosts in cluster.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise UserError(f"{_OPTION}: cannot read TF_CONFIG={text!r} ({reason}), expected such as {_EXAMPLE}") from None
    found = ", ".join(f"{len(hosts)} {name}" for name, hosts in addresses.items())
    if set(addresses) - {"chief", "worker"} or not all(addresses.values()) or len(addresses.get("chief", ())) > 1:
        raise UserError(f"{_OPTION}: TF_CONFIG names {found}, expected worker, and at most one chief")
    for address in (address for hosts in addresses.values() for address in hosts):
        host, _, port = str(address).rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
            raise UserError(f"{_OPTION}: TF_CONFIG has the address {address!r}, expected host:port")
    if kind not in addresses or not 0 <= index < len(addresses[kind]):
        raise UserError(f"{_OPTION}: TF_CONFIG's task is {kind} {index}, expected one of its cluster {addresses}")
    return addresses, kind, index


@contextlib.contextmanager
def using(name):
    """Yields the strategy of this name: a `tf.distribute.Strategy`, or for `multi_worker` a `Chief`.

    In a process that is not the chief the block does not run: it takes part in the chief's trainings, then raises
    `SystemExit`. Raises `UserError` as `strategies.make_strategy`, and for a TF_CONFIG that cannot be used.
    """
    if name != "multi_worker":
        yield strategies.make_strategy(name)
        return
    cluster, kind, index = read_cluster(os.environ.get("TF_CONFIG", ""))
    leads = kind == "chief" or (index == 0 and "chief" not in cluster)
    strategy = _start(cluster, (kind, index), START_SECONDS)
    if not leads:
        _follow(strategy)
        raise SystemExit(0)
    chief = Chief(strategy)
    try:
        yield chief
    except BaseException as error:
        # In the middle of a training the others wait for a step, and end when this process is gone.
        if not chief.training:
            with contextlib.suppress(tf.errors.OpError):
                chief.dismiss(str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}")
        raise
    with _loss_named():
        chief.dismiss()


def _start(cluster, own, seconds):
    """The strategy, once every worker is there; raises `UserError` where one does not answer within `seconds`."""
    peers = [
        address
        for kind, addresses in sorted(cluster.items())
        for index, address in enumerate(addresses)
        if (kind, index) != own
    ]
    for address in peers:
        try:
            socket.getaddrinfo(address.rpartition(":")[0].strip("[]"), None)
        except OSError as error:
            raise UserError(f"{_OPTION}: TF_CONFIG names {address}: {error.strerror or error}") from None
    _meet(cluster[own[0]][own[1]], peers, seconds)
    return tf.distribute.MultiWorkerMirroredStrategy()


def _meet(own, peers, seconds):
    """Waits until all peers answer, and answers them: TensorFlow's own wait has no end and names no peer.

    A peer that answers may wait here too, or be in TensorFlow already, which listens on the same port, and on every
    interface whatever TF_CONFIG says: see SECURITY.md.
    """
    try:
        listener = _listener(own, len(peers) + 1)
    except (OSError, OverflowError) as error:
        raise UserError(f"{_OPTION}: cannot listen at own address {own} of TF_CONFIG: {error}") from None
    with listener:
        end, silent = time.monotonic() + seconds, list(peers)
        while silent := [address for address in silent if not _answers(address)]:
            if time.monotonic() > end:
                where = ", ".join(silent)
                raise UserError(
                    f"{_OPTION}: no answer from {where} of TF_CONFIG within {seconds} s, expected a worker at each"
                )
            time.sleep(0.5)


def _listener(own, backlog):
    """Returns a socket that listens at the port of an address: on the loopback interface where that is its host.

    On all interfaces for any other host: its name may mean another address here than to the peers.
    """
    host, _, port = own.rpartition(":")
    if _is_loopback(host.strip("[]")):
        family, *_, at = min(socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM))
        return socket.create_server(at[:2], family=family, backlog=backlog)
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    return socket.create_server(("", int(port)), family=family, backlog=backlog, dualstack_ipv6=both)


def _is_loopback(host):
    """Whether a host is this machine by its name or number; `/etc/hosts` may call other names so, too."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _answers(address):
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=1):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def _loss_named():
    """Turns the errors by which TensorFlow reports that a worker is gone into a `WorkerLost`."""
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as error:
        lost = sorted({word for word in error.message.replace("\n", " ").split() if word.startswith("/job:")})
        tasks = ", ".join(dict.fromkeys(word.rstrip(".:,").replace("/replica:0", "") for word in lost)) or "unknown"
        raise WorkerLost(
            f"{_OPTION}: another worker is gone ({tasks}); start all of them again, and the job goes on from its last "
            "checkpoint"
        ) from error


class Chief:
    """What a job trains with instead of a strategy: models are built as on one device, and trained by all workers."""

    def __init__(self, strategy):
        self._strategy, self.training = strategy, False

    @property
    def num_replicas_in_sync(self):
        return self._strategy.num_replicas_in_sync

    @property
    def extended(self):
        return self._strategy.extended

    def scope(self):
        """A scope of no strategy: the workers load the finished model."""
        return contextlib.nullcontext()

    def train(self, model, arrays, budget, start, listeners, directory):
        """As `loop.run`, by all workers; `model` follows, and `listeners` look at it. Raises `WorkerLost`."""
        task = pathlib.Path(directory).resolve() / "task"
        shutil.rmtree(task, ignore_errors=True)
        task.mkdir()
        model.save(task / "model.keras")
        places = iter(range(10**6))

        def keep(array):
            place = next(places)
            np.save(task / f"array-{place}.npy", array)
            return place

        structure = tf.nest.map_structure(keep, arrays)
        artefacts.write_json(
            task / "task.json", {"arrays": structure, "budget": dataclasses.asdict(budget), "start": start}
        )
        self.training = True
        with _loss_named():
            _exchange(self._strategy, str(task))
            _take_part(self._strategy, task, listeners, model)
        self.training = False
        shutil.rmtree(task)

    def dismiss(self, reason=""):
        """Lets the others end; with the reason where there is one."""
        _exchange(self._strategy, reason and (_FAILED + reason)[: _MESSAGE_BYTES // 4])


def _follow(strategy):
    """Takes part in every training of the chief until it has no more."""
    strategies.set_up()
    with _loss_named():
        while path := _exchange(strategy, None):
            if path.startswith(_FAILED):
                raise UserError(f"{_OPTION}: the chief ended: {path.removeprefix(_FAILED)}")
            task, end = pathlib.Path(path), time.monotonic() + FILE_SECONDS
            while not (task / "task.json").exists():
                if time.monotonic() > end:
                    raise UserError(
                        f"--workdir: found no {task} here, expected a folder that all workers see under the same path"
                    )
                time.sleep(0.1)
            _take_part(strategy, task)


def _take_part(strategy, task, listeners=None, leader=None):
    """Trains a copy of the task's model with all other workers."""
    described = artefacts.read_json(task / "task.json")
    with strategy.scope():
        model = keras.models.load_model(task / "model.keras")

    def read(node):
        return tuple(map(read, node)) if isinstance(node, list) else np.load(task / f"array-{node}.npy")

    budget = loop.Budget(**described["budget"])
    loop.run(model, read(described["arrays"]), budget, described["start"], listeners, leader)


def _exchange(strategy, text):
    """The chief's text, in every process. The chief passes it; the others pass None and wait for it."""
    message = np.zeros(_MESSAGE_BYTES, np.int32)
    if text is not None:
        coded = np.frombuffer(text.encode(), np.uint8)
        message[: len(coded)] = coded

    found = _sum_over_workers(strategy)(tf.constant(message)).numpy() // len(strategy.extended.worker_devices)
    return bytes(found[found > 0].astype(np.uint8)).decode()


@functools.cache
def _sum_over_workers(strategy):
    def total(values):
        return strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(tf.identity, args=(values,)), axis=None)

    return tf.function(total, autograph=False)

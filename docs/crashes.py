"""Kills commands at random moments of writing, runs them again, and compares what they end with: docs/on_disk.md.

Command: python -m docs.crashes [COMMAND ...] [--kills=100] [--seed=0], in the repository's root. COMMAND: build, table,
measure, sweep, map; all by default. Each is run whole once; then it is killed at one of its writes, chosen at random,
by SIGKILL, SIGTERM and Ctrl-C in turn, and started again until it ends. Exit code 1 where an end differs: datasets byte
for byte, results without their minutes, or where a killed run has left files. Needs `fork`, and some minutes for each
command. Writes into a temporary folder.
"""

import argparse
import contextlib
import functools
import importlib
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import traceback

import numpy as np
from PIL import Image

from tfgan_aug.commands import cli, endings

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
# What a killed run may leave, and the next one must not.
LEFT = ("partial-*", "*.partial", ".incomplete-*", "checkpoints*", "plans-*")
FIELDS = {
    "gans": "dcgan", "image_size": 16, "train_per_class": 6, "test_per_class": 2,
    "judge.recipe": "paper", "judge.width": 0.05, "judge.steps": 4, "judge.checkpoint_steps": 2, "judge.batch_size": 8,
    "classifier.recipe": "paper", "classifier.width": 0.05, "classifier.steps": 4, "classifier.batch_size": 8,
    "classifier.checkpoint_steps": 2, "dcgan.width": 1, "dcgan.epochs": 0, "dcgan.steps": 4, "dcgan.batch_size": 8,
    "dcgan.checkpoint_steps": 2, "samples.per_class": 2, "samples.block_size": 8, "samples.max_draws_per_class": 16,
    "table.resamples": 1000, "metrics.steps": 4, "metrics.width": 0.05, "metrics.batch_size": 8,
    "metrics.train_per_class": 8, "metrics.reference_per_class": 8, "metrics.checkpoint_steps": 2,
    "sweep.real": "4,6", "map.per_class": "4", "map.subsets": "0",
}  # fmt: skip
OPTIONS = {
    "build": ("build_dataset", ["--allow_shortfall", "--variants=real,dcgan_tp"]),
    "table": ("run_table", ["--allow_shortfall", "--rows=real,dcgan_tp", "--seeds=0"]),
    "measure": ("measure", []),
    "sweep": ("run_sweep", ["--sweep=real", "--seeds=0"]),
    "map": ("run_map", ["--rows=real,dcgan_tp", "--seeds=0"]),
}
# Numbers of a result that say when, where and how fast it came about.
_VARYING = ("minutes", "seconds", "hardware", "command", "per_point", "cheapest")


def run(command, workdir, kill_at=0, number=signal.SIGKILL):
    """Runs a command in a child process, killed by the signal `number` at its write `kill_at` (0: never).

    Returns (exit code, or minus the signal; what it said on stderr; how many writes it began).
    """
    module, options = OPTIONS[command]
    source = f"folder:{_images(workdir.parent / 'images')}"
    values = {**FIELDS, "source": source, "map.sources": source}
    arguments = [f"--workdir={workdir}", *options, *(f"--config.{name}={value}" for name, value in values.items())]
    with tempfile.TemporaryDirectory() as place:
        said, count = pathlib.Path(place, "said"), pathlib.Path(place, "count")
        child = os.fork()
        if not child:
            _child(module, arguments, said, count, kill_at, number)
        status = os.waitpid(child, 0)[1]
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        return code, said.read_text(), len(count.read_bytes())


def _images(folder):
    """Returns a folder of three classes of images of 16 x 16, written where it is missing."""
    for name, level in {"dark": 60, "grey": 128, "light": 200}.items():
        for number in range(30):
            path = folder / ("test" if number < 3 else "train") / name / f"{number}.png"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                noise = np.random.default_rng([level, number]).integers(-50, 51, (16, 16, 3))
                Image.fromarray((level + noise).astype(np.uint8)).save(path)
    return folder


def _child(module, arguments, said, count, kill_at, number):
    """Runs the command in this process and ends it. A byte in the file `count` for each write."""
    code, writes = 99, os.open(count, os.O_WRONLY | os.O_CREAT)
    seen = [0]

    def watch(event, details):
        opened = event == "open" and isinstance(details[2], int) and details[2] & (os.O_WRONLY | os.O_RDWR)
        if opened or event in ("os.rename", "os.remove", "os.mkdir", "shutil.rmtree"):
            seen[0] += 1
            os.write(writes, b".")
            if seen[0] == kill_at:
                os.kill(os.getpid(), number)

    stream = open(said, "w", buffering=1)  # noqa: SIM115
    os.dup2(stream.fileno(), 2)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(stream):
        sys.argv = [f"tools/{module}.py", *arguments]
        sys.addaudithook(watch)
        try:
            cli.run(importlib.import_module(f"tfgan_aug.commands.{module}"))
            code = 0
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            traceback.print_exc()
        finally:
            stream.flush()
            # As the interpreter's own end: nothing that it would still do writes files.
            os._exit(code)


def _eagerly(step_function, model, *arguments):
    """As `loop.step_function`, without a graph: of a few steps it takes longer to make than they take."""
    model.run_eagerly = True
    return step_function(model, *arguments)


def ended(workdir):
    """Returns {name: content} of what must be the same after any number of kills."""
    found = {}
    for path in sorted(workdir.rglob("*")):
        name = path.relative_to(workdir).as_posix()
        if path.suffix in (".npz", ".npy") or ".tfrecord-" in path.name or path.name == "provenance.json":
            found[name] = path.read_bytes()
        elif path.suffix == ".json" and path.name not in ("seconds.json", "files.json", "measured.json"):
            found[name] = _steady(json.loads(path.read_text()))
    return found


def _steady(value):
    """Returns a JSON value without what varies from run to run."""
    if isinstance(value, dict):
        return {key: _steady(own) for key, own in value.items() if not any(word in key for word in _VARYING)}
    if isinstance(value, str):
        return re.sub(r"[\d.]+ minutes", "minutes", value)
    return [_steady(own) for own in value] if isinstance(value, list) else value


def left(workdir):
    """Returns the files that a killed run left."""
    return sorted(str(path.relative_to(workdir)) for name in LEFT for path in workdir.rglob(name))


def try_command(command, kills, seed, folder):
    """Kills a command so many times; returns the faults found, in words."""
    chosen, faults, done, ends = random.Random(f"{command}/{seed}"), [], 0, 0
    whole, work = folder / "whole", folder / "work"
    if command == "measure":
        run("table", whole)
    start = folder / "start"
    if whole.exists():
        shutil.copytree(whole, start)
    code, said, writes = run(command, whole)
    if code:
        return [f"{command}: the whole run ended with {code}: {said}"]
    expected = ended(whole)
    while done < kills:
        shutil.rmtree(work, ignore_errors=True)
        if start.exists():
            shutil.copytree(start, work)
        code = None
        while code != 0:
            number = SIGNALS[done % len(SIGNALS)]
            # Most runs are killed again before they end.
            code, said, _ = run(command, work, chosen.randint(1, writes) if done < kills else 0, number)
            if code != 0:
                done += 1
            if code not in (0, -signal.SIGKILL, 128 + number):
                return [*faults, f"{command}, kill {done} ({number.name}): ended with {code}: {said[-2000:]}"]
            lines = said.splitlines()
            if code == 128 + number and (not lines or str(endings.Stopped(number)) not in lines[-1]):
                faults.append(f"{command}, kill {done} ({number.name}): said {lines[-3:]}")
        ends += 1
        found = ended(work)
        differing = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        faults += [f"{command}, end {ends}: other than of a whole run: {name}" for name in differing]
        faults += [f"{command}, end {ends}: left behind: {name}" for name in left(work)]
    print(f"{command}: {done} kills at {writes} writes, {ends} ends compared, {len(faults)} faults", flush=True)
    return faults


def main():
    """Prints a line for each command and one for each fault."""
    parser = argparse.ArgumentParser()
    parser.add_argument("commands", nargs="*", choices=[*OPTIONS, []])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given, faults = parser.parse_args(), []
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Once, for all children; TensorFlow starts its threads with the first operation.
    importlib.import_module("tfgan_aug.experiments.main_job")
    loop = importlib.import_module("tfgan_aug.training.loop")
    loop.step_function = functools.partial(_eagerly, loop.step_function)
    for command in given.commands or OPTIONS:
        with tempfile.TemporaryDirectory() as folder:
            faults += try_command(command, given.kills, given.seed, pathlib.Path(folder))
    print("\n".join(faults) or "no faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

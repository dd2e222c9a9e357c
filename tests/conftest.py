"""Every test runs with two logical CPU devices, so that mistakes of distribution show on a laptop; the command line."""

import functools
import gc
import os
import sys
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest
import tensorflow as tf
from absl import flags

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
# What the imports made stays for ever: the garbage collector need not look through it in every test.
gc.freeze()


@pytest.fixture(autouse=True)
def _seeded():
    """Weights that a test does not seed itself are the same in every run."""
    from tfgan_aug.training import strategies

    strategies.set_up(0)


@pytest.fixture
def command(monkeypatch, tmp_path, capfd):
    """Runs `build_dataset`, or `tool`, with these arguments in this process; returns (exit code, stdout, stderr).

    `main` takes the place of the tool's own.
    """
    from tfgan_aug.commands import build_dataset, cli

    def run(*arguments, main=None, tool=build_dataset):
        # absl's flags are global: fresh ones for each run.
        fresh = flags.FlagValues()
        with monkeypatch.context() as patch:
            patch.setattr(flags, "FLAGS", fresh)
            patch.setattr(sys, "argv", [f"tools/{_name(tool)}.py", *arguments])
            for name in ("DEFINE_string", "DEFINE_bool", "DEFINE_integer", "DEFINE_float"):
                patch.setattr(flags, name, functools.partial(getattr(flags, name), flag_values=fresh))
            capfd.readouterr()
            code = 0
            try:
                cli.run(types.SimpleNamespace(**{**vars(tool), "main": main or tool.main}))
            except SystemExit as stop:
                code = stop.code
        return code, *capfd.readouterr()

    return run


@pytest.fixture
def refused(command, tmp_path):
    """Runs a command that must fail on a mistake; returns its one line. No file but `left` may be left of it.

    With another `tool` than `build_dataset` the arguments are all that it is given.
    """
    from tfgan_aug.commands import build_dataset

    def run(*arguments, workdir=None, left=(), tool=build_dataset):
        before = sorted(tmp_path.rglob("*"))
        workdir = workdir or tmp_path / "new" / "work"
        places = [f"--workdir={workdir}", f"--data_dir={tmp_path / 'new' / 'data'}", "--config.image_size=16"]
        places = places if tool is build_dataset else []
        code, out, err = command(*places, *arguments, tool=tool)
        assert code == 2 and out == "", err
        assert err.startswith(f"{_name(tool)}: ") and err.count("\n") == 1 and err.endswith("\n")
        assert "Traceback" not in err
        after = sorted(path for path in tmp_path.rglob("*") if path not in before)
        # What is left has a lock beside it.
        files = [path for path in after if path.is_file() and path.parent.name != ".locks"]
        assert [path.name for path in files] == list(left)
        assert left or after == []
        return err.removeprefix(f"{_name(tool)}: ").rstrip("\n")

    return run


def _name(tool):
    return tool.__name__.rpartition(".")[2]

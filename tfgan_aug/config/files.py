"""Reads config files: Python files with `get_config()`, which returns an `ExperimentConfig`. Makes no file."""

import pathlib
import runpy
import sys

from tfgan_aug.config.experiment import ExperimentConfig
from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError

_NOW = "write `from tfgan_aug.config import ExperimentConfig`, and `config = ExperimentConfig()` in get_config()"


def load(path: str) -> ExperimentConfig:
    """Returns the config of `path`, a file or file:argument; raises `UserError` where it has none.

    The file may import its neighbours through the name of their folder, such as `configs.cifar10_cpu`.
    """
    file, *argument = path.split(":", 1)
    try:
        with open(file, "rb"):
            pass
    except OSError as error:
        raise UserError(f"--config: cannot read {file}: {error.strerror}; expected a Python file") from None
    folder = str(pathlib.Path(file).resolve().parents[1])
    # At the end: it hides nothing.
    sys.path.append(folder)
    try:
        # Not imported as a module: that would leave bytecode beside it, which may be older than a quick edit.
        config = runpy.run_path(file)["get_config"](*argument)
    except fields.UnknownField as error:
        raise UserError(f"--config: {file} sets {_described(error)}") from None
    except Exception as error:  # whatever the user's file raises
        if isinstance(error, ImportError) and "tfgan_aug" in str(error) and "settings" in str(error):
            raise UserError(f"--config: {file} imports settings of tfgan_aug, which is gone; {_NOW}") from None
        raise UserError(f"--config: {file} failed: {type(error).__name__}: {error}") from None
    finally:
        sys.path.remove(folder)
    if not isinstance(config, ExperimentConfig):
        raise UserError(f"--config: get_config() of {file} returned {config!r}, expected an ExperimentConfig")
    return config


def override(config: ExperimentConfig, name: str, value: str, path: str) -> None:
    """Sets the field with the dotted `name` to the text `value`; `path` is the file that errors name."""
    known = [leaf.name for leaf in fields.leaves(config)]
    if name not in known:
        raise UserError(f"--config.{name}: no such field in {path}{fields.nearest(name, known)}")
    fields.set_text(config, name, value)


def _described(error):
    """The unknown field with its section, and the nearest one there is."""
    default = ExperimentConfig()
    prefix = next((prefix for prefix, part in fields.sections(default) if type(part) is error.kind), "")
    name = f"{prefix}.{error.name}" if prefix else error.name
    known = [leaf.name for leaf in fields.leaves(default)]
    return f"{name!r}: no such field{fields.nearest(name, known)}"

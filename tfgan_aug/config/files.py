"""Reads config files: Python files with `get_config()`, which returns an `ExperimentConfig`. Makes no file."""

import contextlib
import io
import pathlib
import runpy
import sys
from typing import TextIO

from tfgan_aug.config.experiment import ExperimentConfig
from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError

_NOW = "write `from tfgan_aug.config import ExperimentConfig`, and `config = ExperimentConfig()` in get_config()"
_EXPECTED = "expected a Python file"
# Characters of what a file printed before it failed.
_SHOWN = 200


def load(path: str, printed: TextIO | None = None) -> ExperimentConfig:
    """Returns the config of `path`, a file or file:argument; raises `UserError` where it has none.

    The file may import its neighbours through the name of their folder, such as `configs.cifar10_cpu`. What it prints
    goes to `printed`, or is dropped; where it fails, the error says it.
    """
    file, *argument = path.split(":", 1)
    try:
        with open(file, "rb"):
            pass
    except OSError as error:
        raise UserError(f"--config: cannot read {file}: {error.strerror}; {_EXPECTED}") from None
    except ValueError as error:  # a zero byte
        raise UserError(f"--config: found {file!r}: {error}; {_EXPECTED}") from None
    said = io.StringIO()
    try:
        config = _called(file, argument, said)
        if not isinstance(config, ExperimentConfig):
            found = fields.shown(config)
            raise UserError(f"--config: get_config() of {file} returned {found}, expected an ExperimentConfig")
    except UserError as error:
        words = " ".join(said.getvalue().split())
        raise UserError(f"{error}; it printed {words[:_SHOWN]!r}" if words else str(error)) from None
    if printed:
        printed.write(said.getvalue())
    return config


def _called(file, argument, said):
    """Returns what get_config() of the file returns; what it prints goes to `said`."""
    folder = str(pathlib.Path(file).resolve().parent.parent)
    # At the end: it hides nothing.
    sys.path.append(folder)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            # Not imported as a module: that would leave bytecode beside it, which may be older than a quick edit.
            found = runpy.run_path(file)
            if "get_config" not in found:
                raise UserError(f"--config: {file} has no get_config(), expected one that returns an ExperimentConfig")
            return found["get_config"](*argument)
    except UserError:
        raise
    except fields.UnknownField as error:
        raise UserError(f"--config: {file} sets {_described(error)}") from None
    except SystemExit as error:
        raise UserError(f"--config: {file} exits ({fields.shown(error.code)}), expected a config") from None
    except Exception as error:  # whatever the user's file raises
        words = _words(error)
        if isinstance(error, ImportError) and "tfgan_aug" in words and "settings" in words:
            raise UserError(f"--config: {file} imports settings of tfgan_aug, which is gone; {_NOW}") from None
        raise UserError(f"--config: {file} failed: {type(error).__name__}: {words}") from None
    finally:
        with contextlib.suppress(ValueError):  # The file may have taken it away.
            sys.path.remove(folder)


def _words(error):
    """Returns what an error says, whatever its class makes of that."""
    try:
        return str(error)
    except Exception:
        return "an error without words"


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

"""The commands' common part: flags, config files, one-line errors. Imports TensorFlow only once work begins."""

import dataclasses
import difflib
import importlib
import inspect
import os
import pathlib
import runpy
import sys
import tempfile

from absl import flags
from ml_collections import config_dict, config_flags

from tfgan_aug.config import settings
from tfgan_aug.core.errors import UserError

USAGE_ERROR = 2


def define_config():
    """Defines `--config`, a Python file with `get_config()`, and `--config.x.y` for each of its fields."""
    words = "The experiment: a Python file with get_config() (default: the built-in set, shapes10)."
    # Without a default of its own: config_flags would read it, and raise for an unknown field, before `run` can answer.
    config_flags.DEFINE_config_file("config", None, words)
    flags.FLAGS["config"].default_path = settings.__file__


def run(command):
    """Parses sys.argv and runs `command.main(config)`, or `main()` where its `define_flags` defines no config.

    `command` is a module of this package. Exits with 0, or with 2 and one line for a mistake of the user.
    """
    command.define_flags()
    argv = sys.argv
    program = pathlib.Path(argv[0]).stem
    if any(argument in ("--help", "-h", "-help", "--helpfull") for argument in argv[1:]):
        print(_help(command, argv[0]))
        sys.exit(0)
    try:
        config = _parse_config(argv) if "config" in flags.FLAGS else _parse(argv)
        _start_tensorflow()
        command.main(*config)
    except UserError as error:
        print(f"{program}: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(USAGE_ERROR)


def _start_tensorflow():
    """Imports TensorFlow without the lines that its C++ parts print whatever the log level; shown if it fails."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            # Looking for GPUs prints too, where there are none; the run names the devices it takes.
            importlib.import_module("tensorflow").config.list_physical_devices()
        except BaseException:
            hidden.seek(0)
            os.write(stderr, hidden.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _parse(argv, explain=str):
    """Parses flags and gives (); raises `UserError` for an unknown one, a wrong value and what is no flag.

    `explain` makes a line of the error that a wrong value raises.
    """
    try:
        rest = flags.FLAGS(argv)
    except flags.UnrecognizedFlagError as error:
        known = [name for name in flags.FLAGS if len(name) > 1]
        raise UserError(f"--{error.flagname}: no such option{_nearest(error.flagname, known)}; see --help") from None
    except (flags.Error, AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(explain(error)) from None
    if len(rest) > 1:
        raise UserError(f"found {rest[1]!r}, expected only --options; see --help")
    return ()


def _parse_config(argv):
    """Parses flags and gives (the config,)."""
    given = [argument.split("=", 1)[1] for argument in argv if argument.startswith(("--config=", "-config="))]
    path = given[-1] if given else flags.FLAGS["config"].default_path
    fields = _load_fields(path)
    whole = argv if given else [argv[0], f"--config={path}", *argv[1:]]
    _parse(whole, lambda error: _config_mistake(argv, path, fields, error))
    return (flags.FLAGS.config,)


def _load_fields(path):
    """The fields of the config that the file `path` (or path:argument) gives; raises `UserError` where it does not.

    config_flags, which reads it again, reports with tracebacks, or once the config is used, or not at all.
    """
    file, *argument = str(path).split(":", 1)
    try:
        with open(file, "rb"):
            pass
    except OSError as error:
        raise UserError(f"--config: cannot read {file}: {error.strerror}; expected a Python file") from None
    try:
        config = runpy.run_path(file)["get_config"](*argument)
    except Exception as error:  # whatever the user's file raises
        raise UserError(f"--config: {file} failed: {type(error).__name__}: {error}") from None
    if not isinstance(config, config_dict.ConfigDict):
        raise UserError(f"--config: get_config() of {file} gave {config!r}, expected a ConfigDict")
    fields, known = _fields(config), _fields(settings.get_config())
    for name in fields:
        if name not in known:
            raise UserError(f"--config: {file} sets {name!r}: no such field{_nearest(name, known)}")
    for name in known:
        if name not in fields:
            raise UserError(
                f"--config: {file} has no field {name!r}; start from tfgan_aug.config.settings.get_config()"
            )
    return fields


def _config_mistake(argv, path, fields, error):
    """The line for a `--config...` that did not parse: unknown names with the nearest one, types as expected."""
    for argument in argv[1:]:
        option, has_value, value = argument.lstrip("-").partition("=")
        if not option.startswith("config."):
            continue
        name = option.removeprefix("config.")
        if name not in fields:
            return f"--{option}: no such field in {path}{_nearest(name, fields)}"
        expected = type(fields[name]).__name__
        if has_value and expected in ("int", "float", "bool"):
            try:
                {"int": int, "float": float, "bool": _boolean}[expected](value)
            except ValueError:
                return f"--{option}: found {value!r}, expected {expected}"
    return str(error)


def _boolean(text):
    if text.lower() not in ("true", "false", "0", "1"):
        raise ValueError(text)


def _fields(config, prefix=""):
    """{dotted name: value} of every leaf of a config."""
    leaves = {}
    for name in config or ():
        value = config[name]
        if hasattr(value, "items"):
            leaves |= _fields(value, f"{prefix}{name}.")
        else:
            leaves[prefix + name] = value
    return leaves


def _nearest(name, known):
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"; did you mean {close[0]!r}?" if close else ""


def _help(command, program):
    path = pathlib.Path(program)
    usage = f"python -m tools.{path.stem}" if path.suffix == ".py" else path.name
    lines = [inspect.cleandoc(command.main.__doc__), "", f"usage: {usage} [--option=value ...]", ""]
    own = flags.FLAGS.flags_by_module_dict()
    for module in (__name__, command.__name__):
        for flag in own.get(module, ()):
            if "." not in flag.name:
                default = f" (default: {flag.default})" if flag.default and flag.name != "config" else ""
                lines.append(f"  --{flag.name}: {flag.help}{default}")
    if "config" in flags.FLAGS:
        lines.append("  --config.FIELD=VALUE: overrides a field; the fields and their defaults:")
        lines += [f"      {name} = {value!r}" for name, value in _fields(settings.get_config()).items()]
    return "\n".join(lines)


def define_workdir(words="Folder for every stage's artefact; a rerun continues there."):
    flags.DEFINE_string("workdir", "tfgan_aug_work", words)


def define_strategy():
    words = "auto (all GPUs there are, else the CPU), one_device, mirrored, or multi_worker (as TF_CONFIG says)."
    flags.DEFINE_string("strategy", "auto", words)


def define_allow_shortfall():
    flags.DEFINE_bool("allow_shortfall", False, "Write what there is when a class has too few accepted images.")


def define_skip_unreadable():
    flags.DEFINE_bool("skip_unreadable", False, "Leave out images of a folder that do not decode, and list them.")


def define_seeds_and_gans():
    flags.DEFINE_string("seeds", "", "Seeds of GANs and classifiers alike, such as 0,1; empty: the config's.")
    flags.DEFINE_string("gan_seeds", "", "Seeds of the GANs alone; empty: as --seeds.")
    flags.DEFINE_string("classifier_seeds", "", "Seeds of the classifiers alone; empty: as --seeds.")
    flags.DEFINE_string("gans", "", "Some of dcgan,sgan; empty: the config's.")


def options(kind):
    """A dataclass `kind`, each of its fields the value of the flag of that name."""
    return kind(**{field.name: flags.FLAGS[field.name].value for field in dataclasses.fields(kind)})

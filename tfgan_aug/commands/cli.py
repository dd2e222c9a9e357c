"""The commands' common part: flags, the config, one-line errors, --help. Imports TensorFlow only once work begins."""

import dataclasses
import importlib
import inspect
import os
import pathlib
import sys
import tempfile

from absl import flags

from tfgan_aug.config import GANS, ExperimentConfig, files
from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError

USAGE_ERROR = 2


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
        rest, overrides = _split(argv) if "config" in flags.FLAGS else (argv, [])
        _parse(rest)
        config = [_config(overrides)] if "config" in flags.FLAGS else []
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
            tensorflow = importlib.import_module("tensorflow")
            tensorflow.config.list_physical_devices()
            # Every network of a run has graphs of its own: that is no mistake of the user.
            tensorflow.get_logger().addFilter(lambda record: "tf.function retracing" not in record.getMessage())
        except BaseException:
            hidden.seek(0)
            os.write(stderr, hidden.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _split(argv):
    """Returns (the arguments without overrides of the config's fields, [(dotted name, text)] of those)."""
    rest, overrides = [], []
    arguments = iter(argv)
    for argument in arguments:
        name, has_value, value = argument.partition("=")
        if name.startswith(("--config.", "-config.")):
            name = name.lstrip("-").removeprefix("config.")
            value = value if has_value else next(arguments, None)
            if value is None:
                raise UserError(f"--config.{name}: found no value, expected --config.{name}=VALUE")
            overrides.append((name, value))
        else:
            rest.append(argument)
    return rest, overrides


def _parse(argv):
    """Parses flags; raises `UserError` for an unknown one, a wrong value and what is no flag."""
    try:
        rest = flags.FLAGS(argv)
    except flags.UnrecognizedFlagError as error:
        known = [name for name in flags.FLAGS if len(name) > 1]
        nearest = fields.nearest(error.flagname, known)
        raise UserError(f"--{error.flagname}: no such option{nearest}; see --help") from None
    except flags.Error as error:
        raise UserError(str(error)) from None
    if len(rest) > 1:
        raise UserError(f"found {rest[1]!r}, expected only --options; see --help")


def _config(overrides):
    """Returns the config of the file that the flag names, or the built-in one, with the overrides."""
    path = flags.FLAGS.config
    config = files.load(path) if path else ExperimentConfig()
    for name, value in overrides:
        files.override(config, name, value, path or "the built-in config")
    return config


def without(arguments, *names):
    """Returns the arguments of a command line without the flags of these names and their values."""
    kept, arguments = [], iter(arguments)
    for argument in arguments:
        name, has_value, _ = argument.lstrip("-").partition("=")
        if name.removeprefix("no") not in names and name not in names:
            kept.append(argument)
        elif not has_value and not flags.FLAGS[name.removeprefix("no") if name not in names else name].boolean:
            next(arguments, None)
    return kept


def _help(command, program):
    path = pathlib.Path(program)
    usage = f"python -m tools.{path.stem}" if path.suffix == ".py" else path.name
    lines = [inspect.cleandoc(command.main.__doc__), "", f"usage: {usage} [--option=value ...]", ""]
    own = flags.FLAGS.flags_by_module_dict()
    for module in (__name__, command.__name__):
        for flag in own.get(module, ()):
            default = f" (default: {flag.default})" if flag.default else ""
            lines.append(f"  --{flag.name}: {flag.help}{default}")
    if "config" in flags.FLAGS:
        lines.append("  --config.FIELD=VALUE: overrides a field; the fields, their defaults and what they mean:")
        lines += _help_on_fields(ExperimentConfig())
    return "\n".join(lines)


def _help_on_fields(config):
    """Yields the lines on the config's fields, section by section."""
    leaves = list(fields.leaves(config))
    for prefix, section in fields.sections(config):
        yield ""
        yield f"    {inspect.cleandoc(type(section).__doc__).splitlines()[0]}"
        for leaf in leaves:
            if leaf.name.rpartition(".")[0] == prefix:
                choices = f" [{', '.join(map(str, leaf.kind.choices))}]" if leaf.kind.choices else ""
                yield f"      {leaf.name} = {fields.text(leaf.value)!r}{choices}  # {leaf.comment}"


def define_config():
    """Defines `--config`, a Python file with `get_config()`; `run` takes `--config.x.y` for each of its fields."""
    words = "The experiment: a Python file with get_config() (default: the built-in set, characters60)."
    flags.DEFINE_string("config", "", words)


def define_workdir(words="Folder for every stage's artefact; a rerun continues there."):
    flags.DEFINE_string("workdir", "tfgan_aug_work", words)


def define_strategy():
    words = "auto (all GPUs there are, else the CPU), one_device, mirrored, or multi_worker (as TF_CONFIG says)."
    flags.DEFINE_string("strategy", "auto", words)


def define_allow_shortfall():
    flags.DEFINE_bool("allow_shortfall", False, "Write what there is when a class has too few accepted images.")


def define_source_flags():
    words = "Leave out image files that do not decode or that a table names and are missing, and list them."
    flags.DEFINE_bool("skip_unreadable", False, words)
    words = "Leave out images with the same pixels: under two labels all of them, else all but one, a test image first."
    flags.DEFINE_bool("drop_duplicates", False, words)


def define_seeds_and_gans():
    flags.DEFINE_string("seeds", "", "Seeds of GANs and classifiers alike, such as 0,1; empty: the config's.")
    flags.DEFINE_string("gan_seeds", "", "Seeds of the GANs alone; empty: as --seeds.")
    flags.DEFINE_string("classifier_seeds", "", "Seeds of the classifiers alone; empty: as --seeds.")
    flags.DEFINE_string("gans", "", f"Some of {','.join(GANS)}; empty: the config's.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CellOptions:
    """What the command line says beside the config, of a command that trains classifiers over seeds."""

    workdir: str
    seeds: str = ""
    gan_seeds: str = ""
    classifier_seeds: str = ""
    gans: str = ""
    strategy: str = "auto"
    dry_run: bool = False
    skip_unreadable: bool = False
    drop_duplicates: bool = False

    @property
    def picked(self):
        """Those that `table.choose` takes, by name."""
        names = ("seeds", "gan_seeds", "classifier_seeds", "gans")
        return {name: getattr(self, name) for name in names}

    @property
    def place(self):
        """The fields of `run.Place`, by name."""
        names = ("workdir", "strategy", "skip_unreadable", "drop_duplicates")
        return {name: getattr(self, name) for name in names} | {"shared": True}


def options(kind):
    """A dataclass `kind`, each of its fields the value of the flag of that name."""
    return kind(**{field.name: flags.FLAGS[field.name].value for field in dataclasses.fields(kind)})

"""The commands' common part: flags, the config, one-line errors, --help. Imports TensorFlow only once work begins."""

import dataclasses
import importlib
import inspect
import io
import os
import pathlib
import re
import sys
import tempfile

from absl import flags

from tfgan_aug.commands import endings, outlets
from tfgan_aug.config import GANS, ExperimentConfig, files
from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import paths

USAGE_ERROR = 2
# Bytes of an argument: paths have up to 4,096, and ours go on below a workdir.
_LONGEST = 3_500
_TYPES = {"bool": "true or false", "int": "an integer", "float": "a number"}


@outlets.kept
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
        with endings.stoppable():
            _check_names(argv)
            rest, overrides = _split(argv) if "config" in flags.FLAGS else (argv, [])
            named = _parse(rest, _takes_paths(command))
            given = [_config(overrides)] if "config" in flags.FLAGS else [named] * bool(named)
            with endings.held():
                _start_tensorflow()
            command.main(*given)
    except UserError as error:
        _end(program, str(error), USAGE_ERROR)
    except endings.Stopped as stopped:
        _end(program, f"{stopped}{endings.goes_on(_workdir())}", stopped.code)
    except Exception as error:
        if found := endings.no_room(error):
            _end(program, f"{found}{endings.goes_on(_workdir())} once there is room", USAGE_ERROR)
        raise


def _takes_paths(command):
    """Returns whether paths may stand beside the options of a command."""
    return getattr(command, "TAKES_PATHS", False)


def _end(program, words, code):
    """Says one line and exits."""
    print(f"{program}: {outlets.line(words)}", file=sys.stderr)
    sys.exit(code)


def _workdir():
    return flags.FLAGS.workdir if "workdir" in flags.FLAGS else ""


def _start_tensorflow():
    """Imports TensorFlow without the lines that its C++ parts print whatever the log level; shown if it fails."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    stderr = os.dup(2)
    with _hidden() as hidden:
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


def _hidden():
    """Returns a file for what is not shown; without a folder for temporary files, one that keeps nothing."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return open(os.devnull, "w+b")


def _check_names(argv):
    """Raises `UserError` for an argument that no file of ours could hold: no UTF-8, or too long for a path."""
    for argument in argv[1:]:
        option, has_value, value = argument.partition("=")
        named = f"{option}: found " if has_value else "found "
        try:
            length = len(argument.encode())
        except UnicodeEncodeError:
            wrong, expected = paths.fault(argument)
            shown = ascii(value if has_value else argument)
            raise UserError(f"{named}{shown}, which {wrong}, expected {expected}") from None
        if length > _LONGEST:
            raise UserError(f"{named}{length:,} bytes, expected at most {_LONGEST:,}")


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


def _parse(argv, takes_paths=False):
    """Parses flags; returns the paths beside them, [] for commands that take none.

    Raises `UserError` for an unknown flag, a wrong value, and what is no flag or lacks.
    """
    try:
        rest = flags.FLAGS(argv)
    except flags.UnrecognizedFlagError as error:
        known = [name for name in flags.FLAGS if len(name) > 1]
        nearest = fields.nearest(error.flagname, known)
        raise UserError(f"--{error.flagname}: no such option{nearest}; see --help") from None
    except (flags.Error, ValueError) as error:
        raise UserError(_said(str(error))) from None
    if takes_paths and len(rest) == 1:
        raise UserError("found no path, expected one or more; see --help")
    if not takes_paths and len(rest) > 1:
        raise UserError(f"found {rest[1]!r}, expected only --options; see --help")
    return rest[1:]


def _said(message):
    """Returns what absl says of a flag, in our words where it is a value of another type."""
    match = re.match(r"flag --(\w+)=(.*?): ", message, re.DOTALL)
    kind = _TYPES.get(flags.FLAGS[match[1]].flag_type()) if match and match[1] in flags.FLAGS else None
    return f"--{match[1]}: found {match[2]!r}, expected {kind}" if kind else message


def _config(overrides):
    """Returns the config of the file that the flag names, or the built-in one, with the overrides, checked."""
    path = flags.FLAGS.config
    printed = io.StringIO()
    config = files.load(path, printed) if path else ExperimentConfig()
    for name, value in overrides:
        files.override(config, name, value, path or "the built-in config")
    fields.check(config)
    # Stdout is for what comes out of the command.
    sys.stderr.write(printed.getvalue())
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
    usage += " PATH..." * _takes_paths(command)
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
    words = "First compare every file that is there with its checksum, not names and sizes alone."
    flags.DEFINE_bool("verify", False, words)


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
    verify: bool = False

    @property
    def picked(self):
        """Those that `table.choose` takes, by name."""
        names = ("seeds", "gan_seeds", "classifier_seeds", "gans")
        return {name: getattr(self, name) for name in names}

    @property
    def place(self):
        """The fields of `run.Place`, by name."""
        names = ("workdir", "strategy", "skip_unreadable", "drop_duplicates", "verify")
        return {name: getattr(self, name) for name in names}


def options(kind):
    """A dataclass `kind`, each of its fields the value of the flag of that name."""
    return kind(**{field.name: flags.FLAGS[field.name].value for field in dataclasses.fields(kind)})

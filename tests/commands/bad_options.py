"""Command lines, config files and folders to write to that a command must refuse."""

import pathlib
import tempfile

from bad_input import PICTURES, Case, options, pictures

from tfgan_aug.commands import (
    advise,
    benchmark,
    make_report,
    measure,
    run_map,
    run_sweep,
    run_table,
)

NOT_UTF8 = "\udcff"
LONG = "x" * 300


def field(name, value, expected, found=None):
    """The case of a value that a field cannot have."""
    return options(
        f"{name}={value[:20]}",
        f"--config.{name}: found {found or value}, expected {expected}",
        arguments=[f"--config.{name}={value}"],
    )


FIELDS = [
    # Types
    field("seed", "abc", "int", "'abc'"),
    field("seed", "", "int", "''"),
    field("seed", "1.5", "int", "'1.5'"),
    field("train_per_class", "1e3", "int", "'1e3'"),
    field("train_per_class", "ten", "int", "'ten'"),
    field("use_validation", "maybe", "true or false", "'maybe'"),
    field("use_validation", "1", "true or false", "'1'"),
    field("dcgan.balanced", "yes", "true or false", "'yes'"),
    field("pairs.flip", "", "true or false", "''"),
    field("white_level", "bright", "float", "'bright'"),
    field("judge.learning_rate", "fast", "float", "'fast'"),
    field("classifier.weight_decay", "none", "float", "'none'"),
    field("sweep.generated", "a,b", "numbers, 0 or more", "'a,b'"),
    field("table.gan_seeds", "0,x", "distinct seeds", "'0,x'"),
    field("map.per_class", "5,ten", "distinct numbers", "'5,ten'"),
    # Bounds
    field("image_size", "28", "a multiple of 16 from 16 to 128: use 32"),
    field("image_size", "0", "a multiple of 16 from 16 to 128: use 16"),
    field("image_size", "10" * 200, "a multiple of 16 from 16 to 128: use 128", f"{'10' * 100}..."),
    field("channels", "2", "1 or 3"),
    field("white_level", "nan", "a finite number, 0 or more"),
    field("white_level", "-1", "a finite number, 0 or more", "-1.0"),
    field("train_per_class", "-1", "0 (all) or more"),
    field("test_per_class", "-2", "0 or more"),
    field("rare_share", "0", "a number above 0, up to 1", "0.0"),
    field("rare_share", "1.5", "a number above 0, up to 1"),
    field("seed", "-1", "0 to 2**31 - 1"),
    field("seed", "2147483648", "0 to 2**31 - 1"),
    field("geometric.crop_fraction", "1", "a number between 0 and 1", "1.0"),
    field("geometric.transforms", "", "at least one, such as crop", "''"),
    field("judge.width", "-0.5", "a positive number"),
    field("judge.width", "17", "at most 16", "17.0"),
    field("judge.steps", "0", "a positive number"),
    field("judge.members", "0", "1 or more"),
    field("judge.members", "101", "at most 100"),
    field("judge.label_smoothing", "1", "a number from 0 to below 1", "1.0"),
    field("judge.averaging", "nan", "a number from 0 to below 1"),
    field("classifier.learning_rate", "-1", "0 or more", "-1.0"),
    field("classifier.learning_rate", "inf", "0 or more"),
    field("classifier.batch_size", "100000", "at most 65,536"),
    field("classifier.seed", "-3", "0 to 2**31 - 1"),
    field("samples.threshold", "1", "a number from 0 to below 1", "1.0"),
    field("samples.quantile", "0", "a number above 0, up to 1", "0.0"),
    field("samples.margins", "0.5:0", "low:high between -1 and 1, such as 0:0.5", "'0.5:0'"),
    field("samples.margins", "high", "low:high between -1 and 1, such as 0:0.5", "'high'"),
    field("samples.max_draws_per_class", "1000000000", "at most 100,000,000"),
    field("dcgan.latent_dim", "0", "a positive number"),
    field("dcgan.width", "2000", "at most 1,024"),
    field("dcgan.beta_1", "-0.1", "a number from 0 to below 1"),
    field("sgan.dropout", "1", "a number from 0 to below 1", "1.0"),
    field("sgan.encoder.width", "0", "a positive number", "0.0"),
    field("pairs.width", "3", "4 or more"),
    field("pairs.divergence_weight", "-1", "0 or more", "-1.0"),
    field("composer.learning_rate", "11", "at most 10", "11.0"),
    field("coupled.generator_steps", "0", "a positive number"),
    field("table.resamples", "10", "1000 or more"),
    field("table.pretrain_share", "1", "a number between 0 and 1", "1.0"),
    field("table.gan_seeds", "1,1", "distinct seeds", "'1,1'"),
    field("table.classifier_seeds", "", "distinct seeds", "''"),
    field("metrics.pairs", "0", "a positive number"),
    field("sweep.ratio", "", "numbers, 0 or more", "''"),
    field("sweep.margins", "0:0.5,1:0", "low:high between -1 and 1", "'0:0.5,1:0'"),
    field("advice.folds", "1", "2 or more"),
    field("map.sources", "shapes10,shapes10", "one or more, each once", "'shapes10,shapes10'"),
    field("map.per_class", "0,5", "distinct numbers, 1 or more", "'0,5'"),
    # Choices
    field("fit", "zoom", "one of crop, stretch, pad", "'zoom'"),
    field("gans", "", "one or more of dcgan, sgan", "''"),
    field("gans", "dcgan,gan", "one or more of dcgan, sgan", "'dcgan,gan'"),
    field("gans", "dcgan,dcgan", "one or more of dcgan, sgan", "'dcgan,dcgan'"),
    field("judge.recipe", "mine", "one of paper, best, few_images", "'mine'"),
    field("judge.trained_on", "test", "one of subset, source_train", "'test'"),
    field("samples.quota", "all", "one of own, balance", "'all'"),
    field("samples.drop_copies", "pixels,looks", "some of pixels, features", "'pixels,looks'"),
    field("dcgan.conditioning", "no", "one of label, per_class", "'no'"),
    field("dcgan.augmentation", "cut", "some of color, translation, flip", "'cut'"),
    field("sgan.stacks", "4", "1, 2 or 3"),
    field("coupled.upsampling", "bicubic", "one of transposed, resize", "'bicubic'"),
    field("table.protocol", "fair", "one of equal_steps, equal_epochs, tuned", "'fair'"),
    # Found once the source is open
    options(
        "a resize filter that there is not",
        "--config.resize_filter",
        "'lanczo'",
        "nearest: lanczos",
        arguments=[PICTURES, "--config.resize_filter=lanczo"],
    ),
    options(
        "a rare class that there is not",
        "--config.rare_class: found 'sphere'",
        "expected one of ",
        arguments=[PICTURES, "--config.rare_class=sphere"],
    ),
    options(
        "a transform that there is not",
        "--config.geometric.transforms: found 'shear'",
        "expected some of crop",
        arguments=[PICTURES, "--config.geometric.transforms=shear"],
    ),
    options(
        "a builder that there is not",
        "--config.judge.builder: found 'no.such:thing'",
        "package.module:function",
        arguments=[PICTURES, "--config.judge.builder=no.such:thing"],
    ),
    options(
        "a builder without a name",
        "--config.judge.builder: found ':'",
        "package.module:function",
        arguments=[PICTURES, "--config.judge.builder=:"],
    ),
    options(
        "a builder that fails",
        "--config.classifier.builder: math:hypot raised TypeError",
        arguments=[PICTURES, "--config.classifier.builder=math:hypot"],
    ),
]

TOGETHER = [
    options(
        "two budgets",
        "--config.dcgan: found epochs=3 and steps=4",
        "expected one above 0 and the other 0",
        arguments=["--config.dcgan.epochs=3", "--config.dcgan.steps=4"],
    ),
    options(
        "no budget",
        "--config.dcgan: found epochs=0 and steps=0",
        "expected one above 0 and the other 0",
        arguments=["--config.dcgan.epochs=0"],
    ),
    options(
        "margins and a threshold",
        "--config.samples: found margins=0:1 and threshold=0.3",
        "expected one of them",
        arguments=["--config.samples.margins=0:1", "--config.samples.threshold=0.3"],
    ),
    options(
        "per_class and balance",
        "--config.samples: found per_class=5 and quota=balance",
        "expected one of them",
        arguments=["--config.samples.per_class=5", "--config.samples.quota=balance"],
    ),
    options(
        "a crop of no pixel",
        "--config: found geometric.crop_fraction=0.01 and image_size=16",
        "one pixel or more",
        arguments=["--config.geometric.crop_fraction=0.01"],
    ),
    options(
        "saturation in grey",
        "--config: found judge.augmentation with saturation and channels=1",
        "channels=3",
        arguments=["--config.channels=1", "--config.judge.augmentation=flip,saturation"],
    ),
    options(
        "a batch of more images than there are",
        "--config.classifier.batch_size: found 400",
        "expected at most",
        arguments=[PICTURES, "--config.classifier.batch_size=400"],
    ),
    options(
        "more draws than there may be",
        "--config.samples.max_draws_per_class: found 8",
        "expected at least",
        arguments=[
            PICTURES,
            "--config.samples.per_class=9",
            "--config.samples.block_size=4",
            "--config.samples.max_draws_per_class=8",
        ],
    ),
    options(
        "balance where all are equal",
        "--config.samples.quota=balance: found",
        "expected rarer classes",
        arguments=[PICTURES, "--config.samples.quota=balance"],
    ),
    options(
        "more images than a class has",
        "--config.train_per_class=9000",
        "expected at least 9001",
        arguments=[PICTURES, "--config.train_per_class=9000"],
    ),
    options(
        "the last of two values counts",
        "--config.seed: found -2",
        "expected 0 to 2**31 - 1",
        arguments=["--config.seed=1", "--config.seed=-2"],
    ),
]

FLAGS = [
    options("an unknown option", "--work_dir: no such option; did you mean 'workdir'?", arguments=["--work_dir=x"]),
    options("an option of another command", "--rows: no such option", arguments=["--rows=paper"]),
    options(
        "an unknown field", "--config.seeds: no such field in the built-in", "'seed'", arguments=["--config.seeds=1"]
    ),
    options("an unknown field of a section", "--config.dcgan.step: no such field", arguments=["--config.dcgan.step=3"]),
    options("an unknown section", "--config.wgan.steps: no such field", arguments=["--config.wgan.steps=3"]),
    options("a section in place of a field", "--config.dcgan: no such field", arguments=["--config.dcgan=3"]),
    options("a field without a name", "--config.: no such field", arguments=["--config.=3"]),
    options("a field of two dots", "--config..: no such field", arguments=["--config..=3"]),
    options(
        "an override without a value",
        "--config.seed: found no value",
        "--config.seed=VALUE",
        arguments=["--config.seed"],
    ),
    options(
        "an override that takes the next option for its value",
        "--config.seed: found '--overwrite'",
        "expected int",
        arguments=["--config.seed", "--overwrite"],
    ),
    options("an override with one dash", "--config.seed: found -1", arguments=["-config.seed=-1"]),
    options("no option", "found 'shapes10', expected only --options", arguments=["shapes10"]),
    options("no option after the end of options", "found 'x', expected only --options", arguments=["--", "x"]),
    options(
        "a switch that is no switch",
        "--overwrite: found 'maybe', expected true or false",
        arguments=["--overwrite=maybe"],
    ),
    options("a switch without a word", "--overwrite: found '', expected true or false", arguments=["--overwrite="]),
    options("a denied switch with a value", "--nooverwrite=1", "argument", arguments=["--nooverwrite=1"]),
    options("an option without its value", "Missing value for flag --workdir", arguments=["--workdir"]),
    options("a file of flags that is not there", "flagfile", "{path}/none", arguments=["--flagfile={path}/none"]),
    options(
        "an argument that is not UTF-8",
        "--variants: found '\\udcff'",
        "is not UTF-8",
        arguments=["--variants=" + NOT_UTF8],
    ),
    options("an option whose name is not UTF-8", "found '--\\udcff", "is not UTF-8", arguments=["--" + NOT_UTF8]),
    options(
        "an argument of a megabyte",
        "--variants: found 1,000,011 bytes, expected at most 3,500",
        arguments=["--variants=" + "x" * 1_000_000],
    ),
    options(
        "an unknown variant",
        "--variants: found 'dcgan_pt'",
        "expected some of real, geo",
        arguments=["--config.gans=dcgan", "--variants=real,dcgan_pt"],
    ),
    options(
        "a variant in capitals", "--variants: found 'REAL'", "expected some of real", arguments=["--variants=REAL"]
    ),
    options(
        "a variant of a GAN that is not trained",
        "--variants: found 'sgan_tp'",
        "--config.gans=dcgan lacks",
        arguments=["--config.gans=dcgan", "--variants=sgan_tp"],
    ),
    options("no variant", "--variants: found ','", "expected some of real", arguments=["--variants=,"]),
    options("an unknown strategy", "--strategy: found 'both', expected one of auto", arguments=["--strategy=both"]),
    options("an empty strategy", "--strategy: found '', expected one of auto", arguments=["--strategy="]),
    options(
        "workers without a cluster",
        "--strategy=multi_worker: found no TF_CONFIG",
        arguments=["--strategy=multi_worker"],
    ),
    options(
        "words in place of Beam's options",
        "--beam_options: found 'fast'",
        "expected --option=value",
        arguments=["--beam_options=fast"],
    ),
    options(
        "an unknown row", "--rows: found 'best', expected some of paper", arguments=["--rows=best"], tool=run_table
    ),
    options(
        "a row beyond the paper's",
        "--rows: found '15', expected some of paper",
        arguments=["--rows=15"],
        tool=run_table,
    ),
    options("no row", "--rows: found ',', expected rows", arguments=["--rows=,"], tool=run_table),
    options(
        "a row of a GAN that is not trained",
        "--rows: found 'sgan_tp'",
        "--config.gans=dcgan lacks",
        arguments=["--config.gans=dcgan", "--rows=sgan_tp"],
        tool=run_table,
    ),
    options(
        "a row of the config that there is not",
        "--config.table.rows: found 'x'",
        arguments=["--config.table.rows=x"],
        tool=run_table,
    ),
    options(
        "seeds that are words", "--seeds: found 'a'", "expected distinct seeds", arguments=["--seeds=a"], tool=run_table
    ),
    options(
        "seeds below 0", "--seeds: found '-1'", "expected distinct seeds", arguments=["--seeds=-1"], tool=run_table
    ),
    options(
        "seeds that repeat",
        "--gan_seeds: found '0,0'",
        "expected distinct seeds",
        arguments=["--gan_seeds=0,0"],
        tool=run_table,
    ),
    options(
        "seeds with a fraction",
        "--classifier_seeds: found '0.5'",
        "expected distinct seeds",
        arguments=["--classifier_seeds=0.5"],
        tool=run_table,
    ),
    options(
        "seeds of commas", "--seeds: found ','", "expected distinct seeds", arguments=["--seeds=,"], tool=run_table
    ),
    options("a seed beyond 2**31", "--seeds: found '2147483648'", arguments=["--seeds=2147483648"], tool=run_table),
    options(
        "an unknown GAN",
        "--gans: found 'wgan'",
        "expected one or more of dcgan",
        arguments=["--gans=wgan"],
        tool=run_table,
    ),
    options(
        "GANs of commas", "--gans: found ','", "expected one or more of dcgan", arguments=["--gans=,"], tool=run_table
    ),
    options(
        "GANs that repeat",
        "gans: found 'dcgan,dcgan'",
        "expected one or more of dcgan",
        arguments=["--gans=dcgan,dcgan"],
        tool=run_table,
    ),
    options(
        "a plan of several processes",
        "--dry_run: found --strategy=multi_worker",
        arguments=["--dry_run", "--strategy=multi_worker"],
        tool=run_table,
    ),
    options(
        "too few resamples",
        "--config.table.resamples: found 10",
        arguments=["--config.table.resamples=10"],
        tool=run_table,
    ),
    options("no sweep", "--sweep: found '', expected some of generated", arguments=[], tool=run_sweep),
    options(
        "an unknown sweep",
        "--sweep: found 'all,none', expected some of",
        arguments=["--sweep=all,none"],
        tool=run_sweep,
    ),
    options(
        "a sweep of seeds that are words",
        "--gan_seeds: found 'x'",
        arguments=["--sweep=ratio", "--gan_seeds=x"],
        tool=run_sweep,
    ),
    options(
        "shares above 1",
        "--config.advice.shares: found '0.5,2'",
        "expected two or more above 0, up to 1",
        arguments=[PICTURES, "--config.advice.shares=0.5,2", "--workdir={path}/w"],
        tool=advise,
    ),
    options("a map of unknown rows", "--rows: found 'best'", arguments=["--rows=best"], tool=run_map),
    options(
        "a map of an unknown set",
        "--config.source: no data set is called 'none'",
        arguments=["--config.map.sources=none", "--config.source_data_dir={path}", "--workdir={path}/w"],
        tool=run_map,
    ),
    options(
        "seconds that are words",
        "--seconds: found 'long', expected a number",
        arguments=["--seconds=long"],
        tool=benchmark,
    ),
    options(
        "seconds that are none",
        "--seconds: found nan, expected a number above 0",
        arguments=["--seconds=nan"],
        tool=benchmark,
    ),
    options("no seconds", "--seconds: found 0.0, expected a number above 0", arguments=["--seconds=0"], tool=benchmark),
    options("cells below 0", "--cells: found -1, expected 0 or more", arguments=["--cells=-1"], tool=benchmark),
    options(
        "cells with a fraction", "--cells: found '1.5', expected an integer", arguments=["--cells=1.5"], tool=benchmark
    ),
    options(
        "growth that is no multiple",
        "--growth: found '123', expected multiples of 5000",
        arguments=["--growth=123"],
        tool=benchmark,
    ),
    options(
        "growth of other digits",
        "--growth: found",
        "expected multiples of 5000",
        arguments=["--growth=\u0661"],
        tool=benchmark,
    ),
    options(
        "a report of no workdir",
        "--workdir: found no cells.json in {path}/none",
        arguments=["--workdir={path}/none"],
        tool=make_report,
    ),
    options(
        "a report of a missing user's workdir",
        "--workdir: cannot read ~nobody_here",
        arguments=["--workdir=~nobody_here"],
        tool=make_report,
    ),
    options(
        "a report without a name",
        "--output: found /, expected the name of a file",
        arguments=["--output=/"],
        tool=make_report,
    ),
    options(
        "a report of a long name",
        "--output: found yyy",
        "up to 240 bytes",
        arguments=["--output={path}/" + "y" * 250],
        tool=make_report,
    ),
    options(
        "a report of a name no file can have",
        "--output: cannot read",
        "File name too long",
        arguments=["--output={path}/" + LONG],
        tool=make_report,
    ),
    options(
        "nothing to measure",
        "--workdir: found no datasets in {path}/w",
        arguments=[PICTURES, "--workdir={path}/w"],
        tool=measure,
    ),
]


# Folders to write to


def _file(place):
    (place.path / "file").write_text("mine")
    return [f"--workdir={place.path / 'file'}"]


def _below_a_file(place):
    (place.path / "file").write_text("mine")
    return [f"--workdir={place.path / 'file' / 'work'}"]


def _data_dir_below_a_file(place):
    (place.path / "file").write_text("mine")
    return [*pictures(place), f"--data_dir={place.path / 'file' / 'data'}"]


def _read_only(place):
    opened = tempfile.TemporaryFile

    def closed(*arguments, dir=None, **options):
        if dir is not None:
            raise OSError(30, "Read-only file system")
        return opened(*arguments, **options)

    place.patch.setattr(tempfile, "TemporaryFile", closed)
    (place.path / "work").mkdir()
    return [f"--workdir={place.path / 'work'}"]


def _home(place):
    """A home that is not there: the default workdir of many notebooks is below it."""
    place.patch.setenv("HOME", "/proc/no_home")
    return ["--workdir=~/work"]


def _in_the_source(place):
    return [*pictures(place), f"--workdir={place.path / 'pictures'}"]


def _own_dataset(place):
    there = place.path / "data" / "pictures_gan_aug" / "dcgan_tp" / "1.0.0"
    there.mkdir(parents=True)
    (there / "mine.txt").write_text("mine")
    return [*pictures(place), f"--data_dir={place.path / 'data'}"]


PLACES = [
    options("a workdir without a name", "--workdir: found no name, expected a folder", arguments=["--workdir="]),
    options("a workdir with a zero byte", "--workdir: cannot write to a\\x00b", arguments=["--workdir=a\0b"]),
    options(
        "a missing user's workdir", "--workdir: cannot write to ~nobody_here/w", arguments=["--workdir=~nobody_here/w"]
    ),
    options(
        "a workdir that is not UTF-8", "--workdir: found", "is not UTF-8", arguments=["--workdir={path}/" + NOT_UTF8]
    ),
    options(
        "a workdir of a long name",
        "--workdir: cannot write to {path}/xxx",
        "File name too long",
        arguments=["--workdir={path}/" + LONG],
    ),
    options(
        "a workdir of a long name in a new folder",
        "--workdir: cannot write to {path}/a/b/xxx",
        "File name too long",
        arguments=["--workdir={path}/a/b/" + LONG],
    ),
    options(
        "a workdir of a long path",
        "--workdir: found 4,0",
        "bytes, expected at most 3,500",
        arguments=["--workdir=" + "/x" * 2000],
    ),
    options("a workdir that is a device", "--workdir: cannot write to /dev/null", arguments=["--workdir=/dev/null"]),
    options(
        "a workdir where none can be", "--workdir: cannot write to /proc/no/work", arguments=["--workdir=/proc/no/work"]
    ),
    options(
        "a data_dir that is not UTF-8", "--data_dir: found", "is not UTF-8", arguments=["--data_dir={path}/" + NOT_UTF8]
    ),
    options(
        "a data_dir of a long name",
        "--data_dir: cannot write to",
        "File name too long",
        arguments=[PICTURES, "--data_dir={path}/" + LONG],
    ),
    options(
        "a missing user's data_dir",
        "--data_dir: cannot write to ~nobody_here",
        arguments=[PICTURES, "--data_dir=~nobody_here"],
    ),
    Case("a workdir that is a file", ("--workdir: cannot write to {path}/file", "expected a writable folder"), _file),
    Case("a workdir below a file", ("--workdir: cannot write to {path}/file/work", "Not a directory"), _below_a_file),
    Case(
        "a data_dir below a file",
        ("--data_dir: cannot write to {path}/file/data", "Not a directory"),
        _data_dir_below_a_file,
    ),
    Case(
        "a workdir that is read-only", ("--workdir: cannot write to {path}/work", "Read-only file system"), _read_only
    ),
    Case(
        "a home that is not writable",
        ("--workdir: cannot write to /proc/no_home/work", "expected a writable folder"),
        _home,
    ),
    Case("a workdir that is the source", ("--config.source: {path}/pictures is the workdir",), _in_the_source),
    Case(
        "a folder of the user's where a dataset goes",
        ("--data_dir: {path}/data/pictures_gan_aug", "--overwrite replaces it"),
        _own_dataset,
    ),
]


# Config files

START = "import sys\nfrom tfgan_aug.config import ExperimentConfig\n"


def config(name, *words, text, argument="", before=(), after=()):
    """The case of a config file with this content, text or bytes; overrides stand before and after it."""

    def make(place):
        path = place.path / "mine.py"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return [*before, f"--config={path}{argument}", *after]

    return Case(name, words, make)


def setting(name, *words, line):
    """The case of a config file that sets one field in get_config()."""
    body = f"def get_config():\n    config = ExperimentConfig()\n    {line}\n    return config\n"
    return config(name, *words, text=START + body)


FILE = "--config: {path}/mine.py "
CONFIGS = [
    options(
        "a missing config file",
        "--config: cannot read {path}/none.py: No such file",
        arguments=["--config={path}/none.py"],
    ),
    options("a folder as config file", "--config: cannot read {path}: Is a directory", arguments=["--config={path}"]),
    options("a config file with a zero byte", "--config: found 'a\\x00b'", arguments=["--config=a\0b"]),
    options(
        "a config file of a long name",
        "--config: cannot read xxx",
        "File name too long",
        arguments=["--config=" + LONG],
    ),
    options(
        "a config file in the home of nobody",
        "--config: cannot read ~nobody_here/c.py",
        arguments=["--config=~nobody_here/c.py"],
    ),
    options("no config file", "Missing value for flag --config", arguments=["--config"]),
    config("an empty config file", FILE + "has no get_config()", text=""),
    config("a config file of a syntax error", FILE + "failed: SyntaxError", text="def get_config(:\n"),
    config("a config file of tabs and spaces", FILE + "failed: TabError", text="if 1:\n\tx = 1\n        y = 1\n"),
    config("a config file that is not UTF-8", FILE + "failed: SyntaxError", text=b"x = '\xe9'\n"),
    config("a config file in UTF-16", FILE + "failed: SyntaxError", text="x = 1".encode("utf-16")),
    config("a config file of bytes", FILE + "failed: SyntaxError", text=bytes(range(256))),
    config("a config file of JSON", FILE + "has no get_config()", text='{"seed": 1}\n'),
    config("a config file that raises", FILE + "failed: ZeroDivisionError: division by zero", text="1 / 0\n"),
    config("a get_config that raises", FILE + "failed: KeyError: 'x'", text="def get_config():\n    return {}['x']\n"),
    config(
        "a config file that raises several lines",
        FILE + "failed: ValueError: a b c",
        text="raise ValueError('a\\nb\\n\\nc')\n",
    ),
    config(
        "an error that cannot say what it is",
        FILE + "failed: E: an error without words",
        text="class E(Exception):\n    def __str__(self):\n        raise E\nraise E\n",
    ),
    config(
        "a config file that calls itself for ever",
        FILE + "failed: RecursionError",
        text="def get_config():\n    return get_config()\n",
    ),
    config("a config file out of memory", FILE + "failed: MemoryError", text="raise MemoryError\n"),
    config("a config file that exits well", FILE + "exits (0), expected a config", text="import sys\nsys.exit(0)\n"),
    config(
        "a config file that exits with words",
        FILE + "exits ('no data')",
        text="def get_config():\n    raise SystemExit('no data')\n",
    ),
    config(
        "a config file that parses arguments",
        FILE + "exits (2)",
        "it printed 'usage: ",
        text="import argparse\nargparse.ArgumentParser().parse_args(['--x'])\n",
    ),
    config(
        "a config file that prints and fails",
        FILE + "failed: KeyError: 1",
        "it printed 'one two'",
        text="print('one\\ntwo')\n{}[1]\n",
    ),
    config(
        "a config file that prints to stderr and returns nothing",
        "--config: get_config() of {path}/mine.py returned None",
        "it printed 'x'",
        text="import sys\ndef get_config():\n    print('x', file=sys.stderr)\n",
    ),
    config(
        "a config file that imports what is missing",
        FILE + "failed: ModuleNotFoundError",
        text="import no_such_module\n",
    ),
    config(
        "a config file of the first version",
        FILE + "imports settings of tfgan_aug, which is gone",
        text="from tfgan_aug import settings\n",
    ),
    config(
        "a config file without get_config", FILE + "has no get_config(), expected one that returns", text="config = 3\n"
    ),
    config("get_config is no function", FILE + "failed: TypeError", text="get_config = 3\n"),
    config("get_config takes an argument", FILE + "failed: TypeError", text="def get_config(x):\n    return x\n"),
    config(
        "get_config takes no argument", FILE + "failed: TypeError", text="def get_config():\n    pass\n", argument=":x"
    ),
    config(
        "get_config returns nothing",
        "--config: get_config() of {path}/mine.py returned None",
        text="def get_config():\n    pass\n",
    ),
    config(
        "get_config returns a dictionary",
        "returned {{'seed': 1}}, expected an ExperimentConfig",
        text="def get_config():\n    return {'seed': 1}\n",
    ),
    config(
        "get_config returns the class",
        "returned <class",
        "expected an ExperimentConfig",
        text=START + "def get_config():\n    return ExperimentConfig\n",
    ),
    config(
        "get_config returns a long list",
        "returned [0, 1, 2",
        "..., expected an ExperimentConfig",
        text="def get_config():\n    return list(range(100000))\n",
    ),
    config(
        "get_config returns what cannot be shown",
        "returned A, expected an ExperimentConfig",
        text="class A:\n    def __repr__(self):\n        raise ValueError\nget_config = A\n",
    ),
    config(
        "get_config returns a section",
        "returned DCGANConfig, expected an ExperimentConfig",
        text=START + "def get_config():\n    return ExperimentConfig().dcgan\n",
    ),
    setting(
        "text for a number", FILE + "failed: TypeError", "'seed': found 'x', expected int", line="config.seed = 'x'"
    ),
    setting(
        "a fraction for a number",
        FILE + "failed: TypeError",
        "'seed': found 1.5, expected int",
        line="config.seed = 1.5",
    ),
    setting(
        "a switch for a number",
        FILE + "failed: TypeError",
        "'seed': found True, expected int",
        line="config.seed = True",
    ),
    setting(
        "a number for text", FILE + "failed: TypeError", "'source': found 3, expected str", line="config.source = 3"
    ),
    setting(
        "nothing for a number",
        FILE + "failed: TypeError",
        "'seed': found None, expected int",
        line="config.seed = None",
    ),
    setting(
        "a number for a tuple",
        FILE + "failed: TypeError",
        "'gans': found 3, expected a tuple of str",
        line="config.gans = 3",
    ),
    setting(
        "nothing in a tuple",
        FILE + "failed: TypeError",
        "'gans': found [None], expected a tuple of str",
        line="config.gans = [None]",
    ),
    setting(
        "nothing for a section",
        FILE + "failed: TypeError",
        "'dcgan': found None, expected DCGANConfig",
        line="config.dcgan = None",
    ),
    setting(
        "another section",
        FILE + "failed: TypeError",
        "'dcgan': found PairsConfig, expected DCGANConfig",
        line="config.dcgan = config.pairs",
    ),
    setting(
        "an unknown field in a file",
        FILE + "sets 'dcgan.epoch': no such field; did you mean 'dcgan.epochs'?",
        line="config.dcgan.epoch = 3",
    ),
    setting("an unknown section in a file", FILE + "sets 'wgan': no such field", line="config.wgan = 3"),
    setting(
        "a value of a file that no stage can work with",
        "--config.seed: found -1, expected 0 to 2**31 - 1",
        line="config.seed = -1",
    ),
    setting(
        "a file that prints a value that no stage can work with",
        "--config.seed: found -1, expected 0 to 2**31 - 1",
        line="config.seed = -1; print(config)",
    ),
    setting(
        "a number of thousands of digits",
        "--config.seed: found int, expected 0 to 2**31 - 1",
        line="config.seed = 10**5000",
    ),
    setting(
        "numbers of thousands of digits",
        "--config.map.per_class: found tuple, expected at most",
        line="config.map.per_class = (10**5000,)",
    ),
    setting(
        "no number for a fraction",
        "--config.rare_share: found nan, expected a number above 0, up to 1",
        line="config.rare_share = float('nan')",
    ),
    setting(
        "text that is not UTF-8 in a file",
        "--config.rare_class: found '\\udcff', expected text in UTF-8",
        line="config.rare_class = '\\udcff'",
    ),
    setting(
        "a source that is not UTF-8 in a file",
        "--config.source: found 'folder:\\udcff', expected text in UTF-8",
        line="config.source = 'folder:\\udcff'",
    ),
    setting(
        "a value behind the config's back",
        "--config.seed: found 'x', expected 0 to 2**31 - 1",
        line="object.__setattr__(config, 'seed', 'x')",
    ),
    config(
        "an override before its config file",
        "--config.seed: found -5, expected 0 to 2**31 - 1",
        text=START + "get_config = ExperimentConfig\n",
        before=["--config.seed=-5"],
    ),
    config(
        "an unknown field before its config file",
        "--config.sed: no such field in {path}/mine.py",
        text=START + "get_config = ExperimentConfig\n",
        before=["--config.sed=5"],
    ),
    config(
        "an unknown field after its config file",
        "--config.sed: no such field in {path}/mine.py",
        text=START + "get_config = ExperimentConfig\n",
        after=["--config.sed=5"],
    ),
    config(
        "the second of two config files",
        "--config: cannot read b.py",
        text=START + "get_config = ExperimentConfig\n",
        after=["--config=b.py"],
    ),
]


def _in_the_top_folder(place):
    """A config file without a folder above its folder, as containers have them."""
    resolved = pathlib.Path.resolve
    path = place.path / "top.py"
    path.write_text("x = 1\n")
    found = {str(path): pathlib.Path("/top.py")}
    place.patch.setattr(
        pathlib.Path, "resolve", lambda self, **options: found.get(str(self)) or resolved(self, **options)
    )
    return [f"--config={path}"]


CONFIGS.append(
    Case("a config file in the top folder", ("--config: {path}/top.py has no get_config()",), _in_the_top_folder)
)

CASES = [*FIELDS, *TOGETHER, *FLAGS, *PLACES, *CONFIGS]

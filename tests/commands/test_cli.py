"""The command line: one line and exit code 2 for every mistake, nothing left behind; --help without TensorFlow."""

import pathlib
import re
import struct
import subprocess
import sys
import zlib

import pytest
import tensorflow as tf
import tiny
from absl import flags

from tfgan_aug.commands import build_dataset, cli
from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import fields

ROOT = pathlib.Path(__file__).parents[2]
FLAGS = (
    "config", "workdir", "data_dir", "variants", "strategy", "overwrite", "allow_shortfall", "skip_unreadable",
    "drop_duplicates",
    "beam_options", "max_copy_share", "verify",
)  # fmt: skip


@pytest.fixture
def root(tmp_path):
    return tiny.save_images(tmp_path / "pictures", {"green": 9, "red": 8})


def source(root, train=5, test=2):
    counts = f"--config.train_per_class={train}", f"--config.test_per_class={test}"
    return f"--config.source=folder:{root}", *counts, "--config.gans=dcgan"


# Sources


def test_unknown_dataset(refused, tmp_path):
    line = refused("--config.source=cifar01", f"--config.source_data_dir={tmp_path}")
    assert line.startswith("--config.source: no data set is called 'cifar01'; nearest: ") and "cifar10" in line
    line = refused("--config.source=cifar10", f"--config.source_data_dir={tmp_path}")
    assert (
        f"'cifar10' is not prepared in {tmp_path} (--config.source_data_dir); on a machine with a network run: " in line
    )


def test_class_with_too_few_images(refused, root):
    assert refused(*source(root, train=7)) == (
        "--config.train_per_class=7, --config.test_per_class=2: found 8 images of class 'red' in the source's train "
        "split, expected at least 9"
    )


def test_folder_with_one_class(refused, tmp_path):
    root = tiny.save_images(tmp_path / "one", {"red": 3})
    assert refused(*source(root)) == (
        f"--config.source: {root} has 1 class folders with images, expected at least 2; found {root}: red/ (3 images); "
        "expected PATH/<class>/*.png or PATH/train/<class>/*.png"
    )


def test_truncated_image(refused, root):
    path = root / "red" / "003.png"
    path.write_bytes(path.read_bytes()[:200])
    line = refused(*source(root))
    assert line.startswith(f"{path} does not decode (") and line.endswith("leave them out with --skip_unreadable")


def test_image_bomb(refused, root):
    """A PNG file of a few bytes whose head says 60,000 x 60,000 pixels."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    path = root / "red" / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    line = refused(*source(root))
    assert line.startswith(f"{path} does not decode (Image size (3600000000 pixels) exceeds limit of ")


def test_the_same_image_on_both_sides(refused, root):
    for number in range(8):
        (root / "green" / f"{number:03d}.png").write_bytes((root / "red" / f"{number:03d}.png").read_bytes())
    batches = ("--config.judge.batch_size=4", "--config.classifier.batch_size=4", "--config.dcgan.batch_size=4")
    line = refused(*source(root, train=0), *batches, left=["duplicates.csv"])
    assert "the subset's training and held-out images share" in line and " = " in line
    assert "expected none: --drop_duplicates leaves them out, or choose another --config.seed" in line


# Places


def test_unwritable_folder(refused, root, tmp_path):
    (tmp_path / "file").write_text("")
    line = refused(*source(root), workdir=tmp_path / "file" / "work")
    assert (
        line == f"--workdir: cannot write to {tmp_path / 'file' / 'work'}: Not a directory; expected a writable folder"
    )
    line = refused(*source(root), f"--data_dir={tmp_path / 'file'}")
    assert line.startswith(f"--data_dir: cannot write to {tmp_path / 'file'}: ")


def test_another_dataset_in_the_way(refused, root, tmp_path):
    data_dir = tmp_path / "data"
    there = data_dir / "pictures_gan_aug" / "dcgan_tp" / "1.0.0"
    there.mkdir(parents=True)
    (there / "precious.txt").write_text("mine")
    line = refused(*source(root), f"--data_dir={data_dir}")
    assert line.startswith(f"--data_dir: {there} holds a folder that tfgan_aug did not write, expected digest ")
    assert line.endswith("; --overwrite replaces it, another --data_dir or --variants leaves it")
    assert (there / "precious.txt").read_text() == "mine"


# Config files


def test_missing_config_file(refused, tmp_path):
    line = refused(f"--config={tmp_path / 'none.py'}")
    assert line == f"--config: cannot read {tmp_path / 'none.py'}: No such file or directory; expected a Python file"


START = "from tfgan_aug.config import ExperimentConfig\n\ndef get_config(arg=''):\n    config = ExperimentConfig()\n"


@pytest.mark.parametrize(
    "text, message",
    [
        ("def get_config(:\n", "SyntaxError: "),
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def get_config():\n    return 1 / 0\n", "ZeroDivisionError: division by zero"),
        ("x = 1\n", "{path} has no get_config(), expected one that returns an ExperimentConfig"),
        ("def get_config():\n    return 3\n", "get_config() of {path} returned 3, expected an ExperimentConfig"),
        (
            START + "    config.seed = 'abc'\n    return config\n",
            "failed: TypeError: Could not override field 'seed': found 'abc', expected int",
        ),
        (
            START + "    config.dcgan.epoch = 3\n    return config\n",
            "{path} sets 'dcgan.epoch': no such field; did you mean 'dcgan.epochs'?",
        ),
        (
            "from tfgan_aug import settings\nget_config = settings.get_config\n",
            "{path} imports settings of tfgan_aug, which is gone; write `from tfgan_aug.config import",
        ),
        (
            "import types\nget_config = types.SimpleNamespace\n",
            "get_config() of {path} returned namespace(), expected an ExperimentConfig",
        ),
    ],
)
def test_broken_config_files(refused, tmp_path, text, message):
    path = tmp_path / "mine.py"
    path.write_text(text)
    assert message.format(path=path) in refused(f"--config={path}")


def test_config_file_with_an_argument(command, tmp_path):
    (tmp_path / "mine.py").write_text(START + "    config.source = arg\n    return config\n")
    seen = []
    assert command(f"--config={tmp_path / 'mine.py'}:folder:x", main=seen.append)[0] == 0
    assert seen[0].source == "folder:x"


def test_wrong_types(refused):
    assert refused("--config.seed=abc") == "--config.seed: found 'abc', expected int"
    assert refused("--config.samples.threshold=high") == "--config.samples.threshold: found 'high', expected float"
    assert refused("--config.dcgan.epochs=1.5") == "--config.dcgan.epochs: found '1.5', expected int"
    assert "learning_rate" in refused("--config.judge.learning_rate=fast")


def test_unknown_fields_and_options(refused):
    line = refused("--config.dcgan.epoch=3")
    assert line.startswith("--config.dcgan.epoch: no such field in ") and line.endswith(
        "; did you mean 'dcgan.epochs'?"
    )
    assert "did you mean 'train_per_class'?" in refused("--config.train_per_clas=3")
    assert refused("--work_dir=x").startswith("--work_dir: no such option; did you mean 'workdir'?")
    assert refused("shapes10") == "found 'shapes10', expected only --options; see --help"
    assert "--overwrite" in refused("--overwrite=maybe")


@pytest.mark.parametrize(
    "field, line",
    [
        ("image_size=28", "found 28, expected a multiple of 16 from 16 to 128: use 32"),
        ("dcgan.batch_size=1000000000", "found 1000000000, expected at most 65,536"),
        ("dcgan.batch_size=1e9", "found '1e9', expected int"),
        ("dcgan.learning_rate=inf", "found inf, expected a positive number"),
        ("channels=2", "found 2, expected 1 or 3"),
        ("train_per_class=-1", "found -1, expected 0 (all) or more"),
        ("test_per_class=-1", "found -1, expected 0 or more"),
        ("seed=-1", "found -1, expected 0 to 2**31 - 1"),
        ("gans=sgan,none", "found 'sgan,none', expected one or more of dcgan, sgan, pairs, composer, coupled"),
        ("gans=sgan,sgan", "found 'sgan,sgan', expected one or more of dcgan, sgan, pairs, composer, coupled"),
        ("gans=", "found '', expected one or more of dcgan, sgan, pairs, composer, coupled"),
        ("dcgan.conditioning=no", "found 'no', expected one of label, per_class"),
        ("dcgan.augmentation=cut", "found 'cut', expected some of color, translation, flip"),
        ("dcgan.width=0", "found 0, expected a positive number"),
        ("judge.recipe=mine", "found 'mine', expected one of paper, best, few_images"),
        ("judge.trained_on=test", "found 'test', expected one of subset, source_train"),
        ("samples.quota=all", "found 'all', expected one of own, balance"),
        ("samples.threshold=1.0", "found 1.0, expected a number from 0 to below 1"),
        ("geometric.crop_fraction=1.0", "found 1.0, expected a number between 0 and 1"),
    ],
)
def test_values_that_no_stage_can_work_with(refused, field, line):
    assert refused(f"--config.{field}") == f"--config.{field.split('=')[0]}: {line}"


POSITIVE, AT_LEAST_ZERO, SHARE = "a positive number", "0 or more", "a number from 0 to below 1"
SGAN = {
    "stacks": (4, "1, 2 or 3"),
    "architecture": ("resnet", "one of huang, paper"),
    "discriminator_form": ("two_logits", "one of class_logits, one_logit"),
    "generator_loss": ("hinge", "one of non_saturating, saturating"),
    "augmentation": ("flip,cut", "some of color, translation, flip"),
    **dict.fromkeys(("image_width", "feature_width"), (0.0, POSITIVE)),
    **dict.fromkeys(("image_learning_rate", "feature_learning_rate", "joint_learning_rate"), (0.0, POSITIVE)),
    **dict.fromkeys(("top_latent_dim", "latent_dim_below", "image_steps", "feature_steps"), (0, POSITIVE)),
    **dict.fromkeys(("batch_size", "checkpoint_steps"), (0, POSITIVE)),
    **dict.fromkeys(("adversarial_weight", "conditional_weight", "entropy_weight"), (-0.5, AT_LEAST_ZERO)),
    **dict.fromkeys(("label_weight", "joint_weight", "joint_noise"), (-0.5, AT_LEAST_ZERO)),
    **dict.fromkeys(("generator_steps", "joint_steps"), (-1, AT_LEAST_ZERO)),
    **dict.fromkeys(("dropout", "joint_dropout", "beta_1"), (1.0, SHARE)),
    "encoder.recipe": ("mine", "one of paper, best, few_images"),
    **dict.fromkeys(("encoder.steps", "encoder.batch_size", "encoder.checkpoint_steps"), (0, POSITIVE)),
    "encoder.width": (0.0, POSITIVE),
    **{f"encoder.{name}": (-1.0, AT_LEAST_ZERO) for name in ("learning_rate", "weight_decay")},
    "encoder.label_smoothing": (1.0, SHARE),
    "encoder.averaging": (1.0, SHARE),
    "encoder.consistency": (-1.0, "0 or more"),
    "encoder.trained_on": ("all", "one of subset, source_train"),
}


def test_every_value_of_the_stacked_gan_is_checked(refused):
    # The builder and the transforms are tried, which needs TensorFlow: see below.
    tried = {"encoder.builder", "encoder.augmentation"}
    assert set(SGAN) == {leaf.name for leaf in fields.leaves(ExperimentConfig().sgan)} - tried
    for field, (value, expected) in SGAN.items():
        option = f"--config.sgan.{field}"
        assert refused(f"{option}={value}") == f"{option}: found {value!r}, expected {expected}"


@pytest.mark.parametrize("epochs, steps", [(3, 4), (0, 0)])
def test_one_budget(refused, epochs, steps):
    line = refused(f"--config.dcgan.epochs={epochs}", f"--config.dcgan.steps={steps}")
    assert line == f"--config.dcgan: found epochs={epochs} and steps={steps}, expected one above 0 and the other 0"


def test_unknown_strategy(refused):
    line = "--strategy: found 'both', expected one of auto, one_device, mirrored, multi_worker"
    assert refused("--strategy=both") == line


def test_unknown_variant(refused, root):
    assert refused(*source(root), "--variants=real,dcgan_pt").startswith(
        "--variants: found 'dcgan_pt', expected some of real, geo, dcgan_fp, dcgan_fp_geo, dcgan_tp, "
    )


def test_mirrored_on_one_device(refused, root, monkeypatch):
    one = tf.config.list_logical_devices("CPU")[:1]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind=None: one if kind == "CPU" else [])
    line = refused(*source(root), "--strategy=mirrored")
    assert re.fullmatch(r"--strategy=mirrored: found 1 device \(\S+\), expected two or more", line)


@pytest.mark.parametrize("name", ["judge", "classifier", "dcgan"])
def test_batches_larger_than_the_subset(refused, root, name):
    small = [f"--config.{other}.batch_size=4" for other in ("judge", "classifier", "dcgan") if other != name]
    line = refused(*source(root), *small, f"--config.{name}.batch_size=11")
    assert line == f"--config.{name}.batch_size: found 11, expected at most the 10 training images"


@pytest.mark.parametrize("name", ["sgan", "sgan.encoder"])
def test_batches_of_the_stacked_gan_larger_than_the_subset(refused, root, name):
    sections = ("judge", "classifier", "sgan", "sgan.encoder")
    small = [f"--config.{other}.batch_size=4" for other in sections if other != name]
    line = refused(*source(root), *small, "--config.gans=sgan", f"--config.{name}.batch_size=11")
    assert line == f"--config.{name}.batch_size: found 11, expected at most the 10 training images"


ENCODERS = """
import keras

def encoder(image_shape, classes, *names):
    layers = [keras.Input(image_shape), keras.layers.Conv2D(2, 5), keras.layers.MaxPooling2D(name=names[0])]
    layers += [keras.layers.Flatten(), keras.layers.Dense(4, name=names[1])]
    layers.append(keras.layers.Dense(classes, name="logits"))
    return keras.Sequential(layers)

def no_map(image_shape, classes):
    return encoder(image_shape, classes, "pool", "dense")

def no_vector(image_shape, classes):
    return encoder(image_shape, classes, "pool_2", "hidden")
"""


@pytest.mark.parametrize("function, missing", [("no_map", "pool_2"), ("no_vector", "dense")])
def test_an_encoder_without_the_representations(refused, root, tmp_path, monkeypatch, function, missing):
    (tmp_path / "users_encoders.py").write_text(ENCODERS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "users_encoders", raising=False)
    sections = ("judge", "classifier", "sgan", "sgan.encoder")
    small = [f"--config.{name}.batch_size=4" for name in sections]
    builder = f"--config.sgan.encoder.builder=users_encoders:{function}"
    line = refused(*source(root), *small, "--config.gans=sgan", builder)
    assert re.fullmatch(rf"--config\.sgan: encoder: found layers \[.*\], expected one called '{missing}'", line)


def test_builders_and_transforms_are_tried_before_any_work(refused, root):
    small = [f"--config.{name}.batch_size=4" for name in ("judge", "classifier", "dcgan")]
    line = refused(*source(root), *small, "--config.classifier.builder=no.such:thing")
    assert line.startswith("--config.classifier.builder: found 'no.such:thing', expected paper_cnn, normalized_cnn, ")
    line = refused(*source(root), *small, "--config.geometric.transforms=shear")
    assert line.startswith("--config.geometric.transforms: found 'shear', expected some of crop, flip, ")


# A real process


def test_the_whole_of_stderr_is_one_line(tmp_path):
    """Nothing is filtered: TensorFlow's start-up lines are not there either."""
    arguments = [f"--workdir={tmp_path / 'work'}", "--config.source=cifar10", f"--config.source_data_dir={tmp_path}"]
    command = [sys.executable, "-m", "tools.build_dataset", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("build_dataset: --config.source: 'cifar10' is not prepared in ")
    assert done.stderr.count("\n") == 1 and list(tmp_path.iterdir()) == []


WITHOUT_TENSORFLOW = """
import runpy, sys
sys.argv[1:] = ["--help"]
try:
    runpy.run_module("tools.build_dataset", run_name="__main__", alter_sys=True)
except SystemExit as stop:
    print("exit", stop.code, sorted({"tensorflow", "keras", "tensorflow_datasets", "numpy"} & set(sys.modules)))
"""


def test_help_names_everything_once_and_imports_no_tensorflow():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW], capture_output=True, text=True, cwd=ROOT, check=True
    )
    *lines, last = done.stdout.splitlines()
    assert last == "exit 0 []" and done.stderr == ""
    assert "usage: python -m tools.build_dataset [--option=value ...]" in lines
    named = [re.match(r"  --(\w+): ", line)[1] for line in lines if re.match(r"  --\w+: ", line)]
    assert sorted(named) == sorted(FLAGS)
    listed = [line.split(" = ")[0].strip() for line in lines if line.startswith("      ")]
    assert listed == [leaf.name for leaf in fields.leaves(ExperimentConfig())] and "dcgan.epochs" in listed


def test_help_of_the_installed_command(command):
    code, out, err = command("--help")
    assert code == 0 and err == "" and out.startswith("Trains a GAN on a small labelled image set")


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        ("--config=a.py --variants=real --workdir w", "--config=a.py --workdir w"),
        ("--variants real,geo --config.seed=3 --overwrite", "--config.seed=3"),
        ("--nooverwrite --config.seed 3 -data_dir d --allow_shortfall", "--config.seed 3 --allow_shortfall"),
    ],
)
def test_arguments_that_another_command_takes_too(command, arguments, kept):
    seen = []
    main = lambda config: seen.append(cli.without(arguments.split(), *build_dataset._OWN))  # noqa: E731
    assert command(main=main)[0] == 0 and seen == [kept.split()]


# What arrives


def test_overrides_arrive(command, tmp_path):
    seen = []
    arguments = [
        "--config.dcgan.epochs=7",
        "--config.judge.learning_rate=0.5",
        "--config.source=folder:x",
        "--overwrite",
    ]
    code, _, err = command(*arguments, main=lambda config: seen.append((config, flags.FLAGS.overwrite)))
    assert (code, err) == (0, "")
    ((config, overwrite),) = seen
    assert (config.dcgan.epochs, config.judge.learning_rate, config.source, overwrite) == (7, 0.5, "folder:x", True)


def test_max_copy_share_is_short_for_its_field(command, monkeypatch, refused):
    """Other commands, which have no such flag, are named the field."""
    seen = []
    monkeypatch.setattr(build_dataset, "run", lambda config, options, shared: seen.append((config, shared)) or "")
    assert command("--max_copy_share", "0.05", "--config.seed=3")[0] == 0
    ((config, shared),) = seen
    assert config.samples.max_copy_share == 0.05
    assert shared == ["--config.seed=3", "--config.samples.max_copy_share=0.05"]
    assert refused("--max_copy_share=few") == "--config.samples.max_copy_share: found 'few', expected float"


def test_a_share_above_one_is_refused(refused, root):
    line = refused(*source(root), "--max_copy_share=1.5")
    assert line == "--config.samples.max_copy_share: found 1.5, expected a number from 0 to 1; 1: no gate"


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.py")), ids=lambda path: path.stem)
def test_configs_load_and_pass_the_checks(command, path):
    seen = []
    code, _, err = command(f"--config={path}", main=seen.append)
    assert (code, err) == (0, "")
    fields.check(seen[0])

"""The diffs of CONTRIBUTING.md, applied together to a copy of the code, which then does what they say."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## Add (.+?)\n.*?^```diff\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE))

# One start of TensorFlow for all: argv is the file that the answers go to.
USE = """
import contextlib, io, json, runpy, sys
import numpy as np
import tiny
from tfgan_aug.classifiers import judges
from tfgan_aug.data import sources
from tfgan_aug.datasets import variants
from tfgan_aug.evaluation import names, quality
from tfgan_aug.experiments import main_job, rows
from tfgan_aug.sampling import rules
from tfgan_aug.training import loop

found, answers = {}, sys.argv[1]
sys.argv, printed = ["count_images.py", "--config.source=h5:dots.h5"], io.StringIO()
with contextlib.redirect_stdout(printed):
    runpy.run_module("tools.count_images", run_name="__main__")
found["a command"] = printed.getvalue()

train = sources.open_source("h5:dots.h5", image_size=16).train
found["a source"] = [train.labels.tolist(), train.images([4, 0]).tolist()]

selection = rules.SELECTIONS[variants.Variant.parse("dcgan_tp_border").rule]
judged = np.array([[0.5, 0.4, 0.1], [0.9, 0.1, 0.0], [0.2, 0.7, 0.1]], np.float32)
rule = selection.rule(None, None, 3)
found["a selection rule"] = [rules.VERDICTS[verdict] for verdict in rule.verdicts(0, judged)]

measured = quality.compute(np.array([[-2.0], [2.0]]), np.array([[4.0], [5.0], [6.0], [5.0]]))
found["a metric"] = measured[names.SHOWN[-1]]

known = {row.name: row for row in rows.all_rows(("hinge",))}
found["a row"] = [known["real_x3"].repeat, known["hinge_tp_border"].title]

step_function = loop.step_function
def without_graph(model, strategy, *reader):
    model.run_eagerly = True
    return step_function(model, strategy, *reader)
loop.step_function, judges.Judge = without_graph, tiny.AnyJudge
config = tiny.config("h5:dots.h5", gans="hinge", hinge__width=1, hinge__batch_size=4, hinge__epochs=0, hinge__steps=2)
result = main_job.build_dataset(config, main_job.Options("work", variants="real,hinge_tp"))
images, origin = result.datasets[-1].load("train", "image", "origin")
found["a GAN"] = [str(images.shape), sorted(origin.tolist()), len(list(result.workdir.glob("hinge-*/gan.keras")))]
with open(answers, "w") as file:
    json.dump(found, file)
"""


@pytest.fixture(scope="module")
def dots():
    """Images uint8 (24, 16, 16, 3) of noise, and their labels."""
    return np.random.default_rng(0).integers(0, 256, (24, 16, 16, 3), np.uint8), np.arange(24) % 3


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """A copy of the code with all diffs."""
    folder = tmp_path_factory.mktemp("contributing")
    for name in ("tfgan_aug", "tools", "configs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "tests/tiny.py"):
        shutil.copy(ROOT / name, folder)
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    for diff in SECTIONS.values():
        subprocess.run(["git", "apply", "-"], input=diff, text=True, cwd=folder, env=environment, check=True)
    return folder


@pytest.fixture(scope="module")
def found(changed, dots):
    """What the new things do, by the name of the section."""
    with h5py.File(changed / "dots.h5", "w") as file:
        file["images"], file["labels"] = dots
    environment = {**os.environ, "PYTHONPATH": str(changed)}
    command = [sys.executable, "-c", USE, "answers.json"]
    done = subprocess.run(command, cwd=changed, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((changed / "answers.json").read_text())


def test_each_diff_has_less_than_30_lines():
    assert list(SECTIONS) == ["a GAN", "a source", "a selection rule", "a metric", "a row", "a command"]
    assert all(len(diff.splitlines()) < 30 for diff in SECTIONS.values())


@pytest.mark.parametrize("arguments", [("format", "--check"), ("check",)])
def test_the_changed_code_is_clean(changed, arguments):
    done = subprocess.run(["ruff", *arguments, "."], cwd=changed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_gan_makes_a_dataset(found):
    assert found["a GAN"] == ["(36, 16, 16, 3)", ["hinge"] * 18 + ["real"] * 18, 1]


def test_the_source_has_the_files_images(found, dots):
    labels, images = found["a source"]
    assert labels == dots[1].tolist()
    np.testing.assert_array_equal(images, dots[0][[4, 0]])


def test_the_rule_selects(found):
    """Margins 0.1, 0.8 and -0.5 for the class 0."""
    assert found["a selection rule"] == ["tp", "none", "fp"]


def test_the_metric_is_measured(found):
    """Mean distances to the centre: 2 of the real ones, and 0.5 of the generated ones."""
    assert found["a metric"] == 0.25


def test_the_rows_are_in_the_table(found):
    assert found["a row"] == [3, "real + hinge GAN TP at the class border"]


def test_the_command_prints(found):
    assert found["a command"] == "class0: 8\nclass1: 8\nclass2: 8\n"

"""Commands started at once, in one workdir or with one folder of datasets, end as they do one after the other."""

import subprocess
import sys

import pytest
import tiny
from jobs import ROOT, sums

from tfgan_aug.commands import verify
from tfgan_aug.core import artefacts
from tfgan_aug.data import geometric
from tfgan_aug.datasets import augmented

FIELDS = {
    "gans": "dcgan", "image_size": 16, "train_per_class": 6, "test_per_class": 2, "judge.width": 0.05, "judge.steps": 4,
    "judge.batch_size": 8, "classifier.width": 0.05, "classifier.steps": 4, "classifier.batch_size": 8,
    "dcgan.width": 1, "dcgan.epochs": 0, "dcgan.steps": 4, "dcgan.batch_size": 8, "samples.block_size": 8,
    "samples.max_draws_per_class": 16, "table.resamples": 1000,
}  # fmt: skip
TABLE = ("run_table", "--seeds=0", "--allow_shortfall")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "colours"
    tiny.save_images(folder / "train", {"blue": 9, "green": 9, "red": 9})
    return tiny.save_images(folder / "test", {"blue": 3, "green": 3, "red": 3}, first=50).parent


def start(root, workdir, name, *options, **fields):
    arguments = [
        f"--config.{field}={value}" for field, value in {**FIELDS, "source": f"folder:{root}", **fields}.items()
    ]
    command = [sys.executable, "-m", f"tools.{name}", f"--workdir={workdir}", *options, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def ended(processes):
    """[(exit code, stdout, stderr)], once all of them are done."""
    said = [process.communicate() for process in processes]
    return [(process.returncode, *texts) for process, texts in zip(processes, said, strict=True)]


def test_tables_and_the_main_job_at_once_in_one_workdir(root, tmp_path):
    """They share subset, judge, GAN, pool and datasets; one of them makes each."""
    jobs = [
        (*TABLE, "--rows=1,5"),
        (*TABLE, "--rows=1,6"),
        ("build_dataset", "--allow_shortfall", "--variants=geo,dcgan_tp"),
    ]
    done = ended([start(root, tmp_path / "together", *job) for job in jobs])
    assert [code for code, *_ in done] == [0, 0, 0], done
    notes = "".join(err for *_, err in done)
    assert notes.count("dcgan gan: 4 steps") == notes.count("judge 1 of 1: 4 steps") == 1
    for job in jobs:
        ((code, _, err),) = ended([start(root, tmp_path / "in_turn", *job)])
        assert code == 0, err
    together, turn = tmp_path / "together", tmp_path / "in_turn"
    for pattern in ("**/*.tfrecord-*", "pool-*/**/*.npz", "cell-*/hits.npz", "geometric-*/images.npy"):
        assert sums(together, pattern) == sums(turn, pattern) != {}
    names = [{row["name"] for row in artefacts.read_json(folder / "cells.json")["rows"]} for folder in (together, turn)]
    assert names[0] == names[1] == {"real", "dcgan_tp", "dcgan_tp_geo"}
    assert verify.run([together])[1]


def test_two_workdirs_with_one_folder_of_datasets(root, tmp_path):
    """One publishes its images; for the other they are in the way, as they would be later. None is of both."""
    data_dir = tmp_path / "delivered"
    options = f"--data_dir={data_dir}", "--variants=geo"
    kinds = ("flip", "brightness")
    done = ended(
        [start(root, tmp_path / kind, "build_dataset", *options, **{"geometric.transforms": kind}) for kind in kinds]
    )
    assert sorted(code for code, *_ in done) == [0, 2], done
    won = kinds[[code for code, *_ in done].index(0)]
    ((_, out, err),) = [ends for ends in done if ends[0] == 2]
    assert out == "" and "holds a dataset with digest" in err.splitlines()[-1] and "Traceback" not in err
    (folder,) = data_dir.glob("*/geo/1.0.0")
    assert artefacts.read_json(folder / "provenance.json")["config"]["geometric"]["transforms"] == won
    assert verify.run([data_dir])[1]
    images, origin = augmented.Dataset(data_dir, folder.parts[-3], "geo").load("train", "image", "origin")
    (own,) = (tmp_path / won).glob("geometric-*")
    made = sorted(image.tobytes() for image in images[origin == "geometric"])
    assert made == sorted(image.tobytes() for image in geometric.load(own))
    assert [path.name for path in data_dir.iterdir() if path.name.startswith(".")] == [".locks"]

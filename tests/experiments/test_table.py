"""The table: cells over seeds, resumed, shared, never mixed; what is missing is named."""

import pathlib
import re
import shutil
import subprocess
import sys

import markdown_tables
import numpy as np
import pytest
import tensorflow_datasets as tfds
import tiny

from tfgan_aug.classifiers import judges
from tfgan_aug.commands import make_report, run_table
from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import artefacts, fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments import cells, estimates, gan_datasets, summaries, table
from tfgan_aug.experiments.run import Place, open_run
from tfgan_aug.reports import table_text

ROOT = pathlib.Path(__file__).parents[2]
ROWS = "real,geo,dcgan_tp,flip_crop,dcgan_tp_pretrained"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Three classes with a test split of 4, 5 and 6 images."""
    folder = tmp_path_factory.mktemp("pictures") / "colours"
    tiny.save_images(folder / "train", {"blue": 8, "green": 8, "red": 8})
    tiny.save_images(folder / "test", {"blue": 4, "green": 5, "red": 6}, first=50)
    return folder


@pytest.fixture(autouse=True)
def any_judge(monkeypatch):
    monkeypatch.setattr(judges, "Judge", tiny.AnyJudge)


def config_of(root, **fields):
    return tiny.config(f"folder:{root}", **{"table__resamples": 1000, **fields})


def run(root, workdir, config=None, **options):
    picked = {"rows": ROWS, "gan_seeds": "0,1", "classifier_seeds": "0,3", **options}
    return run_table.run(config or config_of(root), run_table.Options(workdir=str(workdir), **picked))


@pytest.fixture(scope="module")
def whole(root, tmp_path_factory):
    """The workdir of one finished table, and what it printed."""
    workdir = tmp_path_factory.mktemp("table") / "work"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judges, "Judge", tiny.AnyJudge)
        return workdir, run(root, workdir)


def results(workdir):
    """{(row, GAN seed, classifier seed): result} of every finished cell."""
    found = [artefacts.read_json(path) for path in sorted(workdir.glob("cell-*/result.json"))]
    return {(result["row"], result["gan_seed"], result["classifier_seed"]): result for result in found}


def test_every_cell_is_there_with_its_counts(whole):
    workdir, _ = whole
    cells = results(workdir)
    expected = {(row, None, seed) for row in ("real", "geo", "flip_crop") for seed in (0, 3)}
    expected |= {(row, gan, seed) for row in ("dcgan_tp", "dcgan_tp_pretrained") for gan in (0, 1) for seed in (0, 3)}
    assert set(cells) == expected
    for result in cells.values():
        assert result["test"]["total"] == [4, 5, 6] and result["held_out"]["total"] == [2] * 3
        assert result["steps"] == 2 and re.fullmatch("[0-9a-f]{16}", result["dataset"])
        assert all(0 <= c <= t for c, t in zip(result["test"]["correct"], result["test"]["total"], strict=True))
    for folder in workdir.glob("cell-*"):
        assert sorted(path.name for path in folder.iterdir()) == [
            "classifier.csv", "files.json", "hits.npz", "result.json", "seconds.json", "stage.json",
        ]  # fmt: skip
        assert artefacts.read_json(folder / "seconds.json") > 0


def test_seeds_are_apart(whole):
    """A GAN's seed changes its dataset and nothing else; a classifier's seed changes no dataset."""
    workdir, _ = whole
    digests = {}
    for (row, gan, _), result in results(workdir).items():
        digests.setdefault((row, gan), set()).add(result["dataset"])
    assert all(len(found) == 1 for found in digests.values())
    assert digests["dcgan_tp", 0] != digests["dcgan_tp", 1]
    assert digests["dcgan_tp", 0] == digests["dcgan_tp_pretrained", 0]
    for pattern, count in (("subset-*", 1), ("judge-*", 1), ("dcgan-*", 2), ("pool-*", 2), ("geometric-*", 1)):
        assert len(list(workdir.glob(pattern))) == count
    for seed in (0, 1):
        folder = workdir / f"tensorflow_datasets_gan_seed_{seed}" / "colours_gan_aug"
        provenance = artefacts.read_json(folder / "dcgan_tp" / "1.0.0" / "provenance.json")
        assert provenance["gan_seed"] == seed and {provenance["digest"]} == digests["dcgan_tp", seed]


def test_table_says_what_the_cells_say(whole):
    """Means and recalls from result.json, a second path beside the stored hits."""
    workdir, text = whole
    made = artefacts.read_json(workdir / "table.json")
    assert [row["name"] for row in made["rows"]] == ["real", "geo", "dcgan_tp", "flip_crop", "dcgan_tp_pretrained"]
    for row in made["rows"]:
        own = [result for (name, *_), result in results(workdir).items() if name == row["name"]]
        assert row["done"] == row["planned"] == len(own) and row["unfinished"] == []
        for split, total in (("test", 15), ("held_out", 6)):
            accuracies = [100 * sum(result[split]["correct"]) / total for result in own]
            scores = row["splits"][split]
            assert scores["total"] == total and scores["mean"] == pytest.approx(np.mean(accuracies))
            assert scores["sd"] == pytest.approx(np.std(accuracies, ddof=1))
            recall = np.mean([np.array(r[split]["correct"]) / r[split]["total"] for r in own], axis=0)
            assert scores["recall"] == pytest.approx(100 * recall)
            assert set(scores["versus"]) == {"real", "geo"} - {row["name"]}
    assert [cells[1] for cells in markdown_tables.rows(text)[1:]] == [row["name"] for row in made["rows"]]
    # No figure of the paper beside another source.
    assert "61.7" not in text and made["rows"][0]["paper"] is None
    assert made["gans"]["dcgan"]["1"]["draws_tp_fp"] != [] and len(made["gans"]["dcgan"]["0"]["confusion"]) == 3


def test_cards_say_what_was_measured(whole):
    workdir, _ = whole
    folder = workdir / "tensorflow_datasets_gan_seed_1" / "colours_gan_aug" / "dcgan_tp" / "1.0.0"
    card = (folder / "README.md").read_text()
    row = next(row for row in artefacts.read_json(workdir / "table.json")["rows"] if row["name"] == "dcgan_tp")
    versus = row["splits"]["test"]["versus"]["real"]
    assert f"95 % interval {versus['low']:+.1f} to {versus['high']:+.1f}" in card
    assert (
        "of 15 test images" in card
        and "tools.run_table` measures" not in card
        and "minutes to make the added images" in card
    )
    assert re.search(r"\| green \| \d+\.\d \| [+-]\d+\.\d \|", card)
    assert "Measured: " in tfds.builder_from_directory(str(folder)).info.description


def test_second_run_makes_nothing(whole, root, monkeypatch):
    workdir, text = whole
    monkeypatch.setattr(cells, "make", never)
    with monkeypatch.context() as patch:
        patch.setattr(gan_datasets.GANDatasets, "make", never)
        assert run(root, workdir) == text
    # Rows and seeds of earlier sittings stay in the table.
    assert run(root, workdir, rows="real", classifier_seeds="3") == text
    plan = run(root, workdir, dry_run=True)
    assert plan.startswith("14 cells of 5 rows, 2 optimiser steps each")
    assert "dcgan_tp (row 5): 0 of 4 cells left; nothing to train" in plan


def never(*arguments, **options):
    raise AssertionError("a finished piece of work was made again")


def test_dry_run_takes_one_process(root, tmp_path):
    message = "^--dry_run: found --strategy=multi_worker, expected one of this process$"
    with pytest.raises(UserError, match=message):
        run(root, tmp_path / "work", dry_run=True, strategy="multi_worker")


def test_dry_run_plans_and_makes_nothing(root, tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "make", never)
    monkeypatch.setattr(estimates, "_SECONDS", 0.01)
    plan = run(root, tmp_path / "work", dry_run=True)
    lines = plan.splitlines()
    assert lines[0].startswith("14 cells of 5 rows, 2 optimiser steps each; training alone, for one worker:")
    assert lines[1] == "no GAN: real, geo; nothing to train"
    assert re.fullmatch(r"dcgan, GAN seed 0: dcgan_tp; about \d+ minutes", lines[2])
    assert re.fullmatch(r"flip_crop \(controls\): 2 of 2 cells left; about \d+ minutes", lines[7])
    assert re.match(r"in all about \d+ minutes", lines[-1])
    # Not even which config it was: the next one may be another.
    assert [path.name for path in (tmp_path / "work").iterdir() if not path.name.startswith(".")] == []


def test_equal_epochs_train_rows_in_proportion_to_their_images(root, tmp_path, monkeypatch):
    """The plan says so before, cells, state and page after."""
    monkeypatch.setattr(estimates, "_SECONDS", 0.01)
    config = config_of(root, table__protocol="equal_epochs", classifier__steps=3)
    picked = {"rows": "real,geo", "classifier_seeds": "0"}
    plan = run(root, tmp_path / "work", config, dry_run=True, **picked)
    assert "3 optimiser steps on real images, in proportion on more" in plan
    run(root, tmp_path / "work", config, **picked)
    assert {key[0]: result["steps"] for key, result in results(tmp_path / "work").items()} == {"real": 3, "geo": 6}
    make_report.run(tmp_path / "work")
    card = (tmp_path / "work" / "tensorflow_datasets" / "colours_gan_aug" / "geo" / "1.0.0" / "README.md").read_text()
    assert "3 steps for row `real`, as many passes over its own images for every other row." in card
    words = "as many passes over its own images as `real` makes in 3 steps"
    assert (tmp_path / "work" / "report.md").read_text().replace("\n", " ").count(words) == 2
    with pytest.raises(UserError, match="table.protocol was 'equal_epochs', is "):
        run(root, tmp_path / "work", **picked)


class Cut(Exception):
    pass


def test_cut_off_and_run_again_gives_the_same_cells(whole, root, tmp_path, monkeypatch):
    made, make = [], cells.make

    def cut(stage, *arguments):
        if len(made) == 3:
            raise Cut
        made.append(stage)
        make(stage, *arguments)

    monkeypatch.setattr(cells, "make", cut)
    picked = {"rows": "real,flip_crop,dcgan_tp", "gan_seeds": "1"}
    with pytest.raises(Cut):
        run(root, tmp_path / "work", **picked)
    summary = summaries.summarise(tmp_path / "work")
    gone = [f"dcgan_tp: GAN seed 1, classifier seed {seed}" for seed in (0, 3)]
    assert table_text.unfinished(summary) == [*gone, "flip_crop: classifier seed 3"]
    rows = {row["name"]: row for row in summary["rows"]}
    assert rows["dcgan_tp"]["splits"] == {} and rows["flip_crop"]["classifier_seeds"] == [0]
    assert "0 of 2" in table_text.text(summary)
    monkeypatch.setattr(cells, "make", make)
    text = run(root, tmp_path / "work", **picked)
    expected = {key: result for key, result in results(whole[0]).items() if key[0] in picked["rows"].split(",")}
    assert results(tmp_path / "work") == {key: result for key, result in expected.items() if key[1] != 0}
    # Of the rows without a GAN, whose other seed is not in this table.
    lines, mine = ({cells[1]: cells for cells in markdown_tables.rows(each)} for each in (whole[1], text))
    for row in ("real", "flip_crop"):
        assert [mine[row][i] for i in (4, 6)] == [lines[row][i] for i in (4, 6)]


def test_workers_share_the_cells(root, tmp_path):
    """Two processes in one workdir: every cell is made by one of them."""
    fields = {"image_size": 16, "train_per_class": 6, "test_per_class": 2, "classifier.width": 0.05}
    fields |= {"classifier.steps": 2, "classifier.batch_size": 4, "judge.batch_size": 4, "table.resamples": 1000}
    command = [sys.executable, "-m", "tools.run_table", f"--workdir={tmp_path / 'work'}", "--rows=1,flip_crop"]
    command += [f"--config.source=folder:{root}", "--classifier_seeds=0,1"]
    command += [f"--config.{name}={value}" for name, value in fields.items()]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
    workers = [subprocess.Popen(command, **pipes) for _ in range(2)]
    outputs = [worker.communicate() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], outputs
    trained = re.findall(r"classifier on (\w+), classifier seed (\d)", "".join(err for _, err in outputs))
    assert sorted(trained) == sorted((row, seed) for row in ("real", "flip_crop") for seed in "01")
    assert outputs[0][0] == outputs[1][0] and "| 2 of 2 |" in outputs[0][0]


def test_a_table_of_another_config_that_began_meanwhile_is_in_the_way(root, tmp_path):
    """Both were checked in an empty workdir: the second one's cells do not take the place of the first one's."""
    config = config_of(root, classifier__steps=3)
    found = table.choose(config, "1", seeds="0")
    with open_run(config, Place(str(tmp_path / "work"))) as opened:
        second = table.Table(opened, found[1], {})
        second.check()
        run(root, tmp_path / "work", rows="1")
        with pytest.raises(UserError, match=r"with cells of another config \(classifier.steps was 2, is 3\)"):
            second.begin()
    assert len(results(tmp_path / "work")) == 2


# What must not be mixed


def test_late_fields_and_sections_count_once_they_leave_their_defaults(whole, root, tmp_path):
    """The workdir of a version that did not know them goes on with them at their defaults."""
    workdir = tmp_path / "work"
    shutil.copytree(whole[0], workdir)
    known = artefacts.read_json(workdir / "table_config.json")
    assert "classifier.averaging" not in known and not any(name.startswith("pairs.") for name in known)
    for name, value, was in (("classifier.averaging", 0.5, 0.0), ("pairs.width", 12, 8)):
        with pytest.raises(UserError, match=rf"cells of another config \({name} was {was}, is {value}\)"):
            run(root, workdir, config_of(root, **{name.replace(".", "__"): value}), rows="real")


def test_another_config_is_named(whole, root, tmp_path):
    workdir = tmp_path / "work"
    shutil.copytree(whole[0], workdir)
    changed = config_of(root, classifier__steps=3, samples__block_size=16)
    with pytest.raises(UserError) as caught:
        run(root, workdir, changed, rows="real")
    assert "cells of another config (classifier.steps was 2, is 3; samples.block_size was 8, is 16)" in str(
        caught.value
    )
    assert str(caught.value).startswith("--workdir: found ") and "--overwrite" in str(caught.value)
    # With --overwrite the old cells do not count.
    text = run(root, workdir, changed, rows="real", classifier_seeds="0", overwrite=True)
    assert "| 1 of 1 |" in text and "dcgan" not in text.partition("table.json")[0]
    assert len(results(whole[0])) == 14
    # Other rows, seeds or places are no other config.
    run(root, workdir, changed, rows="real", classifier_seeds="0")


def test_other_test_images_are_named_and_old_cells_do_not_count(whole, root, tmp_path):
    workdir, file = tmp_path / "work", root / "test" / "red" / "053.png"
    shutil.copytree(whole[0], workdir)
    pixels = file.read_bytes()
    file.unlink()
    try:
        with pytest.raises(UserError, match=r"cells of another config \(test images was '\w{16}', is '\w{16}'\)"):
            run(root, workdir, rows="flip_crop")
        text = run(root, workdir, rows="flip_crop", classifier_seeds="0", overwrite=True)
        assert "| 1 of 1 |" in text and "dcgan" not in text.partition("table.json")[0]
        (row,) = artefacts.read_json(workdir / "table.json")["rows"]
        assert row["splits"]["test"]["total"] == 14
    finally:
        file.write_bytes(pixels)


def test_a_mistake_leaves_no_folder(root, tmp_path):
    with pytest.raises(UserError, match="--config.dcgan.batch_size"):
        run(root, tmp_path / "new" / "work", config_of(root, dcgan__batch_size=99))
    assert not (tmp_path / "new").exists()


def test_a_missing_dataset_is_named(whole, root, tmp_path):
    workdir = tmp_path / "work"
    shutil.copytree(whole[0], workdir)
    folder = workdir / "tensorflow_datasets_gan_seed_1" / "colours_gan_aug" / "dcgan_tp"
    shutil.rmtree(folder)
    with pytest.raises(UserError, match=r"--workdir: found no dataset in .*dcgan_tp/1\.0\.0, expected the one with"):
        run(root, workdir)
    (stage,) = workdir.glob("datasets-dcgan-1-*")
    shutil.rmtree(stage)
    # All but the minutes, which depend on the machine's load.
    again, before = ([line[:-2] for line in markdown_tables.rows(text)] for text in (run(root, workdir), whole[1]))
    assert again == before
    provenance = folder / "1.0.0" / "provenance.json"
    artefacts.write_json(provenance, {**artefacts.read_json(provenance), "digest": "another"})
    with pytest.raises(UserError, match="found a dataset with digest another in .*, expected the one with digest"):
        run(root, workdir)


def test_rows_without_enough_images_are_left_out(whole, root, tmp_path, monkeypatch):
    for pattern in ("subset-*", "judge-*", "dcgan-*"):
        for stage in whole[0].glob(pattern):
            shutil.copytree(stage, tmp_path / "work" / stage.name)

    class Sure(tiny.AnyJudge):
        """Every draw is what it is meant to be: blocks come class by class, one of each."""

        def __call__(self, images):
            super().__call__(images)
            return np.repeat(np.eye(3, dtype=np.float32)[[(self.calls - 1) // 25]], len(images), axis=0)

    monkeypatch.setattr(judges, "Judge", Sure)
    text = run(root, tmp_path / "work", rows="1,3,5", gan_seeds="0", classifier_seeds="0")
    (line,) = [line for line in text.splitlines() if "dcgan_fp" in line]
    assert "left out" in line and "0 of 0" in line
    made = artefacts.read_json(tmp_path / "work" / "table.json")
    assert table_text.unfinished(made) == []
    assert [row["left_out"] for row in made["rows"]] == [[], ["0"], []]


def test_no_table_no_report(tmp_path):
    with pytest.raises(
        UserError, match="--workdir: found no cells.json in .*, expected the workdir of tools.run_table"
    ):
        summaries.summarise(tmp_path)


# Options


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"seeds": "0,0"}, "--seeds: found '0,0', expected distinct seeds"),
        ({"seeds": "a"}, "--seeds: found 'a', expected distinct seeds"),
        ({"gan_seeds": "-1"}, "--gan_seeds: found '-1', expected distinct seeds"),
        ({"classifier_seeds": ","}, "--classifier_seeds: found ',', expected distinct seeds"),
        ({"gans": "biggan"}, "--gans: found 'biggan', expected one or more of dcgan, sgan"),
        ({"rows_text": "15"}, "--rows: found '15', expected some of paper, controls, options, all, 1 to 14, real"),
    ],
)
def test_mistakes_in_options(options, line):
    with pytest.raises(UserError) as caught:
        table.choose(ExperimentConfig(), **options)
    assert str(caught.value).startswith(line)


def test_resamples_too_few_for_the_rows_are_refused_before_work(root, tmp_path):
    """Of the 39 rows of two GANs 38 are compared with one baseline: 40 resamples for each."""
    config = config_of(root, gans="dcgan,sgan")
    line = "--config.table.resamples: found 1000, expected 1880 or more: with fewer no p value of the 47 rows"
    with pytest.raises(UserError, match=line):
        run(root, tmp_path / "work", config, rows="all")
    assert not (tmp_path / "work").exists()


def test_what_the_options_choose():
    config = ExperimentConfig()
    _, choice = table.choose(config)
    assert choice.gan_seeds == (0, 1, 2) and choice.classifier_seeds == (0, 1, 2, 3, 4)
    _, choice = table.choose(config, seeds="4,2", classifier_seeds="7")
    assert choice.gan_seeds == (4, 2) and choice.classifier_seeds == (7,)
    made, choice = table.choose(config, rows_text="11", gans="sgan")
    assert [row.name for row in choice.rows] == ["sgan_tp"] and made.gans == ("sgan",) and config.gans == ("pairs",)
    with pytest.raises(UserError, match="--config.table.rows: found 'nope'"):
        table.choose(fields.replaced(config, {"table.rows": "nope"}))


# The commands


def command(tool, *arguments):
    line = [sys.executable, "-m", f"tools.{tool}", *arguments]
    return subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)


def test_report_of_a_finished_table(whole, tmp_path):
    done = command("make_report", f"--workdir={whole[0]}", f"--output={tmp_path / 'new' / 'page'}")
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.endswith("page.md: 5 rows, 0 unfinished cells\n") and done.stderr == ""
    made = artefacts.read_json(whole[0] / "table.json")
    for name in ("page.html", "page.md"):
        text = (tmp_path / "new" / name).read_text()
        for row in made["rows"]:
            assert row["title"] in text and f"{row['splits']['test']['mean']:.1f}" in text
        assert made["config_digest"] in text and made["subset_digest"] in text
        assert all(digest in text for row in made["rows"] for digest in row["digests"].values())


def test_report_of_an_unfinished_table_names_the_cells(whole, tmp_path, capsys):
    shutil.copytree(whole[0], tmp_path / "work")
    for folder in (tmp_path / "work").glob("cell-*"):
        result = artefacts.read_json(folder / "result.json")
        if (result["row"], result["gan_seed"], result["classifier_seed"]) == ("dcgan_tp", 1, 3):
            shutil.rmtree(folder)
    make_report.run(tmp_path / "work")
    assert capsys.readouterr().err == "unfinished: dcgan_tp: GAN seed 1, classifier seed 3\n"
    assert "GAN seed 1, classifier seed 3" in (tmp_path / "work" / "report.html").read_text()


def test_a_mistake_ends_in_one_line():
    """As `choose` and `summarise` word it; of any command that has a config, see test_cli."""
    done = command("make_report", "--workdir=nowhere")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("make_report: --workdir: found no cells.json in nowhere, expected ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("tool", ["run_table", "make_report"])
def test_help(tool):
    done = command(tool, "--help")
    assert done.returncode == 0 and f"usage: python -m tools.{tool}" in done.stdout and "--workdir: " in done.stdout

"""A map of two sets: its points, what a cell says by hand, resuming, and mistakes before work."""

import contextlib
import csv
import io
import pathlib

import numpy as np
import pytest
import tiny
from PIL import Image

from tfgan_aug.commands import run_map
from tfgan_aug.core import artefacts, fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments import maps, summaries
from tfgan_aug.experiments.run import Place, open_run
from tfgan_aug.reports import map_text


@pytest.fixture
def sets(tmp_path):
    """Two folders of three colours: 8 and 20 images a class, with a test split each."""
    made = []
    for name, count in (("few", 8), ("many", 20)):
        tiny.save_images(tmp_path / name / "train", dict.fromkeys(tiny.COLOURS, count))
        tiny.save_images(tmp_path / name / "test", dict.fromkeys(tiny.COLOURS, 4), first=50)
        made.append(f"folder:{tmp_path / name}")
    return made


def config_of(sets, per_class="6,12", subsets="0,1", **changes):
    config = tiny.config(sets[0], test_per_class=2, table__resamples=1000, **changes)
    return fields.replaced(config, {"map.sources": ",".join(sets), "map.per_class": per_class, "map.subsets": subsets})


@contextlib.contextmanager
def planned_of(config, tmp_path, **options):
    """(Points, notes) of a config, whose run is open."""
    config = fields.replaced(config, {"source": config.map.sources[0]})
    with open_run(config, Place(str(tmp_path / "work")), read_subset=False) as run:
        yield maps.points(run, **options)


def test_points_are_those_that_the_sets_have(sets, tmp_path):
    with planned_of(config_of(sets), tmp_path) as (planned, notes):
        assert [(point.source, point.per_class, point.subset) for point in planned] == [
            *[("few", 6, 0), ("few", 6, 1), ("many", 6, 0), ("many", 6, 1), ("many", 12, 0), ("many", 12, 1)]
        ]
        assert "few: 12 images a class left out, its smallest class can give 6" in notes
        # 12 of 18 images a class: two subsets share six and more.
        narrow = [line for line in notes if "too narrow" in line]
        assert [line.partition(" images a class share")[0] for line in narrow] == [
            *("few: subsets of 6 of 6", "many: subsets of 12 of 18")
        ]
        point = planned[-1]
        config = point.run.config
        assert (config.source, config.train_per_class, config.seed) == (sets[1], 12, 1)
        assert point.run.workdir == tmp_path / "work" / "map" / "many-12-1"
        assert len(point.run.subset.train.ids) == 36
        assert set(point.run.subset.train.ids) != set(planned[-2].run.subset.train.ids)


def test_duplicates_are_left_out_of_every_set(sets, tmp_path):
    """Twelve copies of one image: without them class red of both sets has fewer to give."""
    for spec in sets:
        root = pathlib.Path(spec.partition(":")[2]) / "train" / "red"
        for number in range(1, 5):
            (root / f"{number:03d}.png").write_bytes((root / "000.png").read_bytes())
    with planned_of(config_of(sets, per_class="12,2", subsets="0"), tmp_path, drop_duplicates=True) as (planned, notes):
        # The first set's run is opened as all commands open theirs.
        assert [(point.source, point.per_class) for point in planned] == [("few", 2), ("many", 12), ("many", 2)]
        assert len(planned[1].run.source.train.ids) == 60 - 4


def write_table(folder, accuracies):
    """What a finished table leaves, of rows with these hits among 100 test images; rows with a `_` have a GAN."""
    rows, units = [], []
    for name, correct in accuracies.items():
        cell = folder / f"cell-{name}"
        cell.mkdir(parents=True)
        hits = np.arange(100) < correct
        np.savez(cell / "hits.npz", test=hits, test_labels=np.arange(100) % 2)
        artefacts.write_json(cell / "result.json", {"images": 12})
        artefacts.write_json(cell / "seconds.json", 60.0)
        gan = "dcgan" if name.startswith("dcgan") else ""
        about = {"name": name, "group": "controls" if name.endswith("cas") else "paper", "title": name, "number": None}
        about |= {"paper": None, "paper_note": "", "variant": name, "gan": gan, "plain": True}
        state = {"gan_seed": 0 if gan else None, "classifier_seed": 0, "folder": cell.name, "left_out": False}
        rows.append({**about, "cells": [state]})
        unit = {"gan": gan, "seed": state["gan_seed"], "datasets": {name: "d"}, "minutes": {name: 1.0}, "folder": name}
        unit |= {"stage": "s", "pool": "p", "judge": "j", "curves": [], "draws_tp_fp": [], "confusion": []}
        units.append({**unit, "gan_minutes": 1.0})
    state = {"rows": rows, "units": units, "classes": ["a", "b"], "source": {"name": "x"}, "steps": 1}
    state["config"] = {"classifier": {"recipe": "best"}, "table": {"resamples": 1000}}
    artefacts.write_json(folder / "cells.json", state)
    summaries.summarise(folder)


def test_a_cell_by_hand(sets, tmp_path):
    """Subsets of 60 and 64 % for real, 62 and 70 % for mixup, 71 and 73 % with generated images: +6 beside mixup."""
    with planned_of(config_of(sets), tmp_path) as (planned, _):
        for point, (real, mixup, ours) in zip(planned[2:4], ((60, 62, 71), (64, 70, 73)), strict=True):
            write_table(point.run.workdir, {"real": real, "mixup": mixup, "dcgan_tp": ours, "dcgan_cas": 99})
        made = maps.summarise(planned)
    assert made["planned"] == 6 and [point["subset"] for point in made["points"]] == [0, 1]
    (cell,) = made["cells"]
    # The differences are 9 and 3: mean 6, standard error 3; t of one degree of freedom is 12.706.
    assert (cell["source"], cell["per_class"], cell["row"], cell["strongest"]) == ("many", 6, "dcgan_tp", "mixup")
    assert (cell["mean"], cell["strongest_mean"], cell["difference"]) == pytest.approx((72.0, 66.0, 6.0))
    assert (cell["low"], cell["high"]) == pytest.approx((6 - 3 * 12.706, 6 + 3 * 12.706), abs=1e-3)
    assert cell["verdict"] == "not resolved" and cell["subsets"] == 2
    text = map_text.text(made)
    assert (
        "* **It is open whether they helped** in 1 of 1 places: many, 6 a class: `dcgan_tp` +6.0 [-32.1, +44.1]."
        in text
    )
    assert "2 of 6 points are finished." in text


def test_words_on_each_verdict():
    def cell(source, row, difference, low, high, verdict):
        about = {"source": source, "per_class": 5, "row": row, "mean": 80.0, "strongest": "real", "subsets": 3}
        return about | {
            "strongest_mean": 80.0 - difference, "difference": difference, "low": low, "high": high, "verdict": verdict
        }  # fmt: skip

    cells = [cell("a", "pairs_fresh", 4.0, 2.0, 6.0, "helps"), cell("a", "pairs_tp", -9.0, -10.0, -8.0, "hurts")]
    cells += [cell("b", "pairs_tp", -3.0, -4.0, -2.0, "hurts"), cell("c", "pairs_tp", 1.0, None, None, "not resolved")]
    said = map_text.answer({"cells": cells, "points": [{}] * 3, "planned": 3})
    assert "* **They helped** in 1 of 3 places: a, 5 a class: `pairs_fresh` +4.0 [+2.0, +6.0]." in said
    assert "* **They hurt** in 1 of 3 places: b, 5 a class: `pairs_tp` -3.0 [-4.0, -2.0]." in said
    assert (
        "* **It is open whether they helped** in 1 of 3 places: c, 5 a class: `pairs_tp` +1.0." in said
        and "finished" not in said
    )
    assert said.endswith("The best of several rows looks better than it is: the intervals are not corrected for that.")
    assert map_text.answer({"cells": [], "points": [], "planned": 3}).startswith("No point")


def test_a_map_runs_and_goes_on(sets, tmp_path, capfd):
    config = config_of(sets, per_class="6", subsets="0")
    workdir = tmp_path / "work"
    options = run_map.Options(workdir=str(workdir), rows="real,dcgan_tp", seeds="0", gans="dcgan")
    planned = run_map.run(config, run_map.Options(workdir=str(workdir), rows="real", seeds="0,1", dry_run=True))
    assert planned.splitlines()[-1] == "2 points, up to 4 trainings of classifiers" and not (workdir / "map").exists()
    text = run_map.run(config, options)
    assert "few" in text and str(workdir / "map" / "map.csv") in text
    made = artefacts.read_json(workdir / "map" / "map.json")
    assert made["planned"] == len(made["points"]) == 2
    with Image.open(workdir / "map" / "map.png") as picture:
        assert picture.format == "PNG" and picture.size[0] > 200
    lines = list(csv.DictReader(io.StringIO((workdir / "map" / "map.csv").read_text())))
    assert len(lines) == len(made["cells"]) and {line["row"] for line in lines} <= {"dcgan_tp"}
    before = {path: path.stat().st_mtime_ns for path in workdir.rglob("hits.npz")}
    capfd.readouterr()
    assert run_map.run(config, options) == text
    assert {path: path.stat().st_mtime_ns for path in workdir.rglob("hits.npz")} == before
    assert " steps in " not in capfd.readouterr().err


def test_every_point_is_checked_before_the_first_one_works(sets, tmp_path):
    """Of the second number there are too few images for a batch: nothing is trained on the first one either."""
    config = config_of(sets[1:], per_class="12,6", subsets="0", classifier__batch_size=24)
    line = "^--config.map, many, 6 images a class, subset 0: --config.classifier.batch_size: found 24, expected at most"
    for dry_run in (True, False):
        options = run_map.Options(workdir=str(tmp_path / "work"), rows="real", seeds="0", dry_run=dry_run)
        with pytest.raises(UserError, match=line):
            run_map.run(config, options)
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"map.per_class": "100"}, r"--config.map.per_class: few: 100 images a class left out, .* expected one that"),
        ({"map.per_class": "0"}, "--config.map.per_class: found '0', expected distinct numbers, 1 or more"),
        ({"map.sources": ""}, "--config.map.sources: found '', expected one or more"),
        ({"map.subsets": "1,1"}, "--config.map.subsets: found '1,1', expected distinct seeds"),
    ],
)
def test_mistakes_before_work(sets, tmp_path, changes, message):
    config = fields.replaced(config_of(sets), changes)
    with pytest.raises(UserError, match=message):
        run_map.run(config, run_map.Options(workdir=str(tmp_path / "work"), rows="real", seeds="0"))
    assert not (tmp_path / "work" / "map").exists()


def test_two_sets_of_one_name(sets, tmp_path):
    other = tiny.save_images(tmp_path / "other" / "few" / "train", dict.fromkeys(tiny.COLOURS, 8)).parent
    options = run_map.Options(workdir=str(tmp_path / "work"), rows="real", seeds="0")
    with pytest.raises(UserError, match="--config.map.sources: found .*, both called few, expected other names"):
        run_map.run(config_of([sets[0], f"folder:{other}"]), options)

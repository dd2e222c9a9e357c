"""Tuning: which settings are tried on which images, what the row then trains with, and where it is refused."""

import numpy as np
import pytest
import tiny

from tfgan_aug.classifiers import judges
from tfgan_aug.classifiers.recipes import RECIPES
from tfgan_aug.commands import run_sweep, run_table
from tfgan_aug.core import artefacts, fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources
from tfgan_aug.experiments import cells, estimates, rows, summaries, table, tuning
from tfgan_aug.experiments.run import Run

ROW = table.Choice(tuple(row for row in rows.all_rows(["dcgan"]) if row.name == "real_tuned"), (0,), (0,))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "colours"
    tiny.save_images(folder / "train", dict.fromkeys(tiny.COLOURS, 10))
    tiny.save_images(folder / "test", dict.fromkeys(tiny.COLOURS, 4), first=50)
    return folder


@pytest.fixture(autouse=True)
def any_judge(monkeypatch):
    monkeypatch.setattr(judges, "Judge", tiny.AnyJudge)


def config_of(root, **changes):
    small = {"train_per_class": 8, "table__resamples": 1000, "table__search": 3, "table__search_folds": 2}
    return tiny.config(f"folder:{root}", **{**small, **changes})


def run(root, workdir, config=None, **options):
    picked = {"rows": "real,real_tuned", "seeds": "0", **options}
    return run_table.run(config or config_of(root), run_table.Options(workdir=str(workdir), **picked))


@pytest.fixture
def best_is(monkeypatch):
    """Makes the cell whose classifier trains with these settings the most accurate on its fold."""
    made = []

    def choose(wanted):
        def make(stage, cell):
            section = cell.run.config.classifier
            right = 4 * all(fields.get(cell.run.config, name) == value for name, value in wanted.items())
            made.append((cells.splits(cell.run), section.steps, section.learning_rate, len(cell.run.subset.train.ids)))
            scores = {name: {"correct": [right] * 3, "total": [4] * 3} for name in cells.splits(cell.run)}
            hits = {name: np.arange(12) < 3 * right for name in scores}
            labels = {f"{name}_labels": np.repeat([0, 1, 2], 4).astype(np.int32) for name in scores}
            with stage.making() as folder:
                artefacts.write_json(folder / "result.json", {"images": 12, "steps": section.steps, **scores})
                np.savez(folder / "hits.npz", **hits, **labels)

        monkeypatch.setattr(cells, "make", make)
        return made

    return choose


def test_settings_are_the_same_for_every_row_and_begin_with_the_configs_own():
    config = fields.replaced(tiny.config("shapes10"), {"classifier.steps": 100, "table.search": 27})
    found, recipe = tuning.settings(config), RECIPES["paper"]
    assert found[0] == {} and len(found) == 27 == len({tuple(one.values()) for one in found})
    assert {one["classifier.steps"] for one in found[1:]} == {50, 100, 200}
    rates = {round(one["classifier.learning_rate"] / recipe.learning_rate, 6) for one in found[1:]}
    assert rates == {round(1 / 3, 6), 1, 3}
    fewer = tuning.settings(fields.replaced(config, {"table.search": 5}))
    other = tuning.settings(fields.replaced(config, {"table.search": 5, "seed": 1}))
    assert fewer == found[:5] != other


def test_a_row_trains_with_what_was_best_on_a_part_of_its_training_images(root, tmp_path, best_is):
    config = config_of(root)
    wanted = tuning.settings(config)[2]
    made = best_is(wanted)
    run(root, tmp_path / "work", config)
    tried, scored = made[:3], made[3:]
    # Three settings on 12 of the 24 images; then both rows on all of them.
    assert [(splits, images) for splits, *_, images in tried] == [(["held_out"], 12)] * 3
    assert [(splits, steps) for splits, steps, *_ in scored] == [
        *((["test", "held_out"], 2), (["test", "held_out"], wanted["classifier.steps"]))
    ]
    rows = {row["name"]: row for row in artefacts.read_json(tmp_path / "work" / summaries.FILE)["rows"]}
    found = rows["real_tuned"]["tuned"]
    assert (found["changes"], found["tried"], found["own"], found["best"]) == (wanted, 3, 0.0, 100.0)
    assert rows["real_tuned"]["make_minutes"] == pytest.approx(rows["real"]["make_minutes"] + found["minutes"])
    assert "tuned" not in rows["real"]
    # The state knows them: nothing is tried again.
    made.clear()
    run(root, tmp_path / "work", config, seeds="0,1")
    assert [splits for splits, *_ in made] == [["test", "held_out"]] * 2


def test_the_configs_own_settings_win_a_tie_and_share_its_cell(root, tmp_path, best_is):
    made = best_is({})
    run(root, tmp_path / "work")
    state = {row["name"]: row for row in artefacts.read_json(tmp_path / "work" / table.STATE)["rows"]}
    assert state["real_tuned"]["tuned"]["changes"] == {}
    assert state["real_tuned"]["cells"] == state["real"]["cells"] and len(made) == 4


def test_every_row_of_a_tuned_table_is_tuned(root, tmp_path):
    """A row with a GAN on an inner split has a GAN of that split."""
    config = config_of(root, table__protocol="tuned", table__search=2)
    printed = run(root, tmp_path / "work", config, rows="real,dcgan_tp")
    rows = {row["name"]: row for row in artefacts.read_json(tmp_path / "work" / summaries.FILE)["rows"]}
    assert all(row["tuned"]["tried"] == 2 for row in rows.values()) and "dcgan_tp" in printed
    assert len(list((tmp_path / "work").glob("dcgan-*"))) == len(list((tmp_path / "work").glob("inner/*/dcgan-*"))) == 1


def test_a_row_without_generated_images_on_the_split_keeps_its_settings(root, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(table.Table, "cells", lambda self: iter([(None, None, None, None)]))
    monkeypatch.setattr(tuning.inner, "work", lambda tables: None)
    config = config_of(root)
    of_fold = table.Table(Run(config, tmp_path, None, sources.open_configured(config), None).of(config), ROW, {})
    found = tuning.choose(of_fold, of_fold)
    assert found == {"changes": {}, "tried": 0, "own": None, "best": None, "minutes": 0}


def test_a_plan_counts_what_is_tried(root, tmp_path, monkeypatch):
    monkeypatch.setattr(estimates, "_SECONDS", 0.01)
    monkeypatch.setattr(estimates._Seconds, "cell", lambda self: 60.0)
    plan = run(root, tmp_path / "work", dry_run=True)
    assert "real_tuned (controls): 1 of 1 cells left; about 4 minutes" in plan


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"table__search_folds": 9}, "--config.table.search_folds=9: found 8 training images of class 'blue'"),
        ({"judge__trained_on": "source_train"}, "found trained_on=source_train of the judge, expected subset"),
        ({"classifier__batch_size": 16}, "row real_tuned, on an inner split: --config.classifier.batch_size: found 16"),
    ],
)
def test_mistakes_are_named_before_any_work(root, tmp_path, changes, words):
    with pytest.raises(UserError, match=words):
        run(root, tmp_path / "work", config_of(root, **changes))
    assert not list(tmp_path.glob("work/**/cell-*"))


def test_a_sweep_of_tuned_rows_is_refused(root, tmp_path):
    options = run_sweep.Options(workdir=str(tmp_path / "work"), sweep="real", seeds="0")
    with pytest.raises(UserError, match="--config.table.protocol: found tuned, expected equal_steps or equal_epochs"):
        run_sweep.run(config_of(root, table__protocol="tuned"), options)

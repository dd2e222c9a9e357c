"""Inner splits: who sees which images, what is chosen by them, and a claim that is made before test images are read."""

import types

import numpy as np
import pytest
import tiny

from tfgan_aug.classifiers import judges
from tfgan_aug.commands import run_table
from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources
from tfgan_aug.experiments import cells, inner, rows, summaries, table
from tfgan_aug.experiments.run import Run
from tfgan_aug.reports import answer_text

OPTION = "--config.advice.folds"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "colours"
    tiny.save_images(folder / "train", dict.fromkeys(tiny.COLOURS, 10))
    tiny.save_images(folder / "test", {"blue": 4, "green": 5, "red": 6}, first=50)
    return folder


@pytest.fixture(autouse=True)
def any_judge(monkeypatch):
    monkeypatch.setattr(judges, "Judge", tiny.AnyJudge)


def config_of(root, **changes):
    return tiny.config(f"folder:{root}", **{"train_per_class": 8, "table__resamples": 1000, **changes})


def open_run(root, tmp_path, **changes):
    config = config_of(root, **changes)
    return Run(config, tmp_path, None, sources.open_configured(config), None).of(config)


def test_shares_are_nested_and_keep_every_class():
    labels = np.repeat([0, 1, 2], [10, 5, 1])
    kept = [set(inner.nested(labels, np.arange(16), share, 0).tolist()) for share in (0.1, 0.5, 1.0)]
    assert kept[0] < kept[1] < kept[2] == set(range(16))
    assert np.bincount(labels[sorted(kept[1])]).tolist() == [5, 2, 1]
    again, other = (set(inner.nested(labels, np.arange(16), 0.5, seed).tolist()) for seed in (0, 1))
    assert again == kept[1] != other


def test_folds_part_the_training_images_and_nothing_else_is_there(root, tmp_path):
    run = open_run(root, tmp_path)
    found = [inner.run_of(run, OPTION, 2, fold) for fold in range(2)]
    for one in found:
        train, scored = set(one.subset.train.ids), set(one.subset.held_out.ids)
        assert not train & scored and train | scored == set(run.subset.train.ids)
        assert one.subset.train.counts(3).tolist() == [4, 4, 4] == one.subset.held_out.counts(3).tolist()
        assert cells.splits(one) == ["held_out"] and one.source.test_digest == ""
        # The same pixels under the same ids.
        places = [run.subset.train.ids.index(name) for name in one.subset.train.ids]
        np.testing.assert_array_equal(one.subset.train.images, run.subset.train.images[places])
    assert set(found[0].subset.held_out.ids) == set(found[1].subset.train.ids)
    assert cells.splits(run) == ["test", "held_out"]
    half = inner.run_of(run, OPTION, 2, 0, 0.5)
    assert set(half.subset.train.ids) < set(found[0].subset.train.ids) and len(half.subset.train.ids) == 6
    assert len({one.workdir for one in (*found, half)}) == 3


def test_an_image_that_is_trained_on_is_not_scored(root, tmp_path):
    run = open_run(root, tmp_path)
    whole = inner.run_of(run, OPTION, 2, 0)
    twin = run.subset.train.ids.index(whole.subset.held_out.ids[0])
    other = run.subset.train.ids.index(whole.subset.train.ids[0])
    run.subset.train.images[twin] = run.subset.train.images[other]
    left = inner.run_of(run, OPTION, 2, 0).subset
    assert set(whole.subset.held_out.ids) - set(left.held_out.ids) == {run.subset.train.ids[twin]}
    assert left.train.ids == whole.subset.train.ids


def test_choosing_by_hand(monkeypatch):
    """Two folds of 40 images: real 20 and 22 right, pixel_mix 24 and 24, dcgan_tp 30 and 34, its images alone 40."""
    right = {"real": (20, 22), "pixel_mix": (24, 24), "dcgan_tp": (30, 34), "dcgan_cas": (40, 40), "geo": (40, None)}
    chosen = [row for row in rows.all_rows(["dcgan"]) if row.name in right]
    tables = [types.SimpleNamespace(fold=fold, choice=table.Choice(tuple(chosen), (0,), (0,))) for fold in range(2)]

    def scores(made):
        found = {}
        for row in chosen:
            if (count := right[row.name][made.fold]) is not None:
                hits = (np.arange(40) < count)[None, None]
                found[row.name] = {"hits": hits, "gan": bool(row.variant.gan), "classifier_seeds": [0]}
        return found

    monkeypatch.setattr(inner, "scores", scores)
    made = inner.compare(tables, 2000)
    assert (made["folds"], made["images"], made["strongest"], made["chosen"]) == (2, 80, "pixel_mix", "dcgan_tp")
    # Without the row that a fold lacks, and without that of generated images alone.
    assert {name: row["mean"] for name, row in made["rows"].items()} == {
        **{"real": 52.5, "pixel_mix": 60.0, "dcgan_tp": 80.0}
    }
    versus = made["rows"]["dcgan_tp"]["versus"]["pixel_mix"]
    assert versus["difference"] == pytest.approx(20) and 5 < versus["low"] < 20 < versus["high"] < 35
    assert inner.claim(tables, 2000) == {"row": "dcgan_tp", "against": "pixel_mix", "inner": made}


def claimed_run(root, workdir, config=None, **options):
    picked = {"rows": "real,geo,dcgan_tp,dcgan_cas", "seeds": "0", "claim": True, **options}
    return run_table.run(config or config_of(root), run_table.Options(workdir=str(workdir), **picked))


def test_a_claim_is_made_before_a_test_image_is_scored(root, tmp_path, monkeypatch):
    """The state holds the claim when the first cell is made, and later sittings keep it."""
    workdir, seen, make = tmp_path / "work", [], cells.make

    def spied(stage, cell):
        state = workdir / table.STATE
        seen.append((cells.splits(cell.run), artefacts.read_json(state).get("claimed")))
        make(stage, cell)

    monkeypatch.setattr(cells, "make", spied)
    printed = claimed_run(root, workdir)
    claim = artefacts.read_json(workdir / table.STATE)["claimed"]
    before = [claimed for splits, claimed in seen if "test" not in splits]
    after = [claimed for splits, claimed in seen if "test" in splits]
    # Two folds of three rows, then the four of the table.
    assert before == [None] * 6 and after == [claim] * 4
    assert claim["row"] == "dcgan_tp" and claim["against"] in ("real", "geo") and claim["inner"]["images"] == 24
    summary = artefacts.read_json(workdir / summaries.FILE)["claimed"]
    means = {row["name"]: row["splits"]["test"]["mean"] for row in summaries.summarise(workdir)["rows"]}
    assert summary["found"]["difference"] == pytest.approx(means["dcgan_tp"] - means[claim["against"]])
    assert (
        f"Claimed on 2 inner splits, before test images were read: `dcgan_tp` against `{claim['against']}`" in printed
    )
    seen.clear()
    claimed_run(root, workdir, seeds="0,1")
    assert artefacts.read_json(workdir / table.STATE)["claimed"] == claim
    assert all("test" in splits for splits, _ in seen)


def test_without_generated_images_on_the_splits_nothing_is_claimed(root, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(inner, "claim", lambda *arguments: {"row": None, "against": "real", "inner": {}})
    printed = claimed_run(root, tmp_path / "work", rows="real,dcgan_tp")
    assert "claimed" not in artefacts.read_json(tmp_path / "work" / table.STATE) and "Claimed" not in printed
    assert "nothing is claimed: too few generated images were accepted" in capsys.readouterr().err


def test_a_claim_after_the_fact_is_refused(root, tmp_path):
    workdir = tmp_path / "work"
    claimed_run(root, workdir, claim=False, rows="real")
    message = r"--claim: found 1 cells in .*, expected none: name another --workdir"
    with pytest.raises(UserError, match=message):
        claimed_run(root, workdir)
    # Cells of other commands, such as the main job's, are in no state.
    (workdir / table.STATE).unlink()
    with pytest.raises(UserError, match=message):
        claimed_run(root, workdir)


def test_the_first_claim_and_what_other_workers_tuned_stay(root, tmp_path):
    """Two workers that read the state before either wrote."""
    run = open_run(root, tmp_path)
    choice = table.Choice(
        tuple(row for row in rows.all_rows(["dcgan"]) if row.name in ("real", "real_tuned")), (0,), (0,)
    )
    one, other = (table.Table(run, choice, {"source": {}}) for _ in range(2))
    one.settle(choice.rows[1], {"changes": {}, "tried": 2})
    one.claim({"row": "first"})
    other.claim({"row": "second"})
    state = artefacts.read_json(tmp_path / table.STATE)
    assert state["claimed"] == {"row": "first"}
    assert {row["name"]: row.get("tuned") for row in state["rows"]}["real_tuned"] == {"changes": {}, "tried": 2}
    # A tuned row is not the dataset as it is: its accuracy is not that of the card.
    assert {row["name"]: row["plain"] for row in state["rows"]} == {"real": True, "real_tuned": False}


def test_seeds_of_earlier_sittings_do_not_count(root, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(summaries, "finished", lambda row, workdir: seen.append(row["cells"]))
    cells_there = [{"gan_seed": None, "classifier_seed": seed, "folder": f"cell-{seed}"} for seed in (0, 1)]
    artefacts.write_json(tmp_path / table.STATE, {"rows": [{"name": "real", "cells": cells_there}]})
    made = types.SimpleNamespace(choice=table.Choice((), (0,), (1,)), run=types.SimpleNamespace(workdir=tmp_path))
    assert inner.scores(made) == {} and seen == [cells_there[1:]]


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({}, {"rows": "real,geo"}, "--claim: found rows real, geo, expected one or more with generated images"),
        ({}, {"rows": "dcgan_tp,dcgan_cas"}, "--claim: found rows dcgan_tp, dcgan_cas, expected"),
        ({"judge__trained_on": "source_train"}, {}, "found trained_on=source_train of the judge, expected subset"),
        ({"table__claim_folds": 9}, {}, "--config.table.claim_folds=9: found 8 training images of class 'blue'"),
        ({"classifier__batch_size": 16}, {}, "--claim, on an inner split: --config.classifier.batch_size: found 16"),
    ],
)
def test_mistakes_are_named_before_any_work(root, tmp_path, changes, options, words):
    with pytest.raises(UserError, match=words):
        claimed_run(root, tmp_path / "work", config_of(root, **changes), **options)
    assert not list(tmp_path.glob("work/**/cell-*"))


def test_words_on_a_claim():
    versus = {"real": {"difference": 2.0}}
    inner_found = {"folds": 2, "rows": {"dcgan_tp": {"versus": versus}}}
    claim = {"row": "dcgan_tp", "against": "real", "inner": inner_found, "found": None}
    assert answer_text.claim(None) == "" and answer_text.claim(claim).endswith("It is not tested yet.")
    for verdict, words in (("helps", "holds"), ("hurts", "is wrong"), ("not resolved", "stays open")):
        found = {"difference": 1.26, "low": -0.5, "high": 3.0, "verdict": verdict}
        said = answer_text.claim({**claim, "found": found})
        assert f"**The claim {words}: +1.3 points, 95 % -0.5 to +3.0.**" in said and "(+2.0 points there)" in said

"""From cells to the table: made-up hits whose accuracies, blocks and costs are known."""

import itertools

import numpy as np
import pytest

from tfgan_aug.core import artefacts
from tfgan_aug.datasets import cards
from tfgan_aug.experiments import findings, summaries
from tfgan_aug.reports import table_text

CLASSES = ["cat", "d|g"]
LABELS = np.repeat([0, 1], 50).astype(np.int32)


def hits(*correct):
    """100 images, the first `correct[c]` of each class right."""
    return np.concatenate([np.arange(50) < count for count in correct])


class Workdir:
    """A workdir of cells that were never trained."""

    def __init__(self, path):
        self.path, self.rows, self.units = path, {}, {}

    def cell(self, row, seed, correct, gan_seed=None, minutes=0.0, number=None, paper=None):
        gan = "dcgan" if gan_seed is not None else ""
        fields = {"name": row, "group": "paper", "title": row.upper(), "number": number, "paper": paper}
        fields |= {"paper_note": "", "variant": row, "gan": gan, "plain": True, "cells": []}
        entry = {"gan_seed": gan_seed, "classifier_seed": seed, "folder": f"cell-{row}-{gan_seed}-{seed}"}
        self.rows.setdefault(row, fields)["cells"].append({**entry, "left_out": False})
        unit = {"gan": gan, "seed": gan_seed, "datasets": {}, "minutes": {}, "folder": f"unit-{gan_seed}"}
        unit |= {"stage": "s", "pool": "p", "judge": "j", "curves": [], "draws_tp_fp": [], "confusion": []}
        unit = self.units.setdefault(gan_seed, {**unit, "gan_minutes": 3.0})
        unit["datasets"][row], unit["minutes"][row] = f"digest-{row}-{gan_seed}", minutes
        if correct is not None:
            folder = self.path / entry["folder"]
            folder.mkdir()
            np.savez(folder / "hits.npz", test=hits(*correct), test_labels=LABELS)
            artefacts.write_json(folder / "result.json", {"images": 40})
            artefacts.write_json(folder / "seconds.json", 120.0)

    def table(self, resamples=1000):
        state = {"rows": list(self.rows.values()), "units": list(self.units.values()), "classes": CLASSES}
        state |= {"source": {"name": "pets"}, "steps": 7, "config": {"classifier": {"recipe": "best"}}}
        state["config"]["table"] = {"resamples": resamples}
        artefacts.write_json(self.path / "cells.json", state)
        return summaries.summarise(self.path), {row["name"]: row for row in summaries.summarise(self.path)["rows"]}


@pytest.fixture
def workdir(tmp_path):
    """real 60 and 62 %, geo 62 and 64 %, dcgan_tp 82 % in every cell, at 10 minutes."""
    made = Workdir(tmp_path)
    for seed, (first, second) in enumerate(((30, 30), (30, 32))):
        made.cell("real", seed, (first, second), number=1, paper=61.7)
        made.cell("geo", seed, (first + 1, second + 1), minutes=0.5)
        for gan_seed in (0, 1):
            made.cell("dcgan_tp", seed, (41, 41), gan_seed, minutes=10.0)
    return made


def card_of(row, made):
    provenance = {"variant": row["variant"], "description": "Images.", "config": {"source": "pets"}}
    return cards.text(f"pets_gan_aug/{row['variant']}", provenance, {"table": findings.of_row(row, made)})


def test_numbers_by_hand(workdir):
    _, rows = workdir.table()
    scores = rows["real"]["splits"]["test"]
    assert (scores["total"], scores["mean"]) == (100, pytest.approx(61.0))
    assert scores["sd"] == pytest.approx(2**0.5) and scores["recall"] == pytest.approx([60.0, 62.0])
    assert scores["se"] == pytest.approx(100 * (0.61 * 0.39 / 100) ** 0.5)
    versus = rows["dcgan_tp"]["splits"]["test"]["versus"]["real"]
    assert versus["difference"] == pytest.approx(21.0) and versus["low"] > 5 and versus["verdict"] == "helps"
    assert versus["p_holm"] >= versus["p"]
    assert rows["real"]["splits"]["test"]["versus"]["geo"]["difference"] == pytest.approx(-2.0)
    assert rows["dcgan_tp"]["gan_seeds"] == [0, 1] and rows["real"]["gan_seeds"] == []
    assert rows["dcgan_tp"]["digests"] == {"0": "digest-dcgan_tp-0", "1": "digest-dcgan_tp-1"}
    assert rows["dcgan_tp"]["train_minutes"] == pytest.approx(2.0)


def test_costs_by_hand(workdir):
    made, rows = workdir.table()
    assert rows["dcgan_tp"]["minutes_per_point"] == pytest.approx(10 / 21)
    assert rows["real"]["minutes_per_point"] is None
    # real is as cheap as it gets, and geo is better than real: each is its own cheapest; so is the best row.
    assert {name: row["cheapest"]["row"] for name, row in rows.items()} == {
        "real": "real",
        "geo": "geo",
        "dcgan_tp": "dcgan_tp",
    }
    workdir.cell("flip_crop", 0, (45, 45))
    workdir.cell("flip_crop", 1, (45, 45))
    assert made["strongest"] == "geo"
    made, rows = workdir.table()
    # Rows with generated images are compared with the best one without, too.
    assert made["strongest"] == "flip_crop"
    versus = rows["dcgan_tp"]["splits"]["test"]["versus"]["flip_crop"]
    assert versus["difference"] == pytest.approx(-8.0)
    assert rows["flip_crop"]["splits"]["test"]["versus"].keys() == {"real", "geo"}
    assert "the strongest row without generated images (FLIP_CROP):** 82.0 % instead of 90.0 %." in card_of(
        rows["dcgan_tp"], made
    )
    assert rows["dcgan_tp"]["cheapest"] == {"row": "flip_crop", "minutes": 0.0, "accuracy": pytest.approx(90.0)}
    text = card_of(rows["dcgan_tp"], made)
    assert "Cheaper and at least as accurate: `flip_crop` (FLIP_CROP), 90.0 % for 0.0 minutes." in text
    assert "is right on 82.0 % of 100 test images." in text
    assert (
        "* **Better than the real images alone:** 82.0 % instead of 61.0 %. That is +21.0 points, 95 % interval "
        in text
    )
    assert "10.0 minutes to make the added images, 2.0 to train. Each point gained took 0.5 minutes." in text
    assert "| cat | 82.0 | +22.0 |" in text and "| d\\|g | 82.0 | +20.0 |" in text
    assert "recipe `best`, 7 steps for every row" in text
    assert "It was trained with 2 GAN seeds and 2 classifier seeds." in text


def test_the_baselines_own_card_is_no_comparison_with_itself(workdir):
    made, rows = workdir.table()
    text = card_of(rows["real"], made)
    assert "* No cheaper row of the table is as accurate.\n" in text and "| cat | 60.0 | - |" in text
    assert "than the real images alone" not in text and "**Not told apart from real and geometric images:**" in text


def test_the_largest_whole_block_counts_and_the_rest_is_named(workdir):
    workdir.cell("real", 2, (50, 50))
    for gan_seed, correct in ((0, (10, 10)), (1, None), (2, None)):
        workdir.cell("dcgan_tp", 2, correct, gan_seed)
    made, rows = workdir.table()
    # GAN seeds 0 and 1 x classifier seeds 0 and 1 are whole; the third classifier seed has GAN seed 0 alone.
    assert (rows["dcgan_tp"]["gan_seeds"], rows["dcgan_tp"]["classifier_seeds"]) == ([0, 1], [0, 1])
    assert rows["dcgan_tp"]["splits"]["test"]["mean"] == pytest.approx(82.0)
    assert (rows["dcgan_tp"]["done"], rows["dcgan_tp"]["planned"]) == (5, 7)
    assert table_text.unfinished(made) == [
        "dcgan_tp: GAN seed 1, classifier seed 2",
        "dcgan_tp: GAN seed 2, classifier seed 2",
    ]
    # Compared on the classifier seeds that both have.
    assert rows["dcgan_tp"]["splits"]["test"]["versus"]["real"]["difference"] == pytest.approx(21.0)


def test_the_block_is_the_largest_of_all():
    """Against every choice of GAN seeds, on random patterns; the greedy search missed one in five of these."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        pattern = rng.random((rng.integers(1, 7), rng.integers(1, 7))) < rng.choice([0.3, 0.6, 0.9])
        done = {seed: set(np.flatnonzero(line).tolist()) for seed, line in enumerate(pattern) if line.any()}
        if not done:
            continue
        chosen = [some for size in range(1, len(done) + 1) for some in itertools.combinations(done, size)]
        most = max(len(some) * len(set.intersection(*(done[seed] for seed in some))) for some in chosen)
        gan_seeds, seeds = summaries.largest_block(done)
        assert len(gan_seeds) * len(seeds) == most
        assert all(set(seeds) <= done[seed] for seed in gan_seeds)


def test_ties_between_blocks_go_to_more_gan_seeds_then_to_the_first():
    assert summaries.largest_block({None: {3, 1}}) == ([None], [1, 3])
    assert summaries.largest_block({0: {0, 1, 2, 3}, 1: {0, 1}}) == ([0, 1], [0, 1])
    assert summaries.largest_block({5: {1}, 4: {2}}) == ([4], [2])
    # Thirty seeds of each kind, as a night that was cut off leaves them.
    done = {seed: set(range(30 - seed)) for seed in range(30)}
    gan_seeds, seeds = summaries.largest_block(done)
    assert len(gan_seeds) * len(seeds) == max(size * (31 - size) for size in range(1, 31))


def test_rows_without_a_classifier_seed_in_common_are_not_compared(tmp_path):
    made = Workdir(tmp_path)
    made.cell("real", 0, (30, 30))
    made.cell("dcgan_tp", 1, (20, 20), 4)
    made, rows = made.table()
    assert rows["dcgan_tp"]["splits"]["test"]["versus"] == {} and rows["dcgan_tp"]["splits"]["test"]["mean"] == 40
    assert card_of(rows["dcgan_tp"], made) and table_text.rows(made)


def test_one_seed_is_said(tmp_path):
    made = Workdir(tmp_path)
    made.cell("real", 0, (30, 30))
    made.cell("dcgan_tp", 0, (20, 20), 4)
    made, rows = made.table()
    versus = rows["dcgan_tp"]["splits"]["test"]["versus"]["real"]
    assert versus["scope"] == "one GAN seed, one classifier seed"
    assert rows["dcgan_tp"]["splits"]["test"]["sd"] is None
    assert cards.interval(versus).endswith("(one GAN seed, one classifier seed)")
    assert "| 60.0 | 1 of 1 | - | - |" in " ".join(table_text.rows(made).split())
    assert rows["dcgan_tp"]["minutes_per_point"] is None


def test_cells_of_other_test_images_are_refused(workdir):
    folder = workdir.path / "cell-real-None-1"
    np.savez(folder / "hits.npz", test=hits(30, 30), test_labels=LABELS[::-1])
    with pytest.raises(ValueError, match="cell-real-None-1: found other test images than in"):
        workdir.table()

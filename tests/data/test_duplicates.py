"""Duplicates: every pair is found, whatever its labels and splits, and the rule leaves no image twice."""

import csv
import itertools

import numpy as np
import pytest

from tfgan_aug.data import duplicates
from tfgan_aug.data.digests import pixel_hash

NAMES = ("cat", "dog", "owl")


def parts(**splits):
    """Images by split: {split: [(kind of image, label)]}; equal kinds have equal pixels."""
    for split, images in splits.items():
        hashes = [pixel_hash(np.full((2, 2, 1), kind, np.uint8)) for kind, _ in images]
        labels = np.array([label for _, label in images])
        yield duplicates.Images(split, [f"{split}{i}" for i in range(len(images))], labels, hashes)


def found(**splits):
    return duplicates.find(NAMES, list(parts(**splits)))


def ids(groups):
    return [[copy.id for copy in group] for group in groups]


def test_pairs_within_and_between_splits():
    made = found(train=[(1, 0), (2, 1), (1, 1), (3, 0), (2, 1)], test=[(4, 0), (3, 0), (4, 0)])
    assert ids(made.groups) == [["train0", "train2"], ["train1", "train4"], ["train3", "test1"], ["test0", "test2"]]
    assert made.words() == ("4 pairs of images with the same pixels, 1 under two labels: train0 (cat) = train2 (dog)")
    assert found(train=[(1, 0), (2, 0)], test=[(3, 0)]).groups == () and found(train=[], test=[]).groups == ()


def test_the_file_holds_all_pairs(tmp_path):
    made = found(train=[(1, 0), (1, 1), (1, 0)], test=[(1, 2)])
    path = made.write(tmp_path)
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert path.name == "duplicates.csv" and len(rows) == 6
    assert rows[1] == {
        "id": "train0", "label": "cat", "split": "train", "other_id": "train2", "other_label": "cat",
        "other_split": "train", "labels": "same",
    }  # fmt: skip
    assert [row["labels"] for row in rows] == ["two", "same", "two", "two", "two", "two"]
    assert rows[-1]["other_id"] == "test0" and rows[-1]["other_split"] == "test"


def test_the_pairs_of_thousands_of_equal_images_do_not_become_millions():
    made = found(train=[(0, 0)] * 1000)
    assert sum(1 for _ in made.pairs()) == 999 and len(made.dropped()["train"]) == 999


@pytest.mark.parametrize(
    ("splits", "gone"),
    [
        ({"train": [(1, 0), (2, 0), (1, 0), (1, 0)]}, {"train": [2, 3]}),
        ({"train": [(1, 0), (2, 0), (1, 1), (1, 0)]}, {"train": [0, 2, 3]}),
        ({"train": [(1, 0), (2, 0)], "test": [(3, 0), (1, 0), (1, 0)]}, {"train": [0], "test": [2]}),
        ({"train": [(1, 0), (2, 0)], "test": [(3, 0), (1, 1)]}, {"train": [0], "test": [1]}),
        ({"train": [(1, 0), (2, 0)], "test": [(3, 0), (3, 1)]}, {"test": [0, 1]}),
        ({"train": [(1, 0), (2, 0)], "test": [(3, 0)]}, {}),
    ],
)
def test_the_rule(splits, gone):
    made = found(**splits).dropped()
    assert {split: positions.tolist() for split, positions in made.items()} == gone


def test_what_the_rule_leaves_has_no_duplicates_and_loses_no_picture_of_one_label():
    rng = np.random.default_rng(0)
    for _ in range(20):
        splits = {
            split: list(zip(rng.integers(0, 12, 20).tolist(), rng.integers(0, 2, 20).tolist(), strict=True))
            for split in ("train", "test")
        }
        gone = found(**splits).dropped()
        left = {
            s: [image for i, image in enumerate(images) if i not in gone.get(s, ())] for s, images in splits.items()
        }
        assert found(**left).groups == ()
        labels = {}
        for kind, label in itertools.chain(*splits.values()):
            labels.setdefault(kind, set()).add(label)
        kept = sorted(kind for kind, _ in itertools.chain(*left.values()))
        assert kept == sorted(kind for kind, own in labels.items() if len(own) == 1)
        assert {kind for kind, _ in left["test"]} == {kind for kind, _ in splits["test"] if len(labels[kind]) == 1}

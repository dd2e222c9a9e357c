"""What the judge's stage finds of a judge: on which images, what it says of one that guesses, and where."""

import types

import numpy as np
import pytest
import tiny

from tfgan_aug.core import artefacts
from tfgan_aug.data import subsets
from tfgan_aug.experiments import judge_stage

NAMES = ("blue", "green", "red")


class Member:
    """A classifier of images that hold their class in their first pixel; `said` maps it to an answer."""

    def __init__(self, said=(0, 1, 2)):
        self.said, self.seen = np.array(said), []

    def probabilities(self, images, block_size):
        self.seen.append(len(images))
        return np.eye(3, dtype=np.float32)[self.said[images[:, 0, 0, 0]]]


def part(count, first):
    """A part of a subset: `count` images of each class."""
    labels = np.tile([0, 1, 2], count).astype(np.int32)
    images = np.broadcast_to(labels[:, None, None, None], (len(labels), 4, 4, 3)).astype(np.uint8)
    return types.SimpleNamespace(ids=[f"{first}{i}" for i in range(len(labels))], labels=labels, images=images)


def run_of(held_out=20, train=20, **fields):
    subset = types.SimpleNamespace(train=part(train, "t"), held_out=part(held_out, "h"), classes=3, class_names=NAMES)
    return types.SimpleNamespace(config=tiny.config("shapes10", **fields), subset=subset)


def test_a_good_judge_is_counted_on_held_out_images():
    found = judge_stage.found([Member()], run_of())
    assert (found["scored_on"], found["images"], found["correct"]) == ("held-out images", 60, 60)
    assert found["confusion"] == [[20, 0, 0], [0, 20, 0], [0, 0, 20]] and found["members"] == [1.0]
    assert found["chance"] == pytest.approx(1 / 3) and found["fault"] == ""


def test_a_judge_that_says_one_thing():
    found = judge_stage.found([Member((2, 2, 2))], run_of(judge__steps=4))
    assert found["confusion"] == [[0, 0, 20]] * 3 and found["fault"] == (
        "the judge takes all 60 held-out images for 'red'; its verdicts TP and FP mean nothing: train it longer "
        "(--config.judge.steps is 4), with another --config.judge.learning_rate, or see whether the labels are right"
    )


def test_a_judge_that_guesses():
    """Always wrong, though of every class: no better than guessing."""
    found = judge_stage.found([Member((1, 2, 0))], run_of())
    assert "the judge is no better than guessing: right on 0 of 60 held-out images, where guesses" in found["fault"]


def test_of_an_ensemble_the_mean_is_scored_and_each_member_told():
    members = [Member(), Member(), Member((1, 2, 0))]
    found = judge_stage.found(members, run_of(judge__members=3))
    assert found["correct"] == 60 and found["members"] == [1.0, 1.0, 0.0] and found["fault"] == ""


def test_few_held_out_images_leave_it_to_the_training_images():
    found = judge_stage.found([Member()], run_of(held_out=1))
    assert (found["scored_on"], found["images"]) == ("training images", 60)
    # Of an ensemble each member judges those that it was trained without.
    run = run_of(held_out=0, judge__members=2, seed=5)
    fold = subsets.folds(run.subset.train.labels, 2, 5)
    found = judge_stage.found([Member(), Member((1, 2, 0))], run)
    assert found["scored_on"] == "training images left out of a member" and found["correct"] == (fold == 0).sum()
    # Where even those are too few there is nothing to say.
    found = judge_stage.found([Member((1, 2, 0))], run_of(held_out=0, train=2))
    assert (found["scored_on"], found["images"], found["fault"]) == ("training images", 6, "")


def test_a_judge_of_the_whole_source_has_seen_the_held_out_images():
    found = judge_stage.found([Member()], run_of(judge__trained_on="source_train"))
    assert found["scored_on"] == "training images"


def test_an_older_judge_is_not_known(tmp_path):
    stage = artefacts.Stage(tmp_path, "judge", {})
    with stage.making():
        pass
    assert judge_stage.fault(stage) == ""

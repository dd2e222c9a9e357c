"""Advice: what it trains on, that it goes on, what it says."""

import numpy as np
import pytest
import tiny

from tfgan_aug.commands import advise
from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources
from tfgan_aug.experiments import advice
from tfgan_aug.experiments.run import Run
from tfgan_aug.reports import advice_text
from tfgan_aug.training import strategies


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tiny.save_images(tmp_path_factory.mktemp("pictures") / "colours", dict.fromkeys(tiny.COLOURS, 12))


def config_of(root, **fields):
    small = {
        "train_per_class": 8,
        "advice__shares": "0.5,1",
        "advice__folds": 2,
        "advice__seeds": "0",
        "advice__augmentation": "flip",
    }
    return tiny.config(f"folder:{root}", **{**small, **fields})


def trainings(root, tmp_path, strategy=None, **fields):
    config = config_of(root, **fields)
    source = sources.open_configured(config)
    run = Run(config, tmp_path, strategy, source, None).of(config)
    return advice.Trainings(run), run.subset


@pytest.fixture(scope="module")
def advised(root, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("advised")
    return workdir, advise.run(config_of(root), workdir)


def test_shares_are_nested_and_keep_every_class():
    labels = np.repeat([0, 1, 2], [10, 5, 1])
    kept = [set(advice.nested(labels, np.arange(16), share, 0).tolist()) for share in (0.1, 0.5, 1.0)]
    assert kept[0] < kept[1] < kept[2] == set(range(16))
    assert np.bincount(labels[sorted(kept[1])]).tolist() == [5, 2, 1]
    again, other = (set(advice.nested(labels, np.arange(16), 0.5, seed).tolist()) for seed in (0, 1))
    assert again == kept[1] != other


def test_no_training_sees_its_fold_and_folds_share_no_image(advised, root):
    workdir, _ = advised
    made = artefacts.read_json(workdir / "advice.json")
    results = [artefacts.read_json(path) for path in workdir.glob("advice-*/result.json")]
    # 2 shares + 2 kinds, 2 folds, one seed; each scored on the other half of 24.
    assert len(results) == 8 and {sum(result["total"]) for result in results} == {12}
    assert [point["count"] for point in made["curve"]] == [2, 4] and made["count"] == 8


def test_positions_leave_the_fold_out(root, tmp_path, monkeypatch):
    monkeypatch.setattr(advice.strategies, "check_batch_size", lambda *args: None)
    made, subset = trainings(root, tmp_path)
    for fold in range(2):
        positions = made.positions(fold, 1.0)
        assert not np.any(made.fold[positions] == fold) and len(positions) == 12
        assert np.bincount(subset.train.labels[positions]).tolist() == [4, 4, 4]


def test_the_words_say_what_a_gan_has_to_beat(advised):
    workdir, printed = advised
    assert "No test image was read" in printed and "more real images a class (2 times as many)" in printed
    made = artefacts.read_json(workdir / "advice.json")
    best = max(made["augmented"]["difference"], made["geometric"]["difference"], 0)
    assert f"**A GAN has to beat {best:+.1f} points.**" in printed
    assert [more["times"] for more in made["more"]] == [1.25, 1.5, 2, 4]


def test_advice_again_trains_nothing(advised, root, monkeypatch):
    workdir, printed = advised
    monkeypatch.setattr(advice.loop, "fit", lambda *args, **kwargs: pytest.fail("trained again"))
    assert advise.run(config_of(root), workdir) == printed


def test_rows_are_worth_real_images(advised, root):
    workdir, _ = advised
    made = artefacts.read_json(workdir / "advice.json")
    versus = {"difference": 2.0, "low": 1.0, "high": 3.0, "verdict": "helps"}
    row = {"row": "dcgan_tp", "gan": "dcgan", "group": "paper", "splits": {"test": {"versus": {"real": versus}}}}
    open_ = {"difference": -1.0, "low": -2.0, "high": 0.5, "verdict": "not resolved"}
    other = {**row, "name": "sgan_tp", "splits": {"test": {"versus": {"real": open_}}}}
    found = advice._rows(
        {"rows": [{**row, "name": "dcgan_tp"}, other, {**row, "name": "x", "gan": ""}]}, (0.9, 0.3), 100
    )
    assert [item["row"] for item in found] == ["dcgan_tp", "sgan_tp"]
    left = 0.9 * 100**-0.3 - 0.02
    assert found[0]["more"] == pytest.approx((left / 0.9) ** (-1 / 0.3) - 100)
    assert found[1]["more"] == 0 and found[1]["most"] > 0
    lines = "\n".join(advice_text.lines({**made, "rows": found, "count": 100}))
    gain = "`dcgan_tp` helps: +2.0 points, 95 % +1.0 to +3.0 against real images alone"
    assert f"{gain}; worth about {found[0]['more']:.0f} more" in lines
    assert "`sgan_tp` is not told apart: -1.0 points, 95 % -2.0 to +0.5 against real images alone; at the most" in lines


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"advice__folds": 9}, "--config.advice.folds=9: found 8 training images of class 'blue'"),
        ({"advice__shares": "1"}, "--config.advice.shares: found '1', expected two or more"),
        ({"advice__shares": "0.5,2"}, "--config.advice.shares: found '0.5,2'"),
        ({"advice__augmentation": ""}, "--config.advice.augmentation: found none"),
        ({"advice__seeds": "a"}, "--config.advice.seeds: found 'a'"),
        ({"classifier__batch_size": 64}, "--config.classifier.batch_size: found 64, expected at most the 6"),
    ],
)
def test_mistakes_are_named_before_any_work(root, tmp_path, fields, words):
    with pytest.raises(UserError, match=words):
        advise.run(config_of(root, **fields), tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_shares_of_less_than_a_batch_are_left_out(root, tmp_path):
    made, _ = trainings(root, tmp_path, advice__shares="0.1,0.5,1", strategy=strategies.make_strategy("one_device"))
    assert made.shares == (0.5, 1.0)

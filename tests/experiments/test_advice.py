"""Advice: what it tries, that it goes on, what it says."""

import pytest
import tiny

from tfgan_aug.classifiers import judges
from tfgan_aug.commands import advise
from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources
from tfgan_aug.experiments import advice
from tfgan_aug.experiments.run import Run
from tfgan_aug.reports import advice_text
from tfgan_aug.training import loop, strategies


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
        "advice__rows": "augmented,geo,fresh",
        "table__resamples": 1000,
    }
    return tiny.config(f"folder:{root}", **{**small, **fields})


def trials(root, tmp_path, **fields):
    config = config_of(root, **fields)
    run = Run(config, tmp_path, strategies.make_strategy("one_device"), sources.open_configured(config), None)
    return advice.Trials.of(run.of(config), {})


@pytest.fixture(scope="module")
def advised(root, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("advised")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judges, "Judge", tiny.AnyJudge)
        return workdir, advise.run(config_of(root), workdir)


def test_every_training_image_is_scored_once_by_each_row(advised):
    workdir, _ = advised
    made = artefacts.read_json(workdir / "advice.json")
    results = [artefacts.read_json(path) for path in workdir.glob("inner/*/cell-*/result.json")]
    # Two folds: real at half the images, four rows with all; each scored on the other half of 24.
    assert len(results) == 10 and {sum(result["held_out"]["total"]) for result in results} == {12}
    assert not any("test" in result for result in results)
    assert [point["count"] for point in made["curve"]] == [2, 4] and made["count"] == 8
    assert set(made["tried"]["rows"]) == {"real", "augmented", "geo", "dcgan_fresh"} and made["tried"]["images"] == 24
    for row in ("real", "augmented", "geo", "dcgan_fresh"):
        own = [result["held_out"] for result in results if result["row"] == row and result["images"] != 6]
        right = sum(sum(scores["correct"]) for scores in own)
        assert made["tried"]["rows"][row]["mean"] == pytest.approx(100 * right / 24)


def test_the_words_name_a_row(advised):
    workdir, printed = advised
    assert "No test image was read" in printed and "more real images a class (2 times as many)" in printed
    made = artefacts.read_json(workdir / "advice.json")
    assert made["tried"]["chosen"] == "dcgan_fresh" and "`dcgan_fresh`" in printed.splitlines()[0]
    assert [more["times"] for more in made["more"]] == [1.25, 1.5, 2, 4]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (1, 3, "**Build `dcgan_fresh`:** on images left out `dcgan_fresh` reaches 62.0 %, 60.0 % with"),
        (-3, -1, "**Build no generated images, take `pixel_mix`:** on images left out `dcgan_fresh` reaches"),
        (-1, 3, "**It is open whether generated images help; `dcgan_fresh` may be worth a try:**"),
        (-3, 1, "**It is open whether generated images help; `pixel_mix` is the safer choice:**"),
    ],
)
def test_words_on_the_choice(advised, low, high, words):
    versus = {"difference": (low + high) / 2, "low": low, "high": high}
    row = {"title": "t", "more": 0.0}
    tried = {
        "chosen": "dcgan_fresh",
        "strongest": "pixel_mix",
        "images": 24,
        "rows": {
            "pixel_mix": {**row, "mean": 60.0, "versus": {"real": versus}},
            "dcgan_fresh": {**row, "mean": 62.0, "versus": {"real": versus, "pixel_mix": versus}},
        },
    }
    made = artefacts.read_json(advised[0] / "advice.json")
    assert advice_text.lines({**made, "tried": tried})[0].startswith(words)
    tried["chosen"] = None
    assert advice_text.lines({**made, "tried": tried})[0].startswith("**No row with generated images has a result.**")


def test_advice_again_trains_nothing(advised, root, monkeypatch):
    workdir, printed = advised
    monkeypatch.setattr(judges, "Judge", tiny.AnyJudge)
    monkeypatch.setattr(loop, "fit", lambda *args, **kwargs: pytest.fail("trained again"))
    assert advise.run(config_of(root), workdir) == printed


def test_rows_are_worth_real_images(advised, root):
    workdir, _ = advised
    made = artefacts.read_json(workdir / "advice.json")
    versus = {"difference": 2.0, "low": 1.0, "high": 3.0, "verdict": "helps"}
    row = {"row": "dcgan_tp", "gan": "dcgan", "group": "paper", "splits": {"test": {"versus": {"real": versus}}}}
    open_ = {"difference": -1.0, "low": -2.0, "high": 0.5, "verdict": "not resolved"}
    other = {**row, "name": "sgan_tp", "splits": {"test": {"versus": {"real": open_}}}}
    found = advice._worth(
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
        (
            {"classifier__batch_size": 64},
            "--config.classifier.batch_size: found 64, expected at most the 12 training images",
        ),
    ],
)
def test_mistakes_are_named_before_any_work(root, tmp_path, fields, words):
    with pytest.raises(UserError, match=words):
        advise.run(config_of(root, **fields), tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_shares_of_less_than_a_batch_are_left_out(root, tmp_path):
    assert list(trials(root, tmp_path, advice__shares="0.1,0.5,1").tables) == [0.5, 1.0]


def test_a_share_of_as_many_images_is_no_point_of_the_curve(root, tmp_path):
    """Of four images a class in an inner split nine tenths are four, too."""
    assert list(trials(root, tmp_path, advice__shares="0.9,1", classifier__batch_size=4).tables) == [1.0]


def test_trainings_are_short(root, tmp_path):
    """At most so many steps; 0 leaves the config's."""
    long = {"classifier__steps": 9, "judge__steps": 3, "dcgan__steps": 0, "dcgan__epochs": 50}
    cut, whole = (trials(root, tmp_path, advice__steps=steps, **long).run.config for steps in (5, 0))
    # 50 epochs of 24 images in batches of 4 are 300 steps.
    assert (cut.classifier.steps, cut.judge.steps, cut.dcgan.steps, cut.dcgan.epochs) == (5, 3, 5, 0)
    assert (whole.classifier.steps, whole.dcgan.steps, whole.dcgan.epochs) == (9, 0, 50)


def test_rows_that_are_tried(root, tmp_path):
    """Transforms that every row trains with are no row of their own."""
    made = trials(root, tmp_path, classifier__augmentation="flip").tables
    assert [row.name for row in made[1.0][0].choice.rows] == ["real", "geo", "dcgan_fresh"]
    assert [row.name for row in made[0.5][0].choice.rows] == ["real"]
    rows = trials(root, tmp_path).tables[1.0][0].choice.rows
    assert {row.name: row.augmentation for row in rows}["augmented"] == ("flip",)


def test_without_a_curve_rows_are_tried_all_the_same(root, tmp_path, monkeypatch):
    """Half of an inner split's twelve images are less than a batch of eight."""
    monkeypatch.setattr(judges, "Judge", tiny.AnyJudge)
    printed = advise.run(config_of(root, classifier__batch_size=8, advice__rows="geo"), tmp_path)
    made = artefacts.read_json(tmp_path / "advice.json")
    assert made["law"] is None and made["more"] == [] and len(made["curve"]) == 1
    assert "What more real images would be worth is not known" in printed and "* `geo`, real + geometric: " in printed
    assert "more real images a class" not in printed

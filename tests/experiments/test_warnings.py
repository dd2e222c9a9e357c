"""What makes verdicts, images or accuracies worthless is named: when it happens, at the end, and on the card."""

import html
import pathlib
import shutil

import keras
import numpy as np
import pytest
import tiny

from tfgan_aug.classifiers import judges
from tfgan_aug.commands import build_dataset
from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments import cells, judge_stage, main_job
from tfgan_aug.training import checkpoints, loop


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tiny.save_images(tmp_path_factory.mktemp("root") / "pictures", dict.fromkeys(tiny.COLOURS, 14))


def build(root, tmp_path, allow_shortfall=True, **fields):
    config = tiny.config(f"folder:{root}", **{"train_per_class": 6, "test_per_class": 8, **fields})
    options = main_job.Options(str(tmp_path / "work"), variants="real,dcgan_tp", allow_shortfall=allow_shortfall)
    return main_job.build_dataset(config, options)


GREY = "dcgan has learnt nothing yet of every class: its images are all but grey, with "
LONGER = "of the real ones' contrast at most; train it longer (--config.dcgan.steps is 1), or lower its learning rate"


class NeverRed(tiny.AnyJudge):
    def __call__(self, images):
        made = super().__call__(images)
        made[:, 2] = 0
        return made


@pytest.fixture
def never_red(monkeypatch):
    monkeypatch.setattr(judges, "Judge", NeverRed)
    monkeypatch.setattr(main_job, "_SCORED", ())


def test_grey_images_and_a_judge_that_guesses_are_named_everywhere(never_red, root, tmp_path, monkeypatch, capsys):
    """One step of a GAN and a judge of any answer: today's "TP" of such images must not pass silently."""
    found, guesses = judge_stage.found, "the judge takes all 24 held-out images for 'red'; its verdicts mean nothing"
    monkeypatch.setattr(judge_stage, "found", lambda models, run: found(models, run) | {"fault": guesses})
    result = build(root, tmp_path, dcgan__steps=1)
    notes, text = capsys.readouterr().err, html.unescape(build_dataset.text(result)).replace("\\", "")
    card = html.unescape((result.datasets[-1].path / "README.md").read_text()).replace("\\", "")
    assert result.faults[0] == guesses and result.faults[1].startswith(GREY) and result.faults[1].endswith(LONGER)
    for words in result.faults:
        assert notes.count(f"warning: {words}\n") == (2 if words == guesses else 1)
        assert f"warning: {words}" in text.splitlines()
        assert f"**Look.** {words[0].upper()}{words[1:]}." in card.splitlines()
    # They are all the same as well, which says less.
    assert result.little_variety == {"dcgan": ""}
    provenance = artefacts.read_json(result.datasets[-1].path / "provenance.json")
    assert provenance["faults"] == list(result.faults)
    assert "faults" not in artefacts.read_json(result.datasets[0].path / "provenance.json")


def test_a_class_that_is_never_accepted_is_said_long_before_the_end(never_red, root, tmp_path, capsys):
    with pytest.raises(UserError, match=r"too few TP images: red 0 of 2 \(0.0% of 400\)"):
        fields = {"samples__per_class": 2, "samples__max_draws_per_class": 400, "dcgan__steps": 1}
        build(root, tmp_path, allow_shortfall=False, **fields)
    lines = capsys.readouterr().err.splitlines()
    told = lines.index(
        "warning: dcgan: none of the first 304 draws of 'red' is TP, so fewer than 1.0% are (95 % confidence); drawing "
        "goes on up to 400 a class (--config.samples.max_draws_per_class)"
    )
    # What they look like follows, and of all classes where the run ends.
    assert lines[told + 1].startswith("warning: dcgan has learnt nothing yet of red: its images are all but grey")
    assert any(line.startswith(f"warning: {GREY}") for line in lines[told + 1 :])


class Explodes(keras.callbacks.Callback):
    """A weight is no number after step 3."""

    def on_train_batch_end(self, batch, logs=None):
        if checkpoints.steps_done(self.model) == 3:
            self.model.trainable_weights[0].assign(self.model.trainable_weights[0] * np.nan)


def test_a_training_that_explodes_ends_with_what_to_change_and_goes_on_after_that(
    never_red, root, tmp_path, monkeypatch
):
    fields, original = {"judge__steps": 4, "judge__checkpoint_steps": 2}, loop.fit
    explode = lambda *given, callbacks, **options: original(*given, callbacks=[*callbacks, Explodes()], **options)  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr(loop, "fit", explode)
        with pytest.raises(
            UserError, match=r"^judge-\w+/member-0: .*, in one of the steps 3 to 4, expected a number; "
        ) as caught:
            build(root, tmp_path, **fields)
    assert str(caught.value).endswith(
        "lower the learning rate (--config.judge.learning_rate); the checkpoint of step 2 stays"
    )
    (checkpoint,) = (tmp_path / "work").glob("judge-*.partial/checkpoints-member-0/*.h5")
    assert checkpoint.name == "step-00000002.weights.h5"
    # In the same workdir: with a lower rate anew, and without the fault from there.
    for changes in ({"judge__learning_rate": 1e-4}, {}):
        build(root, tmp_path, **fields, **changes)
        shutil.rmtree(tmp_path / "work" / "tensorflow_datasets")
    assert len(list((tmp_path / "work").glob("judge-*/member-0.keras"))) == 2 and not checkpoint.exists()


def test_a_classifier_that_learns_nothing_is_named_and_marked(root, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(judges, "Judge", tiny.AnyJudge)
    monkeypatch.setattr(main_job, "_SCORED", ("real",))
    # Its answers are one class; of 24 held-out images 16 are of others.
    same = lambda model, images, block: np.eye(3, dtype=np.float32)[np.full(len(images), 1)]  # noqa: E731
    monkeypatch.setattr("tfgan_aug.classifiers.classifier.Classifier.probabilities", same)
    result = build(root, tmp_path, classifier__steps=3)
    (cell,) = pathlib.Path(result.workdir).glob("cell-*")
    assert artefacts.read_json(cell / "result.json")["at_chance"] is True
    assert (
        "warning: row real, classifier seed 0: its classifier takes all 24 held-out images for 'green'; its accuracy "
        "says nothing: train longer (--config.classifier.steps is 3), or with another --config.classifier.learning_rate"
    ) in capsys.readouterr().err.splitlines()
    line = "warning: no better than guessing, so their accuracies say nothing: real"
    assert line in build_dataset.text(result).splitlines()


def test_the_first_split_that_tells_counts():
    labels, names = np.repeat([0, 1], 60), ("cat", "dog")
    few, right, wrong = (np.array([0, 1]), np.array([1, 0])), (labels, labels), (1 - labels, labels)
    assert cells._fault({"test": right, "held_out": wrong}, names) == ""
    assert cells._fault({"test": few, "held_out": wrong}, names).startswith("is no better than guessing: right on 0 of")
    assert cells._fault({"test": few}, names) == "" == cells._fault({}, names)

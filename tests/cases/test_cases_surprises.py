"""Runs that broke late or lost work: rows 701 and following of docs/cases.md."""

import os
import time
from concurrent import futures

import pytest
from doors import network, two_classes

from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.core import artefacts
from tfgan_aug.training import checkpoints


@pytest.fixture
def model():
    model = Classifier(network((16, 16, 3), 2))
    model.compile()
    return model


def written(model, folder, step):
    """Writes a checkpoint of that step as a training does."""
    model.optimizer.iterations.assign(step)
    callback = checkpoints.Checkpoint(folder)
    callback.set_model(model)
    callback.on_epoch_end(0)


def test_701_a_checkpoint_that_is_cut_off_leaves_the_one_before(model, tmp_path, monkeypatch):
    written(model, tmp_path, 10)

    def full(path, **options):
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(model, "save_weights", full)
        with pytest.raises(OSError, match="No space left"):
            written(model, tmp_path, 20)
    assert checkpoints.restore(model, tmp_path) == 10
    written(model, tmp_path, 30)
    assert checkpoints.restore(model, tmp_path) == 30


def test_702_half_a_stage_is_not_taken_for_a_whole_one(tmp_path):
    stage = artefacts.Stage(tmp_path, "judge", {"seed": 0})
    with pytest.raises(OSError, match="No space left"), stage.making() as folder:
        (folder / "part").write_text("half")
        raise OSError(28, "No space left on device")
    assert not stage.done and not stage.path.exists()
    with stage.making() as folder:
        assert (folder / "part").exists()  # What an earlier attempt made is gone on with.
    assert stage.done


def test_703_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    artefacts.write_json(tmp_path / "result.json", {"total": 100})

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        artefacts.write_json(tmp_path / "result.json", {"total": 200})
    assert artefacts.read_json(tmp_path / "result.json") == {"total": 100}


def test_704_other_options_never_go_on_with_another_runs_checkpoints(tmp_path):
    first = artefacts.Stage(tmp_path, "dcgan", {"width": 64, "steps": 1000})
    other = artefacts.Stage(tmp_path, "dcgan", {"width": 32, "steps": 1000})
    assert first.path != other.path and first.partial != other.partial


def test_705_a_misspelt_option_is_no_option(refused):
    """Neither on the command line nor in a config file does its default take its place."""
    assert "did you mean 'dcgan.batch_size'?" in refused("--config.dcgan.bach_size=16")
    assert refused("--config.dcgan.learning_rat=0.1").startswith("--config.dcgan.learning_rat: no such field in ")


def test_706_a_folder_in_which_another_run_works(tmp_path):
    """One makes an artefact, the other waits, says so, and takes it: tests/experiments/test_together.py."""
    stage, said = artefacts.Stage(tmp_path, "judge", {}), []
    with futures.ThreadPoolExecutor() as pool, stage.lock() as mine:
        assert mine

        def make():
            with stage.making() as folder:
                (folder / "made").write_text("once")

        other = pool.submit(stage.ensure, lambda: said.append("made twice"), said.append)
        while not said:
            time.sleep(0.01)
        make()
    assert other.result() is None and said == [f"waiting for another run, which is at work on {stage.path.name}"]


def test_707_a_class_with_fewer_images_than_a_split_needs(refused, tmp_path):
    root = two_classes(tmp_path / "images", count=4)
    (root / "dog" / "3.png").unlink()
    said = refused(f"--config.source=folder:{root}", "--config.train_per_class=2", "--config.test_per_class=2")
    assert "found 3 images of class 'dog' in the source's train split, expected at least 4" in said


def test_708_a_training_of_no_step_or_of_fewer(refused):
    assert refused("--config.dcgan.epochs=-1") == "--config.dcgan.epochs: found -1, expected 0 or more"
    assert "found epochs=0 and steps=0, expected one above 0" in refused("--config.dcgan.epochs=0")
    assert refused("--config.classifier.steps=0") == "--config.classifier.steps: found 0, expected a positive number"


@pytest.mark.parametrize("rate", ["0", "-0.001", "nan", "inf"])
def test_709_a_learning_rate_that_learns_nothing(refused, rate):
    for name in ("dcgan.learning_rate", "sgan.image_learning_rate", *["judge.learning_rate"] * (rate != "0")):
        assert refused(f"--config.{name}={rate}").startswith(f"--config.{name}: found ")


def test_710_a_rare_class_that_cannot_be_filled_up(refused, tmp_path):
    """Known before a GAN is trained: 3,000 missing images, and draws for fewer."""
    root = two_classes(tmp_path / "images", count=14)
    for number in range(2, 14):
        (root / "dog" / f"{number}.png").unlink()
    small = [f"--config.{name}.batch_size=4" for name in ("judge", "classifier", "dcgan")]
    whole = ("--config.train_per_class=0", "--config.test_per_class=0", "--config.samples.quota=balance")
    draws = ("--config.samples.block_size=2", "--config.samples.max_draws_per_class=4")
    said = refused(f"--config.source=folder:{root}", *small, *whole, *draws)
    assert said.startswith("--config.samples.max_draws_per_class: found 4, expected at least ")
    assert "that class 'dog' needs" in said and "--allow_shortfall" in said

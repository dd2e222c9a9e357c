"""Cells: two phases resumed in either one, images in one order, counts by hand."""

import pathlib
import shutil
import types

import numpy as np
import pytest
import tensorflow as tf
import tiny

from tfgan_aug.classifiers import judges
from tfgan_aug.core import artefacts, streams
from tfgan_aug.data import shapes, sources
from tfgan_aug.experiments import cells, rows
from tfgan_aug.experiments.run import Run
from tfgan_aug.sampling import saved_models
from tfgan_aug.training import loop, strategies

ROWS = {row.name: row for row in rows.all_rows(("dcgan",))}


@pytest.fixture(scope="module", autouse=True)
def _small_test_split():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(shapes.SPLIT_SIZES, "test", 2)
        yield


class Data:
    """A dataset in memory: 12 real and 12 generated images of ten classes; held-out images in an order of its own."""

    variant, digest, splits = "dcgan_tp", "d", ("train", "test")

    def __init__(self, order):
        rng = np.random.default_rng(0)
        self.train = rng.integers(0, 256, (24, 16, 16, 3), np.uint8)
        self.test, self.order = rng.integers(0, 256, (10, 16, 16, 3), np.uint8), np.array(order)

    def load(self, split, *names):
        if split == "train":
            origin = np.array(["real", "dcgan"] * 12)
            found = {"image": self.train, "label": np.arange(24, dtype=np.int32) % 10, "origin": origin}
        else:
            ids = np.array([f"train/{i}" for i in range(10)])
            found = {"image": self.test, "label": np.arange(10, dtype=np.int32), "id": ids}
            found = {name: value[self.order] for name, value in found.items()}
        return tuple(found[name] for name in names)


def cell(workdir, row, order=range(10), **fields):
    config = tiny.config("shapes10", **{"classifier__steps": 6, "classifier__checkpoint_steps": 2, **fields})
    source, strategy = sources.open_configured(config), strategies.make_strategy("one_device")
    run = Run(config, workdir, strategy, source, subset=None)
    judge_stage, gan_stage = (
        types.SimpleNamespace(digest=name, path=pathlib.Path(name), ensure=lambda *given: None) for name in "jg"
    )
    return cells.Cell(run, ROWS[row], Data(list(order)), 5, 1, judge_stage, gan_stage)


class Noise:
    """In place of the exported generator: noise of its own for each seed."""

    def __init__(self, path):
        assert path == pathlib.Path("g/generator")

    def draw(self, labels, seeds):
        grey = 127.5 * (streams.uniform_latents(seeds, 16 * 16 * 3) + 1.0)
        return tf.cast(tf.reshape(grey, [-1, 16, 16, 3]), tf.uint8)


@pytest.fixture(autouse=True)
def noise(monkeypatch):
    monkeypatch.setattr(saved_models, "Generator", Noise)


@pytest.fixture(autouse=True)
def unsure_judge(monkeypatch):
    """In place of the judge: the same probability for each class."""
    monkeypatch.setattr(judges, "Judge", lambda path, block_size: judge)


def judge(images):
    return np.full((len(images), 10), 0.1, np.float32)


judge.probabilities = lambda images: tf.fill([tf.shape(images)[0], 10], 0.1)


def made(chosen):
    stage = chosen.stage()
    cells.make(stage, chosen)
    with np.load(stage.path / "hits.npz") as hits:
        return artefacts.read_json(stage.path / "result.json"), dict(hits), (stage.path / "classifier.csv").read_text()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return made(cell(tmp_path_factory.mktemp("plain"), "dcgan_tp"))


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    return made(cell(tmp_path_factory.mktemp("pretrained"), "dcgan_tp_pretrained"))


def test_held_out_images_come_in_one_order(plain, tmp_path):
    first, hits, _ = plain
    second, others, _ = made(cell(tmp_path, "dcgan_tp", order=range(9, -1, -1)))
    assert first == second and hits["held_out_labels"].tolist() == list(range(10))
    assert all(np.array_equal(hits[name], others[name]) for name in hits)
    assert first["held_out"] == cells.counted(hits["held_out"], hits["held_out_labels"], 10)


@pytest.mark.parametrize("steps", [1, 4])
def test_a_pretrained_row_resumes_in_either_phase(pretrained, tmp_path, monkeypatch, steps):
    """Generated images until step 3, real ones until 6; cut off in the first phase or in the second."""
    whole = pretrained
    original = loop.fit

    def cut(*arguments, callbacks, **options):
        original(*arguments, callbacks=[*callbacks, tiny.InterruptAfter(steps + 1)], **options)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "fit", cut)
        with pytest.raises(tiny.Interrupted):
            made(cell(tmp_path / "cut", "dcgan_tp_pretrained"))
    resumed = made(cell(tmp_path / "cut", "dcgan_tp_pretrained"))
    assert resumed[0] == whole[0] and resumed[2] == whole[2]
    assert all(np.array_equal(resumed[1][name], whole[1][name]) for name in whole[1])


@pytest.mark.parametrize("row", ["dcgan_tp_weighted", "dcgan_tp_soft", "rand_augment", "dcgan_cas", "dcgan_fresh"])
def test_options_change_the_training(plain, tmp_path, row):
    other = made(cell(tmp_path / "other", row))
    assert other[2] != plain[2] and other[0]["row"] == row
    if row == "dcgan_fresh":
        assert other[0]["images"] == 12
    if row in ("rand_augment", "dcgan_fresh"):  # those of them that draw random numbers of their own
        again = made(cell(tmp_path / "again", row))
        assert (again[0], again[2]) == (other[0], other[2])


def test_cells_are_told_apart_by_what_they_depend_on(tmp_path):
    def digest(row="dcgan_tp", **fields):
        return cell(tmp_path, row, **fields).stage().digest

    digests = [digest(name) for name in ("dcgan_tp", "dcgan_tp_weighted", "dcgan_tp_soft", "dcgan_cas", "real_x2")]
    digests += [digest(classifier__steps=7), digest("dcgan_tp_weighted", table__mixing_weight=0.5)]
    digests += [
        digest(table__protocol="equal_epochs"),
        digest("dcgan_fresh"),
        digest("dcgan_fresh", table__fresh_tries=1),
        digest("dcgan_fresh", table__fresh_tries=0),
    ]
    assert len(set(digests)) == len(digests)
    # What a row does not use does not count.
    assert digest(table__mixing_weight=0.5) == digest()


def test_a_cell_depends_on_the_test_split_down_to_the_pixels(tmp_path):
    """Removed, renamed or changed in place: the cell is another one. Training images come with the dataset's digest."""
    root = tmp_path / "colours"
    tiny.save_images(root / "train", dict.fromkeys(tiny.COLOURS, 9))
    tiny.save_images(root / "test", dict.fromkeys(tiny.COLOURS, 3), first=50)

    def digest():
        config = tiny.config(f"folder:{root}")
        run = Run(config, tmp_path, None, sources.open_configured(config), subset=None)
        return cells.Cell(run, ROWS["dcgan_tp"], Data(range(10)), 5, 1).stage().digest

    digests, file = [digest(), digest()], root / "test" / "red" / "051.png"
    assert digests[0] == digests[1]
    pixels = file.read_bytes()
    file.write_bytes((root / "train" / "red" / "001.png").read_bytes())
    digests.append(digest())
    file.unlink()
    digests.append(digest())
    (root / "test" / "red" / "100.png").write_bytes(pixels)
    digests.append(digest())
    (root / "test" / "red" / "100.png").rename(root / "test" / "blue" / "100.png")
    digests.append(digest())
    assert len(set(digests)) == 5
    shutil.rmtree(root / "test")
    assert digest() not in digests
    (root / "train" / "red" / "001.png").write_bytes(pixels)
    assert digest() == digest()


def test_counts_by_hand():
    hits, labels = np.array([True, False, True, True]), np.array([0, 0, 2, 2], np.int32)
    scores = cells.counted(hits, labels, 4)
    assert scores == {"correct": [1, 0, 2, 0], "total": [2, 0, 2, 0]}
    assert cells.accuracy(scores) == (0.75, pytest.approx((0.75 * 0.25 / 4) ** 0.5))

"""The gate on copies: a generator that copies is stopped before anything is written, one that does not passes."""

import hashlib
import html
import types

import numpy as np
import pytest
import tiny

from tfgan_aug.classifiers import judges
from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.datasets import cards
from tfgan_aug.experiments import copy_gate, drawing, main_job
from tfgan_aug.sampling import near_copies


@pytest.fixture(autouse=True)
def any_judge(monkeypatch):
    monkeypatch.setattr(judges, "Judge", tiny.AnyJudge)
    # What they are worth is of no matter here.
    monkeypatch.setattr(main_job, "_SCORED", ())


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tiny.save_images(tmp_path_factory.mktemp("root") / "pictures", dict.fromkeys(tiny.COLOURS, 10))


@pytest.fixture
def copying(monkeypatch, root):
    """In place of the trained generator: one that draws training images, or noise of one colour."""
    copies = types.SimpleNamespace(share=1.0, images=None)

    def load(path):
        def draw(labels, seeds):
            rng = np.random.default_rng(seeds[0].item() % 2**32)
            images = rng.integers(0, 256, (len(labels), 16, 16, 3)).astype(np.uint8)
            copied = np.arange(len(labels)) < copies.share * len(labels)
            images[copied] = copies.images[: copied.sum()]
            return images

        return draw

    def filled(self, *options):
        original(self, *options)
        copies.images = np.asarray(self.plan.run.subset.train.images)

    original = drawing.Drawing.__init__
    monkeypatch.setattr(drawing.saved_models, "load", load)
    monkeypatch.setattr(drawing.Drawing, "__init__", filled)
    return copies


def build(root, tmp_path, variants="real,dcgan_tp", **fields):
    config = tiny.config(f"folder:{root}", **{"samples__per_class": 2, **fields})
    return main_job.build_dataset(config, main_job.Options(str(tmp_path / "work"), variants=variants))


def written(tmp_path):
    return sorted(path.parents[1].name for path in (tmp_path / "work").rglob("provenance.json"))


def card(result):
    text = html.unescape((result.datasets[-1].path / "README.md").read_text())
    return " ".join(text.replace("\\", "").split())


def test_a_generator_that_copies_is_stopped(copying, root, tmp_path):
    with pytest.raises(UserError) as caught:
        build(root, tmp_path, "real,geo,dcgan_tp,dcgan_tp_geo", samples__max_copy_share=0.1)
    line = str(caught.value)
    assert line.startswith(
        "--config.samples.max_copy_share: found in dcgan_tp near-copies of training images among the 6 generated ones: "
        "100.0% by pixels, 100.0% by features; expected at most 10.0%; it was not written; "
        "--config.samples.drop_copies=pixels,features leaves such draws out; "
        "--config.samples.max_copy_share: found in dcgan_tp_geo "
    )
    # Those that pass are there.
    assert written(tmp_path) == ["geo", "real"]
    # Without a gate nothing is measured, and one that came later stops at what is there.
    result = build(root, tmp_path)
    assert (
        written(tmp_path) == ["dcgan_tp", "geo", "real"] and not (result.datasets[-1].path / "measured.json").exists()
    )
    with pytest.raises(UserError, match=r"was not written \(.*dcgan_tp/1.0.0, of an earlier run, stays\); --config"):
        build(root, tmp_path, samples__max_copy_share=0.1)


def test_one_that_does_not_copy_passes_and_the_card_says_so(copying, root, tmp_path):
    copying.share = 0.0
    result = build(root, tmp_path, samples__max_copy_share=0.0)
    found = artefacts.read_json(result.datasets[-1].path / "measured.json")["copies"]
    assert found == {
        "images": 6, "limit": 0.0, "quantile": 0.01, "near": {"pixels": 0.0, "features": 0.0}, "patches": None,
        "share": 0.0,
    }  # fmt: skip
    assert (
        "its 6 generated images were compared with the training images. Near-copies, closer to one than 99% of those "
        "are to each other: 0.0% by pixels and 0.0% by the judge's features. The gate let at most 0.0% "
        "pass. None of this proves that the images give nothing away. There is no guarantee of privacy here, such as "
        "differential privacy would be" in card(result)
    )
    # The same dataset: the gate decides whether it is written, not what is in it.
    digest = result.datasets[-1].digest
    assert build(root, tmp_path).datasets[-1].digest == digest


def test_the_share_by_hand(copying, root, tmp_path):
    """Of each block of 8 draws the first three are copies. By pixels 1, 2, 3 of 6 chosen, counted from the dataset."""
    copying.share = 3 / 8
    result = build(root, tmp_path, samples__max_copy_share=0.99)
    images, origin = result.datasets[-1].load("train", "image", "origin")
    octets = lambda image: hashlib.sha256(image.tobytes()).hexdigest()  # noqa: E731
    real = {octets(image) for image in images[origin == "real"]}
    copies = sum(octets(image) in real for image in images[origin == "dcgan"])
    found = artefacts.read_json(result.datasets[-1].path / "measured.json")["copies"]
    assert 0 < copies < 6 and found["near"]["pixels"] == pytest.approx(copies / 6)
    assert found["share"] == max(found["near"].values())


def gate(tmp_path, monkeypatch, gan, images, **fields):
    """A gate before a variant with these generated images; the training images are noise, each there twice, nearly."""
    rng = np.random.default_rng(0)
    train, held_out = (rng.integers(0, 250, (6, 16, 16, 3)).astype(np.uint8) for _ in range(2))
    train = np.concatenate([train, train + rng.integers(0, 3, train.shape).astype(np.uint8)])
    parts = [types.SimpleNamespace(images=own, ids=list(range(len(own)))) for own in (train, held_out)]
    run = types.SimpleNamespace(config=tiny.config("shapes10", **{"samples__max_copy_share": 0.3, **fields}))
    run.subset = types.SimpleNamespace(train=parts[0], held_out=parts[1])
    dataset = types.SimpleNamespace(path=tmp_path / "none")
    plan = types.SimpleNamespace(run=run, datasets={f"{gan}_tp": dataset})
    made = copy_gate.Gate(types.SimpleNamespace(plan=plan))
    monkeypatch.setattr(copy_gate.Gate, "_images", lambda self, variant: images(train, rng))
    made._screen = near_copies.Screen(train, [], ("pixels",), 0.01)
    return made, types.SimpleNamespace(name=f"{gan}_tp", gan=gan, verdicts=("tp",), rule="")


def halves(train, rng):
    """Images whose upper halves are those of training images, and whose lower ones are new."""
    images = rng.integers(0, 256, train.shape).astype(np.uint8)
    images[:, :8] = train[:, :8]
    return images


@pytest.mark.parametrize("gan", ["composer", "pairs", "dcgan"])
def test_images_put_together_from_real_ones_are_read_by_their_patches(tmp_path, monkeypatch, gan):
    """Of patches at rows 0, 4 and 8 only those at 0 lie in the upper half: a third is copied, none as a whole image."""
    made, variant = gate(tmp_path, monkeypatch, gan, halves)
    found = made.found(variant)
    assert found["near"] == {"pixels": 0.0}
    if gan == "dcgan":
        assert found["patches"] is None and found["share"] == 0 and made.refusal(variant) == ""
        return
    assert found["patches"] == {"copied": pytest.approx(1 / 3, abs=0.05), "real": 0.0}
    assert found["share"] == pytest.approx(found["patches"]["copied"] - found["patches"]["real"])
    line = made.refusal(variant)
    assert line.startswith(
        f"--config.samples.max_copy_share: found in {gan}_tp patches of 8 by 8 pixels that lie in a training image: 3"
    ) and line.endswith(f"it was not written; {gan} puts images together from real ones, another GAN does not")
    said = cards.copies(found)
    assert "Patches of 8 by 8 pixels that lie in a training image: 3" in said and "hold some by design" in said


def test_an_open_gate_measures_nothing(tmp_path, monkeypatch):
    made, variant = gate(tmp_path, monkeypatch, "dcgan", halves, samples__max_copy_share=1.0)
    assert made.found(variant) == {} and made.refusal(variant) == ""

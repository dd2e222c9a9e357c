"""What cards say of a dataset before anything is measured."""

import json
import types

import pytest

from tfgan_aug import __version__
from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import fields
from tfgan_aug.data import surveys
from tfgan_aug.data.fitting import Fitting
from tfgan_aug.datasets import cards, variants

SOURCE = types.SimpleNamespace(spec="folder:pets", version="1.0.0", license="CC0 <br>", citation="")


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("real", {}, "drawn with seed 3 (tfgan_aug"),
        ("geo", {"geometric.transforms": "flip,crop"}, "seed 3, and as many made from them by flip,crop (tfgan_aug"),
        ("dcgan_tp_fp", {}, ", and generated images of a DCGAN that a classifier found TP and FP (tfgan_aug"),
        (
            "sgan_tp_confident",
            {"samples.confidence": 0.8},
            "found TP with a confidence of at least 0.8 (tfgan_aug",
        ),
        (
            "dcgan_tp",
            {"samples.drop_copies": "pixels,features"},
            "found TP, without those close to a training image by pixels,features (tfgan_aug",
        ),
        ("dcgan_tp_geo", {"samples.margins": "-0.5:0"}, "found TP by its margin for their class, -0.5 to 0 (tfgan_aug"),
        (
            "dcgan_tp_fp",
            {"samples.threshold": 0.6},
            "found TP with a confidence of at least 0.6 and FP (tfgan_aug",
        ),
        ("dcgan_fp", {"samples.margins": "-0.5:0"}, "found FP (tfgan_aug"),
        ("dcgan_tp_quantile", {}, "found TP by the 0.9 quantile of its cross-entropy with the class (tfgan_aug"),
    ],
)
def test_descriptions(name, changes, words):
    config = fields.replaced(ExperimentConfig(seed=3), changes)
    said = cards.description(variants.Variant.parse(name), SOURCE, config, 1200)
    assert said.startswith("1,200 images of folder:pets, drawn with seed 3") and words in said
    assert said.endswith(f"(tfgan_aug {__version__}, after Kono and Kawamoto).")


def test_a_card_says_what_was_met_in_the_images():
    seen = [surveys.Seen(surveys.Kind("JPEG", "RGB", 8, ("from a <b>profile</b> to sRGB",)), 430, 64)] * 3
    found = surveys.survey(seen, Fitting(32, 3, "lanczos"))
    config = ExperimentConfig()
    made = cards.provenance(variants.Variant.parse("geo"), SOURCE, config, 9, {"surveys": {"held_out": found}})
    # As it is read again from provenance.json.
    card = cards.text("pets_gan_aug/geo", json.loads(json.dumps(made)))
    (line,) = [line for line in card.splitlines() if line.startswith("* Held-out images: ")]
    assert line.startswith("* Held-out images: 3 images: JPEG; modes RGB; of 8 bits; all 430 x 64; 3 from a ")
    assert line.endswith("3 cropped to the middle, 3 shrunk.") and "<b>" not in line
    assert "**Look:** the median image is 430 x 64; crop keeps the middle 15 % of it" in card


def test_provenance_names_the_source():
    config = ExperimentConfig()
    described = {"leaking": True, "config": {"source": "folder:pets"}}
    made = cards.provenance(variants.Variant.parse("geo"), SOURCE, config, 9, described)
    assert made["source"] == {"spec": "folder:pets", "version": "1.0.0", "license": "CC0 <br>", "citation": ""}
    card = cards.text("pets_gan_aug/geo", made)
    assert "**Leaks.**" in card and "CC0 &lt;br&gt;" in card and "No image of this dataset is generated." in card


def test_what_is_missing_is_in_the_description():
    short = {"cat": [0, 3], "dog": [2, 3]}
    made = cards.description(variants.Variant.parse("dcgan_tp"), SOURCE, ExperimentConfig(), 9, short)
    assert "found TP. 4 generated images are missing, too few were accepted: cat 0 of 3, dog 2 of 3 (tfgan_aug" in made
    many = {f"c{number}": [1, 2] for number in range(25)}
    assert cards.shortfall(many).endswith("c19 1 of 2, and 5 more classes")

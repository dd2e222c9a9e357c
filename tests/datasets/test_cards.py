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


def test_provenance_names_the_source_and_not_where_it_lies():
    config = ExperimentConfig(source_data_dir="/somewhere")
    made = cards.provenance(variants.Variant.parse("geo"), SOURCE, config, 9, {"leaking": True})
    assert made["source"] == {"spec": "folder:pets", "version": "1.0.0", "license": "CC0 <br>", "citation": ""}
    assert "somewhere" not in str(made) and made["config"]["geometric"]["transforms"] == "crop"
    card = cards.text("pets_gan_aug/geo", made)
    assert "**Leaks.**" in card and "CC0 &lt;br&gt;" in card and "No image of this dataset is generated." in card

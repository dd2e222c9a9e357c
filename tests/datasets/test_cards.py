"""What cards say of a dataset before anything is measured."""

import types

import pytest

from tfgan_aug import __version__
from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import fields
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


def test_provenance_names_the_source_and_not_where_it_lies():
    config = ExperimentConfig(source_data_dir="/somewhere")
    made = cards.provenance(variants.Variant.parse("geo"), SOURCE, config, 9, {"leaking": True})
    assert made["source"] == {"spec": "folder:pets", "version": "1.0.0", "license": "CC0 <br>", "citation": ""}
    assert "somewhere" not in str(made) and made["config"]["geometric"]["transforms"] == "crop"
    card = cards.text("pets_gan_aug/geo", made)
    assert "**Leaks.**" in card and "CC0 &lt;br&gt;" in card and "No image of this dataset is generated." in card

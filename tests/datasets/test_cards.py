"""What cards say of a dataset before anything is measured."""

import json
import types

import markdown_it
import numpy as np
import pytest

from tfgan_aug import __version__
from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import fields
from tfgan_aug.data import surveys
from tfgan_aug.data.fitting import Fitting
from tfgan_aug.datasets import cards, variants
from tfgan_aug.evaluation.spread import Spread
from tfgan_aug.sampling import saved_models

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


def test_images_of_nothing_are_named():
    low, nothing = Spread(0.04, 1.0), Spread(0.01, 1.0, 0.004)
    words = cards.grey("dcgan", {"a": low, "b": nothing, "c": nothing}, "--config.dcgan.steps is 1")
    assert words == (
        "dcgan has learnt nothing yet of b, c: its images are all but grey, with 0.4% of the real ones' contrast at "
        "most; train it longer (--config.dcgan.steps is 1), or lower its learning rate"
    )
    assert cards.grey("dcgan", {"a": low}, "") == ""
    assert "of a (distances" in cards.little_variety("dcgan", {"a": low, "b": nothing})
    assert " of every class: " in cards.grey("dcgan", {"b": nothing, "c": nothing}, "")


def test_what_is_missing_is_in_the_description():
    short = {"cat": [0, 3], "dog": [2, 3]}
    made = cards.description(variants.Variant.parse("dcgan_tp"), SOURCE, ExperimentConfig(), 9, short)
    assert "found TP. 4 generated images are missing, too few were accepted: cat 0 of 3, dog 2 of 3 (tfgan_aug" in made
    many = {f"c{number}": [1, 2] for number in range(25)}
    assert cards.shortfall(many).endswith("c19 1 of 2, and 5 more classes")


NASTY = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![x](http://a.b/c.png)",
    "<javascript:alert(1)>",
    "`code` ``` ~~~",
    "a|b",
    "two\nlines\n\n<b>bold</b>",
    "&lt;i&gt; &amp;",
    "--> <!-- *a* _b_ # c",
)


def parsed(text):
    """(the kinds of all parts, links' and images' addresses, words) of Markdown as a reader that lets HTML pass."""
    tokens = markdown_it.MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)
    parts = [part for token in tokens for part in (token, *(token.children or ()))]
    addresses = {str(part.attrs[name]) for part in parts for name in ("href", "src") if name in part.attrs}
    return {part.type for part in parts}, addresses, "".join(part.content for part in parts if part.type != "inline")


def card_of(name):
    """A card with this name wherever one can stand, all of it measured."""
    drawn = types.SimpleNamespace(counts=np.array([[10, 6, 4]]))
    source = types.SimpleNamespace(spec=f"folder:{name}", version=name, license=name, citation=f"{name}\n```\n{name}")
    kinds = [surveys.Seen(surveys.Kind(name, name, 8, (name,)), 430, 64)]
    described = {
        "config": {"source": name}, "leaking": True, "leaks": name, "pool": "abc",
        "surveys": {"train": surveys.survey(kinds, Fitting(32, 3, "lanczos"))},
        **cards.draws([name], drawn, {name: [1, 2]}, f"PAIRS draws {name}", [name]),
    }  # fmt: skip
    made = cards.provenance(variants.Variant.parse("dcgan_tp"), source, ExperimentConfig(), 9, described)
    found = {"accuracy": 80.0, "difference": 1.0, "low": 0.0, "high": 2.0, "verdict": "helps", "scope": ""}
    table = {
        "accuracy": 80.0, "sd": 0.5, "se": 1.2, "total": 1000, "recipe": "best", "steps": 9,
        "versus": {"other": {**found, "title": name}}, "cheapest": {**found, "row": "geo", "title": name, "minutes": 1},
        "classes": [{"class": name, "accuracy": 80.0, "real": None}], "gan_seeds": [0], "classifier_seeds": [0],
        "make_minutes": 3.0, "train_minutes": 1.0, "minutes_per_point": None,
    }  # fmt: skip
    images = {
        "images": 7, "reference_note": "", "quantile": 0.01,
        "quality": [{"metrics": ["m"], "classes": [{"class": name, "values": [1.0]}]}],
        "copying": {"pixels": {"thresholds": {}, "authenticity": 0.5, "ct": None, "why": name}},
    }  # fmt: skip
    return cards.text("pets_gan_aug/dcgan_tp", json.loads(json.dumps(made)), {"table": table, "images": images})


@pytest.mark.parametrize("name", NASTY)
def test_names_are_text_wherever_they_stand(name):
    card = card_of(name)
    kinds, addresses, words = parsed(card)
    assert not kinds & {"html_inline", "html_block", "link_open"} and addresses == {"closest_pairs.png"}
    assert kinds == parsed(card_of("cat"))[0]
    # In the description, judge's acceptance, tables, license, ... and as it is in the citation.
    assert words.count(" ".join(name.split("\n"))) >= 10 and words.count(name) >= 2
    rows = [line for line in card.splitlines() if line.startswith("| ")]
    assert len(rows) == len([line for line in card_of("cat").splitlines() if line.startswith("| ")])


def test_a_generators_card_holds_no_names():
    """What it says of a model are its type and numbers."""
    kind = type("Nasty", (), {"image_shape": (32, 32, 3), "anchor_count": 1234, "classes": 3})
    text = saved_models._card(kind())
    assert "Nasty of tfgan_aug" in text and "**It holds 1,234 training images**" in text
    assert not parsed(text)[0] & {"html_inline", "html_block", "link_open", "image"}

"""What the main job says at the end: the strongest row without generated images is what they have to beat."""

import dataclasses
import pathlib
import types

import markdown_it
import numpy as np
import pytest

from tfgan_aug.datasets import cards
from tfgan_aug.evaluation.spread import Spread
from tfgan_aug.experiments import main_job
from tfgan_aug.reports import closing


def scored(row, correct, gan="", variant=None, fresh=False):
    """A row with so many of 1,000 test images right."""
    test = {"correct": [correct], "total": [1000]}
    about = {"row": row, "variant": variant or row, "gan": gan, "fresh": fresh, "images": 300}
    return about | {"test": test, "held_out": None, "make_minutes": 1.25, "train_minutes": 0.75}


def result(*rows, short=None, variety=""):
    made = types.SimpleNamespace(counts=np.array([[10, 6, 4]]))
    datasets = [
        types.SimpleNamespace(name="set_gan_aug", variant=name, data_dir=pathlib.Path("d"))
        for name in ("real", "pairs_tp")
    ]
    return main_job.Result(
        workdir=pathlib.Path("w"),
        class_names=("a",),
        datasets=tuple(datasets),
        grids=(),
        scores=rows,
        generators={"pairs": pathlib.Path("w/pairs-1/generator")},
        drawn={"pairs": made},
        little_variety={"pairs": variety},
        short=short or {},
        left_out=(),
        leaking=False,
        skipped=(),
    )


REAL, MIXED = scored("real", 600), scored("pixel_mix", 650, variant="real")


def test_a_gain_is_one_beyond_the_strongest_row_without():
    fresh = scored("pairs_fresh", 750, "pairs", "pairs_tp", True)
    text = closing.closing(result(REAL, MIXED, scored("pairs_tp", 655, "pairs"), fresh), "--workdir=w")
    assert text.startswith(
        "**Generated images helped in 1 and made no clear difference in 1 of 2 training sets.**"
    ) or text.startswith("**Generated images helped in 1 of 2 training sets and made no clear difference in 1.**")
    assert "75.0 % instead of 65.0 % with the real images, some put together from two of a class (`pixel_mix`)." in text
    assert "Use `pairs_fresh` (real images, some generated ones in their place, new in every step): 75.0 %" in text
    assert "| pairs_fresh  | 300 and new ones | 75.0 +- 1.4" in text
    lines = text.splitlines()
    folder = str(pathlib.Path("w/pairs-1/generator").resolve())
    assert lines[-2] == f"tfgan_aug.stream((images, labels), {folder!r}, steps=...)  # for model.fit, as pairs_fresh"
    assert lines[-1].startswith("tfds.load('set_gan_aug/real', split='train', ")
    assert "python -m tools.run_table --workdir=w --rows=real,pixel_mix,mixup,pairs_fresh" in text


@pytest.mark.parametrize(("correct", "words"), [(600, "Generated images hurt: 60.0 %"), (660, "It is open whether")])
def test_better_than_real_images_alone_is_not_enough(correct, words):
    """655 of 1,000 would be more than the real images alone, not more than those that are mixed."""
    text = closing.closing(result(REAL, MIXED, scored("pairs_tp", correct, "pairs")), "")
    assert text.startswith(f"**{words}") and "tfgan_aug.stream" not in text
    named = "pairs_tp" if correct > 650 else "real"
    assert text.splitlines()[-1].startswith(f"tfds.load('set_gan_aug/{named}'")


def test_what_is_short_is_counted_where_it_is_used():
    short = {"pairs_tp": {"a": [3, 5]}}
    rows = REAL, scored("pairs_tp", 655, "pairs"), scored("pairs_fresh", 660, "pairs", "pairs_tp", True)
    text = closing.closing(result(*rows, short=short), "")
    assert "| 300 of 302 " in text and "| 300 and new ones " in text


def test_a_collapsed_class_is_said():
    words = cards.little_variety(
        "dcgan", {"a": Spread(0.04, 1.0), "b": Spread(0.9, 0.0)}, "--config.dcgan.balanced=true"
    )
    expected = (
        "warning: dcgan draws nearly the same picture over and over of a (distances 0.04 of the real images', 100% "
        "repeats); what may help: --config.dcgan.balanced=true, or more real images of them"
    )
    assert expected in closing.closing(result(REAL, variety=words), "").splitlines()
    assert "warning" not in closing.closing(result(REAL), "")
    assert cards.little_variety("dcgan", {"b": Spread(0.9, 0.0)}) == ""


def test_what_makes_it_worthless_is_said():
    made = dataclasses.replace(result(REAL | {"at_chance": True}, MIXED), faults=("the judge guesses",))
    lines = closing.closing(made, "").splitlines()
    assert "warning: the judge guesses" in lines
    assert "warning: no better than guessing, so their accuracies say nothing: real" in lines


def test_nothing_to_compare():
    assert closing.answer([REAL]) == ""
    assert "no accuracies" in closing.closing(result(), "")


def test_names_are_no_html_in_the_file():
    nasty = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) `a` ![y](http://a.b/c.png)"
    made = result(REAL, scored("pairs_tp", 655, "pairs"), short={"pairs_tp": {nasty: [1, 2]}}, variety=f"of {nasty}")
    text = closing.closing(dataclasses.replace(made, class_names=(nasty,), skipped=(f"{nasty}.png",)), "")
    tokens = markdown_it.MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)
    kinds = {part.type for token in tokens for part in (token, *(token.children or ()))}
    assert not kinds & {"html_inline", "html_block", "link_open", "image"}
    words = "".join(part.content for token in tokens for part in token.children or ())
    assert words.count(nasty) == 4

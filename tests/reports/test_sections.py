"""The sections of a table: every number shown, whatever is missing; escaped names; room for later sections."""

import copy
import re

import markdown_it
import numpy as np
import pytest
import test_page
from PIL import Image

from tfgan_aug.config import GANS
from tfgan_aug.core import artefacts
from tfgan_aug.experiments import rows
from tfgan_aug.reports import answer_text, blocks, charts, method_sections, table_page, table_sections, table_text

CLASSES = ["cat|dog", "a<b", "c&d", "`e` *f*"]
NASTY = [
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "<script>alert(1)</script>",
    "![x](http://a.b/c.png)",
]
TITLES = ["Which rows help", "The table", "Each class", "Images", "What the judge kept", "Learning curves"]
TITLES += ["How it was done", "Do it again"]


def versus(difference, verdict, scope=""):
    low, high = difference - 1.5, difference + 1.75
    return {
        "difference": difference, "low": low, "high": high, "p": 0.0123, "p_holm": 0.0456, "verdict": verdict,
        "scope": scope,
    }  # fmt: skip


def scores(mean, total, **compared):
    recall = [mean - 3.5, mean + 4.25, mean, None]
    return {"total": total, "mean": mean, "sd": 0.44, "se": 0.69, "recall": recall, "versus": compared}


def row(name, number, group, gan, found, **more):
    return {
        "name": name, "number": number, "group": group, "title": f"title of {name}", "dataset": f"set_gan_aug/{name}",
        "digests": {"0": f"digest-{name}"}, "images": 1234 if found else None, "gan": gan,
        "gan_seeds": [0, 1] if gan else [], "classifier_seeds": [0, 1, 2], "done": 2 if found else 0, "planned": 2,
        "unfinished": [] if found else ["GAN seed 0, classifier seed 7"], "paper": None, "paper_note": "",
        "left_out": [], "make_minutes": 18.25, "train_minutes": 3.35, "minutes_per_point": None, "cheapest": None,
        "cells": [f"cell-{name}", "cell-none"] if found else [], "splits": found, **more,
    }  # fmt: skip


@pytest.fixture
def made(tmp_path):
    """(table, workdir): four rows, one GAN of two seeds, four classes."""
    (tmp_path / "grids").mkdir()
    for name in ("real", "dcgan_tp", "dcgan_fp"):
        Image.fromarray(np.zeros((4, 400, 3), np.uint8)).save(tmp_path / "grids" / f"{name}.png")
    curves = {"cell-real/classifier.csv": "loss,step,accuracy\n2.5,10,0.25\n1.5,20,0.5\n"}
    curves["dcgan-1/gan.csv"] = "step,d_loss,g_loss,d_real\n10,1,2,0.5\n20,1,3,0.6\n"
    curves["judge-1/member-0.csv"] = "step,accuracy\n10,0.5\n"
    for name, text in curves.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    tp = scores(63.5, 5000, real=versus(2.25, "helps"), geo=versus(-2.5, "hurts", "one GAN seed"))
    cheapest = {"row": "geo", "minutes": 0.15, "accuracy": 66.0}
    gan = {
        "stage": "dcgan-1", "pool": "pool-1", "curves": ["dcgan-1/gan.csv", "dcgan-1/none.csv"], "minutes": 12.1,
        "draws_tp_fp": [[1000, 777, 223], [10, 5, 5], [8, 8, 0], [0, 0, 0]],
        "confusion": [[777, 223, 0, 0], [5, 5, 0, 0], [0, 0, 8, 0], [0, 0, 0, 0]],
        "grids": ["grids/dcgan_tp.png", "grids/dcgan_fp.png", "grids/missing.png"],
    }  # fmt: skip
    table = {
        "title": "Do <GAN> images help?",
        "source": {
            "name": "my_set", "version": "1.0.0", "spec": "folder:x", "license": "CC & co", "citation": "@misc{<x>}",
            "classes": CLASSES,
        },
        "config": {"train_per_class": 50, "classifier": {"recipe": "paper", "note": "<tag>"}},
        "config_digest": "cfg-1", "command": "python -m tools.run_table --config.a=1 && b", "hardware": "2 CPU cores",
        "versions": {"keras": "3.15.1"}, "subset_digest": "sub-1", "steps": 2000, "leaking": False,
        "deviations": ["width: 0.25 (the paper: 1.0)"],
        "rows": [
            row("real", 1, "paper", "", {"test": scores(61.25, 5000, geo=versus(-4.75, "hurts")),
                                         "held_out": scores(60.5, 1000)}, paper=61.7),
            row("geo", 2, "paper", "", {"test": scores(66.0, 5000, real=versus(4.75, "helps"))},
                paper_note="at most 69.6"),
            row("dcgan_tp", 5, "paper", "dcgan", {"test": tp}, minutes_per_point=8.11, cheapest=cheapest),
            row("dcgan_cas", None, "controls", "dcgan", {}),
        ],
        "gans": {"dcgan": {"0": gan, "1": copy.deepcopy(gan)}},
        "grids": ["grids/real.png", "grids/geometric.png"], "judge_curves": ["judge-1/member-0.csv"],
    }  # fmt: skip
    return table, tmp_path


def shown(made):
    """(the words of the HTML, the Markdown), both checked for their form."""
    table, workdir = made
    paths = workdir / "r.html", workdir / "r.md"
    table_page.write(*paths, table, workdir)
    html, markdown = (path.read_text(encoding="utf-8") for path in paths)
    assert all(len({test_page.columns(line) for line in lines}) == 1 for lines in test_page.tables(markdown))
    assert str(workdir) not in html + markdown
    return " ".join("\n".join(test_page.Reader(html).words).split()), markdown


def titles(made):
    return [section.title for section in table_page.sections(*made)]


def test_every_number_of_the_table_is_shown(made):
    assert titles(made) == TITLES
    words, markdown = shown(made)
    numbers = "61.2 ± 0.4|66.0 ± 0.4|63.5 ± 0.4|60.5 ± 0.4|61.7|at most 69.6|1,234|5,000|1,000|0.0123|0.0456|0.69|0.44"
    numbers += (
        "|+2.2 [+0.8, +4.0] helps|-2.5 [-4.0, -0.8] hurts (one GAN seed)|18.2|8.1|3.4|57.8|60.0|(+2.2)|777|77.7|78"
    )
    numbers += "|12.1|2,000|50 training images|cfg-1|sub-1|digest-dcgan_tp|2 CPU cores|3.15.1|set_gan_aug/geo|0, 1, 2"
    numbers = (numbers + "|2 of 2|0 of 2|width: 0.25 (the paper: 1.0)").split("|")
    for number in numbers:
        assert number in words, number
        assert number in markdown, number
    assert made[0]["command"] in words and '"note": "<tag>"' in words and "@misc{<x>}" in words


def test_names_of_classes_are_text(made):
    """In the page as in its Markdown; the policy of the page would run nothing anyhow."""
    table, workdir = made
    table["source"] |= {"classes": NASTY, "name": NASTY[0], "spec": NASTY[1], "license": NASTY[2], "citation": NASTY[2]}
    words, markdown = shown(made)
    assert all(words.count(name) >= 2 for name in NASTY)
    for tag, attributes in test_page.Reader((workdir / "r.html").read_text(encoding="utf-8")).tags:
        assert tag != "script" and not [name for name in attributes if name.startswith("on")]
        assert not re.match(r"javascript:|http", attributes.get("href", attributes.get("src", "")))
    tokens = markdown_it.MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(markdown)
    parts = [part for token in tokens for part in (token, *(token.children or ()))]
    html = "".join(part.content for part in parts if part.type in ("html_inline", "html_block"))
    assert set(re.findall(r"</?(\w+)", html)) == {"a", "details", "summary"}
    assert not re.findall(r"(?<!\\)<(?:img|script)", html)
    assert all(re.match("#|r_files/", part.attrs.get("href", part.attrs.get("src", "#"))) for part in parts)


def test_the_answer_in_words(made):
    words, markdown = shown(made)
    assert "Do <GAN> images help? Generated images helped: 63.5 % instead of 61.2 % with the real images" in words
    opening = (
        "\n\n**Generated images helped: 63.5 % instead of 61.2 % with the real images alone.** Use the real images "
    )
    opening += "and geometric images made from them (`geo`): 66.0 %, the most accurate.\n\nThe question: do"
    assert opening in markdown
    assert "**Helped**, with generated images: `dcgan_tp` +2.2 [+0.8, +4.0]" in markdown
    assert "**Hurt**, with generated images: `dcgan_tp` -2.5" in markdown
    assert (
        "The most accurate row is `geo`" in markdown and "The best row with generated images is `dcgan_tp`" in markdown
    )
    assert "Cheaper and at least as accurate: `geo`, 66.0 % for 0.1 minutes." in markdown
    assert "1 trainings are unfinished" in words and "`dcgan_cas` (GAN seed 0, classifier seed 7)" in markdown
    assert "leaks" not in words
    made[0]["leaking"] = True
    made[0]["rows"][2]["left_out"] = ["1"]
    words, markdown = shown(made)
    assert "the judge saw the source's whole train split" in words and "kept too few images: `dcgan_tp`" in markdown


def test_the_answer_is_about_the_strongest_row_without_generated_images(made):
    """Against the real images alone it would be that they helped."""
    made[0]["strongest"] = "geo"
    _, markdown = shown(made)
    opening = (
        "**Generated images hurt: 63.5 % instead of 66.0 % with the real images and geometric images made from them "
    )
    assert f"{opening}(`geo`).** Use the real images and geometric" in markdown
    assert "| against geo (points) " in table_text.rows(made[0])
    made[0]["rows"][1] |= {"name": "mixup"}
    made[0]["strongest"] = "mixup"
    made[0]["rows"][2]["splits"]["test"]["versus"]["mixup"] = versus(-2.5, "hurts")
    _, markdown = shown(made)
    assert "66.0 % with the real images, each blended with another (`mixup`).**" in markdown
    assert "Against the strongest row without generated images (`mixup`), in points" in markdown
    assert "| to mixup |" in markdown and "| against mixup (points) " in table_text.rows(made[0])


def test_what_is_missing_and_the_rule_of_each_grid(made):
    made[0]["rows"][2]["short"] = {"0": {"cat": [1, 3]}}
    made[0]["gans"]["dcgan"]["0"]["captions"] = {"dcgan_tp": "dcgan: TP by its margin for their class, 0 to 0.5"}
    line = "dcgan_tp, GAN seed 0: 2 generated images are missing, too few were accepted: cat 1 of 3"
    words, markdown = shown(made)
    assert (
        "Fewer images than asked for" in words
        and f"{line}." in words
        and "dcgan: TP by its margin for their class, 0 to 0.5" in words
    )
    assert table_text.shortfalls(made[0]) == [line]


def test_names_are_escaped(made):
    words, markdown = shown(made)
    for name in CLASSES:
        assert name in words
    for name in ("cat\\|dog", "a&lt;b", "c&amp;d", "\\`e\\` \\*f\\*"):
        assert f"| {name} |" in markdown
    assert f"from the top: {', '.join(CLASSES)}." in words


def test_many_unfinished_cells_are_counted(made):
    made[0]["rows"][3]["unfinished"] = [f"GAN seed 0, classifier seed {seed}" for seed in range(15)]
    words, _ = shown(made)
    assert "15 trainings are unfinished" in words and "and 3 more" in words


def test_one_seed_and_no_gan(made):
    table, _ = made
    table["rows"], table["gans"], table["grids"], table["judge_curves"] = table["rows"][:1], {}, [], []
    table["rows"][0] |= {"cells": ["cell-none"], "classifier_seeds": [0]}
    table["rows"][0]["splits"] = {"held_out": {**scores(60.5, 1000), "sd": None}}
    assert titles(made) == [title for title in TITLES if title not in (*TITLES[3:6],)]
    words, _ = shown(made)
    assert (
        "No training set with generated images can be compared" in words and "60.5" in words and "±" not in words[:500]
    )


def test_nothing_is_done_yet(made):
    table, _ = made
    table["rows"] = [
        {**item, "splits": {}, "done": 0, "cells": [], "images": None, "make_minutes": None, "train_minutes": None}
        for item in table["rows"]
    ]
    table["gans"] = {}
    assert titles(made) == ["Which rows help", "Images", "Learning curves", "How it was done", "Do it again"]
    assert "0 of 8 trainings are done" in shown(made)[0]


def test_many_classes_are_cut_and_it_says_so(made):
    table, _ = made
    classes = [f"class {number}" for number in range(40)]
    table["source"]["classes"] = classes
    for item in table["rows"]:
        for split in item.get("splits", {}).values():
            split["recall"] = [50.0] * 40
    for own in table["gans"]["dcgan"].values():
        own |= {"draws_tp_fp": [[10, 9, 1]] * 40, "confusion": np.eye(40, dtype=int).tolist()}
    words, _ = shown(made)
    assert "The first 20 of 40 classes" in words and "class 19" in words and "class 20" not in words


def test_curves_are_means_over_the_steps_that_all_have(tmp_path):
    texts = "step,accuracy\n1,0.25\n2,0.5\n", "step,accuracy,loss\n2,0.75,1\n3,1,1\n", "step,loss\n2,5\n", "step,accu"
    paths = [tmp_path / f"{number}.csv" for number in range(5)]
    for path, text in zip(paths, texts, strict=False):
        path.write_text(text, encoding="utf-8")
    assert table_sections._mean(paths, "accuracy") == ([2.0], [0.625])
    assert table_sections._mean(paths[3:], "accuracy") == ([], [])


def test_two_writes_give_the_same_bytes(made):
    assert shown(made) == shown(made)


def test_a_later_section_has_its_place(made, monkeypatch):
    later = (*table_page.SECTIONS, lambda table, workdir: blocks.Section("Later", (blocks.Text(table["title"]),)))
    monkeypatch.setattr(table_page, "SECTIONS", later)
    assert titles(made)[-1] == "Later"
    words, markdown = shown(made)
    assert words.count("Later") == 2 and re.search(r"^\* \[Later\]\(#later\)$", markdown, re.MULTILINE)


def test_the_map_has_a_section_where_there_is_one(made):
    table, workdir = made
    assert "Where generated images help" not in titles(made)
    cell = {"source": "a|b", "per_class": 5, "row": "dcgan_fresh", "mean": 70.0, "strongest": "mixup", "subsets": 3}
    cell |= {"strongest_mean": 66.0, "difference": 4.0, "low": 2.0, "high": 6.0, "verdict": "helps"}
    (workdir / "map").mkdir()
    artefacts.write_json(workdir / "map" / "map.json", {"planned": 1, "points": [{}], "cells": [cell]})
    charts.save_map(workdir / "map" / "map.png", {"cells": [cell]})
    words, markdown = shown(made)
    assert "Where generated images help" in titles(made)
    assert "**They helped** in 1 of 1 places: a\\|b, 5 a class: `dcgan_fresh` +4.0 [+2.0, +6.0]." in markdown
    assert "Differences to the strongest row without generated images" in words


def test_every_row_without_generated_images_has_words():
    """In the answer: what the accuracy without generated images was reached with."""
    plain = [row.name for row in rows.all_rows(GANS) if not row.variant.gan]
    assert "trivial_augment" in plain
    assert [name for name in plain if answer_text.plain_words(name) == f"`{name}`"] == []


def test_every_row_has_a_meaning():
    """In the list that stands under a table's rows: what a part of the name means."""
    names = [row.name for row in rows.all_rows(GANS) if row.name != "real"]
    assert len(names) > 40
    assert [name for name in names if not any(part in name for part in method_sections._MEANINGS)] == []

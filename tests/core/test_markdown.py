"""Markdown: whatever a name holds, a reader of the rendered text sees that name."""

import random

import markdown_it
import pytest

from tfgan_aug.core import markdown

NASTY = 'a<b> & "c" | `d` *e* _f_ [g](h) \\ $i$ ~~j~~ __k__ <!-- l --> &amp; ![m](n)'


def rendered(text):
    """The words that a full CommonMark reader with tables shows, and the tags that it needs for them."""
    tokens = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    parts = [part for token in tokens for part in (token.children or [token])]
    words = ["\n" if part.type == "softbreak" else part.content for part in parts if part.type != "inline"]
    return "".join(words), {part.type for part in parts} - {"inline"}


def names():
    rng = random.Random(0)
    marks = list("\\`*|~$[]()_<>&;#+-=.!0a \t") + ["1.", "* ", "](", "&lt;", "http://a.b"]
    return [NASTY, "", "# a", "1) b", "- c", "===", "+1.2"] + ["".join(rng.choices(marks, k=8)) for _ in range(500)]


@pytest.mark.parametrize("around", ["{}", "* {}", "a {} b"])
def test_a_literal_shows_what_it_holds(around):
    for name in names():
        text = around.replace("{}", markdown.literal(name))
        words, kinds = rendered(text)
        expected = around.removeprefix("* ").replace("{}", " ".join(name.split(None)))
        assert " ".join(words.split()) == " ".join(expected.split()), name
        assert kinds <= {
            "paragraph_open", "paragraph_close", "text", "text_special", "bullet_list_open", "bullet_list_close",
            "list_item_open", "list_item_close",
        }, name  # fmt: skip


def test_cells_show_what_they_hold():
    lines = [(name, number) for number, name in enumerate(names())]
    tokens = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).parse(markdown.table(("name", "n"), lines, "lr"))
    cells = ["".join(part.content for part in token.children) for token in tokens if token.type == "inline"]
    assert cells[:2] == ["name", "n"] and len(cells) == 2 + 2 * len(lines)
    for (name, number), *shown in zip(lines, cells[2::2], cells[3::2], strict=True):
        assert [" ".join(shown[0].split()), shown[1]] == [" ".join(name.split()), str(number)]


def test_what_is_easy_to_read_stays_so():
    for text in ("sgan_tp_geo", "+2.2 [+0.8, +4.0] helps", "C_T, pixels", "61.2 ± 0.4", "-3.5"):
        assert markdown.escaped(text) == text


def test_a_padded_table_by_hand():
    assert markdown.table(("row", "n", "c"), [("real", 1, 2), ("a|b", 12, 345)], "lrc", padded=True).splitlines() == [
        "| row  |    n |   c   |",
        "| ---- | ---: | :---: |",
        "| real |    1 |   2   |",
        "| a\\|b |   12 |  345  |",
    ]
    assert markdown.table(("a", "b"), [("c", "d")], "l") == "| a | b |\n| --- | --- |\n| c | d |"


def test_a_line_of_another_length_is_refused():
    with pytest.raises(ValueError, match="a line of 1 cells .* expected 2"):
        markdown.table(("a", "b"), [("c",)])

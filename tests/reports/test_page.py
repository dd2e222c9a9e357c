"""The page: well-formed, self-contained, escaped, the same bytes twice, whole or not at all."""

import html.parser
import re

import numpy as np
import pytest
from PIL import Image

from tfgan_aug.commands import make_report
from tfgan_aug.core import markdown
from tfgan_aug.core.errors import UserError
from tfgan_aug.reports import blocks, charts, page

NASTY = 'a<b> & "c" | `d` *e* _f_ [g](h) \\ $i$'
VOID = {"meta", "img", "br", "link", "hr", "input"}


class Reader(html.parser.HTMLParser):
    """Checks the nesting while it reads; keeps the tags with their attributes, and the words."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if self.open and self.open[-1] != "style":
            self.words.append(text)


def all_blocks(folder):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 20, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "small.png")
    Image.fromarray(np.tile(pixels, (1, 30, 1))).save(folder / "wide.png")
    curves = [(f"row_{i} {NASTY}", [1, 2, 3], [0.1 * i, 0.5, float("nan")]) for i in range(9)]
    forest = charts.interval_chart(
        ["a", "b"], [1.25, -2.0], [0.5, -3.0], [2.0, 1.0], ["helps", "not resolved"], "points"
    )
    return (
        blocks.Text(f"A `code<1>` and **strong `x` words** 3*4.\n\n* one {markdown.literal(NASTY)}\n* two"),
        blocks.Text(markdown.literal("1. no list")),
        blocks.Table(("row", NASTY), ((NASTY, 12.5), ("r2", blocks.Cell("-3.25", -0.5, "bad"))), f"caption {NASTY}"),
        blocks.Image(folder / "small.png", f"pixels {NASTY}", NASTY),
        blocks.Image(folder / "wide.png", "wide", "wide"),
        blocks.Chart(charts.line_chart(curves, "step", "accuracy", f"title {NASTY}"), "a chart", NASTY),
        blocks.Chart(forest, "forest", "forest"),
        blocks.Code("x = '```' < & |", "python"),
        blocks.Details(f"more {NASTY}", (blocks.Text("inside"), blocks.Table(("one",), (("two",),)))),
    )


def write(folder, sections, lead="The lead."):
    paths = folder / "the report.html", folder / "the report.md"
    page.write(*paths, f"Title {NASTY}", lead, sections)
    return tuple(path.read_text(encoding="utf-8") for path in paths)


@pytest.fixture
def written(tmp_path):
    sections = [
        blocks.Section("Same name", all_blocks(tmp_path)),
        blocks.Section("Same name", ()),
        blocks.Section("&|", ()),
    ]
    return *write(tmp_path, sections), tmp_path


def test_html_is_well_formed_and_self_contained(written):
    reader = Reader(written[0])
    for tag, attributes in reader.tags:
        assert tag not in ("script", "link", "iframe", "object")
        for name in ("src", "href", "xlink:href"):
            assert re.match(r"#|data:image/png;base64,", attributes.get(name, "#")), attributes[name]
    assert "@import" not in written[0] and not re.search(r"url\((?!#)", written[0])
    tags = [tag for tag, _ in reader.tags]
    for tag in ("main", "nav", "title", "h1", "figure", "figcaption", "thead", "svg", "details"):
        assert tag in tags
    assert dict(reader.tags)["html"] == {"lang": "en"}
    assert {a["name"] for t, a in reader.tags if t == "meta" and "name" in a} == {"viewport"}
    assert {a.get("scope") for t, a in reader.tags if t == "th"} == {"row", "col"}
    assert all(a.get("alt") for t, a in reader.tags if t == "img")


def test_ids_are_unique_and_contents_lead_to_them(written):
    reader = Reader(written[0])
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    # matplotlib itself names a glyph once a chart.
    assert len(ids) == len(set(ids))
    links = [a["href"][1:] for t, a in reader.tags if t == "a"]
    assert links == [a["id"] for t, a in reader.tags if t == "section"] and len(links) == 3
    inner = [a["xlink:href"][1:] for _, a in reader.tags if "xlink:href" in a]
    inner += re.findall(r"url\(#([^)]+)\)", written[0])
    assert inner and set(inner) <= set(ids)
    assert re.findall(r"^\* \[.*\]\(#(.*)\)$", written[1], re.MULTILINE) == links
    assert re.findall(r'<a id="(.*)"></a>', written[1]) == links


def test_html_shows_what_was_written(written):
    words = "".join(Reader(written[0]).words)
    assert words.count(NASTY) >= 6
    for text in ("code<1>", "strong x words", "3*4", "1. no list", "12.5", "-3.25", "x = '```' < & |", "inside"):
        assert text in words
    assert "<code>code&lt;1&gt;</code>" in written[0] and "<strong>strong <code>x</code> words</strong>" in written[0]


def columns(line):
    return len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) - 1


def tables(markdown):
    found = re.findall(r"(?:^\|.*\|\n?)+", markdown, re.MULTILINE)
    return [table.strip().split("\n") for table in found]


def test_markdown_tables_are_whole(written):
    found = tables(written[1])
    assert [len({columns(line) for line in table}) for table in found] == [1, 1]
    assert [columns(table[0]) for table in found] == [2, 1]
    assert found[0][1] == "| --- | ---: |"


def test_markdown_is_escaped(written):
    text = re.sub(r"```.*?```|`[^`]*`|<[^>]*>", "", written[1].replace("````", "```"), flags=re.DOTALL)
    assert "a&lt;b&gt; &amp;" in text and "<b>" not in text
    assert "\\`d\\` \\*e\\* \\_f\\_ \\[g\\](h) \\\\ \\$i\\$" in written[1]
    assert "1\\. no list" in written[1] and "````python\nx = '```' < & |\n````" in written[1]


def test_markdown_links_lie_beside_it(written):
    _, markdown, folder = written
    links = re.findall(r"!\[.*\]\((.*)\)", markdown)
    files = {path.name: path.read_bytes() for path in (folder / "the report_files").iterdir()}
    assert links and {link.split("/")[1] for link in links} == set(files)
    assert all(link.startswith("the%20report_files/") for link in links)
    assert (folder / "small.png").read_bytes() in files.values()
    assert sum(content.startswith(b"<svg") for content in files.values()) == 2


def test_only_small_images_are_enlarged(written):
    sizes = {a["width"]: a.get("class") for t, a in Reader(written[0]).tags if t == "img"}
    assert sizes == {"720": "pixels", "600": None}


def test_heat_and_tone(written):
    cell = next(a for t, a in Reader(written[0]).tags if t == "td" and "style" in a)
    assert cell == {"class": "r bad", "style": "background:rgba(225,120,20,0.28)"}


def test_two_writes_give_the_same_bytes(tmp_path):
    sections = [blocks.Section("One", all_blocks(tmp_path))]
    assert write(tmp_path, sections) == write(tmp_path, [blocks.Section("One", all_blocks(tmp_path))])


def test_earlier_images_go_and_others_stay(written):
    folder = written[2] / "the report_files"
    (folder / "mine.png").write_bytes(b"")
    write(written[2], [blocks.Section("One", ())])
    assert [path.name for path in folder.iterdir()] == ["mine.png"]


def test_a_failure_leaves_the_old_page(written):
    before = {path: path.read_bytes() for path in written[2].rglob("*") if path.is_file()}
    with pytest.raises(FileNotFoundError):
        write(written[2], [blocks.Section("One", (blocks.Image(written[2] / "missing.png", "", ""),))])
    with pytest.raises(TypeError, match="expected a block"):
        write(written[2], [blocks.Section("One", ("text",))])
    assert {path: path.read_bytes() for path in written[2].rglob("*") if path.is_file()} == before


def test_a_line_of_another_length_is_refused(tmp_path):
    with pytest.raises(ValueError, match="zip"):
        write(tmp_path, [blocks.Section("One", (blocks.Table(("a", "b"), (("c",),)),))])


@pytest.mark.parametrize("text", ["x", "", NASTY, "* one\n* two", "**", "`", "\\", "- a", "+1.2 points", "# a", "1) b"])
def test_any_text_can_be_shown(tmp_path, text):
    shown = write(
        tmp_path, [blocks.Section("One", (blocks.Text(markdown.literal(text)),))], lead=markdown.literal(text)
    )
    assert " ".join(text.split()) in " ".join("".join(Reader(shown[0]).words).split()) or text.startswith("* ")


def test_charts_hold_no_date_and_leak_no_style():
    svg = charts.line_chart([("a", [1, 2], [3.0, 4.0])], "x", "y", "t")
    assert svg.startswith("<svg ") and svg.endswith("</svg>")
    assert not re.search(r"<style|<metadata|<!--|<\?xml|dc:date", svg)


@pytest.mark.parametrize("output", ["/", "."])
def test_an_output_without_a_name_is_refused(tmp_path, output):
    with pytest.raises(
        UserError, match=f"^--output: found {output}, expected the name of a file without its ending, up to 240 bytes$"
    ):
        make_report.run(tmp_path, output)

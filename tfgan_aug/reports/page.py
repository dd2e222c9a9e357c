"""A page of `blocks` as one self-contained HTML file and as Markdown.

Artefacts: the two files, and `<stem>_files/` beside the Markdown with its images. Knows nothing of what it shows; how
it looks is in `templates/`.
"""

import base64
import hashlib
import itertools
import pathlib
import re
import struct
import urllib.parse

import jinja2
import markdown_it
import markupsafe

from tfgan_aug.core import artefacts, markdown
from tfgan_aug.reports import blocks

_KINDS = (blocks.Text, blocks.Code, blocks.Details, blocks.Table, blocks.Image, blocks.Chart)
# What a `Text` may hold. HTML, links and images stay the text that they are.
_MARKUP = ("backticks", "emphasis", "entity", "escape", "list", "newline")
_WIDTH = 720


def write(path_html, path_markdown, title, lead, sections):
    """Writes both files, each whole or not at all; the same content gives the same bytes.

    `lead` is Markdown, shown below the title. The Markdown's images bear their content's digest as names, so that the
    file that is there stays whole until the new one takes its place; only then are earlier images removed. Raises
    TypeError for what is no block.
    """
    path_html, path_markdown, anchors = pathlib.Path(path_html), pathlib.Path(path_markdown), _anchors(sections)
    folder, files = path_markdown.with_name(f"{path_markdown.stem}_files"), {}

    def link(block):
        svg = isinstance(block, blocks.Chart)
        content = block.svg.encode() if svg else pathlib.Path(block.path).read_bytes()
        name = f"{'chart' if svg else 'image'}-{hashlib.sha256(content).hexdigest()[:16]}.{'svg' if svg else 'png'}"
        files[name] = content
        return urllib.parse.quote(f"{folder.name}/{name}")

    shown = {"title": title, "lead": lead, "sections": anchors}
    html, text = _html(shown), _markdown(shown, link)
    if files:
        folder.mkdir(exist_ok=True)
    whole = {folder / name: content for name, content in files.items()} | {path_markdown: text.encode()}
    for path, content in (whole | {path_html: html.encode()}).items():
        with artefacts.whole(path) as partial:
            partial.write_bytes(content)
    for path in folder.glob("*"):
        # `picture` is what earlier versions called an image.
        if path.name not in files and re.fullmatch(r"(image|picture|chart)-[0-9a-f]{16}\.(png|svg)", path.name):
            path.unlink()


def _anchors(sections):
    """Returns {anchor: section}, each anchor made from the title and given once."""
    anchors = {}
    for section in sections:
        base = re.sub(r"[^a-z0-9]+", "-", section.title.lower()).strip("-") or "section"
        while base in anchors:
            base += "-again"
        anchors[base] = section
    return anchors


def _environment(autoescape):
    return jinja2.Environment(
        loader=jinja2.PackageLoader("tfgan_aug.reports"),
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _html(shown):
    charts = itertools.count(1)

    def own_ids(svg):
        # A page's charts share one space of ids, and matplotlib uses the same ones in each.
        return markupsafe.Markup(re.sub(r'(\sid="|href="#|url\(#)', rf"\1chart-{next(charts)}-", svg))

    reader = markdown_it.MarkdownIt("zero").enable(list(_MARKUP))
    return (
        _environment(True)
        .get_template("page.html.j2")
        .render(
            shown,
            kind_of=_kind,
            rendered=lambda text: markupsafe.Markup(reader.render(text)),
            image_of=_image,
            own_ids=own_ids,
        )
    )


def _markdown(shown, link):
    environment = _environment(False)
    environment.filters["literal"] = markdown.literal
    text = environment.get_template("page.md.j2").render(shown, kind_of=_kind, fence=_fence, table=_table, link=link)
    return text.rstrip("\n") + "\n"


def _kind(block):
    if type(block) not in _KINDS:
        raise TypeError(f"found {type(block).__name__}, expected a block of a page")
    return type(block).__name__


def _image(path):
    """Returns what the template needs of a PNG file."""
    content = pathlib.Path(path).read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    times = max(1, _WIDTH // width) if width < _WIDTH // 2 else 1
    size = {"width": width * times, "height": height * times, "enlarged": times > 1}
    return {"data": base64.b64encode(content).decode(), **size}


def _fence(text):
    return "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))


def _table(block):
    lines = [[cell.text for cell, _ in block.cells(line)] for line in (block.head, *block.rows)]
    return markdown.table(lines[0], lines[1:], block.align)

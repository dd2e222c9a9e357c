"""A page of words, tables, pictures and charts, as one self-contained HTML file and as Markdown.

Artefacts: the two files, and `<stem>_files/` beside the Markdown with its pictures. Knows nothing of what it shows.
In `Text` and in leads alone, `code` and **strong** are markup, a blank line parts paragraphs, and lines that start
with "* " are a list; `literal` takes the meaning from what a name holds. All else is shown as it is written.
"""

import base64
import contextlib
import dataclasses
import hashlib
import html
import io
import itertools
import os
import pathlib
import re
import struct
import urllib.parse
import warnings


@dataclasses.dataclass(frozen=True)
class Section:
    """A part of the page with an entry in its contents; `blocks` is a sequence of the classes below."""

    title: str
    blocks: tuple


@dataclasses.dataclass(frozen=True)
class Text:
    text: str


@dataclasses.dataclass(frozen=True)
class Cell:
    """A table's cell; `heat`, -1 (orange) to 1 (blue), lies behind the text, `tone` colours it: good, bad or weak."""

    text: str
    heat: float = 0.0
    tone: str = ""


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows of `Cell`s or what `str` takes, the first heads its row; `align`: l, r or c a column, the last for more."""

    head: tuple
    rows: tuple
    caption: str = ""
    align: str = "lr"

    def cells(self, line):
        """(`Cell`, letter) a column of a row or of the head."""
        letters = (self.align + self.align[-1] * len(self.head))[: len(self.head)]
        return [(v if isinstance(v, Cell) else Cell(str(v)), side) for v, side in zip(line, letters, strict=True)]


@dataclasses.dataclass(frozen=True)
class Picture:
    """A PNG file; one less than 360 pixels wide is enlarged by a whole number, each pixel a square."""

    path: pathlib.Path
    caption: str
    alt: str


@dataclasses.dataclass(frozen=True)
class Chart:
    svg: str  # Drawn for a white ground, such as `line_chart` gives.
    caption: str
    alt: str


@dataclasses.dataclass(frozen=True)
class Code:
    text: str
    language: str = ""


@dataclasses.dataclass(frozen=True)
class Details:
    summary: str
    blocks: tuple  # Folded away until the reader asks.


def literal(text):
    """What shows the text as it is in a `Text`: a class name, say."""
    return re.sub(r"([\\`*])", r"\\\1", " ".join(str(text).split()))


def write(path_html, path_markdown, title, lead, sections):
    """Writes both files, each whole or not at all; the same content gives the same bytes.

    `lead` is the text below the title. The Markdown's pictures bear their content's digest as names, so that the file
    that is there stays whole until the new one takes its place; only then are earlier pictures removed.
    """
    path_html, path_markdown, anchors, files = pathlib.Path(path_html), pathlib.Path(path_markdown), {}, {}
    folder = path_markdown.with_name(f"{path_markdown.stem}_files")
    for section in sections:
        base = re.sub(r"[^a-z0-9]+", "-", section.title.lower()).strip("-") or "section"
        while base in anchors:
            base += "-again"
        anchors[base] = section

    def keep(block):
        svg = isinstance(block, Chart)
        content = block.svg.encode() if svg else pathlib.Path(block.path).read_bytes()
        name = f"{'chart' if svg else 'picture'}-{hashlib.sha256(content).hexdigest()[:16]}.{'svg' if svg else 'png'}"
        files[name] = content
        return urllib.parse.quote(f"{folder.name}/{name}")

    page, text = _html_page(title, lead, anchors), _markdown_page(title, lead, anchors, keep)
    if files:
        folder.mkdir(exist_ok=True)
    whole = {folder / name: content for name, content in files.items()} | {path_markdown: text.encode()}
    for path, content in (whole | {path_html: page.encode()}).items():
        partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
        partial.write_bytes(content)
        os.replace(partial, path)
    for path in folder.glob("*"):
        if path.name not in files and re.fullmatch(r"(picture|chart)-[0-9a-f]{16}\.(png|svg)", path.name):
            path.unlink()


def _paragraphs(text):
    """Yields (is a list, texts): the items of a list, or one paragraph."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = paragraph.split("\n")
        items = all(line.startswith("* ") for line in lines)
        yield items, [line[2:] for line in lines] if items else [" ".join(lines)]


# The policy makes sure of what the page promises: nothing is fetched, nothing is run.
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{css}</style></head>
<body><main><header><h1>{title}</h1><div class="lead">{lead}</div></header>
<nav aria-label="Contents"><h2>Contents</h2><ol>{contents}</ol></nav>
{body}
</main></body></html>
"""
_CSS = """
:root{color-scheme:light dark;--ground:#fcfcfb;--text:#1b1f24;--soft:#59636e;--line:#d5dae0;--shade:#f0f2f4;
--link:#0a5ca8;--bad:#a84300}@media (prefers-color-scheme:dark){:root{--ground:#14171b;--text:#e4e7ea;--soft:#a2abb5;
--line:#383f47;--shade:#20252b;--link:#84bdf5;--bad:#ffac70}}*{box-sizing:border-box}.good{color:var(--link)}
body{margin:0;background:var(--ground);color:var(--text);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:76rem;margin:0 auto;padding:1.5rem 1rem 5rem;overflow-wrap:break-word}a{color:var(--link)}
p,ul{max-width:46rem}li{margin:.3rem 0}.lead{font-size:1.12rem}h2,summary{break-after:avoid}.bad{color:var(--bad)}
h1{font-size:1.9rem;line-height:1.2;margin:.5rem 0 1rem;text-wrap:balance}h2{font-size:1.4rem;margin:0 0 .8rem}
section{margin-top:2.5rem;padding-top:1.5rem;border-top:1px solid var(--line)}nav ol{columns:14rem;margin:0}
nav{background:var(--shade);padding:1rem 1.2rem;border-radius:.5rem}nav h2{font-size:1rem;margin:0 0 .4rem}
code,pre{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.88em;background:var(--shade)}
code{padding:.1em .3em;border-radius:.2rem}pre code{padding:0;font-size:1em}figure{margin:1.4rem 0}
pre{padding:.9rem;border-radius:.4rem;overflow-x:auto;line-height:1.45;white-space:pre-wrap}.weak{color:var(--soft)}
figcaption{color:var(--soft);font-size:.92rem;max-width:46rem;margin:.4rem 0}.panel{background:#fff;padding:.6rem}
.panel,.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:.4rem;width:fit-content;max-width:100%}
img{display:block;max-width:100%;height:auto}img.pixels{image-rendering:pixelated}.chart{width:auto;max-width:50rem}
.chart svg{display:block;width:100%;min-width:32rem;height:auto}tbody tr:last-child>*{border-bottom:0}
table{border-collapse:separate;border-spacing:0;font-size:.9rem;line-height:1.35;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .65rem;border-bottom:1px solid var(--line);white-space:nowrap}.r{text-align:right}
thead th{background:var(--shade);vertical-align:bottom;white-space:normal}.l{text-align:left}.c{text-align:center}
tbody th{position:sticky;left:0;background:var(--ground)}nav li{margin:0}@media(max-width:36rem){tbody th{
white-space:normal;overflow-wrap:anywhere;min-width:7rem}}
td.l{white-space:normal;min-width:9rem;max-width:30rem}summary{cursor:pointer;font-weight:600}
details{margin:1rem 0;border:1px solid var(--line);border-radius:.4rem;padding:.5rem .9rem}
@media print{:root{color-scheme:light;--ground:#fff;--text:#000;--soft:#444;--shade:#f2f2f2;--link:#000;--bad:#000}
main{max-width:none;padding:0}.scroll{overflow:visible}table{font-size:.65rem}th,td{padding:.15rem .25rem}
tr,.panel{break-inside:avoid}details::details-content{content-visibility:visible;block-size:auto}}"""


def _html_page(title, lead, anchors):
    charts, parts = itertools.count(1), [(anchor, html.escape(part.title)) for anchor, part in anchors.items()]
    contents = "".join(f'\n<li><a href="#{anchor}">{name}</a></li>' for anchor, name in parts)
    body = "\n".join(
        f'<section id="{anchor}">\n<h2>{name}</h2>\n{_html(anchors[anchor].blocks, charts)}\n</section>'
        for anchor, name in parts
    )
    return _PAGE.format(title=html.escape(title), css=_CSS, lead=_html_text(lead), contents=contents, body=body)


def _html_text(text):
    def mark(found):
        escaped, code, strong = found.groups()
        return escaped or (f"<code>{code}</code>" if code else f"<strong>{marked(strong)}</strong>")

    def marked(text):
        return re.sub(r"\\([\\`*])|`([^`]+)`|\*\*((?:\\.|[^\\])+?)\*\*", mark, text)

    made = []
    for items, texts in _paragraphs(html.escape(text)):
        lines = [f"<li>{marked(line)}</li>" if items else f"<p>{marked(line)}</p>" for line in texts]
        made.append("<ul>" + "".join(lines) + "</ul>" if items else lines[0])
    return "\n".join(made)


def _html(blocks, charts):
    """The blocks as HTML; `charts` counts the page's charts."""
    made = []
    for block in blocks:
        kind, inner, caption = "", "", html.escape(getattr(block, "caption", ""))
        match block:
            case Text(text):
                made.append(_html_text(text))
            case Code(text):
                made.append(f'<pre tabindex="0"><code>{html.escape(text)}</code></pre>')
            case Details(summary, parts):
                made.append(f"<details><summary>{html.escape(summary)}</summary>\n{_html(parts, charts)}\n</details>")
            case Table():
                kind = f'class="scroll" role="region" aria-label="{caption or "table"}" tabindex="0"'
                inner = _html_table(block)
            case Picture(path, _, alt):
                content = pathlib.Path(path).read_bytes()
                width, height = struct.unpack(">II", content[16:24])
                times = max(1, 720 // width) if width < 360 else 1
                size = f'width="{width * times}" height="{height * times}"' + (' class="pixels"' if times > 1 else "")
                kind, source = 'class="panel"', base64.b64encode(content).decode()
                inner = f'<img src="data:image/png;base64,{source}" alt="{html.escape(alt)}" {size}>'
            case Chart(svg, _, alt):
                kind = f'class="panel chart" role="img" aria-label="{html.escape(alt)}" tabindex="0"'
                # A page's charts share one space of ids, and matplotlib uses the same ones in each.
                inner = re.sub(r'(\sid="|href="#|url\(#)', rf"\1chart-{next(charts)}-", svg)
            case _:
                raise TypeError(f"found {type(block).__name__}, expected a block of a page")
        if kind:
            made.append(f"<figure><figcaption>{caption}</figcaption><div {kind}>{inner}</div></figure>")
    return "\n".join(made)


def _html_table(table):
    lines = []
    for number, line in enumerate((table.head, *table.rows)):
        made = []
        for i, (cell, side) in enumerate(table.cells(line)):
            tag, scope = ("td", "") if number and i else ("th", f' scope="{"row" if number else "col"}"')
            colour, strength = "30,120,210" if cell.heat > 0 else "225,120,20", min(abs(cell.heat), 1) * 0.55
            style = f' style="background:rgba({colour},{strength:.2f})"' if strength >= 0.005 else ""
            kind = f"{side} {cell.tone}".strip()
            made.append(f'<{tag}{scope} class="{kind}"{style}>{html.escape(cell.text)}</{tag}>')
        lines.append("<tr>" + "".join(made) + "</tr>")
    body = "\n".join(lines[1:])
    return f"<table>\n<thead>{lines[0]}</thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _plain_markdown(text):
    # Left readable: brackets round numbers, which make no link, and underscores within a word.
    special = r"([\\`*|~$]|\[(?![-+.,\d ]+\])|(?<!\d)\]|\](?=[(\[:]))"
    text = re.sub(special, r"\\\1", html.escape(text, quote=False))
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", re.sub(r"\s", " ", text))


def _markdown_text(text):
    parts = []
    for items, texts in _paragraphs(text):
        # Its markup is Markdown's: what lies between is escaped.
        lines = [re.split(r"(\\[\\`*]|`[^`]+`|\*\*)", line) for line in texts]
        made = ["".join(part if i % 2 else _plain_markdown(part) for i, part in enumerate(line)) for line in lines]
        # What would be a heading, a list or a rule at a line's start.
        first = re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", re.sub(r"^([-+=#])", r"\\\1", made[0]))
        parts.append("\n".join(f"* {item}" for item in made) if items else first)
    return "\n\n".join(parts)


def _markdown_page(title, lead, anchors, keep):
    parts = [(anchor, _plain_markdown(part.title), part.blocks) for anchor, part in anchors.items()]
    contents = "\n".join(f"* [{name}](#{anchor})" for anchor, name, _ in parts)
    body = [f'<a id="{anchor}"></a>\n\n## {name}\n\n{_markdown(blocks, keep)}' for anchor, name, blocks in parts]
    return "\n\n".join([f"# {_plain_markdown(title)}", _markdown_text(lead), contents, *body]) + "\n"


def _markdown(blocks, keep):
    """The blocks as Markdown; `keep(block)` gives the link of a picture."""
    made = []
    for block in blocks:
        match block:
            case Text(text):
                made.append(_markdown_text(text))
            case Code(text, language):
                fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
                made.append(f"{fence}{language}\n{text}\n{fence}")
            case Details(summary, parts):
                start = f"<details>\n<summary>{html.escape(summary)}</summary>"
                made.append(f"{start}\n\n{_markdown(parts, keep)}\n\n</details>")
            case Table(head, rows, caption):
                lines = [[_plain_markdown(cell.text) for cell, _ in block.cells(line)] for line in (head, *rows)]
                lines.insert(1, [{"l": "---", "r": "---:", "c": ":---:"}[side] for _, side in block.cells(head)])
                text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
                made.append(f"{_plain_markdown(caption)}\n\n{text}".strip())
            case Picture(_, caption, alt) | Chart(_, caption, alt):
                made.append(f"![{_plain_markdown(alt)}]({keep(block)})\n\n{_plain_markdown(caption)}")
    return "\n\n".join(made)


def line_chart(curves, x_label, y_label, title):
    """An SVG text: a line a curve, with a legend. `curves` are (name, xs, ys); what is not finite is left out."""
    with _canvas(3.4) as (axes, done):
        for i, (name, xs, ys) in enumerate(curves):
            style = ("-", "--", ":", "-.")[i // len(_COLOURS) % 4]
            axes.plot(xs, ys, style, color=_COLOURS[i % len(_COLOURS)], label=name, marker="." if len(xs) < 9 else "")
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.set_title(title, loc="left", fontweight="bold")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8)
        return done()


# By verdict: colour, marker, and its word beside the interval.
_VERDICTS = {"helps": ("#0060a8", "^"), "hurts": ("#c04a00", "v")}
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")


def interval_chart(names, differences, lows, highs, verdicts, label):
    """An SVG text: a row a name, first on top, with its difference, interval and verdict; `label` is the axis's."""
    with _canvas(0.8 + 0.27 * len(names)) as (axes, done):
        for y, (value, low, high, verdict) in enumerate(zip(differences, lows, highs, verdicts, strict=True)):
            colour, marker = _VERDICTS.get(verdict, ("#606060", "o"))
            axes.plot([low, high], [y, y], color=colour, linewidth=1.8)
            axes.plot([value], [y], marker, color=colour)
            text = f"{value:+.1f} [{low:+.1f}, {high:+.1f}] {verdict}"
            axes.text(1.02, y, text, color=colour, va="center", fontsize=8, transform=axes.get_yaxis_transform())
        axes.axvline(0, color="0.2", linewidth=1)
        axes.set_yticks(range(len(names)), names)
        axes.set(ylim=(len(names) - 0.4, -0.6), xlabel=label)
        return done()


@contextlib.contextmanager
def _canvas(height):
    """(axes, function that gives the SVG text): a figure that looks the same whatever this machine's settings."""
    # Only pages with charts need it, and it may write a cache of fonts.
    import matplotlib.style
    from matplotlib.figure import Figure

    settings = {"svg.hashsalt": "page", "svg.fonttype": "path", "text.parse_math": False, "font.size": 9}
    settings |= {"axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "0.9"}
    with matplotlib.style.context(["default", settings]), warnings.catch_warnings():
        # A name in a script that the font lacks shows as boxes.
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure = Figure(figsize=(5.2, height))

        def done():
            file = io.StringIO()
            figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
            svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", file.getvalue(), flags=re.DOTALL)
            # The style sheet would reach all of a page; as an attribute it stays within.
            return svg[svg.index("<svg") :].replace("<svg", '<svg style="stroke-linejoin:round"', 1).strip()

        yield figure.add_subplot(), done

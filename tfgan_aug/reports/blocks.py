"""The parts of a page: sections of texts, tables, images and charts. Makes no file; `page` writes them."""

import dataclasses
import pathlib


@dataclasses.dataclass(frozen=True)
class Section:
    """A part of the page with an entry in its contents; `blocks` is a sequence of the classes below."""

    title: str
    blocks: tuple


@dataclasses.dataclass(frozen=True)
class Text:
    """Markdown: paragraphs, lists, `code` and **strong**. What names hold goes through `markdown.literal` first."""

    text: str


@dataclasses.dataclass(frozen=True)
class Cell:
    """A table's cell; `heat`, -1 (orange) to 1 (blue), lies behind the text, `tone` colours it: good, bad or weak."""

    text: str
    heat: float = 0.0
    tone: str = ""

    @property
    def background(self):
        """The CSS colour behind the text, "" for none."""
        strength = min(abs(self.heat), 1) * 0.55
        colour = "30,120,210" if self.heat > 0 else "225,120,20"
        return f"rgba({colour},{strength:.2f})" if strength >= 0.005 else ""


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows of `Cell`s or what `str` takes, the first heads its row; `align`: l, r or c a column, the last for more."""

    head: tuple
    rows: tuple
    caption: str = ""
    align: str = "lr"

    def cells(self, line):
        """Returns [(`Cell`, letter)], a pair for each column, of a row or of the head."""
        letters = (self.align + self.align[-1] * len(self.head))[: len(self.head)]
        return [(v if isinstance(v, Cell) else Cell(str(v)), side) for v, side in zip(line, letters, strict=True)]


@dataclasses.dataclass(frozen=True)
class Image:
    """A PNG file; one less than 360 pixels wide is enlarged by a whole number, each pixel a square."""

    path: pathlib.Path
    caption: str
    alt: str


@dataclasses.dataclass(frozen=True)
class Chart:
    """A drawing as SVG text, made for a white ground, such as those of `charts`."""

    svg: str
    caption: str
    alt: str


@dataclasses.dataclass(frozen=True)
class Code:
    """Text to copy, shown as it is."""

    text: str
    language: str = ""


@dataclasses.dataclass(frozen=True)
class Details:
    """Blocks that are folded away until the reader opens them."""

    summary: str
    blocks: tuple

"""Markdown: names that show as they are, and tables; printed texts, cards and reports are made with it.

Makes no file.
"""

import html
import re
from collections.abc import Sequence

_RULES = {"l": "---", "r": "---:", "c": ":---:"}


def escaped(text: object) -> str:
    """Returns what shows `text` as it is inside a line or a table's cell, such as a class name with `|` or `*`.

    Left readable: brackets round numbers, which make no link, and underscores within a word.
    """
    special = r"([\\`*|~$]|\[(?![-+.,\d ]+\])|(?<!\d)\]|\](?=[(\[:]))"
    found = re.sub(special, r"\\\1", html.escape(re.sub(r"\s", " ", str(text)), quote=False))
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", found)


def literal(text: object) -> str:
    """Returns `escaped` text that may begin a line, too: it starts no heading, list or rule."""
    found = escaped(text).strip()
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", re.sub(r"^([-+=#])", r"\\\1", found))


def number(value: float | None, form: str = ".1f") -> str:
    """Returns a number as text, formatted by `form`; `-` for None."""
    return "-" if value is None else f"{value:{form}}"


def table(head: Sequence[object], lines: Sequence[Sequence[object]], align: str = "l", padded: bool = False) -> str:
    """Returns a table; cells are anything that `str` takes, and show as they are.

    `align` is l, r or c a column, its last letter for all further ones. `padded` columns are of one width, as a person
    reads them in a terminal. Raises ValueError for a line that is not as long as the head.
    """
    sides = (align + align[-1] * len(head))[: len(head)]
    body = [[escaped(cell) for cell in line] for line in (head, *lines)]
    for line in body:
        if len(line) != len(head):
            raise ValueError(f"found a line of {len(line)} cells {line}, expected {len(head)} as in the head")
    rule = [_RULES[side] for side in sides]
    if padded:
        widths = [max(map(len, column)) for column in zip(rule, *body, strict=True)]
        fit = {"l": str.ljust, "r": str.rjust, "c": str.center}
        body = [[fit[s](cell, w) for cell, w, s in zip(line, widths, sides, strict=True)] for line in body]
        rule = [text.replace("---", "-" * (3 + width - len(text))) for text, width in zip(rule, widths, strict=True)]
    body.insert(1, rule)
    return "\n".join("| " + " | ".join(line) + " |" for line in body)

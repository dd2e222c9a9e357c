"""Delimited text: the rows of a CSV or TSV file, whatever separates its cells. Makes no file."""

import csv
import dataclasses
import io
import itertools
from collections.abc import Callable
from pathlib import Path

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import paths

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_TRIED = 100  # Rows by which the delimiter is chosen.


@dataclasses.dataclass(frozen=True)
class Row:
    """A row that is not empty: the number of its last line, and its cells."""

    line: int
    cells: list[str]


def read(path: Path, names_a_file: Callable[[Row], bool]) -> tuple[str, list[Row]]:
    """("separated by ...", the rows), all of one length; the delimiter is one under which a cell of a row names a file.

    Text may be UTF-8, with or without a byte order mark, or UTF-16 with one. Raises UserError, naming the line, for
    other text, damaged quotes, rows of different lengths, fewer than two columns, and an empty file.
    """
    text = _text(path)
    tried = {delimiter: _rows(path, text, delimiter, _TRIED) for delimiter in _DELIMITERS}

    def merit(delimiter):
        rows = tried[delimiter]
        width = max((len(row.cells) for row in rows), default=0)
        even = all(len(row.cells) == width for row in rows)
        return width > 1, any(map(names_a_file, rows[:2])), even, width

    delimiter = max(tried, key=merit)
    if not _rows(path, text, delimiter):
        raise _refusal(path, "is empty", "a row for each image")
    if not merit(delimiter)[0]:
        raise _refusal(path, "has one column", f"at least two, separated by {', '.join(_DELIMITERS.values())}")
    rows = _rows(path, text, delimiter)
    for row in rows:
        if len(row.cells) != len(rows[0].cells):
            raise _refusal(
                path, f"line {row.line} has {len(row.cells)} cells", f"{len(rows[0].cells)}, as the first row"
            )
    return f"separated by {_DELIMITERS[delimiter]}", rows


def _text(path):
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _refusal(path, f"cannot be read: {paths.reason(error)}", "a file that can be read") from None
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _refusal(
            path, f"line {line} is not {encoding[:6].rstrip('-').upper()}", "a table saved as UTF-8"
        ) from None
    # UTF-16 without a mark, UTF-32, or no text at all.
    before, zero, _ = text.partition("\0")
    if zero:
        line = before.count("\n") + 1
        raise _refusal(path, f"line {line} holds a zero byte", "a table saved as UTF-8")
    return text


def _rows(path, text, delimiter, most=None):
    """The rows, or the first `most` of them; without `most`, raises UserError for text that is no CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    rows = (Row(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells))
    try:
        return list(itertools.islice(rows, most))
    except csv.Error as error:
        if most:
            return []
        raise _refusal(path, f"line {reader.line_num}: {error}", "cells, in quotes where they hold quotes") from None


def _refusal(path, found, expected):
    return UserError(f"--config.source: {path} {found}, expected {expected}")

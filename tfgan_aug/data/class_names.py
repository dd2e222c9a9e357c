"""Class names: their order, and which ones a TFDS data set can keep apart. Makes no file.

TFDS stores one name a line, strips white space from both ends and drops empty lines.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from tfgan_aug.core.errors import UserError

_SHOWN = 12
# Digits of a number: Python reads no more than 4,300.
_DIGITS = 300


def ordered(names: Iterable[str], by_number: bool = False) -> tuple[str, ...]:
    """The distinct names, sorted as text, as Keras and torchvision sort the names of folders.

    `by_number`: where all are whole numbers, sorted as numbers.
    """
    distinct = sorted(set(names))
    if by_number and all(map(is_number, distinct)):
        distinct.sort(key=int)
    return tuple(distinct)


def is_number(name: str) -> bool:
    """Whether a name is a whole number."""
    return re.fullmatch(rf"[+-]?\d{{1,{_DIGITS}}}", name, re.ASCII) is not None


def check(spec: str, names: Sequence[str]) -> tuple[str, ...]:
    """Lines on what may surprise: names that differ in case alone, numbers that are not their labels.

    Raises UserError for the first name that a data set of `spec` cannot hold: empty, not text, with white space at an
    end or with a control character; and for names that look the same.
    """
    alike: dict[str, str] = {}
    for name in names:
        if expected := _wrong(name):
            raise UserError(f"--config.source: {spec!r} has a class called {name!r}, expected {expected}")
        first = alike.setdefault(_look(name), name)
        if first != name:
            raise UserError(
                f"--config.source: {spec!r} has two classes that look the same, {ascii(first)} and {ascii(name)}, "
                "expected one name for one class"
            )
    return tuple(_surprises(names))


def _wrong(name):
    """What is expected instead of a name that cannot be kept; empty where it can."""
    if not name.strip():
        return "a name"
    if name != name.strip():
        return "no white space at its ends, which TFDS does not keep"
    if any(unicodedata.category(character) == "Cs" for character in name):
        return "a name in UTF-8"
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in name):
        return "no line breaks or other control characters, for TFDS keeps one name a line"
    return ""


def _look(name):
    """The name without what nobody sees: the composition of its letters, invisible characters, widths of spaces."""
    composed = unicodedata.normalize("NFC", name)
    return " ".join("".join(c for c in composed if unicodedata.category(c) != "Cf").split())


def _surprises(names):
    folded: dict[str, str] = {}
    for name in names:
        if (first := folded.setdefault(name.casefold(), name)) != name:
            yield f"classes {first!r} and {name!r} differ in upper and lower case alone; they stay two classes"
    first = _first_out_of_place(names)
    if first is not None:
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        yield f"classes in this order: {shown}; so label {first} is class {names[first]!r}"


def _first_out_of_place(names):
    """The first label that a reader would take for another class; None where there is none."""
    if all(map(is_number, names)):
        return next((label for label, name in enumerate(names) if int(name) != label), None)
    if list(names) != sorted(names):
        return None  # An order that somebody chose.
    natural = sorted(names, key=_natural)
    return next((label for label, name in enumerate(names) if name != natural[label]), None)


def _natural(name):
    """A key that sorts numbers inside names by their values."""
    parts = re.split(rf"([0-9]{{1,{_DIGITS}}})", name)
    return [(0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts]

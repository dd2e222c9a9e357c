"""Paths that a user names: `~` expanded, and refused where nothing can be looked up there. Makes no file."""

import os
import sys
from pathlib import Path

from tfgan_aug.core.errors import UserError


def of(option: str, text: str) -> Path:
    """The path that `text` names, whether something lies there or not.

    Raises UserError, naming `option`, for an unknown user's home, a name that no file can have, links in a circle, and
    folders that may not be searched.
    """
    try:
        path = Path(text).expanduser()
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return path
    except (OSError, RuntimeError, ValueError) as error:  # no such user's home; a zero byte
        words = f"{option}: cannot read {shown(text)}: {reason(error)}, expected a path that can be read"
        raise UserError(words) from None
    return path


def check_name(option: str, name: str, path: str = "") -> None:
    """Raises UserError for a name that is not UTF-8, or that this locale does not read as such; `path` is shown."""
    try:
        name.encode()
    except UnicodeEncodeError:
        wrong, expected = fault(name)
        raise UserError(f"{option}: {ascii(path or name)} has a name that {wrong}, expected {expected}") from None


def fault(name: str) -> tuple[str, str]:
    """(what is wrong with a name that Python could not read, what is expected instead)."""
    try:
        os.fsencode(name).decode()
    except UnicodeError:
        return "is not UTF-8", "a name that can be written: rename it"
    return f"the locale's {sys.getfilesystemencoding()} cannot read", "a locale of UTF-8, such as LC_ALL=C.UTF-8"


def reason(error: Exception) -> str:
    """Why, without the path that Python's own words repeat."""
    return " ".join(str(getattr(error, "strerror", None) or error).split()).rstrip(".")


def shown(text: str) -> str:
    """A path in an error: as it is, or with escapes where it is no text."""
    return text if text.isprintable() else ascii(text)

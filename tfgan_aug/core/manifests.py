"""What a finished folder holds: the names, sizes and checksums of its files, and their way to the disk.

Artefact: `files.json` in the folder, {path: {"bytes", "sha256"}}.
"""

import hashlib
import json
import os
import pathlib

FILE = "files.json"
# What may change once the rest is done: which test split was compared, and the time that the work took.
_LATER = (FILE, "checked.json", "seconds.json")


def write(folder: pathlib.Path) -> None:
    """Lists the files of a folder in it, and has all of them on disk when it returns."""
    listed = {name: {"bytes": path.stat().st_size, "sha256": sha256(path)} for name, path in _files(folder).items()}
    (folder / FILE).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def sync(path: pathlib.Path) -> None:
    """Has a file or the names in a folder on disk when it returns: renamed earlier they may be empty after a crash."""
    # Windows opens no folders, and has only files on disk that it may write.
    if os.name == "posix" or path.is_file():
        handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def differences(folder: pathlib.Path, whole: bool = False, below: str = "") -> list[str]:
    """Returns how the files of a folder differ from its list, in words: names and sizes, with `whole` contents, too.

    `below`: of those alone whose path begins so. [] where nothing differs, and where there is no list: earlier versions
    wrote none.
    """
    if not (folder / FILE).exists():
        return []
    try:
        listed = json.loads((folder / FILE).read_text(encoding="utf-8"))
        expected = {name: (own["bytes"], own["sha256"]) for name, own in listed.items() if name.startswith(below)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [f"{FILE} cannot be read"]
    found, there = [], _files(folder)
    for name, (size, digest) in expected.items():
        if name not in there:
            found.append(f"{name} is missing")
        elif there[name].stat().st_size != size:
            found.append(f"{name} has {there[name].stat().st_size:,} bytes, expected {size:,}")
        elif whole and sha256(there[name]) != digest:
            found.append(f"{name} was changed")
    return found + [f"{name} was added" for name in there if name.startswith(below) and name not in expected]


def _files(folder):
    """Returns {posix path: path} of the files in a folder, sorted, without those that may change.

    A link to a folder counts as a file, so as one that was added: what lies behind it is in no list.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {name: path for path in paths if (name := path.relative_to(folder).as_posix()) not in _LATER}


def sha256(path: pathlib.Path) -> str:
    """Returns the SHA-256 of a file's content, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

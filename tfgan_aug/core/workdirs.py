"""Folders that runs write to: opened with a clear error where they cannot be, and the locks of what lies in them.

Artefacts: `<folder>/.locks/<name>`, empty files, each held while a process is at one piece of work. The operating
system holds the locks, so those of a process that dies are free.
"""

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterator

import filelock

from tfgan_aug.core.errors import UserError


@contextlib.contextmanager
def writable(option: str, path: str | pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields the folder `path` as a `pathlib.Path`; creates it where it is missing.

    Raises `UserError`, naming `option`, when nothing can be written there. A `UserError` inside the block removes
    the folders again that were created, where they are still empty: a mistake found before any work leaves nothing.
    """
    if not str(path):
        raise UserError(f"{option}: found no name, expected a folder")
    created: list[pathlib.Path] = []
    try:
        try:
            path = pathlib.Path(path).expanduser()
            created += [folder for folder in (path, *path.parents) if not folder.exists()]
            path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path):
                pass
        except (OSError, RuntimeError, ValueError) as error:  # no such user's home; a name with a zero byte
            reason = getattr(error, "strerror", None) or error
            raise UserError(f"{option}: cannot write to {path}: {reason}; expected a writable folder") from None
        yield path
    except UserError:
        for folder in created:
            if os.path.isdir(folder) and not any(folder.iterdir()):
                folder.rmdir()
        raise


@contextlib.contextmanager
def lock(
    folder: str | pathlib.Path, name: str, wait: bool = False, waiting: Callable[[], object] = lambda: None
) -> Iterator[bool]:
    """Yields True if this process alone now holds the lock `name` of the folder, else False.

    With `wait` it waits until it holds the lock, after a call of `waiting` where it has to. The lock of a process that
    dies is free. Raises `UserError` where the file system has no locks.
    """
    path = pathlib.Path(folder) / ".locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    held = _acquired(path, blocking=False)
    if held is None and wait:
        waiting()
        held = _acquired(path, blocking=True)
    if held is None:
        yield False
        return
    with held:
        yield True


def _acquired(path, blocking):
    """Returns the lock of the file `path`, acquired; None where another process holds it."""
    try:
        return filelock.FileLock(path).acquire(blocking=blocking)
    except filelock.Timeout:
        return None
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"cannot lock {path}: {reason}; expected a folder in a file system that has locks") from None

"""The workdir as a folder that runs write to: opened with a clear error where it cannot be, locked against other runs.

Artefacts: `<workdir>/.lock`, held while a run is at work in the workdir, and `<workdir>/.locks/<name>`, held while one
of several workers is at one piece of work. All are empty. The operating system holds the locks, so those of a process
that dies are free.
"""

import contextlib
import pathlib
import tempfile
from collections.abc import Iterator

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
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise


@contextlib.contextmanager
def open_workdir(option: str, path: str | pathlib.Path, shared: bool = False) -> Iterator[pathlib.Path]:
    """As `writable`, and holds the folder: alone, or together with other `shared` runs.

    Raises `UserError` when another run holds it.
    """
    with writable(option, path) as folder:
        lock_path = folder / ".lock"
        # Each opening has a lock object of its own: two in one process exclude each other as two processes do.
        own = filelock.ReadWriteLock(lock_path, blocking=False, is_singleton=False)
        try:
            try:
                held = own.acquire_read() if shared else own.acquire_write()
            except filelock.Timeout:
                raise UserError(f"{option}: another run is at work in {folder}; wait for it or name another") from None
            try:
                with held:
                    yield folder
            except UserError:
                # So that a folder without any work in it can go; a run that worked leaves its lock file.
                with contextlib.suppress(OSError), own.write_lock():
                    lock_path.unlink()
                raise
        finally:
            own.close()


@contextlib.contextmanager
def lock(workdir: str | pathlib.Path, name: str, wait: bool = False) -> Iterator[bool]:
    """Yields True if this process alone now holds the lock `name` of the workdir, else False.

    With `wait` it waits until it holds the lock. The lock of a worker that dies is free.
    """
    folder = pathlib.Path(workdir) / ".locks"
    folder.mkdir(exist_ok=True)
    try:
        held = filelock.FileLock(folder / name).acquire(blocking=wait)
    except filelock.Timeout:
        yield False
        return
    with held:
        yield True

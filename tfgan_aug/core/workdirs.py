"""workdirs."""

import contextlib
import fcntl
import pathlib
import tempfile

from tfgan_aug.core.errors import UserError


@contextlib.contextmanager
def writable(option, path):
    """Gives the folder `path`, created where it was missing, as a `pathlib.Path`.

    Raises `UserError`, naming `option`, when nothing can be written there. A `UserError` inside the block removes
    the folders again that were created, where they are still empty: a mistake found before any work leaves nothing.
    """
    path = pathlib.Path(path).expanduser()
    created = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        try:
            path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path):
                pass
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"{option}: cannot write to {path}: {reason}; expected a writable folder") from None
        yield path
    except UserError:
        for folder in created:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise


@contextlib.contextmanager
def open_workdir(option, path, shared=False):
    """As `writable`, and holds the folder: alone, or together with other `shared` runs.

    Raises `UserError` when another run holds it.
    """
    with writable(option, path) as folder:
        lock_path = folder / ".lock"
        with open(lock_path, "w", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except OSError:
                raise UserError(f"{option}: another run is at work in {folder}; wait for it or name another") from None
            try:
                yield folder
            except UserError:
                # So that a folder without any work in it can go; a run that worked leaves its lock file.
                with contextlib.suppress(OSError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    lock_path.unlink()
                raise


@contextlib.contextmanager
def claimed(workdir, name, wait=False):
    """Gives whether this process alone now holds `name`: one of several workers takes a piece of work.

    With `wait` it holds it in the end. A worker that dies lets go.
    """
    folder = pathlib.Path(workdir) / ".claims"
    folder.mkdir(exist_ok=True)
    with open(folder / name, "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            yield False
            return
        yield True

"""Stages of the workdir: each artefact lies in a folder named after the digest of what it depends on.

Artefacts: `<workdir>/<stage>-<digest>/`, with `stage.json` (the dependencies, in full), `seconds.json` (the time that
the work took) and `files.json` (see `manifests`) beside what the stage makes. While a stage is at work its folder ends
in `.partial`; the folder is renamed when it is complete and on disk, so a folder without that ending is done. Files
that are being written begin with `partial-`.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tfgan_aug.core import manifests, workdirs
from tfgan_aug.core.errors import UserError

DIGEST_LENGTH = 16
Note = Callable[[str], object] | None
DESCRIPTION = "stage.json"
_CLOCK = "seconds.json"
_PARTIAL = "partial-"
# Characters of another library's words in an error, at most.
_REASON = 300
# There while the clock runs: what a run did that was killed is read off the files that it left.
_STARTED = "started"


def digest(value: Any) -> str:
    """A hexadecimal digest of `DIGEST_LENGTH` digits of a JSON-serialisable value; keys may come in any order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


@contextlib.contextmanager
def whole(path: str | pathlib.Path, mark: str = "") -> Iterator[pathlib.Path]:
    """Yields a path to write to, which becomes `path` once it is on disk, when the block ends well.

    Of several processes that write `path` one at a time may be here, or each has a `mark` of its own.
    """
    path = pathlib.Path(path)
    partial = path.with_name(f"{_PARTIAL}{mark}{path.name}")
    with writing(path):
        yield partial
        manifests.sync(partial)
        os.replace(partial, path)


@contextlib.contextmanager
def writing(path: str | pathlib.Path) -> Iterator[None]:
    """A block that writes a file or folder: an `OSError` that names no file, such as of a full disk, names `path`."""
    try:
        yield
    except OSError as error:
        if error.filename or not error.errno:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_text(path: str | pathlib.Path, text: str) -> None:
    """Writes `text` to `path`, all of it or nothing."""
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: str | pathlib.Path, value: Any) -> None:
    """Writes `value` to `path`, all of it or nothing."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def read_json(path: str | pathlib.Path) -> Any:
    """The value of the JSON file `path`. Raises `UserError` where it holds none."""
    with loading(path):
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


@contextlib.contextmanager
def loading(path: str | pathlib.Path) -> Iterator[None]:
    """A block that loads an artefact of ours: what fails there is a `UserError` that says what to remove.

    `path` is the file or folder. What has to go is the whole folder of the stage in which it lies.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:_REASON] or type(error).__name__
        raise UserError(f"{path} cannot be read: {reason}; remove {_removable(path)} to have it made again") from error


def _removable(path):
    """Returns the folder of the stage that holds `path`, or `path` where none does."""
    path = pathlib.Path(path)
    return next((folder for folder in (path, *path.parents) if (folder / DESCRIPTION).exists()), path)


class Stage:
    """One artefact: `path` once it is done, `partial` while it is made, `digest` of its dependencies.

    `parts` are the stages that only this one needs, such as the levels of a stack: their minutes count as its own.
    """

    def __init__(
        self, workdir: str | pathlib.Path, name: str, dependencies: Mapping[str, Any], parts: Sequence["Stage"] = ()
    ):
        self.name, self.dependencies, self.parts = name, dependencies, tuple(parts)
        self.digest = digest({"stage": name, **dependencies})
        self.path = pathlib.Path(workdir) / f"{name}-{self.digest}"
        self.partial = self.path.with_name(self.path.name + ".partial")

    @property
    def done(self) -> bool:
        """Whether the artefact is complete. Raises `UserError` where files of it are missing or of another size."""
        if not self.path.is_dir():
            return False
        if found := manifests.differences(self.path):
            raise UserError(f"{self.path}: {found[0]}; remove the folder to have it made again")
        return True

    @property
    def minutes(self) -> float:
        """Minutes of work that the artefact and its parts took, over all runs; finding it again takes none."""
        return _seconds(self.path) / 60 + sum(part.minutes for part in self.parts)

    def lock(self, wait: bool = False, note: Note = None) -> contextlib.AbstractContextManager[bool]:
        """Returns `workdirs.lock` of the artefact; `note` takes the words of why a process waits."""
        words = f"waiting for another run, which is at work on {self.path.name}"
        return workdirs.lock(self.path.parent, self.path.name, wait, lambda: note and note(words))

    def ensure(self, make: Callable[[], object], note: Note = None) -> None:
        """Calls `make`, which fills the stage, where the artefact is missing; waits for another process that does."""
        if self.done:
            return
        with self.lock(wait=True, note=note):
            if not self.done:
                make()

    @contextlib.contextmanager
    def making(self) -> Iterator[pathlib.Path]:
        """Yields the folder to fill, with what an earlier attempt left there; renames it when the block ends well.

        One process at a time may be here, see `ensure`.
        """
        _clear(self.partial)
        with self._timed(self.partial), writing(self.partial):
            yield self.partial
        self._describe(self.partial)
        manifests.write(self.partial)
        os.replace(self.partial, self.path)
        manifests.sync(self.path.parent)

    @contextlib.contextmanager
    def growing(self, note: Note = None) -> Iterator[pathlib.Path]:
        """Yields the folder of an artefact that is never done, such as a pool; `working` counts its time.

        One process at a time grows it, see `lock`.
        """
        with self.lock(wait=True, note=note):
            self.path.mkdir(parents=True, exist_ok=True)
            _clear(self.path)
            self._describe(self.path)
            yield self.path

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Counts the time of the block as work on the artefact, which is there."""
        start = time.monotonic()
        try:
            yield
        finally:
            _add_seconds(self.path, time.monotonic() - start)

    def _describe(self, folder):
        write_json(folder / DESCRIPTION, {**self.dependencies, "stage": self.name})

    @contextlib.contextmanager
    def _timed(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        started = folder / _STARTED
        if started.exists():
            _add_seconds(folder, _newest(folder) - started.stat().st_mtime)
        started.unlink(missing_ok=True)
        started.touch()
        start = time.monotonic()
        try:
            yield
        finally:
            _add_seconds(folder, time.monotonic() - start)
            started.unlink()


def _clear(folder):
    """Removes what a killed process was writing in a folder."""
    for path in folder.rglob(f"{_PARTIAL}*"):
        path.unlink()


def _newest(folder):
    """Returns when the newest file below a folder was written."""
    return max(path.stat().st_mtime for path in folder.rglob("*") if path.is_file())


def _add_seconds(folder, seconds):
    write_json(folder / _CLOCK, _seconds(folder) + seconds)


def _seconds(folder):
    return read_json(folder / _CLOCK) if (folder / _CLOCK).exists() else 0.0

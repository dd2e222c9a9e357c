"""Stages of the workdir: each artefact lies in a folder named after the digest of what it depends on.

Artefacts: `<workdir>/<stage>-<digest>/`, with `stage.json` (the dependencies, in full) and `seconds.json` (the time
that the work took) beside what the stage makes. While a stage is at work its folder ends in `.partial`; the folder is
renamed when it is complete, so a folder without that ending is done.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

DIGEST_LENGTH = 16
_CLOCK = "seconds.json"
# There while the clock runs: what a run did that was killed is read off the files that it left.
_STARTED = "started"


def digest(value: Any) -> str:
    """A hexadecimal digest of `DIGEST_LENGTH` digits of a JSON-serialisable value; keys may come in any order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def write_text(path: str | pathlib.Path, text: str) -> None:
    """Writes `text` to `path`, all of it or nothing."""
    partial = f"{path}.partial"
    pathlib.Path(partial).write_text(text, encoding="utf-8")
    os.replace(partial, path)


def write_json(path: str | pathlib.Path, value: Any) -> None:
    """Writes `value` to `path`, all of it or nothing."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def read_json(path: str | pathlib.Path) -> Any:
    """The value of the JSON file `path`."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


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
        """Whether the artefact is complete."""
        return self.path.is_dir()

    @property
    def minutes(self) -> float:
        """Minutes of work that the artefact and its parts took, over all runs; finding it again takes none."""
        return _seconds(self.path) / 60 + sum(part.minutes for part in self.parts)

    @contextlib.contextmanager
    def making(self) -> Iterator[pathlib.Path]:
        """Yields the folder to fill, with what an earlier attempt left there; renames it when the block ends well."""
        with self._timed(self.partial):
            yield self.partial
        self._describe(self.partial)
        os.replace(self.partial, self.path)

    @contextlib.contextmanager
    def growing(self) -> Iterator[pathlib.Path]:
        """Yields the folder of an artefact that is never done, such as a pool; `working` counts its time."""
        self.path.mkdir(parents=True, exist_ok=True)
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
        write_json(folder / "stage.json", {**self.dependencies, "stage": self.name})

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


def _newest(folder):
    """Returns when the newest file below a folder was written."""
    return max(path.stat().st_mtime for path in folder.rglob("*") if path.is_file())


def _add_seconds(folder, seconds):
    write_json(folder / _CLOCK, _seconds(folder) + seconds)


def _seconds(folder):
    return read_json(folder / _CLOCK) if (folder / _CLOCK).exists() else 0.0

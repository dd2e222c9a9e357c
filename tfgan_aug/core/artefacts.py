"""The workdir: each stage's artefact in a folder named after the digest of what it depends on.

Layout: `<workdir>/<stage>-<digest>/`, with `stage.json` (the dependencies, in full) beside the artefact. While a
stage is at work its folder ends in `.partial`; it is renamed when whole, so a folder without that ending is done.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import time

DIGEST_LENGTH = 16
_CLOCK = "seconds.json"


def digest(value):
    """A hexadecimal digest of `DIGEST_LENGTH` digits of a JSON-serialisable value; keys may come in any order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def write_text(path, text):
    """Writes `text` to `path`, whole or not at all."""
    partial = f"{path}.partial"
    pathlib.Path(partial).write_text(text, encoding="utf-8")
    os.replace(partial, path)


def write_json(path, value):
    """Writes `value` to `path`, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class Stage:
    """One artefact: `path` once it is done, `partial` while it is made, `digest` of its dependencies.

    `parts` are the stages that nothing but this one needs, such as the levels of a stack: its minutes are theirs too.
    """

    def __init__(self, workdir, name, dependencies, parts=()):
        self.name, self.dependencies, self.parts = name, dependencies, tuple(parts)
        self.digest = digest({"stage": name, **dependencies})
        self.path = pathlib.Path(workdir) / f"{name}-{self.digest}"
        self.partial = self.path.with_name(self.path.name + ".partial")

    @property
    def done(self):
        return self.path.is_dir()

    @property
    def minutes(self):
        """Minutes of work that the artefact and its parts took, over all sittings but those that were killed."""
        return _seconds(self.path) / 60 + sum(part.minutes for part in self.parts)

    @contextlib.contextmanager
    def making(self):
        """Gives the folder to fill, with what an earlier attempt left there; renames it when the block ends well."""
        with self._timed(self.partial):
            yield self.partial
        self._describe(self.partial)
        os.replace(self.partial, self.path)

    @contextlib.contextmanager
    def growing(self):
        """Gives the folder of an artefact that is never done, such as a pool, and counts the time spent on it."""
        with self._timed(self.path):
            self._describe(self.path)
            yield self.path

    def _describe(self, folder):
        write_json(folder / "stage.json", {**self.dependencies, "stage": self.name})

    @contextlib.contextmanager
    def _timed(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        start = time.monotonic()
        try:
            yield
        finally:
            write_json(folder / _CLOCK, _seconds(folder) + time.monotonic() - start)


def _seconds(folder):
    return read_json(folder / _CLOCK) if (folder / _CLOCK).exists() else 0.0

"""A folder as it is seen: its image files, folder by folder, without what is hidden and what tfgan_aug wrote.

Makes no file.
"""

import collections
import dataclasses
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import decoding, paths

# What archives, editors and file systems leave behind.
_LITTER = {"__macosx", "__pycache__", "@eadir", "$recycle.bin", "system volume information", "lost+found"}
_LINKS = 3  # Links to folders below each other that are followed: chains of more are circles of another kind.
_DEPTH = 100  # Folders inside each other: nobody sorts images so, and each of them is a step of the walk.
_SHOWN_FOLDERS, _SHOWN_FILES = 4, 2


@dataclasses.dataclass(eq=False)
class Node:
    """A folder: `folders` and `images` (file names) sorted by name, and `others`, how many other files by ending."""

    path: Path
    folders: list["Node"] = dataclasses.field(default_factory=list)
    images: list[str] = dataclasses.field(default_factory=list)
    others: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    def nodes(self) -> Iterator["Node"]:
        """Yields this folder and all below it, in the order of their paths."""
        yield self
        for folder in self.folders:
            yield from folder.nodes()

    def files(self) -> list[Path]:
        """Paths of the images here and below."""
        return [node.path / name for node in self.nodes() for name in node.images]

    def count(self) -> int:
        """How many images there are here and below."""
        return sum(len(node.images) for node in self.nodes())

    def all_others(self) -> collections.Counter[str]:
        """How many other files there are here and below, by ending."""
        return sum((node.others for node in self.nodes()), collections.Counter())

    def full(self) -> list["Node"]:
        """The folders in this one that hold images somewhere."""
        return [folder for folder in self.folders if folder.count()]

    def seen(self) -> str:
        """What lies here, in a few words: the first folders and files, and how many more."""
        folders = [f"{folder.name}/ ({folder.within()})" for folder in self.folders]
        files = [*self.images, *(f"*{ending}" for ending in self.others)]
        count = len(self.images) + self.others.total()
        said = [_some(folders, _SHOWN_FOLDERS, len(folders), "folders") if folders else "no folders"]
        if files:
            said.append(_some(files, _SHOWN_FILES, count, "files"))
        return f"{self.path}: {'; '.join(said)}"

    def within(self) -> str:
        """What lies here, in fewer words."""
        folders = _some([f"{folder.name}/" for folder in self.folders], _SHOWN_FILES, len(self.folders), "folders")
        images = f"{len(self.images):,} images" if self.images or not folders else ""
        return ", ".join(filter(None, (folders, images)))


def _some(names, shown, count, kind):
    """The first of `names`, and how many more of the `count` things there are."""
    more = count - min(shown, len(names))
    return ", ".join(names[:shown]) + (f" and {more:,} more {kind}" if more else "")


class Tree:
    """The folder `root`, walked: its `node`, and `passed`, lines on folders that were passed over.

    Hidden files and folders are passed over without a word. Links to folders are followed, but not in circles. `own`
    are folders that belong to the run. Raises UserError for a folder that cannot be read, for more than `_DEPTH` of
    them inside each other, and for names of folders and files that are not UTF-8: no id could hold them.
    """

    def __init__(self, root: Path, own: Sequence[Path] = ()):
        self.passed: list[str] = []
        self._own = {os.path.realpath(folder) for folder in own}
        self._root = root
        real = os.path.realpath(root)
        above = {str(folder) for folder in Path(real).parents}
        self._most = len(above) + _DEPTH
        self.node = self._walked(root, above | {real}, 0)

    def _walked(self, path, above, links):
        node = Node(path)
        for entry in self._entries(path):
            if _is_folder(entry):
                self._add_folder(node, entry, above, links)
                continue
            # A link that leads nowhere is listed: decoding names it.
            if decoding.is_image(path / entry.name) and (entry.is_symlink() or entry.is_file()):
                node.images.append(entry.name)
            else:
                node.others[Path(entry.name).suffix.lower() or "without an ending"] += 1
        return node

    def _add_folder(self, node, entry, above, links):
        path, real, linked = Path(entry.path), os.path.realpath(entry.path), entry.is_symlink()
        where = path.relative_to(self._root).as_posix()
        if real in self._own or is_ours(path):
            self.passed.append(f"{where} (written by tfgan_aug)")
        elif linked and (real in above or links == _LINKS):
            self.passed.append(f"{where} (a link back to {real})")
        elif len(above) > self._most:
            raise UserError(f"--config.source: {self._root} has folders more than {_DEPTH} deep, expected fewer")
        else:
            node.folders.append(self._walked(path, above | {real}, links + linked))

    @staticmethod
    def _entries(path):
        """What lies in a folder, by name, without what is hidden."""
        try:
            with os.scandir(path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise UserError(f"--config.source: cannot read folder {path}: {error.strerror}") from None
        for entry in found:
            paths.check_name("--config.source", entry.name, entry.path)
        return [entry for entry in found if not _is_hidden(entry.name)]


def subfolders(folder: Path) -> list[Path]:
    """The folders in `folder` by name, without what is hidden, what tfgan_aug wrote and what cannot be read."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entry.path for entry in entries if _is_folder(entry) and not _is_hidden(entry.name))
    except OSError:
        return []
    return [path for path in map(Path, found) if not is_ours(path)]


def _is_folder(entry):
    try:
        return entry.is_dir()
    except OSError:
        return False  # A link to itself.


def _is_hidden(name):
    return decoding.is_system_file(Path(name)) or name.lower() in _LITTER


def is_ours(folder: Path) -> bool:
    """Whether tfgan_aug or TFDS wrote the folder: a workdir, a stage, data sets, a version of one."""
    marks = (
        ("stage.json",),
        ("cells.json",),
        ("provenance.json", "SHA256SUMS"),
        ("dataset_info.json", "features.json"),
    )
    try:
        return (
            folder.name == "tensorflow_datasets"
            or any(all((folder / name).is_file() for name in mark) for mark in marks)
            or (folder / ".locks").is_dir()
            or any(folder.glob("subset-*/stage.json"))
        )
    except OSError:
        return False  # Not readable, which whoever reads it says.

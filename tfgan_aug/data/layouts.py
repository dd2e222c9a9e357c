"""Layouts of folders: which image files are of which class and split, as the names of the folders say.

Makes no file. Understood are class folders (`<class>/*`, images in their sub-folders too) and split folders of these
(`train/<class>/*`), both inside any number of single folders. All else is refused, with the tree as it is seen.
"""

import dataclasses
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import class_names, decoding, trees
from tfgan_aug.data.trees import Node, Tree

SPLITS = ("train", "validation", "test")
# {word in a name: the split that it means}, and words that may stand beside it.
_WORDS = {
    **dict.fromkeys(("train", "training", "trainset"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "valset"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation", "testset"), "test"),
}
_NEUTRAL = {"seg", "set", "data", "dataset", "images", "image", "imgs", "img", "split"}
# Images that Pillow does not know: a class folder of these alone is not an empty one.
_UNREAD = {".heic", ".heif", ".avif", ".jxl", ".svg", ".dcm", ".nii", ".raw", ".dng", ".cr2", ".nef", ".arw", ".npy"}
_NO_CLASSES = {"images", "image", "imgs", "img"}
_EXPECTED = "expected PATH/<class>/*.png or PATH/train/<class>/*.png"
_SHOWN = 4


@dataclasses.dataclass(frozen=True)
class Found:
    """Image files by split: `splits` maps train, and validation and test where there are any, to (path, class) pairs.

    Ids are relative to `root`; `class_names` are in the order of their labels; `note` says what was understood.
    """

    root: Path
    class_names: tuple[str, ...]
    splits: dict[str, list[tuple[Path, str]]]
    note: str


def split_of(name: str) -> str | None:
    """The split that this name of a folder, an array or a value means: train, validation, test or None."""
    split, beside = _meaning(name)
    return split if not beside else None


def _meaning(name):
    """(split or None, the words beside it) of a name."""
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    splits = [_WORDS[word] for word in words if word in _WORDS]
    if len(splits) != 1:
        return None, tuple(words)
    return splits[0], tuple(word for word in words if word not in _WORDS and word not in _NEUTRAL)


def _split_folders(folders: Iterable[Node]) -> dict[str, list[Node]]:
    """{split: those of `folders` that are called so}.

    `seg_train` is one, `asl_alphabet_train` beside `asl_alphabet_test` too; `train_station` is none.
    """
    named = [(*_meaning(folder.name), folder) for folder in folders]
    shared: dict[tuple[str, ...], set[str]] = {}
    for split, beside, _ in named:
        shared.setdefault(beside, set()).update({split} - {None})
    found: dict[str, list[Node]] = {}
    for split, beside, folder in named:
        if split and (not beside or len(shared[beside]) > 1):
            found.setdefault(split, []).append(folder)
    return found


def understood(root: Path, own: Sequence[Path] = ()) -> Found:
    """The image files of the folder `root` by split and class. `own`: folders of the run, which are passed over.

    Raises UserError, with the tree as seen, for a missing folder and for what is not understood: no class folders, or
    one; class folders of images that are not read; no train split; two folders for one split; a test class that
    train lacks; split folders inside class folders.
    """
    if not root.is_dir():
        raise UserError(f"--config.source: folder {root} does not exist, expected a folder of class folders")
    if any(os.path.realpath(root) == os.path.realpath(folder) for folder in own):
        raise UserError(f"--config.source: {root} is the workdir, expected a folder of your images beside it")
    if trees.is_ours(root):
        raise UserError(f"--config.source: {root} is a folder that tfgan_aug or TFDS wrote, expected your images")
    return _Reading(root, own).found()


class _Reading:
    """A folder as it is read: its tree, and what was left out so far."""

    def __init__(self, root, own):
        self.root, tree = root, Tree(root, own)
        self.top, self.left_out = tree.node, tree.passed

    def found(self):
        places = self._places()
        train = places["train"] = self._inner(places["train"])
        names = class_names.ordered(node.name for node in self._classes(train))
        for split in sorted(places.keys() - {"train"}):
            node = places[split] = self._inner(places[split], names)
            if reason := self._unusable(split, node, names, train):
                self._leave_out(node, reason)
                del places[split]
        splits = {split: [(path, c.name) for c in node.full() for path in c.files()] for split, node in places.items()}
        places = {split: places[split] for split in SPLITS if split in places}
        return Found(self.root, names, splits, self._note(names, places, splits))

    def _places(self):
        """Returns {split: its folder}; without split folders, the folder of the class folders is train's."""
        node = self.top
        while True:
            splits = self._splits(node)
            if splits:
                return splits
            full = node.full()
            if node.images or len(full) != 1 or not full[0].full():
                return {"train": node}
            node = full[0]

    def _splits(self, node):
        """Returns {split: folder} where folders in `node` are splits, else {}."""
        full = node.full()
        found = _split_folders(full)
        others = [folder for folder in full if not any(folder in folders for folders in found.values())]
        if not found or (len(found) == 1 and others and not any(folder.full() for folder in found.get("train", ()))):
            return {}
        named = ", ".join(folder.name for folder in full if folder not in others)
        if "train" not in found:
            raise self._refusal(f"{node.path} has {named}, but no train split", node)
        if not any(folder.full() for folder in found["train"]):
            raise self._refusal(f"{named} in {node.path} hold images, but no class folders", node)
        for split, folders in found.items():
            if len(folders) > 1:
                raise self._refusal(
                    f"{' and '.join(f.name for f in folders)} are two folders for the {split} split", node
                )
        if len(found) == 1 and any(folder.images for folder in others):
            raise self._refusal(
                f"{named} in {node.path} may be a split or a class: say folder:{found['train'][0].path}, or rename it",
                node,
            )
        for folder in others:
            self._leave_out(folder, f"{folder.count():,} images")
        return {split: folders[0] for split, folders in found.items()}

    @staticmethod
    def _inner(node, names=()):
        """The folder of the class folders: `node`, or one inside it where only single folders lie between."""
        while not node.images and len(node.full()) == 1 and node.full()[0].full() and node.full()[0].name not in names:
            (node,) = node.full()
        return node

    def _classes(self, node):
        """Returns the class folders in `node`."""
        full, count = node.full(), sum(folder.count() for folder in node.full())
        for folder in node.folders:
            if folder not in full:
                self._check_empty(folder)
        if len(full) < 2:
            raise self._refusal(f"{node.path} has {len(full)} class folders with images, expected at least 2", node)
        for folder in full:
            if folder.name.lower() in _NO_CLASSES:
                raise self._refusal(f"{folder.path} may hold the classes: say folder:{folder.path}, or rename it", node)
        if len(node.images) >= count:
            raise self._refusal(f"{node.path} holds {len(node.images):,} images outside its class folders", node)
        if node.images:
            where = f"in {self._where(node)}, " if node is not self.top else ""
            self.left_out.append(f"{len(node.images):,} images {where}outside the class folders")
        for folder in full:
            inside = _split_folders(folder.full())
            if len(inside) > 1 or (split_of(folder.name) and folder.full()):
                raise self._refusal(f"class folder {folder.path} holds {folder.within()}", folder)
        return full

    def _check_empty(self, folder):
        """Notes that a class folder holds no image; refuses one whose images would be lost."""
        images = {
            end: n for end, n in folder.all_others().items() if end in _UNREAD or end in Image.registered_extensions()
        }
        if images:
            raise UserError(
                f"--config.source: {folder.path} holds {_counted(images)} and no images that are read, expected "
                f"files ending in {', '.join(decoding.EXTENSIONS)}"
            )
        self._leave_out(folder, "no images")

    def _unusable(self, split, node, names, train):
        """Why a test or validation folder is left out; empty where it is not. Refuses other classes than train's."""
        full = node.full()
        if not full:
            return f"{node.count():,} images without class folders"
        strays = [folder.name for folder in full if folder.name not in names]
        if not strays:
            if node.images:
                self.left_out.append(f"{len(node.images):,} images in {self._where(node)}, outside the class folders")
            return ""
        if split == "test":
            raise self._refusal(
                f"{node.path / strays[0]} is a class that {train.path} does not have: {listed(names)}", node
            )
        return f"{node.count():,} images, with classes that train does not have: {listed(strays)}"

    def _leave_out(self, folder, reason):
        self.left_out.append(f"{self._where(folder)} ({reason})")

    def _where(self, folder):
        return folder.path.relative_to(self.root).as_posix()

    def _note(self, names, places, splits):
        """What was understood, in one line."""
        said = [f"{len(names)} classes ({listed(names)})"]
        for split, node in places.items():
            place = "" if node is self.top else f" in {self._where(node)}"
            few = sorted(set(names) - {name for _, name in splits[split]})
            lacking = f" (none of class {listed(few)})" if few else ""
            said.append(f"{len(splits[split]):,} {split} images{place}{lacking}")
        deeper = [inner for node in places.values() for folder in node.full() for inner in folder.full()]
        if deeper:
            said.append(f"sub-folders such as {self._where(deeper[0])} belong to their class folder")
        others = sum((node.all_others() for node in places.values()), type(self.top.others)())
        left_out = [*self.left_out, *([_counted(others)] if others else [])]
        if left_out:
            said.append(f"left out: {listed(left_out)}")
        return f"source folder {self.root}: {'; '.join(said)}"

    def _refusal(self, why, node):
        """The error that says why, shows the tree, and names the nearest layout that is understood."""
        tables = sorted((*self.root.glob("*.csv"), *self.root.glob("*.tsv")))
        table = f"; for a table of files and labels: csv:{tables[0]}" if tables else ""
        return UserError(f"--config.source: {why}; found {node.seen()}; {_EXPECTED}{table}")


def _counted(endings):
    return ", ".join(f"{count:,} {ending}" for ending, count in sorted(endings.items(), key=lambda item: -item[1]))


def listed(names: Sequence[object]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - _SHOWN
    return ", ".join(map(str, names[:_SHOWN])) + (f" and {more} more" if more > 0 else "")

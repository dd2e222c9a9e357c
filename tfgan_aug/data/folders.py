"""Labelled images in folders of image files.

Makes no file. Layouts read: `root/<class>/*`, or `root/train/<class>/*` with, if wanted, `root/test/<class>/*`. The
second holds where `root/train` is a folder that itself has folders. Files that are no images are passed over, and those
of them that are not hidden counted.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import decoding
from tfgan_aug.data.fitting import Fitting
from tfgan_aug.data.surveys import Seen


def _subfolders(folder):
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _image_files(folder):
    """(sorted paths of the images, paths of the other files) directly in `folder`."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    images = [path for path in files if decoding.is_image(path)]
    others = [path for path in files if not decoding.is_image(path)]
    if not images:
        endings, found = ", ".join(decoding.EXTENSIONS), decoding.left_out(others)
        raise UserError(
            f"{folder}: no images in this class folder{f' but {found}' * bool(found)}, expected files ending in "
            + endings
        )
    return images, others


class Folder:
    """What a folder of images holds, each file decoded once to prove that it can be.

    Images are read as `fitting` says. `class_names` is sorted; `splits` maps train, and test if there is one, to (ids,
    labels): relative posix paths, and int32 (N,). `skipped` lists the ids of unreadable files, left out if
    `skip_unreadable`; `left_out` counts files that are no images, in words. Raises UserError for a
    missing folder, less than two classes, a class without images, a test class that train lacks, and (unless
    `skip_unreadable`) a file that does not decode or that is larger than Pillow's decompression bomb limit.
    """

    def __init__(self, path: str | Path, fitting: Fitting, skip_unreadable: bool = False):
        self.root = Path(path).expanduser()
        if not self.root.is_dir():
            raise UserError(f"--config.source: folder {self.root} does not exist, expected a folder of class folders")
        split_layout = (self.root / "train").is_dir() and bool(_subfolders(self.root / "train"))
        places = {"train": self.root / "train" if split_layout else self.root}
        # A flat test folder has images without labels: nothing can be scored on it.
        if split_layout and (self.root / "test").is_dir() and _subfolders(self.root / "test"):
            places["test"] = self.root / "test"
        self.class_names = tuple(_subfolders(places["train"]))
        if len(self.class_names) < 2:
            raise UserError(
                f"--config.source: {places['train']} has {len(self.class_names)} class folders, expected at least 2"
            )
        files: dict[str, list[tuple[Path, str]]] = {}
        others: list[Path] = []
        for split, place in places.items():
            if stray := sorted(set(_subfolders(place)) - set(self.class_names)):
                raise UserError(f"--config.source: {place / stray[0]} is a class that {places['train']} does not have")
            files[split] = []
            for name in _subfolders(place):
                images, more = _image_files(place / name)
                files[split] += [(path, name) for path in images]
                others += more
        self.left_out = decoding.left_out(others)
        self._files = decoding.Files([path for found in files.values() for path, _ in found], fitting)
        faults = self._files.faults
        if faults and not skip_unreadable:
            path, reason = next(iter(faults.items()))
            raise UserError(
                f"{path} does not decode ({reason}), {len(faults)} such file(s) in all; mend or remove them, or leave "
                "them out with --skip_unreadable"
            )
        self.skipped = tuple(self._id(path) for path in faults)
        self.splits = {
            split: self._records([(path, name) for path, name in found if path not in faults])
            for split, found in files.items()
        }
        counts = np.bincount(self.splits["train"][1], minlength=len(self.class_names))
        if not counts.all():
            name = self.class_names[int(counts.argmin())]
            raise UserError(f"{places['train'] / name}: none of the images of this class folder decodes")

    def read(self, split: str, positions: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the images at `positions` of the split, fitted, in that order.

        Raises UserError for a file that no longer decodes.
        """
        return self._files.read(self._paths(split, positions))

    def seen(self, split: str, positions: np.ndarray) -> Iterator[Seen]:
        """Yields what was seen of the files at `positions` of the split."""
        return self._files.seen(self._paths(split, positions))

    def _paths(self, split, positions):
        ids = self.splits[split][0]
        return [self.root / ids[position] for position in positions]

    def _id(self, path):
        return path.relative_to(self.root).as_posix()

    def _records(self, found):
        numbers = {name: number for number, name in enumerate(self.class_names)}
        return [self._id(path) for path, _ in found], np.array([numbers[name] for _, name in found], np.int32)

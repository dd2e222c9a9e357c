"""Labelled images in folders of JPEG, PNG and WebP files.

Makes no file. Layouts read: `root/<class>/*`, or `root/train/<class>/*` with, if wanted, `root/test/<class>/*`. The
second holds where `root/train` is a folder that itself has folders. Hidden files and other extensions are passed over.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import decoding
from tfgan_aug.data.fitting import Fitting


def _subfolders(folder):
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _image_files(folder):
    """Sorted paths of the images directly in `folder`."""
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in decoding.EXTENSIONS and not path.name.startswith(".") and path.is_file()
    )
    if not found:
        endings = ", ".join(decoding.EXTENSIONS)
        raise UserError(f"{folder}: no images in this class folder, expected files ending in {endings}")
    return found


class Folder:
    """What a folder of images holds, each file decoded once to prove that it can be.

    `class_names` is sorted; `splits` maps train, and test if there is one, to (ids, labels): relative posix paths, and
    int32 (N,). `skipped` lists the ids of unreadable files, left out if `skip_unreadable`. Raises UserError for a
    missing folder, less than two classes, a class without images, a test class that train lacks, and (unless
    `skip_unreadable`) a file that does not decode or that is larger than Pillow's decompression bomb limit.
    """

    def __init__(self, path: str | Path, skip_unreadable: bool = False):
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
        files = {}
        for split, place in places.items():
            if stray := sorted(set(_subfolders(place)) - set(self.class_names)):
                raise UserError(f"--config.source: {place / stray[0]} is a class that {places['train']} does not have")
            files[split] = [(path, name) for name in _subfolders(place) for path in _image_files(place / name)]
        faults = decoding.faults([path for found in files.values() for path, _ in found])
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

    def read(self, split: str, positions: np.ndarray, fitting: Fitting) -> Iterator[np.ndarray]:
        """Yields the images at `positions` of the split, fitted, in that order.

        Raises UserError for a file that no longer decodes.
        """
        ids = self.splits[split][0]
        return decoding.read([self.root / ids[position] for position in positions], fitting)

    def _id(self, path):
        return path.relative_to(self.root).as_posix()

    def _records(self, found):
        numbers = {name: number for number, name in enumerate(self.class_names)}
        return [self._id(path) for path, _ in found], np.array([numbers[name] for _, name in found], np.int32)

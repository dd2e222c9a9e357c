"""Labelled image files: those that a folder's layout or a table names, decoded once to prove that they can be.

Makes no file.
"""

from collections.abc import Iterator

import numpy as np

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import decoding, paths
from tfgan_aug.data.fitting import Fitting
from tfgan_aug.data.layouts import Found
from tfgan_aug.data.surveys import Seen


class LabelledFiles:
    """The files of a `Found`, read as `fitting` says.

    `splits` maps its splits to (ids, labels): posix paths, relative to its root, and int32 (N,). `skipped` lists the
    ids of unreadable files, left out if `skip_unreadable`. Raises UserError for ids that are not UTF-8, for a class of
    the train split without readable images, and (unless `skip_unreadable`) for a file that does not decode or that is
    larger than Pillow's decompression bomb limit.
    """

    def __init__(self, found: Found, fitting: Fitting, skip_unreadable: bool = False):
        self._found = found
        # Those of a table: a folder's are checked where it is walked.
        for name in (self._id(path) for pairs in found.splits.values() for path, _ in pairs):
            paths.check_name("--config.source", name)
        self._files = decoding.Files([path for pairs in found.splits.values() for path, _ in pairs], fitting)
        faults = self._files.faults
        if faults and not skip_unreadable:
            path, reason = next(iter(faults.items()))
            raise UserError(
                f"{path} does not decode ({reason}), {len(faults)} such file(s) in all; mend or remove them, or leave "
                "them out with --skip_unreadable"
            )
        self.skipped = tuple(map(self._id, faults))
        self._paths = {
            split: [path for path, _ in pairs if path not in faults] for split, pairs in found.splits.items()
        }
        numbers = {name: number for number, name in enumerate(found.class_names)}
        self.splits = {
            split: (
                [self._id(path) for path in self._paths[split]],
                np.array([numbers[name] for path, name in pairs if path not in faults], np.int32),
            )
            for split, pairs in found.splits.items()
        }
        counts = np.bincount(self.splits["train"][1], minlength=len(numbers))
        if not counts.all():
            name = found.class_names[int(counts.argmin())]
            raise UserError(f"--config.source: none of the images of class {name!r} in {found.root} decodes")

    def read(self, split: str, positions: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the images at `positions` of the split, fitted, in that order.

        Raises UserError for a file that no longer decodes.
        """
        return self._files.read(self._at(split, positions))

    def seen(self, split: str, positions: np.ndarray) -> Iterator[Seen]:
        """Yields what was seen of the files at `positions` of the split."""
        return self._files.seen(self._at(split, positions))

    def _at(self, split, positions):
        return [self._paths[split][position] for position in positions]

    def _id(self, path):
        root = self._found.root
        return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()

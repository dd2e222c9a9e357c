"""Duplicates: images of a source with the same pixels once they are decoded and fitted.

Artefact: `duplicates.csv` in the workdir, a line for each pair: `id`, `label` and `split` of both images, and `labels`,
which is `same` or `two`.
"""

import collections
import csv
import dataclasses
import io
import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tfgan_aug.core import artefacts
from tfgan_aug.data.layouts import listed

FILE = "duplicates.csv"
_HEADER = ("id", "label", "split", "other_id", "other_label", "other_split", "labels")
# The pairs of as many equal images are all written; of more, each beside the first. Black images come in thousands.
_ALL_PAIRS = 50


@dataclasses.dataclass(frozen=True)
class Copy:
    """An image that has duplicates: its split, its position there, its id and label."""

    split: str
    position: int
    id: str
    label: int


@dataclasses.dataclass(frozen=True)
class Duplicates:
    """`groups` of two or more images with the same pixels, train's first; `class_names` of their labels."""

    class_names: tuple[str, ...]
    groups: tuple[tuple[Copy, ...], ...]

    def pairs(self) -> Iterator[tuple[Copy, Copy]]:
        """Yields the pairs of all groups; of a large group each image with the first."""
        for group in self.groups:
            yield from (
                itertools.combinations(group, 2)
                if len(group) <= _ALL_PAIRS
                else zip(itertools.repeat(group[0]), group[1:])
            )

    def write(self, folder: Path) -> Path:
        """Writes `FILE` in the folder; returns its path."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_HEADER)
        for pair in self.pairs():
            same = "same" if pair[0].label == pair[1].label else "two"
            writer.writerow(
                [*(value for copy in pair for value in (copy.id, self.class_names[copy.label], copy.split)), same]
            )
        # Several runs may find the same.
        with artefacts.whole(folder / FILE, mark=f"{os.getpid()}-") as partial:
            partial.write_text(text.getvalue(), encoding="utf-8")
        return folder / FILE

    def words(self) -> str:
        """How many pairs there are, and the first of those under two labels, in one line."""
        pairs = list(self.pairs())
        two = [pair for pair in pairs if pair[0].label != pair[1].label]
        shown = [" = ".join(f"{copy.id} ({self.class_names[copy.label]})" for copy in pair) for pair in two]
        named = f": {listed(shown)}" if two else ""
        return f"{len(pairs):,} pairs of images with the same pixels, {len(two):,} under two labels{named}"

    def dropped(self) -> dict[str, np.ndarray]:
        """{split: positions, int64, ascending} of the images that settle it when they go.

        Of a group with two labels all go. Of a group with one label one stays: the first in the test split, so that it
        stays as whole as can be and no training image is a test image; else the first in train.
        """
        gone: dict[str, list[int]] = {}
        for group in self.groups:
            kept = min(group, key=lambda copy: (copy.split != "test", copy.position))
            one_label = len({copy.label for copy in group}) == 1
            for copy in group:
                if copy is not kept or not one_label:
                    gone.setdefault(copy.split, []).append(copy.position)
        return {split: np.array(sorted(positions), np.int64) for split, positions in gone.items()}


@dataclasses.dataclass(frozen=True)
class Images:
    """Images of a split to be compared: `ids`, `labels` and `hashes` of their pixels (N,), in one order."""

    split: str
    ids: Sequence[str]
    labels: np.ndarray
    hashes: Sequence[bytes]


def find(class_names: tuple[str, ...], parts: Sequence[Images]) -> Duplicates:
    """The images of all parts that have duplicates."""
    counts = collections.Counter(pixels for part in parts for pixels in part.hashes)
    groups: dict[bytes, list[Copy]] = {}
    for part in parts:
        for position, pixels in enumerate(part.hashes):
            if counts[pixels] > 1:
                copy = Copy(part.split, position, part.ids[position], int(part.labels[position]))
                groups.setdefault(pixels, []).append(copy)
    return Duplicates(class_names, tuple(map(tuple, groups.values())))

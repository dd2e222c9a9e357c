"""The subset: a seeded choice of training and held-out images, both from the source's train split.

Artefact: `subset-<digest>/` with `subset.json` (ids, labels and the stage's digest), `train_images.npy` and
`test_images.npy`, the held-out ones (uint8, (N, H, W, C)), class by class in the order chosen; `checked.json`, the
digest of the test split that they were compared with.
"""

import dataclasses
import hashlib
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import digests, duplicates, sources
from tfgan_aug.data.duplicates import Images

# {part of a `Subset`: its name on disk}: there the held-out images are called `test`, so that subsets of earlier runs
# are found and read.
_ON_DISK = {"train": "train", "held_out": "test"}
_PAIRS_SHOWN = 5
# In the stage: the digest of the test split that shares no image with the training images.
_CHECKED = "checked.json"
# Train splits up to this size are compared as a whole, which takes about a minute.
_COMPARED = 100_000


@dataclasses.dataclass(frozen=True)
class Part:
    """Images of one side of a subset: `ids` (N,) texts, `labels` int32 (N,), `images` uint8 (N, H, W, C)."""

    ids: tuple[str, ...]
    labels: np.ndarray
    images: np.ndarray

    def counts(self, classes: int) -> np.ndarray:
        """Images a class, int (classes,)."""
        return np.bincount(self.labels, minlength=classes)

    def of_class(self, label: int) -> np.ndarray:
        """Positions of this class's images, in order."""
        return np.flatnonzero(self.labels == label)


@dataclasses.dataclass(frozen=True)
class Subset:
    """`train` and `held_out` images of one source; the second is empty where none are asked for.

    `surveys` is {"train", "held_out" or "test", which is the source's own: what was met in its files, see
    `data.surveys`}, without those of which nothing is known.
    """

    class_names: tuple[str, ...]
    train: Part
    held_out: Part
    surveys: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(height, width, channels)."""
        return self.train.images.shape[1:]


def choose(
    labels: np.ndarray, class_names: Sequence[str], train_per_class: int, test_per_class: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Positions (train, held out) into `labels` (ints, (N,)), class by class, in the seeded order of choice.

    With `train_per_class` 0 all images of a class that are not held out train. The held-out images of a class are
    drawn first, so that they stay the same when `train_per_class` changes. Raises `UserError` for a class with
    too few images.
    """
    train, held_out = [], []
    for label, name in enumerate(class_names):
        order = np.random.default_rng([seed, label]).permutation(np.flatnonzero(labels == label))
        needed = test_per_class + max(train_per_class, 1)
        if len(order) < needed:
            raise UserError(
                f"--config.train_per_class={train_per_class}, --config.test_per_class={test_per_class}: found "
                f"{len(order)} images of class {name!r} in the source's train split, expected at least {needed}"
            )
        held_out.append(order[:test_per_class])
        train.append(order[test_per_class : test_per_class + train_per_class if train_per_class else None])
    return np.concatenate(train), np.concatenate(held_out)


def read(source: sources.Source, config) -> Subset:
    """The `Subset` that the config chooses, read from the source.

    With `rare_class` that class keeps `rare_share` of its training images, the first chosen. Raises `UserError` for a
    class with too few images or no such class, and for images that training and testing would share.
    """
    split = source.train
    chosen, held_out = choose(
        split.labels, source.class_names, config.train_per_class, config.test_per_class, config.seed
    )
    if config.rare_class:
        if config.rare_class not in source.class_names:
            names = ", ".join(source.class_names)
            raise UserError(f"--config.rare_class: found {config.rare_class!r}, expected one of {names}")
        rare = split.labels[chosen] == source.class_names.index(config.rare_class)
        kept = max(1, round(config.rare_share * int(rare.sum())))
        chosen = chosen[~rare | (np.cumsum(rare) <= kept)]

    def part(positions):
        ids = tuple(split.ids[position] for position in positions)
        return Part(ids, split.labels[positions].astype(np.int32), split.images(positions))

    parts = part(chosen), part(held_out)
    # After the images are read: of some sources nothing is known before.
    surveys = {
        "train": split.survey(chosen), "held_out": split.survey(held_out), "test": source.test_survey(),
    }  # fmt: skip
    return Subset(source.class_names, *parts, {name: survey for name, survey in surveys.items() if survey})


def stage(workdir: str | pathlib.Path, source: sources.Source, subset: Subset) -> artefacts.Stage:
    """The stage that `make` fills, named by what the subset holds, down to the pixels."""
    digests = {name: artefacts.digest(_describe(getattr(subset, part))) for part, name in _ON_DISK.items()}
    known = {"source": source.spec, "version": str(source.version), "class_names": list(source.class_names)}
    return artefacts.Stage(workdir, "subset", {**known, "digests": digests})


def duplicates_in(source: sources.Source, subset: Subset) -> duplicates.Duplicates:
    """Images with the same pixels: of the whole source, or of the subset and the test split where train is too large.

    Reads all images that it compares, once for each source.
    """
    if not source.distinct and len(source.train) <= _COMPARED:
        return source.duplicates
    parts = [
        Images("train", part.ids, part.labels, list(map(digests.pixel_hash, part.images)))
        for part in (subset.train, subset.held_out)
    ]
    return duplicates.find(source.class_names, [*parts, *source.hashed_test])


def checked(stage: artefacts.Stage, source: sources.Source) -> bool:
    """Whether the subset that the stage holds was compared with the test split as it is now."""
    path = stage.path / _CHECKED
    return path.exists() and artefacts.read_json(path) == source.test_digest


def check(stage: artefacts.Stage, source: sources.Source, subset: Subset) -> None:
    """Raises `UserError` when a test image, the source's own too, is among the training images.

    Checks once for each content of the test split, which may change after the stage is done.
    """
    if checked(stage, source):
        return
    found, train = duplicates_in(source, subset), set(subset.train.ids)
    sides = {
        "the subset's training and held-out images": ("train", set(subset.held_out.ids).__contains__),
        "the subset's training images and the source's test split": ("test", lambda name: True),
    }
    for words, (split, on_side) in sides.items():
        shared = []
        for group in found.groups:
            own = [copy.id for copy in group if copy.split == "train" and copy.id in train]
            shared += [(own[0], copy.id) for copy in group if own and copy.split == split and on_side(copy.id)]
        _refuse(shared, words, stage.path.parent / duplicates.FILE)
    if stage.done:
        artefacts.write_json(stage.path / _CHECKED, source.test_digest)


def make(stage: artefacts.Stage, source: sources.Source, subset: Subset) -> None:
    """Stores the subset; raises as `check`."""
    check(stage, source, subset)
    with stage.making() as folder:
        artefacts.write_json(folder / _CHECKED, source.test_digest)
        record: dict[str, Any] = {"class_names": list(subset.class_names)}
        for part, name in _ON_DISK.items():
            np.save(folder / f"{name}_images.npy", getattr(subset, part).images)
            record[name] = _describe(getattr(subset, part))
        artefacts.write_json(folder / "subset.json", {**record, "digest": stage.digest})


def _describe(part):
    pixels = hashlib.sha256(np.ascontiguousarray(part.images).data).hexdigest()
    return {"ids": list(part.ids), "labels": part.labels.tolist(), "pixels_sha256": pixels}


def load(path: pathlib.Path) -> Subset:
    """The `Subset` stored in the folder `path`; images are memory-mapped."""
    record = artefacts.read_json(path / "subset.json")
    with artefacts.loading(path):
        parts = {
            part: Part(
                tuple(record[name]["ids"]),
                np.asarray(record[name]["labels"], np.int32),
                np.load(path / f"{name}_images.npy", mmap_mode="r"),
            )
            for part, name in _ON_DISK.items()
        }
    return Subset(tuple(record["class_names"]), parts["train"], parts["held_out"])


def _refuse(pairs, words, file):
    """Raises `UserError` where there are pairs of ids; `words` say which images are compared, `file` holds all."""
    if pairs:
        shown = ", ".join(f"{first} = {second}" for first, second in pairs[:_PAIRS_SHOWN])
        more = f" and {len(pairs) - _PAIRS_SHOWN} more" if len(pairs) > _PAIRS_SHOWN else ""
        raise UserError(
            f"--config.source: {words} share {len(pairs)} images: {shown}{more} (all in {file}); expected none: "
            "--drop_duplicates leaves them out, or choose another --config.seed"
        )


def folds(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The fold, from 0 to `count` - 1, of each example: int (N,), every class spread evenly. For inner splits."""
    fold = np.empty(len(labels), np.int32)
    for label in np.unique(labels):
        members = np.random.default_rng([seed, int(label), count]).permutation(np.flatnonzero(labels == label))
        fold[members] = np.arange(len(members)) % count
    return fold

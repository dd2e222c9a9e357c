"""The subset: a seeded choice of training and held-out images, both from the source's train split.

Artefact: `subset.json` (ids, labels and the split's digest), `train_images.npy`, `test_images.npy`
(uint8, (N, H, W, C)), class by class in the order chosen.
"""

import dataclasses
import hashlib

import numpy as np

from tfgan_aug import artefacts
from tfgan_aug.errors import UserError

_PAIRS_SHOWN = 5


@dataclasses.dataclass(frozen=True)
class Part:
    """Images of one side of a subset: `ids` (N,) texts, `labels` int32 (N,), `images` uint8 (N, H, W, C)."""

    ids: tuple
    labels: np.ndarray
    images: np.ndarray

    def counts(self, classes):
        """Images a class, int (classes,)."""
        return np.bincount(self.labels, minlength=classes)

    def of_class(self, label):
        """Positions of this class's images, in order."""
        return np.flatnonzero(self.labels == label)


@dataclasses.dataclass(frozen=True)
class Subset:
    """`train` and `test` (the held-out images; empty when none are asked for) of one source."""

    class_names: tuple
    train: Part
    test: Part

    @property
    def classes(self):
        return len(self.class_names)

    @property
    def image_shape(self):
        return self.train.images.shape[1:]


def choose(labels, class_names, train_per_class, test_per_class, seed):
    """Positions (train, test) into `labels` (ints, (N,)), class by class, in the seeded order of choice.

    With `train_per_class` 0 a class gives all it has after the held-out ones. The held-out images of a class are
    drawn first, so that they stay the same when `train_per_class` changes. Raises `UserError` for a class with
    too few images.
    """
    train, test = [], []
    for label, name in enumerate(class_names):
        order = np.random.default_rng([seed, label]).permutation(np.flatnonzero(labels == label))
        needed = test_per_class + max(train_per_class, 1)
        if len(order) < needed:
            raise UserError(
                f"--config.train_per_class={train_per_class}, --config.test_per_class={test_per_class}: found "
                f"{len(order)} images of class {name!r} in the source's train split, expected at least {needed}"
            )
        test.append(order[:test_per_class])
        train.append(order[test_per_class : test_per_class + train_per_class if train_per_class else None])
    return np.concatenate(train), np.concatenate(test)


def stage(workdir, source, config):
    """The stage that `make` fills: named by the source's fingerprint and what chooses the ids."""
    fields = ("train_per_class", "test_per_class", "seed")
    return artefacts.Stage(
        workdir, "subset", {"source": source.fingerprint(), **{name: config[name] for name in fields}}
    )


def make(stage, source, config):
    """Chooses the images, reads them and stores them; raises `UserError` for too few, or for the same one twice."""
    split = source.train
    chosen = choose(split.labels, source.class_names, config.train_per_class, config.test_per_class, config.seed)
    parts = [
        Part(tuple(split.ids[i] for i in positions), split.labels[positions].astype(np.int32), split.images(positions))
        for positions in chosen
    ]
    check_overlap(parts[0], parts[1])
    with stage.making() as folder:
        record = {"class_names": list(source.class_names), "source": source.spec, "version": str(source.version)}
        for name, part in zip(("train", "test"), parts, strict=True):
            np.save(folder / f"{name}_images.npy", part.images)
            record[name] = {"ids": list(part.ids), "labels": part.labels.tolist()}
            record[name]["pixels_sha256"] = hashlib.sha256(np.ascontiguousarray(part.images).tobytes()).hexdigest()
        record["digest"] = artefacts.digest(record)
        artefacts.write_json(folder / "subset.json", record)


def load(path):
    """The `Subset` stored in the folder `path`; images are memory-mapped."""
    record = artefacts.read_json(path / "subset.json")
    parts = [
        Part(
            tuple(record[name]["ids"]),
            np.asarray(record[name]["labels"], np.int32),
            np.load(path / f"{name}_images.npy", mmap_mode="r"),
        )
        for name in ("train", "test")
    ]
    return Subset(tuple(record["class_names"]), *parts)


def pixel_hash(image):
    """The SHA-256 digest (bytes) of one image's pixels."""
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest()


def check_overlap(train, test, words="the subset's train and test images"):
    """Raises `UserError` that lists the pairs of `train` and `test` images (`Part`s) with the same pixels."""
    seen = {}
    for name, image in zip(train.ids, train.images, strict=True):
        seen.setdefault(pixel_hash(image), name)
    pairs = [
        (seen[pixel_hash(image)], name)
        for name, image in zip(test.ids, test.images, strict=True)
        if pixel_hash(image) in seen
    ]
    if pairs:
        shown = ", ".join(f"{first} = {second}" for first, second in pairs[:_PAIRS_SHOWN])
        more = f" and {len(pairs) - _PAIRS_SHOWN} more" if len(pairs) > _PAIRS_SHOWN else ""
        raise UserError(f"{words} share {len(pairs)} images: {shown}{more}; remove the duplicates from the source")


def folds(labels, count, seed):
    """The fold 0..count-1 of each example, int (N,), every class spread evenly: inner splits and cross-fitting."""
    fold = np.empty(len(labels), np.int32)
    for label in np.unique(labels):
        members = np.random.default_rng([seed, int(label), count]).permutation(np.flatnonzero(labels == label))
        fold[members] = np.arange(len(members)) % count
    return fold

"""Augmented datasets: one variant on disk as a TFDS dataset, written whole or not at all.

Artefact: `<data_dir>/<source>_gan_aug/<variant>/1.0.0/` with TFRecord shards (see `records`), TFDS' metadata,
`provenance.json` (config, digests, counts), a card (`README.md`) and `SHA256SUMS`.
"""

import contextlib
import dataclasses
import os
import pathlib
import shutil
from collections.abc import Iterable

import numpy as np
import tensorflow_datasets as tfds

from tfgan_aug.core import artefacts, manifests, workdirs
from tfgan_aug.core.errors import UserError
from tfgan_aug.datasets import records, verification

VERSION = "1.0.0"
PROVENANCE = "provenance.json"


@dataclasses.dataclass(frozen=True, eq=False)
class Contents:
    """What a dataset is made of.

    `train` and `held_out` are iterables of examples (see `examples`) in their final order, beside their numbers;
    `held_out_count` 0: no such split. `image_shape` is (H, W, C); `info` holds `citation`, `homepage` and `license` of
    the source.
    """

    train: Iterable
    train_count: int
    held_out: Iterable
    held_out_count: int
    image_shape: tuple
    class_names: tuple
    info: dict


def class_names(path):
    """Returns the names of the classes of the dataset in a version folder."""
    return tuple(tfds.builder_from_directory(str(path)).info.features["label"].names)


def found_in(root):
    """Returns the `Dataset`s of this library below a folder, sorted by path, without those that are being written."""
    names = PROVENANCE, verification.SUMS
    paths = {file.parent for name in names for file in pathlib.Path(root).rglob(f"*/*/*/{name}")}
    paths = [path for path in sorted(paths) if not any(part.startswith(".") for part in path.parts[-4:])]
    return [Dataset(path.parents[2], path.parents[1].name, path.parent.name) for path in paths]


class Dataset:
    """One variant on disk: `<data_dir>/<name>/<variant>/1.0.0`, and its digest where it exists."""

    def __init__(self, data_dir, name, variant):
        self.data_dir, self.name, self.variant = pathlib.Path(data_dir), name, variant
        self.path = self.data_dir / name / variant / VERSION

    @property
    def digest(self):
        """The digest that the dataset was written with; None where there is none, "" for a folder of other origin."""
        if not self.path.exists():
            return None
        return self._recorded("digest") or ""

    @property
    def request(self):
        """The digest of what was asked for: it differs from `digest` where fewer images were found. None as there."""
        return self._recorded("request")

    def _recorded(self, field):
        provenance = self.path / PROVENANCE
        return artefacts.read_json(provenance).get(field) if provenance.exists() else None

    @property
    def splits(self):
        """The names of the splits on disk, see `records.HELD_OUT`."""
        return tuple(tfds.builder_from_directory(str(self.path)).info.splits)

    def check(self, digest, overwrite):
        """Returns whether the dataset with this digest is there already.

        Raises `UserError` when another one is in the way, unless `overwrite`.
        """
        found = self.digest
        if found is None or overwrite and found != digest:
            return False
        if found == digest:
            return self._whole(overwrite)
        what = f"a dataset with digest {found}" if found else "a folder that tfgan_aug did not write"
        raise UserError(
            f"--data_dir: {self.path} holds {what}, expected digest {digest}; "
            "--overwrite replaces it, another --data_dir or --variants leaves it"
        )

    def _whole(self, overwrite):
        """Returns whether no file is missing or of another size; raises `UserError` for one unless `overwrite`."""
        differences = verification.differences(self.path)
        if differences and not overwrite:
            raise UserError(f"--data_dir: {self.path}: {differences[0]}; --overwrite writes the dataset again")
        return not differences

    @contextlib.contextmanager
    def changing(self, note=None):
        """A block in which no other process writes this dataset or its card; waits for one that does.

        What a killed one left is gone. `note` takes the words of why it waits.
        """
        words = f"waiting for another run, which writes {self.name}/{self.variant}"
        name = f"{self.name}-{self.variant}"
        with workdirs.lock(self.data_dir, name, wait=True, waiting=lambda: note and note(words)):
            shutil.rmtree(self._incomplete, ignore_errors=True)
            with artefacts.writing(self.path):
                yield

    @property
    def _incomplete(self):
        return self.data_dir / f".incomplete-{self.name}-{self.variant}"

    def load(self, split, *names):
        """Returns the features `names` of a split as a tuple of arrays, in the order written; default image, label.

        Images are uint8 (N, H, W, C), labels int32 (N,), texts str (N,), the others as in `records.features`.
        """
        builder = tfds.builder_from_directory(str(self.path))
        data = tfds.as_numpy(builder.as_dataset(split=split, read_config=verification.in_order(), batch_size=-1))
        data["label"] = data["label"].astype(np.int32)
        for name in ("id", "origin", "verdict"):
            data[name] = np.array([text.decode() for text in data[name]])
        return tuple(data[name] for name in names or ("image", "label"))

    def write(self, contents, provenance, card, write_split=records.write_split):
        """Writes the dataset of these `Contents`, reads it back, and only then moves it to its place; see `changing`.

        `provenance` (a dict) becomes provenance.json, its `description` the dataset's; `card` (text) README.md. Raises
        `RuntimeError` where what is read back is not what was to be written (see `verification`).
        """
        # TFDS takes the version from the folder's name.
        folder = self._incomplete / VERSION
        folder.mkdir(parents=True)
        shape = contents.image_shape
        expected = {records.TRAIN: contents.train_count, records.HELD_OUT: contents.held_out_count}
        splits = [write_split(folder, self.name, records.TRAIN, contents.train, contents.train_count, shape)]
        if contents.held_out_count:
            held_out = contents.held_out, contents.held_out_count
            splits.append(write_split(folder, self.name, records.HELD_OUT, *held_out, shape))
        texts = {"description": provenance.get("description"), **contents.info}
        tfds.folder_dataset.write_metadata(
            data_dir=str(folder),
            features=records.features(shape, contents.class_names),
            split_infos=splits,
            supervised_keys=("image", "label"),
            check_data=False,
            **{name: value for name, value in texts.items() if value},
        )
        counts = verification.verify(folder, expected, len(contents.class_names))
        artefacts.write_json(folder / PROVENANCE, {**provenance, "counts": counts})
        (folder / "README.md").write_text(card, encoding="utf-8")
        verification.write_sums(folder)
        self._publish()

    def _publish(self):
        for path in (self._incomplete / VERSION).iterdir():
            manifests.sync(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            os.replace(self.path, self._incomplete / "replaced")
        os.replace(self._incomplete / VERSION, self.path)
        manifests.sync(self.path.parent)
        shutil.rmtree(self._incomplete)

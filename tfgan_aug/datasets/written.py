"""Augmented datasets: subset, geometric images and verdicts -> TFDS variants, written whole or not at all.

Artefact: `<data_dir>/<source>_gan_aug/<variant>/1.0.0/` with TFRecord shards, TFDS' metadata, `provenance.json`
(config, digests, counts), `SHA256SUMS` and a card (`README.md`). Each record is a tf.train.Example with the fields of
`FEATURE_SPEC`. Shards are written by this module in balanced order: TFDS' own writer sorts by hash, so that slices
of its splits are not class-balanced, and holds up to a gigabyte in memory.
"""

import hashlib
import itertools
import os
import pathlib
import shutil

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from tfgan_aug.core import artefacts, pixels
from tfgan_aug.core.errors import UserError
from tfgan_aug.data.subsets import pixel_hash

VERSION = "1.0.0"
PROVENANCE = "provenance.json"
# One shard for each 16 MiB of pixels, to be read side by side; from 1,024 on they grow instead, up to a GiB.
_PIXEL_BYTES_A_SHARD, _MOST_PIXEL_BYTES_A_SHARD, _MANY_SHARDS = 16 * 2**20, 2**30, 1024
_READ_TOGETHER = 256

# For tf.io.parse_single_example, where TFDS is not at hand; decode `image` with tf.io.decode_png.
FEATURE_SPEC = {
    "image": tf.io.FixedLenFeature([], tf.string),
    "label": tf.io.FixedLenFeature([], tf.int64),
    "id": tf.io.FixedLenFeature([], tf.string),
    "origin": tf.io.FixedLenFeature([], tf.string),
    "verdict": tf.io.FixedLenFeature([], tf.string),
    "predicted": tf.io.FixedLenFeature([], tf.int64),
    "confidence": tf.io.FixedLenFeature([], tf.float32),
}


def features(image_shape, class_names):
    """The TFDS features of every variant. `predicted` is -1 and `confidence` NaN where there is no verdict."""
    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=image_shape, dtype=np.uint8, encoding_format="png"),
            "label": tfds.features.ClassLabel(names=list(class_names)),
            "id": tfds.features.Text(),
            "origin": tfds.features.Text(),
            "verdict": tfds.features.Text(),
            "predicted": tfds.features.Scalar(np.int64),
            "confidence": tfds.features.Scalar(np.float32),
        }
    )


def _serialize(example):
    """The bytes of one record, the same for the same example: protocol buffers order maps at random unless told.

    The example's image is an array or the bytes of its PNG file.
    """
    image, record = example["image"], tf.train.Example()
    # Values appended in place: messages made from keywords take two and a half times as long.
    fields = record.features.feature
    fields["image"].bytes_list.value.append(image if isinstance(image, bytes) else pixels.encode_png(image))
    for name in ("id", "origin", "verdict"):
        fields[name].bytes_list.value.append(example[name].encode())
    for name in ("label", "predicted"):
        fields[name].int64_list.value.append(example[name])
    fields["confidence"].float_list.value.append(example["confidence"])
    return record.SerializeToString(deterministic=True)


def shard_count(pixel_bytes):
    """How many shards a split of so many bytes of pixels has: small ones to read side by side, but no heap of files."""
    small, large = (-(-pixel_bytes // size) for size in (_PIXEL_BYTES_A_SHARD, _MOST_PIXEL_BYTES_A_SHARD))
    return max(1, min(small, _MANY_SHARDS), large)


def shards(folder, dataset, split, examples, count, image_shape):
    """Yields (path, the examples that stand in it) of each shard of `count` examples; take them in this order.

    Raises `RuntimeError` where there are more or fewer examples.
    """
    number, examples = shard_count(count * int(np.prod(image_shape))), iter(examples)
    for shard in range(number):
        expected = count * (shard + 1) // number - count * shard // number
        path = pathlib.Path(folder) / f"{dataset}-{split}.tfrecord-{shard:05d}-of-{number:05d}"
        part = _Counted(itertools.islice(examples, expected))
        yield path, part
        if part.count != expected:
            raise RuntimeError(f"{path.name}: found {part.count} examples to write, expected {expected}")
    if any(True for _ in examples):
        raise RuntimeError(f"split {split}: found more than {count} examples to write")


class _Counted:
    """An iterator that knows how many items it gave."""

    def __init__(self, items):
        self._items, self.count = items, 0

    def __iter__(self):
        for item in self._items:
            self.count += 1
            yield item


def write_shard(path, examples):
    """Writes the examples in their order to the file `path`; gives (their number, the bytes of their records)."""
    count = size = 0
    with tf.io.TFRecordWriter(str(path)) as writer:
        for item in examples:
            record = _serialize(item)
            writer.write(record)
            count, size = count + 1, size + len(record)
    return count, size


def split_info(folder, dataset, split, lengths, sizes):
    """The `tfds.core.SplitInfo` of shards with these numbers of examples and of bytes."""
    template = tfds.core.ShardedFileTemplate(
        dataset_name=dataset, data_dir=folder, split=split, filetype_suffix="tfrecord"
    )
    return tfds.core.SplitInfo(
        name=split, shard_lengths=list(lengths), num_bytes=sum(sizes), filename_template=template
    )


def write_split(folder, dataset, split, examples, count, image_shape):
    """Writes `count` examples in their order to shards; gives the `tfds.core.SplitInfo`."""
    made = shards(folder, dataset, split, examples, count, image_shape)
    return split_info(folder, dataset, split, *zip(*(write_shard(path, part) for path, part in made), strict=True))


class Dataset:
    """One variant on disk: `<data_dir>/<name>/<variant>/1.0.0`, and its digest where it exists."""

    def __init__(self, data_dir, name, variant):
        self.data_dir, self.name, self.variant = pathlib.Path(data_dir), name, variant
        self.path = self.data_dir / name / variant / VERSION

    @property
    def digest(self):
        """The digest that the dataset was written with; None when there is none; "" for a folder of other origin."""
        if not self.path.exists():
            return None
        return self._recorded("digest") or ""

    @property
    def request(self):
        """The digest of what was asked for: another than `digest` where fewer images were found; None as there."""
        return self._recorded("request")

    def _recorded(self, field):
        provenance = self.path / PROVENANCE
        return artefacts.read_json(provenance).get(field) if provenance.exists() else None

    @property
    def splits(self):
        return tuple(tfds.builder_from_directory(str(self.path)).info.splits)

    def check(self, digest, overwrite):
        """True when this very dataset is there already; raises `UserError` when another one is in the way."""
        found = self.digest
        if found in (None, digest):
            return found is not None
        if overwrite:
            return False
        what = f"a dataset with digest {found}" if found else "a folder that tfgan_aug did not write"
        raise UserError(
            f"--data_dir: {self.path} holds {what}, expected digest {digest}; "
            "--overwrite replaces it, another --data_dir or --variants leaves it"
        )

    def load(self, split, *names):
        """The features `names` of a split as arrays, in the order written: image and label where none are named.

        Images uint8 (N, H, W, C), labels int32 (N,), texts str (N,), the others as in `features`.
        """
        builder = tfds.builder_from_directory(str(self.path))
        data = tfds.as_numpy(builder.as_dataset(split=split, read_config=_in_order(), batch_size=-1))
        data["label"] = data["label"].astype(np.int32)
        for name in ("id", "origin", "verdict"):
            data[name] = np.array([text.decode() for text in data[name]])
        return tuple(data[name] for name in names or ("image", "label"))

    def write(
        self,
        *,
        train,
        train_count,
        test,
        test_count,
        image_shape,
        class_names,
        info,
        provenance,
        card,
        write_split=write_split,
    ):
        """Writes, reads back and publishes the dataset.

        `train` and `test` are iterables of examples in their final order (`test_count` 0: no such split); `info` holds
        `citation`, `homepage` and `license`; `provenance` becomes provenance.json, its `description` the dataset's,
        `card` README.md.
        """
        incomplete = self.data_dir / f".incomplete-{self.name}-{self.variant}"
        shutil.rmtree(incomplete, ignore_errors=True)
        # TFDS takes the version from the folder's name.
        folder = incomplete / VERSION
        folder.mkdir(parents=True)
        splits = [write_split(folder, self.name, "train", train, train_count, image_shape)]
        if test_count:
            splits.append(write_split(folder, self.name, "test", test, test_count, image_shape))
        texts = {"description": provenance.get("description"), **info}
        tfds.folder_dataset.write_metadata(
            data_dir=str(folder),
            features=features(image_shape, class_names),
            split_infos=splits,
            supervised_keys=("image", "label"),
            check_data=False,
            **{name: value for name, value in texts.items() if value},
        )
        counts = verify(folder, {"train": train_count, "test": test_count}, len(class_names))
        artefacts.write_json(folder / PROVENANCE, {**provenance, "counts": counts})
        (folder / "README.md").write_text(card, encoding="utf-8")
        write_sums(folder)
        self._publish(incomplete)

    def _publish(self, incomplete):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            os.replace(self.path, incomplete / "replaced")
        os.replace(incomplete / VERSION, self.path)
        shutil.rmtree(incomplete)


def _in_order():
    return tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)


def verify(folder, expected, classes):
    """Reads a written version folder back through TFDS and counts it: {split: {origin/verdict: [images a class]}}.

    `expected` gives the examples a split. Raises `RuntimeError` when a count is off, an id comes twice, or a test
    image's pixels occur in train.
    """
    builder = tfds.builder_from_directory(str(folder))
    test_hashes, counts = {}, {}
    for split in ("test", "train"):
        if not expected[split]:
            continue
        by_kind, seen, drawn, total = {}, set(), {}, 0
        for example in _examples(builder, split):
            total += 1
            name, kind = example["id"].decode(), f"{example['origin'].decode()}/{example['verdict'].decode()}"
            by_kind.setdefault(kind, [0] * classes)[int(example["label"])] += 1
            if kind.endswith("/none"):
                fresh = name not in seen
                seen.add(name)
            else:
                # A bit a draw: of millions of names nothing else would fit.
                first, _, index = name.rpartition("/")
                fresh = _mark(drawn.setdefault(first, bytearray()), int(index))
            if not fresh:
                raise RuntimeError(f"{folder}: id {name} comes twice in split {split}")
            digest = pixel_hash(example["image"])
            if split == "test":
                test_hashes[digest] = name
            elif digest in test_hashes:
                raise RuntimeError(f"{folder}: test image {test_hashes[digest]} occurs in train as {name}")
        if total != expected[split]:
            raise RuntimeError(f"{folder}: split {split} reads back as {total} examples, expected {expected[split]}")
        counts[split] = by_kind
    return counts


def _mark(bits, place):
    """Sets a bit of a growing array; gives whether it was not set."""
    byte, bit = divmod(place, 8)
    if byte >= len(bits):
        bits.extend(bytes(max(byte + 1, 2 * len(bits)) - len(bits)))
    fresh = not bits[byte] >> bit & 1
    bits[byte] |= 1 << bit
    return fresh


def _examples(builder, split):
    """Yields a split's examples in their order as dicts of NumPy values, read many at a time."""
    for block in tfds.as_numpy(builder.as_dataset(split=split, read_config=_in_order()).batch(_READ_TOGETHER)):
        for i in range(len(block["label"])):
            yield {name: values[i] for name, values in block.items()}


def write_sums(folder):
    """Writes the checksums of a version folder's files to SHA256SUMS."""
    paths = [path for path in sorted(folder.iterdir()) if path.name != "SHA256SUMS"]
    artefacts.write_text(folder / "SHA256SUMS", "".join(f"{_sha256(path)}  {path.name}\n" for path in paths))


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

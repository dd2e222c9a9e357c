"""Verification: a written dataset is read back, counted and searched for test images in train.

Artefact: `SHA256SUMS`, the checksums of all files of the dataset, as `sha256sum -c` reads them.
"""

import hashlib

import tensorflow_datasets as tfds

from tfgan_aug.core import artefacts
from tfgan_aug.data.digests import pixel_hash
from tfgan_aug.datasets import records

_READ_TOGETHER = 256


def in_order():
    """Returns the TFDS options to read examples in the order in which they were written."""
    return tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)


def verify(folder, expected, classes):
    """Reads a written version folder back through TFDS; returns {split: {"<origin>/<verdict>": [images a class]}}.

    `expected` is {split: number of examples} for both splits, `classes` the number of classes. Raises `RuntimeError`
    when a count is off, an id comes twice, or the pixels of a test image occur in train.
    """
    builder = tfds.builder_from_directory(str(folder))
    test_hashes, counts = {}, {}
    for split in (records.HELD_OUT, records.TRAIN):
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
            if split == records.HELD_OUT:
                test_hashes[digest] = name
            elif digest in test_hashes:
                raise RuntimeError(f"{folder}: test image {test_hashes[digest]} occurs in train as {name}")
        if total != expected[split]:
            raise RuntimeError(f"{folder}: split {split} reads back as {total} examples, expected {expected[split]}")
        counts[split] = by_kind
    return counts


def _mark(bits, place):
    """Sets a bit of a growing array; returns whether it was not set before."""
    byte, bit = divmod(place, 8)
    if byte >= len(bits):
        bits.extend(bytes(max(byte + 1, 2 * len(bits)) - len(bits)))
    fresh = not bits[byte] >> bit & 1
    bits[byte] |= 1 << bit
    return fresh


def _examples(builder, split):
    """Yields a split's examples in their order as dicts of NumPy values, read many at a time."""
    for block in tfds.as_numpy(builder.as_dataset(split=split, read_config=in_order()).batch(_READ_TOGETHER)):
        for i in range(len(block["label"])):
            yield {name: values[i] for name, values in block.items()}


def write_sums(folder):
    """Writes the checksums of a version folder's files to SHA256SUMS."""
    paths = [path for path in sorted(folder.iterdir()) if path.name != "SHA256SUMS"]
    artefacts.write_text(folder / "SHA256SUMS", "".join(f"{_sha256(path)}  {path.name}\n" for path in paths))


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Verification: a written dataset is read back, counted and searched for test images in train.

Artefact: `SHA256SUMS`, the checksums of all files of the dataset, as `sha256sum -c` reads them.
"""

import contextlib
import math

import tensorflow_datasets as tfds

from tfgan_aug.core import artefacts, manifests
from tfgan_aug.core.errors import UserError
from tfgan_aug.data.digests import pixel_hash
from tfgan_aug.datasets import examples, records

SUMS = "SHA256SUMS"
_READ_TOGETHER = 256
# Of a TFRecord file: a length, and checksums of both, around each record.
_BYTES_A_RECORD = 16


def in_order():
    """Returns the TFDS options to read examples in the order in which they were written."""
    return tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)


def verify(folder, expected, classes, look=lambda split, example: None):
    """Reads a written version folder back through TFDS; returns {split: {"<origin>/<verdict>": [images a class]}}.

    `expected` is {split: number of examples} for both splits, `classes` the number of classes; `look` sees each
    example. Raises `RuntimeError` when a count is off, an id comes twice, the pixels of a test image occur in train, or
    a verdict contradicts the classes of its image.
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
            if not _consistent(name, example):
                raise RuntimeError(f"{folder}: the verdict of {name} contradicts its classes or its confidence")
            if kind.endswith("/none"):
                fresh = name not in seen
                seen.add(name)
            else:
                # A bit a draw: of millions of names nothing else would fit.
                first, _, index = name.rpartition("/")
                fresh = _mark(drawn.setdefault(first, bytearray()), int(index))
            if not fresh:
                raise RuntimeError(f"{folder}: id {name} comes twice in split {split}")
            look(split, example)
            digest = pixel_hash(example["image"])
            if split == records.HELD_OUT:
                test_hashes[digest] = name
            elif digest in test_hashes:
                raise RuntimeError(f"{folder}: test image {test_hashes[digest]} occurs in train as {name}")
        if total != expected[split]:
            raise RuntimeError(f"{folder}: split {split} reads back as {total} examples, expected {expected[split]}")
        counts[split] = by_kind
    return counts


def _consistent(name, example):
    """Returns whether what an example says of its classes can be true: only a draw has a verdict, by both classes."""
    label, predicted, confidence = int(example["label"]), int(example["predicted"]), float(example["confidence"])
    verdict = example["verdict"].decode()
    if verdict == "none":
        return predicted == -1 and math.isnan(confidence)
    try:
        intended, _ = examples.parse_name(name)
    except ValueError:
        return False
    # A relabelled image bears the class that the judge sees.
    return (verdict == "tp") == (predicted == intended) and label in (intended, predicted) and 0 <= confidence <= 1


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
    _write_sums(folder, {path.name: manifests.sha256(path) for path in folder.iterdir() if path.name != SUMS})


@contextlib.contextmanager
def renewing_sums(folder, *names):
    """A block that changes or adds the files `names` of a version folder; their checksums follow.

    Until then SHA256SUMS does not list them: every line in it is right at every moment.
    """
    sums = {name: digest for name, digest in read_sums(folder).items() if name not in names}
    _write_sums(folder, sums)
    yield
    there = [name for name in names if (folder / name).exists()]
    _write_sums(folder, sums | {name: manifests.sha256(folder / name) for name in there})


def _write_sums(folder, sums):
    artefacts.write_text(folder / SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))


def read_sums(folder):
    """Returns {file name: checksum} of a version folder's SHA256SUMS. Raises `UserError` where it holds no such."""
    found = {}
    with artefacts.loading(folder / SUMS):
        for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
            digest, name = line.split("  ", 1)
            if len(digest) != 64:
                raise ValueError(f"found {line!r}, expected a checksum and a name")
            found[name] = digest
    return found


def differences(folder, whole=False):
    """Returns how the files of a version folder differ from what its own records say, in words; [] where nothing does.

    Names, and the sizes of the shards; with `whole` every checksum, too.
    """
    try:
        sums = read_sums(folder)
        splits = artefacts.read_json(folder / "dataset_info.json")["splits"]
        expected = {split["name"]: _bytes_of(split) for split in splits}
    except (UserError, KeyError, TypeError, ValueError) as error:
        return [f"what it holds cannot be read: {error}"]
    there = {path.name: path for path in folder.iterdir() if path.name != SUMS}
    found = [f"{name} is missing" for name in sums if name not in there]
    # A run that was killed while it wrote what was measured left these.
    found += [f"{name} is not listed in {SUMS}" for name in there if whole and name not in sums]
    if found:
        return found
    for split, size in expected.items():
        shards = [path for name, path in there.items() if f"-{split}.tfrecord-" in name]
        if (own := sum(path.stat().st_size for path in shards)) != size:
            found.append(f"the shards of split {split} have {own:,} bytes, expected {size:,}")
    changed = [name for name, digest in sums.items() if whole and manifests.sha256(there[name]) != digest]
    return found + [f"{name} was changed" for name in changed]


def _bytes_of(split):
    """Returns the bytes of a split's shards: its records, and what TFRecord writes around each."""
    return int(split["numBytes"]) + _BYTES_A_RECORD * sum(map(int, split["shardLengths"]))

"""Records: the format of a dataset's examples on disk, and the shards that hold them.

Artefact: `<dataset>-<split>.tfrecord-<shard>-of-<shards>`, TFRecord files of tf.train.Example messages with the fields
of `FEATURE_SPEC`, in the order given. Shards are written here: TFDS' own writer sorts by hash, so that slices of its
splits are not class-balanced, and holds up to a gigabyte in memory.
"""

import itertools
import pathlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from tfgan_aug.core import pixels

# On disk the images held out are the split `test`: they test what was trained on `train`.
TRAIN, HELD_OUT = "train", "test"
# One shard for each 16 MiB of pixels, to be read side by side; from 1,024 on they grow instead, up to a GiB.
_PIXEL_BYTES_A_SHARD, _MOST_PIXEL_BYTES_A_SHARD, _MANY_SHARDS = 16 * 2**20, 2**30, 1024

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
    """Returns the TFDS features of every variant: images uint8 (H, W, C) of `image_shape`, labels of `class_names`.

    `origin` is real, geometric or the GAN; `verdict` none, tp or fp. `predicted` is -1 and `confidence` NaN where there
    is no verdict.
    """
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
    """Returns the bytes of one example's record, always the same: protocol buffers order maps at random unless told."""
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
    """Returns how many shards a split of so many bytes of pixels has: small ones, but no heap of files."""
    small, large = (-(-pixel_bytes // size) for size in (_PIXEL_BYTES_A_SHARD, _MOST_PIXEL_BYTES_A_SHARD))
    return max(1, min(small, _MANY_SHARDS), large)


def shards(folder, dataset, split, examples, count, image_shape):
    """Yields (path, iterator over its examples) for each shard of a split of `count` examples.

    Take all examples of a shard before the next one. Raises `RuntimeError` where there are more or fewer than `count`.
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
    """An iterator that counts its items."""

    def __init__(self, items):
        self._items, self.count = items, 0

    def __iter__(self):
        for item in self._items:
            self.count += 1
            yield item


def write_shard(path, examples):
    """Writes the examples in their order to the file `path`; returns (their number, the bytes of their records)."""
    count = size = 0
    with tf.io.TFRecordWriter(str(path)) as writer:
        for item in examples:
            record = _serialize(item)
            writer.write(record)
            count, size = count + 1, size + len(record)
    return count, size


def split_info(folder, dataset, split, lengths, sizes):
    """Returns the `tfds.core.SplitInfo` of shards with these numbers of examples and of bytes."""
    template = tfds.core.ShardedFileTemplate(
        dataset_name=dataset, data_dir=folder, split=split, filetype_suffix="tfrecord"
    )
    return tfds.core.SplitInfo(
        name=split, shard_lengths=list(lengths), num_bytes=sum(sizes), filename_template=template
    )


def write_split(folder, dataset, split, examples, count, image_shape):
    """Writes `count` examples in their order to shards in `folder`; returns the `tfds.core.SplitInfo`.

    Raises `RuntimeError` where there are more or fewer examples.
    """
    made = shards(folder, dataset, split, examples, count, image_shape)
    return split_info(folder, dataset, split, *zip(*(write_shard(path, part) for path, part in made), strict=True))

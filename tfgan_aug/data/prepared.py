"""Labelled images of a prepared TFDS data set: read from its files, never downloaded, and without its builder's code.

Makes no file. The builder's code is left alone because it may need packages that are missing, insists on its own
version where the files have another, and would start a download.
"""

import contextlib
import difflib
import os
import re
from collections.abc import Iterator

import numpy as np

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import built_in, decoding, layouts, paths
from tfgan_aug.data.fitting import Fitting
from tfgan_aug.data.surveys import Seen

_NAME = re.compile(r"(?P<name>\w+)(/(?P<config>[\w.-]+))?(:(?P<version>(\d+|\*)\.(\d+|\*)\.(\d+|\*)))?")
_BATCH = 1024  # Records a step of the pass over the labels.


@contextlib.contextmanager
def _quiet():
    """Holds back TFDS' log lines on its own deprecations and folders passed over: the errors here say what matters."""
    from absl import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


class Prepared:
    """A prepared TFDS data set: `builder`, its `class_names` and its `splits` (train, and test if there is one).

    `validation` is the name of its validation split, or None.

    Raises UserError, at once and without a network, for an unknown name, a data set that is not or only partly
    prepared, one without exactly one image and one label, other dtypes than uint8, and one without a `train` split.
    """

    def __init__(self, spec: str, data_dir: str | None = None):
        self.spec = spec
        self.builder = _builder(spec, data_dir)
        info = self.builder.info
        self.image_key, self.label_key = _keys(spec, info)
        image, label = info.features[self.image_key], info.features[self.label_key]
        if image.np_dtype != np.uint8:
            raise UserError(f"--config.source: images of {spec!r} are {np.dtype(image.np_dtype)}, expected uint8")
        self.class_names = tuple(label.names) if label.num_classes else ()
        if "train" not in info.splits:
            raise UserError(
                f"--config.source: {spec!r} has the splits {', '.join(info.splits)}, expected one called train"
            )
        self.splits = tuple(split for split in ("train", "test") if split in info.splits)
        others = [split for split in info.splits if layouts.split_of(split) == "validation"]
        self.validation = others[0] if len(others) == 1 else None
        self._seen: dict[tuple[str, int], Seen] = {}
        self._check_files()

    @property
    def name(self) -> str:
        """The data set's name, with its builder config's where it has one."""
        config = self.builder.builder_config
        return f"{self.builder.name}_{config.name}" if config else self.builder.name

    def records(self, split: str) -> tuple[list[str], np.ndarray]:
        """(ids, labels) of the split in the order of its files: strings, unique, and int32 (N,). Decodes no image.

        Ids are the data set's own where it has a feature `id` of unique strings, else the position: train/00001234.
        Raises UserError where the files are damaged.
        """
        import tensorflow as tf

        features = self.builder.info.features
        wanted = {self.label_key: True}
        has_ids = "id" in features and features["id"].shape == () and features["id"].tf_dtype == tf.string
        if has_ids:
            wanted["id"] = True
        batches: list[np.ndarray] = [np.zeros(0, np.int32)]
        ids: list[str] = []
        with self._damage_named(split):
            for batch in self._dataset(split, wanted).batch(_BATCH).as_numpy_iterator():
                batches.append(batch[self.label_key].astype(np.int32))
                ids.extend(text.decode("utf-8", "replace") for text in batch.get("id", ()))
        labels = np.concatenate(batches)
        if not has_ids or len(set(ids)) != len(labels):
            ids = [f"{split}/{position:08d}" for position in range(len(labels))]
        return ids, labels

    def read(self, split: str, positions: np.ndarray, fitting: Fitting) -> Iterator[np.ndarray]:
        """Yields the images at the ascending `positions` of the split, fitted, in one pass over its files."""
        import tensorflow as tf

        if not len(positions):
            return
        feature = self.builder.info.features[self.image_key]
        wanted = np.zeros(positions[-1] + 1, bool)
        wanted[positions] = True
        wanted = tf.constant(wanted)
        dataset = self._dataset(split, {self.image_key: True}, skip_decoding=True).take(len(wanted)).enumerate()
        dataset = dataset.filter(lambda position, example: wanted[position])

        def decoded(position, example):
            encoded = example[self.image_key]
            return position, encoded, feature.decode_example(encoded)

        dataset = dataset.map(decoded, num_parallel_calls=2)
        with self._damage_named(split):
            for position, encoded, image in dataset.prefetch(16).as_numpy_iterator():
                plain, self._seen[split, int(position)] = decoding.of_array(image, encoded)
                yield fitting.fit(plain)

    def seen(self, split: str, positions: np.ndarray) -> Iterator[Seen]:
        """Yields what was seen of those images at `positions` of the split that were read."""
        found = (self._seen.get((split, position)) for position in positions.tolist())
        return (seen for seen in found if seen)

    def _dataset(self, split, wanted, skip_decoding=False):
        import tensorflow_datasets as tfds

        skipped = {self.image_key: tfds.decode.SkipDecoding()} if skip_decoding else None
        with _quiet():
            return self.builder.as_dataset(
                split=split,
                shuffle_files=False,
                # One shard after the other: positions must mean the same in every pass.
                read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
                decoders=tfds.decode.PartialDecoding(wanted, decoders=skipped),
            )

    def _check_files(self):
        if self.builder.info.file_format.value != "tfrecord":
            raise UserError(
                f"--config.source: {self.spec!r} is stored as {self.builder.info.file_format.value}, expected tfrecord"
            )
        for split in self.splits:
            for path in self.builder.info.splits[split].filepaths:
                if not path.exists():
                    raise UserError(f"--config.source: {self.spec!r} is only partly prepared: {path} is missing")

    @contextlib.contextmanager
    def _damage_named(self, split):
        import tensorflow as tf

        try:
            yield
        except (
            tf.errors.DataLossError, tf.errors.FailedPreconditionError, tf.errors.InvalidArgumentError,
            tf.errors.NotFoundError,
        ) as error:  # fmt: skip
            message = error.message.split("\n")[0].split(" [Op:")[0]
            raise UserError(
                f"--config.source: files of {self.spec!r}, split {split}, in {self.builder.data_dir} are damaged: "
                + message
            ) from error


def _builder(spec, data_dir):
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core import read_only_builder
    from tensorflow_datasets.core.utils import file_utils

    match = _NAME.fullmatch(spec)
    searched = [paths.of("--config.source_data_dir", folder) for folder in file_utils.list_data_dirs(data_dir)]
    if match is None:
        raise _unknown(spec, searched)
    with _quiet():
        try:
            # `~` is expanded here: TFDS takes it for a folder of that name.
            return read_only_builder.builder_from_files(spec, data_dir=str(searched[0]) if data_dir else None)
        except tfds.core.DatasetNotFoundError as error:
            cause = error
        except Exception as error:  # whatever TFDS makes of damaged files
            reason = str(error).strip().split("\n")[0] or type(error).__name__
            raise UserError(f"--config.source: {spec!r} cannot be read: {reason}") from error
    found = [folder / match["name"] for folder in searched if os.path.isdir(folder / match["name"])]
    if not found and match["name"] not in tfds.list_builders(with_community_datasets=False):
        raise _unknown(spec, searched) from cause
    there = sorted(
        path.relative_to(folder).as_posix() + ("" if (path / "features.json").exists() else " (incomplete)")
        for folder in found
        for path in folder.rglob("*.*.*")
        if path.is_dir() and re.fullmatch(r"\d+\.\d+\.\d+", path.name)
    )
    raise UserError(
        f"--config.source: {spec!r} is not prepared in {', '.join(map(str, searched))} (--config.source_data_dir)"
        + (f", where there is {', '.join(there)}" if there else "")
        + '; on a machine with a network run: python -c "import tensorflow_datasets as tfds; '
        + f"tfds.load('{spec}', data_dir='{searched[0]}')\""
    ) from cause


def _unknown(spec, searched):
    import tensorflow_datasets as tfds

    known = {*built_in.SETS, *tfds.list_builders(with_community_datasets=False)}
    for folder in searched:
        # A folder that cannot be read has no names to offer.
        with contextlib.suppress(OSError):
            known.update(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    near = difflib.get_close_matches(re.split("[/:]", spec)[0], sorted(known), n=3)
    hint = f"; nearest: {', '.join(near)}" if near else ""
    path = os.path.expanduser(spec)
    if os.path.isdir(path):
        hint = f"; for the folder of that name say folder:{spec}"
    elif os.path.isfile(path):
        hint = f"; for the file of that name say {'npz' if path.lower().endswith('.npz') else 'csv'}:{spec}"
    return UserError(
        f"--config.source: no data set is called {spec!r}{hint}; expected {', '.join(built_in.SETS)}, folder:PATH, "
        "csv:FILE, npz:FILE or a TFDS name"
    )


def _keys(spec, info):
    """Names of the image and of the label: of the supervised keys if they are such, else the only ones there are."""
    import tensorflow_datasets as tfds

    def is_image(feature):
        # LabeledImage is a segmentation map, whose pixels are classes.
        return isinstance(feature, tfds.features.Image) and not isinstance(feature, tfds.features.LabeledImage)

    def is_label(feature):
        return isinstance(feature, tfds.features.ClassLabel)

    features = dict(info.features.items()) if hasattr(info.features, "items") else {}
    supervised = tuple(info.supervised_keys or ())
    if len(supervised) >= 2 and all(isinstance(key, str) and key in features for key in supervised[:2]):
        image, label = supervised[:2]
        if is_image(features[image]) and is_label(features[label]):
            return image, label
    images = [key for key, feature in features.items() if is_image(feature)]
    labels = [key for key, feature in features.items() if is_label(feature)]
    if len(images) != 1 or len(labels) != 1:
        listed = ", ".join(f"{key} ({type(feature).__name__})" for key, feature in features.items()) or "none by name"
        raise UserError(f"--config.source: {spec!r} has the features {listed}; expected one Image and one ClassLabel")
    return images[0], labels[0]

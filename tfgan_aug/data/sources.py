"""Labelled images by name: the built-in sets, image files, arrays, or a prepared TFDS data set.

Makes no file. Nothing is downloaded. Images stay where they are until asked for; only ids and labels are held.
"""

import dataclasses
import functools
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import arrays, built_in, class_names, digests, duplicates, fitting, layouts, paths, surveys, tables
from tfgan_aug.data.duplicates import Duplicates, Images
from tfgan_aug.data.fitting import Fitting
from tfgan_aug.data.labelled_files import LabelledFiles
from tfgan_aug.data.splits import Split

_CLASSES = (2, 1000)
_BLOCK = 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """How a source is opened, beside the form of its images.

    `data_dir`: where TFDS data sets lie prepared; `skip_unreadable`: leave out files that do not decode, and those
    that a table names and that are missing; `own`: folders of the run, which hold none of a folder's images;
    `csv_columns`: see `tables`; `use_validation`: images of the validation split are training images.
    """

    data_dir: str | None = None
    skip_unreadable: bool = False
    own: tuple[Path, ...] = ()
    csv_columns: tuple[str, ...] = ()
    use_validation: bool = False


@dataclasses.dataclass(frozen=True)
class Source:
    """An opened source: what it is, and its `train` split. Its test split is reached only through `test_split`.

    `name` is a valid stem of a TFDS name ([a-z0-9_]+), `spec` the name as given, `image_shape` (H, W, C), `skipped` the
    ids of the unreadable files that were left out, `notes` lines on what was understood and what was left out.
    `distinct`: no two images are the same, so none are compared.
    """

    name: str
    version: str
    spec: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    resize_filter: str
    train: Split
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    description: str = ""
    citation: str = ""
    homepage: str = ""
    license: str = ""
    # Of `Fitting`, so that the fingerprints of earlier versions hold where it says nothing new.
    not_default: tuple[str, ...] = ()
    distinct: bool = False
    _open_test: Callable[[], Split | None] = dataclasses.field(default=lambda: None, repr=False)
    _test_survey: Callable[[], dict[str, Any]] = dataclasses.field(default=dict, repr=False)

    def test_survey(self) -> dict[str, Any]:
        """What was met in the files of the test split, if they were all decoded when the source was opened, or {}."""
        return self._test_survey()

    def fingerprint(self) -> str:
        """SHA-256, in hex, of what identifies the train data: names, version, shape, filter, ids and labels.

        Not of the images themselves: those that are used are hashed where they are chosen.
        """
        known = [self.name, self.version, self.class_names, self.image_shape, self.resize_filter, self.train.ids]
        digest = hashlib.sha256(json.dumps([*known, *self.not_default]).encode())
        digest.update(self.train.labels.astype("<i4").tobytes())
        return digest.hexdigest()

    @functools.cached_property
    def train_hashes(self) -> tuple[bytes, ...]:
        """`digests.pixel_hash` of each training image. Slow: reads them all, once."""
        return tuple(_hashes(self.train))

    @functools.cached_property
    def train_digest(self) -> str:
        """The digest of all training images, down to the pixels. Slow as `train_hashes`."""
        return digests.of_images(self.train.ids, self.train.labels, self.train_hashes)

    def digest_of(self, positions: npt.ArrayLike) -> str:
        """The digest of the training images at `positions`, down to the pixels. Slow: reads them."""
        chosen = np.unique(positions)
        ids = [self.train.ids[position] for position in chosen.tolist()]
        return digests.of_images(ids, self.train.labels[chosen], _hashes(self.train, chosen))

    @functools.cached_property
    def hashed_test(self) -> tuple[Images, ...]:
        """The test split's ids, labels and hashes; empty where there is none. Slow: reads it, once."""
        test = self._open_test()
        return () if test is None else (Images("test", test.ids, test.labels, tuple(_hashes(test))),)

    @functools.cached_property
    def test_digest(self) -> str:
        """The digest of the test split, down to the pixels; "" where there is none. Slow as `hashed_test`."""
        return "".join(digests.of_images(part.ids, part.labels, part.hashes) for part in self.hashed_test)

    @functools.cached_property
    def duplicates(self) -> Duplicates:
        """The images of the train and test splits that have the same pixels. Slow: reads all of both, once."""
        if self.distinct:
            return Duplicates(self.class_names, ())
        train = Images("train", self.train.ids, self.train.labels, self.train_hashes)
        return duplicates.find(self.class_names, [train, *self.hashed_test])


def _hashes(split, positions=None):
    return (digests.pixel_hash(image) for _, images in split.batches(_BLOCK, positions) for image in images)


def test_split(source: Source) -> Split | None:
    """The source's test split, or None if it has none with labels. The only way to the test images."""
    return source._open_test()


# pytest takes any imported function of such a name for a test.
test_split.__test__ = False  # type: ignore[attr-defined]


def without_test(source: Source) -> Source:
    """The source without its test split, for inner splits; its images are taken as they are."""
    return dataclasses.replace(source, _open_test=lambda: None, _test_survey=dict, distinct=True)


def without_duplicates(source: Source) -> Source:
    """The source without the images that `Duplicates.dropped` names, in both splits."""
    gone, test = source.duplicates.dropped(), test_split(source)
    left = None if test is None else test.without(gone.get("test", []))
    return dataclasses.replace(
        source,
        train=source.train.without(gone.get("train", [])),
        _open_test=lambda: left,
        _test_survey=lambda: left.survey() if left and source.test_survey() else {},
        distinct=True,
    )


def open_source(
    name: str,
    *,
    image_size: int,
    channels: int = 3,
    resize_filter: str = "lanczos",
    fit: str = "crop",
    white_level: float = 0.0,
    **options: Any,
) -> Source:
    """The source called `name`, its train ids and labels read.

    `name` is one of `built_in.SETS`, folder:PATH (see `layouts`), csv:FILE (see `tables`), npz:FILE (see `arrays`), or
    a TFDS name like cifar10, cifar10:3.*.* or name/config:version that is prepared. `options` are fields of `Options`.
    Images become `image_size` squares with `channels` channels as `Fitting` says, whose `way` is `fit`; built-in sets
    are drawn at that size. All image files are decoded once to find unreadable ones. A test split whose labels are
    missing (-1) counts as none.

    Raises UserError for options that `Fitting` does not have, a source that does not exist, is not prepared or not
    understood, unreadable files, class counts outside 2 to 1000, and class names that TFDS cannot keep.
    """
    fitted = Fitting(image_size, channels, resize_filter, fit, white_level)
    fitting.check(fitted)
    opener = _OPENERS.get("".join(name.partition(":")[:2]), _prepared)
    source = opener(name, fitted, Options(**options))
    notes = (*source.notes, *_check_classes(name, source.class_names))
    return dataclasses.replace(source, not_default=fitted.not_default, notes=notes)


def open_configured(config, **options: Any) -> Source:
    """The source that a config names; `options` are those fields of `Options` that it does not know.

    Raises as `open_source`.
    """
    return open_source(
        config.source,
        image_size=config.image_size,
        channels=config.channels,
        resize_filter=config.resize_filter,
        fit=config.fit,
        white_level=config.white_level,
        data_dir=config.source_data_dir or None,
        csv_columns=config.csv_columns,
        use_validation=config.use_validation,
        **options,
    )


def _drawn(spec, fitted, options):
    drawer = built_in.SETS[spec]
    classes = len(drawer.CLASS_NAMES)

    def split(which):
        # Classes take turns, so that any run of images is balanced.
        count = drawer.SPLIT_SIZES[which] * classes
        ids = [f"{which}/{drawer.CLASS_NAMES[p % classes]}/{p // classes:04d}" for p in range(count)]

        def read(positions):
            size, channels = fitted.image_size, fitted.channels
            return (drawer.draw(which, p % classes, p // classes, 0, size, channels) for p in positions.tolist())

        return Split(ids, np.arange(count, dtype=np.int32) % classes, fitted.shape, read)

    return Source(
        spec, drawer.VERSION, spec, drawer.CLASS_NAMES, fitted.shape, fitted.resize_filter, split("train"),
        description=drawer.DESCRIPTION, distinct=True, _open_test=functools.cache(lambda: split("test")),
    )  # fmt: skip


def _path(spec):
    """The path in KIND:PATH."""
    kind, _, path = spec.partition(":")
    if not path:
        raise UserError(f"--config.source is {spec!r} without a path, expected {kind}:{_KINDS[kind]}")
    return paths.of("--config.source", path)


def _folder(spec, fitted, options):
    path = _path(spec)
    return _of_files(spec, path.resolve().name, layouts.understood(path, options.own), fitted, options)


def _csv(spec, fitted, options):
    path = _path(spec)
    found, missing = tables.read(path, options.csv_columns, options.skip_unreadable)
    source = _of_files(spec, path.stem, found, fitted, options)
    return dataclasses.replace(source, skipped=(*missing, *source.skipped))


def _of_files(spec, name, found, fitted, options):
    """The source of the image files of a `layouts.Found`."""
    _check_classes(spec, found.class_names)
    splits = dict(found.splits)
    notes = found.note, *_said_of_validation("validation" in splits, options)
    added = splits.pop("validation", []) if options.use_validation else splits.pop("validation", [])[:0]
    splits["train"] = splits["train"] + added
    files = LabelledFiles(dataclasses.replace(found, splits=splits), fitted, options.skip_unreadable)

    def split(which):
        if which not in files.splits or not files.splits[which][0]:
            return None
        ids, labels = files.splits[which]
        return Split(
            ids, labels, fitted.shape, lambda positions: files.read(which, positions),
            lambda positions: surveys.survey(files.seen(which, positions), fitted),
        )  # fmt: skip

    test = split("test")
    return Source(
        _stem(name), "1.0.0", spec, found.class_names, fitted.shape, fitted.resize_filter, split("train"),
        files.skipped, notes, _open_test=lambda: test, _test_survey=lambda: test.survey() if test else {},
    )  # fmt: skip


def _npz(spec, fitted, options):
    path = _path(spec)
    found = arrays.Arrays(path)
    used = ("train", "validation") if options.use_validation else ("train",)

    def split(*which):
        ids = [f"{name}/{position:08d}" for name in which for position in range(len(found.labels[name]))]
        labels = np.concatenate([found.labels[name] for name in which])
        return Split(ids, labels, fitted.shape, lambda positions: map(fitted.fit, found.read(which, positions)))

    notes = found.note, *_said_of_validation("validation" in found.labels, options)
    # Those of the test split, too: what is wrong with them is found now, and not after a training.
    for name in (*used, *({"test"} & found.labels.keys())):
        found.images(name)
    return Source(
        _stem(path.stem), "1.0.0", spec, found.class_names, fitted.shape, fitted.resize_filter, split(*used),
        notes=notes, _open_test=functools.cache(lambda: split("test") if "test" in found.labels else None),
    )  # fmt: skip


def _said_of_validation(there, options):
    """Lines on a validation split, where there is one; raises `UserError` where one is asked for that is not there."""
    if options.use_validation and not there:
        raise UserError("--config.use_validation: found no validation split in the source, expected one")
    if there:
        yield (
            "the validation split is trained on"
            if options.use_validation
            else "the validation split is left out; --config.use_validation=true trains on it"
        )


def _prepared(spec, fitted, options):
    from tfgan_aug.data import prepared

    dataset = prepared.Prepared(spec, options.data_dir)
    notes = tuple(_said_of_validation(dataset.validation is not None, options))

    def split(which):
        ids, labels = dataset.records(which)
        if labels.size and not (labels.min() >= 0 and labels.max() < len(dataset.class_names)):
            return None
        return Split(
            ids, labels, fitted.shape, lambda positions: dataset.read(which, positions, fitted),
            lambda positions: surveys.survey(dataset.seen(which, positions), fitted),
        )  # fmt: skip

    # TFDS joins splits in this order.
    train = split(f"train+{dataset.validation}" if options.use_validation else "train")
    if train is None:
        raise UserError(f"--config.source: {spec!r} has images without a label in its train split")
    info = dataset.builder.info
    return Source(
        _stem(dataset.name), str(dataset.builder.version), spec, dataset.class_names, fitted.shape,
        fitted.resize_filter, train, notes=notes,
        description=info.description or "", citation=info.citation or "", homepage=info.homepage or "",
        license=info.redistribution_info.license or "",
        # Opened only when asked for: a run that never scores never touches the test files.
        _open_test=functools.cache(lambda: split("test") if "test" in dataset.splits else None),
    )  # fmt: skip


# {spec, or its beginning up to a colon: what opens it}. Any other spec is a TFDS name.
_OPENERS = {
    **dict.fromkeys(built_in.SETS, _drawn),
    "folder:": _folder,
    "csv:": _csv,
    "npz:": _npz,
}
_KINDS = {"folder": "PATH", "csv": "FILE", "npz": "FILE"}


def _check_classes(spec, names):
    """Lines on what may surprise; raises `UserError` for names and numbers of classes that a data set cannot have."""
    low, high = _CLASSES
    if not low <= len(names) <= high:
        raise UserError(f"--config.source: {spec!r} has {len(names)} classes, expected {low} to {high}")
    return class_names.check(spec, names)


def _stem(name):
    """`name` as the start of a TFDS name: lower case letters, digits and single underscores, a letter first."""
    # File names have at most 255 bytes, and this one gets endings.
    stem = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:100].rstrip("_")
    return stem if stem[:1].isalpha() else f"images_{stem}".rstrip("_")

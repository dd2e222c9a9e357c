"""Labelled images by name: the built-in shapes10, a folder of image files, or a prepared TFDS data set.

Makes no file. Nothing is downloaded. Images stay where they are until asked for; only ids and labels are held.
"""

import dataclasses
import difflib
import functools
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tfgan_aug.core import checks
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import digests, fitting, folders, shapes, surveys
from tfgan_aug.data.fitting import Fitting

_CLASSES = (2, 1000)
_BLOCK = 1000


@dataclasses.dataclass(frozen=True)
class Split:
    """Images of one split, by position: `ids` (unique strings) and `labels` (int32 (N,)) in a fixed order.

    Two openings of the same source give the same ids in the same order. Images are uint8 (H, W, C) in [0, 255].
    """

    ids: list[str]
    labels: np.ndarray
    image_shape: tuple[int, int, int]
    # Positions, ascending and distinct -> iterator of their images. Private, for it checks nothing.
    _read: Callable[[np.ndarray], Iterator[np.ndarray]] = dataclasses.field(repr=False)
    # Positions -> `surveys.survey` of those whose files were decoded.
    _survey: Callable[[np.ndarray], dict[str, Any]] = dataclasses.field(default=lambda positions: {}, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def images(self, positions: npt.ArrayLike) -> np.ndarray:
        """The images at `positions`, in that order: uint8 (len(positions), H, W, C).

        Only what is asked for is decoded, in one pass over the split; a position may be asked for twice. Raises
        IndexError for a position outside the split, TypeError for positions that are not integers.
        """
        distinct, inverse = np.unique(self._checked(positions), return_inverse=True)
        images = np.empty((len(distinct), *self.image_shape), np.uint8)
        for slot, image in zip(range(len(distinct)), self._read(distinct), strict=True):
            images[slot] = image
        in_order = np.array_equal(inverse, np.arange(len(distinct)))
        return images if in_order else images[inverse]

    def batches(
        self, batch_size: int, positions: npt.ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields (positions, images): int64 (n,), uint8 (n, H, W, C), in the order of the split, each position once.

        All images, or those at `positions`; n is `batch_size` except in the last batch. One batch is held at a time.
        Raises as `images` does, and ValueError for a batch size below 1.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, expected at least 1")
        positions = np.arange(len(self)) if positions is None else np.unique(self._checked(positions))
        return self._batches(batch_size, positions)

    def survey(self, positions: npt.ArrayLike | None = None) -> dict[str, Any]:
        """What was met in the files of all images, or of those at `positions`: see `surveys`. Reads none of them.

        Empty where there are no files, or where none was read yet.
        """
        return self._survey(np.arange(len(self)) if positions is None else np.unique(self._checked(positions)))

    def _batches(self, batch_size, positions):
        images = self._read(positions)
        for start in range(0, len(positions), batch_size):
            chosen = positions[start : start + batch_size]
            batch = np.empty((len(chosen), *self.image_shape), np.uint8)
            for slot in range(len(chosen)):
                batch[slot] = next(images)
            yield chosen, batch

    def _checked(self, positions):
        positions = np.asarray(positions)
        if positions.size and positions.dtype.kind not in "iu":
            raise TypeError(f"positions are {positions.dtype}, expected integers")
        if positions.size and not (positions.min() >= 0 and positions.max() < len(self)):
            raise IndexError(f"positions reach from {positions.min()} to {positions.max()}, the split has {len(self)}")
        return positions.astype(np.int64).reshape(-1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """How a source is opened, beside the form of its images.

    `data_dir`: where TFDS data sets lie prepared; `skip_unreadable`: leave out files that do not decode.
    """

    data_dir: str | None = None
    skip_unreadable: bool = False


@dataclasses.dataclass(frozen=True)
class Source:
    """An opened source: what it is, and its `train` split. Its test split is reached only through `test_split`.

    `name` is a valid stem of a TFDS name ([a-z0-9_]+), `spec` the name as given, `image_shape` (H, W, C), `skipped` the
    ids of the unreadable files that were left out, `notes` lines on what was understood and what was left out.
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
    def train_digest(self) -> str:
        """The digest of all training images, down to the pixels. Slow: reads them all, once."""
        return self.digest_of(np.arange(len(self.train)))

    def digest_of(self, positions: npt.ArrayLike) -> str:
        """The digest of the training images at `positions`, down to the pixels. Slow: reads them."""
        chosen = np.unique(positions)
        ids = [self.train.ids[position] for position in chosen.tolist()]
        return digests.of_images(ids, self.train.labels[chosen], _hashes(self.train, chosen))

    @functools.cached_property
    def test_hashes(self) -> tuple[tuple[str, bytes], ...]:
        """(id, `digests.pixel_hash`) of each test image; none where there is no test split. Slow: reads it, once."""
        test = self._open_test()
        return () if test is None else tuple(zip(test.ids, _hashes(test), strict=True))

    @functools.cached_property
    def test_digest(self) -> str:
        """The digest of the test split, down to the pixels; "" where there is none. Slow as `test_hashes`."""
        test = self._open_test()
        hashes = (pixels for _, pixels in self.test_hashes)
        return "" if test is None else digests.of_images(test.ids, test.labels, hashes)


def _hashes(split, positions=None):
    return (digests.pixel_hash(image) for _, images in split.batches(_BLOCK, positions) for image in images)


def test_split(source: Source) -> Split | None:
    """The source's test split, or None if it has none with labels. The only way to the test images."""
    return source._open_test()


# pytest takes any imported function of such a name for a test.
test_split.__test__ = False  # type: ignore[attr-defined]


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

    `name` is shapes10, folder:PATH (see `folders`), or a TFDS name like cifar10, cifar10:3.*.* or name/config:version
    that is prepared. `options` are fields of `Options`. Images become `image_size` squares with `channels` channels as
    `Fitting` says, whose `way` is `fit`; shapes10 is drawn at that size. All files of a folder are decoded once to find
    unreadable ones. A test split whose labels are missing (-1) counts as none.

    Raises UserError for options that `Fitting` does not have, a source that does not exist or is not prepared,
    unreadable files, and class counts outside 2 to 1000.
    """
    fitted = Fitting(image_size, channels, resize_filter, fit, white_level)
    _check_fitting(fitted)
    opener = _OPENERS.get("".join(name.partition(":")[:2]), _prepared)
    source = opener(name, fitted, Options(**options))
    return dataclasses.replace(source, not_default=fitted.not_default)


def open_configured(config, skip_unreadable: bool = False) -> Source:
    """The source that a config names; raises as `open_source`."""
    return open_source(
        config.source,
        image_size=config.image_size,
        channels=config.channels,
        resize_filter=config.resize_filter,
        fit=config.fit,
        white_level=config.white_level,
        data_dir=config.source_data_dir or None,
        skip_unreadable=skip_unreadable,
    )


def _shapes10(spec, fitted, options):
    classes = len(shapes.CLASS_NAMES)

    def split(which):
        # Classes take turns, so that any run of images is balanced.
        count = shapes.SPLIT_SIZES[which] * classes
        ids = [f"{which}/{shapes.CLASS_NAMES[p % classes]}/{p // classes:04d}" for p in range(count)]

        def read(positions):
            size, channels = fitted.image_size, fitted.channels
            return (shapes.draw(which, p % classes, p // classes, 0, size, channels) for p in positions.tolist())

        return Split(ids, np.arange(count, dtype=np.int32) % classes, fitted.shape, read)

    return Source(
        "shapes10", shapes.VERSION, spec, shapes.CLASS_NAMES, fitted.shape, fitted.resize_filter, split("train"),
        description="Images of ten shapes in varied colours, textures, places and sizes, drawn by tfgan_aug.",
        _open_test=functools.cache(lambda: split("test")),
    )  # fmt: skip


def _folder(spec, fitted, options):
    path = spec.removeprefix("folder:")
    if not path:
        raise UserError("--config.source is 'folder:' without a path, expected folder:PATH")
    folder = folders.Folder(path, fitted, options.skip_unreadable)
    _check_classes(spec, folder.class_names)

    def split(which):
        if which not in folder.splits or not folder.splits[which][0]:
            return None
        ids, labels = folder.splits[which]
        return Split(
            ids, labels, fitted.shape, lambda positions: folder.read(which, positions),
            lambda positions: surveys.survey(folder.seen(which, positions), fitted),
        )  # fmt: skip

    test = split("test")
    return Source(
        _stem(Path(path).expanduser().resolve().name), "1.0.0", spec, folder.class_names, fitted.shape,
        fitted.resize_filter, split("train"), folder.skipped, (f"left out: {folder.left_out}",) * bool(folder.left_out),
        _open_test=lambda: test, _test_survey=lambda: test.survey() if test else {},
    )  # fmt: skip


def _prepared(spec, fitted, options):
    from tfgan_aug.data import prepared

    dataset = prepared.Prepared(spec, options.data_dir)
    _check_classes(spec, dataset.class_names)

    def split(which):
        ids, labels = dataset.records(which)
        if labels.size and not (labels.min() >= 0 and labels.max() < len(dataset.class_names)):
            return None
        return Split(
            ids, labels, fitted.shape, lambda positions: dataset.read(which, positions, fitted),
            lambda positions: surveys.survey(dataset.seen(which, positions), fitted),
        )  # fmt: skip

    train = split("train")
    if train is None:
        raise UserError(f"--config.source: {spec!r} has images without a label in its train split")
    info = dataset.builder.info
    return Source(
        _stem(dataset.name), str(dataset.builder.version), spec, dataset.class_names, fitted.shape,
        fitted.resize_filter, train,
        description=info.description or "", citation=info.citation or "", homepage=info.homepage or "",
        license=info.redistribution_info.license or "",
        # Opened only when asked for: a run that never scores never touches the test files.
        _open_test=functools.cache(lambda: split("test") if "test" in dataset.splits else None),
    )  # fmt: skip


# {spec, or its beginning up to a colon: what opens it}. Any other spec is a TFDS name.
_OPENERS = {
    "shapes10": _shapes10,
    "folder:": _folder,
}


def _check_fitting(fitted):
    for option, value, check in (
        ("image_size", fitted.image_size, checks.image_sizes), ("white_level", fitted.white_level, checks.white_levels),
    ):  # fmt: skip
        if not check.good(value):
            raise UserError(f"--config.{option}: found {value}, expected {check.expected}{check.hint(value)}")
    if fitted.channels not in (1, 3):
        raise UserError(f"--config.channels is {fitted.channels}, expected 1 or 3")
    for option, value, known in (
        ("resize_filter", fitted.resize_filter, sorted(fitting.FILTERS)), ("fit", fitted.way, fitting.WAYS)
    ):  # fmt: skip
        if value not in known:
            near = difflib.get_close_matches(str(value), known, n=1)
            hint = f" (nearest: {near[0]})" if near else ""
            raise UserError(f"--config.{option} is {value!r}{hint}, expected one of {', '.join(known)}")


def _check_classes(spec, class_names):
    low, high = _CLASSES
    if not low <= len(class_names) <= high:
        raise UserError(f"--config.source: {spec!r} has {len(class_names)} classes, expected {low} to {high}")


def _stem(name):
    """`name` as the start of a TFDS name: lower case letters, digits and single underscores, a letter first."""
    # File names have at most 255 bytes, and this one gets endings.
    stem = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:100].rstrip("_")
    return stem if stem[:1].isalpha() else f"images_{stem}".rstrip("_")

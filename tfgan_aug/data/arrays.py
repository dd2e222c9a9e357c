"""Labelled images of a NumPy .npz file: arrays of images and labels, for each split if there are several.

Makes no file. Arrays are found by their names: `images` and `labels`, `x` and `y`, `x_train` and `y_train` as in Keras'
data sets, `train_images` and `train_labels` as in MedMNIST's. A split's images are loaded together and held as uint8.
"""

import math
import re
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import class_names
from tfgan_aug.data.layouts import SPLITS, listed, split_of

_ROLES = {
    **dict.fromkeys(("images", "image", "imgs", "x", "data"), "images"),
    **dict.fromkeys(("labels", "label", "y", "targets", "target"), "labels"),
}
_EXPECTED = "images and labels, x_train and y_train, or train_images and train_labels"
_CHANNELS = (1, 3, 4)
_DARK = 32  # An eighth of the grey levels: images that reach no further have another scale.
_BLOCK = 1024
# What damaged archives and headers make NumPy and zipfile raise.
_BROKEN = (
    OSError, ValueError, EOFError, KeyError, TypeError, NotImplementedError, RuntimeError, SyntaxError,
    tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class Arrays:
    """The arrays of a file: `class_names`, `labels` {split: int32 (N,)}, and a `note` on what was understood.

    Raises UserError for a file that is not there or not of NumPy, objects (nothing is unpickled), arrays that do not
    have known names or do not fit each other, labels that are no classes, and a class that train lacks.
    """

    def __init__(self, path: Path):
        self.path = path
        if not path.is_file():
            raise UserError(f"--config.source: found no file {path}, expected npz:FILE with {_EXPECTED}")
        self._headers = self._read_headers()
        self._keys, others = self._understood()
        self._loaded: dict[str, tuple[np.ndarray, float]] = {}
        texts = {split: self._texts(keys["labels"], split) for split, keys in self._keys.items()}
        for split, found in texts.items():
            if strays := sorted(set(found) - set(texts["train"])):
                raise self._refusal(f"has the class {strays[0]!r} in {split}", "classes of train alone")
        self.class_names = class_names.ordered(texts["train"], by_number=True)
        numbers = {name: number for number, name in enumerate(self.class_names)}
        self.labels = {split: np.array([numbers[name] for name in found], np.int32) for split, found in texts.items()}
        said = [
            f"{len(found):,} {split} images in {self._shown(self._keys[split]['images'])}"
            for split, found in texts.items()
        ]
        said += [f"left out: {listed(others)}"] * bool(others)
        self.note = (
            f"source file {path}: {len(self.class_names)} classes ({listed(self.class_names)}); {'; '.join(said)}"
        )

    def images(self, split: str) -> np.ndarray:
        """The images of a split, uint8 (N, H, W) or (N, H, W, C); loaded once.

        Fractions from 0 to 1 are multiplied by 255. Raises UserError for values that are neither such fractions nor
        grey levels from 0 to 255, and where splits differ in that.
        """
        if split not in self._loaded:
            self._loaded[split] = self._levels(self._keys[split]["images"])
        first, scale = next(iter(self._loaded.items()))[0], self._loaded[split][1]
        if scale != self._loaded[first][1]:
            raise self._refusal(f"has values from 0 to 1 in one of {first} and {split} alone", "one scale")
        return self._loaded[split][0]

    def read(self, splits: Sequence[str], positions: np.ndarray) -> Iterator[Image.Image]:
        """Yields the images at the ascending `positions` of the splits laid end to end."""
        start = 0
        for split in splits:
            images = self.images(split)
            own = positions[(positions >= start) & (positions < start + len(images))] - start
            yield from (Image.fromarray(images[position]) for position in own)
            start += len(images)

    # Names

    def _read_headers(self):
        """Returns {name: (shape, dtype)} of the arrays; none of them is loaded."""
        found = {}
        try:
            with zipfile.ZipFile(self.path) as file:
                for member in file.infolist():
                    if member.filename.endswith(".npy"):
                        found[member.filename.removesuffix(".npy")] = _header(file, member)
        except PermissionError as error:
            raise self._refusal(f"cannot be read: {error.strerror}", "a file that can be read") from None
        except _BROKEN:
            raise self._refusal("is no .npz file", "one that numpy.savez has written") from None
        return found

    def _understood(self):
        """Returns ({split: {"images": name, "labels": name}}, names of the other arrays)."""
        keys: dict[str, dict[str, str]] = {}
        others = []
        for name in self._headers:
            words = re.split(r"[^a-z0-9]+", name.lower())
            roles = [word for word in words if word in _ROLES]
            rest = "_".join(word for word in words if word not in _ROLES)
            split = split_of(rest) if rest else "train"
            if len(roles) != 1 or split is None:
                others.append(name)
                continue
            first = keys.setdefault(split, {}).setdefault(_ROLES[roles[0]], name)
            if first != name:
                raise self._refusal(f"has two arrays of {_ROLES[roles[0]]} for {split}, {first} and {name}", "one")
        for split in [split for split, pair in keys.items() if len(pair) < 2 and split != "train"]:
            others += keys.pop(split).values()
        if len(keys.get("train", ())) < 2:
            shown = listed([self._shown(name) for name in self._headers])
            raise self._refusal(f"has the arrays {shown or 'none'}", _EXPECTED)
        for split, pair in keys.items():
            self._check_shapes(split, pair)
        return {split: keys[split] for split in SPLITS if split in keys}, others

    def _check_shapes(self, split, pair):
        images, labels = pair["images"], pair["labels"]
        for name in (images, labels):
            if self._headers[name][1].hasobject:
                raise self._refusal(f"holds Python objects in {name}", "numbers: objects are not unpickled")
        shape = self._headers[images][0]
        # Images 1, 3 or 4 pixels high are channels first, unless they are such squares.
        if len(shape) == 4 and shape[1] in _CHANNELS and not (shape[3] in _CHANNELS and shape[1] == shape[2]):
            hint = f", as np.moveaxis({images}, 1, -1) makes it"
            raise self._refusal(
                f"has its channels first in {self._shown(images)}", f"(N, height, width, channels){hint}"
            )
        if len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] not in _CHANNELS) or not all(shape[1:]):
            expected = "(N, height, width) or (N, height, width, 1, 3 or 4 channels)"
            raise self._refusal(f"has images of another shape in {self._shown(images)}", expected)
        counts = shape[0], (self._headers[labels][0] or (0,))[0]
        if counts[0] != counts[1] or not counts[0]:
            raise self._refusal(
                f"has {counts[0]:,} images and {counts[1]:,} labels in {split}", "as many of both, one or more"
            )

    def _shown(self, name):
        shape, dtype = self._headers[name]
        return f"{name} {dtype} {shape}".replace(",)", ")")

    # Values

    def _load(self, name):
        try:
            with np.load(self.path, allow_pickle=False) as file:
                return file[name]
        except _BROKEN as error:
            raise self._refusal(f"is damaged in {name} ({error})", "whole arrays") from None

    def _texts(self, name, split):
        """Returns the class of each image in words."""
        labels = self._load(name)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.dtype.kind in "US" and labels.ndim == 1:
            return [
                text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text for text in labels.tolist()
            ]
        if labels.dtype.kind not in "biuf" or labels.ndim not in (1, 2):
            raise self._refusal(f"has labels {self._shown(name)}", "whole numbers, 0 or more, or one 1 in each row")
        if labels.ndim == 2:
            wrong = np.flatnonzero(
                ((labels != 0) & (labels != 1)).any(axis=1) | (np.count_nonzero(labels, axis=1) != 1)
            )
            if len(wrong):
                raise self._refusal(
                    f"has not one class for image {wrong[0]} in {self._shown(name)}", "one 1 in each row, else 0"
                )
            return [str(label) for label in labels.argmax(axis=1).tolist()]
        wrong = np.flatnonzero(~(labels >= 0) | (labels != np.floor(labels)) | (labels > np.iinfo(np.int32).max))
        if len(wrong):
            raise self._refusal(
                f"has the label {labels[wrong[0]]} of image {wrong[0]} in {name}", "whole numbers, 0 or more"
            )
        return [str(int(label)) for label in labels.tolist()]

    def _levels(self, name):
        """Returns (the images as uint8, what a value was multiplied by)."""
        values = self._load(name)
        if values.shape[3:] == (1,):
            values = values[..., 0]
        if values.dtype == np.bool_:
            return values.astype(np.uint8) * np.uint8(255), 255.0
        if values.dtype.kind not in "iuf":
            raise self._refusal(f"has images {self._shown(name)}", "numbers")
        lowest, highest = values.min(), values.max()
        fraction = values.dtype.kind == "f" and highest <= 1 + 1e-3
        # NaN fails both comparisons.
        if not (lowest >= 0 and highest <= 255) or not (fraction or highest >= _DARK):
            expected = "grey levels from 0 to 255, or fractions from 0 to 1"
            raise self._refusal(f"has values from {lowest:g} to {highest:g} in {self._shown(name)}", expected)
        scale = 255.0 if fraction else 1.0
        if values.dtype == np.uint8:
            return values, scale
        levels = np.empty(values.shape, np.uint8)
        for start in range(0, len(values), _BLOCK):
            block = values[start : start + _BLOCK].astype(np.float64) * scale
            levels[start : start + _BLOCK] = np.clip(np.rint(block), 0, 255)
        return levels, scale

    def _refusal(self, found, expected):
        return UserError(f"--config.source: {self.path} {found}, expected {expected}")


def _header(file, member):
    """Returns (shape, dtype) of an array in the archive; raises ValueError where it holds another number of bytes."""
    with file.open(member) as array:
        first = np.lib.format.read_magic(array) == (1, 0)
        read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(array)
        # Else as many would be made room for as the header says.
        if not dtype.hasobject and math.prod(shape) * dtype.itemsize != member.file_size - array.tell():
            raise ValueError(shape)
    return shape, dtype

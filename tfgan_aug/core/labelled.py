"""Labelled images: the one place that says which arrays and batches a model takes. Makes no file.

Images are uint8. Other integers in 0 to 255 are taken as such; floats are refused, because [0, 1], [-1, 1] and
[0, 255] cannot be told apart. Labels are ints (N,), (N, 1) or one-hot (N, classes), floats only if they are whole.
"""

import dataclasses
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf


def guarded(tensor: tf.Tensor, condition: tf.Tensor, text: str, *found: tf.Tensor) -> tf.Tensor:
    """The `tensor`; raises `ValueError` with `text`, a {} for each of `found`, unless `condition`, a scalar, holds.

    In a graph: `tf.errors.InvalidArgumentError` with the same words when it runs, before anything uses the tensor.
    """
    if tf.executing_eagerly():
        if not condition:
            raise ValueError(text.format(*(value.numpy() for value in found)))
        return tensor
    first, *others = text.split("{}")
    words = [part for value, words in zip(found, others, strict=True) for part in (value, words)]
    with tf.control_dependencies([tf.debugging.Assert(condition, [first, *words])]):
        return tf.identity(tensor)


def int_labels(labels: Any, classes: int) -> tf.Tensor:
    """Labels int32 (N,) of labels (N,) or (N, 1), ints or whole numbers, in 0 to `classes` - 1."""
    labels = tf.convert_to_tensor(labels)
    if labels.dtype != tf.bool and not (labels.dtype.is_integer or labels.dtype.is_floating):
        raise ValueError(f"labels: found {labels.dtype.name}, expected ints of 0 to {classes - 1}")
    if labels.shape.rank == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape.rank != 1:
        raise ValueError(f"labels: found shape {_shape(labels)}, expected (N,)")
    if labels.dtype.is_floating:
        whole = tf.reduce_all(labels == tf.round(labels))
        labels = guarded(labels, whole, "labels: found numbers that are not whole, expected ints")
    labels = tf.cast(labels, tf.int64)
    low, high = tf.reduce_min(labels), tf.reduce_max(labels)
    inside = tf.reduce_all((labels >= 0) & (labels < classes))
    text = f"labels: found {{}} to {{}}, expected 0 to {classes - 1}"
    return tf.cast(guarded(labels, inside, text, low, high), tf.int32)


def ints(name: str, values: npt.ArrayLike) -> np.ndarray:
    """The `values` as int64 (N,); raises `ValueError`, naming them, where they are no 64-bit ints (N,)."""
    found = np.asarray(values)
    if found.ndim != 1:
        raise ValueError(f"{name}: found shape {found.shape}, expected (N,)")
    if found.size and (found.dtype.kind not in "iu" or found.max() >= 2**63):
        raise ValueError(f"{name}: found {found.dtype} numbers such as {found.max()}, expected 64-bit ints")
    return found.astype(np.int64)


def balanced_rows(labels: np.ndarray) -> np.ndarray:
    """Rows int64 (M,), ascending by class, of the int labels (N,): every class as often as the most frequent one.

    Of a class each example comes as often as any other, or once more. Classes without examples stay without.
    """
    places = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    most = max(map(len, places))
    return np.concatenate([np.resize(own, most) for own in places])


def _shape(tensor):
    """The shape as text, N in place of the number of examples."""
    if tensor.shape.rank is None:
        return "unknown"
    sizes = ["N", *("?" if size is None else str(size) for size in tensor.shape[1:])]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})" if tensor.shape.rank else "()"


@dataclasses.dataclass(frozen=True)
class Form:
    """What a model trains on: inputs of `shapes` (each without N), labels of so many `classes`.

    The first input is `images` where that is so, the others are float features; those after the first may be missing.
    With `soft`, labels may be probabilities (N, classes), and there may be sample weights; with `unlabelled` rows of
    zeros, too: no label.
    """

    classes: int
    shapes: tuple[tuple[int | None, ...], ...]
    images: bool = True
    soft: bool = False
    unlabelled: bool = False

    def read(self, data: Any) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor | None]:
        """Returns (inputs, labels, weights) of a batch (x, y) or (x, y, sample_weight), as `fit` hands it to a step.

        Images are uint8; labels int32 (N,), or probabilities float32 (N, classes); weights float32 (N,) or None.
        Raises `ValueError` for what no batch may be, at once; for values in a graph see `guarded`.
        """
        x, y, weights = self.parts(data)
        inputs, labels, weights = self.inputs(x), self.labels(y), self.weights(weights)
        count = tf.shape(labels)[0]
        for name, tensor in [*(("images", tensor) for tensor in inputs), ("sample_weight", weights)]:
            if tensor is not None:
                found = tf.shape(tensor)[0]
                text = f"found {{}} labels and {{}} {name}, expected as many"
                labels = guarded(labels, found == count, text, count, found)
        text = "found an empty batch, expected an image or more on each device (drop_remainder=True)"
        labels = guarded(labels, count > 0, text)
        return inputs, labels, weights

    def parts(self, data: Any) -> tuple[list[Any], Any, Any]:
        """Returns (a list of inputs, labels, sample weights or None) of a batch, as they are."""
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        for part in (x, y):
            if isinstance(part, dict):
                raise ValueError(
                    f"found batches that are a dict of {', '.join(map(str, part))}, expected (images, labels): "
                    "tfds.load(..., as_supervised=True)"
                )
        if y is None:
            raise ValueError("found images without labels, expected (images, labels)")
        return tf.nest.flatten(x), y, weights

    def inputs(self, given: list[Any]) -> list[tf.Tensor]:
        """The inputs as tensors; images as uint8."""
        if len(given) > len(self.shapes):
            raise ValueError(f"found {len(given)} inputs, expected {' or '.join(map(str, _up_to(len(self.shapes))))}")
        tensors = [tf.convert_to_tensor(value) for value in given]
        for place, (tensor, shape) in enumerate(zip(tensors, self.shapes, strict=False)):
            name = "images" if self.images and place == 0 else "features"
            if not tensor.shape.is_compatible_with([None, *shape]):
                sizes = ", ".join("?" if size is None else str(size) for size in shape)
                alone = tensor.shape.rank is not None and tensor.shape.is_compatible_with(shape)
                hint = "; batch the dataset" if alone else ""
                raise ValueError(f"{name}: found shape {_shape(tensor)}, expected (N, {sizes}){hint}")
            tensor = tf.ensure_shape(tensor, [None, *shape])
            tensors[place] = _uint8(tensor) if name == "images" else _floats(tensor)
        return tensors

    def labels(self, given: Any) -> tf.Tensor:
        """Labels int32 (N,); with `soft` probabilities float32 (N, classes) of those that have a number a class."""
        labels = tf.convert_to_tensor(given)
        if labels.shape.rank == 2 and labels.shape[1] == self.classes and self.classes > 1:
            rows = tf.cast(labels, tf.float32)
            sums = tf.reduce_sum(rows, axis=1)
            if self.soft:
                whole = tf.abs(sums - 1.0) < 1e-3
                fine = tf.reduce_all(rows >= 0) & tf.reduce_all(whole | (sums == 0.0) if self.unlabelled else whole)
                text = "labels: found rows that are no probabilities, expected rows of at least 0 that sum to 1"
                return guarded(rows, fine, text)
            one_hot = tf.reduce_all((rows == 0) | (rows == 1)) & tf.reduce_all(sums == 1.0)
            rows = guarded(rows, one_hot, "labels: found rows that are not one-hot, expected ints (N,) or one-hot rows")
            return tf.argmax(rows, axis=1, output_type=tf.int32)
        if labels.shape.rank not in (1, 2) or (labels.shape.rank == 2 and labels.shape[1] != 1):
            raise ValueError(f"labels: found shape {_shape(labels)}, expected (N,) or (N, {self.classes})")
        return int_labels(labels, self.classes)

    def weights(self, given: Any) -> tf.Tensor | None:
        """Sample weights float32 (N,), or None."""
        if given is None:
            return None
        if not self.soft:
            raise ValueError("sample_weight, class_weight: found one, expected none: a GAN weighs its images alike")
        weights = tf.cast(given, tf.float32)
        if weights.shape.rank == 2 and weights.shape[1] == 1:
            weights = weights[:, 0]
        if weights.shape.rank != 1:
            raise ValueError(f"sample_weight: found shape {_shape(weights)}, expected (N,)")
        return weights


def _up_to(count):
    return range(1, count + 1)


def _uint8(images):
    if images.dtype == tf.uint8:
        return images
    if not images.dtype.is_integer:
        raise ValueError(
            f"images: found {images.dtype.name}, expected uint8 of 0 to 255; of x in [0, 1] they are "
            "np.round(255 * x).astype('uint8'), of x in [-1, 1] np.round(127.5 * (x + 1)).astype('uint8')"
        )
    low, high = tf.reduce_min(images), tf.reduce_max(images)
    inside = tf.reduce_all((images >= 0) & (images <= 255))
    return tf.cast(guarded(images, inside, "images: found {} to {}, expected 0 to 255", low, high), tf.uint8)


def _floats(features):
    if not features.dtype.is_floating:
        raise ValueError(f"features: found {features.dtype.name}, expected floats, such as a level's own data has")
    return features


class TakesLabelledImages(keras.Model):
    """A model with a `form`: what is wrong in arrays and in a `tf.data.Dataset` is found before training.

    A dataset's values are checked where it is read, on the host, so that a compiled step has nothing to check. What
    comes otherwise (generators, distributed datasets) is checked by the step itself.
    """

    form: Form

    def fit(self, x=None, y=None, *args, **options):
        """Keras' own, on images and labels as `form` says."""
        held_out = options.get("validation_data")
        if isinstance(held_out, tf.data.Dataset):
            options["validation_data"] = self._checked(held_out)
        elif isinstance(held_out, (tuple, list)):
            self._checked(*held_out)
        return super().fit(self._checked(x, y, options.get("sample_weight")), y, *args, **options)

    def evaluate(self, x=None, y=None, *args, **options):
        """Keras' own, on images and labels as `form` says."""
        return super().evaluate(self._checked(x, y, options.get("sample_weight")), y, *args, **options)

    def train_on_batch(self, x, y=None, sample_weight=None, **options):
        """Keras' own, on images and labels as `form` says."""
        return super().train_on_batch(x, *self._targets(x, y, sample_weight), **options)

    def test_on_batch(self, x, y=None, sample_weight=None, **options):
        """Keras' own, on images and labels as `form` says."""
        return super().test_on_batch(x, *self._targets(x, y, sample_weight), **options)

    def _checked(self, x, y=None, weights=None):
        """`x`, or a dataset that checks its batches as they are read."""
        if isinstance(x, tf.data.Dataset):
            return x.map(self._checked_batch)
        if y is not None or isinstance(x, dict) or all(hasattr(leaf, "dtype") for leaf in tf.nest.flatten(x)):
            self._targets(x, y, weights)
        return x

    @tf.autograph.experimental.do_not_convert
    def _checked_batch(self, *batch):
        self.form.read(batch)
        return batch if len(batch) > 1 else batch[0]

    def _targets(self, x, y, weights):
        """(Labels, sample weights) of arrays, labels in one form: Keras traces a step anew for others of another rank.

        And for ever after for those of any rank, of which a step could not tell what they are.
        """
        inputs, y, weights = self.form.parts((x, y, weights))
        # An image of each is enough for dtype and shape: a copy of all of them may not fit.
        self.form.inputs([leaf[:1] for leaf in inputs])
        labels, weights = self.form.labels(y), self.form.weights(weights)
        counted = [*(("images", leaf) for leaf in inputs), ("sample_weight", labels if weights is None else weights)]
        for name, array in counted:
            if len(array) != len(labels):
                raise ValueError(f"found {len(labels)} labels and {len(array)} {name}, expected as many")
        if not len(labels):
            raise ValueError("found no images, expected one or more")
        if self.form.soft and labels.shape.rank == 1:
            labels = tf.one_hot(labels, self.form.classes)
        return labels, weights

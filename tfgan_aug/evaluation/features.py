"""Feature networks: what images become before they are measured, and the files that features are kept in.

Two networks that are never mixed: `cnn`, for reports, trained on source images that no GAN and no judge saw, and
`judge`, for any selection, trained on the subset alone. With a local file of weights also `inception`, the one of FID.

Artefact: files of features, `.npz` (see `save`).
"""

import dataclasses
import hashlib
import pathlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import pixels
from tfgan_aug.core.errors import UserError

VERSION = 1
_BLOCK = 250


@dataclasses.dataclass(frozen=True)
class Features:
    """`values` float32 (N, D) by the network `name`, whose weights have the SHA-256 `network`."""

    name: str
    network: str
    values: np.ndarray


def save(path: str | pathlib.Path, features: Features) -> None:
    """Writes a file of features: `.npz` with the values, the network's name and digest, and the format's version."""
    np.savez(path, version=VERSION, name=features.name, network=features.network, values=features.values)


def load(path: str | pathlib.Path, network: str) -> Features:
    """The `Features` in a file. Raises `UserError` for one of another version or of a network other than `network`."""
    with np.load(path) as file:
        version = int(file["version"]) if "version" in file else None
        if version != VERSION:
            raise UserError(f"{path}: found features of version {version}, expected {VERSION}; remove the file")
        found = Features(str(file["name"]), str(file["network"]), file["values"])
    if found.network != network:
        raise UserError(
            f"{path}: found features of the network {found.network[:16]} ({found.name}), expected {network[:16]}; "
            "features of different networks cannot be compared"
        )
    return found


def check_same(first: Features, second: Features) -> None:
    """Raises `UserError` where two sets of features are of different networks."""
    if first.network != second.network:
        raise UserError(
            f"features: found networks {first.name} ({first.network[:16]}) and {second.name} ({second.network[:16]}), "
            "expected one; features of different networks cannot be compared"
        )


class Network:
    """`Features` of uint8 images (N, H, W, C): the inputs of a classifier's last layer, of one or more members.

    `members` are `classifiers.Classifier`s; the features of several stand side by side.
    """

    def __init__(self, name: str, members: Sequence[Any]):
        self.name = name
        self.digest = _digest(weight for member in members for weight in member.get_weights())
        self._models = [keras.Model(m.network.input, m.network.layers[-1].input) for m in members]
        self._compute = tf.function(self._features, autograph=False, reduce_retracing=True)

    def _features(self, images):
        return tf.concat([model(pixels.to_float(images), training=False) for model in self._models], axis=-1)

    def __call__(self, images: np.ndarray) -> Features:
        return Features(self.name, self.digest, _in_blocks(self._compute, images))


class Inception:
    """`Features` (N, 2048) of the Inception network that FID and KID are published with, from a local file.

    The file is TensorFlow's `classify_image_graph_def.pb` (the archive inception-2015-12-05). Its own resizing to
    299 x 299 is used, as by Heusel et al. (2017). Raises `UserError` for a file that is missing or no such graph.
    """

    name = "inception"

    def __init__(self, option: str, path: str | pathlib.Path):
        try:
            with open(path, "rb") as file:
                content = file.read()
            graph = tf.compat.v1.GraphDef.FromString(content)
            wrapped = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
            self._graph = wrapped.prune("ExpandDims:0", "pool_3:0")
        except OSError as error:
            raise UserError(
                f"{option}: cannot read {path}: {error.strerror}; expected classify_image_graph_def.pb"
            ) from None
        except Exception as error:  # protobuf's and TensorFlow's own, whatever is wrong with the graph
            raise UserError(
                f"{option}: {path} is no Inception graph ({type(error).__name__}); expected "
                "classify_image_graph_def.pb with the nodes ExpandDims and pool_3"
            ) from None
        self.digest = hashlib.sha256(content).hexdigest()

    def __call__(self, images: np.ndarray) -> Features:
        images = np.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images

        def compute(block):
            return tf.reshape(self._graph(tf.cast(block, tf.float32)), (len(block), -1))

        return Features(self.name, self.digest, _in_blocks(compute, images, 50))


def _in_blocks(compute, images, size=_BLOCK):
    """`compute` on padded blocks of one size: one graph, whatever the number of images."""
    found = []
    for start in range(0, len(images), size):
        block = np.asarray(images[start : start + size])
        padded = np.pad(block, ((0, size - len(block)), (0, 0), (0, 0), (0, 0)))
        found.append(np.asarray(compute(tf.constant(padded)))[: len(block)])
    return np.concatenate(found).astype(np.float32)


def _digest(arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()

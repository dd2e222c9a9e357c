"""Geometric augmentation with Keras' own layers: one new image of each training image, or several sets of them.

Artefact: `images.npy`, uint8 (N, H, W, C), row i made from row i of the subset's training images.
"""

import pathlib
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import artefacts, fields, streams
from tfgan_aug.data import subsets, transforms


def augment(
    images: np.ndarray, ids: Sequence[str], names: Sequence[str], *, seed: int, crop_fraction: float = 0.75
) -> np.ndarray:
    """One transformed image of each of `images` (uint8, (N, H, W, C)): uint8, same shape.

    Image i is a function of (`seed`, `ids[i]`) and its pixels, whatever the order.
    """
    network = keras.Sequential(transforms.layers_for(names, images.shape[1], crop_fraction))
    network.build(images.shape[1:])

    @tf.function(autograph=False)
    def one(image, key):
        streams.rekey(network, key, 0)
        pixels = tf.cast(image, tf.float32)
        for layer in network.layers:
            # Unbatched: the crop's place is one a call.
            pixels = layer(pixels, training=True)
        return tf.cast(tf.clip_by_value(tf.round(pixels), 0.0, 255.0), tf.uint8)

    made = np.empty(images.shape, np.uint8)
    # One device: what reaches a dataset may not depend on where the layers ran.
    with tf.device("CPU:0"):
        for i, (image, name) in enumerate(zip(images, ids, strict=True)):
            made[i] = one(tf.constant(image), tf.constant(streams.key_of(seed, name), tf.int64))
    return made


def stage(workdir: str | pathlib.Path, subset_stage: artefacts.Stage, config, number: int = 0) -> artefacts.Stage:
    """The stage that `make` fills: the set of this number, each with transforms of its own."""
    dependencies = {"subset": subset_stage.digest, "seed": config.seed, **fields.digest_form(config.geometric)}
    return artefacts.Stage(workdir, "geometric", {**dependencies, "copy": number} if number else dependencies)


def make(stage: artefacts.Stage, subset: subsets.Subset, config) -> None:
    """Fills the stage with one image of each training image."""
    names = transforms.transform_names("--config.geometric.transforms", config.geometric.transforms)
    number, train = stage.dependencies.get("copy", 0), subset.train
    keys = [f"{number}/{name}" for name in train.ids] if number else train.ids
    with stage.making() as folder:
        made = augment(train.images, keys, names, seed=config.seed, crop_fraction=config.geometric.crop_fraction)
        np.save(folder / "images.npy", made)


def load(path: pathlib.Path) -> np.ndarray:
    """The geometric images stored in the folder `path`, uint8 (N, H, W, C), memory-mapped."""
    with artefacts.loading(path):
        return np.load(path / "images.npy", mmap_mode="r")

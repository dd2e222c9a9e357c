"""Geometric augmentation with Keras' own layers: one new image of each training image, or several sets of them.

Artefact: `images.npy`, uint8 (N, H, W, C), row i made from row i of the subset's training images.
"""

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import artefacts, streams
from tfgan_aug.core.errors import UserError

TRANSFORMS = ("crop", "flip", "rotate", "translate", "zoom", "brightness", "contrast", "saturation", "rand_augment")


def transform_names(option, text):
    """The transforms in a comma-separated text; raises `UserError`, naming `option`, for an unknown one."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in TRANSFORMS:
            raise UserError(f"{option}: found {name!r}, expected some of {', '.join(TRANSFORMS)}")
    return names


def layers_for(names, image_size, crop_fraction=0.75):
    """Keras layers that transform images (H, W, C) or batches of them, values in [0, 255], float32 out.

    `crop` is the paper's: a random crop of `crop_fraction` of the side (24 of 32), enlarged bilinearly to the
    whole side. The others are the usual means that its introduction names: mirroring, rotation by up to 15
    degrees, translation by up to an eighth (a crop of the image with a reflected border), zoom by up to 15 %,
    brightness, contrast and saturation. `rand_augment` is Keras' own (Cubuk et al., 2020): two operations of magnitude
    0.5.
    """
    crop = round(image_size * crop_fraction)
    made = {
        "crop": lambda: [keras.layers.RandomCrop(crop, crop), keras.layers.Resizing(image_size, image_size)],
        "flip": lambda: [keras.layers.RandomFlip("horizontal")],
        "rotate": lambda: [keras.layers.RandomRotation(15 / 360, fill_mode="reflect")],
        "translate": lambda: [keras.layers.RandomTranslation(0.125, 0.125, fill_mode="reflect")],
        "zoom": lambda: [keras.layers.RandomZoom((-0.15, 0.15), fill_mode="reflect")],
        "brightness": lambda: [keras.layers.RandomBrightness(0.15, value_range=(0, 255))],
        "contrast": lambda: [keras.layers.RandomContrast(0.25, value_range=(0, 255))],
        "saturation": lambda: [keras.layers.RandomSaturation((0.3, 0.7), value_range=(0, 255))],
        "rand_augment": lambda: [keras.layers.RandAugment(value_range=(0, 255))],
    }
    return [layer for name in names for layer in made[name]()]


def by_place(layer):
    """`layer`, which then draws for each image of a batch by its place in the global batch, whichever replica has it.

    Keras' layers draw for the batch they see; with one key for all replicas, images of two would be moved alike.
    """
    draw = layer.get_random_transformation

    def get_random_transformation(data, **options):
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        if replicas == 1:
            return draw(data, **options)
        count = data.shape[0]
        # Of the images nothing but their shape is looked at.
        drawn = draw(tf.zeros((count * replicas, *data.shape[1:])), **options)
        start = tf.distribute.get_replica_context().replica_id_in_sync_group * count

        def mine(values):
            each = tf.is_tensor(values) and values.shape.rank and values.shape[0] == count * replicas
            return values[start : start + count] if each else values

        return tf.nest.map_structure(mine, drawn)

    layer.get_random_transformation = get_random_transformation
    return layer


def augment(images, ids, names, *, seed, crop_fraction=0.75):
    """One transformed image of each of `images` (uint8, (N, H, W, C)): uint8, same shape.

    Image i is a function of (`seed`, `ids[i]`) and its pixels, whatever the order.
    """
    network = keras.Sequential(layers_for(names, images.shape[1], crop_fraction))
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


def stage(workdir, subset_stage, config, copy=0):
    """The stage that `make` fills: the set number `copy`, each with transforms of its own."""
    dependencies = {"subset": subset_stage.digest, "seed": config.seed, **config.geometric.to_dict()}
    return artefacts.Stage(workdir, "geometric", {**dependencies, "copy": copy} if copy else dependencies)


def make(stage, subset, config):
    """Fills the stage with one image of each training image."""
    names = transform_names("--config.geometric.transforms", config.geometric.transforms)
    copy, train = stage.dependencies.get("copy", 0), subset.train
    keys = [f"{copy}/{name}" for name in train.ids] if copy else train.ids
    with stage.making() as folder:
        made = augment(train.images, keys, names, seed=config.seed, crop_fraction=config.geometric.crop_fraction)
        np.save(folder / "images.npy", made)


def load(path):
    """The geometric images stored in the folder `path`, uint8 (N, H, W, C), memory-mapped."""
    return np.load(path / "images.npy", mmap_mode="r")

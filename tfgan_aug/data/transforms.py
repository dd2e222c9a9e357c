"""Transforms of images that keep their class: their names, and the Keras layers that draw them. Makes no file.

To add one: its name in `TRANSFORMS`, its layers in `layers_for`.
"""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import fields, moves, streams
from tfgan_aug.core.errors import UserError

TRANSFORMS = (
    *("crop", "flip", "shift", "affine", "rotate", "translate", "zoom"),
    *("brightness", "contrast", "saturation", "rand_augment", "trivial_augment"),
)  # fmt: skip


def transform_names(option: str, given: str | Sequence[str]) -> tuple[str, ...]:
    """Returns the transforms that are given, names or comma-separated text; raises `UserError`, naming `option`."""
    names = fields.words(given)
    for name in names:
        if name not in TRANSFORMS:
            raise UserError(f"{option}: found {name!r}, expected some of {', '.join(TRANSFORMS)}")
    return names


def layers_for(names: Sequence[str], image_size: int, crop_fraction: float = 0.75) -> list[keras.Layer]:
    """Keras layers that transform images (H, W, C) or batches of them, values in [0, 255], float32 out.

    `crop` is the paper's: a random crop of `crop_fraction` of the side (24 of 32), enlarged bilinearly to the
    whole side. The others are the usual means that its introduction names: mirroring, rotation by up to 15
    degrees, translation by up to an eighth (a crop of the image with a reflected border), zoom by up to 15 %,
    brightness, contrast and saturation. `rand_augment` is Keras' own (Cubuk et al., 2020): two operations of magnitude
    0.5; `trivial_augment` draws one operation and its strength for each image, see `TrivialAugment`. Two are quick, one
    pass each, `flip` just before them included: `shift`, a translation by whole pixels, and `affine`, a rotation by up
    to 25 degrees, a shear by up to 20, a zoom of each axis by up to exp(0.3) and a translation.
    """
    crop = round(image_size * crop_fraction)
    quick = {"shift": Shift, "affine": Affine}
    made = {
        "crop": lambda: [keras.layers.RandomCrop(crop, crop), keras.layers.Resizing(image_size, image_size)],
        "flip": lambda: [keras.layers.RandomFlip("horizontal")],
        "rotate": lambda: [keras.layers.RandomRotation(15 / 360, fill_mode="reflect")],
        "translate": lambda: [keras.layers.RandomTranslation(0.125, 0.125, fill_mode="reflect")],
        "zoom": lambda: [keras.layers.RandomZoom((-0.15, 0.15), fill_mode="reflect")],
        "brightness": lambda: [keras.layers.RandomBrightness(0.15, value_range=(0, 255))],
        "contrast": lambda: [keras.layers.RandomContrast(0.25, value_range=(0, 255))],
        "saturation": lambda: [keras.layers.RandomSaturation((0.3, 0.7), value_range=(0, 255))],
        "trivial_augment": lambda: [TrivialAugment()],
        "rand_augment": lambda: [keras.layers.RandAugment(value_range=(0, 255))],
    }
    layers: list[keras.Layer] = []
    words = ["", *names, ""]
    for before, name, after in zip(words, names, words[2:], strict=False):
        if name in quick:
            layers.append(quick[name](flip=before == "flip"))
        elif not (name == "flip" and after in quick):
            layers += made[name]()
    return layers


class _OnePass(keras.Layer):
    """A transform of images (H, W, C) or (N, H, W, C), by its own numbers for each image of the global batch."""

    def __init__(self, flip=False, **kwargs):
        super().__init__(**kwargs)
        self.flip, self.seed_generator = flip, keras.random.SeedGenerator(0)

    def call(self, images, training=None):
        if not training:
            return images
        if images.shape.rank == 3:
            return self.call(images[None], training=True)[0]

        def draw(count):
            return keras.random.uniform((count, 7), seed=self.seed_generator)

        return self.moved(images, streams.replica_part(draw, tf.shape(images)[0]))

    def get_config(self):
        return {**super().get_config(), "flip": self.flip}


class Shift(_OnePass):
    """By up to an eighth of the side, whole pixels, a reflected border; with `flip` half of them mirrored."""

    def moved(self, images, drawn):
        return moves.whole_pixels(images, drawn, max(1, images.shape[1] // 8), self.flip)


class Affine(_OnePass):
    """Turned, sheared, zoomed and shifted in one pass, the border repeated; with `flip` half of them mirrored."""

    def moved(self, images, drawn):
        return moves.affine(images, drawn, rotation=25.0, shear=20.0, zoom=0.3, flip=self.flip)


class TrivialAugment(_OnePass):
    """One transform for each image, of a random strength: TrivialAugment (Müller and Hutter, 2021).

    Of the paper's operations in the space of RandAugment: identity, shear, translation, rotation, brightness, colour,
    contrast, sharpness, posterising, solarising and the greatest contrast; two of them for both axes. Without the
    levelling of histograms. Strengths are uniform, not 31 steps, and the border is repeated, not grey.
    """

    OPERATIONS = (
        *("identity", "shear_x", "shear_y", "translate_x", "translate_y", "rotate", "brightness", "colour"),
        *("contrast", "sharpness", "posterise", "solarise", "autocontrast"),
    )

    def moved(self, images, drawn):
        operation = tf.cast(drawn[:, 0] * len(self.OPERATIONS), tf.int32)
        # Half of the signed ones go the other way.
        strength = drawn[:, 1]
        signed = tf.where(drawn[:, 2] < 0.5, -strength, strength)

        def chosen(name):
            return operation == self.OPERATIONS.index(name)

        def where(name, value, other):
            return tf.where(chosen(name), value, other)

        angle = where("rotate", signed * (np.pi / 6), 0.0)
        rows = [
            (tf.cos(angle), where("shear_x", 0.3 * signed, -tf.sin(angle)), where("translate_x", signed / 3, 0.0)),
            (where("shear_y", 0.3 * signed, tf.sin(angle)), tf.cos(angle), where("translate_y", signed / 3, 0.0)),
        ]
        x = moves.mapped(images, rows)
        factor = (1.0 + 0.9 * signed)[:, None, None, None]
        grey = tf.reduce_mean(x, axis=3, keepdims=True)
        low, high = (reduce(x, axis=[1, 2], keepdims=True) for reduce in (tf.reduce_min, tf.reduce_max))
        levels = 2.0 ** tf.round(4.0 + 4.0 * strength)[:, None, None, None]
        made = {
            "brightness": x * factor,
            "colour": grey + (x - grey) * factor,
            "contrast": _mixed(tf.reduce_mean(grey, axis=[1, 2], keepdims=True), x, factor),
            "sharpness": _mixed(_smoothed(x), x, factor),
            "posterise": tf.floor(x * levels / 256.0) * 256.0 / levels,
            "solarise": tf.where(x < 256.0 * strength[:, None, None, None], x, 255.0 - x),
            "autocontrast": tf.where(high > low, (x - low) * 255.0 / tf.maximum(high - low, 1e-3), x),
        }
        for name, value in made.items():
            x = tf.where(chosen(name)[:, None, None, None], value, x)
        return tf.clip_by_value(x, 0.0, 255.0)


def _mixed(base, images, factor):
    """`base` at factor 0, the images at 1, and beyond."""
    return base + (images - base) * factor


def _smoothed(images):
    """Images (N, H, W, C), each pixel the mean of 3 by 3 in which it counts five times, the border as it was."""
    padded = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    return (9.0 * tf.nn.avg_pool2d(padded, 3, 1, "VALID") + 4.0 * images) / 13.0


def by_place(layer: keras.Layer) -> keras.Layer:
    """`layer`, made to draw for each image of a batch by its place in the global batch, whichever replica has it.

    Keras' layers draw for the batch they see; with one key for all replicas, images of two would be moved alike.
    """
    if isinstance(layer, _OnePass):
        return layer
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

"""Images moved in one pass: by an affine map, or by whole pixels. Makes no file."""

import keras
import numpy as np
import tensorflow as tf


def affine(images, drawn, *, rotation=15.0, shear=15.0, zoom=0.15, shift=0.125, flip=False, fill_mode="nearest"):
    """Returns images (N, H, W, C), turned, sheared, zoomed and shifted by numbers `drawn`, (N, 7) in [0, 1).

    Up to `rotation` degrees and `shear` degrees either way, a factor of exp(`zoom`) either way for each axis, and
    `shift` of the side; numbers of 1/2 move nothing. With `flip`, images whose last number is below 1/2 are mirrored.
    Bilinear; `fill_mode` as in `keras.ops.image.affine_transform`. H = W.
    """
    turn, skew, zoom_x, zoom_y, shift_x, shift_y = tf.unstack(2.0 * drawn[:, :6] - 1.0, axis=1)
    turn, skew = turn * rotation * np.pi / 180, skew * shear * np.pi / 180
    zoom_x, zoom_y = tf.exp(zoom * zoom_x), tf.exp(zoom * zoom_y)
    if flip:
        zoom_x = tf.where(drawn[:, 6] < 0.5, -zoom_x, zoom_x)
    rows = [
        (tf.cos(turn) * zoom_x, -tf.sin(turn + skew) * zoom_y, shift_x * shift),
        (tf.sin(turn) * zoom_x, tf.cos(turn + skew) * zoom_y, shift_y * shift),
    ]
    return mapped(images, rows, fill_mode)


def mapped(images, rows, fill_mode="nearest"):
    """Returns images (N, H, W, C), each pixel taken from where a linear map about the middle says, bilinearly. H = W.

    `rows` are two: the first says which column each pixel reads, the second which row. Each is (weight of the column,
    weight of the row, shift in sides), all (N,).
    """
    size = images.shape[1]
    middle = (size - 1) / 2
    terms = []
    for across, down, moved in rows:
        terms += [across, down, middle * (1.0 - across - down) + moved * size]
    zeros = tf.zeros_like(terms[0])
    return keras.ops.image.affine_transform(
        images, tf.stack([*terms, zeros, zeros], axis=1), fill_mode=fill_mode, data_format="channels_last"
    )


def whole_pixels(images, drawn, reach, flip=False):
    """Returns images (N, H, W, C), shifted by up to `reach` whole pixels by numbers `drawn`, (N, 3) in [0, 1).

    The first two choose the shift down and to the right, each of -`reach` to `reach` alike; what moves in is the
    image mirrored at its border. With `flip`, images whose third number is below 1/2 are mirrored left to right
    before.
    """
    height, width = images.shape[1:3]
    shifts = tf.cast(tf.floor(drawn[:, :2] * (2 * reach + 1)), tf.int32) - reach

    def places(axis, side):
        found = tf.range(side)[None] - shifts[:, axis, None]
        found = tf.where(found < 0, -1 - found, found)
        return tf.where(found >= side, 2 * side - 1 - found, found)

    rows, columns = places(0, height), places(1, width)
    if flip:
        columns = tf.where(drawn[:, 2, None] < 0.5, width - 1 - columns, columns)
    flat = tf.reshape(images, [-1, height * width, images.shape[3]])
    moved = tf.gather(flat, tf.reshape(rows[:, :, None] * width + columns[:, None], [-1, height * width]), batch_dims=1)
    return tf.reshape(moved, [-1, *images.shape[1:]])

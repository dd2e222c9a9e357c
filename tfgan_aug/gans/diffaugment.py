"""Differentiable augmentation of what the discriminator sees (Zhao et al., 2020, "DiffAugment")."""

import tensorflow as tf

POLICIES = ("color", "translation", "flip")


def policy_names(text):
    """The policies in a comma-separated text; raises `ValueError` for an unknown one."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not set(names) <= set(POLICIES):
        raise ValueError(f"augmentation: found {text!r}, expected some of {', '.join(POLICIES)}")
    return names


def augment(images, draws, names):
    """Images of the same shape and dtype, transformed differentiably: the discriminator sees no others.

    `images` is float32 (N, H, W, C) in [-1, 1]; `draws` float32 (N, 6) uniform in [0, 1), one row an image;
    `names` as `policy_names` gives. `color`: brightness +-0.5, saturation x 0 to 2 about the mean of the channels,
    contrast x 0.5 to 1.5 about the mean of the image; `translation`: by up to an eighth of the side, zeros move
    in; `flip`: mirrored left to right in half of the cases. The published cut-out is left out: it is known to leak
    into the samples.
    """
    if "color" in names:
        brightness, saturation, contrast = (draws[:, i, None, None, None] for i in range(3))
        images = images + (brightness - 0.5)
        grey = tf.reduce_mean(images, -1, keepdims=True)
        images = (images - grey) * (2.0 * saturation) + grey
        mean = tf.reduce_mean(images, [1, 2, 3], keepdims=True)
        images = (images - mean) * (contrast + 0.5) + mean
    if "translation" in names:
        images = _translate(images, draws[:, 3:5])
    if "flip" in names:
        mirrored = draws[:, 5, None, None, None] < 0.5
        images = tf.where(mirrored, images[:, :, ::-1], images)
    return images


def _translate(images, draws):
    """Shifted by whole pixels: a gather from a zero-padded picture, whose gradient is a scatter."""
    size = images.shape[1]
    reach = max(1, size // 8)
    shifts = tf.cast(tf.floor(draws * (2 * reach + 1)), tf.int32)
    padded = tf.pad(images, [[0, 0], [reach, reach], [reach, reach], [0, 0]])
    rows = shifts[:, 0, None] + tf.range(size)[None]
    columns = shifts[:, 1, None] + tf.range(size)[None]
    # One-hot products: gather's gradient is slow, and not deterministic on a GPU.
    take_rows = tf.one_hot(rows, size + 2 * reach, dtype=images.dtype)
    take_columns = tf.one_hot(columns, size + 2 * reach, dtype=images.dtype)
    return tf.einsum("nhr,nrwc,nvw->nhvc", take_rows, padded, take_columns)

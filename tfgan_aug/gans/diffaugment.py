"""Differentiable augmentation of what the discriminator sees (Zhao et al., 2020, "DiffAugment")."""

import tensorflow as tf


def augment(images, draws, names, color_share=1.0):
    """Images of the same shape and dtype, transformed differentiably: the discriminator sees no others.

    `images` is float32 (N, H, W, C) in [-1, 1]; `draws` float32 (N, 6) uniform in [0, 1), one row an image, or (N, 7);
    `names` some of `gans.config.Policy`. `color`: brightness +-0.5, saturation x 0 to 2 about the mean of the channels,
    contrast x 0.5 to 1.5 about the mean of the image; `translation`: by up to an eighth of the side, zeros move
    in; `flip`: mirrored left to right in half of the cases. The published cut-out is left out: it is known to leak
    into the samples.

    `color` hides how strong an image's colours are: samples may have stronger ones, and hardly any signal says so. With
    a `color_share` below 1, which needs (N, 7) `draws`, the other images keep their colours, and a difference shows
    (Karras et al., 2020, section 2.2: what is left out at times does not leak).
    """
    if "color" in names:
        brightness, saturation, contrast = (draws[:, i, None, None, None] for i in range(3))
        plain, images = images, images + (brightness - 0.5)
        grey = tf.reduce_mean(images, -1, keepdims=True)
        images = (images - grey) * (2.0 * saturation) + grey
        mean = tf.reduce_mean(images, [1, 2, 3], keepdims=True)
        images = (images - mean) * (contrast + 0.5) + mean
        if color_share < 1:
            images = tf.where(draws[:, 6, None, None, None] < color_share, images, plain)
    reach = max(1, images.shape[1] // 8) if "translation" in names else 0
    if reach or "flip" in names:
        images = _place(images, draws, reach, "flip" in names)
    return images


def _place(images, draws, reach, flip):
    """Shifted by up to `reach` whole pixels, zeros move in, and with `flip` mirrored left to right where drawn so.

    One product with a 0-1 matrix for the rows and one for the columns: gather's gradient is slow and not
    deterministic on a GPU, and a reversing slice takes as long as a convolution on a CPU.
    """
    size = images.shape[1]
    shifts = tf.cast(tf.floor(draws[:, 3:5] * (2 * reach + 1)), tf.int32)
    padded = tf.pad(images, [[0, 0], [reach, reach], [reach, reach], [0, 0]]) if reach else images
    rows, columns = (shifts[:, axis, None] + tf.range(size)[None] for axis in (0, 1))
    if flip:
        columns = tf.where(draws[:, 5, None] < 0.5, columns[:, ::-1], columns)
    take_rows = tf.one_hot(rows, size + 2 * reach, dtype=images.dtype)
    take_columns = tf.one_hot(columns, size + 2 * reach, dtype=images.dtype)
    return tf.einsum("nhr,nrwc,nvw->nhvc", take_rows, padded, take_columns)

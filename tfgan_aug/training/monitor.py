"""How a GAN's training goes, at every checkpoint: the same image grid, and cheap metrics, as PNG and in TensorBoard.

Artefacts: a PNG file, the newest grid; `tensorboard/`, event files with every grid, the losses and the metrics.
"""

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import pixels, streams
from tfgan_aug.evaluation import quality
from tfgan_aug.training import checkpoints

# Enough to see a collapse, few enough to cost a second.
_FAKES, _REALS, _SIDE = 200, 1_000, 8


class Monitor(keras.callbacks.Callback):
    """Draws the grid `rows(model)` to the PNG `path` at every checkpoint, and with the logs to TensorBoard beside it.

    With `real` (images uint8 (N, H, W, C), labels ints (N,)) also metrics of 200 images at fixed latents, which
    `model.generate(labels, seeds)` draws with these labels: `KID-pixels`, `precision-pixels` and `recall-pixels` (see
    `evaluation.quality`). Their features are the images' pixels, averaged to 8 x 8, in [0, 1], so they need no network.
    They show that a training fails (a recall near 0: all images alike), but not which of two good GANs is better.
    """

    def __init__(self, path, rows, real=None):
        super().__init__()
        self.path, self.rows, self.real, self._writer = path, rows, None, None
        if real is not None:
            images, labels = real
            order = np.random.default_rng(streams.key_of("monitor")).permutation(len(images))
            self.real = thumbnails(np.asarray(images)[np.sort(order[:_REALS])])
            self.labels = np.asarray(labels)[np.resize(order, _FAKES)]

    def measure(self):
        """{"KID-pixels", "precision-pixels", "recall-pixels"}: floats, of the model as it is; empty for few images."""
        if self.real is None or len(self.real) <= quality.K_PRECISION:
            return {}
        fake = thumbnails(self.model.generate(self.labels, np.arange(_FAKES)))
        precision, recall = quality.precision_recall(self.real, fake)
        distance, _ = quality.kernel_distance(self.real, fake, subsets=10)
        return {"KID-pixels": distance, "precision-pixels": precision, "recall-pixels": recall}

    def on_epoch_end(self, epoch, logs=None):
        rows = self.rows(self.model)
        pixels.save_grid(self.path, rows)
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(str(self.path.parent / "tensorboard" / self.path.stem))
        with self._writer.as_default(step=checkpoints.steps_done(self.model)):
            tf.summary.image("samples", np.asarray(pixels.grid(rows))[None])
            for name, value in ((logs or {}) | self.measure()).items():
                tf.summary.scalar(name, float(value))
        self._writer.flush()


def thumbnails(images):
    """Float32 (N, 8 * 8 * C) in [0, 1]: uint8 images (N, H, W, C), sides multiples of 8, averaged to 8 x 8 pixels."""
    count, height, width, channels = images.shape
    blocks = np.asarray(images, np.float32).reshape(count, _SIDE, height // _SIDE, _SIDE, width // _SIDE, channels)
    return blocks.mean(axis=(2, 4)).reshape(count, -1) / 255


def classes_in_rows(gan, columns=10):
    """Rows of images uint8 (columns, H, W, C): the first ten classes, the same latents in each."""
    rows = min(gan.classes, 10)
    images = gan.generate(np.repeat(np.arange(rows), columns), np.tile(np.arange(columns), rows))
    return images.reshape(rows, columns, *images.shape[1:])

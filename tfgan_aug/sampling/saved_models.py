"""Generators as SavedModels, which TensorFlow alone can draw from.

Artefact: `generator/`, a SavedModel, beside the Keras model that its GAN's stage leaves. The signature
`serving_default` takes `labels` int32 (N) and `seeds` int64 (N) and returns `images` uint8 (N, H, W, C). Image i is a
function of (labels[i], seeds[i]): within one grey level in any batch, exactly in batches of one size on one machine.

A signature has one type for each input: `generate` is a second one, of int64 labels. As the method `generate` of the
loaded SavedModel it takes int32 or int64 of both, and lists. All of them raise where a label is none of
the model's, or labels and seeds are not as many: `tf.errors.InvalidArgumentError`, or what TensorFlow finds earlier.

A SavedModel is code: TensorFlow writes and reads whatever files its operations name. So loaded are those that a stage
of ours recorded (see `core.manifests`), and others where the user says so.
"""

import itertools
import os
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import labelled, manifests
from tfgan_aug.core.errors import UserError


def export(gan: Any, path: str | os.PathLike[str]) -> None:
    """Writes a GAN (a `gans.adversarial.AdversarialModel`) with its present weights to the folder `path`."""
    path = pathlib.Path(path)
    archive = keras.export.ExportArchive()
    for network in gan.drawing_networks:
        archive.track(network)

    def specs(labels, seeds):
        return [tf.TensorSpec([None], labels, name="labels"), tf.TensorSpec([None], seeds, name="seeds")]

    # Traced once: every signature calls it, so the file holds the networks' operations once.
    draw = tf.function(gan.draw, specs(tf.int64, tf.int64), autograph=False)

    def generate(labels, seeds):
        # Before the labels' range is checked: int64 beyond int32 must not come round to a label.
        return {"images": draw(tf.cast(labels, tf.int64), tf.cast(seeds, tf.int64))}

    of_all = tf.function(generate, autograph=False)
    # The first is the signature's.
    for labels, seeds in itertools.product((tf.int64, tf.int32), repeat=2):
        of_all.get_concrete_function(*specs(labels, seeds))
    archive.add_endpoint("serving_default", generate, input_signature=specs(tf.int32, tf.int64))
    archive.add_endpoint("generate", of_all)
    archive.write_out(str(path), verbose=False)
    (path / "README.md").write_text(_card(gan), encoding="utf-8")


def _card(gan):
    """Returns what a person who gets the folder has to know, as Markdown."""
    height, width, channels = gan.image_shape
    held = getattr(gan, "anchor_count", 0)
    warning = (
        f"\n**It holds {held:,} training images**, from which it starts: whoever has it has these, too.\n"
        if held
        else ""
    )
    return f"""# A generator of images

A SavedModel that {type(gan).__name__} of tfgan_aug left.
{warning}
```python
import tensorflow as tf
generator = tf.saved_model.load(".")
images = generator.generate([0, 1], [0, 1])["images"]
```

Labels are 0 to {gan.classes - 1}, seeds any 64-bit integers, images uint8 (N, {height}, {width}, {channels}).
"""


class Generator:
    """Draws from the SavedModel in the folder `path`: a function (labels, seeds), ints (N,) -> images."""

    def __init__(self, path: pathlib.Path):
        # Kept: a signature whose SavedModel is gone refers to deleted variables.
        self._loaded = tf.saved_model.load(str(path))
        self._signature = self._loaded.signatures["serving_default"]

    def draw(self, labels: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        """Returns images uint8 (N, H, W, C) of int64 tensors (N,), in a graph too; raises as the signature."""
        return self._loaded.generate(labels, seeds)["images"]

    def __call__(self, labels: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Returns images uint8 (N, H, W, C); raises as the signature, and `ValueError` for what are no ints (N,)."""
        labels, seeds = labelled.ints("labels", labels), labelled.ints("seeds", seeds)
        # What does not fit into int32 is no label of the model, and must not come round to one.
        labels = np.clip(labels, -1, 2**31 - 1)
        drawn = self._signature(labels=tf.constant(labels, tf.int32), seeds=tf.constant(seeds, tf.int64))
        return drawn["images"].numpy()


def load(path: pathlib.Path) -> Generator:
    """Returns the generator in the folder of a finished GAN stage; raises as `load_folder`."""
    return load_folder(folder(path))


def folder(path: pathlib.Path) -> pathlib.Path:
    """Returns the folder of the generator in the folder of a finished GAN stage."""
    return path / "generator"


def load_folder(path: pathlib.Path) -> Generator:
    """Returns the generator in the folder that `folder` returns of a stage of this run.

    Raises `UserError` where it is not as the stage recorded it; earlier versions recorded nothing.
    """
    if (path.resolve().parent / manifests.FILE).exists():
        check_recorded(path)
    return Generator(path)


def check_recorded(folder: pathlib.Path) -> None:
    """Raises `UserError` where a SavedModel is not, file by file, what the finished stage around it recorded."""
    folder = folder.resolve()
    stage, record = folder.parent, folder.parent / manifests.FILE
    if not record.exists() or stage.name.endswith(".partial"):
        raise UserError(f"found {folder}, expected the generator in a finished stage of a workdir, with {record}")
    if found := manifests.differences(stage, whole=True, below=f"{folder.name}/"):
        raise UserError(
            f"found {stage}/{found[0]}, expected all files as in {record}; remove {stage} to have it made again"
        )

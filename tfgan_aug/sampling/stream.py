"""Generated images as a stream: training examples of which a share is drawn anew in every step. Makes no file.

Beyond the paper, whose generated images are drawn once: see docs/library.md. A generator is here whatever maps labels
and seeds to images, so the controls of `mixing` are streams, too.
"""

import dataclasses
import os
import pathlib
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from tfgan_aug.classifiers import classifier, judges
from tfgan_aug.core import labelled, streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.sampling import rules, saved_models
from tfgan_aug.training import loop

Generator = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def stream(
    real: tuple[np.ndarray, np.ndarray],
    generator: str | os.PathLike[str] | Generator,
    share: float = 0.5,
    *,
    steps: int,
    batch_size: int = 64,
    real_last: float = 0.2,
    judge: Any = None,
    rule: rules.Rule | None = None,
    tries: int = 4,
    seed: int = 0,
    start_step: int = 0,
    trust: bool = False,
) -> tf.data.Dataset:
    """Returns a `tf.data.Dataset` for `model.fit`: batches of real images, `share` of them replaced by new draws.

    It has `steps` - `start_step` batches of images uint8 (batch_size, H, W, C) and labels int32 (batch_size,). A draw
    has the class of the real image that it stands for. Batch i is a function of `seed` and i alone, so a training that
    goes on from `start_step` sees the batches that it would have seen.

    Arguments:
        real: images uint8 (N, H, W, C) and int labels (N,), each image once in every pass, in a new order.
        generator: the folder of an exported generator, or a function of the labels and seeds, int64 (N,) tensors, that
            returns images uint8 (N, H, W, C). A folder lies in a finished stage of a workdir, and is as the stage
            recorded it; for any other see `trust`.
        share: of the images of every batch, above 0 and up to 1.
        real_last: the share of the steps, the last, in which all images are real; 0 or more and below 1.
        judge: the folder of a judge's stage, a `Classifier`, or a function of images uint8 (N, H, W, C) that returns
            class probabilities float32 (N, classes). None: every draw is taken.
        rule: which draws the judge lets pass, with the verdict TP; None: the paper's, `rules.ThresholdRule()`.
        tries: draws for one place, the first that passes is taken; where none does the real image stays.
        trust: load the folder `generator` wherever it lies, and unchecked. It can run anything: see SECURITY.md.

    Raises `ValueError`, naming the argument, for one that it cannot have.
    """
    # Where tf.data works.
    with tf.device("CPU:0"):
        load = saved_models.Generator if trust else _recorded
        examples = FreshExamples.checked(real, generator, share, judge, rule, tries, seed, load)
    if not 0 <= real_last < 1:
        raise ValueError(f"real_last: found {real_last}, expected 0 or more and below 1")
    if not 0 <= start_step < steps:
        raise ValueError(f"start_step: found {start_step}, expected 0 or more and below steps={steps}")
    examples = examples.until(round((1 - real_last) * steps) * batch_size)
    key = streams.key_of("stream", seed) % 2**31
    return loop.batches(examples, loop.Budget(steps, batch_size, key), start_step)


def _recorded(folder):
    """Returns the generator in a folder that its stage recorded; raises `ValueError` for another one."""
    try:
        saved_models.check_recorded(folder)
    except UserError as error:
        raise ValueError(f"generator: {error}; trust=True loads any, which can run anything") from None
    return saved_models.Generator(folder)


@dataclasses.dataclass(frozen=True, eq=False)
class FreshExamples:
    """Examples as `training.loop.batches` takes them: `images` and `labels`, a `share` replaced by new draws.

    `generator(labels, seeds)` and `accept(labels, images)`, bool (N,), work on tensors; `accept` None takes every draw.
    Places from the example `end` on, counted through the whole training, are real (None: none is).
    """

    # On GPUs in the step: see `loop.run`.
    drawn = True

    images: np.ndarray
    labels: np.ndarray
    generator: Generator
    share: float
    accept: Generator | None = None
    tries: int = 1
    seed: int = 0
    end: int | None = None
    judge: Callable[[tf.Tensor], tf.Tensor] | None = None
    # The label of a draw: its class, the judge's probabilities, or none; and the weight of its loss, a real one's is 1.
    targets: Literal["class", "judge", "none"] = "class"
    weight: float | None = None

    @classmethod
    def checked(cls, real, generator, share, judge=None, rule=None, tries=4, seed=0, load=saved_models.load_folder):
        """Returns the examples of arguments as `stream` takes them; raises `ValueError` as it does.

        `load(folder)` returns the `saved_models.Generator` of a path, which is one of this run where nothing is said.
        """
        images, labels = np.asarray(real[0]), labelled.ints("real", real[1]).astype(np.int32)
        if images.dtype != np.uint8 or images.ndim != 4 or len(images) != len(labels) or not len(images):
            raise ValueError(
                f"real: found images {images.dtype} {images.shape} and {len(labels)} labels, expected uint8 "
                "(N, H, W, C) and N labels, one or more"
            )
        if not 0 < share <= 1:
            raise ValueError(f"share: found {share}, expected above 0 and up to 1")
        if tries < 1:
            raise ValueError(f"tries: found {tries}, expected 1 or more")
        if judge is None and rule is not None:
            raise ValueError("rule: found one and no judge, expected a judge whose probabilities it reads")
        if isinstance(generator, str | os.PathLike):
            generator = load(pathlib.Path(generator)).draw
        first = tf.constant(labels[:1], tf.int64)
        made = generator(first, tf.zeros([1], tf.int64))
        if made.dtype != tf.uint8 or tuple(made.shape[1:]) != images.shape[1:]:
            raise ValueError(
                f"generator: found images {made.dtype.name} {tuple(made.shape[1:])}, expected uint8 {images.shape[1:]}"
                ", as the real ones are"
            )
        if judge is None:
            return cls(images, labels, generator, share, None, 1, seed)
        judge = _probabilities(judge, made)
        accept = accepted_by(judge, rule or rules.ThresholdRule())
        return cls(images, labels, generator, share, accept, tries, seed, judge=judge)

    def until(self, end):
        """Returns these examples, all real from the example `end` of the training on."""
        return dataclasses.replace(self, end=end)

    def __len__(self):
        return len(self.images)

    def reader(self):
        """Returns the function (rows, places), int64 (N,) tensors, that returns the examples: images, int32 labels.

        `rows` are those of the real examples, `places` count them through the whole training. With other `targets`
        than the class, labels are float32 (N, classes), of an example without one zeros; with a `weight` a third item
        is the examples' weights, float32 (N,).
        """
        images, labels = tf.constant(self.images), tf.constant(self.labels)
        classes = int(self.labels.max()) + 1
        # A seed of its own for each place and try; another part of the seeds than a pool's for the same seed.
        first = streams.image_seeds(self.seed, streams.key_of("stream"), 0)

        def take(rows, places):
            own, targets = tf.gather(images, rows), tf.gather(labels, rows)
            exact = tf.cast(places, tf.float64)
            fresh = tf.floor((exact + 1) * self.share) > tf.floor(exact * self.share)
            if self.end is not None:
                fresh &= places < self.end
            spots = tf.where(fresh)[:, 0]

            def replaced():
                drawn = self._drawn(
                    tf.gather(own, spots),
                    tf.cast(tf.gather(targets, spots), tf.int64),
                    first + tf.gather(places, spots) * self.tries,
                )
                return tf.tensor_scatter_nd_update(own, spots[:, None], drawn)

            found = tf.cond(tf.size(spots) > 0, replaced, lambda: own)
            # A place where no draw passed is real.
            drawn = tf.reduce_any(found != own, axis=[1, 2, 3])
            if self.targets != "class":
                targets = self._soft(tf.one_hot(targets, classes), found, drawn)
            if self.weight is None:
                return found, targets
            return found, targets, tf.where(drawn, self.weight, 1.0)

        return take

    def _soft(self, targets, images, drawn):
        """Targets float32 (N, classes) with those of the drawn examples as `self.targets` says."""
        if self.targets == "none" or self.judge is None:
            return tf.where(drawn[:, None], 0.0, targets)
        return tf.where(drawn[:, None], tf.ensure_shape(self.judge(images), [None, targets.shape[1]]), targets)

    def _drawn(self, real, labels, seeds):
        """Returns images (N, H, W, C): of each place the first draw that passes, or the real image.

        Drawn again are those alone that have not passed yet.
        """
        found, left = real, tf.range(tf.size(labels))
        for number in range(self.tries):

            def again(found=found, left=left, number=number):
                own = tf.gather(labels, left)
                drawn = self.generator(own, tf.gather(seeds, left) + number)
                drawn = tf.ensure_shape(drawn, [None, *self.images.shape[1:]])
                passed = tf.ones_like(own, tf.bool) if self.accept is None else self.accept(own, drawn)
                places = tf.boolean_mask(left, passed)[:, None]
                now = tf.tensor_scatter_nd_update(found, places, tf.boolean_mask(drawn, passed))
                return now, tf.boolean_mask(left, ~passed)

            found, left = tf.cond(tf.size(left) > 0, again, lambda found=found, left=left: (found, left))
        return found


def _probabilities(judge, images):
    """Returns the judge of `stream` as a function; raises `ValueError` where what it says of `images` are none."""
    if isinstance(judge, str | os.PathLike):
        judge = judges.Judge(pathlib.Path(judge), 1).probabilities
    elif isinstance(judge, classifier.Classifier):
        judge = _softmax_of(judge)
    found = np.asarray(judge(images))
    if found.ndim != 2 or found.min() < 0 or np.abs(found.sum(axis=1) - 1).max() > 1e-3:
        raise ValueError(
            f"judge: found {np.array2string(found[:1], precision=3, threshold=4)} for an image, expected the "
            "probabilities of its classes, which sum to 1: of logits tf.nn.softmax"
        )
    return judge


def _softmax_of(model):
    return lambda images: tf.nn.softmax(model(images, training=False))


def accepted_by(judge, rule):
    """Returns the function (labels int64 (N,), images uint8 (N, H, W, C)) that tells which draws pass, bool (N,).

    `judge(images)` returns probabilities; what passes has the verdict TP of the `rule`.
    """

    def verdicts(labels, images, probabilities):
        values = {"images": images, "probabilities": probabilities}
        passed = np.zeros(len(labels), bool)
        for label in np.unique(labels):
            own = labels == label
            passed[own] = rule.verdicts(int(label), *(values[name][own] for name in rule.fields)) == rules.TP
        return passed

    def accept(labels, images):
        passed = tf.numpy_function(verdicts, [labels, images, judge(images)], tf.bool)
        return tf.ensure_shape(passed, [None])

    return accept

"""The loop that trains every model here: strategy, keyed batches, checkpoints, learning curve.

Artefacts: while it runs, a checkpoint (see `checkpoints`); when done, the model's file, and beside it its learning
curve (see `curves`). The order of examples is a function of (seed, epoch) and every other random number of (seed,
step). So a training that is cut off and resumed ends with the same weights as one that is not.
"""

import dataclasses
import pathlib

import keras
import tensorflow as tf

from tfgan_aug.core import artefacts, memory, optimizers
from tfgan_aug.training import checkpoints, curves

# A second of work for a narrow GAN; means over so many batches are within 1 % of those over ten times as many.
_STATISTICS_BATCHES = 64


@dataclasses.dataclass(frozen=True)
class Budget:
    """How long a training goes on, and with which batches."""

    steps: int
    batch_size: int
    # Of the order of examples.
    seed: int
    # Steps between two checkpoints, and between two lines of the learning curve. Does not change the weights.
    checkpoint_steps: int = 1000

    @classmethod
    def of(cls, section, seed, steps=None):
        """The budget of a config section with these fields; other `steps` where they are given."""
        return cls(section.steps if steps is None else steps, section.batch_size, seed, section.checkpoint_steps)


class Arrays:
    """Examples in memory: a tuple, possibly of tuples, of arrays of the same length."""

    def __init__(self, arrays):
        self.arrays = arrays

    def __len__(self):
        return len(tf.nest.flatten(self.arrays)[0])

    def reader(self):
        """Returns the function (rows, places), int64 (N,) tensors, that returns the examples of these rows."""
        tensors = tf.nest.map_structure(tf.constant, self.arrays)
        return lambda rows, places: tf.nest.map_structure(lambda tensor: tf.gather(tensor, rows), tensors)


def examples_of(arrays):
    """Returns arrays as `Arrays`, and anything that has its methods as it is."""
    return arrays if hasattr(arrays, "reader") else Arrays(arrays)


def batches(arrays, budget, start_step=0, replicas=1, here=slice(None), read=True):
    """A `tf.data.Dataset` of the batches of steps `start_step` to `budget.steps` - 1, each `batch_size` examples.

    `arrays` are `Arrays`, or as they are made of, or anything that has their methods, such as
    `sampling.stream.FreshExamples`. Examples come in a fresh order each epoch, a function of (`budget.seed`, epoch);
    batches run on across the ends of epochs, so that every step has a full one.
    With several `replicas` each batch comes in as many parts, one after the other: those of the replicas in `here`.
    Without `read` it has what the examples' reader takes.
    """
    examples, batch_size = examples_of(arrays), budget.batch_size
    count = len(examples)

    def row(place):
        key = tf.stack([tf.constant(budget.seed, tf.int64), place // count])
        return tf.random.experimental.index_shuffle(place % count, key, tf.constant(count - 1, tf.int64)), place

    places = tf.data.Dataset.range(start_step * batch_size, budget.steps * batch_size)
    chosen = places.map(row).batch(batch_size, drop_remainder=True)
    if replicas > 1:

        def parts(*batch):
            shape = [replicas, batch_size // replicas]
            return tf.data.Dataset.from_tensor_slices(tuple(tf.reshape(each, shape)[here] for each in batch))

        chosen = chosen.flat_map(parts)
    return (chosen.map(examples.reader()) if read else chosen).prefetch(2)


def trained(path, build, arrays, budget, strategy, shown, callbacks=()):
    """The model of `build()`, with the weights in the file `path`; trains it first where that file is missing.

    `path` ends in `.keras`, or in `.weights.h5` for a model that is a part of another. The learning curve is left
    beside it, in `<name of path>.csv`, the checkpoints until it is done in `checkpoints-<name of path>`. `shown` is
    what shows the training, such as `progress.training(name, budget.steps)`: it is entered only if there is one.
    """
    stem = path.name.partition(".")[0]
    with strategy.scope():
        model = build()
    kept = path.with_name(f"checkpoints-{stem}")
    if path.exists():
        with artefacts.loading(path):
            model.load_weights(path)
        checkpoints.discard(kept)
        return model
    with shown as callback:
        curve = path.with_name(f"{stem}.csv")
        fit(model, arrays, budget, kept, callbacks=[callback, *callbacks], curve=curve, strategy=strategy)
    optimizers.average_weights(model)
    if model.optimizer.use_ema and hasattr(model, "renew_statistics"):
        seen = batches(arrays, dataclasses.replace(budget, steps=_STATISTICS_BATCHES))
        model.renew_statistics(batch[-1] for batch in seen)
    if path.suffix == ".keras":
        with artefacts.whole(path) as partial:
            model.save(partial)
    else:
        checkpoints.save_weights(model, path)
    checkpoints.discard(kept)
    return model


def fit(model, arrays, budget, directory, *, callbacks=(), curve=None, strategy=None):
    """Trains `model` until it has made `budget.steps` steps, from the last checkpoint in `directory`.

    A callback that sets `model.stop_training` ends it after the step, as in Keras' own `fit`: with what the end of a
    stretch leaves, and under several workers at the end of a stretch.

    `arrays` as in `batches`. Metrics of every stretch of `checkpoint_steps` steps reach `callbacks` as one epoch, and
    the CSV file `curve` as one line. `strategy` is the one that the model was built under (None: the model knows), or
    a `workers.Chief`. Raises `curves.NonFiniteLoss`.
    """
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    start = checkpoints.restore(model, directory)
    if start >= budget.steps:
        return
    name = f"{directory.parent.name.removesuffix('.partial')}/{directory.name.partition('-')[2] or model.name}"
    # The curve before the checkpoint: a run that is cut off between them writes the line again.
    writers = [
        *([curves.Curve(curve, start)] if curve else []),
        curves.StopOnNonFinite(name),
        checkpoints.Checkpoint(directory),
    ]
    listeners = keras.callbacks.CallbackList([*callbacks, *writers], model=model)
    if hasattr(strategy, "train"):
        strategy.train(model, arrays, budget, start, listeners, directory)
    else:
        run(model, arrays, budget, start, listeners)


def run(model, arrays, budget, start=0, listeners=None, leader=None):
    """Makes steps `start` + 1 to `budget.steps` of `model` under the strategy that it was built under.

    Not Keras' `fit`, which fails under MultiWorkerMirroredStrategy (Keras 3.15: keras#20585). `listeners` is a
    `keras.callbacks.CallbackList`. Where they look at another model of the same kind, `leader`, it gets the weights
    and the optimisers' state before each end of a stretch.
    """
    strategy = model.distribute_strategy or tf.distribute.get_strategy()
    replicas = strategy.num_replicas_in_sync
    # Not earlier: devices and workers have to be set up before TensorFlow runs anything.
    memory.keep_blocks()

    # tf.data works on the CPU alone, and reaches no weights that lie on a GPU: what networks draw is read in the step.
    drawn = getattr(arrays, "drawn", False) and draws_in_step(strategy)
    reader = arrays.reader() if drawn else None

    def pipeline(context):
        here = replicas // context.num_input_pipelines
        mine = slice(context.input_pipeline_id * here, (context.input_pipeline_id + 1) * here)
        return batches(arrays, budget, start_step=start, replicas=replicas, here=mine, read=not drawn)

    listeners = listeners or keras.callbacks.CallbackList()
    step = step_function(model, strategy, reader)
    iterator = iter(strategy.distribute_datasets_from_function(pipeline))
    listened = model if leader is None else leader
    listened.stop_training = False
    listeners.on_train_begin()
    done, alone = start, not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    while done < budget.steps and not _stopped(listened, strategy):
        epoch = done // budget.checkpoint_steps
        listeners.on_epoch_begin(epoch)
        model.reset_metrics()
        while done < min(budget.steps, (epoch + 1) * budget.checkpoint_steps):
            step(next(iterator))
            listeners.on_train_batch_end(done)
            done += 1
            if alone and listened.stop_training:
                break
        # Read by every process: under several workers each result is a sum over all of them.
        logs = {name: float(value) for name, value in model.get_metrics_result().items()}
        if leader is not None:
            checkpoints.copy_state(model, leader)
        listeners.on_epoch_end(epoch, logs)
    listeners.on_train_end()


def _stopped(model, strategy):
    """Whether a callback has stopped the training of `model`, in any of several workers: all of them must agree."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return model.stop_training
    own = tf.constant(int(model.stop_training))
    return int(strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(tf.identity, args=(own,)), axis=None)) > 0


def draws_in_step(strategy):
    """Whether examples that networks draw are read in the training step, on its device: on GPUs."""
    return any("GPU" in device for device in strategy.extended.worker_devices)


def step_function(model, strategy, reader=None):
    """A function (distributed batch) that makes one training step of `model` on every replica.

    With a `reader`, as of `Arrays`, the batch is what that takes.
    """
    if hasattr(model, "step_function"):
        return model.step_function(strategy)

    def train(batch):
        model.train_step(batch if reader is None else reader(*batch))

    def step(batch):
        strategy.run(train, args=(batch,))

    return step if model.run_eagerly else tf.function(step, autograph=False, reduce_retracing=True)

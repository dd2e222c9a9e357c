"""Strategies: the devices of this process that a model trains on, by the names of `--strategy`. Makes no file."""

import functools

import keras
import tensorflow as tf

from tfgan_aug.core.errors import UserError

STRATEGIES = ("auto", "one_device", "mirrored", "multi_worker")


def set_up(seed=0):
    """Makes the run reproducible: seeds every global generator and asks TensorFlow for deterministic operations."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def make_strategy(name):
    """The `tf.distribute.Strategy` of this process with this name; for several processes see `workers.using`.

    `auto` takes all GPUs that there are, else the CPU; `mirrored` takes logical CPUs, too. Raises `UserError` for an
    unknown name and for `mirrored` on a single device.
    """
    if name not in STRATEGIES:
        raise UserError(f"--strategy: found {name!r}, expected one of {', '.join(STRATEGIES)}")
    gpus = tf.config.list_logical_devices("GPU")
    devices = gpus or tf.config.list_logical_devices("CPU")
    if name == "multi_worker":
        raise UserError(f"--strategy: found {name}, expected one of this process; workers.using starts the others")
    if name == "mirrored" and len(devices) < 2:
        raise UserError(f"--strategy=mirrored: found {len(devices)} device ({devices[0].name}), expected two or more")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return _mirrored(tuple(device.name for device in devices))
    return tf.distribute.OneDeviceStrategy(devices[0].name)


@functools.cache
def _mirrored(devices):
    """One strategy for each process: a second one's collectives would take the first one's keys, and both abort."""
    return tf.distribute.MirroredStrategy(devices)


def device_names(strategy):
    """The strategy's devices in a few letters, such as `GPU:0, GPU:1`."""
    names = ", ".join(name.rpartition("device:")[2] for name in strategy.extended.worker_devices)
    replicas, here = strategy.num_replicas_in_sync, len(strategy.extended.worker_devices)
    return names if replicas == here else f"{names} of each of {replicas // here} workers"


def check_batch_sizes(batches, strategy):
    """Raises `UserError`, naming every option, where global batches cannot be shared evenly or exceed their examples.

    `batches` are (option, batch size, examples, the words for these, such as "training images").
    """
    replicas = strategy.num_replicas_in_sync
    found, flags = [], {}
    for option, size, examples, words in batches:
        if size % replicas:
            found.append(f"{option}: found {size}, expected a positive multiple of the {replicas} devices")
        elif size > examples:
            found.append(f"{option}: found {size}, expected at most the {examples} {words}")
        else:
            continue
        # A power of two, as batches mostly are.
        fits = replicas * 2 ** (max(1, min(size, examples) // replicas).bit_length() - 1)
        flags[option] = min(fits, flags.get(option, fits))
    if len(found) > 1:
        options = " ".join(f"{option}={fits}" for option, fits in flags.items())
        raise UserError(f"{'; '.join(found)}: add {options}")
    if found:
        raise UserError(found[0])


def check_batch_size(option, batch_size, strategy, examples):
    """Raises `UserError`, naming `option`, when the global batch cannot be shared evenly or exceeds the examples."""
    replicas = strategy.num_replicas_in_sync
    if batch_size < 1 or batch_size % replicas:
        raise UserError(f"{option}: found {batch_size}, expected a positive multiple of the {replicas} devices")
    if batch_size > examples:
        raise UserError(f"{option}: found {batch_size}, expected at most the {examples} training images")

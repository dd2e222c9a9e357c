"""Random streams: what every random number that reaches a dataset or a weight is keyed by."""

import zlib

import keras
import numpy as np
import tensorflow as tf

# Draws that one key allows before the next key's begin.
_DRAWS_A_KEY = 64


def key_of(*parts):
    """A 32-bit int that is a function of the texts and numbers in `parts`: another stream for other parts."""
    return zlib.crc32("/".join(map(str, parts)).encode())


def image_seeds(seed, label, indices):
    """Seeds int64 (N,) of the images `indices` (ints, (N,)) of class `label`: one random stream an image.

    Different within a class by construction; classes and `seed`s start at independent 64-bit offsets.
    """
    start = np.random.SeedSequence([seed, label]).generate_state(1, np.uint64)
    return (start + np.asarray(indices, np.uint64)).astype(np.int64)


def uniform_latents(seeds, latent_dim):
    """Latents float32 (N, latent_dim), uniform in [-1, 1), row i a function of `seeds[i]` (int64, (N,)) alone.

    Philox, stateless: the same numbers on every device, in any batch, with and without XLA.
    """

    def row(seed):
        return tf.random.stateless_uniform([latent_dim], tf.bitcast(seed, tf.int32), -1.0, 1.0, alg="philox")

    return tf.map_fn(row, tf.cast(seeds, tf.int64), fn_output_signature=tf.TensorSpec([latent_dim], tf.float32))


def rekey(layer, key, counter):
    """Sets every Keras seed generator below `layer` to a function of (`key`, `counter`), both ints or int tensors.

    Keras' own generators count calls and their state is in no checkpoint, so a resumed run would replay old
    dropout masks and augmentations. Called before each step or image, this makes them stateless.
    """
    states = [variable for variable in layer.variables if variable.path.endswith("seed_generator_state")]
    for number, state in enumerate(states):
        first = tf.cast(key, tf.uint32) + tf.constant(number * 0x9E3779B9 % 2**32, tf.uint32)
        second = tf.cast(counter, tf.uint32) * _DRAWS_A_KEY
        state.assign(keras.ops.cast(tf.stack([first, second]), state.dtype))


def replica_rows(draw, local_batch):
    """This replica's rows of `draw(count)`, which gives `count` rows: those of the whole global batch.

    Keyed by the position in the global batch, so the rows are the same however many replicas share it evenly.
    """
    context = tf.distribute.get_replica_context()
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    replica = tf.cast(context.replica_id_in_sync_group, tf.int32) if context else 0
    return draw(local_batch * replicas)[replica * local_batch : (replica + 1) * local_batch]

"""Random streams: what every random number that reaches a dataset or a weight is keyed by.

Makes no file.
"""

import zlib
from collections.abc import Callable

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

# Draws that one key allows before the next key's begin.
_DRAWS_A_KEY = 64
_WORD = 2**32 - 1


def key_of(*parts: object) -> int:
    """A 32-bit int that is a function of the texts and numbers in `parts`: another stream for other parts."""
    return zlib.crc32("/".join(map(str, parts)).encode())


def image_seeds(seed: int, label: int, indices: npt.ArrayLike) -> np.ndarray:
    """Seeds int64 (N,) of the images `indices` (ints, (N,)) of class `label`: one random stream an image.

    Different within a class by construction; classes and `seed`s start at independent 64-bit offsets.
    """
    start = np.random.SeedSequence([seed, label]).generate_state(1, np.uint64)
    return (start + np.asarray(indices, np.uint64)).astype(np.int64)


def uniform_latents(seeds: tf.Tensor, latent_dim: int) -> tf.Tensor:
    """Latents float32 (N, latent_dim), uniform in [-1, 1), row i a function of only `seeds[i]` (int64, (N,)).

    Row i is `tf.random.stateless_uniform([latent_dim], bitcast(seeds[i], int32), -1, 1, alg="philox")`, bit by bit: the
    same numbers on every device, in any batch, with and without XLA. TensorFlow's operation takes one seed at a time,
    which a GPU waits for longer than for the images; here all rows go through Philox together.
    """
    first, second = tf.unstack(tf.cast(tf.bitcast(tf.cast(seeds, tf.int64), tf.int32), tf.int64), axis=1)
    # TensorFlow's key and counter of a seed: two 64-bit numbers, scrambled with a key of its own.
    words = [word & _WORD for word in (first, _upper(first), second, _upper(second))]
    key_0, key_1, high_0, high_1 = _philox(
        words, (tf.constant(0x3EC8F720, tf.int64), tf.constant(0x02461E29, tf.int64))
    )
    places = tf.range(-(-latent_dim // 4), dtype=tf.int64)[None]
    zeros = tf.zeros_like(key_0)[:, None] + 0 * places
    counter = [zeros + places, zeros, zeros + high_0[:, None], zeros + high_1[:, None]]
    drawn = tf.stack(_philox(counter, (key_0[:, None], key_1[:, None])), axis=-1)
    drawn = tf.reshape(drawn, (tf.shape(drawn)[0], 4 * places.shape[1]))[:, :latent_dim]
    # TensorFlow's uniform float: 23 bits behind the binary point.
    return tf.cast(drawn & (2**23 - 1), tf.float32) * 2.0**-22 - 1.0


def below(limits: tf.Tensor, drawn: tf.Tensor) -> tf.Tensor:
    """Ints from 0 to `limits` - 1, all alike, of the type of `limits`, by numbers `drawn`, float32 in [0, 1)."""
    return tf.minimum(tf.cast(drawn * tf.cast(limits, tf.float32), limits.dtype), limits - 1)


def _philox(counter, key):
    """Philox 4x32-10 (Salmon et al., 2011, section 3.3): four 32-bit words of a counter's four and a key's two.

    All are int64 tensors of one shape, of which the upper half is 0.
    """
    x0, x1, x2, x3 = counter
    k0, k1 = key
    for _ in range(10):
        product_0, product_2 = x0 * 0xD2511F53, x2 * 0xCD9E8D57
        x0, x1 = _upper(product_2) & _WORD ^ x1 ^ k0, product_2 & _WORD
        x2, x3 = _upper(product_0) & _WORD ^ x3 ^ k1, product_0 & _WORD
        k0, k1 = (k0 + 0x9E3779B9) & _WORD, (k1 + 0xBB67AE85) & _WORD
    return x0, x1, x2, x3


def _upper(words):
    """The upper 32 bits of int64, with the sign carried on."""
    return tf.bitwise.right_shift(words, tf.constant(32, tf.int64))


def rekey(layer: keras.Layer, key: int | tf.Tensor, counter: int | tf.Tensor) -> None:
    """Sets every Keras seed generator below `layer` to a function of (`key`, `counter`), both ints or int tensors.

    Keras' own generators count calls and their state is in no checkpoint, so a resumed run would replay old
    dropout masks and augmentations. Called before each step or image, this makes them stateless.
    """
    states = [variable for variable in layer.variables if variable.path.endswith("seed_generator_state")]
    for number, state in enumerate(states):
        first = tf.cast(key, tf.uint32) + tf.constant(number * 0x9E3779B9 % 2**32, tf.uint32)
        second = tf.cast(counter, tf.uint32) * _DRAWS_A_KEY
        state.assign(keras.ops.cast(tf.stack([first, second]), state.dtype))


def replica_part(draw: Callable[[tf.Tensor], tf.Tensor], local_batch: int | tf.Tensor) -> tf.Tensor:
    """This replica's part of `draw(count)`, which returns one random number or array for each of `count` examples.

    By position in the global batch: an example gets the same numbers however many replicas share the batch evenly.
    """
    context = tf.distribute.get_replica_context()
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    replica = tf.cast(context.replica_id_in_sync_group, tf.int32) if context else 0
    return draw(local_batch * replicas)[replica * local_batch : (replica + 1) * local_batch]

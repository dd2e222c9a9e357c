"""How this process asks the system for memory. Makes no file."""

import ctypes
import functools
import sys

import tensorflow as tf

# Of glibc's <malloc.h>.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
# The largest that glibc takes for blocks; the most that it keeps at the end of a heap.
_BLOCK, _KEPT = 32 * 2**20, 2**30


@functools.cache
def keep_blocks() -> bool:
    """Lets glibc keep the memory of tensors for the next ones; returns whether that was possible.

    The first GeneratorDataset of a process, which every iterator of a strategy holds, makes TensorFlow 2.21 call
    `mallopt(M_MMAP_THRESHOLD, 128 KiB)` on Python 3.11 and later. Larger tensors are mapped and unmapped at every use
    then, and the kernel, which has to clear their pages, took 40 % of a training's time on two cores.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        return False
    # TensorFlow's call comes once a process: let it come first.
    next(iter(tf.data.Dataset.from_generator(lambda: [0], output_signature=tf.TensorSpec((), tf.int32))))
    return all(mallopt(*option) == 1 for option in ((_M_MMAP_THRESHOLD, _BLOCK), (_M_TRIM_THRESHOLD, _KEPT)))

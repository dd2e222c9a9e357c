"""What all measures of speed use: a speed with its bound, peak memory, a convolution's rate, multiply-adds of a graph.

Makes no file.
"""

import dataclasses
import pathlib
import resource
import sys

import numpy as np
import tensorflow as tf

from tfgan_aug.training import timing


def peak_memory():
    """The most memory, in GiB, that this process has held so far."""
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        # Not getrusage: on Linux a child process starts with its parent's peak.
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**20
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


@dataclasses.dataclass(frozen=True)
class Speed:
    """One measure: `rate` and `bound` in images/s; `bound_name` says what the rate is compared with."""

    name: str
    rate: float
    bound: float
    bound_name: str


def convolution_rate(seconds):
    """Multiply-adds a second of a convolution, 3 x 3 from 128 to 128 channels, 16 x 16 pixels, with its gradients."""
    batch, channels = 64, 128
    x = tf.Variable(tf.zeros((batch, 16, 16, channels)))
    kernel = tf.Variable(tf.zeros((3, 3, channels, channels)))

    def work():
        with tf.GradientTape() as tape:
            y = tf.nn.conv2d(x, kernel, 1, "SAME")
        return tf.add_n([tf.reduce_sum(gradient[:1]) for gradient in tape.gradient(y, [x, kernel])])

    return timing.images_per_second(timing.compiled(work), 3 * batch * 16 * 16 * 9 * channels**2, seconds)


def multiply_adds(graph, batch):
    """Multiply-adds of the convolutions and matrix products that a graph's results need; unknown sizes are `batch`."""

    def size(shape):
        return int(np.prod([batch if side is None else side for side in shape]))

    total, seen, waiting = 0, set(), [*(tensor.op for tensor in graph.outputs), *graph.control_outputs]
    while waiting:
        operation = waiting.pop()
        if operation in seen:
            continue
        seen.add(operation)
        waiting += [tensor.op for tensor in operation.inputs] + list(operation.control_inputs)
        if operation.type == "Conv2D":
            total += size(operation.outputs[0].shape) * size(operation.inputs[1].shape[:3])
        elif operation.type == "Conv2DBackpropInput":
            total += size(operation.inputs[2].shape) * size(operation.inputs[1].shape[:3])
        elif operation.type == "Conv2DBackpropFilter":
            total += size(operation.inputs[2].shape) * size(operation.outputs[0].shape[:3])
        elif operation.type == "MatMul":
            inner = operation.inputs[0].shape[0 if operation.get_attr("transpose_a") else 1]
            total += size(operation.outputs[0].shape) * size([inner])
    return total

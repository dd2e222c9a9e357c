"""Memory of tensors is kept for the next ones: counted in pages that the kernel had to hand out."""

import ctypes
import resource
import sys

import pytest
import tensorflow as tf

from tfgan_aug.core import memory


def pages_handed_out(rounds=100):
    """For the results of so many additions, 2 MiB each: 512 pages, if each is mapped anew."""
    numbers = tf.zeros([2**19])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(rounds):
        tf.add(numbers, 1.0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_tensors_take_the_memory_of_earlier_ones():
    if memory.keep_blocks():
        pages_handed_out(3)
        assert pages_handed_out() < 100 * 512 / 10


def test_the_limits_are_set_after_tensorflow_has_set_its_own(monkeypatch):
    """Whose limit comes with the first GeneratorDataset, once a process. The numbers are those of <malloc.h>."""
    asked, from_generator = [], tf.data.Dataset.from_generator

    class Library:
        @staticmethod
        def mallopt(option, value):
            asked.append((option, value))
            return 1

    def recorded(*arguments, **options):
        asked.append("dataset")
        return from_generator(*arguments, **options)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library)
    monkeypatch.setattr(tf.data.Dataset, "from_generator", recorded)
    assert memory.keep_blocks.__wrapped__()
    assert asked == ["dataset", (-3, 32 * 1024**2), (-1, 1024**3)]
    monkeypatch.setattr(Library, "mallopt", lambda option, value: 0)
    assert not memory.keep_blocks.__wrapped__()


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail("asked for the C library"))
    assert not memory.keep_blocks.__wrapped__()

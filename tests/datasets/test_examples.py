"""The order of examples: balanced in every slice, the same for the same key."""

import itertools

import numpy as np
import pytest

from tfgan_aug.datasets import examples


def letters(counts, key=0):
    return list(examples.interleave([iter([i] * n) for i, n in enumerate(counts)], counts, key))


@pytest.mark.parametrize("classes, count", [*itertools.product((2, 3, 7, 10), (1, 2, 5, 16)), (100, 3)])
def test_any_slice_of_equal_classes_is_balanced_to_within_one(classes, count):
    order = np.eye(classes, dtype=int)[letters([count] * classes)]
    sums = np.concatenate([np.zeros((1, classes), int), order.cumsum(axis=0)])
    for start in range(0, len(order), 1 if len(order) < 60 else 7):
        held = sums[start:] - sums[start]
        assert (held.max(axis=1) - held.min(axis=1)).max() <= 1
    assert sums[-1].tolist() == [count] * classes


def test_any_prefix_of_uneven_classes_holds_their_shares_to_within_one():
    random = np.random.default_rng(0)
    cases = [[1] * 10 + [10], [1] * 60 + [60], [500, *[50] * 9], [100, 100, 50, 50], [0, 3, 0, 8], [7]]
    cases += [random.integers(0, 40, random.integers(2, 12)).tolist() for _ in range(200)]
    for counts in cases:
        order = letters(counts, key=len(counts))
        held = np.eye(len(counts), dtype=int)[order].cumsum(axis=0) if order else np.zeros((0, len(counts)))
        places = np.arange(1, len(order) + 1)[:, None]
        assert len(order) == sum(counts)
        assert np.abs(held - places * np.array(counts) / max(sum(counts), 1)).max(initial=0) < 1


def test_items_of_a_stream_keep_their_order_and_the_key_decides_that_of_streams():
    def items(key):
        return list(
            examples.interleave([zip("aaaaa", range(5), strict=True), zip("bbbbb", range(5), strict=True)], [5, 5], key)
        )

    assert [number for letter, number in items(0) if letter == "b"] == [0, 1, 2, 3, 4]
    orders = {tuple(items(key)) for key in range(20)}
    assert items(0) == items(0) and len(orders) == 2

"""Checks of a field's value: what is possible, and the words for it. Makes no file; configs take them from `fields`."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

# No count, weight or rate of an experiment comes near: more is a slip of the keyboard.
MOST = 100_000_000


@dataclasses.dataclass(frozen=True)
class Check:
    """A check of a field's value: `good(value)`, and what the error says was `expected`.

    Numbers are at most `most`, too. `hint(value)` is what the error adds.
    """

    good: Callable[[Any], bool]
    expected: str
    most: float = MOST
    hint: Callable[[Any], str] = lambda value: ""

    def up_to(self, most: float) -> "Check":
        """Returns this check with another upper bound."""
        return dataclasses.replace(self, most=most)


positive = Check(lambda value: value > 0, "a positive number")
at_least_zero = Check(lambda value: value >= 0, "0 or more")
share = Check(lambda value: 0 <= value < 1, "a number from 0 to below 1")
between_0_and_1 = Check(lambda value: 0 < value < 1, "a number between 0 and 1")
up_to_1 = Check(lambda value: 0 < value <= 1, "a number above 0, up to 1")
amounts = Check(lambda value: value and all(0 <= v < math.inf for v in value), "numbers, 0 or more, such as 0.5,1,2")
seed = Check(lambda value: 0 <= value < 2**31, "0 to 2**31 - 1", most=2**31)
seeds = Check(
    lambda value: value and len(set(value)) == len(value) and all(map(seed.good, value)),
    "distinct seeds, 0 to 2**31 - 1, such as 0,1,2",
    most=2**31,
)


def at_least(least: int, most: float = MOST) -> Check:
    """Returns the check of a number from `least` to `most`."""
    return Check(lambda value: value >= least, f"{least} or more", most)


def nearest_size(size: float) -> int:
    """Returns the image size that is possible and nearest to `size`, the larger one of two."""
    return 16 * int(min(128, max(16, size)) / 16 + 0.5)


image_sizes = Check(
    lambda value: value in range(16, 129, 16),
    "a multiple of 16 from 16 to 128",
    hint=lambda value: f": use {nearest_size(value)}",
)
white_levels = Check(lambda value: 0 <= value < math.inf, "a finite number, 0 or more", most=2**32)

"""The benchmark measures every stage it promises; its figures are not judged here."""

import math

import pytest
import tiny

from tfgan_aug import benchmark, training
from tfgan_aug.errors import UserError

STAGES = [
    "DCGAN training",
    "classifier training",
    "generated",
    "judged",
    "drawn, judged and kept",
    "written",
    "read",
]


def test_every_stage_has_a_rate_and_its_bound():
    config = tiny.config("shapes10")
    rows, memory = benchmark.run(config, 0.01, training.make_strategy("one_device"))
    assert [row.name for row in rows] == STAGES
    assert all(row.rate > 0 for row in rows) and 0.1 < memory < 64
    # A bound for all but reading, which needs a TFDS source to compare with.
    assert [math.isfinite(row.bound) for row in rows] == [True] * 6 + [False]


def test_table_shows_shares_of_the_bounds():
    rows = [benchmark.Row("drawn", 1500.4, 2000.0, "the pass"), benchmark.Row("read", 10.0, float("nan"), "none")]
    assert benchmark.table(rows, 1.26).splitlines()[2:] == [
        "| drawn | 1,500 | 2,000 | 75% | the pass |",
        "| read | 10 | - | - | none |",
        "",
        "Peak memory: 1.3 GiB.",
    ]


def test_rate_is_the_best_of_several_calls(monkeypatch):
    clock = iter([0.0, 2.0, 2.0, 3.0])
    monkeypatch.setattr(benchmark.time, "perf_counter", lambda: next(clock))
    ends = iter([0.0, 0.0, 0.5, 9.0])
    monkeypatch.setattr(benchmark.time, "monotonic", lambda: next(ends))
    calls = []
    # Two timed calls, of 2 s and 1 s for 10 images each, after one that warms up.
    assert benchmark.images_per_second(lambda: calls.append(1), 10, 1.0) == pytest.approx(10.0)
    assert len(calls) == 3


def test_unknown_source_is_refused():
    with pytest.raises(UserError, match="cifar11"):
        benchmark.run(tiny.config("cifar11"), 0.01, training.make_strategy("one_device"))

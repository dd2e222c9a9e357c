"""Pools filled by Beam hold what one process draws, and hardly more; options that Beam refuses."""

import dataclasses

import fakes
import numpy as np
import pytest

from tfgan_aug.core.errors import UserError
from tfgan_aug.sampling import beam, filling, pools, rules

LOCAL = "--runner=DirectRunner"
BLOCK = 7


@pytest.fixture(scope="module")
def runner():
    return beam.Runner(LOCAL)


@pytest.fixture
def fake_networks(monkeypatch):
    monkeypatch.setattr(beam, "_loaded", lambda *networks: (fakes.Generator(), fakes.judge))


def wanted(rule, **options):
    needed = filling.Wanted(np.array([5, 9, 0]), np.array([4, 0, 2]), rule, BLOCK, max_draws=700)
    return dataclasses.replace(needed, **options)


def fill(pool, generator, needed):
    drawer = fakes.drawer(BLOCK, generator)
    return filling.fill(pool, drawer, needed, fakes.NAMES, lambda *numbers: None, allow_shortfall=True)


def selected(pool, rule, needed):
    return [
        [(draw.index, draw.image) for draw in pool.select(rule, label, verdict, getattr(needed, verdict)[label])]
        for label in range(3)
        for verdict in ("tp", "fp")
    ]


# Drawing


@pytest.mark.parametrize(("least", "max_draws"), [(0, 700), (60, 700), (0, 14)])
def test_rounds_draw_what_one_process_needs(tmp_path, runner, fake_networks, least, max_draws):
    rule, notes = rules.ThresholdRule(0.6), []
    needed = wanted(rule, least=least, max_draws=max_draws)
    plain, pool = pools.Pool(tmp_path / "plain"), pools.Pool(tmp_path / "pool")
    expected = fill(plain, fakes.Generator(), needed)
    # Some blocks are there already, one of them with a gap before it.
    for number in (0, 2):
        pool.write(number, *fakes.drawer(BLOCK).draw(1, number))
    runner.fill(pool, (tmp_path, tmp_path), needed, 0, notes.append)
    generator = fakes.Generator()
    drawn = fill(pool, generator, needed)
    # Nothing is left to draw, and nothing is drawn far beyond the need.
    assert generator.calls == []
    np.testing.assert_array_equal(drawn.counts, expected.counts)
    assert selected(pool, rule, needed) == selected(plain, rule, needed)
    drawn_blocks, needed_blocks = (len(list(where.path.rglob("block-*"))) for where in (pool, plain))
    assert needed_blocks <= drawn_blocks <= 2 * needed_blocks + 3
    assert notes[0].startswith("pool, round 1: ") and len(notes) <= 6


def test_each_block_is_counted_once(tmp_path, runner, fake_networks, monkeypatch):
    pool, counted = pools.Pool(tmp_path), []
    codes = pools.Pool.codes
    monkeypatch.setattr(pools.Pool, "codes", lambda *block: counted.append(block[2:]) or codes(*block))
    runner.fill(pool, (tmp_path, tmp_path), wanted(rules.ThresholdRule(0.6)), 0, lambda text: None)
    assert len(counted) == len(set(counted)) > 3


def test_workers_that_do_not_see_the_workdir(tmp_path, runner, monkeypatch):
    monkeypatch.setattr(runner, "run", lambda *arguments: None)
    pool = pools.Pool(tmp_path)
    with pytest.raises(
        UserError, match="^--workdir: workers left no draws in .*, expected a folder that all of them see alike"
    ):
        runner.fill(pool, (tmp_path, tmp_path), wanted(rules.ThresholdRule()), 0, lambda text: None)


def test_a_full_pool_starts_no_pipeline(tmp_path, runner, fake_networks, monkeypatch):
    pool, needed = pools.Pool(tmp_path), wanted(rules.ThresholdRule())
    fill(pool, fakes.Generator(), needed)
    monkeypatch.setattr(runner, "run", None)
    runner.fill(pool, (tmp_path, tmp_path), needed, 0, None)


def test_lacking_by_hand(tmp_path):
    """13 draws of class 0 give 5 TP; for 9 it takes as many again and a bit: blocks 2 and 3 of 7."""
    pool, rule = pools.Pool(tmp_path), rules.ThresholdRule()
    for number in (0, 1):
        pool.write(number, *fakes.drawer(BLOCK).draw(0, number))
    found = len(fakes.accepted(0, "tp", 0.0, 14))
    needed = filling.Wanted([found + 4], [0], rule, BLOCK, max_draws=700)
    blocks = filling.lacking(pool, needed)
    assert blocks == [(0, 2 + ahead) for ahead in range(-(-4 * 14 // (found * BLOCK)))]
    assert filling.lacking(pool, dataclasses.replace(needed, tp=[found])) == []
    assert filling.lacking(pool, dataclasses.replace(needed, max_draws=14)) == []


# Bad input


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("--runner='Direct", '^--beam_options: found "--runner=\'Direct": No closing quotation$'),
        (
            "DirectRunner",
            "^--beam_options: found 'DirectRunner', expected --option=value, several of them with spaces$",
        ),
        (
            "--runner=NoRunner",
            "^--beam_options: found '--runner=NoRunner', which Beam refuses: Unexpected pipeline run",
        ),
        ("--direct_num_workers=two", "which Beam refuses: .*argument --direct_num_workers: invalid int value: 'two'$"),
    ],
)
def test_options_that_beam_refuses(text, message):
    with pytest.raises(UserError, match=message):
        beam.Runner(text)

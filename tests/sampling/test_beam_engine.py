"""Beam pipelines leave what one process leaves: the same draws, the same shards, for any number of workers."""

import dataclasses
import subprocess
import sys

import fakes
import numpy as np
import pytest
import tiny
from jobs import ROOT, command, sums

from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import geometric, subsets
from tfgan_aug.datasets import augmented, examples, records, variants
from tfgan_aug.experiments import main_job
from tfgan_aug.sampling import beam, filling, pools, rules

LOCAL = "--runner=DirectRunner"
PROCESSES = f"{LOCAL} --direct_running_mode=multi_processing --direct_num_workers="
BLOCK = 7


@pytest.fixture(scope="module")
def engine():
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
        [(draw["index"], draw["png"]) for draw in pool.select(rule, label, verdict, getattr(needed, verdict)[label])]
        for label in range(3)
        for verdict in ("tp", "fp")
    ]


# Drawing


@pytest.mark.parametrize(("least", "max_draws"), [(0, 700), (60, 700), (0, 14)])
def test_rounds_draw_what_one_process_needs(tmp_path, engine, fake_networks, least, max_draws):
    rule, notes = rules.Rule(0.6), []
    needed = wanted(rule, least=least, max_draws=max_draws)
    plain, pool = pools.Pool(tmp_path / "plain"), pools.Pool(tmp_path / "pool")
    expected = fill(plain, fakes.Generator(), needed)
    # Some blocks are there already, one of them with a gap before it.
    for number in (0, 2):
        pool.write(number, *fakes.drawer(BLOCK).draw(1, number))
    engine.fill(pool, (tmp_path, tmp_path), needed, 0, notes.append)
    generator = fakes.Generator()
    drawn = fill(pool, generator, needed)
    # Nothing is left to draw, and nothing is drawn far beyond the need.
    assert generator.calls == []
    np.testing.assert_array_equal(drawn.counts, expected.counts)
    assert selected(pool, rule, needed) == selected(plain, rule, needed)
    drawn_blocks, needed_blocks = (len(list(where.path.rglob("block-*"))) for where in (pool, plain))
    assert needed_blocks <= drawn_blocks <= 2 * needed_blocks + 3
    assert notes[0].startswith("pool, round 1: ") and len(notes) <= 6


def test_each_block_is_counted_once(tmp_path, engine, fake_networks, monkeypatch):
    pool, counted = pools.Pool(tmp_path), []
    codes = pools.Pool.codes
    monkeypatch.setattr(pools.Pool, "codes", lambda *block: counted.append(block[2:]) or codes(*block))
    engine.fill(pool, (tmp_path, tmp_path), wanted(rules.Rule(0.6)), 0, lambda text: None)
    assert len(counted) == len(set(counted)) > 3


def test_workers_that_do_not_see_the_workdir(tmp_path, engine, monkeypatch):
    monkeypatch.setattr(engine, "run", lambda build: None)
    pool = pools.Pool(tmp_path)
    with pytest.raises(
        UserError, match="^--workdir: workers left no draws in .*, expected a folder that all of them see alike"
    ):
        engine.fill(pool, (tmp_path, tmp_path), wanted(rules.Rule()), 0, lambda text: None)


def test_a_full_pool_starts_no_pipeline(tmp_path, engine, fake_networks, monkeypatch):
    pool, needed = pools.Pool(tmp_path), wanted(rules.Rule())
    fill(pool, fakes.Generator(), needed)
    monkeypatch.setattr(engine, "run", None)
    engine.fill(pool, (tmp_path, tmp_path), needed, 0, None)


def test_lacking_by_hand(tmp_path):
    """13 draws of class 0 give 5 TP; for 9 it takes as many again and a bit: blocks 2 and 3 of 7."""
    pool, rule = pools.Pool(tmp_path), rules.Rule()
    for number in (0, 1):
        pool.write(number, *fakes.drawer(BLOCK).draw(0, number))
    found = len(fakes.accepted(0, "tp", 0.0, 14))
    needed = filling.Wanted([found + 4], [0], rule, BLOCK, max_draws=700)
    blocks = filling.lacking(pool, needed)
    assert blocks == [(0, 2 + ahead) for ahead in range(-(-4 * 14 // (found * BLOCK)))]
    assert filling.lacking(pool, dataclasses.replace(needed, tp=[found])) == []
    assert filling.lacking(pool, dataclasses.replace(needed, max_draws=14)) == []


# Writing


class Dark:
    """Draws whose first pixel is dark are close to a training image."""

    def __call__(self, images):
        return images[:, 0, 0, 0] < 128


@pytest.mark.parametrize("rule", [rules.Rule(), rules.Screened(rules.Rule(), Dark())])
def test_shards_are_those_of_one_process(tmp_path, engine, monkeypatch, rule):
    monkeypatch.setattr(records, "_PIXEL_BYTES_A_SHARD", 80)
    subset = subsets.Subset(fakes.NAMES, fakes.part(6), fakes.part(4, first=1000))
    pool, quotas = pools.Pool(tmp_path / "pool"), {"tp": np.full(3, 10), "fp": np.full(3, 10)}
    fill(pool, fakes.Generator(), wanted(rule, **quotas))
    monkeypatch.setattr(subsets, "load", lambda path: subset)
    monkeypatch.setattr(geometric, "load", lambda path: 255 - subset.train.images)
    written = []
    for folder, engine_or_none in (("plain", None), ("beam", engine)):
        made, images, source, write_split = subset, [255 - subset.train.images], pool, records.write_split
        if engine_or_none:
            made, images, source, write_split = engine.plan(subset, tmp_path, [tmp_path], pool)
        variant = variants.Variant.parse("dcgan_tp_fp_geo")
        options = {"pool": source, "rule": rule, "quotas": quotas, "seed": 0}
        train, count = examples.training_examples(variant, made, images, **options)
        held_out, _ = examples.held_out_examples(made, "key")
        dataset = augmented.Dataset(tmp_path / folder, "x_gan_aug", variant.name)
        contents = augmented.Contents(train, count, held_out, 12, (2, 2, 1), fakes.NAMES, info={})
        dataset.write(contents, {}, "", write_split)
        written.append(sums(dataset.path))
    assert written[0] == written[1] and len(written[0]) > 10
    assert not list((tmp_path / "beam").glob(".incomplete*"))


# The command


def digests(workdir):
    return {
        str(path.relative_to(workdir)): artefacts.digest(path.read_bytes().hex())
        for path in sorted((workdir / "tensorflow_datasets").rglob("*.tfrecord*"))
    }


def test_the_command_with_several_processes_writes_the_same_datasets(tmp_path):
    shown = []
    for name, options in (("plain", []), ("beam", [f"--beam_options={PROCESSES}2"])):
        words = [*command(tmp_path / name, *options), "--config.samples.max_draws_per_class=8"]
        words.append("--variants=dcgan_tp_fp_geo")
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.returncode == 0, done.stderr
        shown.append(done.stderr)
    assert digests(tmp_path / "plain") == digests(tmp_path / "beam") != {}
    assert "round 1: 10 blocks of 8 images" in shown[1] and "round" not in shown[0]


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


def test_beam_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    monkeypatch.delitem(sys.modules, "tfgan_aug.sampling.beam")
    monkeypatch.delattr("tfgan_aug.sampling.beam")
    message = r"^--beam_options: found no apache_beam, expected it: pip install 'tfgan_aug\[beam\]'$"
    options = main_job.Options(str(tmp_path), beam_options=LOCAL)
    with pytest.raises(UserError, match=message):
        main_job.build_dataset(tiny.config("shapes10"), options)
    assert list(tmp_path.iterdir()) == []

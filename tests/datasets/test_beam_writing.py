"""Datasets written by Beam are those of one process, byte for byte, from plans that cannot run anything."""

import math
import struct

import fakes
import numpy as np
import pytest
from jobs import sums

from tfgan_aug.data import geometric, subsets
from tfgan_aug.datasets import augmented, beam, examples, records, variants
from tfgan_aug.sampling import beam as sampling_beam
from tfgan_aug.sampling import filling, pools, rules


class Dark:
    """Draws whose first pixel is dark are close to a training image."""

    def __call__(self, images):
        return images[:, 0, 0, 0] < 128


@pytest.mark.parametrize("rule", [rules.ThresholdRule(), rules.Screened(rules.ThresholdRule(), Dark())])
def test_shards_are_those_of_one_process(tmp_path, monkeypatch, rule):
    monkeypatch.setattr(records, "_PIXEL_BYTES_A_SHARD", 80)
    subset = subsets.Subset(fakes.NAMES, fakes.part(6), fakes.part(4, first=1000))
    pool, quotas = pools.Pool(tmp_path / "pool"), {"tp": np.full(3, 10), "fp": np.full(3, 10)}
    wanted = filling.Wanted(**quotas, rule=rule, block_size=7, max_draws=700)
    filling.fill(pool, fakes.drawer(7), wanted, fakes.NAMES, lambda *numbers: None)
    monkeypatch.setattr(subsets, "load", lambda path: subset)
    monkeypatch.setattr(geometric, "load", lambda path: 255 - subset.train.images)
    written = []
    for folder in ("plain", "beam"):
        made, images, source, write_split = subset, [255 - subset.train.images], pool, records.write_split
        if folder == "beam":
            runner = sampling_beam.Runner("--runner=DirectRunner")
            made, images, source, write_split = beam.plan(runner, subset, tmp_path, [tmp_path], pool)
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


def test_a_plan_gives_back_what_it_holds(tmp_path):
    """Every type of field: addresses, ids of any letters and line ends, confidences to the bit, none."""
    third = float(np.float32(1 / 3))
    made = [
        examples.example(beam.Addresses("train")[np.int64(3)], 2, 'train/Straße\n花\u2028\U0001f33b"\\', "real"),
        examples.example(beam.Addresses("geometric", 1)[0], 0, "geometric-1/a", "geometric"),
        examples.example(beam.Addresses("pool", 2, 10**6)[99], 1, "dcgan/0002/1", "dcgan", "fp", 1, third),
        examples.example(beam.Addresses("pool", 2, 0)[0], 1, "dcgan/0002/2", "dcgan", "tp", 2, 1e-300),
    ]
    beam.write_plan(tmp_path / "x.jsonl", iter(made))
    found = list(beam.read_plan(tmp_path / "x.jsonl"))
    assert [{**item, "image": tuple(item["image"]), "confidence": 0.0} for item in found] == [
        {**item, "confidence": 0.0} for item in made
    ]
    for item, again in zip(made, found, strict=True):
        assert list(item) == list(again) and [type(again[name]) for name in item if name != "image"] == [
            type(item[name]) for name in item if name != "image"
        ]
        assert struct.pack("d", item["confidence"]) == struct.pack("d", again["confidence"])
    assert math.isnan(found[0]["confidence"]) and len((tmp_path / "x.jsonl").read_text().splitlines()) == len(made)

"""Plans: the digests by which artefacts of earlier versions are found again."""

import dataclasses
import pathlib
import types

import numpy as np
import pytest

from configs import measured
from tfgan_aug.core import fields
from tfgan_aug.data import sources, subsets
from tfgan_aug.datasets import variants
from tfgan_aug.experiments import cells, plans, rows
from tfgan_aug.experiments.run import Run

NAMES = ("real", "geo_x2", "dcgan_tp", "sgan_tp_fp_geo", "dcgan_tp_confident", "sgan_tp_quantile", "dcgan_fp_relabeled")
ROWS = {row.name: row for row in rows.all_rows(("dcgan", "sgan"))}
CELLS = ("real", "flip_crop", "dcgan_tp_soft", "dcgan_tp_weighted")
OTHER = {
    "judge.trained_on": "source_train", "judge.augmentation": "flip,translate", "judge.learning_rate": 0.01,
    "samples.drop_copies": "pixels,features", "samples.margins": "0:0.5", "samples.per_class": 7,
    "dcgan.augmentation": "", "geometric.transforms": "flip,crop", "sgan.stacks": 3,
}  # fmt: skip
# Of the library before it had rooms, but for cells and the leaking judge with what follows from it, which depend on
# pixels since: folders of its runs end in these.
DIGESTS = {
    "default": {
        "judge": ["aea6f4d744406fc9"],
        "geometric": ["35ba7ac388d2d030", "7e8962af0f4dd674"],
        "dcgan": ["8f49c03343be9a54"],
        "sgan": ["7c8d19aca302720a", "f3f9c2115f9ecede", "53f392fb5e8bb544", "266df50bf5b66f3b"],
        "pools": ["aff520105b6d0315", "beeae80c3ecd48d1"],
        "datasets": [
            "ff3be53dd71d0217", "958e42face79bcad", "9c43d13f047c218d", "c8bc33482e87a033", "5ef32569c365481d",
            "355a8b5c3ebb6df9", "48bca1dfe13228e1",
        ],
        "short": ["79ccbd0d83fb37ff"],
        "cells": ["c2aa23b70d855b31", "4133cd76df17f2c0", "c1e4bca9145b2530", "2b81e44e965a1467"],
    },
    "other": {
        "judge": ["2aadf2c8f9fb66ba"],
        "geometric": ["a823391b3b6a715a", "8b3fbcbfd86b3433"],
        "dcgan": ["be16a36b39036c0a"],
        "sgan": ["7c8d19aca302720a", "7a1423886a276a77", "4ce5ca849cfad1a8", "6e4e60ca2cf2fc96", "616895c891165ce0"],
        "pools": ["f71a8b019f2df520", "da535a7a95cf5e27"],
        "datasets": [
            "ff3be53dd71d0217", "88be4eeb2649e5aa", "76c622447dcd9521", "b8002d6249e75632", "14788d4c9d0d3149",
            "5ded1f2acbc7b97e", "5384ba065320bc67",
        ],
        "short": ["c03ab61715d2d04f"],
        "cells": ["c2aa23b70d855b31", "4133cd76df17f2c0", "ca311f70152c8260", "2b81e44e965a1467"],
    },
}  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class KnownRun(Run):
    """A run whose subset and source have digests of their own."""

    subset_stage = types.SimpleNamespace(digest="abc")
    source_digest = "f"


def plan_of(changes):
    """A plan of GAN seed 3: seven variants of 100 images a class in ten classes."""
    config = fields.replaced(measured.get_config(), {"gans": "dcgan,sgan", **changes})
    parts = [
        subsets.Part((), np.arange(count, dtype=np.int32) % 10, np.zeros((count, 32, 32, 3), np.uint8))
        for count in (1000, 200)
    ]
    source = sources.open_configured(config)
    run = KnownRun(config, pathlib.Path("work"), None, source, subsets.Subset(source.class_names, *parts))
    return plans.Plan(run, [variants.Variant.parse(name) for name in NAMES], pathlib.Path("data"), gan_seed=3)


def digests(plan):
    def of(*stages):
        return [stage.digest for stage in stages]

    dataset = types.SimpleNamespace(digest="ds")
    made = [cells.Cell(plan.run, ROWS[name], dataset, 5, 1, plan.judge_stage) for name in CELLS]
    return {
        "judge": of(plan.judge_stage),
        "geometric": of(*plan.geometric_stages),
        **{gan: of(*plan.gan_stages[gan].parts, plan.gan_stages[gan]) for gan in plan.gans},
        "pools": of(*plan.pool_stages.values()),
        "datasets": [plan.request(variant) for variant in plan.variants],
        "short": [plan.request(plan.variants[2], {"tp": np.arange(10)})],
        "cells": of(*(cell.stage() for cell in made)),
    }


@pytest.mark.parametrize(("name", "fields"), [("default", {}), ("other", OTHER)])
def test_artefacts_of_earlier_versions_are_found(name, fields):
    assert digests(plan_of(fields)) == DIGESTS[name]


def test_the_seed_of_the_gans_is_theirs_alone():
    plan = plan_of({})
    assert plan.gan_run.config.seed == 3 and plan.run.config.seed == 0
    other = plans.Plan(plan.run, plan.variants, pathlib.Path("data"), gan_seed=4)
    one, two = digests(plan), digests(other)
    assert {name for name in one if one[name] == two[name]} == {"judge", "geometric", "cells"}
    # Of the datasets, those without a GAN.
    assert [first == second for first, second in zip(one["datasets"], two["datasets"], strict=True)] == [
        not variant.gan for variant in plan.variants
    ]

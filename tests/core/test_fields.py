"""Configs as dataclasses: conversion, checks, freezing, copies, and what enters digests."""

import dataclasses
import json
import math
import subprocess
import sys
from typing import Literal

import pytest

from configs import measured
from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import artefacts, fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.gans.config import DCGANConfig, DCGANOptions


@dataclasses.dataclass(kw_only=True)
class Inner(fields.Section):
    """Of the inside."""

    weight: float = fields.field(0.5, "of a thing", fields.positive)
    pause: int = fields.field(7, "steps between backups", fields.positive, changes_result=False)
    names: tuple[Literal["one", "two"], ...] = fields.field(("one",), "some names")
    share: float = fields.field(0.25, "of a cake")


@dataclasses.dataclass(kw_only=True)
class Outer(fields.Section):
    """Of the outside."""

    count: int = fields.field(3, "how many", fields.at_least_zero)
    limit: float | None = fields.field(None, "at most", fields.at_least_zero)
    kind: Literal["a", "b"] = fields.field("a", "which kind")
    points: tuple[float, ...] = fields.field((0.5, 2), "of a curve", fields.amounts)
    seeds: tuple[int, ...] = fields.field((0, 1), "of everything", fields.seeds)
    brand_new: bool = fields.field(False, "whether as never before", late=True)
    inner: Inner = fields.section(Inner)

    def together(self):
        return "found a kind b without a limit, expected one" if self.kind == "b" and self.limit is None else ""


def refusal(changes):
    with pytest.raises(UserError) as caught:
        fields.check(fields.replaced(Outer(), changes))
    return str(caught.value)


def test_values_become_those_of_their_types():
    made = Outer(limit=2, points=" 1, 0.5,", seeds=[4, 2])
    assert (made.limit, made.points, made.seeds) == (2.0, (1.0, 0.5), (4, 2))
    assert isinstance(made.limit, float) and Outer(points="").points == ()


@pytest.mark.parametrize("value", ["3", 2.5, True, None, (3,)])
def test_a_value_of_another_type_is_refused_where_it_is_set(value):
    with pytest.raises(TypeError, match="^Could not override field 'count': found .*, expected int$"):
        Outer(count=value)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"count": -1}, "--config.count: found -1, expected 0 or more"),
        ({"limit": -0.5}, "--config.limit: found -0.5, expected 0 or more"),
        ({"limit": math.nan}, "--config.limit: found nan, expected 0 or more"),
        ({"inner.weight": math.inf}, "--config.inner.weight: found inf, expected a positive number"),
        ({"kind": "c"}, "--config.kind: found 'c', expected one of a, b"),
        ({"points": "1,x"}, "--config.points: found '1,x', expected numbers, 0 or more, such as 0.5,1,2"),
        ({"points": "1,inf"}, "--config.points: found '1,inf', expected numbers, 0 or more, such as 0.5,1,2"),
        ({"points": ""}, "--config.points: found '', expected numbers, 0 or more, such as 0.5,1,2"),
        ({"seeds": "1,1"}, "--config.seeds: found '1,1', expected distinct seeds, 0 to 2**31 - 1, such as 0,1,2"),
        ({"inner.names": "one,three"}, "--config.inner.names: found 'one,three', expected some of one, two"),
        ({"kind": "b"}, "--config: found a kind b without a limit, expected one"),
    ],
)
def test_values_that_are_refused_when_checked(changes, line):
    assert refusal(changes) == line


NUMBERS = [
    leaf
    for leaf in fields.leaves(ExperimentConfig())
    if leaf.kind.check and leaf.name not in ("image_size", "seed", "classifier.seed")
]
ODD = (-1, 0, math.inf, -math.inf, math.nan, 10**9)
# What 0 means where it is allowed, beside shares and weights of nothing.
ZERO = {
    "train_per_class": "all images",
    "white_level": "all that files can hold",
    "test_per_class": "none held out",
    "dcgan.epochs": "the budget is in steps",
    "dcgan.steps": "the budget is in epochs",
    "sgan.generator_steps": "by the loss",
    "sgan.joint_steps": "the levels as they are",
    "samples.per_class": "as quota says",
    "samples.max_copy_share": "not one near-copy",
    **dict.fromkeys(("samples.threshold", "dcgan.beta_1", "sgan.beta_1", "sgan.dropout", "sgan.joint_dropout"), "none"),
    **{f"sgan.{name}_weight": "no such loss" for name in ("adversarial", "conditional", "entropy", "label", "joint")},
    **dict.fromkeys(("sgan.joint_noise", "table.mixing_weight", "pairs.beta_1", "table.fresh_real_last"), "none"),
    "composer.beta_1": "none",
    "coupled.beta_1": "none",
    **{f"coupled.{name}_weight": "no such loss" for name in ("feature", "entropy")},
    "pairs.divergence_weight": "no such loss",
    **{f"composer.{name}_weight": "no such loss" for name in ("reconstruction", "pyramid", "adversarial")},
    "table.fresh_tries": "the judge is not asked",
    **{f"{name}.consistency": "no such loss" for name in ("judge", "classifier", "metrics", "sgan.encoder")},
    "advice.steps": "the config's own",
    "dcgan.averaging": "not averaged",
    **{f"{name}.averaging": "not averaged" for name in ("judge", "classifier", "metrics", "sgan.encoder")},
    **{
        f"{section}.{name}": "a network that does not learn, or none of it"
        for section in ("judge", "classifier", "metrics", "sgan.encoder")
        for name in ("learning_rate", "weight_decay", "label_smoothing")
    },
    **{f"sweep.{name}": "a point" for name in ("generated", "ratio", "real", "stacks", "threshold", "conditional")},
    **dict.fromkeys(("sweep.budget", "advice.shares"), "refused where the points are made"),
    **{f"{name}seeds": "a seed" for name in ("table.gan_", "table.classifier_", "advice.")},
    "map.subsets": "a seed",
}
# Seeds are the only numbers that may be so large, beside the white of 32 bits.
LARGE = {"white_level", "table.gan_seeds", "table.classifier_seeds", "advice.seeds", "map.subsets"}


def test_the_numbers_of_the_experiment_are_all_found():
    """A number of another type would escape the tests below."""
    leaves = [leaf for leaf in fields.leaves(ExperimentConfig()) if not isinstance(leaf.value, bool)]
    found = {leaf.name for leaf in leaves if isinstance(leaf.value, int | float)}
    free = {"image_size", "channels", "sgan.stacks", "seed", "classifier.seed"}
    assert found - {leaf.name for leaf in NUMBERS} <= free and set(ZERO) <= {leaf.name for leaf in NUMBERS}


@pytest.mark.parametrize("value", ODD, ids=str)
@pytest.mark.parametrize("leaf", NUMBERS, ids=lambda leaf: leaf.name)
def test_odd_numbers_are_refused_in_one_line_or_have_a_meaning(leaf, value):
    """As a value of Python and as text of the command line."""
    name = leaf.name
    allowed = {0: name in ZERO, 10**9: name in LARGE}.get(value, False)

    def as_value(config):
        return fields.replaced(config, {name: (value,) if leaf.kind.many else value})

    def as_text(config):
        fields.set_text(config, name, str(value))
        return config

    for made in (as_value, as_text):
        config = (
            ExperimentConfig(dcgan=DCGANConfig(steps=5, epochs=0)) if name == "dcgan.epochs" else ExperimentConfig()
        )
        try:
            fields.check(made(config))
        except (UserError, TypeError) as error:
            line = str(error)
            assert not allowed, line
            assert line.startswith((f"--config.{name}: found ", "Could not override field ")) and "\n" not in line
            assert ", expected " in line and (isinstance(error, UserError) or made is as_value)
        else:
            assert allowed


@pytest.mark.parametrize("name", ["seed", "classifier.seed"])
def test_seeds_are_31_bits(name):
    for value in (0, 10**9, 2**31 - 1):
        fields.check(fields.replaced(ExperimentConfig(), {name: value}))
    for value in (-1, 2**31, 10**40):
        with pytest.raises(UserError, match=f"^--config.{name}: found {value}, expected 0 to 2\\*\\*31 - 1$"):
            fields.check(fields.replaced(ExperimentConfig(), {name: value}))


@pytest.mark.parametrize(("size", "use"), [(28, 32), (33, 32), (24, 32), (0, 16), (-5, 16), (224, 128)])
def test_an_image_size_that_is_not_possible_names_the_nearest(size, use):
    with pytest.raises(UserError, match=f"found {size}, expected a multiple of 16 from 16 to 128: use {use}$"):
        fields.check(fields.replaced(ExperimentConfig(), {"image_size": size}))


def test_numbers_without_a_check_are_bounded_by_their_type():
    assert refusal({"inner.share": -0.1}) == "--config.inner.share: found -0.1, expected 0 or more"
    assert refusal({"inner.share": 10**400}) == "--config.inner.share: found inf, expected 0 or more"
    assert refusal({"inner.share": 1e9}) == "--config.inner.share: found 1000000000.0, expected at most 100,000,000"
    assert refusal({"points": "1,1e9"}) == "--config.points: found '1,1000000000', expected at most 100,000,000"
    fields.check(fields.replaced(Outer(), {"inner.share": 0}))


def test_a_checked_config_changes_no_more():
    config = Outer()
    config.count = 4
    fields.check(config)
    with pytest.raises(dataclasses.FrozenInstanceError, match="^count: a config no longer changes once it is checked"):
        config.count = 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.inner.weight = 1.0
    assert (config.count, config.inner.weight) == (4, 0.5)


def test_a_copy_is_changed_and_the_original_is_not():
    config = Outer()
    fields.check(config)
    made = fields.replaced(config, {"inner.weight": 2, "count": 1})
    assert (made.inner.weight, made.count, config.inner.weight, config.count) == (2.0, 1, 0.5, 3)
    made.inner.weight = 3
    assert made != config and fields.replaced(config, {}) == config


def test_unknown_fields_name_the_nearest():
    with pytest.raises(AttributeError, match="^Inner has no field 'wieght'; did you mean 'weight'\\?$"):
        fields.replaced(Outer(), {"inner.wieght": 2})


def test_the_text_of_the_command_line():
    config = Outer()
    for name, text in {"count": "5", "limit": "1e-3", "points": "3,4", "inner.names": "two", "kind": "b"}.items():
        fields.set_text(config, name, text)
    assert (config.count, config.limit, config.points, config.inner.names) == (5, 0.001, (3.0, 4.0), ("two",))
    fields.set_text(config, "limit", "None")
    assert config.limit is None
    for name, kind in {"count": "int", "inner.weight": "float"}.items():
        with pytest.raises(UserError, match=f"^--config.{name}: found 'x', expected {kind}$"):
            fields.set_text(config, name, "x")


def test_dictionaries_hold_tuples_as_text_and_digests_no_field_that_changes_nothing():
    config = fields.replaced(Outer(), {"inner.pause": 99, "points": (0.25, 1000)})
    made = fields.to_dict(config)
    assert made["points"] == "0.25,1000"
    assert made["inner"] == {"weight": 0.5, "pause": 99, "names": "one", "share": 0.25}
    known = {name: value for name, value in made.items() if name != "brand_new"}
    assert fields.digest_form(config) == {**known, "inner": {**made["inner"], "pause": 7}}
    assert json.loads(json.dumps(made)) == made


def test_a_late_field_counts_where_it_is_changed():
    config = Outer(brand_new=True)
    assert fields.digest_form(config)["brand_new"] is True and "brand_new" not in fields.digest_form(Outer())
    changes = {
        made.brand_new: {leaf.name: leaf.changes_result for leaf in fields.leaves(made)} for made in (config, Outer())
    }
    assert changes[True]["brand_new"] and not changes[False]["brand_new"]


def test_true_and_false_of_the_command_line():
    config = Outer()
    for text, value in (("true", True), ("False", False)):
        fields.set_text(config, "brand_new", text)
        assert config.brand_new is value
    with pytest.raises(UserError, match="^--config.brand_new: found '1', expected true or false$"):
        fields.set_text(config, "brand_new", "1")
    with pytest.raises(TypeError, match="found 1, expected true or false$"):
        config.brand_new = 1


def test_what_changes_no_result_is_named():
    config = ExperimentConfig()
    # A late section counts once it leaves its defaults.
    config.pairs.width, config.composer.width, config.coupled.width, config.map.subsets = 12, 12, 12, (1,)
    late = {
        f"{prefix}.{own.name}".lstrip(".")
        for prefix, part in fields.sections(config)
        for own in dataclasses.fields(part)
        if own.metadata["late"]
    }
    free = {leaf.name for leaf in fields.leaves(config) if not leaf.changes_result} - late
    sections = ("judge", "dcgan", "sgan", "sgan.encoder", "pairs", "composer", "coupled", "classifier", "metrics")
    assert free == {f"{name}.checkpoint_steps" for name in sections}


@dataclasses.dataclass(kw_only=True)
class Newer(fields.Section):
    """A section that came later."""

    size: int = fields.field(3, "of it")


@dataclasses.dataclass(kw_only=True)
class WithNewer(fields.Section):
    """A config before and after it."""

    seed: int = fields.field(0, "of it")
    newer: Newer = fields.section(Newer, late=True)


def test_a_late_section_is_in_no_digest_at_its_defaults():
    config = WithNewer()
    assert fields.digest_form(config) == {"seed": 0} and fields.digest_form(config.newer) == {"size": 3}
    assert [leaf.name for leaf in fields.leaves(config) if leaf.changes_result] == ["seed"]
    config.newer.size = 4
    assert fields.digest_form(config) == {"seed": 0, "newer": {"size": 4}}
    assert [leaf.name for leaf in fields.leaves(config) if leaf.changes_result] == ["seed", "newer.size"]


def test_the_digest_of_earlier_defaults_is_that_of_earlier_versions():
    """Folders of sweeps are named after it. Where this fails: make the new field or section late."""
    assert artefacts.digest(fields.digest_form(measured.get_config())) == "e7ea50b0600f8f7f"


def test_every_field_has_a_comment_of_one_line_and_a_default_that_passes():
    for leaf in fields.leaves(ExperimentConfig()):
        assert leaf.comment and "\n" not in leaf.comment, leaf.name
    fields.check(ExperimentConfig())


def test_options_of_a_model():
    made = fields.made(DCGANOptions, {"width": 8, "augmentation": "flip"})
    assert (made.width, made.latent_dim, made.augmentation) == (8, 100, ("flip",))
    with pytest.raises(ValueError, match="^widht: no such option; did you mean 'width'\\?$"):
        fields.made(DCGANOptions, {"widht": 8})
    with pytest.raises(ValueError, match="^width: found 0, expected a positive number$"):
        fields.made(DCGANOptions, {"width": 0})
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.width = 9


CONFIGS = """
import sys
import tfgan_aug.classifiers.config, tfgan_aug.data.config, tfgan_aug.gans.config, tfgan_aug.sampling.config
import tfgan_aug.config.files
print(sorted({"tensorflow", "keras", "numpy"} & set(sys.modules)))
"""


def test_configs_import_no_tensorflow():
    done = subprocess.run([sys.executable, "-c", CONFIGS], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("text", ["-1", "inf", "nan", "1e9", "0.5", "2147483648", "1,1", ",", "x"])
def test_seeds_of_a_flag(text):
    with pytest.raises(UserError, match=f"^--seeds: found '{text}', expected distinct seeds, 0 to 2"):
        fields.parse_seeds("--seeds", text)
    assert fields.parse_seeds("--seeds", "0,1000000000") == (0, 10**9)

"""The configs hold what their results were measured with, whatever the library's defaults are by now."""

import pathlib

import pytest

from configs import characters60, measured
from tfgan_aug.config import ExperimentConfig, files
from tfgan_aug.core import artefacts, fields

ROOT = pathlib.Path(__file__).parents[1]
# Of the values of the fields in `measured.MEASURED`. Change one only together with the results in README and docs.
DIGESTS = {
    "characters60": "b7277ca21b472057",
    "cifar10_cpu": "81989dc311e5ddc4",
    "cifar10_paper": "edd92fdc54b523e5",
    "measured": "40ac8d2755c96a42",
    "paper_table": "edd92fdc54b523e5",
    "shapes10": "40ac8d2755c96a42",
    "table_cpu": "d4115f8dcd01c60e",
}


def values(config, names=tuple(measured.MEASURED)):
    return {name: fields.text(fields.get(config, name)) for name in names}


def pinned():
    """The names of the fields that results depend on; late ones, at their defaults, change none."""
    leaves = fields.leaves(ExperimentConfig())
    return {leaf.name for leaf in leaves if leaf.changes_result and leaf.name != "source_data_dir"}


def names_of(path):
    """The names of the fields that the results of a config depend on: those of characters60 on newer ones, too."""
    newer = ("pairs.", "table.fresh_", "table.protocol", "judge.averaging", "classifier.averaging")
    leaves = [leaf.name for leaf in fields.leaves(ExperimentConfig())] if path.stem == "characters60" else []
    found = [name for name in leaves if name.startswith(newer) and not name.endswith("checkpoint_steps")]
    return (*measured.MEASURED, *found)


def test_every_field_is_pinned():
    """Where this fails: add the new field to LATER in configs/measured.py, with the value that means "as before"."""
    assert {*measured.MEASURED, *measured.LATER} == pinned()


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.py")), ids=lambda path: path.stem)
def test_configs_are_what_their_results_were_measured_with(path):
    config = files.load(str(path))
    assert artefacts.digest(values(config, names_of(path))) == DIGESTS[path.stem], (
        "the results of this config are of other values"
    )
    assert values(config, tuple(measured.LATER)) == {name: fields.text(v) for name, v in measured.LATER.items()}


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.py")), ids=lambda path: path.stem)
def test_no_default_reaches_a_config(path, monkeypatch):
    """With every default replaced, a config is the same."""
    names = (*pinned(), *names_of(path))
    expected = values(files.load(str(path)), names)
    for _, part in fields.sections(ExperimentConfig()):
        defaults = dict(type(part).__init__.__kwdefaults__)
        for name, value in defaults.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                defaults[name] = value + 7
        monkeypatch.setattr(type(part).__init__, "__kwdefaults__", defaults)
    assert ExperimentConfig().dcgan.width != measured.MEASURED["dcgan.width"]
    assert values(files.load(str(path)), names) == expected


def test_the_defaults_are_those_that_the_readme_reports():
    """Where this fails: the README's commands name no config, so make its tables again, then change this test."""
    assert values(ExperimentConfig(), tuple(pinned())) == values(characters60.get_config(), tuple(pinned()))

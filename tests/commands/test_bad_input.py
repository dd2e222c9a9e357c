"""Bad input, as a table: exit code 2, one line on stderr that names the option or the file, and nothing left behind."""

import re
import sys

import bad_input
import pytest

# Its cases write prepared sets as those tests do.
sys.path.append(str(bad_input.ROOT / "tests" / "data"))

import bad_files
import bad_options

from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import fields
from tfgan_aug.experiments import run

CASES = [*bad_options.CASES, *bad_files.CASES]
FEWEST = 150


@pytest.fixture(autouse=True)
def _no_work(monkeypatch):
    """A situation that is not refused ends here, and not after a training."""

    def reached(self):
        raise AssertionError("nothing was refused")

    monkeypatch.setattr(run.Run, "write_subset", reached)


def test_the_table_is_long_and_its_names_differ():
    page = (bad_input.ROOT / "docs" / "cases.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"a table of (\d+) situations", page)
    assert FEWEST <= int(said) == len(CASES)
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_refused_in_one_line(case, refused, tmp_path, monkeypatch):
    arguments = case.make(bad_input.Place(tmp_path, monkeypatch))
    line = refused(*arguments, tool=case.tool)
    for words in case.words:
        assert words.format(path=tmp_path) in line
    assert re.search(r"--?\w|/|found '", line) and len(line) <= 2_100 and line.isprintable()


# Every field

ANY = ("source", "source_data_dir", "csv_columns", "rare_class", "table.rows", "metrics.inception", "map.sources")
# Looked up once the source is open.
LATE = ("resize_filter", "builder", "augmentation", "transforms", "rows")


def wrong_values(leaf):
    """Values that no field of that type can have, whatever its check."""
    kind = leaf.kind
    if kind.choices:
        return ["no_such_choice", "-7", "nan"]
    if kind.base is bool:
        return ["2", "yes", "", "nan"]
    if kind.base in (int, float):
        few = ["a", "nan", "-7", "inf", "1e30", "9" * 3000, "0x10", "None" if not kind.optional else "none"]
        return [f"1,{value}" for value in few] if kind.many else [*few, ""]
    return []


@pytest.mark.parametrize("leaf", [*fields.leaves(ExperimentConfig())], ids=lambda leaf: leaf.name)
def test_no_field_takes_what_its_type_has_not(leaf, refused):
    values = wrong_values(leaf)
    assert values or leaf.name in ANY or leaf.name.rpartition(".")[2] in (*LATE, "recipe", "margins", "gans", "sources")
    for value in values:
        assert refused(f"--config.{leaf.name}={value}").startswith(f"--config.{leaf.name}: found ")

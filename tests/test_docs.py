"""README and docs name only what exists: modules, files, flags, config fields, links; the README stays short."""

import pathlib
import pkgutil
import re

import pytest
from test_walls import WALLS

from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import fields

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
# Options of pytest and of TensorBoard. Those of Beam stand in quotes, where they are not looked for.
FOREIGN = {"dist", "logdir"}


def missing_names(text):
    """Dotted names of the library that lead nowhere."""
    for name in set(re.findall(r"tfgan_aug(?:\.\w+)+", text)):
        try:
            pkgutil.resolve_name(name)
        except (ImportError, AttributeError):
            yield name


def missing_paths(text):
    """Paths of the repository in code marks that are not there."""
    rooms = tuple(f"{room}/" for room in WALLS)
    for path in set(re.findall(r"`((?:[\w.]+/)+[\w.]+\.(?:py|md|png|cfg))`", text)):
        at = ROOT / "tfgan_aug" if path.startswith(rooms) else ROOT
        if (
            path.startswith(("tfgan_aug/", "tests/", "tools/", "configs/", "docs/", *rooms))
            and not (at / path).exists()
        ):
            yield path
    for path in set(re.findall(r"--config=([\w/]+\.py)", text)):
        if not (ROOT / path).exists():
            yield path


def missing_links(page, text):
    """Relative links to files or headings that are not there."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for target, _, heading in re.findall(r"\]\(((?!https?:)[^)#]*)(#([^)]*))?\)", text):
        file = page.parent / target if target else page
        if not file.exists():
            yield target
        elif heading and heading not in headings(file.read_text(encoding="utf-8")):
            yield f"{target}#{heading}"


def headings(text):
    """The anchors that GitHub makes of a page's headings."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def missing_flags(text, known):
    """Flags and config fields that no command has."""
    config = [leaf.name for leaf in fields.leaves(ExperimentConfig())]
    sections = [prefix for prefix, _ in fields.sections(ExperimentConfig())]
    text = re.sub(r'--beam_options="[^"]*"', "--beam_options", text)
    for name in set(re.findall(r"(?<![\w-])--config\.([\w.]*\w)", text)):
        prefix = name.rpartition(".")[0]
        # FIELD in capitals stands for any field of the section.
        if name not in config and not (name.endswith("FIELD") and prefix in sections):
            yield f"--config.{name}"
    for name in set(re.findall(r"(?<![\w-])--([a-z]\w*)(?![\w.-])", text)):
        if name not in known | FOREIGN | {"help"}:
            yield f"--{name}"


@pytest.fixture(scope="module")
def known_flags():
    """The flags of all commands."""
    files = (ROOT / "tfgan_aug" / "commands").glob("*.py")
    return {name for file in files for name in re.findall(r'DEFINE_\w+\(\s*"(\w+)"', file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_exists(page, known_flags):
    text = page.read_text(encoding="utf-8")
    missing = [*missing_names(text), *missing_paths(text), *missing_links(page, text)]
    assert [*missing, *missing_flags(text, known_flags)] == []


def test_what_does_not_exist_is_found(known_flags):
    """The guards themselves."""
    text = (
        "`tfgan_aug.core.nothing` and `tfgan_aug.core.pixels.nothing`, `tests/test_nothing.py`, `core/nothing.py`, "
        "--config=configs/nothing.py, [a](nothing.md), [b](#nothing), --nothing=1 and --config.dcgan.nothing"
    )
    assert len(list(missing_names(text))) == 2 and len(list(missing_paths(text))) == 3
    assert list(missing_links(ROOT / "README.md", "# Some\n" + text)) == ["nothing.md", "#nothing"]
    assert sorted(missing_flags(text, known_flags)) == ["--config.dcgan.nothing", "--nothing"]


def test_the_readme_takes_five_minutes():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 1500


def test_the_walls_stand_in_the_docs_as_they_are():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE))
    above = []
    for room, allowed in WALLS.items():
        if rows[room].startswith("all of the above"):
            named = set(above) - set(re.findall(r"`(\w+)`", rows[room]))
            # Reports and benchmarks stand beside each other.
            assert allowed == named, room
        else:
            assert allowed == set(re.findall(r"`(\w+)`", rows[room])), room
        above.append(room)

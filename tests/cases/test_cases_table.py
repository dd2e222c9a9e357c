"""docs/cases.md and the tests of this folder: a row for each test, a test for each row."""

import pathlib
import re

HERE = pathlib.Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "cases.md"
FEWEST = 45


def rows():
    """{number: (link, situation, what we do)} of the page, and the number's section, 1 for the first."""
    found, section = {}, 0
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        section += line.startswith("## ")
        if match := re.fullmatch(r"\| (\d+) \| \[[^\]]+\]\((https://[^ )]+)\) \| (.+) \| (.+) \|", line):
            number = int(match[1])
            assert number not in found and number // 100 == section, line
            found[number] = match.groups()[1:]
        else:
            assert not re.match(r"\| *\d", line), f"no row of number, link, situation, what we do: {line}"
    return found


def numbers():
    """Numbers of the rows that a test of this folder is named after."""
    files = sorted(HERE.glob("test_cases_*.py"))
    return [int(name) for file in files for name in re.findall(r"^def test_(\d+)_", file.read_text(), re.MULTILINE)]


def test_each_row_has_its_test_and_each_test_its_row():
    assert sorted(numbers()) == list(rows())
    assert len(rows()) >= FEWEST


def test_no_thread_is_told_twice():
    links = [link for link, *_ in rows().values()]
    assert len(set(links)) == len(links)


def test_the_page_names_the_command_that_runs_it():
    assert "python -m pytest -q tests/cases" in PAGE.read_text(encoding="utf-8")

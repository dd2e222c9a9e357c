"""Prints the lowest version that setup.cfg allows of each package that the library needs, as pip reads them.

    pip install -e '.[test]' -c <(python docs/lowest_versions.py)

installs these versions, to see whether the tests pass with them: see CONTRIBUTING.md.
"""

import configparser
import pathlib
import re
from collections.abc import Iterator

_SETUP = pathlib.Path(__file__).parents[1] / "setup.cfg"


def lowest(text: str) -> Iterator[str]:
    """Yields `package==version` of each requirement in a setup.cfg's text; raises ValueError where one names none."""
    parser = configparser.ConfigParser()
    parser.read_string(text)
    for line in parser["options"]["install_requires"].split("\n"):
        if not line or line.startswith("#"):
            continue
        found = re.fullmatch(r"([\w.-]+)>=([\w.]+)(,.*)?", line)
        if not found:
            raise ValueError(f"setup.cfg, install_requires: found {line!r}, expected such as numpy>=1.26")
        yield f"{found[1]}=={found[2]}"


if __name__ == "__main__":
    print(*lowest(_SETUP.read_text(encoding="utf-8")), sep="\n")

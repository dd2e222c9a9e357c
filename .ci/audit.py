"""Looks the installed packages up among known vulnerabilities, by pip-audit; prints what it finds, and never fails.

`python .ci/audit.py FOLDER` makes a virtual environment for pip-audit in FOLDER, and leaves the one at hand as it is.
What is found lies in packages of others: a warning. Where pip-audit or its data cannot be reached there is a note.
"""

import json
import pathlib
import subprocess
import sys
import venv
from collections.abc import Iterator

_SECONDS = 600


def audit(folder: pathlib.Path) -> Iterator[str]:
    """Yields lines on the packages of this Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    if subprocess.run([python, "-m", "pip", "install", "-q", "pip-audit"], check=False, timeout=_SECONDS).returncode:
        yield "note: pip-audit cannot be installed here, no package was looked up"
        return
    freeze = [sys.executable, "-m", "pip", "freeze", "--exclude-editable"]
    frozen = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout
    listed = folder / "frozen.txt"
    listed.write_text("".join(line + "\n" for line in frozen.splitlines() if "==" in line), encoding="utf-8")
    command = [python, "-m", "pip_audit", "-r", listed, "--no-deps", "--disable-pip", "--progress-spinner=off"]
    # Its exit code is 1 for what it finds and for what it cannot reach, 0 where no package is in its data.
    found = subprocess.run([*command, "--format=json"], check=False, capture_output=True, text=True, timeout=_SECONDS)
    yield from words(found.stdout)


def words(text: str) -> Iterator[str]:
    """Yields lines on what pip-audit printed, its JSON or nothing."""
    try:
        packages = json.loads(text)["dependencies"]
    except (ValueError, KeyError):
        yield "note: pip-audit cannot reach its data here, no package was looked up"
        return
    for package in packages:
        for found in package.get("vulns", ()):
            fixed = ", ".join(found["fix_versions"]) or "no version yet"
            yield f"warning: {package['name']} {package['version']} has {found['id']}, fixed in {fixed}"
    known = sum("vulns" in package for package in packages)
    note = "" if known == len(packages) else "note: "
    yield f"{note}pip-audit knows {known} of {len(packages)} installed packages"


if __name__ == "__main__":
    try:
        for line in audit(pathlib.Path(sys.argv[1])):
            print(line)
    except subprocess.TimeoutExpired:
        print("note: pip-audit got no answer, not every package was looked up")

"""What SECURITY.md promises of the code itself; the command on vulnerabilities, and that on lowest versions."""

import ast
import importlib.util
import json
import re

import pytest
from test_walls import FILES, ROOT, imported, parsed

_PICKLES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
# What these arguments have to be where they are given.
_SAFE = {"allow_pickle": "False", "safe_mode": "True"}


def runs_anything(path):
    """What a file has that may run what it reads: modules that unpickle, Keras' safe mode off, SavedModels, eval."""
    yield from sorted({name.split(".")[0] for name in imported(path)} & _PICKLES)
    for node in ast.walk(parsed(path)):
        name = getattr(node, "attr", "") or getattr(node, "id", "")
        if name in ("read_pickle", "enable_unsafe_deserialization", "eval", "exec"):
            yield name
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("saved_model.load"):
            yield "saved_model.load"
        if isinstance(node, ast.keyword) and ast.unparse(node.value) != _SAFE.get(node.arg, ast.unparse(node.value)):
            yield node.arg


def test_nothing_read_is_run_but_savedmodels_in_one_place():
    found = {path.name: list(runs_anything(path)) for path in FILES}
    assert {name: what for name, what in found.items() if what} == {"saved_models.py": ["saved_model.load"]}


def test_what_runs_anything_is_found(tmp_path):
    """The guard itself."""
    lines = [
        "import shelve",
        "from pickle import loads",
        "np.load(a, allow_pickle=False)",
        "np.load(a, allow_pickle=b)",
    ]
    lines += ["load_model(a, safe_mode=True)", "load_model(a, safe_mode=False)", "tf.saved_model.load(a)", "eval(a)"]
    (tmp_path / "bad.py").write_text("\n".join(lines))
    found = list(runs_anything(tmp_path / "bad.py"))
    assert found[:2] == ["pickle", "shelve"]
    assert sorted(found[2:]) == ["allow_pickle", "eval", "safe_mode", "saved_model.load"]


def script(path):
    """The module in a file that lies in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("packages", "lines"),
    [
        (None, ["note: pip-audit cannot reach its data here, no package was looked up"]),
        (
            [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "Dependency not found"}],
            ["note: pip-audit knows 1 of 2 installed packages"],
        ),
        (
            [
                {
                    "name": "a",
                    "version": "1",
                    "vulns": [{"id": "X-1", "fix_versions": ["2", "3"]}, {"id": "Y", "fix_versions": []}],
                }
            ],
            [
                "warning: a 1 has X-1, fixed in 2, 3",
                "warning: a 1 has Y, fixed in no version yet",
                "pip-audit knows 1 of 1 installed packages",
            ],
        ),
    ],
)
def test_what_pip_audit_finds_in_words(packages, lines):
    text = "" if packages is None else json.dumps({"dependencies": packages, "fixes": []})
    assert list(script(ROOT / ".ci" / "audit.py").words(text)) == lines


def test_every_dependency_names_its_lowest_version():
    module = script(ROOT / "docs" / "lowest_versions.py")
    lines = list(module.lowest((ROOT / "setup.cfg").read_text(encoding="utf-8")))
    assert len(lines) > 10 and all(re.fullmatch(r"[\w.-]+==\d[\d.]*", line) for line in lines)
    assert list(module.lowest("[options]\ninstall_requires =\n    # why\n    a-b>=1.2,<2\n")) == ["a-b==1.2"]
    with pytest.raises(ValueError, match="^setup.cfg, install_requires: found 'numpy', expected such as numpy>=1.26"):
        list(module.lowest("[options]\ninstall_requires =\n    numpy\n"))

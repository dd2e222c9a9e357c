"""Walls between the rooms; test images have three readers, grey levels one place; importing has no effect."""

import ast
import functools
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "tfgan_aug"

# {room: the rooms that it may import}. Within a room files may import each other, without circles.
LOWER = {"core", "evaluation", "data", "classifiers", "gans", "training", "sampling", "datasets", "config"}
WALLS = {
    "core": set(),
    "evaluation": {"core"},
    "data": {"core"},
    "classifiers": {"core", "data"},
    "gans": {"core", "classifiers"},
    "training": {"core", "evaluation"},
    "sampling": {"core", "evaluation", "classifiers", "training"},
    "datasets": {"core", "data", "sampling"},
    "config": {"core", "data", "classifiers", "gans", "sampling"},
    "experiments": LOWER,
    "reports": LOWER | {"experiments"},
    "benchmarks": LOWER | {"experiments"},
    "commands": LOWER | {"experiments", "reports", "benchmarks"},
}

FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}


@functools.cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path):
    """The dotted names that a file imports, inside functions too: module, or module and name."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(path):
    """The modules of this library that a file imports."""
    for name in imported(path):
        if name.split(".")[0] == "tfgan_aug" and name != "tfgan_aug.__version__":
            module = name if name in MODULES else name.rpartition(".")[0]
            assert module in MODULES, f"{path}: {name} is no module of the library"
            yield module


def room_of(module):
    return module.split(".")[1] if "." in module else ""


def broken_walls(edges):
    """Lines that name both files of each import that crosses a wall; `edges` are pairs of modules."""
    return [
        f"{source} imports {target}: {room_of(source)} may import {', '.join(sorted(WALLS[room_of(source)])) or 'none'}"
        for source, target in edges
        if room_of(source) != room_of(target) and room_of(target) not in WALLS[room_of(source)]
    ]


def edges():
    return [(name, target) for name, path in MODULES.items() if room_of(name) for target in own_imports(path)]


def test_walls_hold():
    assert broken_walls(edges()) == []


def test_a_broken_wall_names_both_files():
    (line,) = broken_walls([("tfgan_aug.core.pixels", "tfgan_aug.gans.dcgan")])
    assert line == "tfgan_aug.core.pixels imports tfgan_aug.gans.dcgan: core may import none"


def test_every_room_has_its_walls():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == set(WALLS) and [path.name for path in PACKAGE.glob("*.py")] == ["__init__.py"]


def test_there_are_no_circles_between_files():
    waiting = {name: set(own_imports(path)) - {name} for name, path in MODULES.items()}
    while free := {name for name, targets in waiting.items() if not targets & waiting.keys()}:
        for name in free:
            del waiting[name]
    assert waiting == {}


def test_the_parser_sees_imports_inside_functions():
    """The guard itself: sources imports its TFDS half where it is called."""
    assert "tfgan_aug.data.prepared" in set(own_imports(MODULES["tfgan_aug.data.sources"]))


@pytest.mark.parametrize("room", sorted(WALLS))
def test_every_room_says_what_it_is_for(room):
    """What it is for, what it makes, what it may import, where a new thing goes: two to five lines."""
    text = ast.get_docstring(parsed(PACKAGE / room / "__init__.py"))
    assert 2 <= len(text.splitlines()) <= 5 and "import" in text.lower()


@pytest.mark.parametrize("room", sorted(WALLS))
def test_the_library_imports_neither_tools_nor_configs(room):
    for path in (PACKAGE / room).glob("*.py"):
        assert not {name.split(".")[0] for name in imported(path)} & {"tools", "configs", "tests"}, path


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.py")), ids=lambda path: path.name)
def test_configs_import_the_config_and_each_other_alone(path):
    assert all(name.startswith(("tfgan_aug.config.", "configs.")) for name in imported(path))


def test_three_files_read_test_images():
    """The overlap checks and the score. Any other reader could let test images into training or selection."""
    readers = set()
    for path in FILES:
        for node in ast.walk(parsed(path)):
            words = {getattr(node, "attr", ""), getattr(node, "id", "")}
            words |= {alias.name for alias in getattr(node, "names", ()) if isinstance(alias, ast.alias)}
            # By another name: getattr(source, "...").
            words |= {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
            if words & {"test_split", "_open_test", "hashed_test"}:
                readers.add(path.stem)
    assert readers == {"sources", "subsets", "cells"}


def test_pixel_arithmetic_has_one_place():
    """uint8 meets [-1, 1] in pixels.py alone, so nothing else knows half of the largest grey level."""
    places = set()
    for path in FILES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value in (127.5, 128.0):
                places.add(path.stem)
    assert places == {"pixels"}


WATCH = """
import os, random, sys, threading
import absl.flags, filelock, jinja2, keras, markdown_it, matplotlib.figure, numpy, PIL.Image, scipy.stats
import tensorflow, tensorflow_datasets, tqdm
from tensorflow_datasets.core import read_only_builder

def watch(event, arguments):
    writes = event == "open" and arguments[1] and set(arguments[1]) & set("wax+")
    if writes or event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "subprocess.Popen", "socket.connect"):
        raise SystemExit(f"importing does {event} {arguments}")

def state():
    draws = random.getstate(), numpy.random.get_state()[1].tobytes(), numpy.random.get_state()[2]
    return draws, dict(os.environ), threading.active_count(), sorted(absl.flags.FLAGS), list(sys.path), os.getcwd()

before = state()
sys.addaudithook(watch)
for name in sys.argv[1:]:
    __import__(name)
    assert state() == before, name
print("done")
"""


def test_importing_has_no_effect(tmp_path):
    """No file, folder, process, thread, flag, environment variable or random number."""
    command = [sys.executable, "-B", "-c", WATCH, *MODULES]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0 and done.stdout == "done\n", done.stderr[-2000:]
    assert list(tmp_path.iterdir()) == []


LIGHT = ("tfgan_aug", "tfgan_aug.config", "tfgan_aug.commands.cli", "tfgan_aug.data.sources")


@pytest.mark.parametrize("name", LIGHT)
def test_help_needs_no_tensorflow(name):
    code = f"import sys, {name}; print(sorted({{'tensorflow', 'keras', 'tensorflow_datasets'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"

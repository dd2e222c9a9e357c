"""Imports go one way, the test images have two readers, pixels one place; importing has no effect."""

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "tfgan_aug"

# Lowest first: a module imports only what stands before it.
ORDER = (
    "errors", "pixels", "streams", "optimizers", "artefacts", "settings", "shapes", "folders", "prepared", "sources",
    "subsets", "geometric", "gans.losses", "gans.diffaugment", "gans.layers", "gans.adversarial", "gans.dcgan",
    "gans.per_class", "gans.levels", "gans.stacked_networks", "gans.stacked", "classifiers", "training", "workers",
    "progress", "inspection", "metrics.distances", "metrics.quality", "metrics.copying", "monitor", "dcgan_stage",
    "stacked_stages", "generators", "judges", "samples", "features", "copies", "verdicts", "variants", "augmented",
    "cards", "beam_engine", "building", "rows", "experiment", "statistics", "report", "speed", "training_speed",
    "data_speed", "benchmark", "pipeline",
    "table", "summaries", "estimates", "table_job", "measures", "measure_job", "relations", "sweeps", "sweep_job",
    "learning_curves", "advice", "advice_job", "page", "image_section", "sections", "cli",
)  # fmt: skip


def name_of(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__init__.py"}
FILES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tools").glob("*.py")])


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
        parts = name.split(".")
        if parts[0] == "tfgan_aug":
            known = [".".join(parts[1:end]) for end in (3, 2) if ".".join(parts[1:end]) in MODULES]
            if known:
                yield known[0]
            else:
                assert name == "tfgan_aug.__version__", f"{path}: {name} is no module of the library"


def test_every_module_has_its_place():
    assert sorted(ORDER) == sorted(MODULES)


@pytest.mark.parametrize("name", ORDER)
def test_imports_go_one_way(name):
    assert set(own_imports(MODULES[name])) <= set(ORDER[: ORDER.index(name)])


def test_the_parser_sees_imports_inside_functions():
    """The guard itself: cli imports pipeline where it is called, and sources its TFDS half."""
    assert "pipeline" in set(own_imports(MODULES["cli"])) and "prepared" in set(own_imports(MODULES["sources"]))


@pytest.mark.parametrize("path", [*MODULES.values(), *PACKAGE.rglob("__init__.py")], ids=lambda path: path.name)
def test_the_library_imports_neither_tools_nor_configs(path):
    assert not {name.split(".")[0] for name in imported(path)} & {"tools", "configs", "tests"}


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.py")), ids=lambda path: path.name)
def test_configs_import_the_settings_alone(path):
    # A config may start from another file of configs/.
    assert set(imported(path)) <= {"tfgan_aug.settings", "pathlib", "runpy"}


def test_two_modules_read_test_images():
    """The writer's overlap check, and the score. Any other reader could let test images into training or selection."""
    readers = set()
    for path in FILES:
        for node in ast.walk(parsed(path)):
            words = {getattr(node, "attr", ""), getattr(node, "id", "")}
            words |= {alias.name for alias in getattr(node, "names", ()) if isinstance(alias, ast.alias)}
            # By another name: getattr(source, "...").
            words |= {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
            if words & {"test_split", "_open_test"}:
                readers.add(path.stem)
    assert readers == {"sources", "subsets", "experiment"}


def test_pixel_arithmetic_has_one_place():
    """uint8 meets [-1, 1] in pixels.py alone, so nothing else knows half of the largest grey level."""
    places = set()
    for path in FILES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value in (127.5, 128.0):
                places.add(path.stem)
    assert places == {"pixels"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_file_is_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350


WATCH = """
import os, random, sys, threading
import absl.flags, keras, matplotlib.figure, ml_collections.config_flags, numpy, PIL.Image, scipy.stats
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
    names = [f"tfgan_aug.{name}" for name in ORDER]
    command = [sys.executable, "-B", "-c", WATCH, *names]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0 and done.stdout == "done\n", done.stderr[-2000:]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["tfgan_aug", "tfgan_aug.settings", "tfgan_aug.cli", "tfgan_aug.sources"])
def test_help_needs_no_tensorflow(name):
    code = f"import sys, {name}; print(sorted({{'tensorflow', 'keras', 'tensorflow_datasets'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"

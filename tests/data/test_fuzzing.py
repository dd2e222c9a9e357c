"""Made-up bytes, tables, overrides and names: each is taken, or refused in one line, and nothing is written.

`INPUTS` says how many of each are tried; they are the same in every run.
"""

import contextlib
import functools
import io
import os
import pathlib
import re
import shutil
import unicodedata

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tfgan_aug.commands import cli, outlets
from tfgan_aug.config import ExperimentConfig, files
from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import arrays, class_names, sources, tables

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "cases.md"
INPUTS = {"images": 1_000, "archives": 500, "tables": 500, "overrides": 1_000, "names": 300}


def inputs(kind):
    """The settings of a test that tries `INPUTS[kind]`."""
    # The folder of a test is used again by each input, which leaves nothing there.
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=INPUTS[kind], derandomize=True, deadline=None, database=None, suppress_health_check=checks
    )


def refusal(work):
    """Runs `work()`; returns the line with which a command refuses it, "" where it was taken.

    No other exception may come of it.
    """
    try:
        work()
    except UserError as error:
        line = outlets.line(str(error))
        assert line and line.isprintable()
        return line
    return ""


def listing(root):
    """Everything below a folder, with the size of files."""
    return sorted((str(path), path.lstat().st_size) for path in root.rglob("*"))


# Bytes of images and archives


@functools.cache
def originals():
    """Valid files to start from, of every format that is read and of several modes."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 9, 4), np.uint8)
    made = []
    for kind, mode, options in (
        ("PNG", "RGB", {}), ("PNG", "RGBA", {}), ("PNG", "P", {}), ("PNG", "I;16", {}), ("PNG", "1", {}),
        ("JPEG", "RGB", {}), ("JPEG", "CMYK", {}), ("JPEG", "L", {"progressive": True}), ("WEBP", "RGB", {}),
        ("WEBP", "RGBA", {"lossless": True}), ("GIF", "P", {}), ("BMP", "RGB", {}), ("BMP", "P", {}),
        ("TIFF", "RGB", {}), ("TIFF", "F", {}), ("TIFF", "L", {"compression": "tiff_lzw"}), ("PPM", "RGB", {}),
    ):  # fmt: skip
        image = Image.fromarray(noise)
        image = image.convert("I").convert(mode) if mode == "I;16" else image.convert("RGB").convert(mode)
        stream = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6
        image.save(stream, kind, **({"exif": exif} if kind in ("PNG", "JPEG", "WEBP") else {}), **options)
        made.append(stream.getvalue())
    return made


# What is done to bytes: at a share of their length, a number of them, these in their place.
CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=4
)  # fmt: skip


def changed(content, changes):
    for place, count, put in changes:
        start = int(place * len(content))
        content = content[:start] + put + content[start + count :]
    return content


def test_the_page_says_how_many():
    text = PAGE.read_text(encoding="utf-8").rpartition("makes input up")[2]
    kinds = ("image files", "archives", "tables", "overrides", "sets of names")
    said = [int(re.search(rf"(\d[\d,]*) {kind}", text)[1].replace(",", "")) for kind in kinds]
    assert said == list(INPUTS.values())


@inputs("images")
@given(which=st.integers(0, 16), changes=CHANGES, cut=st.floats(0.02, 1.5))
def test_bytes_of_images(which, changes, cut, pictures):
    content = changed(originals()[which], changes)
    content = content[: int(cut * len(content))]
    path = pictures / "cat" / "x.png"
    path.write_bytes(content)
    before = listing(pictures)

    def work():
        source = sources.open_source(f"folder:{pictures}", image_size=16)
        images = source.train.images(np.arange(len(source.train)))
        assert images.shape == (len(source.train), 16, 16, 3) and images.dtype == np.uint8

    line = refusal(work)
    assert not line or str(path) in line
    assert listing(pictures) == before


@pytest.fixture
def pictures(tmp_path):
    """A folder of two classes of one image each."""
    for level, name in enumerate(("cat", "dog")):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        Image.new("RGB", (16, 16), (level, 100, 200)).save(tmp_path / "pictures" / name / "a.png")
    return tmp_path / "pictures"


@functools.cache
def archives():
    noise = np.random.default_rng(0).integers(0, 256, (4, 5, 5), np.uint8)
    made = []
    for save in (np.savez, np.savez_compressed):
        for labels in (np.arange(4) % 2, np.array(["a", "b"] * 2), np.eye(2)[[0, 1, 0, 1]]):
            stream = io.BytesIO()
            save(stream, images=noise, labels=labels)
            made.append(stream.getvalue())
    return made


@inputs("archives")
@given(which=st.integers(0, 5), changes=CHANGES)
def test_bytes_of_archives(which, changes, tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(changed(archives()[which], changes))

    def work():
        found = arrays.Arrays(path)
        assert found.images("train").dtype == np.uint8 and len(found.images("train")) == len(found.labels["train"])

    line = refusal(work)
    assert not line or str(path) in line
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.npz"]


# Text of tables

WORDS = ["a.png", "b", "./a.png", "c/d.png", "..\\a.png", "file", "label", "split", "train", "test", "0", "1", "1.0"]
CELLS = st.one_of(
    st.sampled_from(["", *WORDS]), st.text(max_size=6), st.from_regex(r"[+-]?[0-9]{1,400}(\.0*)?", fullmatch=True)
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6)


@inputs("tables")
@given(
    content=st.one_of(
        st.tuples(ROWS, st.sampled_from(",;\t|"), st.sampled_from(("\n", "\r\n", "\r"))).map(
            lambda made: made[2].join(made[1].join(row) for row in made[0])
        ),
        st.text(max_size=60),
    ),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "utf-16-be")),
    columns=st.one_of(st.just(()), st.lists(CELLS, max_size=3).map(tuple)),
    skip=st.booleans(),
)
def test_text_of_tables(content, encoding, columns, skip, grown):
    (grown / "labels.csv").write_bytes(content.encode(encoding, "replace"))
    before = listing(grown)

    def work():
        found, missing = tables.read(grown / "labels.csv", columns, skip)
        assert found.splits["train"] and all(path.exists() for pairs in found.splits.values() for path, _ in pairs)
        class_names.check("csv:x", found.class_names)

    line = refusal(work)
    assert not line or "labels.csv" in line or line.startswith(("--config.csv_columns", "--config.source: 'csv:x'"))
    assert listing(grown) == before


@pytest.fixture
def grown(tmp_path):
    """A folder for a table, with files that it may name."""
    for name in ("a.png", "b.jpg", "c/d.png", "c/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


# Overrides of the config

LEAVES = tuple(leaf.name for leaf in fields.leaves(ExperimentConfig()))
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.from_regex(r"-?[0-9]{0,20}(\.[0-9]{0,5})?(e-?[0-9]{1,4})?", fullmatch=True)
)
SPECIAL = ["", *["None", "true", "False", "nan", "-inf", ",", ":", "0:0.5", "1:-1", "paper", "flip,color"], "9" * 3000]
VALUES = st.one_of(
    NUMBERS.map(str),
    st.lists(NUMBERS.map(str), max_size=4).map(",".join),
    st.sampled_from(SPECIAL),
    st.text(max_size=12),
)


@inputs("overrides")
@given(name=st.one_of(st.sampled_from(LEAVES), st.text(alphabet="acdegns._-0", max_size=12)), value=VALUES)
def test_values_of_overrides(name, value):
    config = ExperimentConfig()

    def work():
        ((given, text),) = cli._split([f"--config.{name}={value}"])[1] or [(name, value)]
        files.override(config, given, text, "the built-in config")
        fields.check(config)
        # What is taken comes back the same.
        again = fields.replaced(ExperimentConfig(), {given: fields.text(fields.get(config, given))})
        assert fields.digest_form(again) == fields.digest_form(config)

    line = refusal(work)
    assert not line or line.startswith("--config")


# Names of classes and files

LETTERS = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_characters="/\0"),
        st.sampled_from(("\udcff", "\u0301", "\u200b", "\u00e9", "e", " ", ".", "\n", "\x1b", "\u2028", "0")),
    ),
    min_size=1,
    max_size=9,
)  # fmt: skip


@inputs("names")
@given(classes=st.lists(LETTERS, min_size=2, max_size=3), file=LETTERS)
def test_names_of_classes_and_files(classes, file, tmp_path_factory):
    root = tmp_path_factory.getbasetemp() / "fuzzed"
    with _grown(root, classes, f"{file}.png") as made:
        before = listing(root)

        def work():
            source = sources.open_source(f"folder:{root}", image_size=16)
            # What is taken can be written, and TFDS, which keeps a class on each line, keeps it.
            assert [name.encode() for name in source.train.ids]
            kept = [line.strip() for line in "\n".join(source.class_names).splitlines()]
            assert kept == list(source.class_names)
            assert len({unicodedata.normalize("NFC", name) for name in kept}) == len(kept)

        line = refusal(work)
        assert not line or line.startswith("--config.source: ") or str(root) in line
        assert listing(root) == before and made


@contextlib.contextmanager
def _grown(root, classes, file):
    """Folders of these classes with an image of this name each, and one of a plain name; yields their paths."""
    made = []
    for level, name in enumerate(classes):
        folder = root / name
        with contextlib.suppress(FileExistsError):
            folder.mkdir(parents=True)
        for image in (file, "plain.png"):
            path = folder / image
            Image.new("RGB", (4, 4), (level, len(image), 0)).save(os.fsencode(path), "PNG")
            made.append(path)
    try:
        yield made
    finally:
        shutil.rmtree(os.fsencode(root))

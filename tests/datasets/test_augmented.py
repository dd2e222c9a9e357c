"""Datasets on disk: the same bytes each time, read without the library, verified, whole or not there."""

import dataclasses
import hashlib
import io
import itertools
import json
import re
import subprocess
import sys

import fakes
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from jobs import sums
from PIL import Image

from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import subsets
from tfgan_aug.datasets import augmented, cards, examples, records, variants, verification
from tfgan_aug.sampling import filling, pools, rules

SHAPE = (2, 2, 1)
OWN = 12
INFO = {
    "citation": "@misc{kono, title={GAN images}}",
    "homepage": "https://example.org/",
    "license": "CC0",
}


# Reading back


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """A subset, geometric images of it, and a pool of 10 TP and 10 FP images a class."""
    pool = pools.Pool(tmp_path_factory.mktemp("pool"))
    subset = subsets.Subset(fakes.NAMES, fakes.part(OWN), fakes.part(4, first=1000))
    wanted = filling.Wanted(np.full(3, 10), np.full(3, 10), rules.ThresholdRule(), block_size=9, max_draws=999)
    filling.fill(pool, fakes.drawer(9), wanted, fakes.NAMES, lambda *numbers: None)
    return subset, 255 - subset.train.images, pool


def write(
    data_dir,
    material,
    name="dcgan_tp_geo",
    digest="d1",
    seed=0,
    wrap=lambda train: train,
    provenance=None,
    **changes,
):
    subset, geometric, pool = material
    variant = variants.Variant.parse(name)
    train, count = examples.training_examples(
        variant,
        subset,
        [geometric, geometric // 2],
        pool=pool,
        rule=rules.ThresholdRule(),
        quotas=variant.quotas(np.full(3, 10)) if variant.gan else {},
        seed=seed,
    )
    held_out, _ = examples.held_out_examples(subset, digest)
    dataset = augmented.Dataset(data_dir, "x_gan_aug", name)
    contents = augmented.Contents(wrap(train), count, held_out, 12, SHAPE, fakes.NAMES, INFO)
    provenance = {"digest": digest, "description": "Images.", **(provenance or {})}
    with dataset.changing():
        dataset.write(dataclasses.replace(contents, **changes), provenance, "# A card\n")
    return dataset


@pytest.fixture
def small_shards(monkeypatch):
    # 2 x 2 x 1 pixels: 20 images a shard.
    monkeypatch.setattr(records, "_PIXEL_BYTES_A_SHARD", 80)


def shards(dataset, split="train"):
    return sorted(dataset.path.glob(f"*-{split}.tfrecord-*"))


READER = """
import json, sys
import numpy as np
import tensorflow_datasets as tfds

data_dir, found = sys.argv[1], {}
data, info = tfds.load("x_gan_aug/dcgan_tp_geo", data_dir=data_dir, as_supervised=True, with_info=True)
found["splits"] = {name: split.num_examples for name, split in info.splits.items()}
found["spec"] = [str(part.dtype.name) + str(tuple(part.shape)) for part in data["train"].element_spec]
found["names"], found["keys"] = info.features["label"].names, info.supervised_keys
found["info"] = [info.description, info.citation, info.homepage, info.redistribution_info.license]
found["features"] = {name: np.dtype(part.np_dtype).name for name, part in info.features.items()}
def load(split, **options):
    rows = tfds.load("x_gan_aug/dcgan_tp_geo", data_dir=data_dir, split=split, **options)
    return [(row["id"].decode(), int(row["label"])) for row in tfds.as_numpy(rows)]
found["plain"] = load("train")
found["shuffled"] = load("train", shuffle_files=True)
for split in ("train[:50%]", "train[:37]", "train[25%:75%]", "train[-20:]"):
    found[split] = [label for _, label in load(split)]
found["library"] = "tfgan_aug" in sys.modules
print(json.dumps(found))
"""


def test_a_process_with_tfds_alone_reads_it(tmp_path, material, small_shards):
    dataset = write(tmp_path, material)
    command = [sys.executable, "-c", READER, str(tmp_path)]
    # From another folder: the library is not to be found by accident either.
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["library"] is False
    total = 3 * (OWN + OWN + 10)
    assert found["splits"] == {"train": total, "test": 12} and len(shards(dataset)) == 6
    assert found["spec"] == ["uint8(2, 2, 1)", "int64()"]
    assert found["names"] == list(fakes.NAMES) and found["keys"] == ["image", "label"]
    assert found["info"] == ["Images.", *INFO.values()]
    assert found["features"] == {
        "image": "uint8", "label": "int64", "id": "object", "origin": "object", "verdict": "object",
        "predicted": "int64", "confidence": "float32",
    }  # fmt: skip
    assert len({name for name, _ in found["plain"]}) == total
    assert sorted(found["shuffled"]) == sorted(found["plain"])
    for split, size in (("train[:50%]", 51), ("train[:37]", 37), ("train[25%:75%]", 50), ("train[-20:]", 20)):
        counts = np.bincount(found[split], minlength=3)
        assert counts.sum() == size and counts.max() - counts.min() <= 1, split


def test_plain_tensorflow_reads_the_same_images(tmp_path, material, small_shards):
    dataset = write(tmp_path, material)
    raw = tf.data.TFRecordDataset([str(path) for path in shards(dataset)])
    rows = [tf.io.parse_single_example(record, records.FEATURE_SPEC) for record in raw]
    found = np.stack([tf.io.decode_png(row["image"]).numpy() for row in rows])
    images, labels = dataset.load("train")
    assert np.array_equal(found, images)
    assert [int(row["label"]) for row in rows] == labels.tolist() and labels.dtype == np.int32
    subset, geometric, _ = material
    known = {f"train/{i:04d}": image for i, image in enumerate(subset.train.images)}
    known |= {f"geometric/train/{i:04d}": image for i, image in enumerate(geometric)}
    kinds = set()
    for row, image in zip(rows, found, strict=True):
        name, origin, verdict = (row[key].numpy().decode() for key in ("id", "origin", "verdict"))
        kinds.add((origin, verdict))
        if name in known:
            assert np.array_equal(known[name], image)
            assert int(row["predicted"]) == -1 and np.isnan(row["confidence"].numpy())
        else:
            assert name.startswith(f"dcgan/{int(row['label']):04d}/")
            assert int(row["predicted"]) == int(row["label"]) == fakes.judge(image[None])[0].argmax()
            assert row["confidence"].numpy() == fakes.judge(image[None])[0].max()
    assert kinds == {("real", "none"), ("geometric", "none"), ("dcgan", "tp")}


def test_colour_images_survive(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), np.uint8)
    train = [examples.example(image, i % 2, f"id{i}", "real") for i, image in enumerate(images)]
    contents = augmented.Contents(train, 4, [], 0, (16, 16, 3), ("a", "b"), {"citation": "", "license": ""})
    dataset = augmented.Dataset(tmp_path, "colour_gan_aug", "real")
    dataset.write(contents, {"digest": "d", "description": ""}, "")
    assert np.array_equal(dataset.load("train")[0], images)
    # No held-out images: no empty split.
    assert dataset.splits == ("train",)


def test_same_inputs_same_bytes(tmp_path, material, small_shards):
    first, second = (sums(write(tmp_path / name, material).path) for name in ("a", "b"))
    assert first == second and len(first) > 8
    other = sums(write(tmp_path / "c", material, seed=1).path)
    changed = {name for name in first if first[name] != other[name]}
    assert any("tfrecord" in name for name in changed)


def test_checksums_and_provenance(tmp_path, material):
    dataset = write(tmp_path, material, name="dcgan_tp_fp")
    listed = dict(line.split("  ")[::-1] for line in (dataset.path / "SHA256SUMS").read_text().splitlines())
    found = sums(dataset.path)
    del found["SHA256SUMS"]
    assert listed == found
    provenance = artefacts.read_json(dataset.path / "provenance.json")
    assert provenance["digest"] == dataset.digest == "d1"
    assert provenance["counts"] == {
        "test": {"real/none": [4, 4, 4]},
        # Exactly half of each, for each class.
        "train": {"real/none": [OWN] * 3, "dcgan/tp": [5] * 3, "dcgan/fp": [5] * 3},
    }


# All or nothing


def test_reuse_refusal_and_replacement(tmp_path, material):
    dataset = augmented.Dataset(tmp_path, "x_gan_aug", "dcgan_tp_geo")
    assert dataset.digest is None and dataset.check("d1", overwrite=False) is False
    write(tmp_path, material)
    before = sums(dataset.path)
    assert dataset.check("d1", overwrite=False) is True and dataset.check("d1", overwrite=True) is True
    line = f"--data_dir: {dataset.path} holds a dataset with digest d1, expected digest d2; --overwrite replaces it"
    with pytest.raises(UserError, match=re.escape(line)):
        dataset.check("d2", overwrite=False)
    assert sums(dataset.path) == before
    assert dataset.check("d2", overwrite=True) is False
    write(tmp_path, material, digest="d2", seed=1)
    assert dataset.digest == "d2" and sums(dataset.path) != before
    assert sorted(path.name for path in tmp_path.iterdir()) == [".locks", "x_gan_aug"]


def test_a_folder_of_other_origin_is_in_the_way(tmp_path):
    dataset = augmented.Dataset(tmp_path, "x_gan_aug", "real")
    dataset.path.mkdir(parents=True)
    with pytest.raises(UserError, match="holds a folder that tfgan_aug did not write, expected digest d1; --overwrite"):
        dataset.check("d1", overwrite=False)


def test_failure_in_the_middle_leaves_no_dataset(tmp_path, material, small_shards):
    def failing(train):
        yield from itertools.islice(train, 45)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        write(tmp_path, material, wrap=failing)
    dataset = augmented.Dataset(tmp_path, "x_gan_aug", "dcgan_tp_geo")
    assert dataset.digest is None and not dataset.path.parent.exists()
    write(tmp_path, material)
    assert sums(dataset.path) == sums(write(tmp_path / "other", material).path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".locks", "other", "x_gan_aug"]


def test_failure_keeps_the_dataset_to_be_replaced(tmp_path, material):
    dataset = write(tmp_path, material)
    before = sums(dataset.path)
    with pytest.raises(RuntimeError, match="found 5 examples to write, expected 102"):
        write(tmp_path, material, digest="d2", wrap=lambda train: itertools.islice(train, 5))
    assert sums(dataset.path) == before


def test_verifier_finds_test_images_in_train(tmp_path, material):
    subset = material[0]

    def leaking(train):
        leak = examples.example(subset.held_out.images[3], 0, "train/leak", "real")
        return itertools.chain([leak], itertools.islice(train, 101))

    with pytest.raises(RuntimeError, match="test image train/1003 occurs in train as train/leak"):
        write(tmp_path, material, wrap=leaking)
    assert not (tmp_path / "x_gan_aug").exists()


@pytest.mark.parametrize("kind", ["real", "dcgan"])
def test_verifier_finds_ids_that_come_twice(tmp_path, material, kind):
    def doubled(train):
        train = list(train)
        first = next(example for example in train if example["origin"] == kind)
        return [*train[:-1], dict(first)]

    with pytest.raises(RuntimeError, match=rf"id {'train' if kind == 'real' else kind}/\S+ comes twice in split train"):
        write(tmp_path, material, wrap=doubled)
    assert not (tmp_path / "x_gan_aug").exists()


def test_verifier_counts(tmp_path, material):
    dataset = write(tmp_path, material)
    counts = verification.verify(dataset.path, {"train": 102, "test": 12}, 3)
    assert counts["train"] == {"real/none": [OWN] * 3, "geometric/none": [OWN] * 3, "dcgan/tp": [10] * 3}
    with pytest.raises(RuntimeError, match="split test reads back as 12 examples, expected 13"):
        verification.verify(dataset.path, {"train": 102, "test": 13}, 3)


def test_examples_are_consumed_one_by_one(tmp_path, material, small_shards, monkeypatch):
    """Memory does not grow with the number of images: nothing is read ahead of the writer."""
    read, written, ahead = [0], [0], []
    serialize = records._serialize

    def counted(example):
        ahead.append(read[0] - written[0])
        written[0] += 1
        return serialize(example)

    def watched(train):
        for example in train:
            read[0] += 1
            yield example

    monkeypatch.setattr(records, "_serialize", counted)
    write(tmp_path, material, wrap=watched, held_out=[], held_out_count=0)
    assert len(ahead) == 102 and set(ahead) == {1}


def test_pool_is_read_block_by_block(material, monkeypatch):
    """Each block is opened once, when its first image is asked for."""
    pool, opened = material[2], []
    load = np.load
    monkeypatch.setattr(np, "load", lambda path: opened.append(path.stem) or load(path))
    generated = examples.generated_examples(pool, rules.ThresholdRule(), "dcgan", 0, "tp", 10)
    assert opened == []
    next(generated)
    assert len(opened) <= 2
    assert len(list(generated)) == 9
    assert opened == [f"block-{number:06d}" for number in range(len(opened))] and len(opened) > 2


@pytest.mark.parametrize(
    ("images", "number"), [(0, 1), (5_461, 1), (5_462, 2), (10**6, 184), (10**8, 1024), (10**9, 2862)]
)
def test_number_of_shards(images, number):
    """Of 32 x 32 x 3 pixels: 5,461 images in 16 MiB, 349,525 in a GiB."""
    assert records.shard_count(images * 3072) == number


def test_ids_of_many_draws_rise_as_numbers_do(tmp_path, material):
    """Draw 100,000,000 comes after 99,999,999, although not in the alphabet; in either order each is there once."""

    def generated(*indices):
        images = np.arange(12, dtype=np.uint8).reshape(-1, *SHAPE)
        ids = (f"dcgan/0000/{index:08d}" for index in indices)
        return [
            examples.example(image, 0, name, "dcgan", "tp", 0, 1.0) for image, name in zip(images, ids, strict=False)
        ]

    for number, indices in enumerate([(99_999_999, 100_000_000), (100_000_000, 3)]):
        write(tmp_path / str(number), material, train=generated(*indices), train_count=2, held_out=[], held_out_count=0)
    twice = generated(100_000_000, 3, 100_000_000)
    with pytest.raises(RuntimeError, match="id dcgan/0000/100000000 comes twice"):
        write(tmp_path / "twice", material, train=twice, train_count=3, held_out=[], held_out_count=0)


def test_images_are_stored_as_png(tmp_path, material):
    dataset = write(tmp_path, material, name="real")
    (record,) = tf.data.TFRecordDataset([str(path) for path in shards(dataset)]).take(1)
    encoded = tf.io.parse_single_example(record, records.FEATURE_SPEC)["image"].numpy()
    assert Image.open(io.BytesIO(encoded)).format == "PNG"
    assert tfds.builder_from_directory(str(dataset.path)).info.splits["train"].num_examples == 36


def test_more_examples_than_announced_are_refused(tmp_path, material):
    with pytest.raises(RuntimeError, match="split test: found more than 11 examples to write"):
        write(tmp_path, material, held_out_count=11)
    assert not augmented.Dataset(tmp_path, "x_gan_aug", "dcgan_tp_geo").path.exists()


def test_relabelled_images_bear_the_judges_label(tmp_path, material):
    dataset = write(tmp_path, material, name="dcgan_fp_relabeled")
    labels, names, verdict, predicted = dataset.load("train", "label", "id", "verdict", "predicted")
    generated = verdict == "fp"
    assert generated.sum() == 30
    assert (labels[generated] == predicted[generated]).all()
    intended = np.array([int(name.split("/")[1]) for name in names[generated]])
    assert (labels[generated] != intended).all() and np.bincount(intended).tolist() == [10] * 3
    # The same draws as the variant with intended labels.
    other = write(tmp_path, material, name="dcgan_fp")
    assert set(other.load("train", "id")[0]) == set(names)


def test_two_sets_of_geometric_images(tmp_path, material):
    subset, geometric, _ = material
    dataset = write(tmp_path, material, name="geo_x2")
    images, names, origin = dataset.load("train", "image", "id", "origin")
    by_name = dict(zip(names, images, strict=True))
    assert len(by_name) == 3 * len(subset.train.ids) and (origin == "geometric").sum() == 2 * len(subset.train.ids)
    for i, name in enumerate(subset.train.ids):
        assert np.array_equal(by_name[f"geometric/{name}"], geometric[i])
        assert np.array_equal(by_name[f"geometric-1/{name}"], geometric[i] // 2)


def measured(verdict, difference):
    """What a table found of a dataset whose classifier is right on 80 %, against real images alone."""
    bounds = {"low": difference - 1, "high": difference + 1}
    versus = {"difference": difference, "accuracy": 80 - difference, "verdict": verdict, "scope": "", **bounds}
    return {
        "accuracy": 80.0, "sd": 0.5, "se": 1.2, "total": 1000, "versus": {"real": versus},
        "classes": [{"class": "a|b", "accuracy": 80.0, "real": None}], "gan_seeds": [0], "classifier_seeds": [0, 1],
        "make_minutes": 3.0, "train_minutes": 1.0, "minutes_per_point": None, "cheapest": None,
        "recipe": "best", "steps": 9,
    }  # fmt: skip


def test_what_was_measured_is_written_into_card_and_description(tmp_path, material):
    provenance = {"variant": "dcgan_tp_geo", "pool": "abc", "config": {"source": "x"}}
    dataset = write(tmp_path, material, provenance=provenance)
    before = (dataset.path / "dataset_info.json").read_text()
    for verdict, difference in (("helps", 4.0), ("hurts", -3.0)):
        cards.record(dataset, table=measured(verdict, difference))
    card = (dataset.path / "README.md").read_text()
    assert "* **Worse than the real images alone:** 80.0 % instead of 83.0 %. That is -3.0 points," in card
    assert "Better than" not in card and "| a\\|b | 80.0 | - |" in card and "`python -m tools.measure` measures" in card
    # What was measured by another command stays.
    images = {"images": 7, "reference_note": "", "quantile": 0.01, "quality": [], "copying": {}}
    cards.record(dataset, images=images)
    card = (dataset.path / "README.md").read_text()
    assert "7 generated images, compared with unused images of the source." in card and "Worse than" in card
    builder = tfds.builder_from_directory(str(dataset.path))
    assert builder.info.description == (
        "Images.\n\nMeasured: a classifier trained on this dataset is right on 80.0 % of 1,000 test images. Worse than "
        "the real images alone: 80.0 % instead of 83.0 %, -3.0 points, 95 % interval -4.0 to -2.0. The added images "
        "took 3.0 minutes to make."
    )
    assert (dataset.path / "dataset_info.json").read_text() != before
    for line in (dataset.path / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((dataset.path / name).read_bytes()).hexdigest() == digest
    assert sorted(path.name for path in dataset.path.iterdir()) == sorted(
        ["SHA256SUMS", *(line.split("  ")[1] for line in (dataset.path / "SHA256SUMS").read_text().splitlines())]
    )
    # Still the same dataset.
    assert dataset.check("d1", overwrite=False)

"""tools.verify: what is as it was written passes; each kind of damage is found, named, and said how to mend."""

import json
import pathlib
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
import tiny

from tfgan_aug.commands import run_table, verify
from tfgan_aug.core import artefacts, manifests
from tfgan_aug.core.errors import UserError
from tfgan_aug.datasets import augmented, cards, verification
from tfgan_aug.experiments import findings, main_job, run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workdir of the main job and of a table, with real draws and verdicts; its images."""
    root = tmp_path_factory.mktemp("pictures") / "colours"
    tiny.save_images(root / "train", {"blue": 10, "green": 10, "red": 10})
    tiny.save_images(root / "test", {"blue": 3, "green": 3, "red": 3}, first=50)
    config = tiny.config(f"folder:{root}", table__resamples=1000, samples__max_draws_per_class=24)
    workdir = str(tmp_path_factory.mktemp("audit") / "work")
    options = main_job.Options(workdir, variants="real,geo,dcgan_tp,dcgan_fp", allow_shortfall=True)
    main_job.build_dataset(config, options)
    run_table.run(config, run_table.Options(workdir=workdir, rows="1,2", seeds="0,1"))
    return pathlib.Path(workdir), config


@pytest.fixture
def copy(made, tmp_path):
    """The workdir, to be damaged."""
    shutil.copytree(made[0], tmp_path / "work")
    return tmp_path / "work"


def only(folder, pattern):
    (found,) = folder.glob(pattern)
    return found


def generated(workdir):
    """The version folder of a dataset that holds generated images."""
    found = [path for path in workdir.glob("tensorflow_datasets/*/dcgan_*/1.0.0")]
    assert found
    return found[0]


def test_what_was_written_is_as_recorded(made):
    text, good = verify.run([made[0]])
    assert good and text.startswith("0 problems; as recorded: ")
    datasets = len(list(made[0].glob("tensorflow_datasets/*/*/1.0.0")))
    assert f"{datasets} datasets, {datasets} datasets compared with their workdir" in text and datasets >= 3
    blocks = len(list(made[0].glob("pool-*/class-*/block-*.npz")))
    assert f"{min(8, blocks)} blocks drawn again" in text and blocks > 8
    whole, good = verify.run([made[0]], full=True)
    assert good and f"{blocks} blocks drawn again" in whole


def test_a_dataset_and_a_folder_of_datasets_alone(made, tmp_path):
    data_dir = tmp_path / "delivered"
    shutil.copytree(made[0] / "tensorflow_datasets", data_dir)
    text, good = verify.run([data_dir, data_dir / generated(made[0]).relative_to(made[0] / "tensorflow_datasets")])
    assert good and "compared" not in text


def block(workdir, number):
    return only(workdir, f"pool-*/class-0001/block-{number:06d}.npz")


def test_datasets_of_a_sweep_are_compared_with_the_workdir_above(copy):
    point = copy / "sweeps" / "real" / "0123456789abcdef"
    point.mkdir(parents=True)
    for path in (copy / "tensorflow_datasets", *copy.glob("datasets-*")):
        path.rename(point / path.name)
    assert any(point.glob("datasets-*/stage.json"))
    text, good = verify.run([point])
    count = len(list(point.glob("tensorflow_datasets/*/*/1.0.0")))
    assert good and f"{count} datasets, {count} datasets compared with their workdir" in text


def flipped(path, place=-40):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    return path


def edited(path, **changes):
    artefacts.write_json(path, artefacts.read_json(path) | changes)
    return path


def relisted(path):
    """As someone would who edits a dataset and its checksums with it."""
    verification.write_sums(path.parent)
    return path


def other_names(folder):
    (folder / "label.labels.txt").write_text("blue\ngreen\nyellow\n")
    return relisted(folder / "label.labels.txt")


def rewritten(folder, change):
    """The dataset's train split with `change(feature dict of each example)`, its checksums and sizes made anew."""
    shard = only(folder, "*-train.tfrecord-*")
    records = [tf.train.Example.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(shard))]
    for place, record in enumerate(records):
        change(place, record.features.feature)
    with tf.io.TFRecordWriter(str(shard)) as writer:
        sizes = [writer.write(record.SerializeToString(deterministic=True)) or record.ByteSize() for record in records]
    info = json.loads((folder / "dataset_info.json").read_text())
    split = next(split for split in info["splits"] if split["name"] == "train")
    split["numBytes"] = str(sum(sizes))
    (folder / "dataset_info.json").write_text(json.dumps(info))
    return relisted(shard)


def repeat_the_first_id(folder):
    first = []

    def change(place, feature):
        if feature["origin"].bytes_list.value[0] == b"real":
            first.append(feature["id"].bytes_list.value[0])
            feature["id"].bytes_list.value[0] = first[0]

    return rewritten(folder, change)


def a_test_image_in_train(folder):
    test = next(iter(tf.data.TFRecordDataset(str(only(folder, "*-test.tfrecord-*")))))
    image = tf.train.Example.FromString(test.numpy()).features.feature["image"].bytes_list.value[0]

    def change(place, feature):
        if place == 0:
            feature["image"].bytes_list.value[0] = image

    return rewritten(folder, change)


def another_label(folder):
    """Of the first generated image: its verdict says something else then."""
    changed = []

    def change(place, feature):
        if feature["verdict"].bytes_list.value[0] != b"none" and not changed:
            feature["predicted"].int64_list.value[0] += 1
            changed.append(place)

    found = rewritten(folder, change)
    assert changed
    return found


def black_generated(folder):
    def change(place, feature):
        if feature["verdict"].bytes_list.value[0] != b"none":
            black = tf.io.encode_png(np.zeros((16, 16, 3), np.uint8)).numpy()
            feature["image"].bytes_list.value[0] = black

    return rewritten(folder, change)


def swapped_generator(workdir):
    """Another GAN's files, and a list that fits them: as consistent as a swap can be."""
    stage = only(workdir, "dcgan-*")
    with tf.device("CPU:0"):
        model = tf.saved_model.load(str(stage / "generator"))
        for variable in model.signatures["serving_default"].variables:
            variable.assign(variable + 0.5)
        signatures = {"serving_default": model.signatures["serving_default"]}
        tf.saved_model.save(model, str(stage / "generator"), signatures)
    (stage / "files.json").unlink()
    manifests.write(stage)
    return only(workdir, "pool-*")


DAMAGES = {
    "bit in a shard": (lambda w: flipped(only(generated(w), "*-train.tfrecord-*")), "was changed", "--overwrite"),
    "shard cut": (
        lambda w: (path := only(generated(w), "*-train.tfrecord-*")).write_bytes(path.read_bytes()[:-9]) and path,
        "the shards of split train have ", "--overwrite",
    ),
    "shard gone": (
        lambda w: (path := only(generated(w), "*-test.tfrecord-*")).unlink() or path, "is missing", "--overwrite"
    ),
    "file added": (
        lambda w: (path := generated(w) / "more").write_text("x") and path, "more is not listed in SHA256SUMS",
        "--overwrite",
    ),
    "provenance edited": (
        lambda w: relisted(edited(generated(w) / "provenance.json", counts={"train": {}})),
        "provenance.json does not count what is there", "--overwrite",
    ),
    "card edited": (lambda w: (generated(w) / "README.md").write_text("fine"), "README.md was changed", "--overwrite"),
    "sums damaged": (lambda w: (generated(w) / "SHA256SUMS").write_text("x\n"), "SHA256SUMS cannot be read", ""),
    "class names": (lambda w: other_names(generated(w)), "found the classes blue, green, yellow, expected", ""),
    "id twice": (lambda w: repeat_the_first_id(generated(w)), "comes twice in split train", "--overwrite"),
    "test image": (lambda w: a_test_image_in_train(generated(w)), "occurs in train as", "--overwrite"),
    "verdict": (lambda w: another_label(generated(w)), "contradicts its classes or its confidence", "--overwrite"),
    "generated images": (lambda w: black_generated(generated(w)), "is not the image of that name", "--overwrite"),
    "judge": (lambda w: flipped(only(w, "judge-*/member-0.keras")), "member-0.keras was changed", "remove the folder"),
    "subset's pixels": (lambda w: flipped(only(w, "subset-*/train_images.npy")), "train_images.npy was changed", ""),
    "GAN": (lambda w: flipped(only(w, "dcgan-*/gan.keras")), "gan.keras was changed", "remove the folder"),
    "SavedModel": (
        lambda w: flipped(only(w, "dcgan-*/generator/variables/variables.data*")), "variables.data", "remove the folder"
    ),
    "SavedModel's graph": (lambda w: (only(w, "dcgan-*/generator/saved_model.pb")).unlink(), "is missing", ""),
    "stage.json": (lambda w: edited(only(w, "judge-*/stage.json"), seed=7), "it is not that of judge-", "remove"),
    "stage of no JSON": (lambda w: only(w, "judge-*/stage.json").write_text("{"), "stage.json was changed", "remove"),
    "result.json": (
        lambda w: edited(sorted(w.glob("cell-*/result.json"))[0], steps=3), "result.json was changed", "remove"
    ),
    "hits": (lambda w: flipped(sorted(w.glob("cell-*/hits.npz"))[0]), "hits.npz was changed", "remove the folder"),
    "list of files": (lambda w: only(w, "geometric-*/files.json").write_text("{"), "files.json cannot be read", ""),
    "block": (lambda w: flipped(sorted(w.glob("pool-*/*/block-*.npz"))[0], 200), "it is damaged", "remove the file"),
    "block moved": (lambda w: shutil.copy(block(w, 1), block(w, 0)), "of another place", "remove the file"),
    "block gone": (lambda w: block(w, 0).unlink(), "block 0 of class 1 is missing", "draws it again"),
    "generator swapped": (swapped_generator, "are not those that the generator in dcgan-", "run the command again"),
    "table.json": (lambda w: edited(w / "table.json", steps=7), "it does not say what the cells", "tools.make_report"),
    "cells.json": (lambda w: (w / "cells.json").write_text("["), "cannot be read", "remove it"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_named_and_mended(copy, name):
    damage, words, remedy = DAMAGES[name]
    damage(copy)
    # The part that is damaged: the whole workdir was looked at above.
    kinds = {"stage": "judge-*", "block": "pool-*", "generator": "pool-*", "GAN": "dcgan-*", "SavedModel": "dcgan-*"}
    kinds |= {"judge": "judge-*", "subset": "subset-*", "list": "geometric-*", "result": "cell-*", "hits": "cell-*"}
    kind = re.split(r"[^A-Za-z]", name)[0]
    paths = sorted(copy.glob(kinds[kind])) if kind in kinds else [generated(copy)]
    paths = [copy] if kind in ("table", "cells") else paths
    if kind in ("id", "test"):
        # Where no workdir says which image it should be.
        paths = [shutil.copytree(paths[0], copy.parent / "alone" / "set" / "variant" / "1.0.0")]
    text, good = verify.run(paths)
    lines = text.splitlines()
    assert not good and any(words in line and remedy in line for line in lines), lines
    assert re.search(r"^\d+ problems; as recorded: ", lines[-1])


@pytest.mark.parametrize("name", ["shard gone", "bit in a shard"])
def test_a_damaged_dataset_is_never_reused_and_overwrite_mends_it(made, copy, name):
    DAMAGES[name][0](copy)
    options = {"variants": "real,geo,dcgan_tp,dcgan_fp", "allow_shortfall": True, "verify": True}
    where = f"{generated(copy)}: "
    with pytest.raises(UserError, match=f"(--data_dir|--verify): {where}"):
        main_job.build_dataset(made[1], main_job.Options(str(copy), **options))
    if name == "shard gone":
        main_job.build_dataset(made[1], main_job.Options(str(copy), overwrite=True, **options | {"verify": False}))
        assert verify.run([copy])[1]


def test_verify_compares_checksums_before_work(made, copy):
    flipped(only(copy, "subset-*/train_images.npy"))
    place = run.Place(str(copy), verify=True)
    with (
        pytest.raises(UserError, match=r"^--verify: .*/subset-\w+: train_images.npy was changed; remove the folder"),
        run.open_run(made[1], place),
    ):
        raise AssertionError("reached")


def test_a_pool_alone_whose_judge_is_damaged(copy):
    """It cannot be drawn again: a problem like others, and not the end of the audit."""
    only(copy, "judge-*/member-0.keras").write_bytes(b"")
    text, good = verify.run([only(copy, "pool-*")])
    assert not good and "it cannot be drawn again: " in text and "remove " in text


def test_a_stage_that_was_killed_before_its_renaming_is_no_damage(made, copy):
    stage = only(copy, "judge-*")
    partial = stage.rename(stage.with_name(f"{stage.name}.partial"))
    (partial / "started").touch()
    run.verify(copy)
    text, _ = verify.run([partial])
    assert text == "0 problems; as recorded: 1 unfinished\n"


def test_checksums_are_right_at_every_moment(made, copy, monkeypatch):
    """While what was measured is written, whatever is killed when: each line of SHA256SUMS is true."""
    path = only(copy, "tensorflow_datasets/*/geo/1.0.0")
    dataset = augmented.Dataset(copy / "tensorflow_datasets", path.parts[-3], path.parts[-2])
    table = artefacts.read_json(copy / "table.json")
    row = next(row for row in table["rows"] if row["name"] == "geo")
    write, seen = artefacts.whole, []

    def look():
        sums = verification.read_sums(path)
        seen.append(len(sums))
        wrong = [name for name, digest in sums.items() if manifests.sha256(path / name) != digest]
        assert wrong == []

    def whole(*arguments, **options):
        look()
        return write(*arguments, **options)

    monkeypatch.setattr(artefacts, "whole", whole)
    cards.record(dataset, table=findings.of_row(row, table))
    monkeypatch.undo()
    assert min(seen) < max(seen) and len(seen) >= 5
    assert verification.differences(path, whole=True) == []
    assert tfds.builder_from_directory(str(path)).info.splits["train"].num_examples


@pytest.mark.parametrize(("name", "words"), [("nowhere", "found no folder"), ("empty", "found nothing of tfgan_aug")])
def test_what_is_nothing_of_ours(tmp_path, name, words):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=words):
        verify.run([tmp_path / name])

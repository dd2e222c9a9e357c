"""Prepared TFDS sets: ids, pixels and one line for every mistake."""

import numpy as np
import pytest
from data_sources import fails

from tfgan_aug.data import sources

RED, WHITE = (255, 0, 0), (255, 255, 255)


def write_tfds(data_dir, name, splits, supervised_keys=("image", "label"), shards=2, **features):
    """A prepared data set of one version, its records in the order given; returns its folder."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    features = tfds.features.FeaturesDict(features)
    folder = data_dir / name / "1.2.0"
    folder.mkdir(parents=True)
    infos = []
    for split, examples in splits.items():
        lengths = [len(part) for part in np.array_split(range(len(examples)), shards)]
        rest = iter(examples)
        for shard, length in enumerate(lengths):
            path = folder / f"{name}-{split}.tfrecord-{shard:05d}-of-{shards:05d}"
            with tf.io.TFRecordWriter(str(path)) as writer:
                for _ in range(length):
                    writer.write(features.serialize_example(features.encode_example(next(rest))))
        template = tfds.core.ShardedFileTemplate(
            data_dir=folder, dataset_name=name, split=split, filetype_suffix="tfrecord",
            template="{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
        )  # fmt: skip
        infos.append(tfds.core.SplitInfo(name=split, shard_lengths=lengths, num_bytes=1, filename_template=template))
    tfds.folder_dataset.write_metadata(
        data_dir=folder, features=features, split_infos=infos, supervised_keys=supervised_keys, check_data=False,
        homepage="https://example.org", description="A toy.", license="CC0", citation="@misc{toy}",
    )  # fmt: skip
    return folder


def image_feature(*shape, **options):
    import tensorflow_datasets as tfds

    return tfds.features.Image(shape=shape, **options)


def label_feature(names=("no", "yes", "maybe")):
    import tensorflow_datasets as tfds

    return tfds.features.ClassLabel(names=names)


def text_feature():
    import tensorflow_datasets as tfds

    return tfds.features.Text()


def grey_examples(count, level=0, side=28, **more):
    return [{"image": np.full((side, side, 1), level + i, np.uint8), "label": i % 3, **more} for i in range(count)]


@pytest.fixture(scope="module")
def tfds_dir(tmp_path_factory):
    """A folder of prepared data sets; `toy` is 28 x 28 and grey, `ided` 16 x 16 in colour with ids of its own."""
    folder = tmp_path_factory.mktemp("tfds")
    grey, label = image_feature(28, 28, 1), label_feature()
    write_tfds(folder, "toy", {"train": grey_examples(7), "test": grey_examples(4, 100)}, image=grey, label=label)
    colour = [{"image": np.full((16, 16, 3), (200, i, 0), np.uint8), "label": 1, "id": f"n{9 - i}"} for i in range(5)]
    splits = {"train": colour, "validation": colour}
    write_tfds(folder, "ided", splits, image=image_feature(16, 16, 3), label=label, id=text_feature())
    return folder


def test_tfds_grey_28_to_32(tfds_dir):
    source = sources.open_source("toy", image_size=32, channels=1, data_dir=str(tfds_dir))
    assert (source.name, source.version, source.image_shape) == ("toy", "1.2.0", (32, 32, 1))
    assert source.class_names == ("no", "yes", "maybe")
    assert (source.description, source.homepage, source.license) == ("A toy.", "https://example.org", "CC0")
    assert source.citation == "@misc{toy}"
    assert source.train.ids == [f"train/{i:08d}" for i in range(7)]
    assert source.train.labels.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert np.array_equal(source.train.images([6, 2, 4])[:, 31, 31, 0], [6, 2, 4])
    test = sources.test_split(source)
    assert test.ids[0] == "test/00000000" and np.array_equal(test.images(range(4))[:, 0, 0, 0], [100, 101, 102, 103])
    batches = list(source.train.batches(3))
    assert [positions.tolist() for positions, _ in batches] == [[0, 1, 2], [3, 4, 5], [6]]
    assert np.concatenate([images for _, images in batches])[:, 5, 5, 0].tolist() == list(range(7))
    colour = sources.open_source("toy", image_size=16, data_dir=str(tfds_dir)).train.images([3])
    assert np.array_equal(colour, np.full((1, 16, 16, 3), 3))


def test_tfds_own_ids_and_colour_to_grey(tfds_dir):
    source = sources.open_source("ided:1.*.*", image_size=16, channels=1, data_dir=str(tfds_dir))
    assert source.train.ids == ["n9", "n8", "n7", "n6", "n5"]
    assert sources.test_split(source) is None  # `validation` is no test split.
    assert source.train.images([0])[0, 0, 0, 0] == 60  # 0.299 * 200
    assert source.notes == ("the validation split is left out; --config.use_validation=true trains on it",)
    both = sources.open_source("ided", image_size=16, data_dir=str(tfds_dir), use_validation=True).train
    assert len(both) == 10 and both.ids[7] == "train+validation/00000007"  # Its own ids would come twice.
    assert both.images([7, 4])[:, 0, 0, 1].tolist() == [2, 4]
    again = sources.open_source("ided", image_size=16, channels=1, data_dir=str(tfds_dir))
    assert again.train.ids == source.train.ids and again.fingerprint() == source.fingerprint()


def test_tfds_home_folder(tfds_dir, monkeypatch):
    monkeypatch.setenv("HOME", str(tfds_dir.parent))
    assert len(sources.open_source("toy", image_size=16, data_dir=f"~/{tfds_dir.name}").train) == 7


def test_tfds_ids_that_repeat_are_replaced(tmp_path):
    examples = grey_examples(3, side=16, id="same")
    features = {"image": image_feature(16, 16, 1), "label": label_feature(), "id": text_feature()}
    write_tfds(tmp_path, "twins", {"train": examples}, **features)
    source = sources.open_source("twins", image_size=16, data_dir=str(tmp_path))
    assert source.train.ids == ["train/00000000", "train/00000001", "train/00000002"]


def test_tfds_without_supervised_keys(tmp_path):
    examples = [{"scan": np.zeros((20, 30, 3), np.uint8), "kind": 2}] * 2
    features = {"scan": image_feature(None, None, 3), "kind": label_feature()}
    write_tfds(tmp_path, "scans", {"train": examples}, supervised_keys=None, **features)
    train = sources.open_source("scans", image_size=16, data_dir=str(tmp_path)).train
    assert train.labels.tolist() == [2, 2] and train.images([1]).shape == (1, 16, 16, 3)


def test_tfds_names_that_lead_nowhere(tfds_dir, tmp_path):
    directory = {"data_dir": str(tfds_dir)}
    fails(
        "no data set is called 'cifer10'; nearest: cifar10, .*expected shapes10, characters60, folder:PATH, "
        "csv:FILE, npz:FILE or a TFDS name",
        "cifer10",
    )
    fails("no data set is called 'idedd'; nearest: .*ided", "idedd", **directory)
    fails("no data set is called 'shapes'; nearest: .*shapes10", "shapes")
    fails("no data set is called 'not a name!'", "not a name!")
    line = fails(r"'cifar10' is not prepared in .*--config.source_data_dir", "cifar10", **directory)
    assert str(tfds_dir) in line and f"tfds.load('cifar10', data_dir='{tfds_dir}')" in line
    fails(r"'toy:2\.\*\.\*' is not prepared in .*where there is 1\.2\.0;", "toy:2.*.*", **directory)
    (tmp_path / "mnist" / "3.0.1").mkdir(parents=True)
    fails(r"'mnist' is not prepared in .*where there is 3\.0\.1 \(incomplete\)", "mnist", data_dir=str(tmp_path))


def test_tfds_incomplete_and_damaged(tmp_path):
    features = {"image": image_feature(16, 16, 1), "label": label_feature()}
    directory = {"data_dir": str(tmp_path)}
    folder = write_tfds(tmp_path, "gaps", {"train": grey_examples(4, side=16)}, **features)
    shard = folder / "gaps-train.tfrecord-00001-of-00002"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-3])
    fails("files of 'gaps', split train, in .* are damaged: .*truncated record", "gaps", **directory)
    shard.write_bytes(b"")
    fails("files of 'gaps', split train, in .* are damaged: .*contain 4 elements", "gaps", **directory)
    shard.unlink()
    fails("'gaps' is only partly prepared: .*00001-of-00002 is missing", "gaps", **directory)
    (folder / "dataset_info.json").unlink()
    fails("'gaps' cannot be read: .*dataset_info.json", "gaps", **directory)


def test_tfds_kinds_that_do_not_fit(tmp_path):
    grey, label = image_feature(16, 16, 1), label_feature()
    directory = {"data_dir": str(tmp_path)}
    examples = grey_examples(2, side=16)
    write_tfds(tmp_path, "testonly", {"test": examples}, image=grey, label=label)
    fails("'testonly' has the splits test, expected one called train", "testonly", **directory)
    deep = [{"image": np.zeros((16, 16, 1), np.uint16), "label": 0}] * 2
    write_tfds(tmp_path, "deep", {"train": deep}, image=image_feature(16, 16, 1, dtype=np.uint16), label=label)
    fails("images of 'deep' are uint16, expected uint8", "deep", **directory)
    twice = [{"label": 0, "left": example["image"], "right": example["image"]} for example in examples]
    features = {"left": grey, "right": grey, "label": label}
    write_tfds(tmp_path, "pairs", {"train": twice}, supervised_keys=None, **features)
    fails(r"'pairs' has the features .*right \(Image\).*; expected one Image and one ClassLabel", "pairs", **directory)
    write_tfds(tmp_path, "single", {"train": examples[:1]}, shards=1, image=grey, label=label_feature(["only"]))
    fails("'single' has 1 classes, expected 2 to 1000", "single", **directory)
    bare = [{**example, "label": -1} for example in examples]
    write_tfds(tmp_path, "bare", {"train": bare}, image=grey, label=label)
    fails("'bare' has images without a label in its train split", "bare", **directory)
    write_tfds(tmp_path, "blind", {"train": examples, "test": bare}, image=grey, label=label)
    assert sources.test_split(sources.open_source("blind", image_size=16, **directory)) is None
    folder = write_tfds(tmp_path, "records", {"train": examples}, image=grey, label=label)
    info = folder / "dataset_info.json"
    info.write_text(info.read_text().replace('"tfrecord"', '"array_record"'))
    fails("'records' is stored as array_record, expected tfrecord", "records", **directory)

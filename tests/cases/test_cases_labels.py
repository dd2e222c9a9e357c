"""Labels that came to mean another class, or images under two of them: rows 201 and following of docs/cases.md."""

import keras
import numpy as np
import pytest
from doors import BLUE, RED, assert_plain, line, opened, plain, save, two_classes

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources, subsets


def test_201_numbers_as_class_names_are_sorted_as_text(tmp_path):
    """1, 10, 2: as Keras and torchvision sort, and the names stay beside the labels."""
    for number in range(1, 12):
        save(tmp_path / str(number) / "a.png", plain((number, 0, 0)))
    source = opened(tmp_path)
    expected = keras.utils.image_dataset_from_directory(tmp_path, image_size=(16, 16), verbose=False).class_names
    assert list(source.class_names) == expected and expected[:3] == ["1", "10", "11"]
    assert "classes in this order: 1, 10, 11, 2, " in " ".join(source.notes)
    reds = source.train.images(range(11))[:, 0, 0, 0]
    assert [source.class_names[label] for label in source.train.labels] == [str(red) for red in reds]


def test_202_the_order_in_which_the_disk_lists_folders_does_not_matter(tmp_path):
    for order in (("a", "b", "c"), ("c", "a", "b")):
        for name in order:
            save(tmp_path / "".join(order) / name / "0.png", plain((ord(name), 0, 0)))
    first, second = (opened(tmp_path / name) for name in ("abc", "cab"))
    assert first.class_names == second.class_names == ("a", "b", "c")
    assert first.train.ids == second.train.ids
    assert np.array_equal(first.train.labels, second.train.labels)


def test_203_labels_stay_with_their_images_in_any_order(tmp_path):
    train = opened(two_classes(tmp_path)).train
    shuffled = np.random.default_rng(3).permutation(len(train))
    for image, label in zip(train.images(shuffled), train.labels[shuffled], strict=True):
        assert_plain(image[8:], (RED, BLUE)[label])


def test_204_the_same_image_in_training_and_test_folders(tmp_path, refused):
    two_classes(tmp_path / "set" / "train")
    two_classes(tmp_path / "set" / "test", count=1)
    said = refused(
        f"--config.source=folder:{tmp_path / 'set'}", "--config.train_per_class=0", "--config.test_per_class=0",
        *(f"--config.{name}.batch_size=4" for name in ("judge", "classifier", "pairs")), left=["duplicates.csv"],
    )  # fmt: skip
    assert "share 2 images: train/cat/0.png = test/cat/0.png, train/dog/0.png = test/dog/0.png" in said


def arrays(folder, **found):
    np.savez(folder / "set.npz", **found)
    return f"npz:{folder / 'set.npz'}"


def test_205_a_published_set_whose_test_images_are_training_images(tmp_path, refused):
    images = np.random.default_rng(0).integers(0, 256, (12, 16, 16), np.uint8)
    labels = np.arange(12) % 2
    spec = arrays(tmp_path, x_train=images[:8], y_train=labels[:8], x_test=images[[8, 3, 9]], y_test=labels[[8, 3, 9]])
    small = [f"--config.{name}.batch_size=4" for name in ("judge", "classifier", "pairs")]
    whole = ("--config.train_per_class=0", "--config.test_per_class=0")
    said = refused(f"--config.source={spec}", *whole, *small, left=["duplicates.csv"])
    assert "share 1 images: train/00000003 = test/00000001" in said and "--drop_duplicates leaves them out" in said


@pytest.fixture
def doubles(tmp_path):
    """Class cat has one image twice, and another that is dog's, too."""
    root = two_classes(tmp_path / "set")
    for copy, original in (("cat/copy.png", "cat/0.png"), ("dog/9.png", "cat/1.png")):
        (root / copy).write_bytes((root / original).read_bytes())
    return opened(root)


def test_206_the_same_image_under_two_labels(doubles, tmp_path):
    found = doubles.duplicates
    assert "1 under two labels: cat/1.png (cat) = dog/9.png (dog)" in found.words()
    lines = found.write(tmp_path).read_text().splitlines()
    assert lines[1:] == [
        "cat/0.png,cat,train,cat/copy.png,cat,train,same",
        "cat/1.png,cat,train,dog/9.png,dog,train,two",
    ]


def test_207_copies_can_be_left_out_by_a_stated_rule(doubles):
    """Under two labels all of them; under one label one stays."""
    left = sources.without_duplicates(doubles).train.ids
    assert left == ["cat/0.png", "cat/2.png", "dog/0.png", "dog/1.png", "dog/2.png"]


def test_208_spaces_in_the_names_of_classes(tmp_path):
    """Inside a name they stay; at its end TFDS would drop them, and `cat ` be `cat`."""
    for name in ("golden retriever", "cat"):
        save(tmp_path / name / "0.png", plain(RED))
    assert opened(tmp_path).class_names == ("cat", "golden retriever")
    save(tmp_path / "cat " / "0.png", plain(RED))
    assert "has a class called 'cat ', expected no white space at its ends" in line(tmp_path)


def test_209_held_out_images_are_drawn_not_the_first_by_name():
    """Names often tell the breed, the patient or the camera."""
    labels = np.repeat([0, 1], 50)
    _, held_out = subsets.choose(labels, ("cat", "dog"), 0, 10, seed=0)
    assert np.bincount(labels[held_out]).tolist() == [10, 10]
    assert held_out.min() < 50 - 10 and set(held_out[:10]) != set(range(10)) != set(range(40, 50))
    assert not np.array_equal(held_out, subsets.choose(labels, ("cat", "dog"), 0, 10, seed=1)[1])


@pytest.mark.parametrize("train_per_class", [0, 5, 20])
def test_210_training_and_held_out_images_never_overlap(train_per_class):
    labels = np.repeat([0, 1], 50)
    train, held_out = subsets.choose(labels, ("cat", "dog"), train_per_class, 10, seed=0)
    assert not set(train) & set(held_out)
    assert np.array_equal(held_out, subsets.choose(labels, ("cat", "dog"), 1, 10, seed=0)[1])
    with pytest.raises(UserError, match="found 50 images of class 'cat' in the source's train split, expected at leas"):
        subsets.choose(labels, ("cat", "dog"), 45, 10, seed=0)


def test_211_labels_are_joined_by_the_name_of_the_file(tmp_path):
    """Not by the place in a list that has to be in the order in which the disk lists the files."""
    root = two_classes(tmp_path)
    names = [f"{name}/{number}.png" for name in ("cat", "dog") for number in range(3)]
    for order in ([0, 1, 2, 3, 4, 5], [5, 0, 3, 1, 4, 2]):
        rows = [f"{names[place]},{names[place][:3]}" for place in order]
        (root / "labels.csv").write_text("\n".join(["image,label", *rows]) + "\n")
        train = sources.open_source(f"csv:{root / 'labels.csv'}", image_size=16).train
        for image, label in zip(train.images(range(6)), train.labels, strict=True):
            assert_plain(image[8:], (RED, BLUE)[label])

"""Layouts: what folders mean, said in one line; and what is refused, with the tree as it is seen."""

import itertools
import os
import re

import pytest

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import layouts, trees


def grow(root, text):
    """Empty files at these paths below `root`; a path that ends in / is a folder. Returns `root`."""
    for path in text.split():
        place = root / path
        (place if path.endswith("/") else place.parent).mkdir(parents=True, exist_ok=True)
        if not path.endswith("/"):
            place.touch()
    return root


def read(root, **options):
    """({split: {relative path: class}}, class names, note) of a folder."""
    found = layouts.understood(root, **options)
    splits = {
        split: {path.relative_to(root).as_posix(): name for path, name in pairs}
        for split, pairs in found.splits.items()
    }
    assert "\n" not in found.note and str(root) in found.note
    return splits, found.class_names, found.note


def refusal(root, **options):
    with pytest.raises(UserError) as caught:
        layouts.understood(root, **options)
    line = str(caught.value)
    assert "\n" not in line and len(line) < 900
    return line


# Names of splits


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("train", "train Training TRAIN seg_train training_set train-images Train_Set trainset data_train"),
        ("validation", "val valid Validation dev seg_val val_set validation-set VALID"),
        ("test", "test Testing TEST eval seg_test test_set test-images evaluation"),
        (None, "training_day test_tube train2 pred cat unlabelled traintest train_test valve devil tests_"),
    ],
)
def test_names_of_splits(split, names):
    assert {name: layouts.split_of(name) for name in names.split()} == dict.fromkeys(names.split(), split)


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [("train", "val", "test"), ("Training", "Valid", "Testing"), ("seg_train", "seg_val", "seg_test"),
     ("TRAIN", "dev", "eval"), ("training_set", "validation_set", "test_set"),
     ("alphabet_train", "alphabet_val", "alphabet_test")],
)  # fmt: skip
def test_split_folders(tmp_path, train, validation, test):
    root = grow(tmp_path, f"{train}/cat/1.png {train}/dog/2.JPG {validation}/cat/3.png {test}/dog/4.webp")
    splits, names, note = read(root)
    assert names == ("cat", "dog") and splits == {
        "train": {f"{train}/cat/1.png": "cat", f"{train}/dog/2.JPG": "dog"},
        "validation": {f"{validation}/cat/3.png": "cat"},
        "test": {f"{test}/dog/4.webp": "dog"},
    }
    few = f"1 validation images in {validation} (none of class dog); 1 test images in {test} (none of class cat)"
    assert note.endswith(f"; 2 train images in {train}; {few}")


@pytest.mark.parametrize("wrapping", ["", "archive/", "archive/dataset/", "a/b/c/d/"])
@pytest.mark.parametrize("inner", ["", "seg_{split}/", "x/y/"])
def test_single_folders_around(tmp_path, wrapping, inner):
    where = {split: f"{wrapping}seg_{split}/{inner.format(split=split)}" for split in ("train", "test")}
    root = grow(tmp_path, f"{where['train']}cat/1.png {where['train']}dog/2.png {where['test']}cat/3.png")
    splits, names, note = read(root)
    assert names == ("cat", "dog") and splits["test"] == {f"{where['test']}cat/3.png": "cat"}
    assert f"2 train images in {where['train'].rstrip('/')}" in note


@pytest.mark.parametrize("wrapping", ["", "archive/", "archive/dataset/"])
def test_class_folders(tmp_path, wrapping):
    root = grow(tmp_path, " ".join(wrapping + path for path in ["dog/1.png", "cat/10.png", "cat/2.png"]))
    splits, names, note = read(root)
    assert names == ("cat", "dog") and "2 classes (cat, dog); 3 train images" in note
    assert list(splits["train"]) == [f"{wrapping}{path}" for path in ("cat/10.png", "cat/2.png", "dog/1.png")]


def test_folders_inside_class_folders_belong_to_the_class(tmp_path):
    root = grow(tmp_path, "x/benign/40X/1.png x/benign/100X/a/1.png x/benign/0.png x/malignant/40X/1.png")
    splits, names, note = read(root)
    assert names == ("benign", "malignant") and "sub-folders such as x/benign/100X belong to their class folder" in note
    assert splits["train"] == {
        "x/benign/0.png": "benign", "x/benign/100X/a/1.png": "benign", "x/benign/40X/1.png": "benign",
        "x/malignant/40X/1.png": "malignant",
    }  # fmt: skip


def test_what_systems_and_editors_leave_is_passed_over(tmp_path):
    litter = "__MACOSX/cat/._1.png __MACOSX/x.png .ipynb_checkpoints/1.png .git/a.png cat/.ipynb_checkpoints/1.png"
    root = grow(tmp_path, f"cat/1.png cat/._1.png cat/.hidden.png dog/1.png {litter} cat/__MACOSX/1.png")
    splits, names, note = read(root)
    assert splits == {"train": {"cat/1.png": "cat", "dog/1.png": "dog"}} and "left out" not in note


def test_what_is_left_out_is_said(tmp_path):
    root = grow(tmp_path, "cat/1.png cat/a.txt cat/b.TXT dog/1.png dog/n owl/ notes/x.md sample.png list.json")
    _, names, note = read(root)
    assert names == ("cat", "dog")
    assert note.endswith(
        "left out: notes (no images), owl (no images), 1 images outside the class folders, 2 .txt, "
        "1 .json, 1 without an ending, 1 .md"
    )


def test_a_class_folder_of_pictures_that_are_not_read_is_refused(tmp_path):
    root = grow(tmp_path, "cat/1.png dog/1.png owl/1.heic owl/2.heic owl/x.txt")
    assert re.search(r"owl holds 2 \.heic and no images that are read, expected files ending in \.jpg", refusal(root))


def test_folders_beside_the_splits_are_said(tmp_path):
    root = grow(tmp_path, "seg_train/a/1.png seg_train/b/1.png seg_test/a/1.png seg_pred/1.png seg_pred/2.png")
    splits, names, note = read(root)
    assert names == ("a", "b") and set(splits) == {"train", "test"} and "left out: seg_pred (2 images)" in note


def test_images_of_a_test_split_without_classes_are_said(tmp_path):
    root = grow(tmp_path, "Train/0/1.png Train/1/1.png Test/1.png Test/2.png val/5/1.png val/0/1.png")
    splits, names, note = read(root)
    assert set(splits) == {"train"} and "Test (2 images without class folders)" in note
    assert "val (2 images, with classes that train does not have: 5)" in note


def test_a_class_may_be_called_like_a_split(tmp_path):
    root = grow(tmp_path / "a", "cat/1.png dog/1.png train/1.png")
    assert read(root)[1] == ("cat", "dog", "train")
    assert "train in " in (line := refusal(grow(root, "train/x/1.png train/y/1.png")))
    assert f"may be a split or a class: say folder:{root / 'train'}, or rename it" in line
    assert "class folder" in refusal(grow(tmp_path / "b", "cat/1.png dog/1.png test/x/1.png test/y/1.png"))


# Links


def test_links_are_followed_but_not_in_circles(tmp_path):
    root = grow(tmp_path / "root", "cat/1.png dog/1.png")
    grow(tmp_path / "elsewhere", "1.png in/2.png")
    (root / "owl").symlink_to(tmp_path / "elsewhere")
    (root / "owl" / "back").symlink_to(tmp_path / "elsewhere")
    (root / "cat" / "up").symlink_to(root)
    (root / "dog" / "disk").symlink_to("/")
    (root / "dog" / "gone").symlink_to(tmp_path / "nowhere")
    (root / "dog" / "itself").symlink_to(root / "dog" / "itself")
    splits, names, note = read(root)
    assert splits["train"] == {
        "cat/1.png": "cat", "dog/1.png": "dog", "owl/1.png": "owl", "owl/in/2.png": "owl",
    }  # fmt: skip
    assert all(f"{where} (a link back to " in note for where in ("cat/up", "dog/disk", "owl/back"))


def test_folders_that_are_linked_to_each_other_end(tmp_path):
    root = grow(tmp_path / "root", " ".join(f"{name}/1.png" for name in "abcdef"))
    for name, other in itertools.permutations("abcdef", 2):
        (root / name / f"to_{other}").symlink_to(root / other)
    splits, names, _ = read(root)
    assert names == tuple("abcdef") and len(splits["train"]) < 6 * (1 + 5 + 5 * 4 + 5 * 4 * 3) + 1


def test_a_link_to_a_file_that_is_gone_is_listed_so_that_decoding_names_it(tmp_path):
    root = grow(tmp_path, "cat/1.png dog/1.png")
    (root / "cat" / "2.png").symlink_to(root / "gone.png")
    assert "cat/2.png" in read(root)[0]["train"]


# What we wrote


@pytest.mark.parametrize(
    "ours",
    ["tfgan_aug_work/subset-0123456789abcdef/stage.json tfgan_aug_work/grids/cat.png",
     "x/tensorflow_datasets/a/1.png x/.locks/ x/grids/cat.png x/report.html", "w/cells.json w/grids/a.png",
     "d/x_gan_aug/real/1.0.0/provenance.json d/x_gan_aug/real/1.0.0/SHA256SUMS d/x_gan_aug/real/1.0.0/1.png",
     "d/1.0.0/dataset_info.json d/1.0.0/features.json d/1.0.0/1.png", "cat/old/subset-00/stage.json cat/old/g/1.png"],
)  # fmt: skip
def test_what_we_wrote_is_no_class(tmp_path, ours):
    splits, names, note = read(grow(tmp_path, f"cat/1.png dog/1.png {ours}"))
    assert splits == {"train": {"cat/1.png": "cat", "dog/1.png": "dog"}}
    assert "(written by tfgan_aug)" in note


def test_a_workdir_in_which_nothing_lies_yet_is_no_class(tmp_path):
    root = grow(tmp_path, "cat/1.png dog/1.png mine/grids/1.png")
    assert read(root, own=(root / "mine",))[1] == ("cat", "dog")


@pytest.mark.parametrize("ours", ["subset-00/stage.json grids/a.png", "tensorflow_datasets/x/1.png cells.json"])
def test_what_we_wrote_is_no_source(tmp_path, ours):
    assert "is a folder that tfgan_aug or TFDS wrote, expected your images" in refusal(
        grow(tmp_path, ours + " a/1.png")
    )


# Refused


def numbered(count, text):
    return " ".join(text.format(number) for number in range(count))


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (
            numbered(33, "{:02d}.png"),
            "has 0 class folders with images, expected at least 2; found {root}: no folders; "
            "00.png, 01.png and 31 more files; expected PATH/<class>/*.png or PATH/train/<class>/*.png",
        ),
        ("cat/1.png cat/2.png", "has 1 class folders with images, expected at least 2; found {root}: cat/ (2 images);"),
        ("cat/ dog/", "expected at least 2; found {root}: cat/ (0 images), dog/ (0 images)"),
        ("", "has 0 class folders with images, expected at least 2; found {root}: no folders; "),
        ("a/1.png b/1.png 1.png 2.png", "holds 2 images outside its class folders; found {root}: a/ (1 images)"),
        ("images/a/1.png images/b/1.png masks/a/1.png", "{root}/images may hold the classes: say folder:{root}/images"),
        ("train/1.png test/1.png", "test, train in {root} hold images, but no class folders; found"),
        ("train/1.png test/1.png meta/1.png", "test, train in {root} hold images, but no class folders; found"),
        ("test/a/1.png test/b/1.png", "has test, but no train split; found {root}: test/ (a/, b/);"),
        ("val/a/1.png test/b/1.png", "has test, val, but no train split"),
        (
            "train/a/1.png train/b/1.png Training/a/1.png Training/b/1.png",
            "Training and train are two folders for the train",
        ),
        ("train/a/1.png train/b/1.png test/a/1.png eval/b/1.png", "eval and test are two folders for the test split"),
        (
            "train/a/1.png train/b/1.png test/c/1.png",
            "test/c is a class that {root}/train does not have: a, b; found {root}/test: c/",
        ),
        (
            "train/a/1.png train/b/1.png test/x/a/1.png test/y/b/1.png",
            "test/x is a class that {root}/train does not have: a, b; found {root}/test: x/ (a/), y/ (b/)",
        ),
        ("train/steam/1.png train/diesel/1.png bus/1.png car/1.png", "train in {root} may be a split or a class"),
        (
            "cat/train/1.png cat/test/1.png dog/train/1.png dog/test/1.png",
            "class folder {root}/cat holds test/, train/",
        ),
        ("d/train/train/a/1.png d/train/train/b/1.png d/train/test/a/1.png d/test/a/1.png", "class folder"),
        (numbered(60, "c{:02d}/x.txt") + " a/1.png", "and 57 more folders; "),
    ],
)
def test_layouts_that_are_not_understood(tmp_path, files, why):
    line = refusal(grow(tmp_path, files))
    assert line.startswith("--config.source: ") and why.format(root=tmp_path) in line and layouts._EXPECTED in line


def test_a_table_beside_flat_images_is_named(tmp_path):
    line = refusal(grow(tmp_path, "train/1.png test/1.png train.csv"))
    assert line.endswith(f"; for a table of files and labels: csv:{tmp_path / 'train.csv'}")


def test_a_missing_folder_and_one_that_cannot_be_read(tmp_path, monkeypatch):
    assert "missing does not exist, expected a folder of class folders" in refusal(tmp_path / "missing")
    root = grow(tmp_path, "cat/1.png dog/1.png")
    scandir = os.scandir

    def closed(path):
        if str(path).endswith("dog"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    monkeypatch.setattr(trees, "is_ours", lambda folder: False)
    assert refusal(root) == f"--config.source: cannot read folder {root / 'dog'}: Permission denied"


def test_names_that_are_not_text_are_refused(tmp_path):
    root = grow(tmp_path, "cat/1.png dog/1.png")
    (root / "cat" / os.fsdecode(b"\xff.png")).touch()
    assert "has a name that is not UTF-8, expected a name that can be written" in refusal(root)

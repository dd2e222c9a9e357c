"""Folders and files that were read as another data set than the user meant: rows 301 and following of docs/cases.md."""

import numpy as np
import pytest
from doors import BLUE, assert_plain, line, opened, two_classes

from tfgan_aug.data import sources


@pytest.fixture
def root(tmp_path):
    return two_classes(tmp_path / "images")


def test_301_files_of_the_mac_finder(root):
    for folder in (root, root / "cat"):
        (folder / ".DS_Store").write_bytes(b"Bud1")
    assert opened(root).class_names == ("cat", "dog") and len(opened(root).train) == 6


def test_302_checkpoints_of_notebooks(root):
    """As the first class of the alphabet they would move every label by one."""
    two_classes(root / ".ipynb_checkpoints")
    two_classes(root / "cat" / ".ipynb_checkpoints", count=1)
    source = opened(root)
    assert source.class_names == ("cat", "dog") and source.train.labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_305_train_and_test_folders_are_no_classes(tmp_path):
    two_classes(tmp_path / "train")
    two_classes(tmp_path / "test", count=2)
    source = opened(tmp_path)
    assert source.class_names == ("cat", "dog")
    assert (len(source.train), len(sources.test_split(source))) == (6, 4)


def test_306_a_test_folder_without_class_folders_is_no_test_split(tmp_path):
    two_classes(tmp_path / "train")
    (tmp_path / "test").mkdir()
    (tmp_path / "train" / "cat" / "0.png").rename(tmp_path / "test" / "unknown.png")
    source = opened(tmp_path)
    assert len(source.train) == 5 and sources.test_split(source) is None


def test_307_a_test_folder_that_lacks_a_class_or_has_another(tmp_path):
    """Classes are told apart by name: numbered by each split's own folders, dog would be class 0 of the test split."""
    two_classes(tmp_path / "train")
    two_classes(tmp_path / "test")
    for file in (tmp_path / "test" / "cat").iterdir():
        file.unlink()
    (tmp_path / "test" / "cat").rmdir()
    test = sources.test_split(opened(tmp_path))
    assert test.labels.tolist() == [1, 1, 1]
    for image in test.images(range(3)):
        assert_plain(image[8:], BLUE)
    (tmp_path / "test" / "dog").rename(tmp_path / "test" / "wolf")
    assert f"{tmp_path / 'test' / 'wolf'} is a class that {tmp_path / 'train'} does not have" in line(tmp_path)


def test_309_class_folders_without_a_train_folder_above_them(root):
    source = opened(root)
    assert source.class_names == ("cat", "dog") and sources.test_split(source) is None
    assert np.bincount(source.train.labels).tolist() == [3, 3]

"""Folders and files that were read as another data set than the user meant: rows 301 and following of docs/cases.md."""

import numpy as np
import pytest
from doors import BLUE, RED, assert_plain, line, opened, plain, save, two_classes

from tfgan_aug.core.errors import UserError
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


def notes(source):
    return " ".join(source.notes)


def test_303_the_folder_that_a_mac_leaves_in_archives(root):
    two_classes(root / "__MACOSX" / "pets")
    (root / "__MACOSX" / "._cat").write_bytes(b"Mac OS X")
    source = opened(root)
    assert source.class_names == ("cat", "dog") and len(source.train) == 6


def test_304_a_class_folder_without_images(root):
    (root / "owl").mkdir()
    source = opened(root)
    assert source.class_names == ("cat", "dog") and "owl (no images)" in notes(source)


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


def test_308_folders_inside_a_class(tmp_path):
    two_classes(tmp_path / "set")
    for name in ("cat", "dog"):
        for size in ("40X", "100X"):
            save(tmp_path / "set" / name / size / "deep.png", plain(RED if name == "cat" else BLUE))
    source = opened(tmp_path / "set")
    assert source.class_names == ("cat", "dog") and np.bincount(source.train.labels).tolist() == [5, 5]
    assert "cat/40X/deep.png" in source.train.ids and "belong to their class folder" in notes(source)


def test_309_class_folders_without_a_train_folder_above_them(root):
    source = opened(root)
    assert source.class_names == ("cat", "dog") and sources.test_split(source) is None
    assert np.bincount(source.train.labels).tolist() == [3, 3]


def test_310_a_folder_that_is_not_understood_is_shown_as_it_is_seen(tmp_path):
    for number in range(3):
        save(tmp_path / f"{number}.png", plain(RED))
    said = line(tmp_path)
    assert "has 0 class folders with images, expected at least 2" in said and "no folders; 0.png, 1.png" in said
    assert "expected PATH/<class>/*.png or PATH/train/<class>/*.png" in said


def test_311_a_validation_folder_beside_train(tmp_path):
    two_classes(tmp_path / "Training")
    two_classes(tmp_path / "valid", count=2)
    source = opened(tmp_path)
    assert source.class_names == ("cat", "dog") and len(source.train) == 6
    assert "4 validation images in valid" in notes(source) and "--config.use_validation=true" in notes(source)
    assert len(opened(tmp_path, use_validation=True).train) == 10


def table(folder, rows, name="train.csv"):
    (folder / name).write_text("\n".join(rows) + "\n")
    return sources.open_source(f"csv:{folder / name}", image_size=16)


def test_312_a_table_of_paths_and_labels(root):
    """Paths in folders with spaces, an index of a data frame in front, an extension in capitals."""
    save(root / "March 29" / "Top view" / "IMG_6823.JPG", plain(RED), quality=100)
    rows = [",filepath,label", "0,March 29/Top view/IMG_6823.JPG,cat", "1,dog/0.png,dog", "2,dog/1.png,dog"]
    source = table(root, rows)
    assert source.class_names == ("cat", "dog") and source.train.labels.tolist() == [0, 1, 1]
    assert "files in column 'filepath', labels in column 'label' (guessed)" in notes(source)


def test_313_a_table_of_names_without_extensions(root):
    source = table(root / "cat", ["id,breed", "0,tabby", "1,manx", "2,manx"])
    assert source.class_names == ("manx", "tabby") and source.train.labels.tolist() == [1, 0, 0]


def test_314_a_table_and_folders_of_the_same_images(root):
    folder = opened(root)
    names = [f"{name}/{number}.png,{name}" for name in ("dog", "cat") for number in (2, 0, 1)]
    source = table(root, ["image,label", *names])
    by_id = dict(zip(source.train.ids, source.train.labels, strict=True))
    assert [by_id[name] for name in folder.train.ids] == folder.train.labels.tolist()


def test_315_an_archive_of_python_objects(tmp_path):
    """Nothing is unpickled: a pickle may run anything."""
    images = np.empty(4, object)
    np.savez(tmp_path / "set.npz", images=images, labels=np.arange(4) % 2)
    with pytest.raises(UserError, match="holds Python objects in images, expected numbers: objects are not unpickled"):
        sources.open_source(f"npz:{tmp_path / 'set.npz'}", image_size=16)


def test_316_the_folder_of_one_class(root):
    assert "cat has 0 class folders with images, expected at least 2" in line(root / "cat")


def test_317_folders_of_folders_of_classes(tmp_path):
    """One folder for each first letter, as in Places365: what became of the folders below is said."""
    for place in ("a/airfield", "a/alley", "b/bank"):
        save(tmp_path / place / "0.png", plain(RED))
    source = opened(tmp_path)
    assert source.class_names == ("a", "b")
    assert "sub-folders such as a/airfield belong to their class folder" in notes(source)


def test_319_a_table_whose_files_are_missing(root):
    said = line_of_table(root, ["file,label", "cat/0.png,cat", "cat/9.png,cat", "dog/0.png,dog"])
    assert "names 1 of 3 files that are missing: cat/9.png (line 3)" in said and "--skip_unreadable" in said


def test_320_a_file_that_a_table_lists_with_two_labels(root):
    said = line_of_table(root, ["file,label", "cat/0.png,one", "dog/0.png,two", "cat/0.png,three"])
    assert "lists cat/0.png with two labels: one in line 2, three in line 4" in said


def line_of_table(folder, rows):
    with pytest.raises(UserError) as caught:
        table(folder, rows)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_321_an_empty_folder_in_the_test_split_alone(tmp_path):
    two_classes(tmp_path / "train")
    two_classes(tmp_path / "test")
    for file in (tmp_path / "test" / "cat").iterdir():
        file.unlink()
    source = opened(tmp_path)
    assert sources.test_split(source).labels.tolist() == [1, 1, 1] and "none of class cat" in notes(source)

"""Arrays of a .npz file: the shapes and scales that people save mean the same images; what may mean two is refused."""

import numpy as np
import pytest

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import arrays

GREY = np.random.default_rng(0).integers(0, 256, (6, 5, 4), np.uint8)
GREY[0, 0, :2] = 0, 255
LABELS = np.array([0, 1, 2, 0, 1, 2])
ONE_HOT = np.eye(3)[LABELS]


def save(folder, **found):
    np.savez(folder / "a.npz", **found)
    return folder / "a.npz"


def read(folder, **found):
    return arrays.Arrays(save(folder, **found))


def refusal(folder, **found):
    with pytest.raises(UserError) as caught:
        made = read(folder, **found)
        for split in made.labels:
            made.images(split)
    line = str(caught.value)
    assert "\n" not in line and line.startswith(f"--config.source: {folder / 'a.npz'} ")
    return line


@pytest.mark.parametrize(
    "images",
    [GREY, GREY[..., None], GREY.astype(np.int64), GREY.astype(np.uint16), GREY / 255, (GREY / 255).astype(np.float32),
     GREY.astype(np.float32), np.asfortranarray(GREY), GREY + 0.3, GREY.astype(np.float64)[..., None]],
)  # fmt: skip
def test_scales_and_types_of_images(tmp_path, images):
    images = np.minimum(images, 255)
    found = read(tmp_path, images=images, labels=LABELS)
    assert found.images("train").dtype == np.uint8 and np.array_equal(found.images("train"), GREY)
    assert np.array_equal(np.asarray(list(found.read(("train",), np.array([0, 4])))[1]), GREY[4])


def test_colours_transparency_and_black_and_white(tmp_path):
    colour = np.repeat(GREY[..., None], 3, axis=-1)
    (image,) = read(tmp_path, images=colour, labels=LABELS).read(("train",), np.array([2]))
    assert image.mode == "RGB" and np.array_equal(np.asarray(image), colour[2])
    four = np.concatenate([colour, GREY[..., None]], axis=-1)
    (image,) = read(tmp_path, images=four, labels=LABELS).read(("train",), np.array([2]))
    assert image.mode == "RGBA"
    assert np.array_equal(read(tmp_path, images=GREY > 99, labels=LABELS).images("train"), np.where(GREY > 99, 255, 0))


@pytest.mark.parametrize(
    "labels",
    [
        LABELS,
        LABELS[:, None],
        LABELS.astype(np.uint8),
        LABELS.astype(float),
        ONE_HOT,
        ONE_HOT.astype(bool),
        ONE_HOT.astype(int),
    ],
)
def test_forms_of_labels(tmp_path, labels):
    found = read(tmp_path, images=GREY, labels=labels)
    assert found.class_names == ("0", "1", "2") and found.labels["train"].tolist() == LABELS.tolist()
    assert found.labels["train"].dtype == np.int32


def test_numbers_with_gaps_and_texts(tmp_path):
    found = read(tmp_path, images=GREY, labels=[10, 9, 2, 10, 9, 2])
    assert found.class_names == ("2", "9", "10") and found.labels["train"].tolist() == [2, 1, 0, 2, 1, 0]
    for texts in (["dog", "cat"] * 3, [b"dog", b"cat"] * 3):
        found = read(tmp_path, images=GREY, labels=texts)
        assert found.class_names == ("cat", "dog") and found.labels["train"].tolist() == [1, 0] * 3


@pytest.mark.parametrize(
    "names",
    ["x_train y_train x_test y_test", "X_train Y_train X_test Y_test",
     "train_images train_labels test_images test_labels", "train_x train_y test_x test_y",
     "images labels test_images test_labels", "x y x_test y_test",
     "data targets data_eval targets_eval"],
)  # fmt: skip
def test_names_of_arrays(tmp_path, names):
    made = dict(zip(names.split(), (GREY[:4], LABELS[:4], GREY[4:], LABELS[4:]), strict=True))
    found = read(tmp_path, **made, val_images=GREY[:2], val_labels=LABELS[:2], notes=np.arange(3), x_pred=GREY)
    assert {split: labels.tolist() for split, labels in found.labels.items()} == {
        "train": [0, 1, 2, 0], "validation": [0, 1], "test": [1, 2],
    }  # fmt: skip
    assert np.array_equal(found.images("test"), GREY[4:]) and np.array_equal(found.images("train"), GREY[:4])
    assert f"4 train images in {names.split()[0]} uint8 (4, 5, 4)" in found.note and found.note.endswith(
        "left out: notes, x_pred"
    )


def test_no_array_of_a_split_is_loaded_before_it_is_asked_for(tmp_path, monkeypatch):
    found = read(tmp_path, x_train=GREY, y_train=LABELS, x_test=GREY, y_test=LABELS)
    loaded, load = [], arrays.Arrays._load
    monkeypatch.setattr(arrays.Arrays, "_load", lambda self, name: loaded.append(name) or load(self, name))
    found.images("train"), found.images("train")
    assert loaded == ["x_train"]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (
            {"images": GREY[:, None], "labels": LABELS},
            "has its channels first in images uint8 (6, 1, 5, 4), expected "
            "(N, height, width, channels), as np.moveaxis(images, 1, -1) makes it",
        ),
        ({"images": np.zeros((6, 3, 32, 32), np.uint8), "labels": LABELS}, "has its channels first"),
        (
            {"images": np.zeros((32, 32, 3, 6), np.uint8), "labels": LABELS},
            "images of another shape in images uint8 (32, 32, 3, 6)",
        ),
        (
            {"images": np.zeros((6, 784), np.uint8), "labels": LABELS},
            "images of another shape in images uint8 (6, 784), expected (N, ",
        ),
        ({"images": np.zeros((6, 5, 5, 2), np.uint8), "labels": LABELS}, "images of another shape"),
        ({"images": np.zeros((6, 4, 0), np.uint8), "labels": LABELS}, "images of another shape"),
        ({"images": GREY, "labels": LABELS[:5]}, "has 6 images and 5 labels in train, expected as many of both"),
        ({"images": GREY[:0], "labels": LABELS[:0]}, "has 0 images and 0 labels in train"),
        (
            {"images": GREY / 127.5 - 1, "labels": LABELS},
            "has values from -1 to 1 in images float64 (6, 5, 4), expected grey levels from ",
        ),
        ({"images": GREY * 256.0, "labels": LABELS}, "has values from 0 to 65280"),
        ({"images": GREY.astype(np.uint16) * 257, "labels": LABELS}, "has values from 0 to 65535 in images uint16"),
        ({"images": GREY // 16, "labels": LABELS}, "has values from 0 to 15 in images uint8"),
        ({"images": (GREY > 9).astype(np.uint8), "labels": LABELS}, "has values from 0 to 1 in images uint8"),
        ({"images": np.where(GREY > 9, np.nan, 0.5), "labels": LABELS}, "has values from nan to nan"),
        ({"images": np.where(GREY > 9, np.inf, 0.5), "labels": LABELS}, "to inf"),
        (
            {"images": GREY.astype(complex), "labels": LABELS},
            "has images images complex128 (6, 5, 4), expected numbers",
        ),
        (
            {"images": GREY.astype(object), "labels": LABELS},
            "holds Python objects in images, expected numbers: objects are not",
        ),
        ({"images": GREY, "labels": LABELS.astype(object)}, "holds Python objects in labels"),
        (
            {"images": GREY, "labels": LABELS - 1},
            "has the label -1 of image 0 in labels, expected whole numbers, 0 or more",
        ),
        ({"images": GREY, "labels": LABELS + 0.5}, "has the label 0.5 of image 0"),
        ({"images": GREY, "labels": np.where(LABELS > 1, np.nan, 0.0)}, "has the label nan of image 2"),
        (
            {"images": GREY, "labels": np.array([[1, 1, 0]] * 6)},
            "has not one class for image 0 in labels int64 (6, 3), expected one 1 in",
        ),
        ({"images": GREY, "labels": np.eye(3)[LABELS] * 0.5}, "has not one class for image 0"),
        ({"images": GREY, "labels": np.zeros((6, 2, 2))}, "has labels labels float64 (6, 2, 2)"),
        (
            {"images": GREY},
            "has the arrays images uint8 (6, 5, 4), expected images and labels, x_train and y_train, or",
        ),
        (
            {"arr_0": GREY, "arr_1": LABELS},
            "has the arrays arr_0 uint8 (6, 5, 4), arr_1 int64 (6), expected images and labels",
        ),
        ({"x": GREY, "images": GREY, "y": LABELS}, "has two arrays of images for train, x and images, expected one"),
        ({"x_test": GREY, "y_test": LABELS}, "has the arrays x_test"),
        (
            {"x": GREY, "y": LABELS, "x_test": GREY, "y_test": LABELS + 1},
            "has the class '3' in test, expected classes of train alone",
        ),
        (
            {"x": GREY, "y": LABELS, "x_test": GREY / 255, "y_test": LABELS},
            "has values from 0 to 1 in one of train and test alone",
        ),
    ],
)
def test_what_is_refused(tmp_path, found, why):
    assert why in refusal(tmp_path, **found)


def test_files_that_are_none(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(UserError, match="found no file .*a.npz, expected npz:FILE with images and labels"):
        arrays.Arrays(path)
    for content in (b"", b"hello", b"PK\3\4 and no more"):
        path.write_bytes(content)
        with pytest.raises(UserError, match="is no .npz file, expected one that numpy.savez has written"):
            arrays.Arrays(path)
    np.save(tmp_path / "b.npy", GREY)
    with pytest.raises(UserError, match="is no .npz file"):
        arrays.Arrays(tmp_path / "b.npy")
    whole = save(tmp_path, images=np.zeros((50, 9, 9), np.uint8), labels=np.arange(50)).read_bytes()
    path.write_bytes(whole[:2000] + b"\1" + whole[2001:])
    with pytest.raises(UserError, match="is damaged in images .*, expected whole arrays"):
        arrays.Arrays(path).images("train")

"""Sources: stable ids, exact pixels from every kind of file, and one line for every mistake."""

import dataclasses
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tiny
from data_sources import fails
from PIL import Image

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import shapes, sources

RED, WHITE = (255, 0, 0), (255, 255, 255)


def test_importing_does_not_load_tensorflow():
    code = "import sys, tfgan_aug.data.sources; sys.exit(any(name.startswith('tensorflow') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Options


@pytest.mark.parametrize("image_size, nearest", [(0, 16), (8, 16), (28, 32), (40, 48), (33, 32), (144, 128), (-16, 16)])
def test_image_size_guard(image_size, nearest):
    expected = f"expected a multiple of 16 from 16 to 128: use {nearest}$"
    fails(f"--config.image_size: found {image_size}, {expected}", image_size=image_size)


def test_channels_guard():
    fails("--config.channels is 4, expected 1 or 3", channels=4)


def test_filter_guard_names_the_nearest():
    fails(
        r"--config.resize_filter is 'lanzcos' \(nearest: lanczos\), expected one of .*bicubic", resize_filter="lanzcos"
    )


# shapes10 and what all splits do


def test_shapes10():
    source = sources.open_source("shapes10", image_size=32)
    assert (source.name, source.spec, source.class_names) == ("shapes10", "shapes10", shapes.CLASS_NAMES)
    assert source.image_shape == (32, 32, 3) and source.skipped == ()
    assert len(source.train) == 10_000 and len(set(source.train.ids)) == 10_000
    assert source.train.labels.dtype == np.int32
    assert np.array_equal(np.bincount(source.train.labels), [1000] * 10)
    test = sources.test_split(source)
    assert len(test) == 3000 and not set(test.ids) & set(source.train.ids)
    assert source.train.ids[57] == "train/square/0005" and source.train.labels[57] == 7
    assert np.array_equal(source.train.images([57])[0], shapes.draw("train", 7, 5))
    assert np.array_equal(test.images([57])[0], shapes.draw("test", 7, 5))


def test_images_come_in_the_order_asked():
    train = sources.open_source("shapes10", image_size=16, channels=1).train
    images = train.images([30, 4, 30, 11])
    assert images.shape == (4, 16, 16, 1) and images.dtype == np.uint8
    for image, position in zip(images, [30, 4, 30, 11], strict=True):
        assert np.array_equal(image, shapes.draw("train", position % 10, position // 10, image_size=16, channels=1))
    assert train.images([]).shape == (0, 16, 16, 1)


def test_batches_follow_the_split():
    train = sources.open_source("shapes10", image_size=16).train
    batches = list(train.batches(2, positions=[9, 3, 3, 7]))
    assert [positions.tolist() for positions, _ in batches] == [[3, 7], [9]]
    assert np.array_equal(np.concatenate([images for _, images in batches]), train.images([3, 7, 9]))
    first = next(train.batches(5))
    assert first[0].tolist() == [0, 1, 2, 3, 4] and first[1].shape == (5, 16, 16, 3)


def test_only_what_is_asked_is_drawn(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        shapes, "draw", lambda *arguments: drawn.append(arguments[1:3]) or np.zeros((16, 16, 3), np.uint8)
    )
    train = sources.open_source("shapes10", image_size=16).train
    train.images([12, 5])
    next(train.batches(2))
    assert drawn == [(5, 0), (2, 1), (0, 0), (1, 0)]


def test_positions_guard():
    train = sources.open_source("shapes10", image_size=16).train
    with pytest.raises(IndexError, match="positions reach from 0 to 10000, the split has 10000"):
        train.images([0, 10_000])
    with pytest.raises(IndexError, match="positions reach from -1 to 2"):
        train.batches(4, [-1, 2])
    with pytest.raises(TypeError, match="positions are bool, expected integers"):
        train.images([True, False])
    with pytest.raises(ValueError, match="batch_size is 0, expected at least 1"):
        train.batches(0)


def test_fingerprint_follows_what_identifies_the_data():
    def print_of(**options):
        return sources.open_source("shapes10", **{"image_size": 16, **options}).fingerprint()

    assert print_of() == print_of() and re.fullmatch("[0-9a-f]{64}", print_of())
    assert len({print_of(), print_of(image_size=32), print_of(channels=1), print_of(resize_filter="box")}) == 4


def test_digests_by_hand(tmp_path):
    """Ids, labels and each image's pixels; read once."""
    tiny.save_images(tmp_path / "test", {"red": 2, "green": 1})
    tiny.save_images(tmp_path / "train", {"red": 2, "green": 2})
    source = sources.open_source(f"folder:{tmp_path}", image_size=16)
    for split, found in ((sources.test_split(source), source.test_digest), (source.train, source.train_digest)):
        expected = hashlib.sha256(json.dumps(split.ids).encode() + split.labels.astype("<i4").tobytes())
        for image in split.images(range(len(split))):
            expected.update(hashlib.sha256(image.tobytes()).digest())
        assert found == expected.hexdigest()
    assert source.digest_of([3, 0]) == source.digest_of([0, 3]) != source.digest_of([0, 2]) != source.train_digest
    shutil.rmtree(tmp_path)
    assert source.test_digest and source.train_digest
    assert dataclasses.replace(source, _open_test=lambda: None).test_digest == ""


# Folders


def save(path, image, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


def flat(mode, colour, size=(16, 16)):
    return Image.new(mode, size, colour)


@pytest.fixture
def root(tmp_path):
    """Two classes of two images: flat colours."""
    for name, colours in {"cat": (RED, (10, 20, 30)), "dog": ((0, 0, 255), WHITE)}.items():
        for number, colour in enumerate(colours):
            save(tmp_path / "My Pets-2" / name / f"{number}.png", flat("RGB", colour))
    return tmp_path / "My Pets-2"


def read_one(root, **options):
    """The image cat/a.* of the folder."""
    train = sources.open_source(f"folder:{root}", **{"image_size": 16, **options}).train
    (position,) = [i for i, name in enumerate(train.ids) if name.startswith("cat/a.")]
    return train.images([position])[0]


def test_folder(root):
    (root / "cat" / ".hidden.png").write_bytes(b"")
    (root / "cat" / "notes.txt").write_text("no image")
    (root / ".cache").mkdir()
    source = sources.open_source(f"folder:{root}", image_size=16)
    assert (source.name, source.class_names) == ("my_pets_2", ("cat", "dog"))
    assert source.train.ids == ["cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"]
    assert source.train.labels.tolist() == [0, 0, 1, 1] and source.train.labels.dtype == np.int32
    assert source.train.images([3, 0])[:, 5, 5].tolist() == [list(WHITE), list(RED)]
    assert sources.test_split(source) is None
    again = sources.open_source(f"folder:{root}", image_size=16)
    assert again.train.ids == source.train.ids and again.fingerprint() == source.fingerprint()


def test_folder_by_splits(root, tmp_path):
    (tmp_path / "2 halves").mkdir()
    root.rename(tmp_path / "2 halves" / "train")
    save(tmp_path / "2 halves" / "test" / "dog" / "x.JPEG", flat("RGB", WHITE), format="JPEG")
    source = sources.open_source(f"folder:{tmp_path / '2 halves'}", image_size=16)
    assert source.name == "images_2_halves" and source.class_names == ("cat", "dog")
    assert source.train.ids[0] == "train/cat/0.png" and len(source.train) == 4
    test = sources.test_split(source)
    assert test.ids == ["test/dog/x.JPEG"] and test.labels.tolist() == [1]
    assert (test.images([0]) == 255).all()
    save(tmp_path / "2 halves" / "test" / "owl" / "x.png", flat("L", 0))
    fails(r"test.owl is a class that .*train does not have", f"folder:{tmp_path / '2 halves'}")


def test_train_as_a_class_name(root):
    save(root / "train" / "0.png", flat("L", 0))
    assert sources.open_source(f"folder:{root}", image_size=16).class_names == ("cat", "dog", "train")


def palette():
    image = flat("P", 1)
    image.putpalette([9, 9, 9, 40, 50, 60])
    return image


def transparent_palette():
    image = flat("P", 1)
    image.putpalette([9, 9, 9, 40, 50, 60])
    image.info["transparency"] = 1
    return image


@pytest.mark.parametrize(
    "image, rgb",
    [
        (palette(), (40, 50, 60)),
        (transparent_palette(), WHITE),
        (flat("L", 77), (77, 77, 77)),
        (flat("1", 1), WHITE),
        (flat("RGBA", (*RED, 255)), RED),
        (flat("RGBA", (0, 0, 0, 0)), WHITE),
        (flat("RGBA", (0, 0, 0, 51)), (204, 204, 204)),  # One fifth black over white.
        (flat("LA", (0, 51)), (204, 204, 204)),
        (Image.fromarray(np.full((16, 16), 65535, np.uint16)), WHITE),
        (Image.fromarray(np.full((16, 16), 257 * 100 + 200, np.uint16)), (101, 101, 101)),
    ],
)
def test_modes(root, image, rgb):
    save(root / "cat" / "a.png", image)
    assert np.array_equal(read_one(root), np.full((16, 16, 3), rgb))
    grey = int(np.rint(np.dot(rgb, [0.299, 0.587, 0.114])))
    assert np.array_equal(read_one(root, channels=1), np.full((16, 16, 1), grey))


def test_cmyk_jpeg(root):
    save(root / "cat" / "a.jpg", flat("CMYK", (0, 255, 255, 0)), quality=100)
    assert np.abs(read_one(root) - np.array(RED, int)).max() <= 2
    assert np.abs(read_one(root, channels=1) - 76.0).max() <= 2


def test_phone_jpeg_with_two_images(root):
    """MPO: the first image counts."""
    save(
        root / "cat" / "a.jpg",
        flat("RGB", RED),
        format="MPO",
        save_all=True,
        append_images=[flat("RGB", 0)],
        quality=100,
    )
    assert np.abs(read_one(root) - np.array(RED, int)).max() <= 2


def test_lossless_webp(root):
    save(root / "cat" / "a.WebP", flat("RGB", (40, 50, 60)), format="WEBP", lossless=True)
    assert np.array_equal(read_one(root), np.full((16, 16, 3), (40, 50, 60)))


def test_exif_orientation(root):
    image = flat("RGB", 0)
    image.paste(RED, (0, 0, 16, 4))  # Red at the stored top.
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned by 90 degrees clockwise: what is stored on top belongs to the right.
    save(root / "cat" / "a.png", image, exif=exif)
    expected = np.zeros((16, 16, 3), np.uint8)
    expected[:, 12:] = RED
    assert np.array_equal(read_one(root), expected)


def test_the_centred_square_is_kept(root):
    image = flat("RGB", (0, 0, 255), size=(48, 32))
    image.paste(RED, (8, 0, 40, 32))
    save(root / "cat" / "a.png", image)
    assert np.array_equal(read_one(root), np.full((16, 16, 3), RED))


@pytest.mark.parametrize("resize_filter, level", [("nearest", {0, 255}), ("box", {128, 127}), ("lanczos", None)])
def test_shrinking_averages(root, resize_filter, level):
    stripes = np.tile(np.array([0, 255], np.uint8), (32, 16))
    save(root / "cat" / "a.png", Image.fromarray(stripes))
    got = read_one(root, channels=1, resize_filter=resize_filter)
    if level:
        assert set(np.unique(got)) <= level
    else:
        assert np.abs(got[:, 3:-3].astype(int) - 127).max() <= 10  # Grey; only near the edge the kernel is cut off.


def jpeg_bytes():
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "JPEG")
    return stream.getvalue()


def icon_bytes():
    stream = io.BytesIO()
    flat("L", 0).save(stream, "ICO")
    return stream.getvalue()


@pytest.mark.parametrize(
    "content, reason",
    [
        (jpeg_bytes()[:900], "truncated"),
        (b"", "not an image"),
        (b"hello", "not an image"),
        (icon_bytes(), "not an image"),
    ],
)
def test_unreadable_files(root, content, reason):
    (root / "dog" / "bad.jpg").write_bytes(content)
    line = fails(rf"bad\.jpg does not decode \(.*{reason}.*\), 1 such .*--skip_unreadable", f"folder:{root}")
    assert line.startswith(str(root / "dog" / "bad.jpg"))
    source = sources.open_source(f"folder:{root}", image_size=16, skip_unreadable=True)
    assert source.skipped == ("dog/bad.jpg",) and "dog/bad.jpg" not in source.train.ids
    assert source.train.images(range(4)).shape == (4, 16, 16, 3)


@pytest.mark.parametrize("limit", [20 * 20, 40 * 40 - 1])  # Pillow warns above the limit and raises above its double.
def test_decompression_bomb(root, monkeypatch, limit):
    save(root / "cat" / "a.png", flat("RGB", RED, size=(40, 40)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    fails(r"cat.a\.png does not decode \(.*decompression bomb.*--skip_unreadable", f"folder:{root}")
    assert sources.open_source(f"folder:{root}", image_size=16, skip_unreadable=True).skipped == ("cat/a.png",)


def test_a_class_without_readable_images(root):
    save(root / "owl" / "0.png", flat("L", 0))
    (root / "owl" / "0.png").write_bytes(b"")
    fails("none of the images of class 'owl' in .* decodes", f"folder:{root}", skip_unreadable=True)


def test_a_file_that_breaks_after_opening(root):
    train = sources.open_source(f"folder:{root}", image_size=16).train
    (root / "cat" / "1.png").write_bytes(b"")
    assert len(train.images([0, 2])) == 2
    with pytest.raises(UserError, match=r"cat.1\.png no longer decodes \(not an image\)"):
        train.images([1])


def test_folder_guards(root, tmp_path):
    fails("folder .*missing does not exist, expected a folder of class folders", f"folder:{tmp_path / 'missing'}")
    fails("'folder:' without a path, expected folder:PATH", "folder:")
    fails(r"cat has 0 class folders with images, .* found .*: no folders; 0\.png, 1\.png; ", f"folder:{root / 'cat'}")
    fails("for the folder of that name say folder:", str(root))
    (root / "empty").mkdir()
    assert "left out: empty (no images)" in sources.open_source(f"folder:{root}", image_size=16).notes[0]
    (root / "empty" / "0.HEIC").write_bytes(b"")
    fails(r"empty holds 1 \.heic and no images that are read, expected files ending in \.jpg", f"folder:{root}")


def test_class_count_guard(root):
    for number in range(999):
        (root / f"c{number}").mkdir()
        (root / f"c{number}" / "0.png").symlink_to(root / "cat" / "0.png")
    fails("has 1001 classes, expected 2 to 1000", f"folder:{root}")


def test_what_the_folder_means_is_said_in_one_line(root):
    (note,) = sources.open_source(f"folder:{root}", image_size=16).notes
    assert note == f"source folder {root}: 2 classes (cat, dog); 4 train images"


def test_class_names_that_tfds_does_not_keep(root):
    (root / "cat ").mkdir()
    save(root / "cat " / "0.png", flat("L", 0))
    line = "has a class called 'cat ', expected no white space at its ends, which TFDS does not keep"
    fails(line, f"folder:{root}")
    (root / "labels.csv").write_text("file,label\ncat/0.png,cat\ndog/0.png,cat \n")
    fails(line, f"csv:{root / 'labels.csv'}")
    np.savez(root / "a.npz", images=np.full((2, 16, 16), 99, np.uint8), labels=["cat", "cat "])
    fails(line, f"npz:{root / 'a.npz'}")


def test_numbers_as_class_names_are_said_where_they_are_no_labels(root):
    for number in (2, 10):
        save(root / str(number) / "0.png", flat("L", 0))
    shutil.rmtree(root / "cat"), shutil.rmtree(root / "dog")
    source = sources.open_source(f"folder:{root}", image_size=16)
    assert source.class_names == ("10", "2") and source.notes[1].endswith("10, 2; so label 0 is class '10'")


def test_the_workdir_is_no_source_and_no_class(root):
    (root / "work" / "grids").mkdir(parents=True)
    save(root / "work" / "grids" / "cat.png", flat("L", 0))
    source = sources.open_source(f"folder:{root}", image_size=16, own=(root / "work",))
    assert source.class_names == ("cat", "dog") and "left out: work (written by tfgan_aug)" in source.notes[0]
    fails("is the workdir, expected a folder of your images beside it", f"folder:{root}", own=(root / "cat" / "..",))


def split_folders(root, *splits):
    """The folder with its images in `train`, and one more a class in each of `splits`."""
    classes = {path.name for path in root.iterdir()}
    for number, split in enumerate(splits):
        for name in classes:
            save(root / split / name / "x.png", flat("RGB", (number, 99, 0)))
    for name in classes:
        (root / "train").mkdir(exist_ok=True)
        (root / name).rename(root / "train" / name)
    return root


def test_a_validation_split_is_trained_on_on_request_alone(root):
    name = f"folder:{split_folders(root, 'val', 'test')}"
    source = sources.open_source(name, image_size=16)
    assert len(source.train) == 4 and len(sources.test_split(source)) == 2
    assert source.notes[1] == "the validation split is left out; --config.use_validation=true trains on it"
    both = sources.open_source(name, image_size=16, use_validation=True)
    assert both.train.ids == [*source.train.ids, "val/cat/x.png", "val/dog/x.png"]
    assert both.train.labels.tolist() == [0, 0, 1, 1, 0, 1] and both.fingerprint() != source.fingerprint()
    assert (
        both.train.images([5])[0, 0, 0].tolist() == [0, 99, 0] and both.notes[1] == "the validation split is trained on"
    )
    assert sources.test_split(both).ids == sources.test_split(source).ids
    fails("--config.use_validation: found no validation split", f"folder:{root / 'train'}", use_validation=True)


def test_a_broken_file_of_a_validation_split_that_is_not_used_is_not_read(root):
    split_folders(root, "val")
    (root / "val" / "cat" / "x.png").write_bytes(b"")
    assert len(sources.open_source(f"folder:{root}", image_size=16).train) == 4
    fails("val/cat/x.png does not decode", f"folder:{root}", use_validation=True)


# Tables and arrays


def test_table(root):
    table = root / "My labels.csv"
    table.write_text("file,kind,split\ncat/0.png,b,train\ndog/1.png,a,train\ncat/1.png,a,val\ndog/0.png,b,test\n")
    columns = {"csv_columns": ("file", "kind", "split")}
    source = sources.open_source(f"csv:{table}", image_size=16, **columns)
    assert (source.name, source.class_names, source.train.ids) == ("my_labels", ("a", "b"), ["cat/0.png", "dog/1.png"])
    assert source.train.labels.tolist() == [1, 0] and source.train.images([1, 0])[:, 5, 5].tolist() == [
        list(WHITE),
        list(RED),
    ]
    assert source.notes[0].startswith(f"source table {table}: 4 rows, separated by commas; files in column 'file'")
    assert sources.test_split(source).ids == ["dog/0.png"] and source.notes[1].startswith(
        "the validation split is left out"
    )
    assert len(sources.open_source(f"csv:{table}", image_size=16, use_validation=True, **columns).train) == 3
    fails("'csv:' without a path, expected csv:FILE", "csv:")
    fails("for the file of that name say csv:", str(table))


def test_table_with_files_that_are_missing_or_broken(root):
    (root / "cat" / "1.png").write_bytes(b"")
    table = root / "l.csv"
    table.write_text("file,label\ncat/0.png,b\ndog/1.png,a\ncat/1.png,a\ncat/9.png,b\n")
    fails("names 1 of 4 files that are missing: cat/9.png", f"csv:{table}")
    source = sources.open_source(f"csv:{table}", image_size=16, skip_unreadable=True)
    assert source.skipped == ("cat/9.png", "cat/1.png") and source.train.ids == ["cat/0.png", "dog/1.png"]


def test_npz(tmp_path):
    images = np.stack([np.full((20, 30, 3), (level, 99, 0), np.uint8) for level in range(6)])
    labels = [[1], [0], [1], [0], [1], [0]]
    made = {"x_train": images[:3], "y_train": labels[:3], "x_val": images[3:5], "y_val": labels[3:5]}
    np.savez(tmp_path / "Set 1.npz", **made, x_test=images[5:], y_test=labels[5:])
    source = sources.open_source(f"npz:{tmp_path / 'Set 1.npz'}", image_size=16)
    assert (source.name, source.class_names, source.train.labels.tolist()) == ("set_1", ("0", "1"), [1, 0, 1])
    assert source.train.ids[2] == "train/00000002" and source.train.images([2])[0, 0, 0].tolist() == [2, 99, 0]
    test = sources.test_split(source)
    assert test.ids == ["test/00000000"] and test.images([0])[0, 3, 3].tolist() == [5, 99, 0]
    both = sources.open_source(f"npz:{tmp_path / 'Set 1.npz'}", image_size=16, use_validation=True).train
    assert both.ids[3:] == ["validation/00000000", "validation/00000001"] and both.labels.tolist() == [1, 0, 1, 0, 1]
    assert both.images([4, 1])[:, 0, 0, 0].tolist() == [4, 1]
    grey = sources.open_source(f"npz:{tmp_path / 'Set 1.npz'}", image_size=16, channels=1).train.images([1])
    assert grey.shape == (1, 16, 16, 1) and grey[0, 0, 0, 0] == round(0.299 + 0.587 * 99)
    fails("'npz:' without a path, expected npz:FILE", "npz:")
    fails("found no file .*none.npz", f"npz:{tmp_path / 'none.npz'}")


# Duplicates


def test_without_duplicates(root):
    split_folders(root, "test")
    shutil.copy(root / "train" / "cat" / "0.png", root / "train" / "dog" / "8.png")
    shutil.copy(root / "train" / "cat" / "1.png", root / "train" / "cat" / "9.png")
    shutil.copy(root / "test" / "dog" / "x.png", root / "train" / "dog" / "9.png")
    source = sources.open_source(f"folder:{root}", image_size=16)
    found = source.duplicates
    assert [[copy.id for copy in group] for group in found.groups] == [
        ["train/cat/0.png", "train/dog/8.png"],
        ["train/cat/1.png", "train/cat/9.png"],
        ["train/dog/9.png", "test/cat/x.png", "test/dog/x.png"],
    ]
    left = sources.without_duplicates(source)
    assert left.train.ids == ["train/cat/1.png", "train/dog/0.png", "train/dog/1.png"]
    assert left.train.labels.tolist() == [0, 1, 1] and sources.test_split(left).ids == []
    assert left.train.images([0, 2])[:, 5, 5].tolist() == [[10, 20, 30], list(WHITE)]
    assert [images.shape for _, images in left.train.batches(2)] == [(2, 16, 16, 3), (1, 16, 16, 3)]
    assert left.duplicates.groups == () and left.fingerprint() != source.fingerprint()
    assert left.train.survey()["images"] == 3


def test_no_two_images_of_shapes10_are_compared(monkeypatch):
    monkeypatch.setattr(shapes, "draw", lambda *arguments: pytest.fail("drawn"))
    assert sources.open_source("shapes10", image_size=16).duplicates.groups == ()


def test_a_long_folder_name_leaves_room_for_the_endings_of_files(tmp_path):
    """The longest is that of a folder at work, such as .incomplete-<name>_gan_aug-dcgan_tp_confident."""
    root = tmp_path / ("long name " * 25)
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
        Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(root / name / "0.png")
    name = sources.open_source(f"folder:{root}", image_size=16).name
    assert name.startswith("long_name_long") and 90 < len(name) <= 100 and not name.endswith("_")

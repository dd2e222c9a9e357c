"""Folders, images, tables, arrays and prepared sets that a command must refuse."""

import io
import os
import shutil
import struct
import zipfile
import zlib

import numpy as np
import test_prepared
from bad_input import SMALL, Case, arrays, options, rows, save, two_classes
from PIL import Image, PngImagePlugin

from tfgan_aug.data import trees

NOT_UTF8 = os.fsdecode(b"\xff")
LONG = "x" * 300


def folder(name, *words, edit, arguments=(), patch=None):
    """The case of a folder of two classes that `edit(root)` changes; `patch(monkeypatch, root)` comes last."""

    def make(place):
        root = two_classes(place.path / "pictures")
        edit(root)
        if patch:
            patch(place.patch, root)
        return [*SMALL, f"--config.source=folder:{root}", *arguments]

    return Case(name, words, make)


def source(name, *words, spec, arguments=()):
    """The case of a source that leads nowhere."""
    given = [f"--config.source={spec}", "--config.source_data_dir={path}", *arguments]
    return options(name, *words, arguments=given)


SOURCE = "--config.source: "
PICTURES = SOURCE + "{path}/pictures "


# Folders


def moved(root, name):
    (root / "cat").rename(root / name)


def emptied(root, name):
    for path in (root / name).iterdir():
        path.unlink()


def unreadable(name):
    """A patch that leaves the folder `name` as chmod 000 leaves it to all but root."""

    def patch(monkeypatch, root):
        scandir = os.scandir

        def closed(path="."):
            if str(path) == str(root / name):
                raise PermissionError(13, "Permission denied", str(path))
            return scandir(path)

        monkeypatch.setattr(os, "scandir", closed)
        # Looks for files in the folder, of which root sees those that there are.
        monkeypatch.setattr(trees, "is_ours", lambda folder: False)

    return patch


def hidden(name, number=13):
    """A patch with which nothing can be known of the path `name`, as below a folder that may not be searched."""

    def patch(monkeypatch, root):
        stat = os.stat

        def closed(path, **options):
            if str(path) == str(root / name):
                raise OSError(number, os.strerror(number), str(path))
            return stat(path, **options)

        monkeypatch.setattr(os, "stat", closed)

    return patch


def deep(root):
    """Folders inside each other, as a script leaves them that copies a folder into itself."""
    (root / "cat" / "/".join(["d"] * 300)).mkdir(parents=True)


def twins(root):
    for name in ("caf\u00e9", "cafe\u0301"):
        save(root / name / "0.png", 50 + len(name))


def splits(root, *names):
    for name in names:
        shutil.copytree(root, root.parent / "both" / name)
    shutil.rmtree(root)
    (root.parent / "both").rename(root)


FOLDERS = [
    source("a folder that is not there", SOURCE + "folder {path}/none does not exist", spec="folder:{path}/none"),
    source("a folder without a path", "--config.source is 'folder:' without a path", spec="folder:"),
    source("a folder of a missing user", SOURCE + "cannot read ~nobody_here/x", spec="folder:~nobody_here/x"),
    source("a folder of a long name", SOURCE + "cannot read xxx", "File name too long", spec=f"folder:{LONG}"),
    source("a folder with a zero byte", SOURCE + "cannot read 'a\\x00b'", spec="folder:a\0b"),
    source("a folder that is not UTF-8", SOURCE + "found 'folder:\\udcff'", "is not UTF-8", spec=f"folder:{NOT_UTF8}"),
    source("a folder that is a device", SOURCE + "folder /dev/null does not exist", spec="folder:/dev/null"),
    folder(
        "a folder that may not be looked for",
        SOURCE + "cannot read {path}/pictures: Permission denied",
        edit=lambda root: None,
        patch=hidden(""),
    ),
    folder(
        "no class folder",
        PICTURES + "has 0 class folders",
        edit=lambda root: [shutil.rmtree(p) for p in root.iterdir()],
    ),
    folder("one class folder", PICTURES + "has 1 class folders", edit=lambda root: shutil.rmtree(root / "dog")),
    folder("a class that is empty", PICTURES + "has 1 class folders", edit=lambda root: emptied(root, "dog")),
    folder(
        "a class of files that are not read",
        SOURCE + "{path}/pictures/cow holds 1 .heic",
        edit=lambda root: [(root / "cow").mkdir(), (root / "cow" / "0.heic").touch()],
    ),
    folder(
        "images outside the classes",
        PICTURES + "holds 7 images outside",
        edit=lambda root: [save(root / f"{n}.png", n) for n in range(7)],
    ),
    folder(
        "folders that may hold the classes",
        SOURCE + "{path}/pictures/images may hold",
        edit=lambda root: save(root / "images" / "0.png", 5),
    ),
    folder("a test split alone", PICTURES + "has test, but no train split", edit=lambda root: splits(root, "test")),
    folder(
        "two train splits",
        SOURCE + "Training and train are two folders",
        edit=lambda root: splits(root, "train", "Training"),
    ),
    folder(
        "a test class that train lacks",
        SOURCE + "{path}/pictures/test/cow is a class that",
        edit=lambda root: [splits(root, "train", "test"), save(root / "test" / "cow" / "0.png", 9)],
    ),
    folder(
        "a validation split that is missing",
        "--config.use_validation: found no validation split",
        edit=lambda root: None,
        arguments=["--config.use_validation=true"],
    ),
    folder(
        "a class that is not UTF-8",
        SOURCE,
        "pictures/\\udcff' has a name that is not UTF-8",
        edit=lambda root: moved(root, NOT_UTF8),
    ),
    folder(
        "an image that is not UTF-8",
        SOURCE,
        "cat/\\udcff.png' has a name that is not UTF-8",
        edit=lambda root: save(root / "cat" / f"{NOT_UTF8}.png", 1),
    ),
    folder(
        "another file that is not UTF-8",
        SOURCE,
        "cat/\\udcff.txt' has a name that",
        edit=lambda root: (root / "cat" / f"{NOT_UTF8}.txt").touch(),
    ),
    folder(
        "classes that look the same", SOURCE, "two classes that look the same, 'cafe\\u0301' and 'caf\\xe9'", edit=twins
    ),
    folder(
        "a class with a space at its end",
        SOURCE,
        "a class called 'cat ', expected no white space",
        edit=lambda root: moved(root, "cat "),
    ),
    folder(
        "a class with a line break",
        SOURCE,
        "a class called 'c\\nat', expected no line breaks",
        edit=lambda root: moved(root, "c\nat"),
    ),
    folder(
        "a class that moves the cursor",
        SOURCE,
        "a class called 'c\\x1b[2Jat'",
        edit=lambda root: moved(root, "c\x1b[2Jat"),
    ),
    folder(
        "a file that moves the cursor",
        "c\\x1b[2J.png does not decode",
        edit=lambda root: (root / "cat" / "c\x1b[2J.png").touch(),
    ),
    folder(
        "a class folder that cannot be read",
        SOURCE + "cannot read folder {path}/pictures/dog: Permission denied",
        edit=lambda root: None,
        patch=unreadable("dog"),
    ),
    folder(
        "an empty folder that cannot be read",
        SOURCE + "cannot read folder {path}/pictures/zoo",
        edit=lambda root: (root / "zoo").mkdir(),
        patch=unreadable("zoo"),
    ),
    folder(
        "a root that cannot be read",
        SOURCE + "cannot read folder {path}/pictures: Permission denied",
        edit=lambda root: None,
        patch=unreadable(""),
    ),
    folder("folders too deep", PICTURES + "has folders more than 100 deep", edit=deep),
    folder(
        "links in a circle for images",
        "cat/x.png does not decode (Too many levels of symbolic links)",
        edit=lambda root: (root / "cat" / "x.png").symlink_to(root / "cat" / "x.png"),
    ),
    folder(
        "a link that leads nowhere",
        "cat/x.png does not decode (No such file or directory)",
        edit=lambda root: (root / "cat" / "x.png").symlink_to(root / "gone.png"),
    ),
    folder(
        "a link to a pipe",
        "cat/x.png does not decode (no regular file)",
        edit=lambda root: [os.mkfifo(root.parent / "pipe"), (root / "cat" / "x.png").symlink_to(root.parent / "pipe")],
    ),
    folder(
        "a source that is a link to itself",
        SOURCE + "cannot read {path}/pictures: Too many levels",
        edit=lambda root: [shutil.rmtree(root), root.symlink_to(root)],
    ),
    folder(
        "a dataset in place of images",
        SOURCE + "{path}/pictures is a folder that tfgan_aug or TFDS wrote",
        edit=lambda root: [(root / name).touch() for name in ("dataset_info.json", "features.json")],
    ),
]


# Images


def image(name, *words, make, arguments=(), ending="png"):
    """The case of a file `x` of class cat that `make(path)` writes, or of these bytes."""

    def edit(root):
        path = root / "cat" / f"x.{ending}"
        if isinstance(make, bytes):
            path.write_bytes(make)
        else:
            make(path)

    return folder(name, *words, edit=edit, arguments=arguments)


def encoded(kind, **options):
    """The bytes of a small image of that format."""
    stream = io.BytesIO()
    Image.fromarray(arrays()["images"][0]).save(stream, kind, **options)
    return stream.getvalue()


def png_of_size(width, height):
    """A PNG whose head promises these sides; its pixels are those of a small one."""
    head = b"IHDR" + struct.pack(">II", width, height) + encoded("PNG")[24:29]
    return encoded("PNG")[:12] + head + struct.pack(">I", zlib.crc32(head)) + encoded("PNG")[33:]


def damaged(content, start, stop):
    return content[:start] + bytes(255 - byte for byte in content[start:stop]) + content[stop:]


def with_text_bomb(path):
    """A PNG of a few bytes with a comment of megabytes."""
    comment = PngImagePlugin.PngInfo()
    comment.add_text("a", "x" * 3_000_000, zip=True)
    save(path, 1, pnginfo=comment)


def deep_grey(value):
    return lambda path: Image.fromarray(np.full((16, 16), value, np.uint16)).save(path)


NO_IMAGE = "{path}/pictures/cat/x.png does not decode (not an image"
BROKEN = "{path}/pictures/cat/x.png does not decode ("
IMAGES = [
    image("an image of no bytes", NO_IMAGE, "--skip_unreadable", make=b""),
    image("an image of one byte", NO_IMAGE, make=b"\x89"),
    image("an image of zeros", NO_IMAGE, make=bytes(1000)),
    image("text in place of an image", NO_IMAGE, make=b"version https://git-lfs.github.com/spec/v1\n"),
    image("a web page in place of an image", NO_IMAGE, make=b"<!DOCTYPE html><html><body>404</body></html>"),
    image("a drawing of vectors", NO_IMAGE, make=b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    image("a document", NO_IMAGE, make=b"%PDF-1.7\n"),
    image("layers of a paint program", NO_IMAGE, make=b"8BPS\0\1" + bytes(60)),
    image("the head of a PNG alone", NO_IMAGE, make=encoded("PNG")[:8]),
    image("a PNG cut off in its pixels", BROKEN, make=encoded("PNG")[:300]),
    image("a PNG without its end", BROKEN, make=encoded("PNG")[:-200]),
    image("a PNG with a damaged head", NO_IMAGE, make=damaged(encoded("PNG"), 18, 22)),
    image("a PNG with damaged pixels", BROKEN, make=damaged(encoded("PNG"), 60, 400)),
    image("a PNG of no pixel", NO_IMAGE, make=png_of_size(0, 0)),
    image(
        "a PNG that promises billions of pixels",
        BROKEN + "Image size (3600000000 pixels) exceeds limit",
        make=png_of_size(60_000, 60_000),
    ),
    image("a PNG of more pixels than it may have", BROKEN, "decompression bomb", make=png_of_size(10_000, 10_000)),
    image("a PNG that promises more than it holds", BROKEN + "image file is truncated", make=png_of_size(900, 900)),
    image("a PNG with a comment of megabytes", BROKEN + "Decompressed data too large", make=with_text_bomb),
    image(
        "a JPEG cut off", "x.jpg does not decode (image file is truncated", make=encoded("JPEG")[:-100], ending="jpg"
    ),
    image("the head of a JPEG alone", "x.jpg does not decode (", make=encoded("JPEG")[:30], ending="jpg"),
    image("a GIF without its frame", "x.gif does not decode (", make=encoded("GIF")[:20], ending="gif"),
    image("a WebP cut off", "x.webp does not decode (", make=encoded("WEBP")[:40], ending="webp"),
    image(
        "a BMP of no width",
        "x.bmp does not decode (",
        make=encoded("BMP")[:18] + bytes(4) + encoded("BMP")[22:],
        ending="bmp",
    ),
    image("a TIFF without its pixels", "x.tif does not decode (", make=encoded("TIFF")[:100], ending="tif"),
    image("a PPM of words", "x.ppm does not decode (", make=b"P6 a b 255\n", ending="ppm"),
    image(
        "floats",
        "x.tif does not decode (values from 0 to 3 (mode F)",
        "--config.white_level",
        make=lambda path: save(path, 3, "F"),
        ending="tif",
    ),
    image(
        "whole numbers of 32 bits",
        "x.tif does not decode (values from 0 to 70000 (mode I)",
        make=lambda path: save(path, 70_000, "I"),
        ending="tif",
    ),
    image(
        "NaN in place of a level",
        "x.tif does not decode (values from nan to nan",
        make=lambda path: save(path, float("nan"), "F"),
        ending="tif",
        arguments=["--config.white_level=1"],
    ),
    image(
        "brighter than white",
        "x.tif does not decode (values from 0 to 3 (mode F), expected 0 to 1",
        make=lambda path: save(path, 3, "F"),
        ending="tif",
        arguments=["--config.white_level=1"],
    ),
    image(
        "sixteen bits that are black",
        "--config.white_level: the brightest value in all files of 16 bits (1) is 4,000",
        make=deep_grey(4000),
    ),
    folder(
        "a class of damaged images",
        SOURCE + "none of the images of class 'cat' in {path}/pictures decodes",
        edit=lambda root: [path.write_bytes(b"x") for path in (root / "cat").iterdir()],
        arguments=["--skip_unreadable"],
    ),
    folder(
        "many damaged images",
        "does not decode (not an image), 3 such file(s) in all",
        edit=lambda root: [path.write_bytes(b"x") for path in (root / "cat").iterdir()],
    ),
    folder(
        "a class of folders called like images",
        PICTURES + "has 1 class folders",
        edit=lambda root: [emptied(root, "cat"), (root / "cat" / "0.png").mkdir()],
    ),
]


# Tables


def table(name, *words, text, columns="", edit=None, file="labels.csv", arguments=()):
    """The case of a table with this content, beside the folders of two classes."""

    def make(place):
        root = two_classes(place.path)
        (root / file).write_bytes(text if isinstance(text, bytes) else text.encode())
        if edit:
            edit(root)
        named = [f"--config.csv_columns={columns}"] if columns else []
        return [*SMALL, f"--config.source=csv:{root / file}", *named, *arguments]

    return Case(name, words, make)


HEAD = "file,label\n"
TABLE = SOURCE + "{path}/labels.csv "
COLUMNS = "--config.csv_columns: "
HUGE = "9" * 5000
TABLES = [
    source("a table that is not there", SOURCE + "found no file {path}/none.csv", spec="csv:{path}/none.csv"),
    source("a table without a path", "--config.source is 'csv:' without a path", spec="csv:"),
    source("a table that is a folder", SOURCE + "found no file {path}, expected csv:FILE", spec="csv:{path}"),
    source("a table of a missing user", SOURCE + "cannot read ~nobody_here/x.csv", spec="csv:~nobody_here/x.csv"),
    source("a table of a long name", SOURCE + "cannot read xxx", "File name too long", spec=f"csv:{LONG}"),
    source("a table that is a device", SOURCE + "found no file /dev/zero", spec="csv:/dev/zero"),
    table("a table of no bytes", TABLE + "is empty", text=""),
    table("a table of blank lines", TABLE + "is empty", text="\n \n"),
    table("a table of a mark alone", TABLE + "is empty", text=b"\xef\xbb\xbf"),
    table("a table of a header alone", TABLE + "holds no rows", text=HEAD),
    table(
        "a table of one column", TABLE + "has one column, expected at least two", text="file\ncat/0.png\ndog/0.png\n"
    ),
    table(
        "a table separated by spaces",
        TABLE + "has one column, expected at least two",
        text="file label\ncat/0.png cat\ndog/0.png dog\n",
    ),
    table("a table separated by colons", TABLE + "has one column", text="file:label\ncat/0.png:cat\n"),
    table(
        "columns without files",
        TABLE + "has the columns name_of, kind, none of which names image files",
        text="name_of,kind\na,cat\nb,dog\n",
    ),
    table(
        "several columns that may be labels",
        TABLE,
        "of which several may be the labels",
        text="file,size,kind\n" + rows().replace("\n", ",x\n"),
    ),
    table(
        "a title twice",
        TABLE + "has 2 columns 'label', expected one",
        text="file,label,label\n" + rows().replace("\n", ",other\n"),
    ),
    table("one title for all", TABLE + "has 2 columns 'file', expected one", text="file,file\n" + rows()),
    table(
        "a column asked for by a title that is there twice",
        COLUMNS,
        "has 2 columns 'label'",
        text="file,label,label\n" + rows().replace("\n", ",other\n"),
        columns="file,label",
    ),
    table(
        "a column that is not there",
        COLUMNS,
        "has no column 'klass', expected the columns file, label",
        text=HEAD + rows(),
        columns="file,klass",
    ),
    table("a column twice", COLUMNS + "found file,file, expected the columns", text=HEAD + rows(), columns="file,file"),
    table("a column alone", COLUMNS + "found file, expected the columns", text=HEAD + rows(), columns="file"),
    table("column 0", COLUMNS, "has no column '0'", text=HEAD + rows(), columns="0,1"),
    table("a column beyond the last", COLUMNS, "has no column '9'", text=HEAD + rows(), columns="1,9"),
    table(
        "a column of hundreds of digits", COLUMNS, "has no column '999", text=HEAD + rows(), columns="1," + "9" * 3000
    ),
    table(
        "too many columns",
        COLUMNS + "found a,b,c,d, expected file,label,split",
        text="a,b,c,d\n" + rows().replace("\n", ",x,y\n"),
        columns="a,b,c,d",
    ),
    table(
        "a table in Latin-1",
        TABLE + "line 8 is not UTF-8",
        text=(HEAD + rows() + "cat/0.png,caf\u00e9\n").encode("latin-1"),
    ),
    table(
        "a table in UTF-16 without a mark", TABLE + "line 1 holds a zero byte", text=(HEAD + rows()).encode("utf-16-le")
    ),
    table("a table in UTF-32", TABLE, "a zero byte", text=(HEAD + rows()).encode("utf-32")),
    table("half a letter of UTF-16", TABLE + "line 1 is not UTF-16", text=b"\xff\xfea"),
    table("a zero byte in a label", TABLE + "line 8 holds a zero byte", text=HEAD + rows() + "cat/0.png,c\0at\n"),
    table("an image in place of a table", TABLE + "line 1 is not UTF-8", text=encoded("PNG")),
    table("a spreadsheet in place of a table", TABLE, text=b"PK\3\4\x14\0\6\0" + bytes(50)),
    table(
        "a quote that does not end", TABLE + "line 8: unexpected end of data", text=HEAD + rows() + '"cat/0.png,cat\n'
    ),
    table("a row of more cells", TABLE + "line 8 has 3 cells, expected 2", text=HEAD + rows() + "cat/0.png,cat,x\n"),
    table("a row of fewer cells", TABLE + "line 8 has 1 cells, expected 2", text=HEAD + rows() + "cat/0.png\n"),
    table(
        "a cell of megabytes",
        TABLE + "line 8: field larger than field limit",
        text=HEAD + rows() + "x" * 2_000_000 + ",cat\n",
    ),
    table("a blank label", TABLE + "line 8 has no label", text=HEAD + rows() + "cat/0.png,\n"),
    table("a blank file", TABLE + "line 8 has no file", text=HEAD + rows() + ",cat\n"),
    table("one label", SOURCE, "has 1 classes, expected 2 to 1000", text=HEAD + rows().replace("dog\n", "cat\n")),
    table(
        "a label with a space at its end",
        SOURCE,
        "a class called 'cat ', expected no white space",
        text=HEAD + rows().replace(",cat", ",cat "),
    ),
    table(
        "a label of two lines",
        SOURCE,
        "a class called 'c\\nat', expected no line breaks",
        text=HEAD + rows().replace(",cat", ',"c\nat"'),
    ),
    table(
        "labels that look the same",
        SOURCE,
        "two classes that look the same",
        text=HEAD + rows().replace(",cat", ",do\u200bg"),
    ),
    table(
        "a label of thousands of digits",
        TABLE + "lists cat/0.png with two labels",
        text=HEAD + rows().replace(",dog", f",{HUGE}") + f"cat/0.png,{HUGE}\n",
    ),
    table(
        "a fraction of thousands of digits",
        TABLE + "lists cat/0.png with two labels",
        text=HEAD + rows().replace(",dog", f",{HUGE}").replace(",cat", ",1.0") + "cat/0.png,2\n",
    ),
    table(
        "numbers that differ in their last digit",
        TABLE + "lists cat/0.png with two labels: 9007199254740993 in line 2",
        text=HEAD
        + rows().replace(",cat", ",9007199254740993.0").replace(",dog", ",1")
        + "cat/0.png,9007199254740992\n",
    ),
    table(
        "a file with two labels",
        TABLE + "lists cat/0.png with two labels: cat in line 2, dog in line 8",
        text=HEAD + rows() + "cat/0.png,dog\n",
    ),
    table(
        "a file that is missing",
        TABLE + "names 1 of 7 files that are missing: cat/9.png (line 8)",
        text=HEAD + rows() + "cat/9.png,cat\n",
    ),
    table(
        "a folder in place of a file",
        TABLE + "names 1 of 7 files that are missing: cat (line 8)",
        text=HEAD + rows() + "cat,cat\n",
    ),
    table(
        "a file of a long name",
        TABLE + "names 1 of 7 files that are missing: xxx",
        text=HEAD + rows() + f"{LONG}.png,cat\n",
    ),
    table(
        "a file outside that is no image",
        "/etc/passwd does not decode (not an image)",
        text=HEAD + rows() + "../../../../../../../../etc/passwd,cat\n",
    ),
    table(
        "a file by its path that is no image",
        "/etc/passwd does not decode (not an image)",
        text=HEAD + rows() + "/etc/passwd,cat\n",
    ),
    table(
        "a device in place of a file",
        "/dev/zero does not decode (no regular file)",
        text=HEAD + rows() + "/dev/zero,cat\n",
    ),
    table(
        "a pipe in place of a file",
        "pipe.png does not decode (no regular file)",
        text=HEAD + rows() + "pipe.png,cat\n",
        edit=lambda root: os.mkfifo(root / "pipe.png"),
    ),
    table(
        "the table in place of a file",
        "labels.csv does not decode (not an image)",
        text=HEAD + rows() + "labels.csv,cat\n",
    ),
    table(
        "a file in two folders",
        TABLE + "line 2: 0.png is {path}/cat/0.png and {path}/dog/0.png, expected one",
        text=HEAD + "0.png,cat\n1.png,dog\n",
    ),
    table(
        "a file in a folder that is not UTF-8",
        SOURCE,
        "\\udcff/only.png' has a name that is not UTF-8",
        text=HEAD + rows() + "only.png,cat\n",
        edit=lambda root: save(root / NOT_UTF8 / "only.png", 3),
    ),
    table(
        "an image that is two classes",
        TABLE + "line 2 has a 1 in 2 of 2 columns",
        text="file,cat,dog\ncat/0.png,1,1\ndog/0.png,0,1\n",
    ),
    table(
        "an image that is no class",
        TABLE + "line 2 has a 1 in 0 of 2 columns",
        text="file,cat,dog\ncat/0.png,0,0\ndog/0.png,0,1\n",
    ),
    table(
        "two columns for one class",
        TABLE + "has 2 columns 'cat', expected one",
        text="file,cat,cat\ncat/0.png,1,0\ndog/0.png,0,1\n",
    ),
    table(
        "a split that is none",
        TABLE + "line 2 has the split 'all'",
        text="file,label,split\n" + rows().replace("\n", ",all\n"),
        columns="file,label,split",
    ),
    table(
        "no train split",
        TABLE + "has no rows of the train split",
        text="file,label,split\n" + rows().replace("\n", ",test\n"),
    ),
    table(
        "a class of the test split alone",
        TABLE + "line 5: class 'dog' in split test",
        text="file,label,split\n" + rows().replace(",cat\n", ",cat,train\n").replace(",dog\n", ",dog,test\n"),
    ),
    table(
        "a damaged file of a table",
        "cat/0.png does not decode (not an image)",
        text=HEAD + rows(),
        edit=lambda root: (root / "cat" / "0.png").write_bytes(b"x"),
    ),
    table(
        "a link to itself in place of a table",
        SOURCE + "cannot read {path}/labels.csv: Too many levels",
        text="",
        edit=lambda root: [(root / "labels.csv").unlink(), (root / "labels.csv").symlink_to(root / "labels.csv")],
    ),
]


# Arrays


def npz(name, *words, arguments=(), **given):
    """The case of arrays in a .npz file, in place of those that are right."""

    def make(place):
        np.savez(place.path / "a.npz", **given)
        return [*SMALL, f"--config.source=npz:{place.path / 'a.npz'}", *arguments]

    return Case(name, words, make)


def archive(name, *words, content):
    """The case of a .npz file of these bytes."""

    def make(place):
        (place.path / "a.npz").write_bytes(content)
        return [*SMALL, f"--config.source=npz:{place.path / 'a.npz'}"]

    return Case(name, words, make)


def zipped(**files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in files.items():
            file.writestr(f"{name}.npy", content)
    return stream.getvalue()


def header(words):
    """An array of no bytes whose header is these words."""
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(words)) + words.encode()


def saved(compressed=False):
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, **arrays())
    return stream.getvalue()


X, Y = arrays().values()
NPZ = SOURCE + "{path}/a.npz "
LEVELS = "expected grey levels from 0 to 255, or fractions from 0 to 1"
PROMISE = "{'descr': '|u1', 'fortran_order': False, 'shape': (6, 999999999, 99999), }\n"
NPZS = [
    source("arrays that are not there", SOURCE + "found no file {path}/none.npz", spec="npz:{path}/none.npz"),
    source("arrays without a path", "--config.source is 'npz:' without a path", spec="npz:"),
    source("arrays of a missing user", SOURCE + "cannot read ~nobody_here/a.npz", spec="npz:~nobody_here/a.npz"),
    source("arrays of a long name", SOURCE + "cannot read xxx", "File name too long", spec=f"npz:{LONG}"),
    npz("no arrays", NPZ + "has the arrays none, expected images and labels"),
    npz("images without labels", NPZ + "has the arrays images uint8", images=X),
    npz("labels without images", NPZ + "has the arrays labels int64 (6)", labels=Y),
    npz("arrays of other names", NPZ + "has the arrays a uint8 (6, 16, 16, 3), b int64 (6)", a=X, b=Y),
    npz("two arrays of images", NPZ + "has two arrays of images for train, images and x", images=X, x=X, labels=Y),
    npz("objects for images", NPZ + "holds Python objects in images", images=np.array([X, None], object), labels=Y),
    npz(
        "objects for labels", NPZ + "holds Python objects in labels", images=X, labels=np.array(["a", None] * 3, object)
    ),
    npz("records for labels", NPZ + "has labels labels", images=X, labels=np.zeros(6, [("a", int)])),
    npz("complex numbers for images", NPZ + "has images images complex128", images=X.astype(complex), labels=Y),
    npz(
        "dates for labels", NPZ + "has labels labels datetime64", images=X, labels=np.array(["2020-01-01"] * 6, "M8[D]")
    ),
    npz("raw bytes for images", NPZ + "has images images |V4", images=np.zeros((6, 16, 16), "V4"), labels=Y),
    npz(
        "paths for images", NPZ + "has images of another shape in images <U5", images=np.array(["a.png"] * 6), labels=Y
    ),
    npz("one image", NPZ + "has 16 images and 6 labels", images=X[0], labels=Y),
    npz("a dimension too many", NPZ + "has images of another shape", images=X[None], labels=Y),
    npz("two channels", NPZ + "has images of another shape", images=X[..., :2], labels=Y),
    npz("images of no pixel", NPZ + "has images of another shape", images=X[:, :0], labels=Y),
    npz(
        "channels first",
        NPZ + "has its channels first",
        "np.moveaxis(images, 1, -1)",
        images=np.moveaxis(X, -1, 1),
        labels=Y,
    ),
    npz("no images", NPZ + "has 0 images and 0 labels", images=X[:0], labels=Y[:0]),
    npz("fewer labels than images", NPZ + "has 6 images and 3 labels in train", images=X, labels=Y[:3]),
    npz("one label for all", NPZ + "has 6 images and 0 labels in train", images=X, labels=1),
    npz(
        "levels that are NaN",
        NPZ + "has values from nan to nan",
        LEVELS,
        images=np.where(X > 200, np.nan, X / 255),
        labels=Y,
    ),
    npz(
        "levels without end",
        NPZ + "has values from 0 to inf",
        LEVELS,
        images=np.where(X > 200, np.inf, X / 255),
        labels=Y,
    ),
    npz("levels below 0", NPZ + "has values from -128 to 127", LEVELS, images=X.astype(int) - 128, labels=Y),
    npz("levels above 255", NPZ + "has values from 0 to 25500", LEVELS, images=X.astype(int) * 100, labels=Y),
    npz("levels from -1 to 1", NPZ + "has values from -1 to 1", LEVELS, images=X / 127.5 - 1, labels=Y),
    npz("levels that are nearly black", NPZ + "has values from 0 to 3", LEVELS, images=X // 64, labels=Y),
    npz("labels that are NaN", NPZ + "has the label nan of image 2", images=X, labels=np.array([0, 1, np.nan] * 2)),
    npz("labels that are fractions", NPZ + "has the label 0.5 of image 2", images=X, labels=np.array([0, 1, 0.5] * 2)),
    npz("labels below 0", NPZ + "has the label -1 of image 1", images=X, labels=-Y),
    npz("labels beyond 32 bits", NPZ + "has the label 1099511627776 of image 1", images=X, labels=Y * 2**40),
    npz("labels of several ones", NPZ + "has not one class for image 0", images=X, labels=np.ones((6, 3))),
    npz("labels of three dimensions", NPZ + "has labels labels", images=X, labels=np.ones((6, 3, 1))),
    npz("labels of one class", SOURCE, "has 1 classes, expected 2 to 1000", images=X, labels=Y * 0),
    npz(
        "labels that are no UTF-8",
        SOURCE,
        "a class called '\\udcff', expected a name in UTF-8",
        images=X,
        labels=np.array([b"\xff", b"a"] * 3),
    ),
    npz(
        "labels without letters", SOURCE, "a class called '', expected a name", images=X, labels=np.array(["", "a"] * 3)
    ),
    npz(
        "labels with zero bytes",
        SOURCE,
        "a class called 'a\\x00b', expected no line breaks",
        images=X,
        labels=np.array(["a\0b", "a"] * 3),
    ),
    npz(
        "a class of the test arrays alone",
        NPZ + "has the class '5' in test",
        x_train=X,
        y_train=Y,
        x_test=X,
        y_test=Y + 5,
    ),
    npz(
        "test arrays of other lengths",
        NPZ + "has 6 images and 2 labels in test",
        x_train=X,
        y_train=Y,
        x_test=X,
        y_test=Y[:2],
    ),
    npz(
        "a scale for each split",
        NPZ + "has values from 0 to 1 in one of",
        x_train=X,
        y_train=Y,
        x_test=X / 255,
        y_test=Y,
    ),
    archive("arrays of no bytes", NPZ + "is no .npz file", content=b""),
    archive("text in place of arrays", NPZ + "is no .npz file", content=b"hello"),
    archive("one array in place of several", NPZ + "is no .npz file", content=header(PROMISE)),
    archive("arrays cut off", NPZ + "is no .npz file", content=saved()[:2000]),
    archive("arrays without their end", NPZ + "is no .npz file", content=saved()[:-30]),
    archive("arrays that are damaged", NPZ + "is damaged in images", content=damaged(saved(), 1000, 1100)),
    archive("packed arrays that are damaged", NPZ + "is damaged in images", content=damaged(saved(True), 1000, 1100)),
    archive("an archive of other files", NPZ + "has the arrays none", content=zipped().replace(b"npy", b"txt")),
    archive("an archive of text", NPZ + "is no .npz file", content=zipped(images=b"x", labels=b"y")),
    archive("a header of no words", NPZ + "is no .npz file", content=zipped(images=header("{'descr': "))),
    archive("a header of code", NPZ + "is no .npz file", content=zipped(images=header("__import__('os').getpid()\n"))),
    archive(
        "a header that promises terabytes",
        NPZ + "is no .npz file",
        content=zipped(images=header(PROMISE), labels=header(PROMISE)),
    ),
    archive(
        "a header of another version", NPZ + "is no .npz file", content=zipped(images=b"\x93NUMPY\x09\0" + bytes(80))
    ),
    archive(
        "a locked archive",
        NPZ + "is no .npz file",
        content=saved().replace(b"PK\1\2-\3-\0\0", b"PK\1\2-\3-\0\1"),
    ),
]


# Prepared sets


def prepared(name, *words, edit):
    """The case of a prepared set `toy` whose folder `edit(folder)` changes."""

    def make(place):
        features = {"image": test_prepared.image_feature(16, 16, 1), "label": test_prepared.label_feature()}
        examples = test_prepared.grey_examples(6, side=16)
        made = test_prepared.write_tfds(place.path, "toy", {"train": examples}, **features)
        edit(made)
        return [*SMALL, "--config.source=toy", f"--config.source_data_dir={place.path}"]

    return Case(name, words, make)


UNKNOWN = SOURCE + "no data set is called "
SETS = [
    source("an unknown set", UNKNOWN + "'cifar01'; nearest: ", "cifar10", spec="cifar01"),
    source("a set that is not prepared", SOURCE + "'cifar10' is not prepared in {path}", spec="cifar10"),
    source("a set of another version", SOURCE + "'cifar10:99.0.0' is not prepared", spec="cifar10:99.0.0"),
    source("a set of half a version", UNKNOWN + "'cifar10:9'", spec="cifar10:9"),
    source("a set without a name", UNKNOWN + "''", spec=""),
    source("a set of a space", UNKNOWN + "' '", spec=" "),
    source("a set of a colon", UNKNOWN + "':'", spec=":"),
    source("a built-in set in capitals", UNKNOWN + "'Shapes10'; nearest: shapes10", spec="Shapes10"),
    source("a built-in set with a version", UNKNOWN + "'shapes10:1'", spec="shapes10:1"),
    source(
        "a folder without its kind", UNKNOWN + "'{path}'; for the folder of that name say folder:{path}", spec="{path}"
    ),
    source("a path upwards", UNKNOWN + "'../../etc'", spec="../../etc"),
    source("an address", UNKNOWN + "'https://example.org/x'", spec="https://example.org/x"),
    source("a missing user's set", UNKNOWN + "'~nobody_here'", spec="~nobody_here"),
    source("a set of a long name", UNKNOWN + "'xxx", spec=LONG),
    source("a set with a zero byte", UNKNOWN + "'a\\x00b'", spec="a\0b"),
    options(
        "a missing user's folder of sets",
        "--config.source_data_dir: cannot read ~nobody_here",
        arguments=["--config.source=cifar10", "--config.source_data_dir=~nobody_here"],
    ),
    options(
        "a folder of sets of a long name",
        "--config.source_data_dir: cannot read xxx",
        "File name too long",
        arguments=["--config.source=cifar10", f"--config.source_data_dir={LONG}"],
    ),
    options(
        "a file in place of a folder of sets",
        SOURCE + "'cifar10' is not prepared in /dev/null",
        arguments=["--config.source=cifar10", "--config.source_data_dir=/dev/null"],
    ),
    prepared(
        "a set without a file",
        SOURCE + "'toy' is only partly prepared",
        edit=lambda made: next(made.glob("*00001-of*")).unlink(),
    ),
    prepared(
        "a set whose file is cut off",
        SOURCE + "files of 'toy', split train",
        edit=lambda made: next(made.glob("*00001-of*")).write_bytes(b"x"),
    ),
    prepared(
        "a set of damaged information",
        SOURCE + "'toy' cannot be read",
        edit=lambda made: (made / "dataset_info.json").write_text("{"),
    ),
    prepared(
        "a set of unknown information",
        SOURCE + "'toy' cannot be read",
        edit=lambda made: (made / "dataset_info.json").write_text('{"a": 1}'),
    ),
    prepared(
        "a set of damaged features",
        SOURCE + "'toy' cannot be read",
        edit=lambda made: (made / "features.json").write_text("["),
    ),
    prepared(
        "a set of no features",
        SOURCE + "'toy' cannot be read",
        edit=lambda made: (made / "features.json").write_text("{}"),
    ),
]

CASES = [*FOLDERS, *IMAGES, *TABLES, *NPZS, *SETS]

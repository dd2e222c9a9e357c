"""Tables of files and labels: the kinds that people write are read alike, and what is wrong is named by its line."""

import pytest
from test_layouts import grow

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import tables

EXPECTED = {"train": {"a.png": "cat", "b.JPG": "dog", "c.png": "cat"}}


def write(root, text, name="labels.csv", encoding="utf-8"):
    (root / name).write_bytes(text.encode(encoding))
    return root / name


def read(path, *arguments, **options):
    """({split: {file: class}}, class names, note) of a table; `root` of the files' names is the table's folder."""
    found, missing = tables.read(path, *arguments, **options)
    assert not missing and "\n" not in found.note and str(path) in found.note and found.root == path.parent
    return (
        {s: {p.relative_to(path.parent).as_posix(): name for p, name in pairs} for s, pairs in found.splits.items()},
        found.class_names,
        found.note,
    )


def refusal(path, *arguments, **options):
    with pytest.raises(UserError) as caught:
        tables.read(path, *arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def root(tmp_path):
    return grow(tmp_path, "a.png b.JPG c.png")


@pytest.mark.parametrize(
    "text",
    [
        "image,label\na.png,cat\nb.JPG,dog\nc.png,cat\n",
        "label;file\ncat;a.png\ndog;b.JPG\ncat;c.png",
        "a.png\tcat\r\nb.JPG\tdog\r\nc.png\tcat\r\n",
        "image, label\na.png, cat\n\nb.JPG, dog\n , \nc.png, cat\n",
        '"image","label"\n"a.png","cat"\n"b.JPG","dog"\n"c.png","cat"\n',
        "image_id,breed\na,cat\nb,dog\nc,cat\n",
        "b,dog\na,cat\nc,cat\n",
        ",path,note,class\n0,a.png,x;y,cat\n1,b.JPG,,dog\n2,c.png,z,cat\n",
        "file|label\n./a.png|cat\n.\\b.JPG|dog\nc.png|cat\na.png|cat\n",
        "image,cat,dog,UNK\na,1.0,0.0,0.0\nb,0,1,0\nc,1,0,0\n",
        "notes,pic,kind\nb.JPG,a.png,cat\n,b.JPG,dog\n,c.png,cat\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_kinds_of_tables(root, text, encoding):
    splits, names, note = read(write(root, text, encoding=encoding), ("pic", "kind") if "kind" in text else ())
    assert splits == EXPECTED and names == ("cat", "dog") and "3 train images" in note


def test_what_was_guessed_is_said(root):
    note = read(write(root, "image;label;size\na.png;cat;1\nb.JPG;dog;2\nc.png;cat;3\n"))[2]
    assert "3 rows, separated by semicolons; files in column 'image', labels in column 'label' (guessed)" in note
    note = read(write(root, "a.png,cat\nb.JPG,dog\nc.png,cat\n"), ("1", "2"))[2]
    assert "no header, files in column 1, labels in column 2; files in" in note and "(guessed)" not in note
    note = read(write(root, "id,cat,dog,owl\na,1,0,0\nb,0,1,0\nc,1,0,0\na,1,0,0\n"))[2]
    assert "labels in columns 'cat', 'dog', 'owl', one for each class (guessed)" in note
    assert "2 classes (cat, dog), 1 columns without images" in note and "1 repeated rows" in note


@pytest.mark.parametrize("columns", [("Pic", "kind"), ("pic", "KIND"), ("2", "3")])
def test_columns_by_name(root, columns):
    path = write(root, "label,pic,kind\nx,a.png,cat\ny,b.JPG,dog\nx,c.png,cat\n")
    assert read(path, columns)[0] == EXPECTED
    assert read(path)[0] == {"train": {"a.png": "x", "b.JPG": "y", "c.png": "x"}}


def test_columns_of_one_title_by_number(root):
    path = write(root, "pic,kind,kind\na.png,cat,x\nb.JPG,dog,y\nc.png,cat,x\n")
    assert read(path, ("1", "2"))[0] == EXPECTED
    assert read(path, ("pic", "3"))[0] == {"train": {"a.png": "x", "b.JPG": "y", "c.png": "x"}}
    assert "has 2 columns 'kind', expected their numbers from 1" in refusal(path, ("pic", "kind"))


def test_large_numbers_stay_what_they_are(root):
    """As a fraction of 64 bits both would be 9007199254740992."""
    path = write(root, "file,label\na.png,9007199254740993.0\nb.JPG,9007199254740992.0\nc.png,9007199254740993\n")
    assert read(path)[1] == ("9007199254740992", "9007199254740993")


def test_one_hot_columns_by_name(root):
    path = write(root, "pic,cat,dog,label\na.png,1,0,5\nb.JPG,0,1,6\nc.png,1,0,7\n")
    assert read(path, ("pic", "cat", "dog"))[0] == EXPECTED


@pytest.mark.parametrize("places", ["{}", "images/{}", "x/y/{}"])
@pytest.mark.parametrize("written", ["{}.png", "{}"])
def test_files_in_folders_beside_the_table(tmp_path, places, written):
    root = grow(tmp_path, " ".join(places.format(f"{name}.png") for name in "abc") + " .git/a.png __MACOSX/a.png")
    text = "id,label\n" + "".join(f"{written.format(name)},{label}\n" for name, label in zip("abc", "xyx", strict=True))
    splits, _, note = read(write(root, text))
    assert splits["train"] == {places.format(f"{name}.png"): label for name, label in zip("abc", "xyx", strict=True)}
    assert f"files in {(root / places.format('a')).parent}" in note


def test_files_over_several_folders_and_paths_in_cells(tmp_path):
    root = grow(tmp_path, "part_1/1.jpg part_2/2.jpg deep/cat/3.jpg .hidden.png")
    splits, _, _ = read(write(root, "image_id,dx\n1,nv\n2,mel\ndeep/cat/3.jpg,nv\n"))
    assert splits == {"train": {"part_1/1.jpg": "nv", "part_2/2.jpg": "mel", "deep/cat/3.jpg": "nv"}}
    outside = grow(tmp_path / "t", "x/y.txt").joinpath("labels.csv")
    outside.write_text(f"file,label\n../part_1/1.jpg,a\n{root / 'part_2' / '2.jpg'},b\n")
    found, _ = tables.read(outside)
    assert [path.resolve() for path, _ in found.splits["train"]] == [root / "part_1/1.jpg", root / "part_2/2.jpg"]


def test_a_table_called_like_a_split_means_the_files_of_that_folder(tmp_path):
    root = grow(tmp_path, "train/1.png train/2.png test/1.png test/2.png")
    text = "id,label\n1,a\n2,b\n"
    assert set(read(write(root, text, "train.csv"))[0]["train"]) == {"train/1.png", "train/2.png"}
    line = refusal(write(root, text, "labels.csv"))
    assert f"line 2: 1 is {root / 'test/1.png'} and {root / 'train/1.png'}, expected one file" in line
    text = "id,label,Usage\n1,a,Training\n2,b,train\n1,a,Test\n"
    splits, _, note = read(write(root, text, "labels.csv"))
    assert splits == {"train": {"train/1.png": "a", "train/2.png": "b"}, "test": {"test/1.png": "a"}}
    assert "splits in column 'Usage'" in note


def test_splits(root):
    path = write(root, "file,label,split\nb.JPG,dog,train\na.png,cat,Training\nc.png,cat,valid\n")
    splits, names, note = read(path)
    assert splits == {"train": {"a.png": "cat", "b.JPG": "dog"}, "validation": {"c.png": "cat"}}
    assert read(path, ("file", "label"))[0] == EXPECTED
    assert read(path, ("file", "label", "split"))[0] == splits
    # Not all are splits: a column of something else.
    assert read(write(root, "file,label,set\na.png,cat,train\nb.JPG,dog,3\nc.png,cat,4\n"))[0] == EXPECTED
    line = refusal(write(root, "file,label,set\na.png,cat,train\nb.JPG,dog,3\n"), ("file", "label", "set"))
    assert "line 3 has the split '3', expected train, validation or test" in line


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ("10 9 2", ("2", "9", "10")),
        ("1.0 0.0 1.0", ("0", "1")),
        ("b 10 9", ("10", "9", "b")),
        ("01 1 02", ("01", "1", "02")),
    ],
)
def test_labels_that_are_numbers_are_in_their_order(root, labels, names):
    text = "file,label\n" + "".join(
        f"{f},{n}\n" for f, n in zip(("a.png", "b.JPG", "c.png"), labels.split(), strict=True)
    )
    assert read(write(root, text))[1] == names


def test_missing_files_are_named_counted_and_left_out_on_request(root):
    path = write(root, "file,label\na.png,cat\nx.png,cat\nb.JPG,dog\ny.png,dog\nc.png,cat\n")
    line = refusal(path)
    assert "names 2 of 5 files that are missing: x.png (line 3), y.png (line 5), expected them in" in line
    assert str(root) in line and line.endswith("--skip_unreadable leaves them out")
    found, missing = tables.read(path, skip_missing=True)
    assert missing == ("x.png", "y.png") and "2 missing files left out" in found.note
    assert len(found.splits["train"]) == 3
    # All are missing: nothing is left.
    assert "names 2 of 2 files" in refusal(write(root, "file,label\nx.png,a\ny.png,b\n"), skip_missing=True)


@pytest.mark.parametrize(
    ("text", "columns", "why"),
    [
        ("", "", "is empty, expected a row for each image"),
        ("\n\n", "", "is empty"),
        ("file,label\n", "", "holds no rows"),
        ("file\na.png\n", "", "has one column, expected at least two, separated by commas, semicolons, tabs, bars"),
        ("file,label\na.png,cat\nb.JPG\n", "", "line 3 has 1 cells, expected 2, as the first row"),
        ("file,label\na.png,cat\nb.JPG,dog,3\n", "", "line 3 has 3 cells"),
        ('file,label\na.png,cat\n"b.JPG,dog\n', "", "line 3: unexpected end of data"),
        ("file,label\na.png,cat\nb.JPG,\n", "", "line 3 has no label, expected one in each row"),
        ("file,label\na.png,cat\n,dog\n", "", "line 3 has no file"),
        (
            "file,label\na.png,cat\nb.JPG,dog\na.png,dog\n",
            "",
            "lists a.png with two labels: cat in line 2, dog in line 4",
        ),
        ("file,label\na.png,cat\nb.JPG,dog\n./a,dog\n", "", "lists ./a with two labels: cat in line 2, dog in line 4"),
        ("file,label,split\na.png,cat,train\na.png,cat,test\n", "", "a.png with two splits: train in line 2"),
        ("file,label,split\na.png,cat,val\nb.JPG,dog,test\n", "", "has no rows of the train split"),
        (
            "file,label,split\na.png,cat,train\nb.JPG,dog,test\n",
            "",
            "line 3: class 'dog' in split test, expected one of",
        ),
        ("file,p,q\na.png,cat,x\nb.JPG,dog,y\n", "", "has the columns file, p, q, of which several may be the labels"),
        ("p,q\ncat,x\ndog,y\n", "", "has the columns p, q, none of which names image files"),
        ("file,x,y\na.png,1,1\nb.JPG,0,1\n", "", "line 2 has a 1 in 2 of 2 columns, expected one class for each image"),
        ("file,x,y\na.png,1,0\nb.JPG,0,0\n", "", "line 3 has a 1 in 0 of 2 columns"),
        (
            "file,label\na.png,cat\n",
            "pic,label",
            "--config.csv_columns: {path} has no column 'pic', expected the columns file, label",
        ),
        (
            "file,label\na.png,cat\n",
            "file",
            "--config.csv_columns: found file, expected the columns of files and labels",
        ),
        ("file,label\na.png,cat\n", "file,file", "--config.csv_columns: found file,file, expected"),
        ("f,l,s,t\na.png,cat,x,y\n", "f,l,s,t", "found f,l,s,t, expected file,label,split, or columns of 0 and 1"),
        ("file,label\na.png,cat\n", "file,3", "has no column '3'"),
    ],
)
def test_what_is_refused(root, text, columns, why):
    path = write(root, text)
    assert why.format(path=path) in refusal(path, tuple(columns.split(",")) if columns else ())


def test_other_encodings_and_missing_tables(root):
    line = refusal(write(root, "file,label\na.png,caf\xe9\n", encoding="latin-1"))
    assert "line 2 is not UTF-8, expected a table saved as UTF-8" in line
    assert "found no file" in refusal(root / "none.csv") and "found no file" in refusal(root)
    (root / "labels.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    assert "line 1 is not UTF-8" in refusal(root / "labels.csv")


def test_labels_keep_their_ends_so_that_they_can_be_refused(root):
    assert read(write(root, "file,label\na.png,cat\nb.JPG,cat \nc.png, cat\n"))[1] == ("cat", "cat ")

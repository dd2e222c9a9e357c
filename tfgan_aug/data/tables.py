"""Tables of files and labels: CSV and TSV files as people and Kaggle write them.

Makes no file. A row names an image file and its class, which stands in one column, or is the one with a 1 of a column
for each class. A column of splits may stand beside them. The files lie beside the table, or in folders beside it.
"""

import collections
import dataclasses
import itertools
import os
import re
from collections.abc import Sequence
from pathlib import Path

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import class_names, decoding, delimited, trees
from tfgan_aug.data.delimited import Row
from tfgan_aug.data.layouts import SPLITS, Found, listed, split_of

_TRIED = 200  # Rows that guesses are made from.
# Names of columns, the likeliest first, as `_plain` writes them.
_FILES = (
    "file", "filename", "filepath", "filepaths", "path", "image", "imageid", "imagename", "imagepath", "img", "id",
    "idcode", "name",
)  # fmt: skip
_LABELS = (
    "label", "labels", "class", "classname", "category", "classid", "target", "species", "breed", "dx", "diagnosis",
)  # fmt: skip
_SPLITS = ("split", "set", "subset", "dataset", "partition", "usage", "phase")
_OPTION = "--config.csv_columns"


@dataclasses.dataclass(frozen=True)
class _Columns:
    """Places of the columns: of files, of labels (one column, or one for each class), and of splits if there is one."""

    file: int
    labels: tuple[int, ...]
    split: int | None = None


@dataclasses.dataclass(frozen=True)
class _Entry:
    """What a row says: where it stands, the file as it is written there, its class and split."""

    line: int
    file: str
    name: str
    split: str


def read(path: Path, columns: Sequence[str] = (), skip_missing: bool = False) -> tuple[Found, tuple[str, ...]]:
    """The image files and classes that a table names, and the files that are missing, as it names them.

    `columns` are the names of the columns of files, labels and, if wanted, splits; numbers from 1 where there is no
    header; empty: guessed. Raises UserError, naming lines, for what is no such table: other text than UTF-8 or UTF-16,
    rows of another length, empty cells, columns that are not there or cannot be guessed, a file with two labels,
    images with none or several of the classes, files that lie in two folders or (unless `skip_missing`) in none.
    """
    return _Table(path, columns).found(skip_missing)


class _Table:
    def __init__(self, path, columns):
        self.path = path
        if not path.is_file():
            raise UserError(f"--config.source: found no file {path}, expected csv:FILE, a table of files and labels")
        inner = trees.subfolders(path.parent)
        self.folders = [path.parent, *inner, *itertools.chain.from_iterable(map(trees.subfolders, inner))]
        self.listings = {}
        self.separated, rows = delimited.read(path, self._names_a_file)
        self.header = None if self._names_a_file(rows[0]) else [cell.strip() for cell in rows[0].cells]
        self.rows = rows if self.header is None else rows[1:]
        if not self.rows:
            raise self._refusal("holds no rows", "a row for each image")
        self.columns = self._named(columns) if columns else self._guessed()
        self.guessed = not columns
        self._check_titles()

    def _names_a_file(self, row):
        return any(decoding.is_image(Path(cell)) or self._places(cell) for cell in row.cells)

    def _named(self, names):
        """Returns the columns that the option names."""
        places = [self._place(name) for name in names]
        if len(set(places)) != len(places) or len(places) < 2:
            raise UserError(
                f"{_OPTION}: found {','.join(names)}, expected the columns of files and labels, such as file,label"
            )
        if len(places) > 2 and self._one_hot(places[1:]) == places[1:]:
            return _Columns(places[0], tuple(places[1:]))
        if len(places) > 3:
            raise UserError(
                f"{_OPTION}: found {','.join(names)}, expected file,label,split, or columns of 0 and 1 after the first"
            )
        return _Columns(places[0], (places[1],), *places[2:])

    def _place(self, name):
        titles = self.header or []
        for form in (str, _plain):
            found = [place for place, title in enumerate(titles) if form(title) == form(name)]
            if len(found) == 1:
                return found[0]
        if found:
            raise UserError(f"{_OPTION}: {self.path} has {len(found)} columns {name!r}, expected their numbers from 1")
        if class_names.is_number(name) and 1 <= int(name) <= len(self.rows[0].cells):
            return int(name) - 1
        raise UserError(f"{_OPTION}: {self.path} has no column {name!r}, expected {self._titles()}")

    def _guessed(self):
        """Returns the columns that names and contents point to."""
        titles = [_plain(title) for title in self.header or [""] * len(self.rows[0].cells)]
        tried = self.rows[:_TRIED]

        def files(place):
            hits = sum(self._names_a_file(Row(row.line, [row.cells[place]])) for row in tried)
            return hits, titles[place] in _FILES, -_rank(titles[place], _FILES), -place

        file = max(range(len(titles)), key=files)
        if files(file)[:2] == (0, False):
            raise self._refusal(f"has {self._titles()}, none of which names image files", f"{_OPTION}=FILE,LABEL")
        split = next(
            (place for place, title in enumerate(titles) if title in _SPLITS and self._all_splits(place)), None
        )
        others = [place for place in range(len(titles)) if place not in (file, split)]
        # Without a title: the index of a data frame.
        others = [place for place in others if self.header is None or titles[place]]
        known = sorted(
            (place for place in others if titles[place] in _LABELS), key=lambda place: _rank(titles[place], _LABELS)
        )
        labels = known[:1] or (others if len(others) == 1 else self._one_hot(others))
        if not labels:
            raise self._refusal(f"has {self._titles()}, of which several may be the labels", f"{_OPTION}=FILE,LABEL")
        return _Columns(file, tuple(labels), split)

    def _check_titles(self):
        """Raises UserError where nobody can tell a column that is used from another one of its title."""
        places = self.columns.labels if not self.guessed else (self.columns.file, *self.columns.labels)
        if not self.header or (not self.guessed and len(places) == 1):
            return
        for title in (self.header[place] for place in places):
            if (count := self.header.count(title)) > 1:
                raise self._refusal(f"has {count} columns {title!r}", f"one, or {_OPTION}=1,2, the numbers of yours")

    def _one_hot(self, places):
        """Returns those of these columns that hold nothing but 0 and 1, where there are two or more."""
        found = [place for place in places if all(_bit(row.cells[place]) is not None for row in self.rows)]
        return found if len(found) > 1 else []

    def _all_splits(self, place):
        return all(split_of(row.cells[place]) for row in self.rows)

    def _titles(self):
        return (
            f"the columns {listed(self.header)}" if self.header else f"{len(self.rows[0].cells)} columns without titles"
        )

    # Rows to files

    def found(self, skip_missing):
        """Returns what `read` does."""
        entries, missing = self._entries(), []
        files: dict[str, tuple[_Entry, Path]] = {}
        repeated = 0
        for entry in entries:
            places = self._places(entry.file, entry.split if self.columns.split is not None else None)
            if len(places) > 1:
                raise self._refusal(
                    f"line {entry.line}: {entry.file} is {' and '.join(map(str, places[:2]))}", "one file"
                )
            if not places:
                missing.append(entry)
                continue
            first, _ = files.setdefault(os.path.normpath(places[0]), (entry, places[0]))
            repeated += first is not entry
            for kind, own, other in (("labels", first.name, entry.name), ("splits", first.split, entry.split)):
                if own != other:
                    raise self._refusal(
                        f"lists {entry.file} with two {kind}: {own} in line {first.line}, {other} in line {entry.line}",
                        "one",
                    )
        if missing and not (skip_missing and files):
            shown = listed([f"{entry.file} (line {entry.line})" for entry in missing])
            raise self._refusal(
                f"names {len(missing):,} of {len(entries):,} files that are missing: {shown}",
                f"them in {listed(self.folders)}; --skip_unreadable leaves them out",
            )
        return self._sorted(list(files.values()), repeated, len(missing)), tuple(entry.file for entry in missing)

    def _entries(self):
        """Returns the `_Entry` of each row."""
        columns = self.columns
        made = [
            _Entry(row.line, row.cells[columns.file].strip(), self._label(row), self._split(row)) for row in self.rows
        ]
        for entry in made:
            if not entry.file or not entry.name.strip():
                raise self._refusal(f"line {entry.line} has no {'label' if entry.file else 'file'}", "one in each row")
        # 0.0, 1.0 of data frames whose whole numbers became fractions.
        whole = [re.sub(r"\.0*$", "", entry.name) for entry in made]
        if any("." in entry.name for entry in made) and all(map(class_names.is_number, whole)):
            made = [dataclasses.replace(entry, name=str(int(name))) for entry, name in zip(made, whole, strict=True)]
        return made

    def _label(self, row):
        if len(self.columns.labels) == 1:
            return row.cells[self.columns.labels[0]]
        ones = [place for place in self.columns.labels if _bit(row.cells[place]) == 1]
        if len(ones) != 1:
            raise self._refusal(
                f"line {row.line} has a 1 in {len(ones)} of {len(self.columns.labels)} columns",
                "one class for each image",
            )
        return self.header[ones[0]] if self.header else str(self.columns.labels.index(ones[0]))

    def _split(self, row):
        if self.columns.split is None:
            return "train"
        split = split_of(row.cells[self.columns.split])
        if split is None:
            raise self._refusal(
                f"line {row.line} has the split {row.cells[self.columns.split]!r}", "train, validation or test"
            )
        return split

    def _places(self, value, split=None):
        """Returns the files that a cell may mean: in the table's folder, else in the folders there."""
        relative = value.strip().replace("\\", "/")
        if not relative or "\0" in relative:
            return []
        inner = [path for folder in self.folders[1:] for path in self._in(folder / relative)]
        found = list({os.path.normpath(path): path for path in inner}.values())
        beside = self._in(self.folders[0] / relative)
        if beside or len(found) < 2:
            return beside or found
        # train.csv beside train/1.png and test/1.png.
        meant = split_of(self.path.stem) or split
        return [path for path in found if split_of(path.parent.name) == meant] or found

    def _in(self, path):
        """Returns the files of this name, or, without an ending, the images of this name and any ending."""
        names, stems = self._listing(path.parent)
        return [path] if path.name in names else [path.parent / name for name in stems.get(path.name, ())]

    def _listing(self, folder):
        """Returns (names of the files in a folder, {name without ending: names of the images})."""
        if folder not in self.listings:
            try:
                names = {path.name for path in folder.iterdir() if not path.is_dir()}
            except OSError:
                names = set()
            stems = collections.defaultdict(list)
            for name in sorted(names):
                if decoding.is_image(Path(name)):
                    stems[Path(name).stem].append(name)
            self.listings[folder] = names, stems
        return self.listings[folder]

    def _sorted(self, files, repeated, missing):
        """Returns the `Found` of the files, with its note."""
        splits: dict[str, list] = {}
        for entry, path in files:
            splits.setdefault(entry.split, []).append((path, entry.name))
        if "train" not in splits:
            raise self._refusal("has no rows of the train split", "some")
        names = class_names.ordered((name for _, name in splits["train"]), by_number=True)
        for entry, _ in files:
            if entry.name not in names:
                raise self._refusal(
                    f"line {entry.line}: class {entry.name!r} in split {entry.split}",
                    f"one of the train split's: {listed(names)}",
                )
        said = [f"{len(self.rows):,} rows, {self.separated}", self._said_columns()]
        said.append(f"files in {listed(sorted({str(path.parent) for _, path in files}))}")
        said.append(f"{len(names)} classes ({listed(names)})")
        if len(names) < len(self.columns.labels):
            said[-1] += f", {len(self.columns.labels) - len(names)} columns without images"
        said += [f"{len(pairs):,} {split} images" for split, pairs in splits.items()]
        said += [f"{repeated:,} repeated rows"] * bool(repeated) + [f"{missing:,} missing files left out"] * bool(
            missing
        )
        ordered = {split: splits[split] for split in SPLITS if split in splits}
        return Found(self.path.parent, names, ordered, f"source table {self.path}: {'; '.join(said)}")

    def _said_columns(self):
        def title(place):
            return repr(self.header[place]) if self.header else str(place + 1)

        columns = self.columns
        labels = (
            f"columns {listed([title(place) for place in columns.labels])}, one for each class"
            if len(columns.labels) > 1
            else f"column {title(columns.labels[0])}"
        )
        split = "" if columns.split is None else f", splits in column {title(columns.split)}"
        header = "" if self.header else "no header, "
        return f"{header}files in column {title(columns.file)}, labels in {labels}{split}{' (guessed)' * self.guessed}"

    def _refusal(self, found, expected):
        return UserError(f"--config.source: {self.path} {found}, expected {expected}")


def _plain(title):
    return re.sub(r"[^a-z0-9]", "", title.lower())


def _rank(title, known):
    return known.index(title) if title in known else len(known)


def _bit(cell):
    """0 or 1, which a cell holds as a number, or None."""
    return {"0": 0, "1": 1, "0.0": 0, "1.0": 1}.get(cell.strip())

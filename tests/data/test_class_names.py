"""Class names: what a TFDS data set keeps is let through in our order, all else is refused by name."""

import unicodedata

import pytest

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import class_names

CAFE = "caf\u00e9"
GOOD = [
    ("cat", "dog"), ("Cat", "cat"), ("10", "2", "9"), ("a/b", "a b", "a_b", "a-b"), (CAFE, "\u732b", "\U0001f431"),
    ("#1", "'", '"', "\\", "%s", "{}", "-1", "None", "nan"), ("x" * 300, "y"), ("a\u2028b".replace("\u2028", " "), "c"),
]  # fmt: skip


@pytest.mark.parametrize("names", GOOD, ids=str)
def test_tfds_keeps_what_is_let_through(names, tmp_path):
    import tensorflow_datasets as tfds

    class_names.check("folder:x", names)
    tfds.features.ClassLabel(names=names).save_metadata(tmp_path, "label")
    again = tfds.features.ClassLabel()
    again.load_metadata(tmp_path, "label")
    assert tuple(again.names) == names


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("cat", ""), "a class called '', expected a name"),
        (("cat", " \t"), r"a class called ' \\t', expected a name"),
        (("cat", "cat "), "a class called 'cat ', expected no white space at its ends, which TFDS does not keep"),
        (("\u00a0cat", "dog"), r"a class called '\\xa0cat', expected no white space at its ends"),
        (("dog", "cat\u3000"), r".*expected no white space at its ends"),
        (("a\nb", "c"), r"a class called 'a\\nb', expected no line breaks"),
        (("a\rb", "c"), r"a class called 'a\\rb', expected no line breaks"),
        (("a\0b", "c"), r"a class called 'a\\x00b', expected no line breaks or other control"),
        (("a\u2028b", "c"), ".*expected no line breaks"),
        (("a\udcffb", "c"), ".*expected a name in UTF-8"),
        ((CAFE, unicodedata.normalize("NFD", CAFE)), r"two classes that look the same, 'caf\\xe9' and 'cafe\\u0301'"),
        (("cat", "c\u200bat"), r"two classes that look the same, 'cat' and 'c\\u200bat'"),
        (("a b", "a  b"), "two classes that look the same"),
    ],
)  # fmt: skip
def test_what_tfds_does_not_keep_apart_is_refused_by_name(names, why):
    with pytest.raises(UserError, match=f"^--config.source: 'csv:x' has {why}") as caught:
        class_names.check("csv:x", names)
    assert "\n" not in str(caught.value)


def test_order():
    assert class_names.ordered(["b", "a", "b", "10", "9"]) == ("10", "9", "a", "b")
    assert class_names.ordered(["10", "9", "2"]) == ("10", "2", "9")
    assert class_names.ordered(["10", "9", "2"], by_number=True) == ("2", "9", "10")
    assert class_names.ordered(["10", "9", "x"], by_number=True) == ("10", "9", "x")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (tuple(map(str, range(10))), ""),
        (tuple(f"{i:02d}" for i in range(20)), ""),
        (("no", "yes", "maybe"), ""),
        (("class1", "class2"), ""),
        (
            tuple(sorted(map(str, range(11)))),
            "classes in this order: 0, 1, 10, 2, 3, 4, 5, 6, 7, 8, 9; so label 2 is class '10'",
        ),
        (("1", "2", "3"), "classes in this order: 1, 2, 3; so label 0 is class '1'"),
        (
            ("class1", "class10", "class2"),
            "classes in this order: class1, class10, class2; so label 1 is class 'class10'",
        ),
        (("Cat", "cat"), "classes 'Cat' and 'cat' differ in upper and lower case alone; they stay two classes"),
    ],
)
def test_what_may_surprise_is_said(names, said):
    assert class_names.check("x", names) == ((said,) if said else ())

"""What models take as images and labels: understood, or refused with a line that says what to do."""

import functools
import re

import numpy as np
import pytest
import tensorflow as tf

from tfgan_aug.core import labelled

FORM = labelled.Form(3, ((4, 4, 3),))
SOFT = labelled.Form(3, ((4, 4, 3),), soft=True)
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), np.uint8)
LABELS = np.array([0, 1, 2, 2, 1, 0])


def shape_of(array):
    return [None, *np.shape(array)[1:]][: np.ndim(array)]


def in_graph(form, *batch):
    """What a step reads of a batch whose shapes it does not know when it is traced."""
    specs = tf.nest.map_structure(
        lambda x: tf.TensorSpec([None, *np.shape(x)[1:]][: np.ndim(x)], np.asarray(x).dtype), batch
    )
    traced = tf.function(form.read, autograph=False).get_concrete_function(specs)
    return traced(*(tf.constant(x) for x in tf.nest.flatten(batch)))


READERS = {"eager": lambda form, *batch: form.read(batch), "graph": in_graph}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    "labels",
    [
        LABELS,
        LABELS.astype(np.uint8),
        LABELS[:, None],
        LABELS.astype(np.float32),
        LABELS[:, None].astype(np.float64),
        np.eye(3, dtype=np.int64)[LABELS],
        np.eye(3, dtype=np.float32)[LABELS],
        np.eye(3, dtype=bool)[LABELS],
    ],
)
def test_labels_that_mean_the_same(read, labels):
    (images,), found, weights = read(FORM, IMAGES, labels)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(found, LABELS)
    assert images.dtype == tf.uint8 and found.dtype == tf.int32 and weights is None


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_images_of_other_ints(read):
    for kind in (np.int16, np.int32, np.int64):
        (images,), _, _ = read(FORM, IMAGES.astype(kind), LABELS)
        np.testing.assert_array_equal(images, IMAGES)
        assert images.dtype == tf.uint8


def test_two_classes_of_booleans():
    found = labelled.Form(2, ((4, 4, 3),)).labels(np.array([True, False]))
    np.testing.assert_array_equal(found, [1, 0])


def test_probabilities_and_weights():
    rows = np.array([[0.5, 0.25, 0.25], [1, 0, 0]], np.float64)
    for weights in (np.array([1, 2]), np.array([[1.0], [2.0]])):
        _, labels, found = SOFT.read((IMAGES[:2], rows, weights))
        np.testing.assert_array_equal(labels, rows)
        np.testing.assert_array_equal(found, [1, 2])
        assert labels.dtype == found.dtype == tf.float32


# What is wrong by its shape or type: refused when the step is traced.
STATIC = [
    ((IMAGES,), "found images without labels, expected"),
    (({"image": IMAGES, "label": LABELS},), r"a dict of image, label, expected .* as_supervised=True"),
    ((IMAGES, {"label": LABELS}), "a dict of label, expected"),
    ((IMAGES / 255.0, LABELS), r"images: found float64, expected uint8 of 0 to 255; .* np.round\(255 \* x\)"),
    ((IMAGES.astype(np.float16), LABELS), "images: found float16, expected uint8"),
    ((IMAGES > 9, LABELS), "images: found bool, expected uint8"),
    ((IMAGES[..., :1], LABELS), r"images: found shape \(N, 4, 4, 1\), expected \(N, 4, 4, 3\)$"),
    ((IMAGES[:, :2], LABELS), r"images: found shape \(N, 2, 4, 3\), expected \(N, 4, 4, 3\)$"),
    ((IMAGES[0], LABELS[0]), r"images: found shape \(N, 4, 3\), expected .*; batch the dataset"),
    (((IMAGES, IMAGES), LABELS), "found 2 inputs, expected 1"),
    ((IMAGES, np.array(["a"] * 6)), "labels: found string, expected ints of 0 to 2"),
    ((IMAGES, np.ones((6, 2), np.int32)), r"labels: found shape \(N, 2\), expected \(N,\) or \(N, 3\)"),
    ((IMAGES, np.ones((6, 1, 1), np.int32)), r"labels: found shape \(N, 1, 1\), expected"),
    ((IMAGES, np.int32(1)), r"labels: found shape \(\), expected"),
    ((IMAGES, LABELS, np.ones(6)), "sample_weight, class_weight: found one, expected none"),
]
# What is wrong by its values; in angle brackets what was found.
VALUES = [
    ((IMAGES, LABELS + 1), "labels: found <1> to <3>, expected 0 to 2"),
    ((IMAGES, LABELS - 1), "labels: found <-1> to <1>, expected 0 to 2"),
    ((IMAGES, LABELS + 2**32), "labels: found <4294967296> to <4294967298>, expected 0 to 2"),
    ((IMAGES, LABELS + 0.5), "labels: found numbers that are not whole"),
    ((IMAGES, np.full(6, np.nan)), "labels: found numbers that are not whole"),
    ((IMAGES, np.full((6, 3), 1 / 3)), "labels: found rows that are not one-hot"),
    ((IMAGES, np.zeros((6, 3), np.int32)), "labels: found rows that are not one-hot"),
    ((IMAGES.astype(np.int32) - 300, LABELS), "images: found <-.*> to <-.*>, expected 0 to 255"),
    ((IMAGES.astype(np.int32) * 2, LABELS), "images: found <.*> to <.*>, expected 0 to 255"),
    ((IMAGES, LABELS[:5]), "found <5> labels and <6> images, expected as many"),
    ((IMAGES[:0], LABELS[:0]), "found an empty batch"),
]
SOFT_VALUES = [
    ((IMAGES, np.full((6, 3), 0.5)), "labels: found rows that are no probabilities"),
    ((IMAGES, np.array([[-1.0, 1, 1]] * 6)), "labels: found rows that are no probabilities"),
    ((IMAGES, np.full((6, 3), np.nan)), "labels: found rows that are no probabilities"),
    ((IMAGES, LABELS, np.ones(5)), "found <6> labels and <5> sample_weight, expected as many"),
]


def said(message):
    return message.replace("<", "").replace(">", "")


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("batch", "message"), STATIC)
def test_wrong_kinds(read, batch, message):
    with pytest.raises(ValueError, match=message):
        read(FORM, *batch)


def test_weights_of_a_wrong_shape():
    with pytest.raises(ValueError, match=r"sample_weight: found shape \(N, 3\), expected \(N,\)"):
        SOFT.read((IMAGES, LABELS, np.ones((6, 3))))


@pytest.mark.parametrize(
    ("form", "batch", "message"),
    [*((FORM, *case) for case in VALUES), *((SOFT, *case) for case in SOFT_VALUES)],
)
def test_wrong_values(form, batch, message):
    with pytest.raises(ValueError, match=said(message)):
        form.read(batch)
    # As TensorFlow shows what an assertion holds.
    with pytest.raises(tf.errors.InvalidArgumentError, match=re.sub("<(.*?)>", r"\\] \\[\1\\] \\[", message)):
        in_graph(form, *batch)


def test_features_are_floats():
    form = labelled.Form(3, ((5,), (2,)), images=False)
    features = np.zeros((6, 5), np.float32)
    inputs, _, _ = form.read((features, LABELS))
    assert [x.shape for x in inputs] == [(6, 5)]
    inputs, _, _ = form.read(((features, features[:, :2]), LABELS))
    assert [x.shape for x in inputs] == [(6, 5), (6, 2)]
    with pytest.raises(ValueError, match="features: found uint8, expected floats"):
        form.read((features.astype(np.uint8), LABELS))
    with pytest.raises(ValueError, match=r"features: found shape \(N, 4, 4, 3\), expected \(N, 5\)"):
        form.read((IMAGES, LABELS))


# Through Keras: before the first step


class Count(labelled.TakesLabelledImages):
    """Counts its steps, and reads nothing itself: what it refuses is refused before a step."""

    def __init__(self, form):
        super().__init__()
        self.form, self.steps, self.built = form, 0, True

    def train_step(self, data):
        self.steps += 1
        return {"loss": 0.0}

    test_step = train_step


@pytest.fixture
def count():
    model = Count(FORM)
    model.compile(run_eagerly=True)
    return model


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
@pytest.mark.parametrize(("batch", "message"), [*STATIC[:8], *STATIC[9:], *VALUES[:8], VALUES[9]])
def test_arrays_are_checked_before_a_step(count, method, batch, message):
    x, y, *weights = (*batch, None)[: max(2, len(batch))]
    options = {"sample_weight": weights[0]} if weights else {}
    with pytest.raises(ValueError, match=said(message)):
        getattr(count, method)(x, y, **options)
    assert count.steps == 0


def test_no_images(count):
    with pytest.raises(ValueError, match="found no images, expected one or more"):
        count.fit(IMAGES[:0], LABELS[:0])


@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_datasets_are_checked_where_they_are_read(count, method):
    """Whatever is compiled: XLA leaves assertions out of a step."""
    whole = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    run = functools.partial(getattr(count, method), **({"shuffle": False} if method == "fit" else {}))
    run(whole.batch(2), verbose=0)
    assert count.steps == 3
    with pytest.raises(ValueError, match="; batch the dataset"):
        run(whole, verbose=0)
    with pytest.raises(ValueError, match="a dict of image, label, expected"):
        run(whole.map(lambda image, label: {"image": image, "label": label}).batch(2), verbose=0)
    with pytest.raises(ValueError, match="found images without labels"):
        run(whole.map(lambda image, label: image).batch(2), verbose=0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="labels: found .*3.*, expected 0 to 2"):
        run(whole.map(lambda image, label: (image, label + 1)).batch(6), verbose=0)
    assert count.steps == 3


def test_what_validates_is_checked_too(count):
    wrong = IMAGES, LABELS + 1
    for held_out in (wrong, tf.data.Dataset.from_tensor_slices(wrong).batch(6)):
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="labels: found .*3.*, expected 0 to 2"):
            count.fit(IMAGES, LABELS, validation_data=held_out, verbose=0)


def test_generators_pass_through(count):
    count.fit(((IMAGES, LABELS) for _ in range(2)), steps_per_epoch=2, shuffle=False, verbose=0)
    assert count.steps == 2


# Ints for drawing


@pytest.mark.parametrize("values", [[], [3], (1, 2), np.array([2**63 - 1]), np.array([5], np.uint64), range(3)])
def test_ints(values):
    found = labelled.ints("seeds", values)
    assert found.dtype == np.int64 and found.tolist() == list(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5], "seeds: found float64 numbers such as 0.5, expected 64-bit ints"),
        ([2**63], "seeds: found uint64 numbers such as 9223372036854775808, expected"),
        ([2**70], "seeds: found object numbers such as"),
        ([[1]], r"seeds: found shape \(1, 1\), expected \(N,\)"),
        (7, r"seeds: found shape \(\), expected \(N,\)"),
    ],
)
def test_what_are_no_ints(values, message):
    with pytest.raises(ValueError, match=message):
        labelled.ints("seeds", values)


def test_balanced_rows():
    """Three, one and four of classes 0, 2 and 5: four rows of each, no example left out."""
    labels = np.array([5, 0, 5, 0, 2, 0, 5, 5])
    rows = labelled.balanced_rows(labels)
    assert labels[rows].tolist() == [0] * 4 + [2] * 4 + [5] * 4
    assert np.bincount(rows).tolist() == [1, 2, 1, 1, 4, 1, 1, 1]
    even = np.arange(6) % 3
    assert sorted(labelled.balanced_rows(even)) == list(range(6))

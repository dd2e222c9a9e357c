"""The rows: the paper's fourteen in its order, what each takes of its dataset, how --rows reads."""

import numpy as np
import pytest
import tensorflow as tf
import tiny

from tfgan_aug.core.errors import UserError
from tfgan_aug.datasets import variants
from tfgan_aug.experiments import rows

GANS = ("dcgan", "sgan")
CONTROLS = ["real_x2", "geo_x2", "flip_crop", "rand_augment", "colours", "real_tuned", "real_soft", "trivial_augment"]
CONTROLS += ["balanced", "pixel_mix", "mixup", "cutmix"]
CONTROLS += ["dcgan_cas", "sgan_cas"]
ROWS = {row.name: row for row in rows.all_rows(GANS)}


def test_the_papers_rows_and_numbers():
    """Table 2 of the paper, written out again: generator, FP, TP, geometric."""
    table = [
        (1, "", "", 0), (2, "", "", 1),
        (3, "dcgan", "fp", 0), (4, "dcgan", "fp", 1), (5, "dcgan", "tp", 0), (6, "dcgan", "tp", 1),
        (7, "dcgan", "tp fp", 0), (8, "dcgan", "tp fp", 1),
        (9, "sgan", "fp", 0), (10, "sgan", "fp", 1), (11, "sgan", "tp", 0), (12, "sgan", "tp", 1),
        (13, "sgan", "tp fp", 0), (14, "sgan", "tp fp", 1),
    ]  # fmt: skip
    paper = [row for row in rows.all_rows(GANS) if row.group == "paper"]
    found = [(row.number, row.variant.gan, " ".join(row.variant.verdicts), row.variant.geo) for row in paper]
    assert found == table
    assert {row.number: row.paper for row in paper if row.paper} == {1: 61.7, 12: 70.6}
    # One GAN alone keeps the paper's numbers.
    assert [row.number for row in rows.all_rows(("sgan",)) if row.group == "paper"] == [1, 2, *range(9, 15)]


def test_names_are_unique_and_every_dataset_can_be_built():
    names = [row.name for row in rows.all_rows(GANS)]
    assert len(set(names)) == len(names) == 14 + 12 + 2 + 20
    assert {row.variant.name for row in ROWS.values()} <= set(variants.all_variants_of(GANS))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,12,2", ["real", "geo", "sgan_tp_geo"]),
        ("dcgan_tp, flip_crop", ["dcgan_tp", "flip_crop"]),
        ("paper", [name for name, row in ROWS.items() if row.number]),
        ("controls,1", ["real", *CONTROLS]),
        ("all", list(ROWS)),
    ],
)
def test_rows_are_chosen_by_group_number_or_name(text, expected):
    assert [row.name for row in rows.parse("--rows", text, GANS)] == expected


@pytest.mark.parametrize(
    ("text", "found"), [("1,99", "'99'"), ("dcgan", "'dcgan'"), (" , ", "' , '"), ("None", "'None'")]
)
def test_unknown_rows(text, found):
    with pytest.raises(UserError, match=f"--rows: found {found}, expected"):
        rows.parse("--rows", text, GANS)
    with pytest.raises(UserError, match="found '12'"):
        rows.parse("--rows", "12", ("dcgan",))


class Data:
    """A dataset of six images: three real, one geometric, two generated. Image i is filled with i."""

    IMAGES = np.repeat(np.arange(6, dtype=np.uint8), 12).reshape(6, 2, 2, 3)
    LABELS = np.array([0, 1, 2, 0, 1, 2], np.int32)
    ORIGIN = np.array(["real", "dcgan", "real", "geometric", "dcgan", "real"])

    def load(self, split, *names):
        assert split == "train"
        return tuple({"image": self.IMAGES, "label": self.LABELS, "origin": self.ORIGIN}[name] for name in names)


def phases_of(name, judge=None, **options):
    config = tiny.config("shapes10", table__mixing_weight=0.25, table__pretrain_share=0.3, classifier__steps=10)
    return ROWS[name].phases(Data(), config, judge, **options)


def phases(name, judge=None):
    found = phases_of(name, judge)
    return [([array.tolist() for array in (images[:, 0, 0, 0], *rest)], steps) for (images, *rest), steps in found]


def test_rows_that_use_a_dataset_as_it_is():
    for name in ("real", "dcgan_tp_geo", "geo_x2", "dcgan_fp_relabeled", "flip_crop"):
        assert phases(name) == [([[0, 1, 2, 3, 4, 5], Data.LABELS.tolist()], 10)]
        assert ROWS[name].use(tiny.config("shapes10"), "") == (
            {"augmentation": "flip,translate"} if name == "flip_crop" else {}
        )


def test_distilled_rows_have_the_labels_of_a_judge_that_speaks_of_its_own_images():
    class Teacher:
        def of_training(self, ids, images):
            assert list(ids) == ["r0", "r2", "r5"]
            return images[:, 0, 0].astype(np.float32)

    class Named(Data):
        def load(self, split, *names):
            ids = np.array(["r0", "g1", "r2", "x3", "g4", "r5"])
            return tuple(ids if name == "id" else super(Named, self).load(split, name)[0] for name in names)

    config = tiny.config("shapes10", classifier__steps=10)
    (((images, targets), steps),) = ROWS["real_soft"].phases(Named(), config, Teacher())
    assert images[:, 0, 0, 0].tolist() == [0, 2, 5] and steps == 10
    np.testing.assert_array_equal(targets[:, 0], [0, 2, 5])
    assert ROWS["real_soft"].use(config, "of the judge") == {"soft_labels": "of the judge", "distilled": True}


def test_draws_that_no_judge_is_asked_for_may_have_its_labels():
    config = tiny.config("shapes10", classifier__steps=10, table__fresh_tries=0)

    def generator(labels, seeds):
        return tf.zeros([tf.shape(labels)[0], 2, 2, 3], tf.uint8)

    ((examples, _),) = ROWS["dcgan_fresh_soft"].phases(Data(), config, Judge(), generator)
    assert examples.accept is None and examples.judge is not None and examples.targets == "judge"


@pytest.mark.parametrize(
    ("name", "targets", "weight"),
    [
        *[("dcgan_fresh", "class", None), ("dcgan_fresh_weighted", "class", 0.25)],
        *[("dcgan_fresh_soft", "judge", None), ("dcgan_consistency", "none", None)],
    ],
)
def test_fresh_rows_differ_in_labels_and_weights(name, targets, weight):
    def generator(labels, seeds):
        return tf.zeros([tf.shape(labels)[0], 2, 2, 3], tf.uint8)

    ((examples, _),) = phases_of(name, Judge(), generator=generator)
    assert (examples.targets, examples.weight) == (targets, weight)
    uses = [ROWS[other].use(tiny.config("shapes10"), "judge") for other in ("dcgan_fresh", name)]
    assert (uses[0] == uses[1]) is (name == "dcgan_fresh")


def test_oversampled_images_come_twice():
    assert phases("real_x2") == [([[*range(6)] * 2, Data.LABELS.tolist() * 2], 10)]


def test_accuracy_score_trains_on_generated_images_alone():
    assert phases("dcgan_cas") == [([[1, 4], [1, 1]], 10)]


def test_generated_images_weigh_less():
    assert phases("dcgan_tp_weighted") == [([[*range(6)], Data.LABELS.tolist(), [1, 0.25, 1, 1, 0.25, 1]], 10)]


def test_pretraining_ends_on_real_images():
    assert phases("dcgan_tp_pretrained") == [([[1, 4], [1, 1]], 3), ([[0, 2, 5], [0, 2, 2]], 10)]


def test_soft_labels_are_the_judges_for_generated_images_alone():
    def judge(images):
        return np.tile(np.array([0.25, 0.5, 0.25], np.float32), (len(images), 1)) * (images[:, 0, 0, :1] > 3) + 0.0

    (((_, targets), _),) = phases("dcgan_tp_soft", judge)
    assert targets == [[1, 0, 0], [0, 0, 0], [0, 0, 1], [1, 0, 0], [0.25, 0.5, 0.25], [0, 0, 1]]


@pytest.mark.parametrize(
    ("name", "steps"),
    [("real", 20), ("dcgan_tp_geo", 20), ("real_x2", 40), ("dcgan_cas", 7), ("dcgan_fresh", 10)],
)
def test_equal_epochs_are_of_the_rows_own_set(name, steps):
    """Six images, of which three are real and two generated; ten steps on the real ones."""
    config = tiny.config("shapes10", classifier__steps=10, table__protocol="equal_epochs")

    def generator(labels, seeds):
        return tf.zeros([tf.shape(labels)[0], 2, 2, 3], tf.uint8)

    assert ROWS[name].phases(Data(), config, Judge(), generator)[-1][1] == steps
    first = ROWS["dcgan_tp_pretrained"].phases(Data(), config)[0][1]
    assert first == 10


def test_rows_of_a_gan_that_leaves_a_classifier():
    """Scored as it is, without a step; or trained on as the row of fresh images, which are as many."""
    config, known = (
        tiny.config("shapes10", classifier__steps=10),
        {row.name: row for row in rows.all_rows(("coupled",))},
    )
    (((images, labels), steps),) = known["coupled_classifier"].phases(Data(), config)
    assert steps == 0 and images[:, 0, 0, 0].tolist() == [0, 2, 5] and labels.tolist() == [0, 2, 2]

    def generator(labels, seeds):
        return tf.zeros([tf.shape(labels)[0], 2, 2, 3], tf.uint8)

    for name in ("coupled_both", "coupled_fresh"):
        ((examples, steps),) = known[name].phases(Data(), config, Judge(), generator)
        assert steps == 10 and len(examples) == 3
    uses = [known[name].use(config, "") for name in ("coupled_classifier", "coupled_both", "coupled_fresh")]
    assert [use.pop("network", "new") for use in uses] == ["gan", "gan", "new"] and uses[1] == uses[2] != uses[0]
    assert not any(row.network == "gan" for row in ROWS.values())


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_mixing_rows_take_the_real_images_alone(name):
    ((examples, steps),) = phases_of(name, seed=3)
    assert steps == 10 and (examples.how, examples.classes, examples.seed) == (name, 3, 3)
    np.testing.assert_array_equal(examples.labels, [0, 2, 2])
    np.testing.assert_array_equal(examples.images, Data.IMAGES[[0, 2, 5]])


class Judge:
    """Takes every image for one of class 1."""

    def probabilities(self, images):
        return tf.tile([[0.0, 1.0, 0.0]], [tf.shape(images)[0], 1])


@pytest.mark.parametrize(
    ("name", "judge", "classes"),
    [("dcgan_fresh", Judge(), {1}), ("dcgan_fresh", None, {0, 1, 2}), ("pixel_mix", None, {0, 1, 2})],
)
def test_fresh_rows_draw_for_half_of_the_real_images(name, judge, classes):
    """Drawn images are 100; of the mask's two a class has one or another. The last tenth of the steps are real."""
    config = tiny.config("shapes10", classifier__steps=50, table__fresh_real_last=0.1, classifier__batch_size=6)

    class More(Data):
        IMAGES = np.concatenate([Data.IMAGES, Data.IMAGES + 50])
        LABELS, ORIGIN = np.tile(Data.LABELS, 2), np.array(["real", "real", "real", "geometric", "dcgan", "real"] * 2)

    def generator(labels, seeds):
        return tf.fill([tf.shape(labels)[0], 2, 2, 3], tf.constant(100, tf.uint8))

    ((examples, steps),) = ROWS[name].phases(More(), config, judge, generator)
    assert steps == 50 and len(examples) == 8 and examples.end == 45 * 6
    places = np.arange(300)
    images, labels = (array.numpy() for array in examples.reader()(tf.constant(places // 2 % 8), tf.constant(places)))
    changed = np.any(images != examples.images[places // 2 % 8], axis=(1, 2, 3))
    assert not changed[270:].any() and not changed[::2].any()
    assert set(labels[changed]) == classes
    if name == "dcgan_fresh":
        assert np.all(changed[:270][(labels[:270] == 1) & (places[:270] % 2 == 1)])


def test_views_tell_options_apart():
    config = tiny.config("shapes10")
    views = [str(row.use(config, "judge")) for row in ROWS.values() if row.use(config, "judge")]
    # real_x2 and nine of the controls; accuracy score, weighted, pretrained, fresh in four ways, soft: all GANs' alike.
    assert len(set(views)) == 10 + 8 and "'soft_labels': 'judge'" in str(views)
    other = tiny.config("shapes10", table__mixing_weight=0.7)
    row = ROWS["dcgan_tp_weighted"]
    assert row.use(config, "") != row.use(other, "")


@pytest.mark.parametrize("name", variants.all_variants_of(GANS))
def test_every_variant_is_named_after_what_it_holds(name):
    variant = variants.Variant.parse(name)
    geo = 2 if name == "geo_x2" else int(name.endswith("geo"))
    kinds = tuple(word for word in ("tp", "fp") if word in name.split("_"))
    selection = next((word for word in ("confident", "quantile", "relabeled") if name.endswith(word)), "")
    gan = name.partition("_")[0] if kinds else ""
    assert variant == variants.Variant(name, gan, kinds, geo, selection)
    assert variant.rule == ("" if selection == "relabeled" else selection)

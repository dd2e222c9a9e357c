"""The stream: which places are drawn anew, that it goes on where it was, what the judge keeps out."""

import dataclasses
import pathlib
import shutil
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_aug
from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.core import artefacts, manifests
from tfgan_aug.core.errors import UserError
from tfgan_aug.gans.dcgan import DCGAN
from tfgan_aug.sampling import rules, saved_models, stream
from tfgan_aug.training import loop, strategies

IMAGES = np.random.default_rng(0).integers(0, 100, (12, 16, 16, 3), np.uint8)
LABELS = np.arange(12) % 3
REAL = IMAGES, LABELS


def numbered(labels, seeds):
    """Images that no real one equals: the label + 200 in red, and the seed's lowest 16 bits in green and blue."""
    pixels = tf.stack([labels + 200, seeds % 256, seeds // 256 % 256], axis=1)
    return tf.cast(tf.tile(pixels[:, None, None], [1, 16, 16, 1]), tf.uint8)


def half(labels, seeds):
    return numbered(labels, seeds)[:, :8]


def batches(generator=numbered, share=0.5, **options):
    made = tfgan_aug.stream(REAL, generator, share, **{"steps": 10, "batch_size": 8, **options})
    return [(images.numpy(), labels.numpy()) for images, labels in made]


def drawn(images):
    return images[:, 0, 0, 0] >= 200


@pytest.mark.parametrize(("share", "count"), [(0.5, 4), (0.25, 2), (1, 8)])
def test_a_share_of_every_batch_is_drawn_and_the_last_steps_are_real(share, count):
    made = batches(share=share)
    assert [int(drawn(images).sum()) for images, _ in made] == [count] * 8 + [0] * 2
    # An odd share is right in the long run.
    third = [int(drawn(images).sum()) for images, _ in batches(share=1 / 3, real_last=0)]
    assert sum(third) == 80 // 3 and set(third) <= {2, 3}


def test_a_draw_has_the_class_of_the_image_that_it_stands_for():
    seen = []
    for images, labels in batches():
        assert images.dtype == np.uint8 and labels.dtype == np.int32
        new = drawn(images)
        np.testing.assert_array_equal(images[new][:, 0, 0, 0] - 200, labels[new])
        for image, label in zip(images[~new], labels[~new], strict=True):
            assert any(np.array_equal(image, IMAGES[row]) for row in np.flatnonzero(label == LABELS))
        seen += [tuple(image[0, 0, 1:]) for image in images[new]]
    assert len(set(seen)) == len(seen) == 32


def test_it_goes_on_where_it_was_and_seeds_differ():
    whole, rest, other = batches(), batches(start_step=6), batches(seed=1)
    for (images, labels), (again, labels_again) in zip(whole[6:], rest, strict=True):
        np.testing.assert_array_equal(images, again)
        np.testing.assert_array_equal(labels, labels_again)
    assert not any(np.array_equal(one[0], two[0]) for one, two in zip(whole, other, strict=True))
    seeds = [{tuple(image[0, 0, 1:]) for batch, _ in made for image in batch[drawn(batch)]} for made in (whole, other)]
    assert seeds[0].isdisjoint(seeds[1])


def test_replicas_share_the_batches_of_one():
    examples = stream.FreshExamples.checked(REAL, numbered, 0.5).until(48)
    budget = loop.Budget(8, 8, 3)
    whole = list(loop.batches(examples, budget))
    halves = list(loop.batches(examples, budget, replicas=2))
    for step, (images, labels) in enumerate(whole):
        parts = halves[2 * step : 2 * step + 2]
        np.testing.assert_array_equal(images, np.concatenate([part[0] for part in parts]))
        np.testing.assert_array_equal(labels, np.concatenate([part[1] for part in parts]))


def test_what_no_draw_passes_stays_real():
    """The judge takes half of the seeds' draws for their class, and none of class 2."""

    def judge(images):
        label, good = tf.cast(images[:, 0, 0, 0], tf.int32) - 200, images[:, 0, 0, 1] // 2 % 2 == 0
        return tf.one_hot(tf.where(good & (label < 2), label, (label + 1) % 3), 3)

    def placed(**options):
        made = batches(judge=judge, real_last=0, steps=60, **options)
        images, labels = (np.concatenate(parts) for parts in zip(*made, strict=True))
        new = drawn(images)
        assert set(labels[new]) == {0, 1} and np.all(images[new][:, 0, 0, 1] // 2 % 2 == 0)
        return new.sum(), np.sum((labels < 2)[1::2])

    once, places = placed(tries=1)
    assert 0.3 * places < once < 0.7 * places
    # Four seeds in a row hold good ones.
    assert placed(tries=4) == (places, places)
    strict = rules.ThresholdRule(1.1)
    assert not any(drawn(batch).any() for batch, _ in batches(judge=judge, rule=strict))


def test_a_place_is_drawn_again_only_until_a_draw_passes():
    """Of four tries each place makes as many as it needs: of an accepted seed none after it."""
    asked = []

    def generator(labels, seeds):
        tf.numpy_function(lambda seeds: asked.extend(seeds.tolist()) or np.int64(0), [seeds], tf.int64)
        return numbered(labels, seeds)

    def judge(images):
        label, good = tf.cast(images[:, 0, 0, 0], tf.int32) - 200, images[:, 0, 0, 1] % 4 == 1
        return tf.one_hot(tf.where(good, label, (label + 1) % 3), 3)

    examples = stream.FreshExamples.checked(REAL, generator, 1.0, judge=judge, tries=4)
    asked.clear()
    rows = tf.range(12, dtype=tf.int64)
    images, _ = examples.reader()(rows, rows)
    taken = images[:, 0, 0, 1].numpy()
    first = min(asked)
    needed = [next(number for number in range(4) if (first + 4 * place + number) % 256 % 4 == 1) for place in range(12)]
    assert np.all(taken % 4 == 1) and len(asked) == len(set(asked)) == sum(number + 1 for number in needed)


def test_a_classifier_judges_by_its_probabilities():
    """Its outputs are logits: of a function that returns such, `judge` is refused."""
    network = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model = Classifier(network)
    examples = stream.FreshExamples.checked(REAL, numbered, 0.5, judge=model, tries=2)
    labels = tf.range(3, dtype=tf.int64)
    images = numbered(labels, labels)
    expected = model.probabilities(images.numpy()).argmax(axis=1) == [0, 1, 2]
    np.testing.assert_array_equal(examples.accept(labels, images), expected)
    with pytest.raises(ValueError, match=r"^judge: found .* expected the probabilities of its classes, which sum to 1"):
        batches(judge=lambda images: model(images))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    keras.utils.set_random_seed(0)
    gan = DCGAN((16, 16, 3), 3, width=2, latent_dim=4)
    path = tmp_path_factory.mktemp("exported") / "generator"
    saved_models.export(gan, path)
    return gan, path


def test_an_exported_generator_draws_as_its_model_does(exported):
    gan, path = exported
    examples = stream.FreshExamples.checked(REAL, path, 1.0)
    rows, places = tf.range(12, dtype=tf.int64), tf.range(100, 112, dtype=tf.int64)
    images, labels = examples.reader()(rows, places)
    seen = []

    def noted(labels, seeds):
        seen.append(seeds.numpy())
        return numbered(labels, seeds)

    stream.FreshExamples.checked(REAL, noted, 1.0).reader()(rows, places)
    expected = gan.generate(labels.numpy(), seen[-1], block_size=12)
    assert np.abs(images.numpy().astype(int) - expected).max() <= 1


@pytest.mark.parametrize("strategy", ["one_device", "mirrored"])
def test_a_step_that_draws_is_one_that_reads_what_was_drawn(exported, strategy, monkeypatch):
    """As on GPUs, where the step draws: tf.data cannot reach their weights."""
    trained = []
    for in_step in (False, True):
        made = strategies.make_strategy(strategy)
        with made.scope():
            keras.utils.set_random_seed(0)
            network = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
            model = Classifier(network)
            model.compile("sgd")
        judge = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")])
        examples = stream.FreshExamples.checked(REAL, exported[1], 0.5, judge=lambda images, judge=judge: judge(images))
        monkeypatch.setattr(loop, "draws_in_step", lambda _, in_step=in_step: in_step)
        loop.run(model, examples.until(40), loop.Budget(6, 8, 3))
        trained.append([weight.numpy() for weight in model.trainable_variables])
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("targets", ["class", "judge", "none"])
def test_labels_and_weights_of_draws(targets):
    """The judge says class 1 of all: of others the real image stays, with its own label and weight 1."""

    def judge(images):
        return tf.tile([[0.0, 0.8, 0.2]], [tf.shape(images)[0], 1])

    examples = stream.FreshExamples.checked(REAL, numbered, 1.0, judge=judge)
    examples = dataclasses.replace(examples, targets=targets, weight=0.25)
    images, labels, weights = examples.reader()(tf.range(12, dtype=tf.int64), tf.range(12, dtype=tf.int64))
    new = drawn(images.numpy())
    np.testing.assert_array_equal(new, LABELS == 1)
    np.testing.assert_allclose(weights, np.where(new, 0.25, 1.0))
    if targets == "class":
        np.testing.assert_array_equal(labels, LABELS)
    else:
        expected = np.eye(3)[LABELS]
        expected[new] = [0, 0.8, 0.2] if targets == "judge" else 0
        np.testing.assert_allclose(labels, expected, atol=1e-6)


def test_gpus_draw_in_the_step():
    def strategy(*devices):
        return types.SimpleNamespace(extended=types.SimpleNamespace(worker_devices=devices))

    assert loop.draws_in_step(strategy("/job:localhost/replica:0/task:0/device:GPU:0"))
    assert not loop.draws_in_step(strategies.make_strategy("mirrored"))


def test_keras_trains_on_it(exported):
    network = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model = Classifier(network)
    model.compile("sgd")
    made = tfgan_aug.stream(REAL, exported[1], steps=5, batch_size=4, trust=True)
    history = model.fit(made, shuffle=False, verbose=0).history
    assert np.isfinite(history["loss"]).all() and int(model.optimizer.iterations) == 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"share": 0}, r"^share: found 0, expected above 0"),
        ({"share": 1.5}, r"^share: found 1.5"),
        ({"real_last": 1}, r"^real_last: found 1, expected 0 or more and below 1"),
        ({"start_step": 10}, r"^start_step: found 10, expected 0 or more and below steps=10"),
        ({"tries": 0}, r"^tries: found 0"),
        ({"rule": rules.ThresholdRule()}, r"^rule: found one and no judge"),
        ({"generator": half}, r"^generator: found images uint8 \(8, 16, 3\), expected uint8 \(16, 16, 3\)"),
    ],
)
def test_arguments_that_it_cannot_have(changes, message):
    with pytest.raises(ValueError, match=message):
        batches(**changes)


def test_real_images_that_it_cannot_have():
    for real in ((IMAGES / 255, LABELS), (IMAGES, LABELS[:3]), (IMAGES[:0], LABELS[:0])):
        with pytest.raises(ValueError, match="^real: found images"):
            tfgan_aug.stream(real, numbered, steps=2)


# Trust


@pytest.fixture
def stage(exported, tmp_path):
    """The folder of a finished stage with an exported generator."""
    made = artefacts.Stage(tmp_path, "dcgan", {})
    with made.making() as folder:
        shutil.copytree(exported[1], saved_models.folder(folder))
    return made.path


def taken(generator, **options):
    return len(list(tfgan_aug.stream(REAL, generator, steps=2, batch_size=4, real_last=0, **options)))


def test_a_generator_of_a_finished_stage_is_trusted(stage, tmp_path):
    assert taken(stage / "generator") == taken(str(stage / "generator")) == 2
    (tmp_path / "link").symlink_to(stage / "generator")
    assert taken(tmp_path / "link") == 2
    # What is beside the SavedModel is none of its files.
    (stage / "notes.txt").write_text("mine")
    assert taken(stage / "generator") == 2
    saved_models.load(stage)


def test_a_savedmodel_of_unknown_origin_can_write_files(tmp_path):
    """The reason for all this."""
    module = tf.Module()
    path = str(tmp_path / "written")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)] * 2)
    def generate(labels, seeds):
        tf.io.write_file(path, "anything")
        return {"images": numbered(labels, seeds)}

    module.generate = generate
    tf.saved_model.save(module, str(tmp_path / "generator"), signatures={"serving_default": generate})
    with pytest.raises(ValueError, match="^generator: found .*, expected the generator in a finished stage"):
        taken(tmp_path / "generator")
    assert not pathlib.Path(path).exists()
    assert taken(tmp_path / "generator", trust=True) == 2
    assert pathlib.Path(path).exists()


def test_a_folder_outside_a_finished_stage_is_refused(exported, stage):
    for folder in (exported[1], stage.rename(stage.with_name(f"{stage.name}.partial")) / "generator"):
        with pytest.raises(ValueError, match="^generator: found .*expected .* finished stage .*; trust=True") as found:
            taken(folder)
        assert "\n" not in str(found.value) and str(folder) in str(found.value)
        assert taken(folder, trust=True) == 2


def change(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "harm", "reason"),
    [
        ("variables/variables.data-00000-of-00001", change, "was changed"),
        ("saved_model.pb", change, "was changed"),
        ("saved_model.pb", pathlib.Path.unlink, "is missing"),
        ("saved_model.pbtxt", pathlib.Path.touch, "was added"),
        ("assets/x/run.sh", lambda path: path.parent.mkdir(parents=True) or path.touch(), "was added"),
        ("more", lambda path: path.symlink_to("/usr"), "was added"),
    ],
)
def test_a_generator_that_is_not_as_recorded_is_refused_by_name(stage, name, harm, reason):
    path = stage / "generator" / name
    harm(path)
    with pytest.raises(ValueError, match="^generator: found ") as found:
        taken(stage / "generator")
    assert f"{path} {reason}, expected" in str(found.value) and "\n" not in str(found.value)
    with pytest.raises(UserError, match=f"^found .*{name} {reason}, expected .*; remove .* made again$"):
        saved_models.load(stage)


def test_a_stage_of_an_earlier_version_recorded_nothing(stage):
    (stage / manifests.FILE).unlink()
    assert saved_models.load(stage)(np.int32([0]), np.int64([0])).shape == (1, 16, 16, 3)
    with pytest.raises(ValueError, match="^generator: .*finished stage"):
        taken(stage / "generator")


@pytest.mark.parametrize("text", ["", "[]", '{"generator/saved_model.pb": 1}'])
def test_a_record_that_cannot_be_read(stage, text):
    (stage / manifests.FILE).write_text(text)
    with pytest.raises(UserError, match=f"{manifests.FILE} cannot be read"):
        saved_models.check_recorded(stage / "generator")

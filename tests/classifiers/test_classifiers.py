"""The paper's CNN, the classifier that trains any network, and the judge."""

import dataclasses
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from gan_harness import assert_same, values

from tfgan_aug.classifiers import classifier, judges, networks, recipes
from tfgan_aug.classifiers.config import ClassifierConfig, JudgeConfig
from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import subsets
from tfgan_aug.experiments import judge_stage
from tfgan_aug.experiments.run import Run
from tfgan_aug.training import checkpoints, loop, strategies

IMAGE_SHAPE = (16, 16, 3)


@pytest.fixture(autouse=True)
def same_weights():
    """Initial weights are the same in every order of tests: no test may depend on a lucky draw."""
    keras.utils.set_random_seed(0)


def section(**changed):
    return fields.replaced(ClassifierConfig(width=0.05, steps=4, batch_size=8), changed)


def examples(count=8, classes=3, image_shape=IMAGE_SHAPE, seed=0):
    images = np.random.default_rng(seed).integers(0, 256, (count, *image_shape), np.uint8)
    return images, np.arange(count, dtype=np.int32) % classes


def linear(classes=3, **options):
    """A classifier that sees the mean colour alone, so that its steps can be counted by hand."""
    keras.utils.set_random_seed(2)
    images = keras.Input(IMAGE_SHAPE)
    logits = keras.layers.Dense(classes)(keras.layers.GlobalAveragePooling2D()(images))
    model = classifier.Classifier(keras.Model(images, logits), **options)
    model.compile(keras.optimizers.SGD(1.0))
    return model


# The paper's CNN


def test_paper_cnn_is_table_1():
    network = networks.paper_cnn((32, 32, 3), 10)
    kinds = (keras.layers.Conv2D, keras.layers.MaxPooling2D, keras.layers.Dense)
    shapes = [layer.output.shape[1:] for layer in network.layers if isinstance(layer, kinds)]
    assert shapes == [
        (32, 32, 64),
        (32, 32, 64),
        (16, 16, 64),
        (16, 16, 128),
        (16, 16, 128),
        (8, 8, 128),
        (1024,),
        (10,),
    ]
    convolutions = 9 * (3 * 64 + 64 * 64 + 64 * 128 + 128 * 128) + 2 * (64 + 128)
    assert network.count_params() == convolutions + (8 * 8 * 128 + 1) * 1024 + (1024 + 1) * 10 == 8_660_042
    assert [layer.activation.__name__ for layer in network.layers if hasattr(layer, "activation")] == ["relu"] * 5 + [
        "linear"
    ]


def test_paper_cnn_width_and_dropout():
    network = networks.paper_cnn(IMAGE_SHAPE, 4, width=0.1, dropout=(0.1, 0.2, 0.3))
    assert [layer.rate for layer in network.layers if isinstance(layer, keras.layers.Dropout)] == [0.1, 0.2, 0.3]
    widths = [layer.filters for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert widths == [6, 6, 13, 13]
    narrowest = networks.paper_cnn(IMAGE_SHAPE, 4, width=1e-6)
    assert narrowest.output_shape == (None, 4)
    assert not any(isinstance(layer, keras.layers.Dropout) for layer in narrowest.layers)


def test_normalized_cnn():
    """Counted by hand: convolutions without bias, four numbers a filter in each normalisation, the last layer."""
    network = networks.normalized_cnn((32, 32, 1), 7, 0.25, (0.1, 0.2, 0.3))
    filters = [24, 24, 48, 48]
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == filters
    weights = 9 * sum(below * above for below, above in zip([4, *filters], filters, strict=False))
    assert network.count_params() == weights + 4 * sum(filters) + (4 * 4 * 48 + 1) * 7
    assert [layer.rate for layer in network.layers if isinstance(layer, keras.layers.Dropout)] == [0.3]
    assert network.output_shape == (None, 7) and networks.normalized_cnn(IMAGE_SHAPE, 4, 1e-6).count_params()


# The loss, against NumPy


def by_hand(model, images, targets):
    """Cross-entropy (N,) and probabilities (N, classes) of a `linear` model."""
    kernel, bias = (weight.astype(np.float64) for weight in model.network.get_weights())
    means = (images.astype(np.float64) / 127.5 - 1).mean((1, 2))
    logits = means @ kernel + bias
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return -(targets * np.log(probabilities)).sum(1), probabilities


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_loss_and_accuracy(smoothing):
    model = linear(label_smoothing=smoothing)
    images, labels = examples()
    weights = np.linspace(0, 2, 8).astype(np.float32)
    one_hot = np.eye(3)[labels]
    losses, probabilities = by_hand(model, images, one_hot * (1 - smoothing) + smoothing / 3)
    correct = probabilities.argmax(1) == labels
    assert 0 < correct.sum() < 8
    for given in (labels, one_hot.astype(np.float32)):
        plain = model.evaluate(images, given, batch_size=3, verbose=0, return_dict=True)
        assert plain == pytest.approx({"loss": losses.mean(), "accuracy": correct.mean()}, rel=1e-5)
        weighted = model.evaluate(images, given, sample_weight=weights, batch_size=3, verbose=0, return_dict=True)
        expected = {"loss": np.average(losses, weights=weights), "accuracy": np.average(correct, weights=weights)}
        assert weighted == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", ["ints", "one_hot", "soft"])
def test_step_of_a_weighted_batch(kind):
    """With SGD of rate 1 the bias moves by the mean over all examples of weight x (target - probability)."""
    model = linear()
    images, labels = examples()
    weights = np.linspace(0, 2, 8).astype(np.float32)
    targets = np.eye(3, dtype=np.float32)[labels]
    if kind == "soft":
        targets = targets * 0.6 + np.float32(0.4) * np.array([0.5, 0.25, 0.25], np.float32)
    _, probabilities = by_hand(model, images, targets)
    before = model.network.get_weights()[1]
    given = labels if kind == "ints" else targets
    model.fit(images, given, sample_weight=weights, batch_size=8, shuffle=False, verbose=0)
    step = (weights[:, None] * (targets - probabilities)).sum(0) / 8
    np.testing.assert_allclose(model.network.get_weights()[1] - before, step, atol=1e-6)


def test_consistency_by_hand(monkeypatch):
    """The divergence of the second view's prediction from the first's; half of the images have no label."""
    model = linear(consistency=2.0)
    images, labels = examples()
    targets = np.eye(3, dtype=np.float32)[labels]
    targets[4:] = 0
    views = [images.astype(np.float32), images[::-1].astype(np.float32) / 2]
    given = iter(views)
    monkeypatch.setattr(model, "_augmented", lambda _: tf.constant(next(given)))
    losses, first = by_hand(model, views[0], targets)
    second = by_hand(model, views[1], targets)[1]
    losses += 2.0 * (first * np.log(first / second)).sum(1)
    before = model.network.get_weights()[1]
    found = model.fit(images, targets, batch_size=8, shuffle=False, verbose=0).history["loss"][0]
    assert found == pytest.approx(losses.mean(), rel=1e-4) and (losses[4:] > 0).all()
    # Of the bias: of the labelled ones the first view's cross-entropy, of all the second view's divergence alone.
    step = ((targets - first)[:4].sum(0) + 2.0 * (first - second).sum(0)) / 8
    np.testing.assert_allclose(model.network.get_weights()[1] - before, step, atol=1e-5)


def test_consistency_is_of_two_augmentations_and_needed_for_images_without_labels():
    images, labels = examples()
    nothing = np.zeros((8, 3), np.float32)
    losses = []
    for options in ({}, {"augmentation": "flip,translate"}):
        model = linear(consistency=1.0, **options)
        losses.append(model.fit(images, nothing, batch_size=8, shuffle=False, verbose=0).history["loss"][0])
    # Without augmentation both views are the image itself.
    assert losses[0] == pytest.approx(0, abs=1e-6) and losses[1] > 1e-6
    with pytest.raises(ValueError, match="expected rows of at least 0 that sum to 1"):
        linear().fit(images, nothing, verbose=0)


def test_penalties_of_the_network_are_minimised():
    images = keras.Input(IMAGE_SHAPE)
    features = keras.layers.GlobalAveragePooling2D()(images)
    logits = keras.layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.25), use_bias=False)(features)
    model = classifier.Classifier(keras.Model(images, logits))
    model.compile(keras.optimizers.SGD(1.0), run_eagerly=True)
    before = model.network.get_weights()[0]
    images, labels = examples()
    model.fit(images, labels, sample_weight=np.zeros(8, np.float32), batch_size=8, verbose=0)
    np.testing.assert_allclose(model.network.get_weights()[0], before / 2, atol=1e-6)


# Saving and predicting


def test_save_and_load(tmp_path):
    recipe = {"recipe": "best", "label_smoothing": 0.2, "augmentation": "flip,zoom"}
    model = classifier.build("--config.classifier", section(**recipe), IMAGE_SHAPE, 3, seed=5)
    images, labels = examples()
    model.fit(images, labels, batch_size=8, shuffle=False, verbose=0)
    model.save(tmp_path / "member.keras")
    loaded = keras.models.load_model(tmp_path / "member.keras", safe_mode=True)
    assert loaded.get_config()["augmentation"] == "flip,zoom" and loaded.label_smoothing == 0.2 and loaded.seed == 5
    assert_same(loaded.network, model.network)
    assert_same(loaded.optimizer, model.optimizer)
    np.testing.assert_array_equal(loaded.probabilities(images, 4), model.probabilities(images, 4))
    for one in (model, loaded):
        one.fit(images, labels, batch_size=8, shuffle=False, verbose=0)
    assert_same(loaded.network, model.network)


def test_a_classifier_that_is_not_compiled_can_be_saved(tmp_path):
    model = classifier.Classifier(networks.paper_cnn(IMAGE_SHAPE, 3, 0.05))
    model.save(tmp_path / "member.keras")
    assert_same(keras.models.load_model(tmp_path / "member.keras").network, model.network)


def test_probabilities_do_not_depend_on_the_count():
    keras.utils.set_random_seed(2)
    model = classifier.Classifier(networks.paper_cnn(IMAGE_SHAPE, 3, 0.05, (0.5, 0.5, 0.5)), "flip")
    images, _ = examples(count=7)
    whole = model.probabilities(images, block_size=4)
    assert whole.shape == (7, 3) and whole.dtype == np.float32
    np.testing.assert_allclose(whole.sum(1), 1, atol=1e-6)
    assert len(np.unique(whole)) > 3
    for count in (1, 3, 4, 5):
        np.testing.assert_array_equal(model.probabilities(images[:count], block_size=4), whole[:count])
    # Elsewhere in its block an image may meet another of the processor's instructions.
    np.testing.assert_allclose(model.probabilities(images[::-1], block_size=4), whole[::-1], rtol=1e-6)
    np.testing.assert_allclose(model.probabilities(images, block_size=50), whole, atol=1e-6)
    assert model.probabilities(images[:0]).shape == (0, 3)


def test_call_gives_logits():
    model = linear()
    images, labels = examples()
    _, probabilities = by_hand(model, images, np.eye(3)[labels])
    np.testing.assert_allclose(tf.nn.softmax(model(images)), probabilities, atol=1e-6)


# Recipes and builders


def test_config_overrides_the_recipe():
    paper, best = (recipes.RECIPES[name] for name in ("paper", "best"))
    assert best.replace(section()) == best
    changed = best.replace(section(learning_rate=0.5, weight_decay=0.0, augmentation=()))
    assert (changed.learning_rate, changed.weight_decay, changed.augmentation) == (0.5, 0.0, ())
    assert (changed.label_smoothing, changed.dropout, changed.schedule) == (0.1, best.dropout, "cosine")
    assert paper.replace(section(label_smoothing=0.2)).label_smoothing == 0.2


def test_build_follows_the_recipe():
    model = classifier.build("--config.judge", section(recipe="paper", learning_rate=0.25), IMAGE_SHAPE, 4, seed=5)
    assert (model.classes, model.augmentation, model.label_smoothing) == (4, (), 0.0)
    assert float(model.optimizer.learning_rate) == 0.25 and model.optimizer.weight_decay == 0.0
    best = classifier.build("--config.judge", section(recipe="best", steps=10), IMAGE_SHAPE, 4, seed=5)
    assert (best.augmentation, best.label_smoothing) == (("flip", "translate", "zoom"), 0.1)
    # Cosine: the whole rate at first, half of it half way, nothing at the end.
    rates = [float(best.optimizer._learning_rate(step)) for step in (0, 5, 10)]
    assert rates == pytest.approx([1e-3, 5e-4, 0], abs=1e-9)


def test_initial_weights_are_a_function_of_the_seed():
    first, same, other = (classifier.build("--c", section(), IMAGE_SHAPE, 3, seed) for seed in (1, 1, 2))
    assert_same(first.network, same.network)
    assert not np.array_equal(first.network.get_weights()[0], other.network.get_weights()[0])


def test_a_recipe_is_added_in_one_place(monkeypatch):
    """The config takes its name as soon as the table has it."""
    config = ExperimentConfig()
    config.judge.recipe = "slow"
    with pytest.raises(
        UserError, match="^--config.judge.recipe: found 'slow', expected one of paper, best, few_images$"
    ):
        fields.check(config)
    monkeypatch.setitem(recipes.RECIPES, "slow", recipes.Recipe(learning_rate=1e-5))
    fields.check(config)
    model = classifier.build("--config.judge", config.judge, IMAGE_SHAPE, 3, seed=0)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-5)


def test_unknown_augmentation():
    with pytest.raises(UserError, match=r"^--config.judge.augmentation: found 'shear', expected some of crop, flip, "):
        classifier.build("--config.judge", section(augmentation="flip,shear"), IMAGE_SHAPE, 3, seed=0)


# Training


def test_learns_what_is_easy():
    """Three brightnesses with noise: right on more than 95 % of other images after thirty steps."""
    random = np.random.default_rng(0)
    labels = np.arange(120, dtype=np.int32) % 3
    images = np.array([30, 120, 210])[labels][:, None, None, None] + random.integers(-25, 26, (120, *IMAGE_SHAPE))
    images = images.astype(np.uint8)
    model = classifier.build("--c", section(recipe="paper", width=0.25), IMAGE_SHAPE, 3, seed=0)
    stream = loop.batches((images[:60], labels[:60]), loop.Budget(30, 20, 0))
    model.fit(stream, shuffle=False, verbose=0)
    assert (model.probabilities(images[60:], 60).argmax(1) == labels[60:]).mean() > 0.95


@pytest.mark.parametrize(
    ("network", "augmentation"),
    [(networks.paper_cnn, ()), (networks.normalized_cnn, ("affine",)), (networks.normalized_cnn, ("flip", "shift"))],
)
def test_two_devices_make_the_step_of_one(network, augmentation):
    """To 1e-5 of the update's norm; statistics of the batch and one-pass transforms are those of the global batch."""
    updates = []
    for name in ("one_device", "mirrored"):
        with strategies.make_strategy(name).scope():
            keras.utils.set_random_seed(3)
            made = network(IMAGE_SHAPE, 3, 0.05, (0.0, 0.0, 0.3))
            model = classifier.Classifier(made, augmentation, label_smoothing=0.1)
            model.compile(keras.optimizers.SGD(1.0))
        before = values(model.network.variables)
        weights = np.linspace(0, 2, 8).astype(np.float32)
        dataset = tf.data.Dataset.from_tensor_slices((*examples(), weights)).batch(8, drop_remainder=True)
        model.fit(dataset, shuffle=False, verbose=0)
        after = values(model.network.variables)
        updates.append(np.concatenate([(b.astype(float) - a).ravel() for a, b in zip(before, after, strict=True)]))
    one, two = updates
    assert np.linalg.norm(one) > 0.01
    assert np.linalg.norm(one - two) < 1e-5 * np.linalg.norm(one)


def test_two_devices_train_with_dropout_and_augmentation():
    with strategies.make_strategy("mirrored").scope():
        model = classifier.build("--c", section(), IMAGE_SHAPE, 3, seed=0)
    before = values(model.network.trainable_variables)
    model.fit(tf.data.Dataset.from_tensor_slices(examples()).batch(8, drop_remainder=True), shuffle=False, verbose=0)
    after = values(model.network.trainable_variables)
    assert all(np.isfinite(value).all() for value in after)
    assert not np.array_equal(before[0], after[0])


# The judge


COUNT = 24


def numbered(count, first=0):
    """Images that show their number in the first pixel, and labels that go round three classes."""
    images, labels = examples(count)
    images[:, 0, 0, 0] = np.arange(first, first + count)
    return images, labels


@pytest.fixture
def subset():
    images, labels = numbered(COUNT)
    train = subsets.Part(tuple(map(str, range(COUNT))), labels, images)
    test = subsets.Part((), labels[:0], images[:0])
    return subsets.Subset(("a", "b", "c"), train, test)


@pytest.fixture
def source():
    images, labels = numbered(40, first=100)
    split = types.SimpleNamespace(ids=tuple(range(40)), labels=labels, images=lambda positions: images[positions])
    return types.SimpleNamespace(train=split, train_digest="of its images")


def judge_config(**changed):
    return ExperimentConfig(judge=JudgeConfig(**{"width": 0.05, "steps": 2, "batch_size": 4, **changed}))


@dataclasses.dataclass(frozen=True, eq=False)
class JudgeRun(Run):
    """A run whose source has no name, and whose subset's digest is not that of its pixels."""

    subset_stage = types.SimpleNamespace(digest="abc")


def run_of(tmp_path, subset, source, config):
    return JudgeRun(config, tmp_path, strategies.make_strategy("one_device"), source, subset)


def make_judge(*made_of):
    run = run_of(*made_of)
    stage = judge_stage.stage(run)
    judge_stage.make(stage, run)
    return stage


@pytest.fixture
def seen(monkeypatch):
    """Training is left out; what would have been trained on, one entry a member: image numbers, labels, options."""
    calls = []

    def record(model, arrays, budget, directory, **options):
        images, labels = arrays
        calls.append((images[:, 0, 0, 0].tolist(), labels.tolist(), budget))

    monkeypatch.setattr(loop, "fit", record)
    return calls


def test_judge_trains_on_the_whole_subset(tmp_path, subset, source, seen):
    make_judge(tmp_path, subset, source, judge_config())
    assert len(seen) == 1
    numbers, labels, budget = seen[0]
    assert numbers == list(range(COUNT)) and labels == subset.train.labels.tolist()
    assert (budget.steps, budget.batch_size) == (2, 4)


def test_no_member_of_an_ensemble_sees_its_fold(tmp_path, subset, source, seen):
    config = judge_config(members=3)
    stage = make_judge(tmp_path, subset, source, config)
    folds = subsets.folds(subset.train.labels, 3, config.seed)
    for member, (numbers, labels, _) in enumerate(seen):
        left_out = np.flatnonzero(folds == member)
        assert sorted(numbers) == sorted(set(range(COUNT)) - set(left_out.tolist()))
        assert labels == subset.train.labels[numbers].tolist()
        assert set(np.bincount(subset.train.labels[left_out])) <= {2, 3}, "a third of each class's eight"
    missing = [set(range(COUNT)) - set(numbers) for numbers, _, _ in seen]
    assert len(missing) == 3 and set.union(*missing) == set(range(COUNT)) and sum(map(len, missing)) == COUNT
    assert len({budget.seed for _, _, budget in seen}) == 3

    judge = judges.Judge(stage.path, 8)
    images, _ = examples(5, seed=9)
    members = [member.probabilities(images, 8) for member in judge.members]
    assert len(members) == 3 and not np.array_equal(members[0], members[1])
    np.testing.assert_allclose(judge(images), sum(members) / 3, atol=1e-6)


def test_a_cross_fitted_judge_asks_who_has_not_seen_an_image(subset):
    """Each member says its own number."""

    class Member:
        def __init__(self, number):
            self.number = number

        def probabilities(self, images, block_size):
            return np.full((len(images), 3), self.number, np.float32)

    judge = types.SimpleNamespace(members=[Member(0), Member(1)], block_size=8)
    fitted = judges.CrossFitted(judge, subset, seed=5)
    order = np.random.default_rng(0).permutation(COUNT)
    found = fitted.of_training([subset.train.ids[place] for place in order], subset.train.images[order])
    np.testing.assert_array_equal(found[:, 0], subsets.folds(subset.train.labels, 2, 5)[order])


def test_a_judge_that_saw_the_source_depends_on_it(tmp_path, subset, source, seen):
    leaking, honest = judge_config(trained_on="source_train"), judge_config()
    stage = make_judge(tmp_path, subset, source, leaking)
    assert seen[0][0] == list(range(100, 140))
    assert stage.dependencies["source"] == "of its images"
    assert "source" not in judge_stage.stage(run_of(tmp_path, subset, source, honest)).dependencies
    other = types.SimpleNamespace(train=source.train, train_digest="of others")
    assert judge_stage.stage(run_of(tmp_path, subset, other, leaking)).digest != stage.digest
    honest_digests = {judge_stage.stage(run_of(tmp_path, subset, one, honest)).digest for one in (source, other)}
    assert len(honest_digests) == 1


def test_an_interrupted_ensemble_goes_on_with_the_members_it_lacks(tmp_path, subset, source, seen, monkeypatch):
    config = judge_config(members=2)
    record = loop.fit

    def interrupted(*arguments, **options):
        if len(seen) == 1:
            raise KeyboardInterrupt
        record(*arguments, **options)

    monkeypatch.setattr(loop, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_judge(tmp_path, subset, source, config)
    monkeypatch.setattr(loop, "fit", record)
    stage = make_judge(tmp_path, subset, source, config)
    assert stage.done and len(seen) == 2 and set(seen[0][0]) != set(seen[1][0])
    assert sorted(path.name for path in stage.path.glob("*.keras")) == ["member-0.keras", "member-1.keras"]


def test_a_trained_judge(tmp_path, subset, source):
    stage = make_judge(tmp_path, subset, source, judge_config())
    judge = judges.Judge(stage.path, 8)
    assert checkpoints.steps_done(judge.members[0]) == 2
    np.testing.assert_allclose(judge(subset.train.images).sum(1), 1, atol=1e-6)
    names = {"member-0.keras", "member-0.csv", "stage.json", "seconds.json", "files.json", "judge.json"}
    assert {path.name for path in stage.path.iterdir()} == names

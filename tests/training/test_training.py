"""Training: keyed batches, checkpoints, resuming, strategies."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
from clusters import MODELS, assert_same, output, start, start_two

from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.classifiers.classifier import build as build_classifier
from tfgan_aug.classifiers.config import ClassifierConfig
from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.gans.coupled import Coupled
from tfgan_aug.gans.dcgan import DCGAN
from tfgan_aug.training import checkpoints, curves, loop, progress, strategies

COUNT = 20


def rows(steps, *, count=10, batch_size=4, seed=0, start_step=0):
    """The examples of each step, int (steps, batch_size)."""
    arrays = (np.arange(count), np.arange(count) * 2)
    made = loop.batches(arrays, loop.Budget(steps, batch_size, seed), start_step)
    made = list(made.as_numpy_iterator())
    assert all(np.array_equal(second, first * 2) for first, second in made)
    return np.array([first for first, _ in made])


# Batches


def test_every_example_comes_once_an_epoch():
    """Ten examples in batches of four: an epoch ends inside a batch, which is full all the same."""
    made = rows(10)
    assert made.shape == (10, 4)
    epochs = made.reshape(4, 10)
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4


def test_order_is_a_function_of_the_seed():
    np.testing.assert_array_equal(rows(5), rows(5))
    assert not np.array_equal(rows(5), rows(5, seed=1))
    assert rows(3, seed=2**31 - 1).shape == (3, 4)


@pytest.mark.parametrize("start", [0, 1, 3, 7, 8])
def test_a_later_start_gives_the_tail(start):
    np.testing.assert_array_equal(rows(8, start_step=start).reshape(-1, 4), rows(8)[start:])


def test_batches_as_large_as_the_set_or_larger():
    assert [sorted(batch) for batch in rows(2, batch_size=10)] == [list(range(10))] * 2
    assert np.bincount(rows(1, batch_size=30)[0]).tolist() == [3] * 10


def test_batches_keep_types_and_shapes():
    images, labels = np.zeros((6, 16, 16, 3), np.uint8), np.arange(6, dtype=np.int32)
    images[:, 0, 0, 0] = labels
    spec = loop.batches((images, labels), loop.Budget(2, 3, 0)).element_spec
    assert [(part.shape.as_list(), part.dtype) for part in spec] == [([3, 16, 16, 3], tf.uint8), ([3], tf.int32)]
    for image, label in loop.batches((images, labels), loop.Budget(2, 3, 0)):
        np.testing.assert_array_equal(image[:, 0, 0, 0], label)


def test_nested_arrays_give_the_examples_of_flat_ones():
    first, second, third = (np.arange(10) * factor for factor in (1, 2, 3))
    nested = loop.batches(((first, second), third), loop.Budget(5, 4, 0))
    flat = loop.batches((first, second, third), loop.Budget(5, 4, 0))
    seen = [np.array([*inner, last]) for (inner, last) in nested.as_numpy_iterator()]
    np.testing.assert_array_equal(seen, [np.array(batch) for batch in flat.as_numpy_iterator()])
    np.testing.assert_array_equal([batch[0] for batch in seen], rows(5))


def test_parts_of_a_batch_are_its_rows():
    """Three replicas in two processes, as each reads them: the parts in their order make the whole batches."""
    whole = rows(5, batch_size=6)
    for here in (slice(0, 2), slice(2, 3)):
        made = loop.batches((np.arange(10),), loop.Budget(5, 6, 0), replicas=3, here=here)
        parts = np.array([part for (part,) in made.as_numpy_iterator()]).reshape(5, -1, 2)
        np.testing.assert_array_equal(parts, whole.reshape(5, 3, 2)[:, here])


# Fitting and resuming


def arrays():
    images = np.random.default_rng(0).integers(0, 256, (COUNT, 16, 16, 3), np.uint8)
    return images, np.arange(COUNT, dtype=np.int32) % 2


def dcgan(weights_seed):
    keras.utils.set_random_seed(weights_seed)
    model = DCGAN((16, 16, 3), 2, latent_dim=4, width=2, augmentation="translation,flip", seed=5)
    model.compile()
    return model


def coupled(weights_seed):
    keras.utils.set_random_seed(weights_seed)
    options = {"latent_dim": 4, "width": 2, "discriminator_width": 0.05, "augmentation": "color,translation"}
    model = Coupled((16, 16, 3), 2, seed=5, **options)
    model.compile()
    return model


def classifier(weights_seed, augmentation="flip,translate,brightness"):
    keras.utils.set_random_seed(weights_seed)
    network = keras.Sequential(
        [keras.Input((16, 16, 3)), keras.layers.MaxPooling2D(4), keras.layers.Flatten(), keras.layers.Dropout(0.5)]
    )
    network.add(keras.layers.Dense(4, activation="relu"))
    network.add(keras.layers.Dropout(0.25))
    network.add(keras.layers.Dense(2))
    model = Classifier(network, augmentation, 0.1, seed=5)
    model.compile(keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(1e-2, 5)))
    return model


def fit(model, directory, steps=5, data=None, checkpoint_steps=2, callbacks=()):
    budget = loop.Budget(steps, batch_size=8, seed=7, checkpoint_steps=checkpoint_steps)
    loop.fit(model, data or arrays(), budget, directory, callbacks=callbacks)


def weights(model):
    """(path, value) of all that training changes, but for the random state that each step sets anew, and metrics."""
    left_out = {id(variable) for metric in model.metrics for variable in metric.variables}
    return [
        (variable.path, variable.numpy())
        for owner in (model, model.optimizer, getattr(model, "discriminator_optimizer", model.optimizer))
        for variable in owner.variables
        if id(variable) not in left_out and "seed_generator" not in variable.path
    ]


@pytest.mark.parametrize("build", [dcgan, coupled, classifier])
def test_resumed_training_equals_uninterrupted_training(build, tmp_path):
    """Bit by bit, from a checkpoint that a model of other initial weights takes up: five steps, cut off after three."""
    whole = build(1)
    fit(whole, tmp_path / "whole")
    cut_off = build(1)
    with pytest.raises(tiny.Interrupted):
        fit(cut_off, tmp_path / "cut", callbacks=[tiny.InterruptAfter(3)])
    assert [path.name for path in (tmp_path / "cut").iterdir()] == ["step-00000002.weights.h5"]
    resumed = build(2)
    fit(resumed, tmp_path / "cut")
    assert checkpoints.steps_done(whole) == checkpoints.steps_done(resumed) == 5
    expected, made = weights(whole), weights(resumed)
    assert len(made) == len(expected) > 8
    pairs = zip(made, expected, strict=True)
    assert [path for (path, value), (_, other) in pairs if not np.array_equal(value, other)] == []


class Count(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.batches, self.epochs = 0, []

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append((epoch, sorted(logs)))


def test_budget_checkpoints_and_callbacks(tmp_path):
    """The budget may be no multiple of the interval, may grow later, and a finished training is not done again."""
    model, counts = classifier(1), [Count() for _ in range(4)]
    names = ["accuracy", "loss"]
    fit(model, tmp_path, steps=5, callbacks=[counts[0]])
    assert checkpoints.steps_done(model) == counts[0].batches == 5
    assert counts[0].epochs == [(0, names), (1, names), (2, names)]
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000005.weights.h5"]
    fit(model, tmp_path, steps=5, callbacks=[counts[1]])
    fit(model, tmp_path, steps=3, callbacks=[counts[2]])
    assert counts[1].batches == counts[2].batches == 0
    fit(model, tmp_path, steps=8, callbacks=[counts[3]])
    assert checkpoints.steps_done(model) == 8 and counts[3].batches == 3
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000008.weights.h5"]
    checkpoints.discard(tmp_path)
    assert not tmp_path.exists()
    checkpoints.discard(tmp_path)


def test_leftovers_are_harmless(tmp_path):
    """A file that a killed run was writing, and files of others, are not taken for checkpoints."""
    for name in ("partial-1.weights.h5", "step-00000003.weights.h5.tmp", "step-x.weights.h5"):
        (tmp_path / name).write_bytes(b"cut off")
    model = classifier(1)
    assert checkpoints.restore(model, tmp_path) == 0
    fit(model, tmp_path, steps=2)
    names = {path.name for path in tmp_path.iterdir()}
    assert "step-00000002.weights.h5" in names and "partial-1.weights.h5" not in names
    other = classifier(2)
    assert checkpoints.restore(other, tmp_path) == 2
    np.testing.assert_array_equal(other.network.get_weights()[0], model.network.get_weights()[0])


def test_restore_takes_the_newest(tmp_path):
    model = classifier(1)
    model.optimizer.iterations.assign(9)
    model.save_weights(tmp_path / "step-00000009.weights.h5")
    model.optimizer.iterations.assign(10)
    model.save_weights(tmp_path / "step-00000010.weights.h5")
    other = classifier(2)
    assert checkpoints.restore(other, tmp_path) == checkpoints.steps_done(other) == 10


def test_non_finite_loss_stops_training(tmp_path):
    images, labels = arrays()
    unweighed = np.ones(COUNT, np.float32)
    unweighed[3] = np.nan
    folder = tmp_path / "judge-0123456789abcdef.partial" / "checkpoints-member-0"
    message = (
        "^judge-0123456789abcdef/member-0: (loss|accuracy) is nan, in one of the steps 1 to 4, expected a number; "
        r"lower the learning rate \(--config.judge.learning_rate\)$"
    )
    with pytest.raises(curves.NonFiniteLoss, match=message):
        fit(classifier(1, ""), folder, steps=8, data=(images, labels, unweighed), checkpoint_steps=4)
    assert list(folder.iterdir()) == []


def test_the_last_good_checkpoint_stays_and_training_goes_on_from_it(tmp_path):
    """Of steps 5 and 6 one fails: what step 4 left is loadable, and without the fault the steps after it follow."""
    folder, (images, labels) = tmp_path / "cell-0123456789abcdef.partial" / "checkpoints", arrays()
    good, bad = ((images, labels, np.full(COUNT, weight, np.float32)) for weight in (1, np.nan))
    model = classifier(1)
    fit(model, folder, steps=4, data=good, checkpoint_steps=2)
    with pytest.raises(curves.NonFiniteLoss) as caught:
        fit(classifier(2), folder, steps=8, data=bad, checkpoint_steps=2)
    assert str(caught.value).endswith(
        " is nan, in one of the steps 5 to 6, expected a number; lower the learning rate "
        "(--config.classifier.learning_rate); the checkpoint of step 4 stays"
    )
    (path,) = folder.iterdir()
    other = classifier(3)
    assert checkpoints.restore(other, folder) == 4 and path.name == "step-00000004.weights.h5"
    for own, kept in zip(other.network.get_weights(), model.network.get_weights(), strict=True):
        np.testing.assert_array_equal(own, kept)
    counts = Count()
    fit(other, folder, steps=8, data=good, checkpoint_steps=2, callbacks=[counts])
    (path,) = folder.iterdir()
    assert path.name == "step-00000008.weights.h5" and counts.batches == 4


@pytest.mark.parametrize(
    ("stage", "option"),
    [
        ("dcgan", "dcgan.learning_rate"),
        ("sgan-level-0", "sgan.image_learning_rate"),
        ("features", "metrics.learning_rate"),
    ],
)
def test_the_option_of_a_learning_rate_is_named(stage, option):
    """Every one of them exists."""
    assert curves._option(f"{stage}-0123456789abcdef/gan") == f" (--config.{option})"
    assert curves._option("pytest-12/gan") == curves._option("") == ""
    for name in (option, *curves._RATES.values()):
        fields.get(ExperimentConfig(), name)


def test_weights_that_are_not_finite_stop_training_though_no_metric_shows_them(tmp_path):
    """The losses of a step come before its update."""
    model = dcgan(1)
    model.optimizer.learning_rate = float("nan")
    with pytest.raises(curves.NonFiniteLoss, match="/dcgan.*: weight .* is not finite, in step 1, expected a number"):
        fit(model, tmp_path, steps=1)
    assert list(tmp_path.iterdir()) == []


def graphs():
    """The graphs of functions that this process holds."""
    return weakref.WeakSet(found for found in gc.get_objects() if isinstance(found, tf.__internal__.FuncGraph))


def built_classifier(seed):
    """As a cell of the table has it: Keras' own optimisers leave their graphs behind, ours do not."""
    section = ClassifierConfig(width=0.05, steps=2)
    return build_classifier("--config.classifier", section, (16, 16, 3), 2, seed)


@pytest.mark.parametrize("build", [dcgan, built_classifier])
def test_a_trained_model_and_its_graphs_are_forgotten(build, tmp_path):
    """A table trains hundreds in one process."""
    before = graphs()
    model = build(1)
    fit(model, tmp_path, steps=1)
    assert len(graphs() - before) > 1
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None and not graphs() - before


class StopAfter(keras.callbacks.Callback):
    """Asks for an end after step `steps`, as `EarlyStopping` does."""

    def __init__(self, steps):
        super().__init__()
        self.steps, self.seen = steps, 0

    def on_train_batch_end(self, batch, logs=None):
        self.seen += 1
        if self.seen == self.steps:
            self.model.stop_training = True


@pytest.mark.parametrize("strategy", ["one_device", "mirrored"])
@pytest.mark.parametrize("steps", [3, 4])
def test_a_callback_ends_training_at_once(tmp_path, strategy, steps):
    """Inside a stretch and at its end; what a stretch leaves is there, and the next `fit` goes on from it."""
    with strategies.make_strategy(strategy).scope():
        model = classifier(1)
    counts = Count()
    fit(model, tmp_path, steps=9, callbacks=[StopAfter(steps), counts])
    assert checkpoints.steps_done(model) == counts.batches == steps
    assert [epoch for epoch, _ in counts.epochs] == [0, 1]
    assert [path.name for path in tmp_path.iterdir()] == [f"step-{steps:08d}.weights.h5"]
    fit(model, tmp_path, steps=5)
    assert checkpoints.steps_done(model) == 5


@pytest.mark.parametrize(("build", "steps"), [(dcgan, 3), (classifier, 9)])
def test_steps_of_a_gan_are_its_discriminators(build, steps):
    """Its generator may move several times a step."""
    model = build(1)
    model.optimizer.iterations.assign(9)
    if hasattr(model, "discriminator_optimizer"):
        model.discriminator_optimizer.iterations.assign(3)
    assert checkpoints.steps_done(model) == steps


# A model's file and its learning curve


class Logs(keras.callbacks.Callback):
    """The learning curve as it should be: a line for each stretch of steps, from Keras' own logs."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def on_epoch_end(self, epoch, logs=None):
        self.lines = self.lines or [["step", *logs]]
        step = int(self.model.optimizer.iterations)
        self.lines.append([str(step), *(f"{float(value):.6g}" for value in logs.values())])


def trained(path, model, callbacks=()):
    """Five steps, a checkpoint every two."""
    budget = loop.Budget(5, batch_size=8, seed=7, checkpoint_steps=2)
    shown = progress.Progress().training("a test's model", budget.steps)
    return loop.trained(path, lambda: model, arrays(), budget, strategies.make_strategy("one_device"), shown, callbacks)


@pytest.mark.parametrize("name", ["model.keras", "model.weights.h5"])
def test_trained_leaves_the_model_and_its_curve(tmp_path, name, monkeypatch, capsys):
    logs = Logs()
    model = trained(tmp_path / name, classifier(1), [logs])
    assert {path.name for path in tmp_path.iterdir()} == {name, "model.csv"}
    lines = [line.split(",") for line in (tmp_path / "model.csv").read_text().splitlines()]
    assert lines == logs.lines and [line[0] for line in lines] == ["step", "2", "4", "5"]
    assert sorted(lines[0]) == ["accuracy", "loss", "step"]
    assert "a test's model: 5 steps in " in capsys.readouterr().err

    def never(*arguments, **options):
        raise AssertionError("trained again")

    monkeypatch.setattr(loop, "fit", never)
    again = trained(tmp_path / name, classifier(2))
    for (path, value), (_, other) in zip(weights(again), weights(model), strict=True):
        np.testing.assert_array_equal(value, other, err_msg=path)


def test_a_curve_goes_on_where_the_weights_do(tmp_path, monkeypatch):
    """Cut off inside a stretch, then between a line of the curve and its checkpoint: no line is lost or comes twice."""
    whole, path = trained(tmp_path / "whole.keras", classifier(1)), tmp_path / "cut.keras"
    with pytest.raises(tiny.Interrupted):
        trained(path, classifier(1), [tiny.InterruptAfter(3)])
    cut_off, step = classifier(2), tmp_path / "checkpoints-cut" / "step-00000002.weights.h5"
    assert step.exists() and not path.exists()

    def never(*arguments, **options):
        raise tiny.Interrupted

    monkeypatch.setattr(cut_off, "save_weights", never)
    with pytest.raises(tiny.Interrupted):
        trained(path, cut_off)
    assert step.exists() and (tmp_path / "cut.csv").read_text().count("\n4,") == 1
    resumed = trained(path, classifier(3))
    assert (tmp_path / "cut.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    pairs = zip(weights(resumed), weights(whole), strict=True)
    assert [path for (path, value), (_, other) in pairs if not np.array_equal(value, other)] == []
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{n}.{e}" for n in ("whole", "cut") for e in ("keras", "csv")
    }


# Strategies


def test_make_strategy():
    assert strategies.make_strategy("auto").num_replicas_in_sync == 1
    assert strategies.make_strategy("one_device").num_replicas_in_sync == 1
    mirrored = strategies.make_strategy("mirrored")
    assert mirrored.num_replicas_in_sync == 2
    # A second one in the process would abort its own collectives.
    assert strategies.make_strategy("mirrored") is mirrored


def test_make_strategy_guards(monkeypatch):
    with pytest.raises(
        UserError, match="^--strategy: found 'tpu', expected one of auto, one_device, mirrored, multi_worker$"
    ):
        strategies.make_strategy("tpu")
    with pytest.raises(UserError, match="^--strategy: found multi_worker, expected one of this process"):
        strategies.make_strategy("multi_worker")
    devices = tf.config.list_logical_devices("CPU")[:1]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: devices if kind == "CPU" else [])
    message = r"^--strategy=mirrored: found 1 device \(/device:CPU:0\), expected two or more$"
    with pytest.raises(UserError, match=message):
        strategies.make_strategy("mirrored")
    assert strategies.make_strategy("auto").num_replicas_in_sync == 1


@pytest.mark.parametrize(
    ("batch_size", "message"),
    [
        (0, "found 0, expected a positive multiple of the 2 devices"),
        (-2, "found -2, expected a positive multiple of the 2 devices"),
        (3, "found 3, expected a positive multiple of the 2 devices"),
        (12, "found 12, expected at most the 11 training images"),
    ],
)
def test_batch_size_guard(batch_size, message):
    with pytest.raises(UserError, match=f"^--config.dcgan.batch_size: {message}$"):
        strategies.check_batch_size("--config.dcgan.batch_size", batch_size, strategies.make_strategy("mirrored"), 11)


def test_batch_sizes_that_fit():
    assert strategies.check_batch_size("--b", 10, strategies.make_strategy("mirrored"), 10) is None
    assert strategies.check_batch_size("--b", 3, strategies.make_strategy("one_device"), 10) is None


def test_set_up_seeds_everything():
    def draw():
        return np.random.rand(), float(tf.random.uniform([])), float(keras.random.uniform(()))

    strategies.set_up(3)
    first = draw()
    strategies.set_up(3)
    assert draw() == first
    strategies.set_up(4)
    assert not set(draw()) & set(first)


def test_device_names_are_short():
    assert strategies.device_names(strategies.make_strategy("one_device")) == "CPU:0"
    assert strategies.device_names(strategies.make_strategy("mirrored")) == "CPU:0, CPU:1"


# Several devices and several processes train as one device does. Of a DCGAN see test_workers and gan_harness.

STEPS = 5


@pytest.fixture(scope="module")
def one_device(tmp_path_factory):
    """The folder of what one device makes in five steps."""
    folder = tmp_path_factory.mktemp("one")
    assert output(start("one_device", 1, folder, STEPS, *MODELS)) == "CPU:0"
    return folder


@pytest.mark.parametrize(("devices", "names"), [(2, ("level",)), (4, ("classifier",))])
def test_mirrored_devices_train_as_one(one_device, tmp_path, devices, names):
    shown = output(start("mirrored", devices, tmp_path, STEPS, *names))
    assert shown == ", ".join(f"CPU:{number}" for number in range(devices))
    assert_same(tmp_path, one_device, names)


def test_two_workers_train_as_one(one_device, tmp_path):
    chief, other = start_two(tmp_path, STEPS, *MODELS)
    assert output(chief) == "CPU:0 of each of 2 workers"
    # Only the chief goes through the job, and it alone writes.
    assert output(other) == ""
    assert_same(tmp_path, one_device, MODELS)
    assert sorted(path.name for path in (tmp_path / "level").iterdir()) == ["step-00000005.weights.h5"]

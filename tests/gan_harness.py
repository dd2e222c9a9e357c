"""What every GAN of the library passes. A new model's test is a subclass that makes one:

class TestMyGAN(GANHarness):
    @classmethod
    def make(cls):
        return MyGAN(IMAGE_SHAPE, CLASSES, width=2)
"""

import csv
import functools
import itertools
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_aug.sampling import saved_models
from tfgan_aug.training import checkpoints, curves, strategies

IMAGE_SHAPE = (16, 16, 3)
CLASSES = 3
BATCH = 8

# Run with -c by an interpreter that has imported nothing, one for all models: each line of its input is a folder with
# a SavedModel, and the labels and seeds to draw; the answer is left there.
_CONSUMER = """
import json, sys
import numpy as np, tensorflow as tf
for line in sys.stdin:
    folder = line.rstrip()
    loaded = tf.saved_model.load(folder + "/generator")
    signature = loaded.signatures["serving_default"]
    asked = np.load(folder + "/asked.npz")
    images = signature(labels=tf.constant(asked["labels"]), seeds=tf.constant(asked["seeds"]))["images"].numpy()
    inputs = {s.name: [s.dtype.name, s.shape.as_list()] for s in signature.structured_input_signature[1].values()}
    outputs = {name: [s.dtype.name, s.shape.as_list()] for name, s in signature.structured_outputs.items()}
    ours = [name for name in sys.modules if name.split(".")[0] == "tfgan_aug"]
    facts = json.dumps([sorted(loaded.signatures), inputs, outputs, ours])
    np.savez(folder + "/answer.npz", images=images, facts=facts)
    print("answered", flush=True)
"""


@functools.cache
def _consumer():
    """The process that loads SavedModels with TensorFlow alone; it ends when its input does, with this process."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-W", "ignore", "-c", _CONSUMER], env=environment, text=True, **pipes)


def examples(image_shape=IMAGE_SHAPE, classes=CLASSES, count=BATCH, seed=0):
    """Images uint8 (count, H, W, C) of noise and labels int32 (count,) that go round the classes."""
    images = np.random.default_rng(seed).integers(0, 256, (count, *image_shape), np.uint8)
    return images, np.arange(count, dtype=np.int32) % classes


def values(variables):
    return [variable.numpy() for variable in variables]


def assert_same(first, second):
    """Two models have the same variables, bit by bit, but for random layers' state, which each step sets."""
    for one, other in zip(first.variables, second.variables, strict=True):
        if "seed_generator" not in one.path:
            np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)


def grey_levels(first, second):
    """The largest difference of two uint8 arrays."""
    return int(np.abs(first.astype(int) - second.astype(int)).max())


class DrawingHarness:
    """A model that draws: configuration, `generate`, saving, export."""

    @classmethod
    def make(cls):
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls):
        """One model for the tests that only look at it; its weights are spread out, so that images differ."""
        strategies.set_up(0)
        model = cls.make()
        random = np.random.default_rng(0)
        for weight in model.trainable_variables:
            weight.assign(weight + random.normal(0, 0.3, weight.shape))
        return model

    def test_config_round_trip(self, model):
        copy = keras.saving.deserialize_keras_object(json.loads(json.dumps(keras.saving.serialize_keras_object(model))))
        assert type(copy) is type(model)
        # Through JSON: Keras' own configurations of networks hold tuples, which come back as lists.
        assert json.dumps(copy.get_config()) == json.dumps(model.get_config())
        assert type(model).from_config(model.get_config()).get_config() == model.get_config()
        assert [v.shape for v in copy.trainable_variables] == [v.shape for v in model.trainable_variables]

    def test_images_in_range(self, model):
        latents = np.random.default_rng(0).uniform(-1, 1, (5, model.latent_dim)).astype(np.float32)
        images = model([tf.constant(latents), tf.constant([0, 1, 2, 0, 1])])
        assert images.shape == (5, *IMAGE_SHAPE) and images.dtype == tf.float32
        assert -1 <= images.numpy().min() < images.numpy().max() <= 1

    def test_generate_returns_images(self, model):
        images = model.generate([0, 1, 2], [5, 6, 7], block_size=4)
        assert images.shape == (3, *IMAGE_SHAPE) and images.dtype == np.uint8
        assert images.std() > 1
        assert model.generate([], []).shape == (0, *IMAGE_SHAPE)

    def test_an_image_depends_on_its_label_and_seed_alone(self, model):
        labels, seeds = np.arange(11) % CLASSES, np.arange(11) * 2**40 - 3
        whole = model.generate(labels, seeds, block_size=4)
        order = np.random.default_rng(0).permutation(11)
        np.testing.assert_array_equal(model.generate(labels[order], seeds[order], block_size=4), whole[order])
        for count in (1, 4, 6):
            np.testing.assert_array_equal(model.generate(labels[:count], seeds[:count], block_size=4), whole[:count])
        for block_size in (1, 32):
            assert grey_levels(model.generate(labels, seeds, block_size=block_size), whole) <= 1

    def test_seeds_and_labels_matter(self, model):
        first = model.generate([1] * 4, [1, 2, 3, 1], block_size=4)
        np.testing.assert_array_equal(first[0], first[3])
        assert grey_levels(first[0], first[1]) > 1 and grey_levels(first[1], first[2]) > 1
        assert grey_levels(model.generate([0], [1], block_size=4)[0], first[0]) > 1

    @pytest.mark.parametrize(
        ("labels", "seeds", "message"),
        [
            ([0, 1], [1], r"labels and seeds: found shapes \(2,\) and \(1,\), expected \(N,\) twice"),
            ([[0]], [[1]], r"labels: found shape \(1, 1\), expected \(N,\)"),
            ([0.5], [1], "labels: found float64 numbers such as 0.5, expected 64-bit ints"),
            ([2**32], [1], rf"labels: found 4294967296 to 4294967296, expected 0 to {CLASSES - 1}"),
            ([1], [2**63], "seeds: found uint64 numbers such as 9223372036854775808, expected 64-bit ints"),
            ([0, CLASSES], [1, 2], rf"labels: found 0 to {CLASSES}, expected 0 to {CLASSES - 1}"),
            ([-1, 0], [1, 2], rf"labels: found -1 to 0, expected 0 to {CLASSES - 1}"),
        ],
    )
    def test_generate_guards(self, model, labels, seeds, message):
        with pytest.raises(ValueError, match=message):
            model.generate(labels, seeds)

    def test_save_and_load(self, model, tmp_path):
        model.save(tmp_path / "gan.keras")
        loaded = keras.models.load_model(tmp_path / "gan.keras", safe_mode=True)
        assert_same(loaded, model)
        labels, seeds = np.arange(7) % CLASSES, np.arange(7)
        np.testing.assert_array_equal(loaded.generate(labels, seeds, 8), model.generate(labels, seeds, 8))

    def test_export_needs_tensorflow_alone(self, model, tmp_path):
        saved_models.export(model, tmp_path / "generator")
        card = (tmp_path / "generator" / "README.md").read_text(encoding="utf-8")
        held = getattr(model, "anchor_count", 0)
        assert (f"**It holds {held:,} training images**" in card) is (held > 0) and "Labels are 0 to" in card
        labels, seeds = np.arange(6, dtype=np.int32) % CLASSES, np.arange(6, dtype=np.int64) * 2**33 - 1
        expected = model.generate(labels, seeds, block_size=4)
        np.savez(tmp_path / "asked.npz", labels=labels, seeds=seeds)
        consumer = _consumer()
        print(tmp_path, file=consumer.stdin, flush=True)
        assert consumer.stdout.readline() == "answered\n"
        answer = np.load(tmp_path / "answer.npz")
        names, inputs, outputs, ours = json.loads(str(answer["facts"]))
        assert "serving_default" in names
        assert inputs == {"labels": ["int32", [None]], "seeds": ["int64", [None]]}
        assert outputs == {"images": ["uint8", [None, *IMAGE_SHAPE]]}
        assert ours == []
        assert answer["images"].dtype == np.uint8 and grey_levels(answer["images"], expected) <= 1
        loaded = saved_models.load(tmp_path)
        assert grey_levels(loaded(labels, seeds), expected) <= 1
        self.check_exported(tmp_path / "generator", loaded, model.generate([2, 0, 1], [5, 6, 7], block_size=4))

    @staticmethod
    def check_exported(folder, loaded, expected):
        """Of labels 2, 0, 1 and seeds 5, 6, 7 `expected`, whatever type of ints they are; wrong ones are refused."""
        for labels, seeds in (([2, 0, 1], [5, 6, 7]), (np.array([2, 0, 1], np.uint8), np.array([5, 6, 7], np.uint64))):
            assert grey_levels(loaded(labels, seeds), expected) <= 1
        assert loaded([], []).shape == (0, *IMAGE_SHAPE)
        saved = tf.saved_model.load(str(folder))

        def signature(name, kind):
            called = saved.signatures[name]
            return lambda labels, seeds: called(labels=tf.constant(labels, kind), seeds=tf.constant(seeds, tf.int64))

        def typed(labels_kind, seeds_kind):
            return lambda labels, seeds: saved.generate(
                tf.constant(labels, labels_kind), tf.constant(seeds, seeds_kind)
            )

        ways = [signature("serving_default", tf.int32), signature("generate", tf.int64), saved.generate]
        ways += [typed(*kinds) for kinds in itertools.product((tf.int32, tf.int64), repeat=2)]
        for way in ways:
            assert grey_levels(way([2, 0, 1], [5, 6, 7])["images"].numpy(), expected) <= 1
        beyond = ([2**32], [1], "labels: found")
        wrong = [
            ([0, CLASSES], [1, 2], "labels: found"),
            ([-1, 0], [1, 2], "labels: found"),
            ([0, 1], [1], "2.* labels"),
        ]
        for way, cases in ((ways[0], wrong), (ways[1], [*wrong, beyond]), (loaded, [*wrong, beyond])):
            for labels, seeds, message in cases:
                with pytest.raises(tf.errors.InvalidArgumentError, match=message):
                    way(labels, seeds)
        for labels, seeds, message in wrong[:2]:
            with pytest.raises(tf.errors.InvalidArgumentError, match=message):
                saved.generate(labels, seeds)
        # The method knows the lengths when it is called: TensorFlow may refuse them by itself.
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            saved.generate([0, 1], [1])
        with pytest.raises(ValueError, match="seeds: found float64 numbers"):
            loaded([0], [0.5])


class GANHarness(DrawingHarness):
    """A model that draws and trains: `fit`, callbacks, continuing, strategies.

    A subclass changes what differs from a GAN of one generator and one discriminator: the names of its metrics, the
    (least, most) generator steps for each discriminator step, its networks; and how the tests train.
    """

    metrics = frozenset({"d_loss", "g_loss", "d_real", "d_generated"})
    generator_steps = (1, 1)
    # The names of its optimisers, in the order of `compile`.
    optimizers = ("optimizer", "discriminator_optimizer")
    # Those that early stopping and the best checkpoint watch.
    watched = ("d_loss", "g_loss")
    # Whether networks keep statistics of their batches.
    moving_statistics = True
    # Of the two-device test: SGD's rate and the error allowed in each network's update.
    rate, tolerance = 1.0, 1e-5
    # Whether every step runs eagerly: a graph of many networks takes longer to make than these few steps.
    eagerly = False

    @staticmethod
    def networks(model):
        """The networks that training changes, by name."""
        return {"generator": model.generator, "discriminator": model.discriminator}

    @classmethod
    def compiled(cls, optimizer=None, **options):
        """A model with initial weights of its own, the same in each call."""
        keras.utils.set_random_seed(1)
        model = cls.make()
        model.compile(*(() if optimizer is None else (optimizer() for _ in cls.optimizers)), **options)
        return model

    @pytest.fixture(scope="class")
    @classmethod
    def trained(cls):
        """A model after two steps, and its networks' variables before them, by the name of the network."""
        strategies.set_up(0)
        model = cls.compiled(run_eagerly=cls.eagerly)
        before = {name: values(network.variables) for name, network in cls.networks(model).items()}
        history = cls.fit(model, steps=2)
        assert set(history.history) == cls.metrics
        return model, before

    @staticmethod
    def fit(model, steps=1, **options):
        images, labels = examples(count=BATCH * steps)
        return model.fit(images, labels, batch_size=BATCH, shuffle=False, verbose=0, **options)

    @pytest.mark.parametrize("kind", ["trainable_variables", "non_trainable_variables"])
    def test_fit_changes_weights_and_moving_statistics(self, trained, kind):
        model, before = trained
        for name, network in self.networks(model).items():
            kept = dict(zip((v.path for v in network.variables), before[name], strict=True))
            chosen = getattr(network, kind)
            if kind == "non_trainable_variables" and not self.moving_statistics:
                assert chosen == []
                continue
            assert chosen, f"{name} has no {kind}"
            unchanged = [v.path for v in chosen if np.array_equal(v.numpy(), kept[v.path])]
            assert unchanged == []

    @pytest.mark.parametrize(
        "kind", ["column", "floats", "one_hot", "out_of_range", "scaled", "alone", "weighted", "dict"]
    )
    def test_other_arrays_are_the_same_or_refused(self, trained, kind):
        """The same losses as of the right form, or an error before the first step."""
        model, _ = trained
        images, labels = examples()
        same = {"column": labels[:, None], "floats": labels.astype(np.float32), "one_hot": np.eye(CLASSES)[labels]}
        if kind in same:
            expected, found = (model.test_on_batch(images, y, return_dict=True) for y in (labels, same[kind]))
            assert found == expected
            return
        wrong = {
            "out_of_range": ((images, labels + 1), {}, f"labels: found 1 to {CLASSES}, expected 0 to {CLASSES - 1}"),
            "scaled": ((images / 255.0, labels), {}, "images: found float64, expected uint8 of 0 to 255"),
            "alone": ((images,), {}, "found images without labels"),
            "weighted": ((images, labels), {"sample_weight": np.ones(BATCH)}, "sample_weight, class_weight: found one"),
            "dict": (({"image": images, "label": labels},), {}, "a dict of image, label, .* as_supervised=True"),
        }
        arrays, options, message = wrong[kind]
        before = values(model.trainable_variables)
        for method in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
            with pytest.raises(ValueError, match=message):
                method(*arrays, **options)
        for one, other in zip(before, model.trainable_variables, strict=True):
            np.testing.assert_array_equal(one, other.numpy())

    def test_a_step_checks_what_it_is_given(self, trained):
        """Also without `fit`: whatever loop, generator or distributed dataset its batches come from."""
        model, _ = trained
        images, labels = examples()
        step = tf.function(model.test_step, autograph=False, reduce_retracing=True)
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"labels: found .*{CLASSES}.*, expected 0 to"):
            step((tf.constant(images), tf.constant(labels + 1)))

    def test_both_optimisers_count_the_steps(self, trained):
        model, _ = trained
        steps = int(model.discriminator_optimizer.iterations)
        least, most = self.generator_steps
        assert steps >= 2 and least * steps <= int(model.optimizer.iterations) <= most * steps

    def test_a_loaded_model_trains_on_as_the_saved_one(self, trained, tmp_path):
        model, _ = trained
        model.save(tmp_path / "gan.keras")
        loaded = keras.models.load_model(tmp_path / "gan.keras", safe_mode=True)
        loaded.run_eagerly = self.eagerly
        for name in self.optimizers:
            one, other = getattr(loaded, name), getattr(model, name)
            assert len(other.variables) > 2
            assert_same(one, other)
        self.fit(model, steps=2)
        self.fit(loaded, steps=2)
        assert_same(loaded, model)
        np.testing.assert_array_equal(loaded.generate([0, 1], [1, 2], 4), model.generate([0, 1], [1, 2], 4))

    def test_evaluate(self, trained):
        model, _ = trained
        variables = [v for network in self.networks(model).values() for v in network.variables]
        before = values(variables)
        images, labels = examples()
        first, second = (
            model.evaluate(images, labels, batch_size=BATCH, verbose=0, return_dict=True) for _ in range(2)
        )
        assert set(first) == self.metrics
        assert all(np.isfinite(value) for value in first.values())
        assert first == second
        for one, other in zip(before, variables, strict=True):
            np.testing.assert_array_equal(one, other.numpy())

    def test_callbacks(self, trained, tmp_path):
        model, _ = trained
        rate = float(model.optimizer.learning_rate)
        callbacks = [
            keras.callbacks.ModelCheckpoint(
                str(tmp_path / "best.keras"), monitor=self.watched[1], mode="min", save_best_only=True
            ),
            keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
            keras.callbacks.LearningRateScheduler(lambda epoch: 1e-4 / (epoch + 1)),
            # An improvement of a thousand nats comes never: training ends after the second epoch.
            keras.callbacks.EarlyStopping(monitor=self.watched[0], mode="min", min_delta=1000.0, patience=1),
        ]
        try:
            self.fit(model, epochs=4, callbacks=callbacks)
            assert float(model.optimizer.learning_rate) == pytest.approx(1e-4 / 2)
        finally:
            model.optimizer.learning_rate = rate
        with open(tmp_path / "log.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [row["epoch"] for row in rows] == ["0", "1"]
        assert self.metrics <= set(rows[0])
        assert keras.models.load_model(tmp_path / "best.keras").image_shape == IMAGE_SHAPE

    def test_steps_per_execution(self):
        """All of them, the last call's too, which finds fewer batches."""
        model = self.compiled(run_eagerly=self.eagerly, steps_per_execution=2)
        self.fit(model, steps=3)
        assert checkpoints.steps_done(model) == 3

    def test_a_loss_that_is_no_number_ends_fit(self):
        model = self.compiled(run_eagerly=self.eagerly)
        weight = list(self.networks(model).values())[-1].trainable_variables[0]
        weight.assign(weight * np.nan)
        with pytest.raises(curves.NonFiniteLoss, match=r"\w+ is nan, in step 1, expected a number"):
            self.fit(model, callbacks=[curves.StopOnNonFinite()])

    def test_two_devices_make_the_step_of_one(self):
        """To 1e-5 of the update's norm for each network: float32 sums in another order (measured: 1e-6)."""
        updates = []
        for name, eagerly in (("one_device", True), ("mirrored", self.eagerly)):
            strategy = strategies.make_strategy(name)
            with strategy.scope():
                model = self.compiled(lambda: keras.optimizers.SGD(self.rate), run_eagerly=eagerly)
            networks = self.networks(model)
            before = [values(network.variables) for network in networks.values()]
            dataset = tf.data.Dataset.from_tensor_slices(examples()).batch(BATCH, drop_remainder=True)
            model.fit(dataset, shuffle=False, verbose=0)
            after = [values(network.variables) for network in networks.values()]
            updates.append(
                [
                    np.concatenate([(b.astype(np.float64) - a).ravel() for a, b in zip(first, second, strict=True)])
                    for first, second in zip(before, after, strict=True)
                ]
            )
        for one, two, network in zip(*updates, networks, strict=True):
            assert np.linalg.norm(one) > 0.01, network
            assert np.linalg.norm(one - two) < self.tolerance * np.linalg.norm(one), network

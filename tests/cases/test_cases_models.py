"""Models that trained, stopped, loaded or drew otherwise than it seemed: rows 501 and following of docs/cases.md."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from doors import network

from tfgan_aug.classifiers import builders, config
from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.core import optimizers
from tfgan_aug.core.errors import UserError
from tfgan_aug.gans.dcgan import DCGAN
from tfgan_aug.sampling import saved_models
from tfgan_aug.training import checkpoints, curves, loop, strategies

SHAPE, CLASSES = (16, 16, 3), 3


def examples(count=4):
    images = np.random.default_rng(0).integers(0, 256, (count, *SHAPE), np.uint8)
    return images, np.arange(count, dtype=np.int32) % CLASSES


def made_gan():
    keras.utils.set_random_seed(0)
    model = DCGAN(SHAPE, CLASSES, width=2, latent_dim=4)
    model.compile(run_eagerly=True)
    return model


@pytest.fixture(scope="module")
def trained():
    """A DCGAN after one step, its optimisers with moments of their own."""
    strategies.set_up(0)
    model = made_gan()
    model.train_step(examples())
    return model


def classifier(rate=0.01):
    model = Classifier(network(SHAPE, CLASSES))
    model.compile(optimizers.AdamW(rate), run_eagerly=True)
    return model


def same(first, second):
    for one, other in zip(first.variables, second.variables, strict=True):
        if "seed_generator" not in one.path:
            np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    """The exported generator, as TensorFlow alone loads it."""
    folder = tmp_path_factory.mktemp("export")
    saved_models.export(trained, folder / "generator")
    return tf.saved_model.load(str(folder / "generator"))


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0], [0, 1, 2]])
def test_501_an_exported_generator_refuses_labels_of_no_class(exported, labels):
    """Looked up on a GPU, such a label would be one whose weights are all 0."""
    draw = exported.signatures["serving_default"]
    with pytest.raises(tf.errors.InvalidArgumentError):
        draw(labels=tf.constant(labels), seeds=tf.constant([1, 2], tf.int64))


@pytest.mark.parametrize("kind", [tf.int32, tf.int64])
def test_502_an_exported_generator_takes_labels_of_both_integer_types(exported, trained, kind):
    labels, seeds = [0, 2, 1], [1, 2, 3]
    images = exported.generate(tf.constant(labels, kind), tf.constant(seeds, tf.int64))["images"]
    difference = images.numpy().astype(int) - trained.generate(labels, seeds, block_size=4)
    assert np.abs(difference).max() <= 1


BUILDERS = """
import keras

def network(image_shape, classes, *last, first=()):
    return keras.Sequential([keras.Input(image_shape), *first, keras.layers.Flatten(), *last])

def softmax(image_shape, classes):
    return network(image_shape, classes, keras.layers.Dense(classes, activation="softmax"))

def rescaled(image_shape, classes):
    return network(image_shape, classes, keras.layers.Dense(classes), first=[keras.layers.Rescaling(1 / 255)])

def logits(image_shape, classes):
    return network(image_shape, classes, keras.layers.Dense(classes))
"""


def built(tmp_path, function):
    """The network of a builder in a file of the user's, as a config names it."""
    (tmp_path / "mine.py").write_text(BUILDERS)
    section = config.JudgeConfig(builder=f"{tmp_path / 'mine.py'}:{function}")
    return builders.build_network("--config.judge.builder", section, SHAPE, CLASSES)


def test_503_a_network_that_ends_in_softmax(tmp_path):
    """Its loss takes logits: softmax of probabilities would be trained."""
    assert built(tmp_path, "logits").output_shape == (None, CLASSES)
    with pytest.raises(UserError, match="--config.judge.builder: .*mine.py:softmax ends in softmax, expected logits"):
        built(tmp_path, "softmax")


def test_504_a_network_that_scales_pixels_itself(tmp_path):
    with pytest.raises(
        UserError, match=r"scales pixels of 0 to 255, but images come in \[-1, 1\]: leave the layer out"
    ):
        built(tmp_path, "rescaled")


def test_505_a_loss_that_is_no_number_stops_the_training(tmp_path):
    with pytest.raises(curves.NonFiniteLoss, match=r"loss is \w+, in .*steps? \d.*; lower the learning rate"):
        loop.fit(classifier(rate=1e38), examples(), loop.Budget(9, 4, 0, checkpoint_steps=2), tmp_path)
    assert not list(tmp_path.glob("step-00000009*"))


def test_506_a_callback_that_stops_the_training(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 2

    model = classifier()
    loop.fit(model, examples(), loop.Budget(9, 4, 0), tmp_path, callbacks=[Stop()])
    assert checkpoints.steps_done(model) == 3


def test_507_training_moves_the_statistics_that_drawing_uses(trained):
    moving = [v for v in trained.generator.non_trainable_variables if "moving_mean" in v.path]
    assert moving and all(np.abs(variable.numpy()).max() > 0 for variable in moving)


def test_508_a_resumed_gan_has_the_state_of_both_optimisers(trained, tmp_path):
    trained.save_weights(tmp_path / "step-00000001.weights.h5")
    resumed = made_gan()
    assert checkpoints.restore(resumed, tmp_path) == 1
    for name in ("optimizer", "discriminator_optimizer"):
        one, other = getattr(resumed, name), getattr(trained, name)
        assert len(other.variables) > 2 and any(np.abs(v.numpy()).max() > 0 for v in other.variables[2:])
        same(one, other)


def test_509_an_image_of_a_seed_is_the_same_in_any_batch(trained):
    labels, seeds = [0, 1, 2, 0, 1], [7, 8, 9, 10, 11]
    together = trained.generate(labels, seeds, block_size=4)
    for position, (label, seed) in enumerate(zip(labels, seeds, strict=True)):
        assert np.array_equal(trained.generate([label], [seed], block_size=4)[0], together[position])


def test_510_two_devices_make_the_step_that_one_makes():
    """Keras adds the gradients of the replicas up: a plain mean of each part would make a step of twice the size."""
    images, labels = examples(8)

    def step(strategy):
        with strategy.scope():
            model = Classifier(network(SHAPE, CLASSES))
            model.compile(keras.optimizers.SGD(0.1))
        loop.run(model, (images, labels), loop.Budget(1, 8, 0))
        return [variable.numpy() for variable in model.trainable_variables]

    one, two = (step(strategies.make_strategy(name)) for name in ("one_device", "mirrored"))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)


def test_511_several_steps_an_execution_make_all_steps():
    images, labels = examples(10)
    model = Classifier(network(SHAPE, CLASSES))
    model.compile(steps_per_execution=2)
    model.fit(images, labels, batch_size=2, verbose=0)
    assert checkpoints.steps_done(model) == 5


@pytest.mark.parametrize("size", [28, 32])
def test_512_images_of_28_pixels(refused, size):
    if size == 28:
        said = refused("--config.image_size=28")
        assert "found 28, expected a multiple of 16 from 16 to 128" in said and "use 32" in said
    else:
        assert DCGAN((32, 32, 1), 2, width=1).generator.output_shape == (None, 32, 32, 1)


def test_513_images_whose_side_is_no_power_of_two():
    gan = DCGAN((48, 48, 3), 2, width=1)
    assert gan.generator.output_shape == (None, 48, 48, 3)
    assert gan.discriminator([tf.zeros((2, 48, 48, 3)), tf.constant([0, 1])]).shape == (2, 1)


def test_514_a_loaded_gan_trains_on_as_the_saved_one(trained, tmp_path):
    """Its generator learns against the discriminator that learns, not against a copy that loading made."""
    trained.save(tmp_path / "gan.keras")
    kept = made_gan()
    checkpoints.copy_state(trained, kept)
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    before = loaded.discriminator.trainable_variables[0].numpy()
    for model in (loaded, kept):
        model.train_step(examples())
    assert not np.array_equal(before, loaded.discriminator.trainable_variables[0].numpy())
    same(loaded, kept)


def test_515_the_graph_of_a_training_goes_with_its_model():
    model = classifier()
    model.run_eagerly = False
    step = loop.step_function(model, tf.distribute.get_strategy())
    graph = weakref.ref(step.get_concrete_function(tuple(map(tf.constant, examples()))).graph)
    step(tuple(map(tf.constant, examples())))
    del model, step
    gc.collect()
    assert graph() is None

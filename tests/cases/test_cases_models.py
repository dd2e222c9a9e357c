"""Models that trained, stopped, loaded or drew otherwise than it seemed: rows 501 and following of docs/cases.md."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_aug.classifiers import networks
from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.core import optimizers
from tfgan_aug.gans.dcgan import DCGAN
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
    keras.utils.set_random_seed(0)
    model = Classifier(networks.paper_cnn(SHAPE, CLASSES, width=0.05))
    model.compile(optimizers.AdamW(rate), run_eagerly=True)
    return model


def same(first, second):
    for one, other in zip(first.variables, second.variables, strict=True):
        if "seed_generator" not in one.path:
            np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)


def test_505_a_loss_that_is_no_number_stops_the_training(tmp_path):
    with pytest.raises(curves.NonFiniteLoss, match=r"loss is \w+ after step \d; lower the learning rate"):
        loop.fit(classifier(rate=1e30), examples(), loop.Budget(9, 4, 0, checkpoint_steps=2), tmp_path)
    assert not list(tmp_path.glob("step-00000009*"))


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
            keras.utils.set_random_seed(0)
            model = Classifier(networks.paper_cnn(SHAPE, CLASSES, width=0.05))
            model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
        loop.run(model, (images, labels), loop.Budget(1, 8, 0))
        return [variable.numpy() for variable in model.trainable_variables]

    devices = tf.config.list_logical_devices("CPU")[:2]
    one = step(tf.distribute.OneDeviceStrategy(devices[0].name))
    two = step(tf.distribute.MirroredStrategy([device.name for device in devices]))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)


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

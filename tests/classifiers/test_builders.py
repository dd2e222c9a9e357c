"""Networks of the user's own: found by module or file, checked, and every mistake one line that names them."""

import importlib
import sys

import keras
import numpy as np
import pytest

from tfgan_aug.classifiers import builders, classifier, networks
from tfgan_aug.classifiers.config import ClassifierConfig
from tfgan_aug.classifiers.recipes import RECIPES
from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError

IMAGE_SHAPE = (16, 16, 3)

USERS = """
import keras
from keras.layers import *

def model(*layers, image_shape=(16, 16, 3)):
    return keras.Sequential([keras.Input(image_shape), *layers])

def normalized(image_shape, classes):
    return model(Conv2D(2, 4, 4), BatchNormalization(), Flatten(), Dense(classes))

def too_many(image_shape, classes):
    return normalized(image_shape, classes + 1)

def other_size(image_shape, classes):
    return model(Flatten(), Dense(classes), image_shape=(32, 32, 3))

def unbuilt(image_shape, classes):
    return keras.Sequential([Flatten(), Dense(classes)])

def nothing(image_shape, classes):
    return None

def two_outputs(image_shape, classes):
    x = keras.Input(image_shape)
    return keras.Model(x, [Dense(classes)(Flatten()(x)), Dense(1)(Flatten()(x))])

def softmax(image_shape, classes):
    return model(Flatten(), Dense(classes, activation="softmax"))

def softmax_layer(image_shape, classes):
    return model(Flatten(), Dense(classes), Softmax())

def softmax_activation(image_shape, classes):
    return model(Flatten(), Dense(classes), Activation("softmax"))

def sigmoid(image_shape, classes):
    return model(Flatten(), Dense(classes, activation="sigmoid"))

def nested(image_shape, classes):
    return model(Flatten(), keras.Sequential([Dense(4), Dense(classes, activation="sigmoid")]))

def relu(image_shape, classes):
    return model(Flatten(), Dense(classes, activation="relu"))

def softmax_inside(image_shape, classes):
    x = keras.Input(image_shape)
    return keras.Model(x, keras.ops.softmax(Dense(classes)(Flatten()(x))))

def sigmoid_inside(image_shape, classes):
    x = keras.Input(image_shape)
    return keras.Model(x, Reshape((classes,))(keras.ops.sigmoid(Dense(classes)(Flatten()(x)))))

def log_softmax(image_shape, classes):
    return model(Flatten(), Dense(classes, activation="log_softmax"))

def starts_at_zero(image_shape, classes):
    return model(Flatten(), Dense(classes, kernel_initializer="zeros"))

def from_255(image_shape, classes):
    return model(Rescaling(1 / 255), Flatten(), Dense(classes))

def back_to_255(image_shape, classes):
    return model(Rescaling(127.5, 127.5), Rescaling(1 / 255), Flatten(), Dense(classes))

def raises(image_shape, classes):
    raise RuntimeError("two\\nlines")

def no_arguments():
    return None

def of_layers(image_shape, classes):
    return model(Flatten(), Dense(-1))
"""


def section(builder):
    return fields.replaced(ClassifierConfig(steps=4, batch_size=8), {"builder": builder})


def built(builder, classes=3):
    keras.utils.set_random_seed(0)
    return builders.build_network("--config.judge.builder", section(builder), IMAGE_SHAPE, classes)


@pytest.fixture(autouse=True)
def users(tmp_path, monkeypatch):
    """A module of a user's, as the config names it, also in the current folder."""
    (tmp_path / "users_networks.py").write_text(USERS)
    (tmp_path / "broken.py").write_text("import keras\nkeras.no_such_thing\n")
    (tmp_path / "unparsed.py").write_text("def build(:\n")
    (tmp_path / "needs.py").write_text("import a_package_that_is_missing\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name in ("users_networks", "broken", "unparsed", "needs") or name.startswith("tfgan_aug_builder_"):
            del sys.modules[name]


PLACES = ["users_networks", "users_networks.py", "./users_networks.py", "{}/users_networks.py"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["normalized", "log_softmax", "starts_at_zero", "back_to_255"])
def test_what_is_taken(users, place, name):
    """By module and by file; with the weights that the builder gave it."""
    network = built(f"{place.format(users)}:{name}")
    keras.utils.set_random_seed(0)
    expected = getattr(importlib.import_module("users_networks"), name)(IMAGE_SHAPE, 3)
    for one, other in zip(network.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", networks.BUILT_IN)
def test_built_in_networks_by_name(name):
    """As wide as the config says, with the recipe's dropout."""
    chosen = fields.replaced(section(name), {"width": 0.1})
    network = builders.build_network("--c", chosen, IMAGE_SHAPE, 3, networks.encoder)
    expected = networks.BUILT_IN[name](IMAGE_SHAPE, 3, 0.1, RECIPES[chosen.recipe].dropout)
    assert network.name == name and network.count_params() == expected.count_params()
    assert [type(layer) for layer in network.layers] == [type(layer) for layer in expected.layers]


def test_a_file_is_read_once(users):
    built("users_networks.py:normalized")
    (users / "users_networks.py").unlink()
    with pytest.raises(UserError, match="no file .*users_networks.py"):
        built("users_networks.py:normalized")


def test_a_classifier_of_ones_own_network_trains():
    model = classifier.build("--c", section("users_networks.py:normalized"), IMAGE_SHAPE, 3, seed=0)
    before = [variable.numpy() for variable in model.network.variables]
    images = np.random.default_rng(0).integers(0, 256, (8, *IMAGE_SHAPE), np.uint8)
    model.fit(images, np.arange(8) % 3, batch_size=8, verbose=0)
    for variable, value in zip(model.network.variables, before, strict=True):
        assert not np.array_equal(variable.numpy(), value), variable.path
    np.testing.assert_array_equal(model.probabilities(images[:2], 8), model.probabilities(images, 8)[:2])


@pytest.mark.parametrize(
    ("builder", "reason"),
    [
        ("no_such_module:build", "ModuleNotFoundError: No module named"),
        ("users_networks:missing", "AttributeError: .*'missing'"),
        ("users_networks", "ValueError: "),
        ("users_networks.normalized", "ValueError: "),
        (":normalized", "ValueError: "),
        (".users_networks:normalized", "TypeError: "),
        ("users_networks:keras", "TypeError: keras is no function"),
        ("nowhere/nets.py:build", "FileNotFoundError: no file .*nowhere/nets.py"),
        ("users_networks.py:missing", "AttributeError: .*'missing'"),
        ("broken.py:build", "AttributeError: .*no_such_thing.*broken.py line 2"),
        ("broken:build", "AttributeError: .*no_such_thing.*broken.py line 2"),
        ("unparsed.py:build", r"SyntaxError: .*\(unparsed.py, line 1\)"),
        ("needs:build", "ModuleNotFoundError: .*'a_package_that_is_missing', .*needs.py line 1"),
    ],
)
def test_what_is_not_found(builder, reason):
    form = "paper_cnn, normalized_cnn, package.module:function or path/to/file.py:function"
    message = rf"^--config.judge.builder: found '{builder}', expected {form} \({reason}"
    with pytest.raises(UserError, match=message) as caught:
        built(builder)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("too_many", r"made a model of shapes .*4.*, expected .*\(None, 3\)"),
        ("other_size", "made a model of shapes .*32, 32, 3.*, expected .*16, 16, 3"),
        ("unbuilt", r"made a model of shapes \(None, None\), expected"),
        ("nothing", "made a model of shapes None, expected"),
        ("two_outputs", r"made a model of shapes .*\(None, 1\)\]\), expected"),
        ("raises", "raised RuntimeError: two lines, .*users_networks.py line "),
        ("no_arguments", r"raised TypeError: no_arguments\(\) takes 0 "),
        ("of_layers", "raised ValueError: .*, .*users_networks.py line "),
        ("softmax", "ends in softmax, expected logits"),
        ("softmax_layer", "ends in softmax, expected logits"),
        ("softmax_activation", "ends in softmax, expected logits"),
        ("sigmoid", "ends in sigmoid, expected logits"),
        ("nested", "ends in sigmoid, expected logits"),
        ("relu", "ends in relu, expected logits"),
        ("softmax_inside", "returns numbers in 0 to 1 .*, as softmax does"),
        ("sigmoid_inside", "returns numbers in 0 to 1 .*, as sigmoid does"),
        ("from_255", "has the layer rescaling.*, which scales pixels of 0 to 255"),
    ],
)
def test_what_is_refused(name, message):
    with pytest.raises(UserError, match=f"^--config.judge.builder: users_networks:{name} {message}") as caught:
        built(f"users_networks:{name}")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 700


@pytest.mark.parametrize("seed", range(20))
def test_logits_of_two_classes_are_no_probabilities(seed):
    """Whatever the first weights are: of each of twenty networks."""
    keras.utils.set_random_seed(seed)
    layers = [keras.Input(IMAGE_SHAPE), keras.layers.AveragePooling2D(16), keras.layers.Flatten()]
    network = keras.Sequential([*layers, keras.layers.Dense(2, bias_initializer=keras.initializers.Constant(0.5))])
    kept = network.get_weights()
    assert builders._not_logits(network) == ""
    for one, other in zip(network.get_weights(), kept, strict=True):
        np.testing.assert_array_equal(one, other)

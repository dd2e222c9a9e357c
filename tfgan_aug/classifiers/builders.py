"""Networks of the user's own: a function that a config names, called, and what it returns checked. Makes no file."""

import importlib
import importlib.util
import pathlib
import sys
import traceback

import keras
import numpy as np

from tfgan_aug.classifiers import networks
from tfgan_aug.classifiers.recipes import RECIPES
from tfgan_aug.core import streams
from tfgan_aug.core.errors import UserError

_FORM = f"{', '.join(networks.BUILT_IN)}, package.module:function or path/to/file.py:function"
# Those that leave logits what they are. `log_softmax` changes neither probabilities nor losses.
_LOGITS = {"linear", "log_softmax"}
# The chance that a network of two logits passes for one of probabilities: 2^-16.
_PROBES = 8


def build_network(option, section, image_shape, classes, default=networks.paper_cnn):
    """The network that a config section names: `default`, a built-in one, or what `section.builder` returns.

    A builder is a function (image_shape, classes) -> `keras.Model` from float32 images in [-1, 1] to logits. Raises
    `UserError`, one line that names `option` and the builder, where it cannot be found or called, or its model has
    other shapes, returns probabilities, or expects pixels in 0 to 255.
    """
    recipe = RECIPES[section.recipe].replace(section)
    if not section.builder or section.builder in networks.BUILT_IN:
        make = networks.BUILT_IN.get(section.builder, default)
        return make(image_shape, classes, section.width, recipe.dropout)
    build = _function(option, section.builder)
    try:
        network = build(tuple(image_shape), classes)
    except (Exception, SystemExit) as error:  # whatever the user's code raises
        raise UserError(f"{option}: {section.builder} raised {_line(error)}") from error
    # A model that is not built has no shapes.
    sides = ("input_shape", "output_shape")
    shapes = tuple(getattr(network, side, None) for side in sides) if isinstance(network, keras.Model) else network
    expected = ((None, *image_shape), (None, classes))
    if shapes != expected:
        raise UserError(f"{option}: {section.builder} made a model of shapes {_short(shapes)}, expected {expected}")
    if reason := _not_from_unit_range(network) or _not_logits(network):
        raise UserError(f"{option}: {section.builder} {reason}")
    return network


def _function(option, builder):
    """The function that the text `builder` names."""
    place, _, name = builder.rpartition(":")
    try:
        module = _file_module(place) if place.endswith(".py") else importlib.import_module(place)
        function = getattr(module, name)
        if not callable(function):
            raise TypeError(f"{name} is no function")
    except (Exception, SystemExit) as error:  # a module of the user's may raise anything when it is imported
        raise UserError(f"{option}: found {builder!r}, expected {_FORM} ({_line(error)})") from error
    return function


def _file_module(place):
    """The module in a Python file, loaded once a process: Keras registers its classes by the module's name."""
    path = pathlib.Path(place).expanduser().resolve()
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    name = f"tfgan_aug_builder_{path.stem}_{streams.key_of(path):08x}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[name])
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def _line(error):
    """The error in one line: its type, its words, and the line of the user's code that raised it."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    foreign = (str(pathlib.Path(__file__).parent), "importlib", "site-packages")
    own = next((frame for frame in frames if not any(part in frame.filename for part in foreign)), None)
    where = f", {own.filename} line {own.lineno}" if own else ""
    return f"{type(error).__name__}: {_short(error)}{where}"


def _short(found, most=300):
    text = " ".join(str(found).split())
    return text if len(text) <= most else text[:most] + " ..."


def _layers(network):
    """The layers of a network in their order, those inside nested models too."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        else:
            yield layer


def _not_from_unit_range(network):
    """What is wrong with a network that scales pixels of 0 to 255 itself; "" for others."""
    scaling = next((layer for layer in _layers(network) if isinstance(layer, keras.layers.Rescaling)), None)
    if scaling is None or np.max(np.abs(scaling.scale)) > 1 / 50:
        return ""
    return (
        f"has the layer {scaling.name}, which scales pixels of 0 to 255, but images come in [-1, 1]: leave the layer "
        "out, or put keras.layers.Rescaling(127.5, 127.5) before it"
    )


def _not_logits(network):
    """What a network returns in place of logits; "" where they may be logits."""
    *_, last = _layers(network)
    activation = getattr(getattr(last, "activation", None), "__name__", "linear")
    if isinstance(last, keras.layers.Softmax):
        activation = "softmax"
    if activation not in _LOGITS:
        return f"ends in {activation}, expected logits: no activation after the last layer"
    lowest, highest, sums = _probed(network)
    if np.isfinite([lowest, highest]).all() and 0 <= lowest < highest <= 1 + 1e-6:
        kind = "softmax" if np.abs(sums - 1).max() < 1e-4 else "sigmoid"
        return f"returns numbers in 0 to 1 whatever its weights are, as {kind} does, expected logits"
    return ""


def _probed(network):
    """(lowest, highest output, sums of rows) of random images, while the weights have random signs.

    A layer of logits then returns negative numbers in one case of two; probabilities stay what they are.
    """
    kept, rng = network.get_weights(), np.random.default_rng(0)
    images = rng.uniform(-1, 1, (4, *network.input_shape[1:])).astype(np.float32)
    trainable = {id(weight) for weight in network.trainable_weights}
    found = []
    try:
        for _ in range(_PROBES):
            for weight, value in zip(network.weights, kept, strict=True):
                if id(weight) in trainable:
                    weight.assign(value * rng.choice([-1.0, 1.0], np.shape(value)))
            found.append(np.asarray(network(images, training=False)))
    finally:
        network.set_weights(kept)
    found = np.concatenate(found)
    return found.min(), found.max(), found.sum(axis=1)

"""recipes."""

import dataclasses
import importlib

import keras

from tfgan_aug.classifiers import classifier, networks
from tfgan_aug.core import optimizers, streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import transforms


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a classifier is trained: Adam (decoupled weight decay), loss and augmentation on the fly.

    `dropout` after each pooling and before the last layer; `schedule` is "constant" or "cosine" (to zero over the
    budget); `augmentation` a comma-separated list of `transforms.TRANSFORMS`.
    """

    learning_rate: float
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    dropout: tuple = (0.25, 0.25, 0.5)
    schedule: str = "constant"
    augmentation: str = ""

    def replace(self, section):
        """This recipe with the fields that a config section overrides."""
        fields = ("learning_rate", "weight_decay", "label_smoothing", "augmentation")
        given = {name: section[name] for name in fields if section[name] is not None}
        return dataclasses.replace(self, **given)


RECIPES = {
    # Plain: what a paper of its time would have done. It names no optimiser, no dropout and no budget.
    "paper": Recipe(learning_rate=1e-3),
    "best": Recipe(
        learning_rate=1e-3,
        weight_decay=1e-4,
        label_smoothing=0.1,
        schedule="cosine",
        augmentation="flip,translate,zoom",
    ),
}


def build_network(option, section, image_shape, classes, default=networks.paper_cnn):
    """The network that a config section names: `default`, the paper's CNN, or what `section.builder` returns.

    A builder is a function (image_shape, classes) -> `keras.Model` from float32 images in [-1, 1] to logits. Raises
    `UserError`, naming `option`, where it cannot be imported or its model has other shapes.
    """
    recipe = RECIPES[section.recipe].replace(section)
    if not section.builder:
        return default(image_shape, classes, section.width, recipe.dropout)
    module, _, function = section.builder.partition(":")
    try:
        build = getattr(importlib.import_module(module), function)
        if not callable(build):
            raise TypeError(f"{function} is no function")
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UserError(f"{option}: found {section.builder!r}, expected package.module:function ({error})") from None
    network = build(tuple(image_shape), classes)
    # A model that is not built has no shapes.
    sides = ("input_shape", "output_shape")
    shapes = tuple(getattr(network, side, None) for side in sides) if isinstance(network, keras.Model) else network
    expected = ((None, *image_shape), (None, classes))
    if shapes != expected:
        raise UserError(f"{option}: {section.builder} made a model of shapes {shapes}, expected {expected}")
    return network


def build(option, section, image_shape, classes, seed, default=networks.paper_cnn):
    """A compiled `Classifier` as a config section says, of the network `default`; call it in the strategy's scope."""
    recipe = RECIPES[section.recipe].replace(section)
    transforms.transform_names(f"{option}.augmentation", recipe.augmentation)
    keras.utils.set_random_seed(streams.key_of("initial weights", seed))
    network = build_network(f"{option}.builder", section, image_shape, classes, default)
    rate = recipe.learning_rate
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, section.steps)
    model = classifier.Classifier(network, recipe.augmentation, recipe.label_smoothing, seed)
    model.compile(optimizers.AdamW(rate, weight_decay=recipe.weight_decay))
    return model

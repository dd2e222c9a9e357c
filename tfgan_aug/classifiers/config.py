"""How classifiers are trained: the judge, the one that is scored, the encoder. Makes no file; imports no TensorFlow."""

import dataclasses
from typing import Literal

from tfgan_aug.classifiers.recipes import RECIPES
from tfgan_aug.core import fields
from tfgan_aug.core.fields import Check, field

TrainedOn = Literal["subset", "source_train"]


@dataclasses.dataclass(kw_only=True)
class NetworkConfig(fields.Section):
    """A classifier: its network and its training. None: as the recipe says."""

    builder: str = field("", "normalized_cnn, paper_cnn or package.module:function; empty: the usual network")
    width: float = field(0.25, "of the hidden layers, beside a built-in network's own", fields.positive.up_to(16))
    recipe: str = field(
        "best",
        f"how it is trained: {' or '.join(RECIPES)}, see tfgan_aug.classifiers.recipes",
        Check(lambda value: value in RECIPES, f"one of {', '.join(RECIPES)}"),
    )
    steps: int = field(750, "training steps", fields.positive)
    batch_size: int = field(64, "images a step", fields.positive.up_to(65_536))
    learning_rate: float | None = field(None, "in place of the recipe's", fields.at_least_zero.up_to(10))
    weight_decay: float | None = field(None, "in place of the recipe's", fields.at_least_zero.up_to(10))
    label_smoothing: float | None = field(None, "in place of the recipe's", fields.share)
    augmentation: tuple[str, ...] | None = field(None, "in place of the recipe's, new in every step")
    averaging: float = field(
        0.0, "of the steps, over which the weights are averaged at the end; 0: not", fields.share, late=True
    )
    consistency: float = field(
        0.0,
        "weight of the divergence between the predictions of two augmentations of an image",
        fields.at_least_zero,
        late=True,
    )
    checkpoint_steps: int = field(250, "steps from one checkpoint to the next", fields.positive, changes_result=False)


@dataclasses.dataclass(kw_only=True)
class JudgeConfig(NetworkConfig):
    """The judge: the classifier that says which generated images show their class."""

    builder: str = fields.with_default(NetworkConfig, "builder", "normalized_cnn")
    recipe: str = fields.with_default(NetworkConfig, "recipe", "few_images")
    steps: int = fields.with_default(NetworkConfig, "steps", 600)
    trained_on: TrainedOn = field("subset", "source_train leaks, and is marked so")
    members: int = field(1, "above 1: the mean of so many, each trained without its fold", fields.at_least(1, 100))


@dataclasses.dataclass(kw_only=True)
class ClassifierConfig(NetworkConfig):
    """The classifier whose accuracy says what a training set is worth."""

    builder: str = fields.with_default(NetworkConfig, "builder", "normalized_cnn")
    recipe: str = fields.with_default(NetworkConfig, "recipe", "few_images")
    steps: int = fields.with_default(NetworkConfig, "steps", 600)
    seed: int = field(0, "of its first weights and of its order of images", fields.seed)


@dataclasses.dataclass(kw_only=True)
class EncoderConfig(NetworkConfig):
    """The classifier that the Stacked GAN undoes."""

    width: float = fields.with_default(NetworkConfig, "width", 0.5)
    steps: int = fields.with_default(NetworkConfig, "steps", 2_500)
    trained_on: TrainedOn = field("subset", "source_train leaks, and is marked so", late=True)

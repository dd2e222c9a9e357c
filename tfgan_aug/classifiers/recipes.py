"""Recipes: how a classifier is trained, by name. Makes no file.

The one place to add a recipe: an entry in `RECIPES`. Imports no TensorFlow, so that a config knows the names.
"""

import dataclasses


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

"""Recipes: how a classifier is trained, by name. Makes no file.

The one place to add a recipe: an entry in `RECIPES`. Imports no TensorFlow, so that a config knows the names.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a classifier is trained: Adam (decoupled weight decay), loss and augmentation on the fly.

    `dropout` after each pooling and before the last layer; `schedule` is "constant" or "cosine" (to zero over the
    budget); `augmentation` some of `transforms.TRANSFORMS`.
    """

    learning_rate: float
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    dropout: tuple[float, float, float] = (0.25, 0.25, 0.5)
    schedule: str = "constant"
    augmentation: tuple[str, ...] = ()

    def replace(self, section):
        """Returns this recipe with the fields that a config section overrides."""
        overriding = ("learning_rate", "weight_decay", "label_smoothing", "augmentation")
        given = {name: getattr(section, name) for name in overriding if getattr(section, name) is not None}
        return dataclasses.replace(self, **given)


RECIPES = {
    # Plain: what a paper of its time would have done. It names no optimiser, no dropout and no budget.
    "paper": Recipe(learning_rate=1e-3),
    "best": Recipe(
        learning_rate=1e-3,
        weight_decay=1e-4,
        label_smoothing=0.1,
        schedule="cosine",
        augmentation=("flip", "translate", "zoom"),
    ),
    # For `networks.normalized_cnn` on few images. Without mirroring: letters and digits stay what they are.
    "few_images": Recipe(
        learning_rate=2e-3,
        weight_decay=5e-4,
        label_smoothing=0.1,
        dropout=(0.0, 0.0, 0.3),
        schedule="cosine",
        augmentation=("affine",),
    ),
}

"""Which images there are, how they are read, and their geometric copies. Makes no file; imports no TensorFlow."""

import dataclasses
from typing import Literal

from tfgan_aug.core import checks, fields
from tfgan_aug.core.fields import Check, field


@dataclasses.dataclass(kw_only=True)
class DataConfig(fields.Section):
    """The images: where they come from, and how many of each class."""

    source: str = field("characters60", "a TFDS name, folder:PATH, csv:FILE, npz:FILE, characters60 or shapes10")
    source_data_dir: str = field("", "where TFDS sources lie prepared; empty: TFDS' default")
    csv_columns: tuple[str, ...] = field(
        (), "a table's columns of files, labels and, if wanted, splits, such as file,label; empty: guessed", late=True
    )
    use_validation: bool = field(False, "whether a source's validation split is trained on, too", late=True)
    image_size: int = field(32, "pixels a side", checks.image_sizes)
    channels: Literal[1, 3] = field(3, "grey or RGB")
    resize_filter: str = field("lanczos", "Pillow's, for images of another size")
    fit: Literal["crop", "stretch", "pad"] = field("crop", "what images that are no squares undergo", late=True)
    white_level: float = field(
        0.0, "what is white in files of more than 8 bits; 0: all they can hold", checks.white_levels, late=True
    )
    train_per_class: int = field(
        0, "0: all that are not held out, however uneven", Check(lambda value: value >= 0, "0 (all) or more")
    )
    test_per_class: int = field(20, "held out from the source's train split", fields.at_least_zero)
    rare_class: str = field("", "the name of a class that is cut to rare_share of its training images")
    rare_share: float = field(0.1, "of the rare class's training images", fields.up_to_1)


@dataclasses.dataclass(kw_only=True)
class GeometricConfig(fields.Section):
    """Geometric copies of the training images."""

    transforms: tuple[str, ...] = field(
        ("crop",),
        "in this order; see tfgan_aug.data.transforms",
        Check(lambda value: len(value) > 0, "at least one, such as crop"),
    )
    crop_fraction: float = field(0.75, "of the side; the paper's 24 of 32", fields.between_0_and_1)

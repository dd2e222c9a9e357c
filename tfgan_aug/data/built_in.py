"""The built-in sets, by name: modules that draw their images on demand. Makes no file; imports no TensorFlow.

To add one: a module with `CLASS_NAMES`, `SPLIT_SIZES` (images a class), `VERSION`, `DESCRIPTION` and
`draw(split, label, index, seed, image_size, channels)`, and a line here.
"""

from tfgan_aug.data import characters, shapes

SETS = {"shapes10": shapes, "characters60": characters}

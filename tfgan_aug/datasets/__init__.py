"""Training sets as TensorFlow Datasets: which variants there are, what stands in them, written whole and read back.

Makes `<data_dir>/<source>_gan_aug/<variant>/<version>/` (see `augmented`). May import core, data and sampling. A new
variant goes into `variants`, its examples into `examples`, a new field of each record into `records`.
"""

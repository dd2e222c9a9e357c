"""What an experiment is: the configs of all components put together, and the files that users write them in.

Makes no file. May import core and the `config.py` of data, classifiers, gans and sampling, so no TensorFlow. A new
section stands in its component's `config.py`, or in `experiment` where only commands read it, and is a field of
`ExperimentConfig`.
"""

from tfgan_aug.config.experiment import GANS, ExperimentConfig

__all__ = ["GANS", "ExperimentConfig"]

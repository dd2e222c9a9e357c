"""The default experiment: shapes10, 100 images a class, narrow networks.

Command:  python -m tools.build_dataset
"""

from tfgan_aug import settings


def get_config():
    return settings.get_config()

"""Every test runs with two logical CPU devices, so that mistakes of distribution show on a laptop."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


@pytest.fixture(autouse=True)
def _seeded():
    """Weights that a test does not seed itself are the same in every run."""
    from tfgan_aug.training import strategies

    strategies.set_up(0)

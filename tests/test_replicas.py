"""Several devices and several processes train as one device does: weights and learning curves."""

import pytest
from clusters import MODELS, assert_same, output, start, start_two

STEPS = 5


@pytest.fixture(scope="module")
def one_device(tmp_path_factory):
    """The folder of what one device makes in five steps."""
    folder = tmp_path_factory.mktemp("one")
    assert output(start("one_device", 1, folder, STEPS, *MODELS)) == "CPU:0"
    return folder


@pytest.mark.parametrize("devices", [2, 4])
def test_mirrored_devices_train_as_one(one_device, tmp_path, devices):
    shown = output(start("mirrored", devices, tmp_path, STEPS, *MODELS))
    assert shown == ", ".join(f"CPU:{number}" for number in range(devices))
    assert_same(tmp_path, one_device)


def test_two_workers_train_as_one(one_device, tmp_path):
    chief, other = start_two(tmp_path, STEPS, *MODELS)
    assert output(chief) == "CPU:0 of each of 2 workers"
    # Only the chief goes through the job, and it alone writes.
    assert output(other) == ""
    assert_same(tmp_path, one_device)
    assert sorted(path.name for path in (tmp_path / "dcgan").iterdir()) == ["step-00000005.weights.h5"]

"""What the stage of a GAN that is one model hands to its training."""

import types

import numpy as np
import pytest
import tiny

from tfgan_aug.experiments.families import FAMILIES
from tfgan_aug.training import loop, strategies


@pytest.mark.parametrize("balanced", [False, True])
def test_balanced_batches_and_averages(tmp_path, monkeypatch, balanced):
    """Balanced, every class is as frequent as the largest one; steps and averages are those of the images there are."""
    changes = {"dcgan__steps": 0, "dcgan__epochs": 4, "dcgan__averaging": 0.25, "dcgan__balanced": balanced}
    run = types.SimpleNamespace(
        config=tiny.config("shapes10", **changes),
        strategy=strategies.make_strategy("one_device"),
        progress=types.SimpleNamespace(training=lambda *about: about),
    )
    images, labels = np.zeros((10, 16, 16, 3), np.uint8), np.array([0] * 7 + [1] * 3, np.int32)
    images[:, 0, 0, 0] = range(10)
    taken = {}
    monkeypatch.setattr(loop, "trained", lambda path, build, *others: taken.update(build=build, others=others))
    FAMILIES["dcgan"]._train(tmp_path / "gan.keras", (images, labels), 2, 0, run)
    (own_images, own_labels), budget, *_ = taken["others"]
    assert np.bincount(own_labels).tolist() == ([7, 7] if balanced else [7, 3])
    assert np.array_equal(labels[own_images[:, 0, 0, 0]], own_labels) and set(own_images[:, 0, 0, 0]) == set(range(10))
    # Four passes over ten images, four a step; averages look back over a quarter of the ten steps.
    assert budget.steps == 10
    model = taken["build"]()
    assert model.optimizer.use_ema and model.optimizer.ema_momentum == pytest.approx(1 - 1 / 2.5)
    assert not model.discriminator_optimizer.use_ema

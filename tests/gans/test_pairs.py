"""Pairs: the harness of every GAN, its flow and its moves by hand, the anchors."""

import keras
from gan_harness import CLASSES, IMAGE_SHAPE, GANHarness, examples

from tfgan_aug.gans.pairs import Pairs


def small(**options):
    model = Pairs(IMAGE_SHAPE, CLASSES, **{"latent_dim": 4, "width": 4, "seed": 3, **options})
    model.adapt(*examples())
    return model


class TestPairs(GANHarness):
    metrics = frozenset({"loss", "reconstruction", "divergence"})
    watched = ("loss", "reconstruction")
    moving_statistics = False
    rate, tolerance = 0.1, 1e-4
    # There is one optimiser.
    test_both_optimisers_count_the_steps = None

    @staticmethod
    def optimizers(model):
        return [model.optimizer]

    @staticmethod
    def networks(model):
        return {"encoder": model.encoder, "generator": model.generator}

    @classmethod
    def make(cls):
        return small(flip=True)

    @classmethod
    def compiled(cls, optimizer=None, **options):
        keras.utils.set_random_seed(1)
        model = cls.make()
        model.compile(*(() if optimizer is None else (optimizer(),)), **options)
        return model

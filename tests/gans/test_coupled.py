"""The coupled GAN: the harness of every GAN, its losses by hand, the discriminator as a classifier."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from gan_harness import BATCH, CLASSES, IMAGE_SHAPE, GANHarness, examples

from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.core import pixels
from tfgan_aug.gans import losses
from tfgan_aug.gans.coupled import Coupled, class_scores, feature_difference, source_logits


def small(image_shape=IMAGE_SHAPE, classes=CLASSES, **options):
    chosen = {"latent_dim": 8, "width": 2, "discriminator_width": 0.05, "seed": 3, **options}
    return Coupled(image_shape, classes, **chosen)


class TestCoupled(GANHarness):
    metrics = frozenset({"d_loss", "g_loss", "d_real", "d_generated", "accuracy"})
    generator_steps = (2, 2)

    @classmethod
    def make(cls):
        return small(augmentation="color,translation,flip")

"""Numbers that said more than was measured: rows 601 and following of docs/cases.md."""

import numpy as np
import pytest
from doors import opened, two_classes

from tfgan_aug.classifiers import networks
from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.core import streams
from tfgan_aug.data import geometric, subsets
from tfgan_aug.evaluation import comparison, quality


def features(count, seed, dimensions=8):
    return np.random.default_rng(seed).normal(size=(count, dimensions))


def test_601_a_frechet_distance_of_too_few_images_is_none_with_its_reason():
    got = quality.compute(features(30, 0, dimensions=64), features(30, 1, dimensions=64))
    assert got["frechet_distance"] is None
    assert "more than the 64 dimensions of the features" in got["why"]["frechet_distance"]


def test_602_features_without_spread_give_a_number_not_an_imaginary_one():
    flat = features(40, 0)
    flat[:, 4:] = 0.5
    far = flat + np.eye(8)[0] * 3
    assert quality.frechet_distance(flat, far) == pytest.approx(9.0, abs=1e-6)
    assert quality.frechet_distance(flat, flat) == pytest.approx(0.0, abs=1e-6)


def test_603_the_last_batch_that_is_not_full_counts(tmp_path):
    train = opened(two_classes(tmp_path)).train
    positions = [position for some, _ in train.batches(4) for position in some]
    assert positions == list(range(6))


def test_604_what_a_classifier_says_does_not_depend_on_the_batch():
    model = Classifier(networks.paper_cnn((16, 16, 3), 3, width=0.05))
    images = np.random.default_rng(0).integers(0, 256, (10, 16, 16, 3), np.uint8)
    alone = np.concatenate([model.probabilities(image[None], block_size=4) for image in images])
    assert alone.shape == (10, 3)
    np.testing.assert_allclose(model.probabilities(images, block_size=4), alone, atol=1e-6)


def hits(*correct, images=400):
    """Hits (1, classifier seeds, images): each classifier is right on so many of the first images."""
    return np.stack([np.arange(images) < count for count in correct])[None]


def test_605_a_gain_that_is_smaller_than_the_spread_of_seeds_is_not_called_one():
    """Gains of 5, -3 and 1 points with three seeds are no gain of one point; gains of 20 to 21 are one."""
    baseline = hits(280, 296, 288)
    luck = comparison.compare(hits(300, 284, 292), baseline, gan=False, resamples=500)
    gain = comparison.compare(hits(364, 376, 368), baseline, gan=False, resamples=500)
    assert luck["difference"] == pytest.approx(1.0) and luck["low"] < 0 < luck["high"] and luck["p"] > 0.05
    assert gain["low"] > 0 and gain["p"] < 0.05
    alone = comparison.compare(hits(300), baseline[:, :1], gan=False, resamples=500)
    assert alone["scope"] == "one classifier seed"


def test_606_images_that_are_all_alike_show_in_coverage_and_recall():
    real = features(200, 0)
    collapsed = real[:1] + 1e-3 * features(200, 1)
    varied, alike = quality.compute(real, features(200, 2)), quality.compute(real, collapsed)
    assert varied["coverage"] > 0.9 and varied["recall"] > 0.6
    assert alike["coverage"] < 0.1 and alike["recall"] < 0.1
    assert alike["precision"] > 0.9  # Good images, all the same: precision alone would praise them.


def test_607_images_are_held_out_before_any_is_multiplied(tmp_path):
    source = opened(two_classes(tmp_path, count=8))
    train, held_out = subsets.choose(source.train.labels, source.class_names, 0, 3, seed=0)
    held_out = {subsets.pixel_hash(image) for image in source.train.images(held_out)}
    assert len(held_out) == 6
    images = source.train.images(train)
    copies = geometric.augment(images, [source.train.ids[p] for p in train], ["crop"], seed=0)
    assert len(copies) == len(images) == 10
    assert not held_out & {subsets.pixel_hash(image) for image in [*images, *copies]}


def test_609_random_numbers_of_a_dataset_are_functions_of_seed_class_and_index():
    """Not of calls, threads or devices: a stateless stream for each image."""
    seeds = streams.image_seeds(1, 2, range(50))
    assert np.array_equal(streams.image_seeds(1, 2, [40, 3]), seeds[[40, 3]])
    latents = streams.uniform_latents(seeds, 6).numpy()
    assert np.array_equal(streams.uniform_latents(seeds[[40, 3]], 6), latents[[40, 3]])
    assert len({*seeds, *streams.image_seeds(1, 3, range(50)), *streams.image_seeds(2, 2, range(50))}) == 150

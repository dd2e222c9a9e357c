"""Numbers that said more than was measured: rows 601 and following of docs/cases.md."""

import re

import fakes
import numpy as np
import pytest
import tiny
from doors import network, opened, two_classes
from PIL import Image

from tfgan_aug.classifiers.classifier import Classifier
from tfgan_aug.commands import run_table
from tfgan_aug.core import streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import digests, geometric, subsets
from tfgan_aug.datasets import examples, variants
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
    model = Classifier(network((16, 16, 3), 3))
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
    held_out = {digests.pixel_hash(image) for image in source.train.images(held_out)}
    assert len(held_out) == 6
    images = source.train.images(train)
    copies = geometric.augment(images, [source.train.ids[p] for p in train], ["crop"], seed=0)
    assert len(copies) == len(images) == 10
    assert not held_out & {digests.pixel_hash(image) for image in [*images, *copies]}


def test_609_random_numbers_of_a_dataset_are_functions_of_seed_class_and_index():
    """Not of calls, threads or devices: a stateless stream for each image."""
    seeds = streams.image_seeds(1, 2, range(50))
    assert np.array_equal(streams.image_seeds(1, 2, [40, 3]), seeds[[40, 3]])
    latents = streams.uniform_latents(seeds, 6).numpy()
    assert np.array_equal(streams.uniform_latents(seeds[[40, 3]], 6), latents[[40, 3]])
    assert len({*seeds, *streams.image_seeds(1, 3, range(50)), *streams.image_seeds(2, 2, range(50))}) == 150


def test_610_images_that_are_scored_on_are_real_ones(tmp_path):
    held_out = fakes.part(2, first=100)
    subset = subsets.Subset(fakes.NAMES, fakes.part(4), held_out)
    copies = 255 - subset.train.images
    options = {"pool": None, "rule": None, "quotas": {}, "seed": 0}
    train, count = examples.training_examples(variants.Variant.parse("geo"), subset, [copies], **options)
    train = list(train)
    assert count == len(train) == 24 and {one["origin"] for one in train} == {"real", "geometric"}
    test, count = examples.held_out_examples(subset, 0)
    test = list(test)
    assert count == len(test) == 6 and {one["origin"] for one in test} == {"real"}
    assert {one["id"] for one in test} == set(held_out.ids)
    assert not {one["id"] for one in test} & {one["id"] for one in train}


def test_611_a_file_that_changes_in_place_is_another_data_set(tmp_path):
    root = two_classes(tmp_path / "set")
    config = tiny.config(f"folder:{root}", train_per_class=2, test_per_class=1)

    def stage():
        source = opened(root)
        return subsets.stage(tmp_path, source, subsets.read(source, config)).path

    first, again = stage(), stage()
    for file in sorted(root.glob("*/*.png")):
        Image.eval(Image.open(file), lambda level: level // 2).save(file)
    assert first == again != stage()


def test_612_too_few_resamples_for_the_number_of_comparisons(tmp_path):
    """No p value is below 2 / (resamples + 1), and Holm's correction multiplies the least by the number of rows."""
    root = two_classes(tmp_path / "set", count=8)
    config = tiny.config(f"folder:{root}", gans="dcgan,sgan", table__resamples=1000)
    with pytest.raises(UserError) as caught:
        run_table.run(config, run_table.Options(workdir=str(tmp_path / "work"), rows="all"))
    said = re.match(
        r"--config.table.resamples: found 1000, expected (\d+) or more: .* of the (\d+) rows", str(caught.value)
    )
    needed, rows = map(int, said.groups())
    assert rows * 2 / 1001 > 0.05 > rows * 2 / (needed + 1) > 0.049

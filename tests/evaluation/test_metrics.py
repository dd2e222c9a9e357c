"""Quality and copying against reference implementations, hand computation and properties."""

import json
import pathlib
import runpy

import numpy as np
import pytest

from tfgan_aug.core.errors import UserError
from tfgan_aug.evaluation import copying, distances, quality

HERE = pathlib.Path(__file__).parent / "reference"
REFERENCE = json.loads((HERE / "metrics.json").read_text())
MADE = runpy.run_path(str(HERE / "make_metrics.py"))
SETS, CELLS = MADE["sets"](), MADE["cells"]


def normal(seed, count, dimensions=4):
    return np.random.default_rng(seed).standard_normal((count, dimensions))


@pytest.mark.parametrize("name", SETS)
def test_the_reference_implementations_agree(name):
    """torch-fidelity, prdc, dgm-eval and data-copying on the same numbers: reference/make_metrics.py says which."""
    (train, held_out, fake), expected = SETS[name], REFERENCE[name]
    size = min(len(train), len(fake))
    precision, recall = quality.precision_recall(train, fake)
    density, coverage = quality.density_coverage(train, fake)
    found = {
        "frechet_distance": quality.frechet_distance(train, fake),
        "squared_mmd": quality.squared_mmd(train[:size], fake[:size]),
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
        "authenticity": copying.authenticity(train, fake),
        "ct": copying.ct_of_cells(train, held_out, fake, *map(CELLS, (train, held_out, fake)), 0.0),
    }
    # The references count shares in float32.
    assert found == pytest.approx(expected, rel=1e-6)


def test_nearest_by_hand_and_by_brute_force():
    distance, index = distances.nearest([[0.0, 0], [5, 0]], [[3.0, 4], [5, 1], [0, 0]], 2)
    assert distance.tolist() == [[0, 5], [1, np.sqrt(20)]] and index.tolist() == [[2, 0], [1, 0]]
    x, y = normal(0, 30), normal(1, 41)
    every = np.linalg.norm(x[:, None] - y[None], axis=2)
    for size in (7, 30, 2000):
        distance, index = distances.nearest(x, y, 3, size=size)
        np.testing.assert_allclose(distance, np.sort(every, axis=1)[:, :3])
        assert (index == np.argsort(every, axis=1)[:, :3]).all()
    own = np.linalg.norm(x[:, None] - x[None], axis=2) + np.diag(np.full(30, np.inf))
    distance, index = distances.nearest(x, x, leave_one_out=True, size=7)
    assert (index[:, 0] == own.argmin(axis=1)).all()


def test_a_copy_far_from_the_origin_is_at_exactly_zero():
    x = (1e6 + normal(0, 50, 300)).astype(np.float32)
    distance, index = distances.nearest(x[::-1], x)
    assert (distance == 0).all() and (index[:, 0] == np.arange(50)[::-1]).all()
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8)
    assert distances.nearest(images[2:3], images)[1].tolist() == [[2]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: distances.nearest(normal(0, 3), normal(0, 2), 3), "found 2 images, expected 3 or more"),
        (lambda: distances.nearest(normal(0, 3), normal(0, 3, 5)), "found 4 and 5 dimensions"),
        (lambda: distances.nearest([[np.nan, 1]], normal(0, 3, 2)), "infinite or no numbers"),
        (lambda: distances.vectors("features", np.zeros(3)), r"found shape \(3,\)"),
        (lambda: distances.vectors("features", np.array([["a"]])), "expected numbers"),
        (lambda: quality.frechet_distance(normal(0, 4), normal(1, 9)), "found 4 images, expected 5 or more"),
        (lambda: quality.kernel_distance(normal(0, 1), normal(1, 9)), "found 1 images, expected 2"),
        (lambda: quality.precision_recall(normal(0, 9), normal(1, 3)), "generated images: found 3 images, expected 4"),
        (lambda: quality.density_coverage(normal(0, 5), normal(1, 3)), "real images: found 5 images, expected 6"),
        (lambda: quality.measure(normal(0, 9), normal(1, 9, 5), [0] * 9, [0] * 9, ["a"]), "different networks"),
        (lambda: copying.authenticity(normal(0, 1), normal(1, 3)), "found 1 images, expected 2"),
        (lambda: copying.ct_test(normal(0, 50), normal(1, 39), normal(2, 50)), "held-out images: found 39"),
    ],
)
def test_too_few_images_and_other_features_are_named(call, words):
    with pytest.raises(UserError, match=words):
        call()


def test_properties_of_quality():
    x = normal(0, 400)
    same = quality.compute(x, x)
    assert same["frechet_distance"] == pytest.approx(0, abs=1e-6) and same["precision"] == same["recall"] == 1
    assert same["coverage"] == 1
    # A shift by d moves the means alone: the distance is |d|^2.
    assert quality.frechet_distance(x, x + [3, 0, 4, 0]) == pytest.approx(25, rel=1e-5)
    near, far = quality.compute(x, normal(1, 400)), quality.compute(x, normal(1, 400) + 2)
    assert near["kernel_distance"] < far["kernel_distance"] and near["density"] > far["density"]
    # One mode of many: precise, and blind to the rest.
    narrow = quality.compute(x, 0.05 * normal(2, 400))
    assert narrow["precision"] > 0.95 and narrow["recall"] < 0.05
    shuffled = np.random.default_rng(0).permutation(400)
    assert quality.precision_recall(x, narrow_set := normal(3, 300)) == quality.precision_recall(
        x[shuffled], narrow_set
    )


def test_unbiased_kernel_distance_of_one_law_is_zero_on_average():
    found = [quality.kernel_distance(normal(i, 60), normal(1000 + i, 60))[0] for i in range(200)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(200)


def test_kernel_distance_subsets_by_seed():
    x, y = normal(0, 300), normal(1, 300)
    first, again, other = (quality.kernel_distance(x, y, 5, 100, seed=seed) for seed in (0, 0, 1))
    assert first == again != other and first[1] > 0
    # One subset of all: no spread to report.
    assert quality.kernel_distance(x, y)[1] == 0


def test_each_class_has_its_own_and_reasons_stand_for_numbers():
    real, fake = normal(0, 60), normal(1, 44)
    real_labels, fake_labels = np.repeat([0, 1], 30), np.repeat([0, 1], [40, 4])
    found = quality.measure(real, fake, real_labels, fake_labels, ["a", "b"])
    assert found["classes"]["a"] == quality.compute(real[:30], fake[:40])
    few = found["classes"]["b"]
    assert few["frechet_distance"] is None and "found 4 images, expected 5" in few["why"]["frechet_distance"]
    assert few["density"] is not None and few["fake"] == 4 and found["overall"]["real"] == 60


def test_authenticity_threshold_and_near_copies_by_hand():
    train = np.array([[0.0], [1], [10]])
    fake = np.array([[0.2], [12.5], [30]])
    # 0.2: nearest 0, whose nearest is 1 away: not authentic; 12.5: 10, whose nearest is 9 away: not; 30: it is.
    assert copying.authenticity(train, fake) == pytest.approx(1 / 3)
    assert copying.threshold(train, 0.5) == 1 and copying.threshold(train, 1.0) == 9
    assert copying.threshold(train, 0.5, others=fake) == 2.5
    assert copying.near_copies(train, fake, 1).tolist() == [True, False, False]
    # Duplicates in the training set give a limit of 0: an exact copy is one all the same.
    assert copying.near_copies(train, np.array([[1.0], [2]]), 0.0).tolist() == [True, False]
    fakes, reals, distance = copying.closest_pairs(train, fake, 2)
    assert (fakes.tolist(), reals.tolist(), distance.tolist()) == ([0, 1], [0, 2], [pytest.approx(0.2), 2.5])


def test_ct_sees_copies_and_misfits_and_nothing_in_new_images():
    train, held_out = normal(0, 400, 20), normal(1, 400, 20)
    new = copying.ct_test(train, held_out, normal(2, 400, 20))
    copied = copying.ct_test(train, held_out, train + 0.1 * normal(3, 400, 20))
    misfit = copying.ct_test(train, held_out, 3 * normal(4, 400, 20))
    assert abs(new) < 2 and copied < -5 and misfit > 5
    # More dimensions than images: pixels.
    wide = [normal(seed, 100, 300) for seed in range(3)]
    assert abs(copying.ct_test(*wide)) < 3
    first, again, other = (copying.ct_test(train, held_out, train[:300], cells=8, seed=seed) for seed in (0, 0, 5))
    assert first == again != other


def test_ct_of_no_common_cell_is_named():
    x = normal(0, 4)
    with pytest.raises(UserError, match="no cell"):
        copying.ct_of_cells(x, x, x, np.zeros(4), np.zeros(4), np.ones(4))


def test_patches_of_training_images_are_found_wherever_they_lie():
    """Images of other places' patches are copied as a whole; of new noise hardly any; without contrast none count."""
    rng = np.random.default_rng(0)
    smooth = np.repeat(np.repeat(rng.integers(0, 256, (40, 8, 8, 1)), 4, 1), 4, 2).astype(np.uint8)
    new = np.repeat(np.repeat(rng.integers(0, 256, (40, 8, 8, 1)), 4, 1), 4, 2).astype(np.uint8)
    rolled = np.roll(smooth, (8, 4), (1, 2))
    halves = smooth.copy()
    halves[:, :16] = new[:, :16]
    found = [copying.TrainingPatches(smooth).copied(images) for images in (smooth, rolled, halves, new)]
    # Rolled round the border, three of seven rows and columns of patches at the seam are new at the most.
    assert found[0] == 1 and found[1] > 0.6 and 0.3 < found[2] < 0.6
    # 1 % by definition, of 1,960 patches; 5 % would be 17 standard errors.
    assert found[3] < 0.05
    assert copying.TrainingPatches(smooth).copied(np.full((4, 32, 32, 1), 7, np.uint8)) is None
    assert copying.TrainingPatches(smooth[:1]).copied(rolled) is None
    assert copying.TrainingPatches(smooth).copied(rolled) == found[1]

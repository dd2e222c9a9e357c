"""The paper's crop against an own computation; every transform keyed by image, seeded, uint8."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
import tiny
from PIL import Image, ImageEnhance, ImageOps

from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import geometric, sources, subsets, transforms


def noise(count, size=32, channels=3):
    return np.random.default_rng(7).integers(0, 256, (count, size, size, channels), np.uint8)


def enlarged(crop, size):
    """Bilinear interpolation with pixel centres at half-integers, edges repeated: the textbook's formula."""
    side = len(crop)
    places = np.clip((np.arange(size) + 0.5) * side / size - 0.5, 0, side - 1)
    low = np.floor(places).astype(int)
    high, share = np.minimum(low + 1, side - 1), places - low
    crop = crop.astype(float)
    rows = crop[low] * (1 - share)[:, None, None] + crop[high] * share[:, None, None]
    return rows[:, low] * (1 - share)[:, None] + rows[:, high] * share[:, None]


def offset_of(image, made, side):
    """The only offset whose crop, enlarged, is `made` to one grey level."""
    offsets = [
        (top, left)
        for top, left in itertools.product(range(len(image) - side + 1), repeat=2)
        if np.abs(enlarged(image[top : top + side, left : left + side], len(image)) - made).max() <= 1
    ]
    assert len(offsets) == 1
    return offsets[0]


@pytest.mark.parametrize("size, side, channels", [(32, 24, 3), (48, 36, 1), (16, 12, 3)])
def test_crop_is_the_paper_s(size, side, channels):
    images = noise(6, size, channels)
    made = geometric.augment(images, list("abcdef"), ["crop"], seed=0)
    assert made.dtype == np.uint8 and made.shape == images.shape
    assert len({offset_of(image, new, side) for image, new in zip(images, made, strict=True)}) > 1


def test_offsets_reach_all_edges():
    """80 of 25 equally likely offsets miss one of the four edges with probability 4 * 0.8 ** 80 < 1e-7."""
    image = noise(1, 16)[0]
    made = geometric.augment(np.stack([image] * 80), [f"id{i}" for i in range(80)], ["crop"], seed=0)
    tops, lefts = zip(*(offset_of(image, new, 12) for new in made), strict=True)
    assert {min(tops), max(tops), min(lefts), max(lefts)} == {0, 4} and min(tops) == min(lefts) == 0


def test_an_image_depends_on_its_id_alone():
    images, names = noise(5, 16), ["a", "b", "c", "d", "e"]
    transforms = ["flip", "crop", "brightness"]
    made = geometric.augment(images, names, transforms, seed=0)
    back = geometric.augment(images[::-1], names[::-1], transforms, seed=0)[::-1]
    assert np.array_equal(made, back)
    assert np.array_equal(geometric.augment(images[3:4], ["d"], transforms, seed=0)[0], made[3])
    other = geometric.augment(images, [*names[:4], "other"], transforms, seed=0)
    assert np.array_equal(other[:4], made[:4]) and not np.array_equal(other[4], made[4])


def test_seeds_differ():
    images, names = noise(4, 16), list("abcd")
    first, second = (geometric.augment(images, names, ["crop"], seed=seed) for seed in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("name", [name for name in transforms.TRANSFORMS if name != "crop"])
def test_each_transform_changes_images_and_keeps_their_form(name):
    images = np.repeat(noise(6, 4), 4, axis=1).repeat(4, axis=2)
    made = geometric.augment(images, list("abcdef"), [name], seed=0)
    assert made.dtype == np.uint8 and made.shape == images.shape
    changed = [not np.array_equal(image, new) for image, new in zip(images, made, strict=True)]
    if name == "flip":
        for image, new, other in zip(images, made, changed, strict=True):
            assert np.array_equal(new, image[:, ::-1] if other else image)
        assert 0 < sum(changed) < 6
    else:
        assert sum(changed) >= 5
        assert np.abs(made.astype(int) - images).mean() < 80


@pytest.mark.parametrize("name", ["shift", "affine"])
def test_one_pass_transforms_mirror_where_flip_stands_before_them(name):
    """Twenty copies of an image that is bright at its left: with flip some are bright at their right (but for 1e-6)."""
    image = np.zeros((20, 16, 16, 3), np.uint8)
    image[:, 4:12, :8] = 255
    mirrored = []
    for names in ([name], ["flip", name], [name, "flip"]):
        made = geometric.augment(image, [f"id{i}" for i in range(20)], names, seed=0).astype(int)
        mirrored.append((made[:, :, 8:].sum((1, 2, 3)) > made[:, :, :8].sum((1, 2, 3))).sum())
    assert mirrored[0] == 0 and 0 < mirrored[1] < 20 and 0 < mirrored[2] < 20
    assert [len(transforms.layers_for(names, 16)) for names in ([name], ["flip", name], [name, "flip"])] == [1, 1, 2]


def test_shift_moves_by_whole_pixels():
    """Each image is one of the 25 shifts of its mirrored border, against NumPy."""
    images = noise(12, 16)
    made = geometric.augment(images, [f"id{i}" for i in range(12)], ["shift"], seed=3)
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="symmetric")
    for image, new in zip(padded, made, strict=True):
        assert any(np.array_equal(image[top : top + 16, left : left + 16], new) for top, left in np.ndindex(5, 5))


def trivial(images, operation, strength, sign=1):
    """`TrivialAugment` of float32 images with one operation of this strength, either way."""
    place = transforms.TrivialAugment.OPERATIONS.index(operation)
    drawn = [(place + 0.5) / len(transforms.TrivialAugment.OPERATIONS), strength, 0.25 if sign < 0 else 0.75]
    numbers = tf.tile([[*drawn, 0, 0, 0, 0]], [len(images), 1])
    return transforms.TrivialAugment().moved(tf.constant(images, tf.float32), numbers).numpy()


@pytest.mark.parametrize(
    ("operation", "strength", "sign", "by_pillow"),
    [
        ("identity", 0.7, 1, lambda image: image),
        ("brightness", 0.5, -1, lambda image: ImageEnhance.Brightness(image).enhance(0.55)),
        ("contrast", 1 / 3, 1, lambda image: ImageEnhance.Contrast(image).enhance(1.3)),
        ("sharpness", 1.0, 1, lambda image: ImageEnhance.Sharpness(image).enhance(1.9)),
        ("posterise", 0.25, 1, lambda image: ImageOps.posterize(image, 5)),
        ("solarise", 0.5, 1, lambda image: ImageOps.solarize(image, 128)),
        ("autocontrast", 0.0, 1, ImageOps.autocontrast),
        ("translate_x", 0.75, 1, lambda image: image.transform((16, 16), Image.Transform.AFFINE, (1, 0, 4, 0, 1, 0))),
        ("shear_y", 1.0, -1, None),
        ("rotate", 1.0, 1, None),
    ],
)
def test_operations_of_trivial_augment_are_pillows(operation, strength, sign, by_pillow):
    """Within two grey levels inside the border. Pillow's contrast turns about its own grey, within the same."""
    images = (noise(3, 16) // 2 + 60).astype(np.uint8)
    images[:] = images.mean(axis=3, keepdims=True).astype(np.uint8)
    made = trivial(images, operation, strength, sign)
    if by_pillow is None:
        angle, size = np.pi / 6, 16
        terms = (1, 0, 0, -0.3, 1, 0.3 * 7.5) if operation == "shear_y" else None
        if terms is None:
            terms = (np.cos(angle), -np.sin(angle), 0, np.sin(angle), np.cos(angle), 0)
            terms = (*terms[:2], 7.5 * (1 - terms[0] - terms[1]), *terms[3:5], 7.5 * (1 - terms[3] - terms[4]))
        by_pillow = lambda image: image.transform(  # noqa: E731
            (size, size), Image.Transform.AFFINE, _at_middles(terms), Image.Resampling.BILINEAR
        )
    expected = np.stack([np.asarray(by_pillow(Image.fromarray(image))) for image in images]).astype(float)
    inner = slice(6, 10)
    np.testing.assert_allclose(made[:, inner, inner], expected[:, inner, inner], atol=2.5)


def _at_middles(terms):
    """Pillow counts from a pixel's corner, we from its middle."""
    a, b, c, d, e, f = terms
    return a, b, c - (a + b) / 2 + 0.5, d, e, f - (d + e) / 2 + 0.5


def test_trivial_augment_draws_an_operation_for_each_image():
    image = np.tile(noise(1, 16), (60, 1, 1, 1))
    made = geometric.augment(image, [f"id{i}" for i in range(60)], ["trivial_augment"], seed=0)
    again, other = (
        geometric.augment(image, [f"id{i}" for i in range(60)], ["trivial_augment"], seed=s) for s in (0, 1)
    )
    np.testing.assert_array_equal(made, again)
    assert not np.array_equal(made, other)
    # Of 13 operations one leaves the image, and two more leave one whose grey levels are all there.
    assert len({one.tobytes() for one in made}) >= 40


def test_unknown_transform():
    assert transforms.transform_names("--config.geometric.transforms", " crop, flip,") == ("crop", "flip")
    with pytest.raises(UserError, match=r"--config\.x: found 'shear', expected some of crop, flip, shift, affine, "):
        transforms.transform_names("--config.x", "crop,shear")


def test_stage_is_named_after_subset_seed_and_options(tmp_path):
    root = tiny.save_images(tmp_path / "pictures", {"red": 8, "green": 8})
    source = sources.open_source(f"folder:{root}", image_size=16)
    config = tiny.config(f"folder:{root}")
    subset = subsets.read(source, config)
    subset_stage = subsets.stage(tmp_path, source, subset)
    stage = geometric.stage(tmp_path, subset_stage, config)
    geometric.make(stage, subset, config)
    expected = geometric.augment(subset.train.images, subset.train.ids, ["crop"], seed=0)
    assert np.array_equal(geometric.load(stage.path), expected)
    digests = {
        geometric.stage(tmp_path, subset_stage, tiny.config("", **fields)).digest
        for fields in ({}, {"seed": 1}, {"geometric__transforms": "flip"}, {"geometric__crop_fraction": 0.5})
    }
    assert len(digests) == 4 and stage.digest in digests


def test_a_second_set_has_transforms_of_its_own(tmp_path):
    config = tiny.config("shapes10")
    part = subsets.Part(("a", "b"), np.array([0, 1], np.int32), noise(2, 16))
    subset = subsets.Subset(("x", "y"), part, part)
    made = []
    for copy in (0, 1):
        stage = geometric.stage(tmp_path, artefacts.Stage(tmp_path, "subset", {}), config, copy)
        geometric.make(stage, subset, config)
        made.append(geometric.load(stage.path))
    keys = ["1/a", "1/b"]
    assert np.array_equal(made[1], geometric.augment(part.images, keys, ["crop"], seed=0))
    assert not np.array_equal(made[0], made[1])

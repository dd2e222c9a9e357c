"""Subsets: balanced, seeded, held-out images that stay put, no image on both sides."""

import numpy as np
import pytest
import tiny

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources, subsets

NAMES = ("blue", "green", "red")
LABELS = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [30, 20, 12]))


def chosen(train=5, held_out=4, seed=0):
    return subsets.choose(LABELS, NAMES, train, held_out, seed)


def test_choice_has_the_right_counts_and_no_position_twice():
    train, held_out = chosen()
    assert np.bincount(LABELS[train]).tolist() == [5, 5, 5]
    assert np.bincount(LABELS[held_out]).tolist() == [4, 4, 4]
    assert len(set(train) | set(held_out)) == 27
    # Class by class.
    assert LABELS[train].tolist() == sorted(LABELS[train])


def test_seeds_agree_and_differ():
    assert all(np.array_equal(a, b) for a, b in zip(chosen(seed=1), chosen(seed=1), strict=True))
    for side in (0, 1):
        assert set(chosen(seed=1)[side]) != set(chosen(seed=2)[side])


def test_held_out_images_do_not_depend_on_the_training_size():
    held_out = chosen(train=5)[1]
    for train in (1, 8, 0):
        assert np.array_equal(chosen(train=train)[1], held_out)
    # Smaller training sets are the first part of larger ones.
    assert set(chosen(train=2)[0]) < set(chosen(train=7)[0])


def test_zero_takes_all_however_uneven():
    train, held_out = chosen(train=0)
    assert np.bincount(LABELS[train]).tolist() == [26, 16, 8]
    assert sorted([*train, *held_out]) == list(range(len(LABELS)))


def test_nothing_held_out():
    train, held_out = chosen(held_out=0)
    assert len(train) == 15 and len(held_out) == 0


@pytest.mark.parametrize("train, held_out, expected", [(9, 4, 13), (0, 12, 13), (13, 0, 13)])
def test_too_few_images(train, held_out, expected):
    with pytest.raises(UserError) as caught:
        chosen(train=train, held_out=held_out)
    assert str(caught.value) == (
        f"--config.train_per_class={train}, --config.test_per_class={held_out}: found 12 images of class 'red' in the "
        f"source's train split, expected at least {expected}"
    )


def opened(root):
    return sources.open_source(f"folder:{root}", image_size=16)


def made(root, tmp_path, **fields):
    source = opened(root)
    subset = subsets.read(source, tiny.config(f"folder:{root}", **fields))
    stage = subsets.stage(tmp_path / "work", source, subset)
    subsets.make(stage, source, subset)
    return subset, stage


@pytest.fixture
def root(tmp_path):
    return tiny.save_images(tmp_path / "pictures", {"red": 8, "green": 9})


def test_what_is_stored_is_what_was_chosen(root, tmp_path):
    subset, stage = made(root, tmp_path)
    loaded = subsets.load(stage.path)
    assert loaded.class_names == subset.class_names == ("green", "red")
    assert loaded.classes == 2 and loaded.image_shape == (16, 16, 3)
    train = opened(root).train
    for part, count in ((loaded.train, 6), (loaded.held_out, 2)):
        assert part.counts(2).tolist() == [count, count]
        assert part.of_class(1).tolist() == list(range(count, 2 * count))
        assert np.array_equal(part.images, train.images([train.ids.index(name) for name in part.ids]))
        assert part.labels.tolist() == [("green", "red").index(name.split("/")[0]) for name in part.ids]


def test_digest_changes_with_a_pixel(root, tmp_path):
    source = opened(root)
    config = tiny.config(f"folder:{root}")
    before = subsets.read(source, config)
    again = subsets.read(opened(root), config)
    assert subsets.stage(tmp_path, source, before).digest == subsets.stage(tmp_path, source, again).digest
    for side in ("train", "held_out"):
        changed = subsets.read(source, config)
        getattr(changed, side).images[3, 5, 5, 1] ^= 1
        assert subsets.stage(tmp_path, source, changed).digest != subsets.stage(tmp_path, source, before).digest


def test_overlap_inside_the_train_split(root, tmp_path):
    """One image in two classes, all images chosen: whichever is held out, the other trains."""
    for number in range(8):
        (root / "green" / f"{number:03d}.png").write_bytes((root / "red" / f"{number:03d}.png").read_bytes())
    with pytest.raises(UserError, match="the subset's training and held-out images share 4 images: ") as caught:
        made(root, tmp_path, train_per_class=0)
    pairs = str(caught.value).split("images: ")[1].split(" (all in ")[0].split(", ")
    assert len(pairs) == 4
    for pair in pairs:
        first, second = pair.split(" = ")
        assert first.split("/")[0] != second.split("/")[0] and first.split("/")[1] == second.split("/")[1]
    assert "expected none" in str(caught.value)
    assert not (tmp_path / "work").exists()


def test_overlap_with_the_source_s_test_split(tmp_path):
    root = tmp_path / "pictures"
    tiny.save_images(root / "train", {"red": 8, "green": 8})
    tiny.save_images(root / "test", {"red": 7, "green": 1}, first=100)
    for number in range(7):
        (root / "test" / "red" / f"{100 + number}.png").write_bytes(
            (root / "train" / "red" / f"{number:03d}.png").read_bytes()
        )
    with pytest.raises(
        UserError, match="the subset's training images and the source's test split share 7 images: "
    ) as caught:
        made(root, tmp_path, train_per_class=8, test_per_class=0)
    assert "train/red/000.png = test/red/100.png" in str(caught.value)
    # Five pairs are shown.
    assert str(caught.value).count(" = ") == 5 and " and 2 more (all in " in str(caught.value)


def test_a_train_split_that_is_too_large_to_be_compared_as_a_whole(root, tmp_path, monkeypatch):
    """The subset is, and the test split."""
    (root / "green" / "copy.png").write_bytes((root / "red" / "000.png").read_bytes())
    source = opened(root)
    monkeypatch.setattr(subsets, "_COMPARED", 3)
    monkeypatch.setattr(subsets.sources.Source, "duplicates", None)
    subset = subsets.read(source, tiny.config(f"folder:{root}", train_per_class=0, test_per_class=1))
    (group,) = subsets.duplicates_in(source, subset).groups
    assert {copy.id for copy in group} == {"green/copy.png", "red/000.png"}


def test_a_test_split_that_changes_is_compared_again(tmp_path, monkeypatch):
    root = tmp_path / "pictures"
    tiny.save_images(root / "train", {"red": 8, "green": 8})
    tiny.save_images(root / "test", {"red": 2, "green": 2}, first=100)
    config = tiny.config(f"folder:{root}", train_per_class=8, test_per_class=0)
    source = sources.open_configured(config)
    subset = subsets.read(source, config)
    stage = subsets.stage(tmp_path / "work", source, subset)
    subsets.make(stage, source, subset)
    with monkeypatch.context() as patch:
        patch.setattr(subsets, "duplicates_in", lambda *args: pytest.fail("compared twice"))
        subsets.check(stage, source, subset)
    file = root / "test" / "red" / "100.png"
    pixels = file.read_bytes()
    file.write_bytes((root / "train" / "red" / "003.png").read_bytes())
    with pytest.raises(UserError, match="the source's test split share 1 images: train/red/003.png = test/red/100.png"):
        subsets.check(stage, sources.open_configured(config), subset)
    file.write_bytes(pixels)
    subsets.check(stage, sources.open_configured(config), subset)


def test_folds_are_stratified_and_seeded():
    fold = subsets.folds(LABELS, 4, seed=0)
    for label, count in enumerate((30, 20, 12)):
        sizes = np.bincount(fold[label == LABELS], minlength=4)
        assert sizes.sum() == count and sizes.max() - sizes.min() <= 1
    assert np.array_equal(fold, subsets.folds(LABELS, 4, seed=0))
    assert not np.array_equal(fold, subsets.folds(LABELS, 4, seed=1))

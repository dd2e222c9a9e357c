"""Filling: a pool ends the same whatever was drawn before, and in which order."""

import contextlib
import dataclasses

import fakes
import numpy as np
import pytest

from tfgan_aug.core import pixels, streams
from tfgan_aug.sampling import filling, pools, rules

BLOCK = 7


def fill(
    pool,
    generator,
    tp=5,
    fp=4,
    threshold=0.0,
    max_draws=700,
    allow_shortfall=False,
    judge=fakes.judge,
    shown=None,
    least=0,
):
    quotas = np.broadcast_to(tp, 3), np.broadcast_to(fp, 3)
    wanted = filling.Wanted(*quotas, rules.ThresholdRule(threshold), BLOCK, max_draws, least)
    drawer = filling.Drawer(generator, judge, 0, BLOCK)

    def progress(*numbers):
        if shown is not None:
            shown.append(numbers)

    return filling.fill(pool, drawer, wanted, fakes.NAMES, progress, allow_shortfall)


def content(path):
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def indices(pool, label, verdict, count, threshold=0.0):
    return [draw.index for draw in pool.select(rules.ThresholdRule(threshold), label, verdict, count)]


@pytest.mark.parametrize("threshold", [0.0, 0.69])
def test_lowest_accepted_indices_are_kept(tmp_path, threshold):
    pool, shown = pools.Pool(tmp_path), []
    drawn = fill(pool, fakes.Generator(), threshold=threshold, shown=shown)
    assert drawn.short_tp == drawn.short_fp == ()
    for label in range(3):
        draws, tp, fp = drawn.counts[label]
        assert draws % BLOCK == 0 and tp >= 5 and fp >= 4
        # No block more than needed.
        before = range(draws - BLOCK)
        assert (
            len(fakes.accepted(label, "tp", threshold, len(before))) < 5
            or len(fakes.accepted(label, "fp", 0, len(before))) < 4
        )
        assert tp == len(fakes.accepted(label, "tp", threshold, draws)) and fp == len(
            fakes.accepted(label, "fp", 0, draws)
        )
        for verdict, count in (("tp", 5), ("fp", 4)):
            expected = fakes.accepted(label, verdict, threshold, 700)[:count]
            assert indices(pool, label, verdict, count, threshold) == expected
        assert [numbers for numbers in shown if numbers[0] == label][-1] == (label, draws, tp, fp)


def test_selected_draws_say_what_the_judge_said(tmp_path):
    pool = pools.Pool(tmp_path)
    fill(pool, fakes.Generator())
    draw = next(pool.select(rules.ThresholdRule(), 1, "fp", 1))
    image = fakes.images_of(streams.image_seeds(0, 1, [draw.index]))
    assert np.array_equal(pixels.decode_png(draw.image), image[0])
    assert draw.predicted == fakes.judge(image)[0].argmax() != 1
    assert draw.confidence == pytest.approx(fakes.judge(image)[0].max())


def test_order_of_work_and_earlier_draws_change_nothing(tmp_path):
    plain, other = pools.Pool(tmp_path / "plain"), pools.Pool(tmp_path / "other")
    drawn = fill(plain, fakes.Generator())
    # Classes backwards, one with more blocks than needed and one with a block missing before others.
    for label, numbers in ((2, range(12)), (1, (0,)), (0, (1, 2))):
        for number in numbers:
            other.write(number, *fakes.drawer(BLOCK).draw(label, number))
    again = fill(other, fakes.Generator())
    assert np.array_equal(drawn.counts, again.counts)
    for label in range(3):
        for verdict in ("tp", "fp"):
            assert indices(plain, label, verdict, 5) == indices(other, label, verdict, 5) != []
    plain_files, other_files = content(plain.path), content(other.path)
    assert all(other_files[name] == octets for name, octets in plain_files.items())


def test_no_block_is_drawn_twice(tmp_path):
    pool, generator = pools.Pool(tmp_path), fakes.Generator()
    fill(pool, generator)
    first = list(generator.calls)
    assert len(set(first)) == len(first) == len(content(tmp_path))
    fill(pool, generator)
    assert generator.calls == first
    # More images: only what is missing.
    fill(pool, generator, tp=9)
    assert len(generator.calls) > len(first) and len(set(generator.calls)) == len(generator.calls)


def test_what_a_pool_holds_for_one_is_what_filling_it_alone_returned(tmp_path):
    """Whatever else was drawn: more images, other rules."""
    alone = fill(pools.Pool(tmp_path / "alone"), fakes.Generator(), tp=2, fp=0)
    pool = pools.Pool(tmp_path / "company")
    fill(pool, fakes.Generator(), tp=9, fp=8)
    fill(pool, fakes.Generator(), tp=2, threshold=0.8)
    wanted = filling.Wanted(np.full(3, 2), np.zeros(3, int), rules.ThresholdRule(), BLOCK, 700)
    assert filling.found(pool, wanted).counts.tolist() == alone.counts.tolist()
    assert pool.count() * BLOCK > alone.counts[:, 0].sum()
    # Short of it: what there is.
    wanted = dataclasses.replace(wanted, tp=np.full(3, 700))
    found = filling.found(pool, wanted)
    assert found.short_tp == (0, 1, 2) and found.counts[:, 0].sum() == pool.count() * BLOCK


def test_only_new_blocks_are_work(tmp_path):
    pool, entered = pools.Pool(tmp_path), []

    @contextlib.contextmanager
    def working():
        entered.append(pool.count())
        yield

    wanted = filling.Wanted(np.full(3, 5), np.full(3, 4), rules.ThresholdRule(), BLOCK, 700)
    for _ in range(2):
        filling.fill(pool, fakes.drawer(BLOCK), wanted, fakes.NAMES, lambda *numbers: None, False, working)
        assert len(entered) == pool.count()


def test_another_threshold_needs_no_draw(tmp_path):
    pool = pools.Pool(tmp_path)
    fill(pool, fakes.Generator(), tp=12)
    drawn = fill(pool, fakes.Generator(fail_at=0), tp=3, fp=2, threshold=0.69)
    assert drawn.short_tp == ()
    for label in range(3):
        assert indices(pool, label, "tp", 3, 0.69) == fakes.accepted(label, "tp", 0.69, 700)[:3]
        assert indices(pool, label, "tp", 3, 0.69) != indices(pool, label, "tp", 3)


@pytest.mark.parametrize("fail_at", [0, 1, 4])
def test_resumed_pool_has_the_same_bytes(tmp_path, fail_at):
    fill(pools.Pool(tmp_path / "whole"), fakes.Generator())
    cut = pools.Pool(tmp_path / "cut")
    with pytest.raises(OSError, match="disk is full"):
        fill(cut, fakes.Generator(fail_at=fail_at))
    assert len(content(cut.path)) == fail_at
    fill(cut, fakes.Generator())
    assert content(cut.path) == content(tmp_path / "whole")


def test_block_is_whole_or_not_there(tmp_path, monkeypatch):
    def half(path, **fields):
        path.write_bytes(b"PK half of a file")
        raise OSError("the disk is full")

    pool = pools.Pool(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", half)
        with pytest.raises(OSError, match="disk is full"):
            fill(pool, fakes.Generator())
    assert not pool.has(0, 0)
    fill(pool, fakes.Generator())
    assert pool.has(0, 0) and indices(pool, 0, "tp", 5) == fakes.accepted(0, "tp", 0, 700)[:5]


def never_green(images):
    made = fakes.judge(images)
    made[:, 1] = 0
    return made


def test_shortfall_names_rates_and_options(tmp_path):
    with pytest.raises(filling.Shortfall) as caught:
        fill(pools.Pool(tmp_path), fakes.Generator(), judge=never_green, max_draws=20)
    # Whole blocks: 20 draws are three of 7.
    assert str(caught.value) == (
        "--config.samples.max_draws_per_class=20: too few TP images: green 0 of 5 (0.0% of 21); draw more, lower "
        "--config.samples.per_class or --config.samples.threshold, train the GAN longer, or --allow_shortfall"
    )


def test_shortfall_allowed(tmp_path):
    drawn = fill(pools.Pool(tmp_path), fakes.Generator(), judge=never_green, max_draws=20, allow_shortfall=True)
    assert drawn.short_tp == (1,) and drawn.counts[1].tolist() == [21, 0, 21]


def test_a_class_that_is_never_accepted_is_told_of_at_once(tmp_path):
    """Once, long before drawing gives up; not of classes that have some, or of which none are wanted."""
    seen, told = [], []
    wanted = filling.Wanted(np.array([5, 5, 0]), np.zeros(3, int), rules.ThresholdRule(), BLOCK, 700)

    def refused(*found):
        told.append((*found, len(seen)))

    show = filling.watched(lambda *numbers: seen.append(numbers), wanted, refused)
    drawer = filling.Drawer(fakes.Generator(), never_green, 0, BLOCK)
    filling.fill(pools.Pool(tmp_path), drawer, wanted, fakes.NAMES, show, True)
    ((label, draws, place),) = told
    assert (label, draws) == (1, 301) and seen[place - 1][:2] == (1, 301) and seen[-1][:2] == (1, 700)
    # Where drawing gives up by then, the shortfall says it.
    show = filling.watched(print, dataclasses.replace(wanted, max_draws=300), refused)
    show(1, 301, 0, 301)
    assert len(told) == 1


def test_too_few_false_positives_are_no_error(tmp_path):
    def sure(images):
        return np.eye(3, dtype=np.float32)[np.zeros(len(images), int)]

    drawn = fill(pools.Pool(tmp_path), fakes.Generator(), tp=[5, 0, 0], judge=sure, max_draws=14)
    assert drawn.short_tp == () and drawn.short_fp == (0,)
    assert drawn.counts.tolist() == [[14, 14, 0], [7, 0, 7], [7, 0, 7]]


def test_classes_without_a_quota_are_not_drawn(tmp_path):
    generator = fakes.Generator()
    drawn = fill(pools.Pool(tmp_path), generator, tp=[0, 3, 0], fp=0)
    assert {label for label, _ in generator.calls} == {1}
    assert drawn.counts[[0, 2]].tolist() == [[0, 0, 0], [0, 0, 0]]


def test_block_holds_one_stream_an_image():
    blocks = [
        fakes.drawer(BLOCK, seed=seed).draw(label, number)[0]
        for seed in (0, 1)
        for label in range(3)
        for number in range(3)
    ]
    assert [block.indices.tolist() for block in blocks[:2]] == [list(range(7)), list(range(7, 14))]
    seeds = np.concatenate([block.seeds for block in blocks])
    assert len(set(seeds.tolist())) == 2 * 3 * 3 * BLOCK
    assert np.array_equal(blocks[1].images, fakes.images_of(blocks[1].seeds))
    # The block size decides nothing.
    wide, probabilities = fakes.drawer(2 * BLOCK).draw(0, 0)
    assert np.array_equal(probabilities, fakes.judge(wide.images))
    assert np.array_equal(wide.seeds, np.concatenate([blocks[0].seeds, blocks[1].seeds]))


def test_a_drawer_of_other_blocks_is_refused(tmp_path):
    wanted = filling.Wanted(np.full(3, 1), np.full(3, 1), rules.ThresholdRule(), BLOCK, max_draws=BLOCK)
    with pytest.raises(ValueError, match="found a drawer of blocks of 8 images, expected 7"):
        filling.fill(pools.Pool(tmp_path), fakes.drawer(8), wanted, fakes.NAMES, print)


def test_confusion_counts_every_draw(tmp_path):
    pool = pools.Pool(tmp_path)
    fill(pool, fakes.Generator())
    counts = pool.confusion(3)
    for label in range(3):
        drawn = sum(len(pool.read(label, number, "indices")[0]) for number in pool.blocks(label))
        images = fakes.images_of(streams.image_seeds(0, label, range(drawn)))
        expected = [int((fakes.judge(images).argmax(axis=1) == other).sum()) for other in range(3)]
        assert counts[label].tolist() == expected

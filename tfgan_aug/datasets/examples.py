"""Examples: what stands in a variant's splits, in their final order. Makes no file; `augmented` writes them.

An example is a dict with the fields of `records.features`; its image is an array or the bytes of a PNG file.
"""

import hashlib
import heapq
import itertools


def interleave(streams, counts, key=0):
    """Yields the items of several iterators in proportion: any prefix holds each one's share to within one item.

    `streams` are iterators of `counts` items. Where all counts are equal, the streams take turns in an order that `key`
    decides, so that any slice holds as many of each to within one. Items are not read ahead.

    Item j of a stream belongs between the places j * total / count and (j + 1) * total / count; of those whose first
    place has come, the one with the earliest last place goes first (Tijdeman's chairman assignment, 1980).
    """
    streams, counts = [iter(stream) for stream in streams], [int(count) for count in counts]
    total = sum(counts)

    def turn(number, j):
        """Returns (first place, end of places, seeded order, stream, item), in a heap's order."""
        tie = hashlib.sha256(f"{key}/{number}".encode()).digest()
        return j * total // counts[number], -(-(j + 1) * total // counts[number]), tie, number, j

    waiting, due = [turn(number, 0) for number, count in enumerate(counts) if count], []
    heapq.heapify(waiting)
    for place in range(total):
        while waiting and waiting[0][0] <= place:
            heapq.heappush(due, heapq.heappop(waiting)[1:])
        _, _, number, j = heapq.heappop(due)
        yield from itertools.islice(streams[number], 1)
        if j + 1 < counts[number]:
            heapq.heappush(waiting, turn(number, j + 1))


def real_examples(part, label):
    """Yields the examples of class `label` of a subset's `part`."""
    for i in part.of_class(label):
        yield example(part.images[i], int(part.labels[i]), part.ids[i], "real")


def geometric_examples(part, label, images, number=0):
    """Yields the examples of class `label` of the set `number` of geometric images, each made from one of `part`."""
    prefix = f"geometric-{number}" if number else "geometric"
    for i in part.of_class(label):
        yield example(images[i], int(part.labels[i]), f"{prefix}/{part.ids[i]}", "geometric")


def _name(gan, label, index):
    return f"{gan}/{label:04d}/{index:08d}"


def parse_name(name):
    """Returns (class it was meant as, index of its draw) from a generated image's id."""
    _, label, index = name.split("/")
    return int(label), int(index)


def generated_examples(pool, rule, gan, label, verdict, count, relabel=False):
    """Yields the examples of the first `count` draws meant as class `label` that get this verdict by `rule`.

    Their label is the intended class, or with `relabel` the one that the judge sees. The verdict recorded is the
    paper's: whether the judge sees the intended class.
    """
    for draw in pool.select(rule, label, verdict, count):
        name, predicted = _name(gan, label, draw.index), draw.predicted
        seen = "tp" if predicted == label else "fp"
        yield example(draw.image, predicted if relabel else label, name, gan, seen, predicted, draw.confidence)


def training_examples(variant, subset, geometric_sets, *, pool, rule, quotas, seed):
    """Returns (examples, their number) of a variant's train split: classes interleaved, and origins within each class.

    `geometric_sets` are `variant.geo` arrays or more, each with one image made from each training image. `pool` and
    `rule` choose generated images, `quotas` says how many: {verdict: images of each class, ints (classes,)}.
    """
    own = subset.train.counts(subset.classes)
    classes, totals = [], []
    for label in range(subset.classes):
        parts, counts = [real_examples(subset.train, label)], [int(own[label])]
        for number in range(variant.geo):
            parts.append(geometric_examples(subset.train, label, geometric_sets[number], number))
            counts.append(int(own[label]))
        for verdict, quota in quotas.items():
            relabel = variant.selection == "relabeled"
            parts.append(generated_examples(pool, rule, variant.gan, label, verdict, int(quota[label]), relabel))
            counts.append(int(quota[label]))
        classes.append(interleave(parts, counts, f"{seed}/{label}"))
        totals.append(sum(counts))
    return interleave(classes, totals, seed), sum(totals)


def held_out_examples(subset, key):
    """Returns (examples, their number) of the images held out, classes interleaved in an order that `key` decides."""
    counts = subset.held_out.counts(subset.classes)
    parts = [real_examples(subset.held_out, label) for label in range(subset.classes)]
    return interleave(parts, counts, key), int(counts.sum())


def example(image, label, name, origin, verdict="none", predicted=-1, confidence=float("nan")):
    """Returns one example: a dict with the fields of `records.features`.

    `image` is uint8 (H, W, C), or the bytes of its PNG file; `name` is its id.
    """
    return {
        "image": image,
        "label": label,
        "id": name,
        "origin": origin,
        "verdict": verdict,
        "predicted": predicted,
        "confidence": confidence,
    }

"""A survey: what was met in a set of image files, and what was done to make them squares of 8 bits.

Makes no file of its own. A survey is a dictionary for JSON: `images` (their number); `formats`, `modes`, `depths` (bits
a channel) and `done`, each {name: images}; `sizes` (distinct, smallest, largest and most_common, [width, height], and
the number of images of that one); `median`, the size of the image of median aspect ratio, and `kept`, the share of it
that a crop to a square keeps; `fit`; `peak`, the brightest value of all, 1 being white. Without images it is empty.
"""

import collections
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tfgan_aug.data import colours
from tfgan_aug.data.fitting import Fitting

NAMES = {"train": "train images", "held_out": "held-out images", "test": "the source's test images"}
_GREY = ("1", "L", "LA", "F", "I")
_WORDS = {"crop": "cropped to the middle", "stretch": "stretched", "pad": "padded with black"}
_LOST = 0.1
_DARK = 1 / 8


class Kind(NamedTuple):
    """What files have in common: format, Pillow's mode, bits a channel, and what was done to their pixels, in words."""

    format: str
    mode: str
    depth: int
    done: tuple[str, ...] = ()


class Seen(NamedTuple):
    """What was seen of one image: its size is that of the upright image; `peak` its brightest value, 1 being white."""

    kind: Kind
    width: int
    height: int
    peak: float = 1.0


def survey(seen: Iterable[Seen], fitting: Fitting) -> dict[str, Any]:
    """The survey of these images, fitted in this way. Holds no more of them than their distinct sizes."""
    kinds: collections.Counter = collections.Counter()
    sizes: collections.Counter = collections.Counter()
    peak = 0.0
    for one in seen:
        kinds[one.kind] += 1
        sizes[one.width, one.height] += 1
        peak = max(peak, one.peak)
    if not kinds:
        return {}
    done: collections.Counter = collections.Counter()
    for kind, count in kinds.items():
        grey = kind.mode.startswith(_GREY) and kind.mode != "LAB"
        repeated = {True: ("grey as RGB",), False: ()} if fitting.channels == 3 else {True: (), False: ("made grey",)}
        for name in (*kind.done, *repeated[grey]):
            done[name] += count
    for size, count in sizes.items():
        for name in _fitted(size, fitting):
            done[name] += count
    by_area = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    median = _median(sizes)
    (most_common, count), *_ = sizes.most_common(1)
    return {
        "images": kinds.total(),
        **{f"{name}s": _counted(kinds, name) for name in ("format", "mode", "depth")},
        "sizes": {
            "distinct": len(sizes), "smallest": list(by_area[0]), "largest": list(by_area[-1]),
            "most_common": list(most_common), "images": count,
        },
        "done": dict(done.most_common()), "median": list(median), "kept": min(median) / max(median),
        "fit": fitting.way, "peak": peak,
    }  # fmt: skip


def words(found: Mapping[str, Any]) -> str:
    """A survey in one line."""
    sizes = found["sizes"]
    text = f"{found['images']:,} images: {_list(found['formats'])}; modes {_list(found['modes'])}; "
    text += f"{_list({f'of {depth} bits': count for depth, count in found['depths'].items()})}; "
    if sizes["distinct"] == 1:
        text += f"all {_size(sizes['smallest'])}"
    else:
        text += f"{sizes['distinct']:,} sizes from {_size(sizes['smallest'])} to {_size(sizes['largest'])}"
        text += f", most often {_size(sizes['most_common'])} ({sizes['images']:,})"
    done = ", ".join(f"{count:,} {name}" for name, count in found["done"].items())
    return f"{text}; {done or 'left as they are'}"


def warnings(found: Mapping[str, Any]) -> list[str]:
    """What a person should look at before training, a line each, with numbers."""
    lines = []
    if found["fit"] == "crop" and 1 - found["kept"] > _LOST:
        lines.append(
            f"the median image is {_size(found['median'])}; crop keeps the middle {found['kept'] * 100:.0f} % of it; "
            "--config.fit=pad or --config.fit=stretch keeps all"
        )
    if found["peak"] < _DARK:
        lines.append(f"the brightest value of all images is {found['peak'] * 255:.0f} of 255: they are nearly black")
    if blank := found["done"].get(colours.BLANK):
        lines.append(f"{blank:,} of {found['images']:,} images are wholly transparent: they become blank")
    return lines


def _fitted(size, fitting):
    """What is done to an image of that size, in words."""
    width, height = size
    if width != height:
        yield _WORDS[fitting.way]
    # A crop keeps the short side, the other two bring the long one to the size.
    side = min(width, height) if fitting.way == "crop" else max(width, height)
    if side != fitting.image_size or (fitting.way == "stretch" and width != height):
        yield "enlarged" if side < fitting.image_size else "shrunk"


def _median(sizes):
    """The size of the image whose aspect ratio is the (lower) median."""
    left = sizes.total() / 2
    for size in sorted(sizes, key=lambda size: (min(size) / max(size), size)):
        left -= sizes[size]
        if left <= 0:
            break
    return size


def _counted(kinds, name):
    counts: collections.Counter = collections.Counter()
    for kind, count in kinds.items():
        counts[str(getattr(kind, name))] += count
    return dict(counts.most_common())


def _list(counts):
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _size(size):
    return f"{size[0]} x {size[1]}"

"""Speed of every stage on this machine, each beside its bound, as ratios within one run.

A bound is what the stage cannot beat, or what users would pick instead: the bare forward passes of the networks that
it calls, its multiply-adds at the rate of a convolution measured in the same run, the same network in the style of
Keras' examples, TFDS' own reading. Nothing is written outside a temporary folder.
"""

import itertools

import numpy as np

from tfgan_aug.benchmarks import data_speed, training_speed
from tfgan_aug.benchmarks.rates import Speed, peak_memory
from tfgan_aug.data import sources
from tfgan_aug.evaluation import copying, quality
from tfgan_aug.training import strategies
from tfgan_aug.training.timing import images_per_second

# As many as two blocks of distances.
_METRIC_IMAGES = 4_000


def run(config, seconds, strategy, note=lambda text: None):
    """Returns ([`Speed`], peak memory in GiB) for the config's networks; each measure repeats for `seconds`."""
    strategies.set_up(config.seed)
    source = sources.open_configured(config)
    measured = []
    for speed in itertools.chain(
        training_speed.speeds(config, strategy, source.image_shape, len(source.class_names), seconds),
        data_speed.speeds(config, strategy, source, seconds),
        metric_speeds(seconds),
    ):
        measured.append(speed)
        note(f"{speed.name}: {speed.rate:,.0f} images/s")
    return measured, peak_memory()


def metric_speeds(seconds, count=_METRIC_IMAGES, dimensions=256):
    """Yields a `Speed` of each metric, of `count` generated against as many real feature vectors."""
    rng = np.random.default_rng(0)
    real, fake = (rng.standard_normal((count, dimensions)) for _ in range(2))
    bare = images_per_second(lambda: real @ fake.T, count, seconds)
    metrics = (
        ("nearest training images", 1, lambda: copying.near_copies(real, fake, 1.0)),
        ("authenticity", 2, lambda: copying.authenticity(real, fake)),
        ("precision and recall", 4, lambda: quality.precision_recall(real, fake)),
        ("density and coverage", 2, lambda: quality.density_coverage(real, fake)),
        ("kernel distance", 3, lambda: quality.kernel_distance(real, fake, subsets=1, subset_size=count)),
        ("Fréchet distance", 0, lambda: quality.frechet_distance(real, fake)),
        ("C_T", 0, lambda: copying.ct_test(real, real[::-1] + 0.1, fake)),
    )
    for name, products, work in metrics:
        words = f"{products} product{'s' * (products > 1)} of the {count:,} x {dimensions} matrices alone"
        bound = bare / products if products else float("nan")
        yield Speed(name, images_per_second(work, count, seconds), bound, words if products else "-")


def table(speeds, memory, start, grown=()):
    """Markdown: the speeds, the peak memory in GiB, seconds of `--help`, and what `data_speed.growth` yielded."""
    lines = [
        "| stage | images/s | beside, images/s | share | beside what |",
        "| --- | --- | --- | --- | --- |",
    ]
    for speed in speeds:
        bound, share = (
            (f"{speed.bound:,.0f}", f"{speed.rate / speed.bound:.0%}") if np.isfinite(speed.bound) else ("-", "-")
        )
        lines.append(f"| {speed.name} | {speed.rate:,.0f} | {bound} | {share} | {speed.bound_name} |")
    lines += ["", f"Peak memory: {memory:.1f} GiB. `--help`: {start:.2f} s."]
    if grown:
        lines += ["", "| tiny images | seconds | us an image | peak memory, GiB | shards | MB |", "| --- " * 6 + "|"]
    for found in grown:
        each, size = 1e6 * found["seconds"] / found["images"], found["bytes"] / 1e6
        lines.append(
            f"| {found['images']:,} | {found['seconds']:.0f} | {each:.0f} | {found['memory']:.2f} | "
            f"{found['shards']} | {size:,.0f} |"
        )
    return "\n".join(lines)

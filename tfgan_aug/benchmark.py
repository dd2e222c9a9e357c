"""Speed of every stage on this machine, each beside its bound, as ratios within one run.

A bound is what the stage cannot beat: the bare forward passes of the networks that it calls, its multiply-adds at the
rate of a convolution measured in the same run, the bare encoding of its PNG files, TFDS' own reading. Nothing is
written outside a temporary folder.
"""

import dataclasses
import io
import pathlib
import resource
import tempfile
import time

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from tfgan_aug import (
    augmented,
    classifiers,
    dcgan_stage,
    generators,
    sources,
    stacked_stages,
    streams,
    training,
    variants,
    verdicts,
)
from tfgan_aug.metrics import copying, quality

# As many as two blocks of distances.
_METRIC_IMAGES = 4_000


@dataclasses.dataclass(frozen=True)
class Row:
    """`rate` and `bound` in images/s; `bound_name` says what the bound is."""

    name: str
    rate: float
    bound: float
    bound_name: str


def images_per_second(work, images, seconds):
    """The best rate of repeated calls of `work`, each handling `images` images, within `seconds`; one call warms up."""
    work()
    best, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end or not best:
        start = time.perf_counter()
        work()
        best = max(best, images / (time.perf_counter() - start))
    return best


def run(config, seconds, strategy, note=lambda text: None):
    """Gives ([`Row`], peak memory in GiB) for the config's networks; each measure repeats for `seconds`."""
    training.set_up(config.seed)
    source = sources.open_configured(config)
    classes, shape = len(source.class_names), source.image_shape
    block = config.samples.block_size
    rows = []

    def add(*row):
        rows.append(Row(*row))
        note(f"{row[0]}: {row[1]:,.0f} images/s")

    with strategy.scope():
        gan = dcgan_stage.build(config.dcgan, shape, classes if config.dcgan.conditioning == "label" else 1, 0)
        classifier = classifiers.build("--config.classifier", config.classifier, shape, classes, 0)
        judge = classifiers.build("--config.judge", config.judge, shape, classes, 0)
    batch, rng = config.dcgan.batch_size, np.random.default_rng(0)

    def data(count):
        return rng.integers(0, 256, (count, *shape), np.uint8), rng.integers(0, gan.classes, count).astype(np.int32)

    images, labels = map(tf.constant, data(batch))
    floats, latents = tf.zeros((batch, *shape)), tf.zeros((batch, gan.latent_dim))
    generator_forward = _compiled(lambda: gan.generator([latents, labels], training=False))
    discriminator_forward = _compiled(lambda: gan.discriminator([floats, labels], training=False))
    g_rate = images_per_second(generator_forward, batch, seconds)
    d_rate = images_per_second(discriminator_forward, batch, seconds)
    rate = images_per_second(training_step(gan, strategy, (images, labels)), batch, seconds)
    add("DCGAN training", rate, 1 / (2 / g_rate + 3 / d_rate), "its 2 + 3 forward passes alone")

    for row in _stacked(config.sgan, strategy, data, shape, classes, seconds):
        add(*row)

    batch = config.classifier.batch_size
    images, labels = map(tf.constant, data(batch))
    floats = tf.zeros((batch, *shape))
    forward = images_per_second(_compiled(lambda: classifier.network(floats, training=False)), batch, seconds)
    rate = images_per_second(training_step(classifier, strategy, (images, labels)), batch, seconds)
    add("classifier training", rate, forward, "its forward pass alone")

    images, labels = data(block)
    seeds = streams.image_seeds(0, 0, np.arange(block))
    floats, latents = tf.zeros((block, *shape)), tf.zeros((block, gan.latent_dim))
    int_labels = tf.constant(labels)
    g_rate = images_per_second(_compiled(lambda: gan.generator([latents, int_labels], training=False)), block, seconds)
    j_rate = images_per_second(_compiled(lambda: judge.network(floats, training=False)), block, seconds)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        generators.export(gan, folder / "generator")
        generator = generators.load(folder)
        rate = images_per_second(lambda: generator(labels, seeds), block, seconds)
        add("generated", rate, g_rate, "the generator's forward pass alone")
        rate = images_per_second(lambda: judge.probabilities(images, block), block, seconds)
        add("judged", rate, j_rate, "the judge's forward pass alone")
        pool, numbers = verdicts.Pool(folder / "pool"), iter(range(10**9))

        def draw():
            verdicts.draw(pool, generator, lambda x: judge.probabilities(x, block), 0, 0, next(numbers), block)

        both = 1 / (1 / g_rate + 1 / j_rate)
        add("drawn, judged and kept", images_per_second(draw, block, seconds), both, "both forward passes alone")

        count = 4 * block
        pixels = source.train.images(np.arange(count) % len(source.train.ids))
        data_set = augmented.Dataset(folder, "benchmark", "real")

        def write():
            examples = (variants.example(image, 0, f"{i:08d}", "real") for i, image in enumerate(pixels))
            augmented.write_split(data_set.path, "benchmark", "train", examples, count, shape)

        data_set.path.mkdir(parents=True)
        rate = images_per_second(write, count, seconds)
        add("written", rate, images_per_second(lambda: _encode(pixels), count, seconds), "PNG encoding alone")
        rate, name = _reading(config, count, seconds)
        data_set.write(
            train=(variants.example(image, 0, f"{i:08d}", "real") for i, image in enumerate(pixels)),
            train_count=count,
            test=(),
            test_count=0,
            image_shape=shape,
            class_names=source.class_names,
            info={},
            provenance={},
            card="",
        )
        builder = tfds.builder_from_directory(str(data_set.path))
        add("read", _read_rate(builder, "train", seconds), rate or float("nan"), name)
    for row in metric_rows(seconds):
        add(*row)
    return rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def metric_rows(seconds, count=_METRIC_IMAGES, dimensions=256):
    """Yields a `Row`'s fields for each metric, of `count` generated against as many real feature vectors."""
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
        yield name, images_per_second(work, count, seconds), bound, words if products else "-"


def stacked_models(section, strategy, data, encoder_data, shape, classes):
    """Yields (name, compiled model, one batch) of each of the Stacked GAN's stages, in the order of training.

    `data` and `encoder_data` are (images uint8, labels int32), one batch. Use a model before the next is asked for:
    the encoder is trainable alone and frozen in the stack.
    """
    with strategy.scope():
        encoder = stacked_stages.build_encoder(section, shape, classes, 0)
        gan = stacked_stages.build(section, encoder.network, 0)
        levels = [gan.level(index) for index in range(section.stacks)]
        for level in levels:
            level.compile()
    stages = [("Stacked GAN encoder", encoder, encoder_data)]
    for index, level in enumerate(levels):
        stages.append((f"Stacked GAN level {index}", level, gan.level_data(index, *data)))
    stages.append(("Stacked GAN joint", gan, gan.joint_data(*data)))
    for name, model, arrays in stages:
        model.trainable = True
        gan.encoder.trainable = model is encoder
        yield name, model, arrays


def _stacked(section, strategy, data, shape, classes, seconds):
    """Rows of the Stacked GAN's stages, each beside the time of its multiply-adds at the measured convolution rate."""
    batch, pool = section.batch_size, 4 * section.batch_size
    operations, batches = convolution_rate(seconds), (data(batch), data(section.encoder.batch_size))
    for name, model, arrays in stacked_models(section, strategy, *batches, shape, classes):
        arrays = tf.nest.map_structure(tf.constant, arrays)
        size = len(arrays[1])
        step = training_step(model, strategy, arrays)
        needed = multiply_adds(step.graph().graph, size)
        rate = images_per_second(step, size, seconds)
        bound = (
            f"{needed / 1e9:.1f} billion multiply-adds at {operations / 1e9:.0f} a second: "
            f"{1e3 * needed / operations:.0f} of {1e3 * size / rate:.0f} ms a step"
        )
        yield f"{name} training", rate, size * operations / needed, bound
    # The last model is the whole stack.
    images, floats = data(pool)[0], tf.zeros((pool, *shape))
    features_rate = images_per_second(lambda: model.features(images), pool, seconds)
    forward = _compiled(lambda: model.encoder(floats, training=False))
    yield "Stacked GAN features", features_rate, images_per_second(forward, pool, seconds), "the encoder's forward pass"


def convolution_rate(seconds):
    """Multiply-adds a second of a convolution, 3 x 3 from 128 to 128 channels, 16 x 16 pixels, with its gradients."""
    batch, channels = 64, 128
    x = tf.Variable(tf.zeros((batch, 16, 16, channels)))
    kernel = tf.Variable(tf.zeros((3, 3, channels, channels)))

    def work():
        with tf.GradientTape() as tape:
            y = tf.nn.conv2d(x, kernel, 1, "SAME")
        return tf.add_n([tf.reduce_sum(gradient[:1]) for gradient in tape.gradient(y, [x, kernel])])

    return images_per_second(_compiled(work), 3 * batch * 16 * 16 * 9 * channels**2, seconds)


def multiply_adds(graph, batch):
    """Multiply-adds of the convolutions and matrix products that a graph's results need; unknown sizes are `batch`."""

    def size(shape):
        return int(np.prod([batch if side is None else side for side in shape]))

    total, seen, waiting = 0, set(), [*(tensor.op for tensor in graph.outputs), *graph.control_outputs]
    while waiting:
        operation = waiting.pop()
        if operation in seen:
            continue
        seen.add(operation)
        waiting += [tensor.op for tensor in operation.inputs] + list(operation.control_inputs)
        if operation.type == "Conv2D":
            total += size(operation.outputs[0].shape) * size(operation.inputs[1].shape[:3])
        elif operation.type == "Conv2DBackpropInput":
            total += size(operation.inputs[2].shape) * size(operation.inputs[1].shape[:3])
        elif operation.type == "Conv2DBackpropFilter":
            total += size(operation.inputs[2].shape) * size(operation.outputs[0].shape[:3])
        elif operation.type == "MatMul":
            inner = operation.inputs[0].shape[0 if operation.get_attr("transpose_a") else 1]
            total += size(operation.outputs[0].shape) * size([inner])
    return total


def _reading(config, count, seconds):
    """(images/s, name) of TFDS reading `count` images of the source itself; None where it is no TFDS dataset."""
    if config.source == "shapes10" or config.source.startswith("folder:"):
        return None, "no TFDS source"
    builder = tfds.builder(config.source, data_dir=config.source_data_dir or None)
    return _read_rate(builder, f"train[:{count}]", seconds), f"tfds.load({config.source!r})"


def _read_rate(builder, split, seconds):
    def read():
        data = builder.as_dataset(split=split, as_supervised=True, read_config=tfds.ReadConfig(try_autocache=False))
        return sum(int(labels.shape[0]) for _, labels in data.batch(128))

    return images_per_second(read, read(), seconds)


def _encode(images):
    for image in images:
        Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(io.BytesIO(), "png")


def _compiled(function):
    graph = tf.function(function, autograph=False)
    return lambda: graph().numpy()


def training_step(model, strategy, batch):
    """One training step of `model` as `fit` runs it, on the same batch each time."""
    step = tf.function(lambda: strategy.run(model.train_step, args=(batch,)), autograph=False)

    def work():
        step()
        return model.optimizer.iterations.numpy()

    work.graph = step.get_concrete_function
    return work


def table(rows, memory):
    """A Markdown table of the rows, and the peak memory."""
    lines = [
        "| stage | images/s | bound, images/s | share of the bound | the bound |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        bound, share = (f"{row.bound:,.0f}", f"{row.rate / row.bound:.0%}") if np.isfinite(row.bound) else ("-", "-")
        lines.append(f"| {row.name} | {row.rate:,.0f} | {bound} | {share} | {row.bound_name} |")
    return "\n".join([*lines, "", f"Peak memory: {memory:.1f} GiB."])

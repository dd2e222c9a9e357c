"""How fast images are drawn, judged, written and read, and what many of them cost.

Leaves no file: all go to a temporary folder.
"""

import contextlib
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import keras
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from tfgan_aug.benchmarks.rates import Speed, peak_memory
from tfgan_aug.classifiers import classifier, networks, recipes
from tfgan_aug.core import pixels, streams
from tfgan_aug.data import built_in, transforms
from tfgan_aug.datasets import augmented, examples, records, verification
from tfgan_aug.experiments.families import FAMILIES
from tfgan_aug.gans.dcgan import DCGAN
from tfgan_aug.sampling import filling, pools, rules, saved_models
from tfgan_aug.training import strategies
from tfgan_aug.training.timing import compiled, images_per_second, side_by_side, training_step

_BLOCKS, _READ = 8, 4_000
# Of the images that `grow` makes: few pixels and weights, so that what does not depend on them shows.
_TINY, _TINY_CLASSES, _TINY_BLOCK = (16, 16, 3), 10, 500


def speeds(config, strategy, source, seconds):
    """Yields a `Speed` of drawing, judging, writing and reading with the config's networks."""
    shape, classes, block = source.image_shape, len(source.class_names), config.samples.block_size
    with strategy.scope():
        gan = FAMILIES["dcgan"].build(config.dcgan, shape, classes if config.dcgan.conditioning == "label" else 1, 0)
        judge = classifier.build("--config.judge", config.judge, shape, classes, 0)
    labels, seeds = np.zeros(block, np.int32), streams.image_seeds(0, 0, np.arange(block))
    floats, latents, int_labels = tf.zeros((block, *shape)), tf.zeros((block, gan.latent_dim)), tf.constant(labels)
    bare = [
        compiled(lambda: gan.generator([latents, int_labels], training=False)),
        compiled(lambda: judge.network(floats, training=False)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        saved_models.export(gan, folder / "generator")
        generator = saved_models.load(folder)
        images = generator(labels, seeds)
        rates = side_by_side([lambda: generator(labels, seeds), bare[0]], block, seconds)
        yield Speed("generated", *rates, "the generator's forward pass alone")
        rates = side_by_side([lambda: judge.probabilities(images, block), bare[1]], block, seconds)
        yield Speed("judged", *rates, "the judge's forward pass alone")

        def judged(images):
            return judge.probabilities(images, block)

        places = (folder / f"pool-{number}" for number in itertools.count())

        def both():
            for _ in range(_BLOCKS):
                for work in bare:
                    work()

        made = [lambda: _fill(next(places), generator, judged, 1, _BLOCKS * block, block), both]
        rates = side_by_side(made, _BLOCKS * block, seconds)
        yield Speed("drawn, judged and kept", *rates, "both forward passes alone, one after the other")
        made[0] = lambda: _fill_and_write(next(places), generator, judged, 1, _BLOCKS * block, block, shape)
        rates = side_by_side(made, _BLOCKS * block, seconds)
        yield Speed("drawn, judged, kept and written", *rates, "both forward passes alone, one after the other")
        count = min(_READ, len(source.train.ids))
        real = source.train.images(np.arange(count) % len(source.train.ids))
        yield from _files(config, strategy, real, folder, classes, seconds)


def _fill(path, generator, judge, classes, images, block):
    """A pool of `images` draws, as the main job makes it: (the pool, [draws, TP, FP] of each class)."""
    pool = pools.Pool(path)
    none = np.zeros(classes, int)
    wanted = filling.Wanted(none, none, rules.ThresholdRule(), block, max_draws=images, least=images // classes)
    drawer, names = filling.Drawer(generator, judge, 0, block), [str(label) for label in range(classes)]
    drawn = filling.fill(pool, drawer, wanted, names, lambda *numbers: None, allow_shortfall=True)
    return pool, drawn.counts


def _generated(pool, counts):
    """(examples, their number) of every draw of a pool, classes and verdicts interleaved."""
    parts = [
        (examples.generated_examples(pool, rules.ThresholdRule(), "dcgan", label, verdict, int(found)), int(found))
        for label, (_, *founds) in enumerate(counts)
        for verdict, found in zip(("tp", "fp"), founds, strict=True)
    ]
    streams, numbers = zip(*parts, strict=True)
    return examples.interleave(streams, numbers), sum(numbers)


def _fill_and_write(path, generator, judge, classes, images, block, shape):
    records.write_split(
        path, "benchmark", "train", *_generated(*_fill(path, generator, judge, classes, images, block)), shape
    )


def _write(dataset, train, count, shape, classes):
    """Writes a dataset with only a train split, reads it back and checks it, as the main job does."""
    names = tuple(str(label) for label in range(classes))
    dataset.write(augmented.Contents(train, count, (), 0, shape, names, info={}), provenance={}, card="")


def _files(config, strategy, images, folder, classes, seconds):
    """Yields a `Speed` of writing and reading `images`, uint8 (N, H, W, C)."""
    count, shape = len(images), images.shape[1:]
    dataset = augmented.Dataset(folder, "benchmark", "real")

    def real():
        return (examples.example(image, i % classes, f"{i:08d}", "real") for i, image in enumerate(images))

    def write():
        records.write_split(folder, "benchmark", "train", real(), count, shape)

    rates = side_by_side([write, lambda: [pixels.encode_png(image) for image in images]], count, seconds)
    yield Speed("real images written", *rates, "PNG encoding alone")
    _write(dataset, real(), count, shape, classes)
    ours, plain = (tfds.builder_from_directory(str(path)) for path in (dataset.path, _plain(folder / "1.0.0", images)))
    rates = side_by_side([_reader(ours, "train"), _reader(plain, "train")], count, seconds)
    yield Speed("read", *rates, "the same images as TFDS writes them: id, image and label, compressed")

    def verify():
        verification.differences(dataset.path, whole=True)
        verification.verify(dataset.path, {records.TRAIN: count, records.HELD_OUT: 0}, classes)

    rates = side_by_side([verify, _reader(ours, "train")], count, seconds)
    yield Speed("verified", *rates, "the line `read`")
    if config.source not in built_in.SETS and not config.source.startswith("folder:"):
        theirs = tfds.builder(config.source, data_dir=config.source_data_dir or None)
        rates = side_by_side([_reader(ours, "train"), _reader(theirs, f"train[:{count}]")], count, seconds)
        yield Speed("read", *rates, f"tfds.load({config.source!r}) as it lies there")

    with strategy.scope():
        model = classifier.build("--config.classifier", config.classifier, shape, classes, 0)
    size = config.classifier.batch_size
    batch = tf.constant(images[:size]), tf.constant(np.arange(size, dtype=np.int32) % classes)
    trained = images_per_second(training_step(model, strategy, batch), size, seconds)
    names = transforms.transform_names("augmentation", recipes.RECIPES["best"].augmentation)
    read = images_per_second(_reader(ours, "train", size, names), count, seconds)
    words = f"what the classifier trains on {strategies.device_names(strategy)}"
    yield Speed(f"read, shuffled, batched, {', '.join(names)}", read, trained, words)


def _plain(folder, images):
    """The folder of a dataset of `images` that TFDS encodes by itself."""
    folder.mkdir()
    label = tfds.features.ClassLabel(num_classes=1)
    features = tfds.features.FeaturesDict(
        {"id": tfds.features.Text(), "image": tfds.features.Image(shape=images.shape[1:]), "label": label}
    )
    encoded = [
        features.serialize_example(features.encode_example({"id": f"{i:08d}", "image": image, "label": 0}))
        for i, image in enumerate(images)
    ]
    with tf.io.TFRecordWriter(str(folder / "plain-train.tfrecord-00000-of-00001")) as writer:
        for record in encoded:
            writer.write(record)
    tfds.folder_dataset.write_metadata(
        data_dir=str(folder),
        features=features,
        split_infos=[records.split_info(folder, "plain", "train", [len(encoded)], map(len, encoded))],
        supervised_keys=("image", "label"),
        check_data=False,
    )
    return folder


def _reader(builder, split, batch_size=128, names=None):
    """A function that reads a split once, as a Keras user would; `names` (None: no shuffling) are transforms."""

    def read():
        data = builder.as_dataset(
            split=split,
            as_supervised=True,
            shuffle_files=names is not None,
            read_config=tfds.ReadConfig(try_autocache=False),
        )
        if names is not None:
            data = data.shuffle(1_000).batch(batch_size).map(augment, num_parallel_calls=tf.data.AUTOTUNE)
        else:
            data = data.batch(batch_size)
        return sum(int(labels.shape[0]) for _, labels in data.prefetch(2))

    layers = keras.Sequential(transforms.layers_for(names or (), builder.info.features["image"].shape[0]))

    def augment(images, labels):
        return layers(tf.cast(images, tf.float32), training=True), labels

    return read


# Start-up, and many images


def help_seconds():
    """Seconds of `--help` of the main command in a process of its own: the least of three."""
    words = [sys.executable, "-c", "from tfgan_aug.commands import build_dataset; build_dataset.command()", "--help"]
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True)
        taken.append(time.perf_counter() - start)
    return min(taken)


def growth(sizes, note=lambda text: None):
    """Yields what `grow` prints for each of `sizes`, each in a process of its own: seconds, memory (GiB), bytes, ..."""
    for images in sizes:
        words = [sys.executable, "-c", f"from tfgan_aug.benchmarks import data_speed; data_speed.grow({int(images)})"]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        note(f"{images:,} images: {found['seconds']:.0f} s, {found['memory']:.2f} GiB")
        yield found


def grow(images):
    """Draws, judges, writes, reads back and checks `images` tiny images as the main job does; prints JSON."""
    strategies.set_up()
    gan = DCGAN(_TINY, _TINY_CLASSES, latent_dim=8, width=1)
    judge = classifier.Classifier(networks.paper_cnn(_TINY, _TINY_CLASSES, 0.05))
    clock, start = {}, time.monotonic()

    @contextlib.contextmanager
    def timed(name):
        begun = time.monotonic()
        yield
        clock[name] = time.monotonic() - begun

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with timed("draw and judge"):
            pool, counts = _fill(
                folder / "pool",
                lambda *block: gan.draw(*map(tf.constant, block)).numpy(),
                lambda block: judge.probabilities(block, _TINY_BLOCK),
                _TINY_CLASSES,
                images,
                _TINY_BLOCK,
            )
        train, count = _generated(pool, counts)
        dataset = augmented.Dataset(folder, "benchmark", "dcgan_tp_fp")
        with timed("write and read back"):
            _write(dataset, train, count, _TINY, _TINY_CLASSES)
        shards = list(dataset.path.glob("*.tfrecord-*"))
        size = sum(path.stat().st_size for path in shards)
    found = {"images": count, "seconds": time.monotonic() - start, "shards": len(shards), "bytes": size, **clock}
    print(json.dumps({**found, "memory": peak_memory()}))

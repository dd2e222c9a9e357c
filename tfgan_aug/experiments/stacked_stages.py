"""The Stacked GAN's stages: the encoder, each level alone, the levels jointly. Each is found or made by its digest.

Artefacts: `sgan-encoder-<digest>/encoder.keras`; `sgan-level-<n>-<digest>/level.weights.h5`, level 0 with the preview
`level.png` (a real image, then images from its features); `sgan-<digest>/gan.keras` and `gan.png`. Each with its
learning curve, a CSV file, and with a preview `tensorboard/` (see `training.monitor`).
"""

import functools

import keras
import numpy as np

from tfgan_aug.classifiers import classifier, networks
from tfgan_aug.core import artefacts, fields, optimizers, streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments import inspection
from tfgan_aug.gans.config import StackedGANOptions
from tfgan_aug.gans.stacked import REPRESENTATIONS, StackedGAN
from tfgan_aug.training import loop, monitor

TITLE = "Stacked GAN"

_PREVIEWS = 9
_KINDS = ("image", "feature", "joint")


def stage(run):
    """Returns the stage of joint training; its parts are the encoder's and the levels', lowest first."""
    section = fields.digest_form(run.config.sgan)
    inputs = {"subset": run.subset_stage.digest, "encoder": section.pop("encoder"), "seed": run.config.seed}
    if run.config.sgan.encoder.trained_on == "source_train":
        inputs["source"] = run.source.train_digest
    encoder = artefacts.Stage(run.workdir, "sgan-encoder", inputs)
    own = {kind: {name: value for name, value in section.items() if name.startswith(kind)} for kind in _KINDS}
    shared = {name: value for name, value in section.items() if not name.startswith(_KINDS)}
    levels = []
    for index in range(section["stacks"]):
        dependencies = {"encoder": encoder.digest, "level": index, "sgan": {**shared, **own[_kind(index)]}}
        levels.append(artefacts.Stage(run.workdir, f"sgan-level-{index}", dependencies))
    dependencies = {"levels": [level.digest for level in levels], "joint": own["joint"]}
    return artefacts.Stage(run.workdir, "sgan", dependencies, parts=(encoder, *levels))


def _kind(index):
    """Returns what the config fields of a level start with."""
    return "feature" if index else "image"


def build_encoder(section, image_shape, classes, seed):
    """Returns a compiled classifier as the section's `encoder` says; call it in the strategy's scope."""
    return classifier.build("--config.sgan.encoder", section.encoder, image_shape, classes, seed, networks.encoder)


def build(section, network, seed):
    """Returns a compiled Stacked GAN on the encoder `network` as the section says; call it in the strategy's scope."""
    keras.utils.set_random_seed(streams.key_of("initial weights", "sgan", seed))
    model = StackedGAN(network, seed=seed, **fields.options_of(StackedGANOptions, section))
    return _compile(model, section, "joint")


def _compile(model, section, kind):
    rate = getattr(section, f"{kind}_learning_rate")
    model.compile(*(optimizers.Adam(rate, beta_1=section.beta_1) for _ in range(2)))
    return model


def batches(run):
    """See `families.Family`."""
    section, count = run.config.sgan, len(run.subset.train.ids)
    leaking = section.encoder.trained_on == "source_train"
    sizes = {
        "batch_size": (section.batch_size, count),
        "encoder.batch_size": (section.encoder.batch_size, len(run.source.train.ids) if leaking else count),
    }
    return [(f"--config.sgan.{name}", *size, "training images") for name, size in sizes.items()]


def check(run):
    """See `families.Family`."""
    section, subset = run.config.sgan, run.subset
    encoder = build_encoder(section, subset.image_shape, subset.classes, 0)
    try:
        build(section, encoder.network, 0)
    except ValueError as error:
        raise UserError(f"--config.sgan: {error}") from None


def make_parts(stage, run):
    """Fills the stages of the encoder and of the levels."""
    encoder_stage, *level_stages = stage.parts
    encoder_stage.ensure(lambda: _make_encoder(encoder_stage, run), run.progress.note)
    for index, level_stage in enumerate(level_stages):
        make = functools.partial(_make_level, level_stage, index, encoder_stage, run)
        level_stage.ensure(make, run.progress.note)


def _make_encoder(stage, run):
    config, subset = run.config, run.subset
    section, seed = config.sgan.encoder, streams.key_of("sgan encoder", config.seed) % 2**31
    with stage.making() as folder:
        loop.trained(
            folder / "encoder.keras",
            lambda: build_encoder(config.sgan, subset.image_shape, subset.classes, seed),
            _encoder_arrays(run),
            loop.Budget.of(section, seed),
            run.strategy,
            run.progress.training("sgan encoder", section.steps),
        )


def _encoder_arrays(run):
    """Returns (images, labels) that the encoder learns from: the subset's, or, which leaks, the whole source's."""
    if run.config.sgan.encoder.trained_on == "source_train":
        train = run.source.train
        return train.images(np.arange(len(train.ids))), train.labels.astype(np.int32)
    return run.subset.train.images, run.subset.train.labels


def _start(encoder_stage, run, seed):
    """Returns a Stacked GAN of initial weights on the trained encoder, whose representations are evened out."""
    with run.strategy.scope(), artefacts.loading(encoder_stage.path):
        network = keras.models.load_model(encoder_stage.path / "encoder.keras", compile=False).network
    with run.strategy.scope():
        networks.even_out(network, run.subset.train.images, REPRESENTATIONS)
        return build(run.config.sgan, network, seed)


def _make_level(stage, index, encoder_stage, run):
    with stage.making() as folder:
        _train_level(folder, index, encoder_stage, run)


def _train_level(folder, index, encoder_stage, run):
    section, data, classes = run.config.sgan, run.subset.train, run.subset.classes
    seed = streams.key_of("sgan", run.config.seed) % 2**31
    gan = _start(encoder_stage, run, seed)
    callbacks = []
    if index == 0 and section.stacks > 1:
        first = [data.of_class(label)[0] for label in range(min(classes, _PREVIEWS + 1))]
        images = inspection.from_features(gan, data.images[first], _PREVIEWS)
        callbacks.append(monitor.Monitor(folder / "level.png", lambda model: images()))
    steps = getattr(section, f"{_kind(index)}_steps")
    loop.trained(
        folder / "level.weights.h5",
        lambda: _compile(gan.level(index), section, _kind(index)),
        gan.level_data(index, data.images, data.labels),
        loop.Budget.of(section, seed, steps),
        run.strategy,
        run.progress.training(f"sgan level {index}", steps),
        callbacks,
    )


def train(folder, stage, run):
    """Returns the Stacked GAN, trained jointly in `folder` from the weights of its levels."""
    section, data = run.config.sgan, run.subset.train
    encoder_stage, *level_stages = stage.parts
    # Another seed than the levels': their noise is keyed by the same streams.
    seed = streams.key_of("sgan joint", run.config.seed) % 2**31
    gan = _start(encoder_stage, run, seed)
    for index, level_stage in enumerate(level_stages):
        with run.strategy.scope(), artefacts.loading(level_stage.path):
            _compile(gan.level(index), section, _kind(index)).load_weights(level_stage.path / "level.weights.h5")
    if section.joint_steps:
        arrays = gan.joint_data(data.images, data.labels)
        loop.trained(
            folder / "gan.keras",
            lambda: gan,
            arrays,
            loop.Budget.of(section, seed, section.joint_steps),
            run.strategy,
            run.progress.training("sgan joint", section.joint_steps),
            [monitor.Monitor(folder / "gan.png", monitor.classes_in_rows, (data.images, data.labels))],
        )
    else:
        gan.save(folder / "gan.keras")
    return gan


def inspect(stage, run, folder):
    """Writes what each level of the trained GAN does (see `inspection`) to `folder`; returns the paths."""
    with artefacts.loading(stage.path):
        gan = keras.models.load_model(stage.path / "gan.keras", compile=False)
    return inspection.inspect(gan, run.subset.train, folder, run.config.seed)


def models(section, strategy, batch, image_shape, classes):
    """Yields (name, compiled model, one batch) of each of the stages, in the order of training.

    `batch(size)` returns (images uint8, labels int32). Use a model before the next one is asked for: the encoder is
    trainable alone and frozen in the stack.
    """
    data, encoder_data = batch(section.batch_size), batch(section.encoder.batch_size)
    with strategy.scope():
        encoder = build_encoder(section, image_shape, classes, 0)
        gan = build(section, encoder.network, 0)
        levels = [gan.level(index) for index in range(section.stacks)]
        for level in levels:
            level.compile()
    made = [("Stacked GAN encoder", encoder, encoder_data)]
    for index, level in enumerate(levels):
        made.append((f"Stacked GAN level {index}", level, gan.level_data(index, *data)))
    made.append(("Stacked GAN joint", gan, gan.joint_data(*data)))
    for name, model, arrays in made:
        model.trainable = True
        gan.encoder.trainable = model is encoder
        yield name, model, arrays


def budget(run, batch):
    """See `families.Family`."""
    section, subset = run.config.sgan, run.subset
    steps = [section.encoder.steps, section.image_steps]
    steps += [section.feature_steps] * (section.stacks - 1) + [section.joint_steps]
    made = models(section, run.strategy, batch, subset.image_shape, subset.classes)
    for count, (name, model, arrays) in zip(steps, made, strict=True):
        yield name, count, model, arrays


def steps(config, images):
    """See `families.Family`: of the levels and of joint training, not of the encoder."""
    return {f"sgan.{kind}_steps": getattr(config.sgan, f"{kind}_steps") for kind in _KINDS}

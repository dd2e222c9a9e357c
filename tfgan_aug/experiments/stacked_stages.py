"""The Stacked GAN's stages: the encoder, each level alone, the levels jointly. Each is found or made by its digest.

Artefacts: `sgan-encoder-<digest>/encoder.keras`; `sgan-level-<n>-<digest>/level.weights.h5`, level 0 with the preview
`level.png` (a real image, then images from its features); `sgan-<digest>/gan.keras` and `gan.png`. Each with its
learning curve, a CSV file, and with a preview `tensorboard/` (see `monitor`).
"""

import keras

from tfgan_aug.classifiers import networks, recipes
from tfgan_aug.core import artefacts, optimizers, streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments import inspection
from tfgan_aug.gans.stacked import REPRESENTATIONS, StackedGAN
from tfgan_aug.training import loop, monitor, strategies

_PREVIEWS = 9
_KINDS = ("image", "feature", "joint")
_MODEL = (
    "stacks", "architecture", "image_width", "feature_width", "top_latent_dim", "latent_dim_below",
    "discriminator_form", "generator_loss", "generator_steps", "adversarial_weight", "conditional_weight",
    "entropy_weight", "label_weight", "joint_weight", "dropout", "joint_dropout", "joint_noise", "augmentation",
)  # fmt: skip


def stage(workdir, subset_stage, config):
    """The stage of joint training; its parts are the encoder's and the levels', lowest first."""
    section = config.sgan.to_dict()
    inputs = {"subset": subset_stage.digest, "encoder": section.pop("encoder"), "seed": config.seed}
    encoder = artefacts.Stage(workdir, "sgan-encoder", inputs)
    own = {kind: {name: value for name, value in section.items() if name.startswith(kind)} for kind in _KINDS}
    shared = {name: value for name, value in section.items() if not name.startswith(_KINDS)}
    levels = []
    for index in range(section["stacks"]):
        dependencies = {"encoder": encoder.digest, "level": index, "sgan": {**shared, **own[_kind(index)]}}
        levels.append(artefacts.Stage(workdir, f"sgan-level-{index}", dependencies))
    dependencies = {"levels": [level.digest for level in levels], "joint": own["joint"]}
    return artefacts.Stage(workdir, "sgan", dependencies, parts=(encoder, *levels))


def _kind(index):
    """What the fields of a level are called after."""
    return "feature" if index else "image"


def build_encoder(section, image_shape, classes, seed):
    """A compiled classifier as the section's `encoder` says; call it in the strategy's scope."""
    return recipes.build("--config.sgan.encoder", section.encoder, image_shape, classes, seed, networks.encoder)


def build(section, network, seed):
    """A compiled Stacked GAN on the encoder `network`, as the config section says; call it in the strategy's scope."""
    keras.utils.set_random_seed(streams.key_of("initial weights", "sgan", seed))
    model = StackedGAN(network, seed=seed, **{name: section[name] for name in _MODEL})
    return _compile(model, section, "joint")


def _compile(model, section, kind):
    rate = section[f"{kind}_learning_rate"]
    model.compile(*(optimizers.Adam(rate, beta_1=section.beta_1) for _ in range(2)))
    return model


def check(config, subset, strategy):
    """Raises `UserError` where the networks cannot be made or a batch is larger than the set it is drawn from."""
    section = config.sgan
    for name, size in (("batch_size", section.batch_size), ("encoder.batch_size", section.encoder.batch_size)):
        strategies.check_batch_size(f"--config.sgan.{name}", size, strategy, len(subset.train.ids))
    encoder = build_encoder(section, subset.image_shape, subset.classes, 0)
    try:
        build(section, encoder.network, 0)
    except ValueError as error:
        raise UserError(f"--config.sgan: {error}") from None
    keras.backend.clear_session()


def make_parts(stage, subset, config, strategy, progress):
    """Fills the stages of the encoder and of the levels."""
    encoder_stage, *level_stages = stage.parts
    if not encoder_stage.done:
        with encoder_stage.making() as folder:
            _train_encoder(folder, subset, config, strategy, progress)
    for index, level_stage in enumerate(level_stages):
        if not level_stage.done:
            with level_stage.making() as folder:
                _train_level(folder, index, encoder_stage, subset, config, strategy, progress)


def _train_encoder(folder, subset, config, strategy, progress):
    section, seed = config.sgan.encoder, streams.key_of("sgan encoder", config.seed) % 2**31
    loop.trained(
        folder / "encoder.keras",
        lambda: build_encoder(config.sgan, subset.image_shape, subset.classes, seed),
        (subset.train.images, subset.train.labels),
        loop.Budget.of(section, seed),
        strategy,
        progress.training("sgan encoder", section.steps),
    )


def _start(encoder_stage, subset, config, strategy, seed):
    """A Stacked GAN with its initial weights on the trained encoder, whose representations are evened out."""
    with strategy.scope():
        network = keras.models.load_model(encoder_stage.path / "encoder.keras", compile=False).network
        networks.even_out(network, subset.train.images, REPRESENTATIONS)
        return build(config.sgan, network, seed)


def _train_level(folder, index, encoder_stage, subset, config, strategy, progress):
    section, data = config.sgan, subset.train
    seed = streams.key_of("sgan", config.seed) % 2**31
    gan = _start(encoder_stage, subset, config, strategy, seed)
    callbacks = []
    if index == 0 and section.stacks > 1:
        first = [data.of_class(label)[0] for label in range(min(subset.classes, _PREVIEWS + 1))]
        rows = inspection.from_features(gan, data.images[first], _PREVIEWS)
        callbacks.append(monitor.Monitor(folder / "level.png", lambda model: rows()))
    steps = section[f"{_kind(index)}_steps"]
    loop.trained(
        folder / "level.weights.h5",
        lambda: _compile(gan.level(index), section, _kind(index)),
        gan.level_data(index, data.images, data.labels),
        loop.Budget.of(section, seed, steps),
        strategy,
        progress.training(f"sgan level {index}", steps),
        callbacks,
    )


def train(folder, stage, subset, config, strategy, progress):
    """The Stacked GAN, trained jointly in `folder` from the weights of its levels."""
    section, data = config.sgan, subset.train
    encoder_stage, *level_stages = stage.parts
    # Another seed than the levels': their noise is keyed by the same streams.
    seed = streams.key_of("sgan joint", config.seed) % 2**31
    gan = _start(encoder_stage, subset, config, strategy, seed)
    for index, level_stage in enumerate(level_stages):
        with strategy.scope():
            _compile(gan.level(index), section, _kind(index)).load_weights(level_stage.path / "level.weights.h5")
    if section.joint_steps:
        arrays = gan.joint_data(data.images, data.labels)
        loop.trained(
            folder / "gan.keras",
            lambda: gan,
            arrays,
            loop.Budget.of(section, seed, section.joint_steps),
            strategy,
            progress.training("sgan joint", section.joint_steps),
            [monitor.Monitor(folder / "gan.png", monitor.classes_in_rows, (data.images, data.labels))],
        )
    else:
        gan.save(folder / "gan.keras")
    return gan


def inspect(stage, subset, config, folder):
    """Pictures and numbers of what each level of the trained GAN does, written to `folder`; gives the paths."""
    gan = keras.models.load_model(stage.path / "gan.keras", compile=False)
    return inspection.inspect(gan, subset.train.images, subset.train.labels, folder, config.seed)

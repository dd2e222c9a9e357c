"""The config of an experiment: every field with its default (the built-in shapes10), and its checks.

This module is itself a config file for `ml_collections.config_flags`, so that the installed command has a default.
It imports no TensorFlow: `--help` must answer at once.
"""

from ml_collections import config_dict

from tfgan_aug.errors import UserError

GANS = ("dcgan",)
VERDICTS = ("fp", "tp", "tp_fp")
RECIPES = ("paper", "best")


def _network(**own):
    """Fields that the judge and the classifier share. None: as the recipe says (classifiers.RECIPES)."""
    section = config_dict.ConfigDict(own)
    section.builder = ""  # package.module:function; empty: the paper's CNN
    section.recipe = "best"
    section.batch_size = 64
    section.learning_rate = config_dict.placeholder(float)
    section.weight_decay = config_dict.placeholder(float)
    section.label_smoothing = config_dict.placeholder(float)
    section.augmentation = config_dict.placeholder(str)
    section.checkpoint_steps = 250
    return section


def get_config():
    """The default experiment: shapes10, 100 images a class, narrow networks."""
    config = config_dict.ConfigDict()
    config.source = "shapes10"  # a TFDS name, folder:PATH or shapes10
    config.source_data_dir = ""  # where TFDS sources lie prepared; empty: TFDS' default
    config.image_size = 32
    config.channels = 3
    config.resize_filter = "lanczos"
    config.train_per_class = 100  # 0: all images there are, however uneven
    config.test_per_class = 20  # held out from the source's train split
    config.gans = "dcgan"
    config.seed = 0

    config.geometric = config_dict.ConfigDict()
    config.geometric.transforms = "crop"  # comma-separated, see tfgan_aug.geometric.TRANSFORMS
    config.geometric.crop_fraction = 0.75  # the paper's 24 of 32

    config.judge = _network(width=0.25, steps=750)
    config.judge.trained_on = "subset"  # or source_train: leaks, and is marked so
    config.judge.members = 1  # above 1: an ensemble, each trained without its fold

    config.dcgan = config_dict.ConfigDict()
    config.dcgan.conditioning = "label"  # or per_class: one DCGAN a class
    config.dcgan.activations = "dcgan"  # or paper
    config.dcgan.generator_loss = "non_saturating"  # or saturating
    config.dcgan.normalization = "batch"  # of the discriminator: batch (DCGAN's own), spectral or none
    config.dcgan.augmentation = (
        "color,translation,flip"  # of what it sees: some of color,translation,flip (DiffAugment)
    )
    config.dcgan.width = 16
    config.dcgan.latent_dim = 100
    config.dcgan.learning_rate = 5e-4  # DCGAN's own is 2e-4: narrow networks and few steps bear more
    config.dcgan.beta_1 = 0.5
    config.dcgan.batch_size = 64
    config.dcgan.epochs = 192
    config.dcgan.steps = 0  # above 0: the budget in steps, and epochs must be 0
    config.dcgan.checkpoint_steps = 500

    config.samples = config_dict.ConfigDict()
    config.samples.per_class = 0  # 0: as quota says
    config.samples.quota = "own"  # own: as many as the class has; balance: up to the largest class
    config.samples.threshold = 0.0  # a TP image's least confidence
    config.samples.block_size = 100
    config.samples.max_draws_per_class = 3000

    config.classifier = _network(width=0.25, steps=750)
    config.classifier.seed = 0
    return config


def check(config):
    """Raises `UserError` for a field whose value no stage can work with."""

    def expect(good, field, expected):
        value = config
        for name in field.split("."):
            value = value[name]
        if not good(value):
            raise UserError(f"--config.{field}: found {value!r}, expected {expected}")

    def one_of(*names):
        return (lambda value: value in names), "one of " + ", ".join(names)

    positive, at_least_zero = (lambda value: value > 0), (lambda value: value >= 0)
    expect(lambda value: value in range(16, 129, 16), "image_size", "a multiple of 16 from 16 to 128")
    expect(lambda value: value in (1, 3), "channels", "1 or 3")
    expect(at_least_zero, "train_per_class", "0 (all) or more")
    expect(at_least_zero, "test_per_class", "0 or more")
    expect(lambda value: 0 <= value < 2**31, "seed", "0 to 2**31 - 1")
    expect(lambda value: 0 < value < 1, "geometric.crop_fraction", "a number between 0 and 1")
    expect(lambda value: value.strip(" ,"), "geometric.transforms", "at least one, such as crop")
    names = gan_names(config)
    if not names or len(set(names)) < len(names) or not set(names) <= set(GANS):
        raise UserError(f"--config.gans: found {config.gans!r}, expected one or more of {', '.join(GANS)}")
    for section in ("judge", "classifier"):
        expect(*_field(one_of(*RECIPES), f"{section}.recipe"))
        for field in ("steps", "batch_size", "checkpoint_steps", "width"):
            expect(positive, f"{section}.{field}", "a positive number")
        for field in ("learning_rate", "weight_decay", "label_smoothing"):
            expect(lambda value: value is None or value >= 0, f"{section}.{field}", "0 or more")
    expect(*_field(one_of("subset", "source_train"), "judge.trained_on"))
    expect(positive, "judge.members", "1 or more")
    expect(*_field(one_of("label", "per_class"), "dcgan.conditioning"))
    expect(*_field(one_of("dcgan", "paper"), "dcgan.activations"))
    expect(*_field(one_of("non_saturating", "saturating"), "dcgan.generator_loss"))
    expect(*_field(one_of("batch", "spectral", "none"), "dcgan.normalization"))
    policies = ("color", "translation", "flip")
    expect(
        lambda value: all(name.strip() in policies for name in value.split(",") if name),
        "dcgan.augmentation",
        "some of " + ", ".join(policies),
    )
    for field in ("width", "latent_dim", "batch_size", "checkpoint_steps", "learning_rate"):
        expect(positive, f"dcgan.{field}", "a positive number")
    expect(lambda value: 0 <= value < 1, "dcgan.beta_1", "a number from 0 to below 1")
    if (config.dcgan.epochs > 0) == (config.dcgan.steps > 0):
        found = f"epochs={config.dcgan.epochs} and steps={config.dcgan.steps}"
        raise UserError(f"--config.dcgan: found {found}, expected one above 0 and the other 0")
    expect(*_field(one_of("own", "balance"), "samples.quota"))
    expect(at_least_zero, "samples.per_class", "0 or more")
    expect(lambda value: 0 <= value < 1, "samples.threshold", "a number from 0 to below 1")
    for field in ("block_size", "max_draws_per_class"):
        expect(positive, f"samples.{field}", "a positive number")


def _field(check_and_words, field):
    good, words = check_and_words
    return good, field, words


def gan_names(config):
    """The GANs that the config names, in its order."""
    return tuple(name.strip() for name in config.gans.split(",") if name.strip())


def variants_of(gans):
    """All variants for these GANs, in the order of the paper's table 2."""
    names = ["real", "geo"]
    for gan in gans:
        names += [f"{gan}_{verdict}{geo}" for verdict in VERDICTS for geo in ("", "_geo")]
    return tuple(names)

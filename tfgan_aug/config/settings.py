"""The config of an experiment: every field with its default (the built-in shapes10), and its checks.

This module is itself a config file for `ml_collections.config_flags`, so that the installed command has a default.
It imports no TensorFlow: `--help` must answer at once.
"""

from ml_collections import config_dict

from tfgan_aug.classifiers.recipes import RECIPES
from tfgan_aug.core.errors import UserError
from tfgan_aug.sampling import rules

GANS = ("dcgan", "sgan")


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
    config.rare_class = ""  # the name of a class that is cut to rare_share of its training images
    config.rare_share = 0.1
    config.gans = "dcgan"
    config.seed = 0

    config.geometric = config_dict.ConfigDict()
    config.geometric.transforms = "crop"  # comma-separated, see tfgan_aug.data.transforms.TRANSFORMS
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
    config.dcgan.updates = "shared"  # both networks learn on the same generated images; or alternating: each on its own
    config.dcgan.width = 16
    config.dcgan.latent_dim = 100
    config.dcgan.learning_rate = 5e-4  # DCGAN's own is 2e-4: narrow networks and few steps bear more
    config.dcgan.beta_1 = 0.5
    config.dcgan.batch_size = 64
    config.dcgan.epochs = 192
    config.dcgan.steps = 0  # above 0: the budget in steps, and epochs must be 0
    config.dcgan.checkpoint_steps = 500

    config.sgan = config_dict.ConfigDict()
    config.sgan.stacks = 2  # generators on top of each other: 1 to 3
    config.sgan.architecture = (
        "huang"  # the original's layers; or paper: each generator dense + 4 transposed convolutions
    )
    config.sgan.image_width = 0.25  # of the lowest generator and discriminator, beside the original's
    config.sgan.feature_width = 1.0  # of those above it: they cost little
    config.sgan.top_latent_dim = 50
    config.sgan.latent_dim_below = 16
    config.sgan.discriminator_form = "class_logits"  # the original's CIFAR-10 code; or one_logit, its paper
    config.sgan.generator_loss = "non_saturating"  # or saturating, the original's CIFAR-10 code
    config.sgan.generator_steps = 1  # for each of the discriminator; 0: 1, 3, 5 or 7 by its loss, as the original
    config.sgan.adversarial_weight = 1.0
    config.sgan.conditional_weight = 1.0
    config.sgan.entropy_weight = 10.0
    config.sgan.label_weight = 1.0
    config.sgan.joint_weight = 0.01  # of a lower level's loss in the generator above it
    config.sgan.dropout = 0.1
    config.sgan.joint_dropout = 0.3
    config.sgan.joint_noise = 0.2
    config.sgan.augmentation = "color,translation,flip"  # of what the discriminator of images sees; the original: none
    config.sgan.image_learning_rate = 4e-4  # of the lowest level alone; the original's are all 1e-4
    config.sgan.feature_learning_rate = 1e-4  # of each level above it alone
    config.sgan.joint_learning_rate = 2e-4  # of all together
    config.sgan.image_steps = 3_500  # budgets of the same three; the original: 200 epochs each
    config.sgan.feature_steps = 4_000
    config.sgan.joint_steps = 1_500  # 0: the levels as they are
    config.sgan.beta_1 = 0.5
    config.sgan.batch_size = 64
    config.sgan.checkpoint_steps = 500
    config.sgan.encoder = _network(width=0.5, steps=2_500)

    config.samples = config_dict.ConfigDict()
    config.samples.per_class = 0  # 0: as quota says
    config.samples.quota = "own"  # own: as many as the class has; balance: up to the largest class
    config.samples.threshold = 0.0  # a TP image's least confidence
    config.samples.block_size = 100
    config.samples.max_draws_per_class = 3000

    config.samples.confidence = 0.7  # the threshold of the variants *_tp_confident; with smoothing 0.1, 0.91 is sure
    config.samples.quantile = 0.9  # of the judge's cross-entropy a class, for the variants *_tp_quantile
    config.samples.quantile_draws = 500  # the draws a class that the quantile is taken from
    config.samples.margins = ""  # low:high, in place of the verdict TP: the judge's margin for the intended class
    config.samples.drop_copies = ""  # some of pixels,features: draws too close to a training image are no TP or FP
    config.samples.copy_quantile = 0.01  # of the training images' distances to each other; below it is too close

    config.classifier = _network(width=0.25, steps=750)
    config.classifier.seed = 0

    config.table = config_dict.ConfigDict()
    config.table.rows = "paper,controls"  # groups (paper, controls, options, all), the paper's numbers, names
    config.table.gan_seeds = "0,1,2"
    config.table.classifier_seeds = "0,1,2,3,4"
    config.table.mixing_weight = 0.3  # of a generated image's loss in the rows *_weighted; a real one's is 1
    config.table.pretrain_share = 0.5  # of the steps that the rows *_pretrained make on generated images, the first
    config.table.resamples = 10_000  # of the bootstrap

    config.metrics = _network(width=0.25, steps=1_500)  # the network of the reported metrics' features
    config.metrics.train_per_class = 1_000  # at most; source images that neither GAN nor judge saw
    config.metrics.reference_per_class = 500  # at most; other such images, which generated ones are compared with
    config.metrics.inception = ""  # classify_image_graph_def.pb of 2015-12-05, for FID and KID as they are published
    config.metrics.pairs = 8  # of the closest pairs that are shown

    config.sweep = config_dict.ConfigDict()  # the points of tools.run_sweep
    config.sweep.generated = "0.5,1,2,5,10,20"  # generated images for each real one
    config.sweep.ratio = "0,0.25,0.5,0.75,1"  # generated images' share of the added ones, the others are geometric
    config.sweep.real = "20,50,100,200,500,1000,2000,5000"  # real images a class
    config.sweep.stacks = "1,2,3"
    config.sweep.threshold = "0,0.3,0.5,0.7,0.8,0.9"
    config.sweep.margins = "-1:-0.5,-0.5:0,0:0.5,0.5:0.8,0.8:1"  # bands of the judge's margin, low:high
    config.sweep.conditional = "0,0.5,1"  # weights of the Stacked GAN's conditional loss
    config.sweep.budget = "0.1,0.25,0.5,1"  # shares of the GAN's training steps

    config.advice = config_dict.ConfigDict()
    config.advice.shares = "0.125,0.25,0.5,1"  # of an inner split's training images
    config.advice.folds = 4  # inner splits
    config.advice.seeds = "0,1"  # of the classifiers
    config.advice.augmentation = "flip,translate"  # the cheap one, new in every step
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
    expect(lambda value: 0 < value <= 1, "rare_share", "a number above 0, up to 1")
    expect(lambda value: 0 < value < 1, "geometric.crop_fraction", "a number between 0 and 1")
    expect(lambda value: value.strip(" ,"), "geometric.transforms", "at least one, such as crop")
    names = gan_names(config)
    if not names or len(set(names)) < len(names) or not set(names) <= set(GANS):
        raise UserError(f"--config.gans: found {config.gans!r}, expected one or more of {', '.join(GANS)}")
    for section in ("judge", "classifier", "metrics", "sgan.encoder"):
        expect(*_field(one_of(*RECIPES), f"{section}.recipe"))
        for field in ("steps", "batch_size", "checkpoint_steps", "width"):
            expect(positive, f"{section}.{field}", "a positive number")
        for field in ("learning_rate", "weight_decay", "label_smoothing"):
            expect(lambda value: value is None or value >= 0, f"{section}.{field}", "0 or more")
    expect(*_field(one_of("subset", "source_train"), "judge.trained_on"))
    expect(positive, "judge.members", "1 or more")
    expect(*_field(one_of("label", "per_class"), "dcgan.conditioning"))
    expect(*_field(one_of("dcgan", "paper"), "dcgan.activations"))
    expect(*_field(one_of("shared", "alternating"), "dcgan.updates"))
    expect(*_field(one_of("batch", "spectral", "none"), "dcgan.normalization"))
    policies = ("color", "translation", "flip")
    for gan in GANS:
        expect(
            lambda value: all(name.strip() in policies for name in value.split(",") if name),
            f"{gan}.augmentation",
            "some of " + ", ".join(policies),
        )
        expect(*_field(one_of("non_saturating", "saturating"), f"{gan}.generator_loss"))
        for field in ("batch_size", "checkpoint_steps"):
            expect(positive, f"{gan}.{field}", "a positive number")
        expect(lambda value: 0 <= value < 1, f"{gan}.beta_1", "a number from 0 to below 1")
    for field in ("width", "latent_dim", "learning_rate"):
        expect(positive, f"dcgan.{field}", "a positive number")
    if (config.dcgan.epochs > 0) == (config.dcgan.steps > 0):
        found = f"epochs={config.dcgan.epochs} and steps={config.dcgan.steps}"
        raise UserError(f"--config.dcgan: found {found}, expected one above 0 and the other 0")
    expect(lambda value: value in (1, 2, 3), "sgan.stacks", "1, 2 or 3")
    expect(*_field(one_of("huang", "paper"), "sgan.architecture"))
    expect(*_field(one_of("class_logits", "one_logit"), "sgan.discriminator_form"))
    rates = tuple(f"{stage}_learning_rate" for stage in ("image", "feature", "joint"))
    sizes = ("top_latent_dim", "latent_dim_below", "image_width", "feature_width", "image_steps", "feature_steps")
    for field in (*rates, *sizes):
        expect(positive, f"sgan.{field}", "a positive number")
    weights = tuple(f"{name}_weight" for name in ("adversarial", "conditional", "entropy", "label", "joint"))
    for field in (*weights, "joint_noise", "joint_steps", "generator_steps"):
        expect(at_least_zero, f"sgan.{field}", "0 or more")
    for field in ("dropout", "joint_dropout"):
        expect(lambda value: 0 <= value < 1, f"sgan.{field}", "a number from 0 to below 1")
    expect(*_field(one_of("own", "balance"), "samples.quota"))
    expect(at_least_zero, "samples.per_class", "0 or more")
    expect(lambda value: 0 <= value < 1, "samples.threshold", "a number from 0 to below 1")
    expect(lambda value: 0 < value < 1, "samples.confidence", "a number between 0 and 1")
    expect(lambda value: 0 < value <= 1, "samples.quantile", "a number above 0, up to 1")
    for field in ("block_size", "max_draws_per_class", "quantile_draws"):
        expect(positive, f"samples.{field}", "a positive number")
    rules.parse_margins("--config.samples.margins", config.samples.margins)
    measures = [name.strip() for name in config.samples.drop_copies.split(",") if name.strip()]
    expect(lambda _: set(measures) <= {"pixels", "features"}, "samples.drop_copies", "some of pixels,features")
    expect(lambda value: 0 < value < 1, "samples.copy_quantile", "a number between 0 and 1")
    for field in ("train_per_class", "reference_per_class", "pairs"):
        expect(positive, f"metrics.{field}", "a positive number")
    expect(lambda value: value >= 2, "advice.folds", "2 or more")
    parse_seeds("--config.advice.seeds", config.advice.seeds)
    for field in ("generated", "ratio", "real", "stacks", "threshold", "conditional", "budget"):
        parse_numbers(f"--config.sweep.{field}", config.sweep[field])
    parse_numbers("--config.advice.shares", config.advice.shares)
    expect(at_least_zero, "table.mixing_weight", "0 or more")
    expect(lambda value: 0 < value < 1, "table.pretrain_share", "a number between 0 and 1")
    expect(lambda value: value >= 1000, "table.resamples", "1000 or more")
    for field in ("gan_seeds", "classifier_seeds"):
        parse_seeds(f"--config.table.{field}", config.table[field])


def _field(check_and_words, field):
    good, words = check_and_words
    return good, field, words


def parse_seeds(option, text):
    """The seeds, a tuple of ints, of a comma-separated text; raises `UserError`, naming `option`."""
    words = [word.strip() for word in str(text).split(",") if word.strip()]
    good = all(word.isdecimal() and int(word) < 2**31 for word in words)
    if not words or not good or len(set(words)) < len(words):
        raise UserError(f"{option}: found {text!r}, expected distinct seeds, 0 to 2**31 - 1, such as 0,1,2")
    return tuple(map(int, words))


def parse_numbers(option, text):
    """The distinct numbers, 0 or more, of a comma-separated text, ascending; raises `UserError`, naming `option`."""
    try:
        numbers = sorted({float(word) for word in str(text).split(",") if word.strip()})
    except ValueError:
        numbers = []
    if not numbers or not all(0 <= number < float("inf") for number in numbers):
        raise UserError(f"{option}: found {text!r}, expected numbers, 0 or more, such as 0.5,1,2")
    return tuple(numbers)


def with_seed(config, seed):
    """A copy of the config with another `seed`: what a GAN of another seed is trained and drawn with."""
    copy = config.copy_and_resolve_references()
    copy.seed = seed
    return copy


def gan_names(config):
    """The GANs that the config names, in its order."""
    return tuple(name.strip() for name in config.gans.split(",") if name.strip())

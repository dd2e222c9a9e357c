"""The config of an experiment: the sections of all components put together. Makes no file; imports no TensorFlow."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

from tfgan_aug.classifiers.config import ClassifierConfig, JudgeConfig, NetworkConfig
from tfgan_aug.core import fields
from tfgan_aug.core.fields import Check, field, with_default
from tfgan_aug.data.config import DataConfig, GeometricConfig
from tfgan_aug.gans.config import ComposerConfig, CoupledConfig, DCGANConfig, PairsConfig, StackedGANConfig
from tfgan_aug.sampling.config import SamplingConfig, bands


@dataclasses.dataclass(kw_only=True)
class TableConfig(fields.Section):
    """The table of rows and seeds (tools.run_table)."""

    rows: tuple[str, ...] = field(
        ("paper", "controls"), "groups (paper, controls, options, all), the paper's numbers, names"
    )
    gan_seeds: tuple[int, ...] = field((0, 1, 2), "a GAN of each is trained", fields.seeds)
    classifier_seeds: tuple[int, ...] = field((0, 1, 2, 3, 4), "a classifier of each is trained", fields.seeds)
    mixing_weight: float = field(
        0.3, "of a generated image's loss in the rows *_weighted; a real one's is 1", fields.at_least_zero
    )
    pretrain_share: float = field(
        0.5,
        "of the steps that the rows *_pretrained make on generated images, the first",
        fields.between_0_and_1,
    )
    protocol: Literal["equal_steps", "equal_epochs", "tuned"] = field(
        "equal_steps",
        "rows make classifier.steps each; as many passes over their own images as row real makes in these; or what "
        "an inner split chooses for each",
        late=True,
    )
    search: int = field(
        6, "settings of the classifier that are tried for a row that is tuned", fields.at_least(2, 27), late=True
    )
    search_folds: int = field(
        4, "parts of the training images; the settings are scored on one of them", fields.at_least(2, 100), late=True
    )
    fresh_share: float = field(
        0.5,
        "of the images in pixel_mix and the rows that draw anew, new in every step",
        fields.between_0_and_1,
        late=True,
    )
    fresh_real_last: float = field(0.2, "of their steps, the last, are on real images alone", fields.share, late=True)
    fresh_tries: int = field(
        4,
        "draws for a place in the rows that draw anew until the judge takes one; 0: it is not asked",
        fields.at_least(0, 100),
        late=True,
    )
    consistency: float = field(
        1.0, "weight of the consistency loss in the rows *_consistency", fields.positive, late=True
    )
    claim_folds: int = field(
        2, "inner splits of the training images, by which --claim chooses", fields.at_least(2, 100), late=True
    )
    resamples: int = field(10_000, "of the bootstrap", fields.at_least(1000, 1_000_000))


@dataclasses.dataclass(kw_only=True)
class MetricsConfig(NetworkConfig):
    """Quality and copying of generated images (tools.measure), and the network whose features they use."""

    steps: int = with_default(NetworkConfig, "steps", 1_500)
    train_per_class: int = field(1_000, "at most; source images that neither GAN nor judge saw", fields.positive)
    reference_per_class: int = field(
        500, "at most; other such images, which generated ones are compared with", fields.positive
    )
    inception: str = field("", "classify_image_graph_def.pb of 2015-12-05, for FID and KID as they are published")
    pairs: int = field(8, "of the closest pairs that are shown", fields.positive.up_to(100))


@dataclasses.dataclass(kw_only=True)
class SweepConfig(fields.Section):
    """The points of the sweeps (tools.run_sweep)."""

    generated: tuple[float, ...] = field((0.5, 1, 2, 5, 10, 20), "generated images for each real one", fields.amounts)
    ratio: tuple[float, ...] = field(
        (0, 0.25, 0.5, 0.75, 1), "generated images' share of the added ones, the others are geometric", fields.amounts
    )
    real: tuple[float, ...] = field((20, 50, 100, 200, 500, 1000, 2000, 5000), "real images a class", fields.amounts)
    stacks: tuple[float, ...] = field((1, 2, 3), "generators on top of each other", fields.amounts)
    threshold: tuple[float, ...] = field((0, 0.3, 0.5, 0.7, 0.8, 0.9), "a TP image's least confidence", fields.amounts)
    margins: tuple[str, ...] = field(
        ("-1:-0.5", "-0.5:0", "0:0.5", "0.5:0.8", "0.8:1"),
        "bands of the judge's margin, low:high",
        Check(lambda value: value and all(map(bands.good, value)), bands.expected),
    )
    conditional: tuple[float, ...] = field((0, 0.5, 1), "weights of the Stacked GAN's conditional loss", fields.amounts)
    budget: tuple[float, ...] = field((0.1, 0.25, 0.5, 1), "shares of the GAN's training steps", fields.amounts)


@dataclasses.dataclass(kw_only=True)
class AdviceConfig(fields.Section):
    """Advice before a dataset is built (tools.advise)."""

    shares: tuple[float, ...] = field((0.5, 1), "of an inner split's training images", fields.amounts)
    folds: int = field(2, "inner splits", fields.at_least(2, 100))
    seeds: tuple[int, ...] = field((0,), "of the classifiers", fields.seeds)
    augmentation: tuple[str, ...] = field(("affine",), "of the row augmented, new in every step")
    rows: tuple[str, ...] = field(
        ("augmented", "pixel_mix", "fresh"),
        "tried beside real: augmented, fresh (<gan>_fresh or coupled_both, of every GAN), or as table.rows",
        late=True,
    )
    steps: int = field(
        500, "of each GAN, judge and classifier, at the most; 0: the config's own", fields.at_least_zero, late=True
    )


@dataclasses.dataclass(kw_only=True)
class MapConfig(fields.Section):
    """The points of a map of where generated images help (tools.run_map)."""

    sources: tuple[str, ...] = field(
        ("characters60", "shapes10"),
        "data sets, each as source names one",
        Check(lambda value: value and all(value) and len(set(value)) == len(value), "one or more, each once"),
    )
    per_class: tuple[int, ...] = field(
        (5, 10, 20, 50),
        "real images a class, where a set has so many",
        Check(
            lambda value: value and min(value) >= 1 and len(set(value)) == len(value),
            "distinct numbers, 1 or more, such as 5,10",
        ),
    )
    subsets: tuple[int, ...] = field((0, 1, 2), "seeds of the training subsets", fields.seeds)


@dataclasses.dataclass(kw_only=True)
class GANSections(fields.Section):
    """The GANs that there are: each is called as its section."""

    dcgan: DCGANConfig = fields.section(DCGANConfig)
    sgan: StackedGANConfig = fields.section(StackedGANConfig)
    pairs: PairsConfig = fields.section(PairsConfig, late=True)
    composer: ComposerConfig = fields.section(ComposerConfig, late=True)
    coupled: CoupledConfig = fields.section(CoupledConfig, late=True)


GANS = tuple(field.name for field in dataclasses.fields(GANSections))


@dataclasses.dataclass(kw_only=True)
class ExperimentConfig(GANSections, DataConfig):
    """An experiment: its images and seeds. The defaults are the built-in set characters60, and narrow networks."""

    gans: tuple[str, ...] = field(
        ("pairs",),
        f"those that are trained: some of {','.join(GANS)}",
        Check(
            lambda value: value and len(set(value)) == len(value) and set(value) <= set(GANS),
            f"one or more of {', '.join(GANS)}",
        ),
    )
    seed: int = field(0, "of everything but the classifiers", fields.seed)
    geometric: GeometricConfig = fields.section(GeometricConfig)
    judge: JudgeConfig = fields.section(JudgeConfig)
    samples: SamplingConfig = fields.section(SamplingConfig)
    classifier: ClassifierConfig = fields.section(ClassifierConfig)
    table: TableConfig = fields.section(TableConfig)
    metrics: MetricsConfig = fields.section(MetricsConfig)
    sweep: SweepConfig = fields.section(SweepConfig)
    advice: AdviceConfig = fields.section(AdviceConfig)
    map: MapConfig = fields.section(MapConfig, late=True)

    def leaks(self, gans: Sequence[str]) -> str:
        """Returns which networks see more of the source than the subset where these GANs are trained; "" for none."""
        found = ["the judge"] if gans and self.judge.trained_on == "source_train" else []
        if "sgan" in gans and self.sgan.encoder.trained_on == "source_train":
            found.append("the Stacked GAN's encoder")
        return " and ".join(found)

    def together(self) -> str:
        """See `fields.Section.together`."""
        geometric = self.geometric
        if "crop" in geometric.transforms and round(self.image_size * geometric.crop_fraction) < 1:
            found = f"geometric.crop_fraction={geometric.crop_fraction} and image_size={self.image_size}"
            return f"found {found}, expected a crop of one pixel or more"
        names = ("geometric.transforms", "advice.augmentation")
        names += tuple(f"{part}.augmentation" for part in ("judge", "classifier", "metrics", "sgan.encoder"))
        for name in names:
            if self.channels == 1 and "saturation" in (fields.get(self, name) or ()):
                return f"found {name} with saturation and channels=1, expected colours to saturate: channels=3"
        return ""

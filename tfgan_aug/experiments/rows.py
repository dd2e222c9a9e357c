"""The rows of the table: which dataset a classifier is trained on, and in what way.

Makes no file. The paper's fourteen rows, the controls that make the answer honest, and the options of training and
selection.
"""

import dataclasses
from typing import Literal

import keras
import numpy as np

from tfgan_aug.config import GANS
from tfgan_aug.core import fields, labelled
from tfgan_aug.core.errors import UserError
from tfgan_aug.datasets import variants
from tfgan_aug.experiments.families import FAMILIES, WITH_CLASSIFIER
from tfgan_aug.sampling import mixing, rules, stream

GROUPS = ("paper", "controls", "options")
# Whose rows have the numbers of the paper.
PAPER_GANS = ("dcgan", "sgan")
# Of transforms that images of one channel have, too.
_COLOURS = ("flip", "translate", "zoom", "brightness", "contrast")


@dataclasses.dataclass(frozen=True)
class Row:
    """One row: the built dataset `variant`, and how its images are used.

    `number` is the paper's, `paper` its accuracy in percent where that is known. `take` is "all", "generated", "real",
    or "none" where nothing is trained; `network` says whose is the first network: "new" or, trained already, "gan";
    `repeat` how often each image comes; `weighted`, `pretrained`, `soft` as the table's config section says;
    `augmentation` replaces the recipe's.
    """

    name: str
    group: str
    title: str
    variant: variants.Variant
    number: int | None = None
    paper: float | None = None
    paper_note: str = ""
    take: str = "all"
    repeat: int = 1
    weighted: bool = False
    pretrained: bool = False
    soft: bool = False
    # Real images with the judge's probabilities for labels: with several members each by the one trained without it.
    distilled: bool = False
    augmentation: tuple[str, ...] | None = None
    # Shares of each class's generated and geometric images that are used, the first by their ids.
    generated_share: float = 1.0
    geometric_share: float = 1.0
    balanced: bool = False
    # How long, how fast and with which decay it trains is chosen on an inner split, see `tuning`.
    tuned: bool = False
    # Real images, in every step some replaced by draws of "gan", which the judge lets pass, or by "pixel_mix"; or each
    # mixed with another one.
    fresh: Literal["", "gan", "pixel_mix", "mixup", "cutmix"] = ""
    network: Literal["new", "gan"] = "new"
    # Of what is drawn of "gan": see `stream.FreshExamples.targets`. Without labels a loss of consistency uses it.
    targets: Literal["class", "judge", "none"] = "class"

    @property
    def adds_generated_images(self):
        """Whether it trains on real and generated images; the controls with a GAN hold its images alone."""
        return bool(self.variant.gan) and self.group != "controls"

    @property
    def asks_judge(self):
        """Whether labels are the judge's probabilities."""
        return self.soft or self.distilled or self.targets == "judge"

    def use(self, config, judge_digest):
        """Returns how the row uses its dataset, JSON-serialisable; {} where it is used as it is."""
        use = {}
        if self.take != "all":
            use["take"] = self.take
        if self.network != "new":
            use["network"] = self.network
        if self.repeat > 1:
            use["repeat"] = self.repeat
        if self.weighted:
            use["generated_weight"] = config.table.mixing_weight
        if self.pretrained:
            use["pretrain_share"] = config.table.pretrain_share
        if self.asks_judge:
            use["soft_labels"] = judge_digest
        if self.distilled:
            use["distilled"] = True
        if self.augmentation is not None:
            use["augmentation"] = fields.text(self.augmentation)
        if (self.generated_share, self.geometric_share) != (1.0, 1.0):
            use["shares"] = [self.generated_share, self.geometric_share]
        if self.balanced:
            use["balanced"] = True
        if self.fresh:
            use["fresh"] = [self.fresh]
        if self.fresh in ("gan", "pixel_mix"):
            use["fresh"] += [config.table.fresh_share, config.table.fresh_real_last]
        if self.fresh == "gan":
            use["fresh"] += [config.table.fresh_tries, fields.text(config.samples.margins), config.samples.threshold]
        if self.targets != "class":
            use["targets"] = self.targets
        if self.targets == "none":
            use["consistency"] = config.table.consistency
        return use

    def phases(self, dataset, config, judge=None, generator=None, seed=0):
        """Returns [(arrays, steps made at their end)]: what the classifier trains on, one phase after another.

        Arrays are (images uint8, labels int32), with weights float32 where the row is weighted, and probabilities
        float32 (N, classes) for labels where it is soft: `judge(images)` of the generated ones. Where the row is fresh
        they are a `stream.FreshExamples` or `mixing.Mixed`, by `seed`: of the draws of the folder `generator` those
        that the `judge` lets pass. A row that trains nothing has the real images and no step.
        """
        # Ids are many small strings: read, in the same pass, where a part is chosen by them.
        partly = self.balanced or (self.generated_share, self.geometric_share) != (1.0, 1.0)
        known = ["id"] if partly or self.distilled else []
        images, labels, origin, *ids = dataset.load("train", "image", "label", "origin", *known)
        if partly:
            kept = self._kept(labels, origin, *ids)
            images, labels, origin = images[kept], labels[kept], origin[kept]
        generated, real = ~np.isin(origin, ("real", "geometric")), origin == "real"
        if self.take == "none":
            return [((images[real], labels[real]), 0)]
        if self.take == "real":
            return [((images[real], labels[real]), steps_of(config, 1, 1))]
        used = {"generated": generated.sum(), "all": real.sum() if self.fresh else len(images) * self.repeat}[self.take]
        steps = steps_of(config, int(used), int(real.sum()))
        if self.take == "generated":
            return [((images[generated], labels[generated]), steps)]
        if self.fresh:
            return [(self._fresh((images[real], labels[real]), config, judge, generator, seed), steps)]
        if self.pretrained:
            first = round(steps * config.table.pretrain_share)
            return [((images[generated], labels[generated]), first), ((images[real], labels[real]), steps)]
        if self.distilled:
            return [((images[real], judge.of_training(ids[0][real], images[real])), steps)]
        if self.soft:
            probabilities = judge(images[generated])
            labels = keras.utils.to_categorical(labels, probabilities.shape[1]).astype(np.float32)
            labels[generated] = probabilities
        arrays = [images, labels]
        if self.weighted:
            arrays.append(np.where(generated, config.table.mixing_weight, 1.0).astype(np.float32))
        return [(tuple(np.concatenate([array] * self.repeat) if self.repeat > 1 else array for array in arrays), steps)]

    def _fresh(self, real, config, judge, generator, seed):
        """Returns the `stream.FreshExamples` or the `mixing.Mixed` of these real images and labels."""
        table, chosen = config.table, {}
        if self.fresh in ("mixup", "cutmix"):
            return mixing.Mixed(*real, int(real[1].max()) + 1, self.fresh, seed)
        if self.fresh == "gan" and judge and table.fresh_tries:
            paper = rules.SELECTIONS[""].rule(config.samples, None, 0)
            chosen = {"judge": judge.probabilities, "rule": paper, "tries": table.fresh_tries}
        if self.fresh == "pixel_mix":
            generator = mixing.pixel_mix(*real)
        examples = stream.FreshExamples.checked(real, generator, table.fresh_share, seed=seed, **chosen)
        if self.targets == "judge":
            examples = dataclasses.replace(examples, judge=judge.probabilities)
        section, weight = config.classifier, table.mixing_weight if self.weighted else None
        examples = dataclasses.replace(examples, targets=self.targets, weight=weight)
        return examples.until(round((1 - table.fresh_real_last) * section.steps) * section.batch_size)

    def generated_ids(self, dataset):
        """Returns the ids of the generated images that the classifier trains on, str (N,)."""
        labels, origin, ids = dataset.load("train", "label", "origin", "id")
        kept = self._kept(labels, origin, ids)
        return ids[kept][~np.isin(origin[kept], ("real", "geometric"))]

    def _kept(self, labels, origin, ids):
        """Returns the positions of the images used: ascending, but `balanced` repeats those of rare classes."""
        rank = np.zeros(len(ids))
        for label in np.unique(labels):
            for kind, share in (("generated", self.generated_share), ("geometric", self.geometric_share)):
                mine = (origin == "geometric") if kind == "geometric" else ~np.isin(origin, ("real", "geometric"))
                own = np.flatnonzero(mine & (labels == label))
                own = own[np.argsort(ids[own])]
                rank[own[round(share * len(own)) :]] = 1
        kept = np.flatnonzero(rank == 0)
        if not self.balanced:
            return kept
        return kept[labelled.balanced_rows(labels[kept])]


def steps_of(config, images, real):
    """Returns the steps of a row that trains on so many images, `real` of which are real, by the table's protocol."""
    steps = config.classifier.steps
    return steps if config.table.protocol != "equal_epochs" else max(1, round(steps * images / real))


def plain(variant):
    """Returns the row of a dataset used as it is."""
    return Row(variant.name, "paper", variant.name, variant)


def all_rows(gans):
    """Returns every row for these GANs: the paper's in its order, then the controls, then the options."""
    numbers = {name: number for number, name in enumerate(variants.variants_of(PAPER_GANS), start=1)}
    paper = {"real": 61.7, "sgan_tp_geo": 70.6}
    notes = {"geo": "lost; at most 69.6", "sgan_tp": "lost; row 2 + 1.0"}
    made = []
    for name in variants.variants_of(gans):
        variant = variants.Variant.parse(name)
        note = notes.get(name, "" if name in paper else "lost")
        made.append(Row(name, "paper", _title(variant), variant, numbers.get(name), paper.get(name), note))
    real, geo_x2 = variants.Variant.parse("real"), variants.Variant.parse("geo_x2")
    made += [
        Row("real_x2", "controls", "real, each image twice", real, repeat=2),
        Row("geo_x2", "controls", "real + geometric, twice as many", geo_x2),
        Row(
            "flip_crop", "controls", "real, flipped and cropped in every step", real, augmentation=("flip", "translate")
        ),
        Row("rand_augment", "controls", "real, Keras' RandAugment in every step", real, augmentation=("rand_augment",)),
        Row(
            "colours", "controls", "real, cheap transforms and other colours in every step", real, augmentation=_COLOURS
        ),
        Row("real_tuned", "controls", "real, its training tuned on an inner split", real, tuned=True),
        Row("real_soft", "controls", "real, with the judge's probabilities for labels", real, distilled=True),
        Row(
            "trivial_augment", "controls", "real, TrivialAugment in every step", real, augmentation=("trivial_augment",)
        ),
        Row("balanced", "controls", "real, rare classes as often as others", real, balanced=True),
        Row("pixel_mix", "controls", "real, some mixed of two of a class in every step", real, fresh="pixel_mix"),
        Row("mixup", "controls", "real, each blended with another, MixUp", real, fresh="mixup"),
        Row("cutmix", "controls", "real, a box of another in each, CutMix", real, fresh="cutmix"),
    ]
    for gan in gans:
        tp, name = variants.Variant.parse(f"{gan}_tp"), FAMILIES[gan].TITLE
        made.append(Row(f"{gan}_cas", "controls", f"{name} TP alone (accuracy score)", tp, take="generated"))
        if gan in WITH_CLASSIFIER:
            made.append(
                Row(f"{gan}_classifier", "controls", f"real, {name}'s own classifier", tp, take="none", network="gan")
            )
            title = f"real alone, from {name}'s own classifier on"
            made.append(Row(f"{gan}_real", "controls", title, tp, take="real", network="gan"))
    for gan in gans:
        tp, name = variants.Variant.parse(f"{gan}_tp"), FAMILIES[gan].TITLE
        made += [
            Row(f"{gan}_tp_weighted", "options", f"real + {name} TP of less weight", tp, weighted=True),
            Row(f"{gan}_tp_pretrained", "options", f"{name} TP first, then real", tp, pretrained=True),
            Row(f"{gan}_fresh", "options", f"real, some {name} TP in their place, new in every step", tp, fresh="gan"),
            Row(f"{gan}_fresh_weighted", "options", f"as {gan}_fresh, of less weight", tp, fresh="gan", weighted=True),
            Row(
                f"{gan}_fresh_soft",
                "options",
                f"as {gan}_fresh, with the judge's probabilities",
                tp,
                fresh="gan",
                targets="judge",
            ),
            Row(
                f"{gan}_consistency",
                "options",
                f"as {gan}_fresh, without labels, to predict alike",
                tp,
                fresh="gan",
                targets="none",
            ),
            Row(f"{gan}_tp_soft", "options", f"real + {name} TP with the judge's probabilities", tp, soft=True),
        ]
        if gan in WITH_CLASSIFIER:
            title = f"{name}'s own classifier, trained on as {gan}_fresh"
            made.append(Row(f"{gan}_both", "options", title, tp, fresh="gan", network="gan"))
        for ending, text in variants.ENDINGS.items():
            chosen = variants.Variant.parse(f"{gan}_{ending}")
            made.append(Row(chosen.name, "options", f"real + {name} {text}", chosen))
    return made


def _title(variant):
    parts = ["real"]
    if variant.gan:
        parts.append(f"{FAMILIES[variant.gan].TITLE} {'+'.join(verdict.upper() for verdict in variant.verdicts)}")
    return " + ".join(parts + ["geometric"] * variant.geo)


def parse(option, given, gans):
    """Returns the rows that are given, words or comma-separated text, in the table's order.

    The words are groups (paper, controls, options, all), numbers of the paper, or names. Raises `UserError`, naming
    `option`.
    """
    possible, chosen = all_rows(gans), set()
    for word in fields.words(given):
        found = {row.name for row in possible if word in ("all", row.group, row.name, str(row.number or ""))}
        if not found:
            names = ", ".join([*GROUPS, "all", "1 to 14", *(row.name for row in possible)])
            known = any(word in (row.name, str(row.number or "")) for row in all_rows(GANS))
            hint = f": --config.gans={fields.text(gans)} lacks the GAN of this one" if known else ""
            raise UserError(f"{option}: found {word!r}, expected some of {names}{hint}")
        chosen |= found
    if not chosen:
        raise UserError(f"{option}: found {fields.text(given)!r}, expected rows, such as paper or 1,2,5")
    return [row for row in possible if row.name in chosen]

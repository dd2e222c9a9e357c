"""Plans: what the datasets of one GAN seed are made of, by digest, before any work is done. Makes no file."""

import keras
import numpy as np

from tfgan_aug.classifiers import classifier
from tfgan_aug.config import GANS
from tfgan_aug.core import artefacts, fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import geometric, transforms
from tfgan_aug.datasets import augmented, variants
from tfgan_aug.experiments import judge_stage
from tfgan_aug.experiments.families import FAMILIES
from tfgan_aug.sampling import rules
from tfgan_aug.training import strategies


def parse_variants(config, text):
    """Returns the variants of a comma-separated text, in the table's order; those of the paper where it is empty.

    Raises `UserError`, naming --variants.
    """
    possible = variants.all_variants_of(config.gans)
    names = fields.words(text) if text else variants.variants_of(config.gans)
    for name in names or [text]:
        if name not in possible:
            known = name in variants.all_variants_of(GANS)
            hint = f": --config.gans={fields.text(config.gans)} lacks the GAN of this one" if known else ""
            raise UserError(f"--variants: found {name!r}, expected some of {', '.join(possible)}{hint}")
    return [variants.Variant.parse(name) for name in possible if name in names]


def samples_per_class(section, counts):
    """Returns the generated images of each class that a variant of one verdict needs, ints (classes,).

    `counts` are the real ones. Raises `UserError` where classes are to be filled up and none is rarer than the others.
    """
    if section.per_class:
        return counts * 0 + section.per_class
    if section.quota == "own":
        return counts
    missing = counts.max() - counts
    if not missing.any():
        raise UserError(
            f"--config.samples.quota=balance: found {counts.max()} training images in every class, expected rarer "
            "classes to fill; --config.samples.quota=own adds as many as there are"
        )
    return missing


class Plan:
    """The stages and datasets of the variants `wanted` in a run, whether they are there or not.

    `gan_seed` (None: the config's) is the seed of the GANs' training and of the draws. Subset, geometric images and
    judge are the config seed's.
    """

    def __init__(self, run, wanted, data_dir, gan_seed=None):
        self.run, self.variants = run, tuple(wanted)
        self.gan_run = run if gan_seed is None else run.with_seed(gan_seed)
        self.gans = tuple(dict.fromkeys(variant.gan for variant in wanted if variant.gan))
        name = f"{run.source.name}_gan_aug"
        self.datasets = {variant.name: augmented.Dataset(data_dir, name, variant.name) for variant in wanted}
        self.judge_stage = judge_stage.stage(run)
        sets = range(max([variant.geo for variant in wanted], default=0))
        self.geometric_stages = [geometric.stage(run.workdir, run.subset_stage, run.config, number) for number in sets]
        self.gan_stages = {gan: FAMILIES[gan].stage(self.gan_run) for gan in self.gans}
        self.pool_stages = {gan: self._pool_stage(gan) for gan in self.gans}
        counts = run.subset.train.counts(run.subset.classes)
        self.per_class = samples_per_class(run.config.samples, counts) if self.gans else counts * 0

    def _pool_stage(self, gan):
        dependencies = {"gan": self.gan_stages[gan].digest, "judge": self.judge_stage.digest}
        # The format of its files: an older pool, of another one, is left alone.
        keys = {"seed": self.gan_run.config.seed, "block_size": self.run.config.samples.block_size, "images": "png"}
        return artefacts.Stage(self.run.workdir, "pool", {**dependencies, **keys})

    @property
    def leaking(self):
        """Which networks behind the generated images see more of the source than the subset, in words; "" for none."""
        return self.run.config.leaks(self.gans)

    def check(self, overwrite=False, allow_shortfall=False, tried=None):
        """Raises `UserError` for everything that can be known to fail later, such as another dataset in the way.

        `tried` is a set that keeps which networks were made: those of an earlier plan are not made again.
        """
        names = self.run.config.geometric.transforms
        transforms.transform_names("--config.geometric.transforms", names)
        self._check_rules()
        if not allow_shortfall:
            self._check_draws()
        for variant in self.variants:
            dataset, request = self.datasets[variant.name], self.request(variant)
            # A shortfall shows only after drawing: `writing` compares again.
            if dataset.request != request:
                dataset.check(request, overwrite)
        strategies.check_batch_sizes(self._batches(), self.run.strategy)
        self._check_networks(set() if tried is None else tried)

    def _check_networks(self, tried):
        """Makes each network once, and keeps in `tried` which; raises `UserError` for those that cannot be made."""
        config, subset = self.run.config, self.run.subset
        for name in ("judge", "classifier", *self.gans):
            section = getattr(config, name)
            key = artefacts.digest([name, fields.digest_form(section), subset.image_shape, subset.classes])
            if key in tried:
                continue
            tried.add(key)
            if name in self.gans:
                FAMILIES[name].check(self.gan_run)
            else:
                classifier.build(f"--config.{name}", section, subset.image_shape, subset.classes, 0)
            keras.backend.clear_session()

    def _batches(self):
        """Returns those of every training of the plan, as `strategies.check_batch_sizes` takes them."""
        run = self.run
        batches = judge_stage.batches(run) if self.gans else []
        size = run.config.classifier.batch_size
        batches.append(("--config.classifier.batch_size", size, len(run.subset.train.ids), "training images"))
        return sum((FAMILIES[gan].batches(self.gan_run) for gan in self.gans), batches)

    def _check_rules(self):
        """Raises `UserError` for variants whose rule contradicts the config."""
        samples = self.run.config.samples
        for variant in self.variants:
            if variant.rule and samples.margins:
                raise UserError(
                    f"--config.samples.margins: found {samples.margins!r} and variant {variant.name}, which has a rule "
                    "of its own; expected one of them"
                )
            least = rules.SELECTIONS[variant.rule].draws(samples) if variant.gan else 0
            if least > samples.max_draws_per_class:
                raise UserError(
                    f"--config.samples.max_draws_per_class: found {samples.max_draws_per_class}, expected at least the "
                    f"{least} draws that variant {variant.name} takes its rule from"
                )

    def _check_draws(self):
        """Raises `UserError` where a class needs more images than there may be draws: none is both TP and FP."""
        samples, run = self.run.config.samples, self.run
        most = -(-samples.max_draws_per_class // samples.block_size) * samples.block_size
        for gan in self.gans:
            quotas = [variant.quotas(self.per_class) for variant in self.variants if variant.gan == gan]
            needed = sum(
                np.max([quota.get(verdict, self.per_class * 0) for quota in quotas], axis=0) for verdict in ("tp", "fp")
            )
            if needed.max() > most:
                name, count = run.subset.class_names[int(needed.argmax())], int(needed.max())
                raise UserError(
                    f"--config.samples.max_draws_per_class: found {samples.max_draws_per_class}, expected at least "
                    f"{count}, the generated images that class {name!r} needs (samples.per_class={samples.per_class}, "
                    f"samples.quota={samples.quota}); or --allow_shortfall"
                )

    def request(self, variant, short=None):
        """Returns the digest of a variant as asked for, or of what `short` ({verdict: images a class}) left of it."""
        stages, samples = {"subset": self.run.subset_stage.digest}, self.run.config.samples
        for number in range(variant.geo):
            stages[f"geometric_{number}" if number else "geometric"] = self.geometric_stages[number].digest
        if variant.gan:
            stages["pool"] = self.pool_stages[variant.gan].digest
            stages |= {"per_class": self.per_class.tolist(), **rules.SELECTIONS[variant.rule].keys(samples)}
            if samples.drop_copies:
                stages["drop_copies"] = [fields.text(samples.drop_copies), samples.copy_quantile]
            if short:
                stages["short"] = {verdict: counts.tolist() for verdict, counts in short.items()}
        return artefacts.digest({"variant": variant.name, "format": augmented.VERSION, **stages})

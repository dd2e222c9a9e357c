"""Building datasets: from a config to TFDS variants, for one GAN seed.

Each step is a stage of the workdir (see `artefacts`), found by the digest of what it depends on: a step that is
done is reused, one that was cut off goes on.
"""

import keras
import numpy as np

from tfgan_aug.classifiers import judges, recipes
from tfgan_aug.config import settings
from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import geometric, transforms
from tfgan_aug.datasets import augmented, cards, examples, records, variants
from tfgan_aug.experiments import families, judge_stage
from tfgan_aug.sampling import filling, near_copies, pools, rules, saved_models
from tfgan_aug.training import strategies


def parse_variants(config, text):
    """The variants of a comma-separated text, in the table's order; empty: the paper's. Raises `UserError`."""
    gans = settings.gan_names(config)
    possible = variants.all_variants_of(gans)
    names = [name.strip() for name in text.split(",") if name.strip()] if text else variants.variants_of(gans)
    for name in names or [text]:
        if name not in possible:
            raise UserError(f"--variants: found {name!r}, expected some of {', '.join(possible)}")
    return [variants.Variant.parse(name) for name in possible if name in names]


def samples_per_class(section, counts):
    """Generated images a class that a variant of one verdict needs, ints (classes,), beside `counts` real ones."""
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


class Building:
    """The variants of one GAN seed; every method makes or finds one stage.

    `gan_seed` (None: the config's) is that of the GANs' training and of the draws; subset, geometric images and judge
    are the config seed's. `drawn` maps a GAN's name to what each rule found in its pool, `rules` to the rules.
    """

    def __init__(self, run, wanted, data_dir, gan_seed=None, overwrite=False, allow_shortfall=False):
        self.run, self.config, self.progress, self.source = run, run.config, run.progress, run.source
        self.variants, self.overwrite, self.allow_shortfall = wanted, overwrite, allow_shortfall
        self.gan_run = run if gan_seed is None else run.with_seed(gan_seed)
        config, source, workdir, subset = run.config, run.source, run.workdir, run.subset
        self.gans = tuple(dict.fromkeys(variant.gan for variant in wanted if variant.gan))
        self.leaking = bool(self.gans) and config.judge.trained_on == "source_train"
        name = f"{source.name}_gan_aug"
        self.datasets = {variant.name: augmented.Dataset(data_dir, name, variant.name) for variant in wanted}
        self.subset_stage, self.judge_stage = run.subset_stage, judge_stage.stage(run)
        sets = max([variant.geo for variant in wanted], default=0)
        self.geometric_stages = [geometric.stage(workdir, self.subset_stage, config, number) for number in range(sets)]
        self.gan_stages = {gan: families.FAMILIES[gan].stage(self.gan_run) for gan in self.gans}
        self.pool_stages = {gan: self._pool_stage(gan) for gan in self.gans}
        counts = subset.train.counts(subset.classes)
        self.per_class = samples_per_class(config.samples, counts) if self.gans else counts * 0
        self.rules, self.drawn, self._copies = {gan: {} for gan in self.gans}, {}, None

    def check(self):
        """Raises `UserError` for everything that can be known to fail later."""
        config, shape, classes = self.config, self.source.image_shape, len(self.source.class_names)
        transforms.transform_names("--config.geometric.transforms", config.geometric.transforms)
        for variant in self.variants:
            dataset, request = self.datasets[variant.name], self.request(variant)
            # A shortfall shows only after drawing; _write compares again.
            if dataset.request != request:
                dataset.check(request, self.overwrite)
        for section in ("judge", "classifier"):
            recipes.build(f"--config.{section}", config[section], shape, classes, 0)
        keras.backend.clear_session()
        for name in ("judge", "classifier"):
            option, size = f"--config.{name}.batch_size", config[name].batch_size
            strategies.check_batch_size(option, size, self.run.strategy, len(self.run.subset.train.ids))
        for gan in self.gans:
            families.FAMILIES[gan].check(self.gan_run)

    def prepare(self):
        """Makes what GANs of every seed share: subset, geometric images and, where there are GANs, the judge."""
        self.run.write_subset()
        self._geometric()
        if self.gans and not self.judge_stage.done:
            judge_stage.make(self.judge_stage, self.run)

    def build(self):
        """Trains, draws and writes; returns the variants that are there now. Warns of those with too few images."""
        self.run.write_subset()
        images = self._geometric()
        self.drawn = {gan: self._draw(gan, self.run.subset) for gan in self.gans}
        kept = [variant for variant in self.variants if self._enough(variant)]
        for variant in kept:
            self._write(variant, self.run.subset, images)
        return kept

    def _geometric(self):
        for stage in self.geometric_stages:
            if not stage.done:
                with self.progress.task("geometric"):
                    geometric.make(stage, self.run.subset, self.config)
        return [geometric.load(stage.path) for stage in self.geometric_stages]

    def geometric_images(self):
        """The first set of geometric images, or None where no variant needs one."""
        return geometric.load(self.geometric_stages[0].path) if self.geometric_stages else None

    def judge(self):
        """The judge: (images) -> probabilities, in blocks of the recorded size."""
        return judges.Judge(self.judge_stage.path, self.config.samples.block_size)

    def _generator(self, gan):
        stage = self.gan_stages[gan]
        if not stage.done:
            families.make(stage, gan, self.gan_run)
        return saved_models.load(stage.path)

    def _pool_stage(self, gan):
        dependencies = {"gan": self.gan_stages[gan].digest, "judge": self.judge_stage.digest}
        # The format of its files: an older pool, of another one, is left alone.
        keys = {"seed": self.gan_run.config.seed, "block_size": self.config.samples.block_size, "images": "png"}
        return artefacts.Stage(self.run.workdir, "pool", {**dependencies, **keys})

    def pool(self, gan):
        """The pool of a GAN's draws; it only grows, block by block, so it is never "done"."""
        return pools.Pool(self.pool_stages[gan].path)

    def _draw(self, gan, subset):
        """Fills the pool as far as the variants need: {rule: `filling.Drawn`}."""
        samples, needed = self.config.samples, {}
        for variant in self.variants:
            if variant.gan == gan:
                own = needed.setdefault(variant.rule, {verdict: self.per_class * 0 for verdict in ("tp", "fp")})
                for verdict, quota in variant.quotas(self.per_class).items():
                    own[verdict] = own[verdict].clip(quota)
        generator = self._generator(gan)
        self.prepare()
        pool = self.pool(gan)
        drawer = filling.Drawer(generator, self.judge(), self.gan_run.config.seed, samples.block_size)

        def fill(quotas, rule, allow_shortfall, least=0):
            limits = samples.block_size, samples.max_draws_per_class
            wanted = filling.Wanted(quotas["tp"], quotas["fp"], rule, *limits, least=least)
            if self.run.runner:
                networks = self.gan_stages[gan].path, self.judge_stage.path
                self.run.runner.fill(pool, networks, wanted, self.gan_run.config.seed, self.progress.note)
            with self.progress.drawing(gan, subset.class_names, quotas) as show:
                return filling.fill(pool, drawer, wanted, subset.class_names, show, allow_shortfall)

        drawn = {}
        with self.pool_stages[gan].growing():
            for name, quotas in sorted(needed.items()):
                selection = rules.SELECTIONS[name]
                if least := selection.draws(samples):
                    nothing = {verdict: self.per_class * 0 for verdict in quotas}
                    fill(nothing, rules.ThresholdRule(), True, least=least)
                rule = selection.rule(samples, pool, subset.classes)
                if samples.drop_copies:
                    rule = rules.Screened(rule, self._screen(subset))
                self.rules[gan][name] = rule
                # A variant of a stricter rule is left out where images are missing; the paper's end the run.
                drawn[name] = fill(quotas, rule, self.allow_shortfall or bool(name))
        return drawn

    def _screen(self, subset):
        if self._copies is None:
            spaces = [name.strip() for name in self.config.samples.drop_copies.split(",") if name.strip()]
            members = self.judge().members
            self._copies = near_copies.Screen(subset.train.images, members, spaces, self.config.samples.copy_quantile)
        return self._copies

    def acceptance(self, gan):
        """The `filling.Drawn` of a GAN by the paper's rule, or by a stricter one where no variant asked for that."""
        return self.drawn[gan][min(self.drawn[gan])]

    def _enough(self, variant):
        """Whether the pool has the images that a variant needs; a warning names those left out."""
        _, short = self._quotas(variant)
        if short and not self.allow_shortfall:
            kind = "FP" if "fp" in variant.verdicts else "TP"
            self.progress.note(
                f"warning: {variant.name} left out: too few {kind} images of {', '.join(short)} after "
                f"{self.config.samples.max_draws_per_class} draws a class; --allow_shortfall writes what there is"
            )
            return False
        return True

    def request(self, variant, short=None):
        """The digest of a variant as asked for, or of what `short` ({verdict: images a class}) left of it."""
        stages, samples = {"subset": self.subset_stage.digest}, self.config.samples
        for copy in range(variant.geo):
            stages[f"geometric_{copy}" if copy else "geometric"] = self.geometric_stages[copy].digest
        if variant.gan:
            stages["pool"] = self.pool_stages[variant.gan].digest
            stages |= {"per_class": self.per_class.tolist(), **rules.SELECTIONS[variant.rule].keys(samples)}
            if samples.drop_copies:
                stages["drop_copies"] = [samples.drop_copies, samples.copy_quantile]
            if short:
                stages["short"] = {verdict: counts.tolist() for verdict, counts in short.items()}
        return artefacts.digest({"variant": variant.name, "format": augmented.VERSION, **stages})

    def _write(self, variant, subset, images):
        dataset, quotas, short = self.datasets[variant.name], *self._quotas(variant)
        digest = self.request(variant, quotas if short else None)
        if dataset.check(digest, self.overwrite):
            self.progress.note(f"{variant.name}: reused {dataset.path} (digest {digest})")
            return
        pool, write_split = self.pool(variant.gan) if variant.gan else None, records.write_split
        if self.run.runner:
            # Needs the extra `beam`, which is there where there is a runner.
            from tfgan_aug.datasets import beam

            sets = [stage.path for stage in self.geometric_stages[: variant.geo]]
            subset, images, pool, write_split = beam.plan(self.run.runner, subset, self.subset_stage.path, sets, pool)
        train, count = examples.training_examples(
            variant,
            subset,
            images,
            pool=pool,
            rule=self.rules[variant.gan][variant.rule] if variant.gan else None,
            quotas=quotas,
            seed=self.config.seed,
        )
        held_out, held_out_count = examples.held_out_examples(subset, digest)
        described = {"digest": digest, "request": self.request(variant), "subset": self.subset_stage.digest}
        described["leaking"] = self.leaking and bool(variant.gan)
        if variant.gan:
            described |= {"gan_seed": self.gan_run.config.seed, "pool": self.pool_stages[variant.gan].digest}
            described |= cards.draws(subset.class_names, self.drawn[variant.gan][variant.rule], short)
        provenance = cards.provenance(variant, self.source, self.config, len(subset.train.ids), described)
        with self.progress.task(f"{variant.name}: {count:,} images"):
            dataset.write(
                augmented.Contents(
                    train=train,
                    train_count=count,
                    held_out=held_out,
                    held_out_count=held_out_count,
                    image_shape=self.source.image_shape,
                    class_names=subset.class_names,
                    info={name: getattr(self.source, name) for name in ("citation", "homepage", "license")},
                ),
                provenance,
                cards.text(dataset, self.source, provenance),
                write_split,
            )

    def _quotas(self, variant):
        """({verdict: images a class}, names of the classes that fall short of what the variant asks for).

        Where a class falls short in one verdict, the other one gives no more: TP + FP stays half and half.
        """
        if not variant.gan:
            return {}, ()
        asked, drawn = variant.quotas(self.per_class), self.drawn[variant.gan][variant.rule]
        found = [drawn.counts[:, rules.VERDICTS.index(verdict)] for verdict in asked]
        quotas = {verdict: np.minimum.reduce([quota, *found]) for verdict, quota in asked.items()}
        short = np.any([quotas[verdict] < asked[verdict] for verdict in asked], axis=0)
        return quotas, tuple(name for name, few in zip(self.source.class_names, short, strict=True) if few)

    def minutes(self, variant):
        """Minutes of work that the variant's images took: geometric ones, the GAN, the judge, the draws."""
        minutes = sum(stage.minutes for stage in self.geometric_stages[: variant.geo])
        if variant.gan:
            minutes += self.judge_stage.minutes + self.gan_stages[variant.gan].minutes
            minutes += self.pool_stages[variant.gan].minutes
        return minutes

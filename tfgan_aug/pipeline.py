"""The main job: from a config to TFDS variants, their accuracies and the pictures to look at.

Each step is a stage of the workdir (see `artefacts`), found by the digest of what it depends on: a step that is
done is reused, one that was cut off goes on.
"""

import dataclasses
import pathlib

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug import (
    __version__,
    artefacts,
    augmented,
    classifiers,
    experiment,
    generators,
    geometric,
    judges,
    report,
    settings,
    sources,
    subsets,
    training,
    verdicts,
)
from tfgan_aug.errors import UserError
from tfgan_aug.progress import Progress

# The variants whose accuracy the main job measures; the whole table has a command of its own.
_SCORED = ("real", "geo", "{gan}_tp", "{gan}_tp_geo")


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line says beside the config."""

    workdir: str
    data_dir: str = ""
    variants: str = ""
    strategy: str = "auto"
    overwrite: bool = False
    allow_shortfall: bool = False
    skip_unreadable: bool = False


@dataclasses.dataclass(frozen=True)
class Result:
    """`summary` Markdown, `datasets` (`augmented.Dataset`s that are there now), `grids` (paths)."""

    summary: str
    datasets: tuple
    grids: tuple


def build_dataset(config, options):
    """Builds the variants, trains the classifier on those that the table shows, draws the grids; gives a `Result`.

    Raises `UserError` for what the user can mend, before any work where it can be known before.
    """
    settings.check(config)
    variants = _parse_variants(config, options.variants)
    training.set_up(config.seed)
    strategy = training.make_strategy(options.strategy)
    data_dir = options.data_dir or str(pathlib.Path(options.workdir) / "tensorflow_datasets")
    with (
        artefacts.open_workdir("--workdir", options.workdir) as workdir,
        artefacts.writable("--data_dir", data_dir) as data_dir,
    ):
        source = sources.open_configured(config, options.skip_unreadable)
        subset = subsets.read(source, config)
        return _Job(config, options, workdir, data_dir, strategy, source, subset, variants).run()


def _parse_variants(config, text):
    possible = settings.variants_of(settings.gan_names(config))
    names = [name.strip() for name in text.split(",") if name.strip()] if text else possible
    for name in names or [text]:
        if name not in possible:
            raise UserError(f"--variants: found {name!r}, expected some of {', '.join(possible)}")
    return [augmented.Variant.parse(name) for name in possible if name in names]


class _Job:
    """One run of the main job; every method makes or finds one stage."""

    def __init__(self, config, options, workdir, data_dir, strategy, source, subset, variants):
        self.config, self.options, self.workdir, self.strategy = config, options, workdir, strategy
        self.source, self.variants = source, variants
        self.gans = tuple(dict.fromkeys(variant.gan for variant in variants if variant.gan))
        self.progress = Progress()
        self.leaking = bool(self.gans) and config.judge.trained_on == "source_train"
        self.rule = verdicts.Rule(config.samples.threshold)
        self.datasets = {
            variant.name: augmented.Dataset(data_dir, f"{source.name}_gan_aug", variant.name) for variant in variants
        }
        self.subset_stage = subsets.stage(workdir, source, subset)
        self.chosen = subset
        self.geometric_stage = geometric.stage(workdir, self.subset_stage, config)
        self.judge_stage = judges.stage(workdir, self.subset_stage, source, config)
        self.gan_stages = {gan: generators.stage(workdir, gan, self.subset_stage, config) for gan in self.gans}
        self.pool_stages = {gan: self._pool_stage(gan) for gan in self.gans}
        self.per_class = self._samples_per_class()

    def run(self):
        self._check_before_work()
        subset = self._subset()
        images = self._geometric(subset) if any(variant.geo for variant in self.variants) else None
        drawn = {gan: self._draw(gan, subset) for gan in self.gans}
        kept = [variant for variant in self.variants if self._enough(variant, drawn)]
        if not kept:
            raise UserError("--variants: every one of them needs more FP images than there are; nothing was written")
        for variant in kept:
            self._write(variant, subset, images, drawn.get(variant.gan))
        pools = {gan: self._pool(gan) for gan in self.gans}
        grids = report.save_grids(self.workdir / "grids", subset, images, pools, self.rule)
        for gan in self.gans:
            grids += generators.inspect(gan, self.gan_stages[gan], subset, self.config, grids[0].parent)
        scored = {name.format(gan=gan) for name in _SCORED for gan in self.gans or ("",)}
        rows = [self._row(variant, drawn) for variant in kept if variant.name in scored]
        text = report.closing(
            rows,
            subset.class_names,
            drawn,
            self.leaking,
            self.source.skipped,
            grids[0].parent,
            self.datasets[kept[-1].name],
        )
        (self.workdir / "summary.md").write_text(text, encoding="utf-8")
        return Result(text, tuple(self.datasets[variant.name] for variant in kept), tuple(grids))

    def _check_before_work(self):
        """Everything that can be known to fail later fails now."""
        config, shape, classes = self.config, self.source.image_shape, len(self.source.class_names)
        geometric.transform_names("--config.geometric.transforms", config.geometric.transforms)
        for variant in self.variants:
            dataset, request = self.datasets[variant.name], self._dataset_digest(variant)
            # A shortfall shows only after drawing; _write compares again.
            if dataset.request != request:
                dataset.check(request, self.options.overwrite)
        for section in ("judge", "classifier"):
            classifiers.build(f"--config.{section}", config[section], shape, classes, 0)
        keras.backend.clear_session()
        for name in ("judge", "classifier"):
            option, size = f"--config.{name}.batch_size", config[name].batch_size
            training.check_batch_size(option, size, self.strategy, len(self.chosen.train.ids))
        for gan in self.gans:
            generators.check(gan, config, self.chosen, self.strategy)

    def _subset(self):
        if not self.subset_stage.done:
            subsets.make(self.subset_stage, self.source, self.chosen)
        subset = subsets.load(self.subset_stage.path)
        smallest, largest = subset.train.counts(subset.classes).min(), subset.train.counts(subset.classes).max()
        spread = f"{smallest}" if smallest == largest else f"{smallest} to {largest}"
        self.progress.note(
            f"subset: {len(subset.train.ids):,} training images of {subset.classes} classes, {spread} a class; "
            f"{len(subset.test.ids):,} held out; training on {training.device_names(self.strategy)}"
        )
        return subset

    def _samples_per_class(self):
        """Generated images a class that a variant of one verdict needs, ints (classes,)."""
        counts, samples = self.chosen.train.counts(self.chosen.classes), self.config.samples
        if samples.per_class:
            return counts * 0 + samples.per_class
        if samples.quota == "own":
            return counts
        missing = counts.max() - counts
        if self.gans and not missing.any():
            raise UserError(
                f"--config.samples.quota=balance: found {counts.max()} training images in every class, expected rarer "
                "classes to fill; --config.samples.quota=own adds as many as there are"
            )
        return missing

    def _geometric(self, subset):
        if not self.geometric_stage.done:
            with self.progress.task("geometric"):
                geometric.make(self.geometric_stage, subset, self.config)
        return geometric.load(self.geometric_stage.path)

    def _judge(self, subset):
        """The judge, trained on first use: (images) -> probabilities, in blocks of the recorded size."""
        if not self.judge_stage.done:
            judges.make(self.judge_stage, subset, self.source, self.config, self.strategy, self.progress)
        return judges.Judge(self.judge_stage.path, self.config.samples.block_size)

    def _generator(self, gan, subset):
        stage = self.gan_stages[gan]
        if not stage.done:
            generators.make(stage, gan, subset, self.config, self.strategy, self.progress)
        return generators.load(stage.path)

    def _pool_stage(self, gan):
        samples = self.config.samples
        dependencies = {"gan": self.gan_stages[gan].digest, "judge": self.judge_stage.digest}
        return artefacts.Stage(
            self.workdir, "pool", {**dependencies, "seed": self.config.seed, "block_size": samples.block_size}
        )

    def _pool(self, gan):
        # The pool only grows, block by block, so it is never "done".
        return verdicts.Pool(self.pool_stages[gan].path)

    def _draw(self, gan, subset):
        """Fills the pool as far as the variants need."""
        samples = self.config.samples
        needed = {verdict: self.per_class * 0 for verdict in ("tp", "fp")}
        for variant in self.variants:
            if variant.gan == gan:
                for verdict, quota in variant.quotas(self.per_class).items():
                    needed[verdict] = needed[verdict].clip(quota)
        generator, judge = self._generator(gan, subset), self._judge(subset)
        with (
            self.pool_stages[gan].growing(),
            self.progress.drawing(gan, subset.class_names, needed) as show,
        ):
            return verdicts.fill(
                self._pool(gan),
                generator,
                judge,
                tp=needed["tp"],
                fp=needed["fp"],
                class_names=subset.class_names,
                rule=self.rule,
                seed=self.config.seed,
                block_size=samples.block_size,
                max_draws=samples.max_draws_per_class,
                allow_shortfall=self.options.allow_shortfall,
                progress=show,
            )

    def _enough(self, variant, drawn):
        """Whether the pool has the FP images that a variant needs; a warning names those left out."""
        _, short = self._quotas(variant, drawn.get(variant.gan))
        if short and not self.options.allow_shortfall:
            self.progress.note(
                f"warning: {variant.name} left out: too few FP images of {', '.join(short)} after "
                f"{self.config.samples.max_draws_per_class} draws a class; --allow_shortfall writes what there is"
            )
            return False
        return True

    def _dataset_digest(self, variant, short=None):
        """The digest of a variant as asked for, or of what `short` ({verdict: images a class}) left of it."""
        stages = {"subset": self.subset_stage.digest}
        if variant.geo:
            stages["geometric"] = self.geometric_stage.digest
        if variant.gan:
            stages["pool"] = self.pool_stages[variant.gan].digest
            stages["threshold"], stages["per_class"] = self.config.samples.threshold, self.per_class.tolist()
            if short:
                stages["short"] = {verdict: counts.tolist() for verdict, counts in short.items()}
        return artefacts.digest({"variant": variant.name, "format": augmented.VERSION, **stages})

    def _write(self, variant, subset, images, drawn):
        dataset, quotas, short = self.datasets[variant.name], *self._quotas(variant, drawn)
        digest = self._dataset_digest(variant, quotas if short else None)
        if dataset.check(digest, self.options.overwrite):
            self.progress.note(f"{variant.name}: reused {dataset.path} (digest {digest})")
            return
        train, count = augmented.training_examples(
            variant,
            subset,
            images,
            pool=self._pool(variant.gan) if variant.gan else None,
            rule=self.rule,
            quotas=quotas,
            seed=self.config.seed,
        )
        counts = subset.test.counts(subset.classes)
        test = augmented.interleave(
            [augmented.real_examples(subset.test, label) for label in range(subset.classes)], counts, digest
        )
        provenance = self._provenance(variant, digest, subset, drawn, short)
        source = self.source
        with self.progress.task(f"{variant.name}: {count:,} images"):
            dataset.write(
                train=train,
                train_count=count,
                test=test,
                test_count=int(counts.sum()),
                image_shape=subset.image_shape,
                class_names=subset.class_names,
                info={name: getattr(source, name) for name in ("citation", "homepage", "license")},
                provenance=provenance,
                card=report.card(dataset, source, provenance),
            )

    def _quotas(self, variant, drawn):
        """({verdict: images a class}, names of the classes that fall short of what the variant asks for).

        Where a class falls short in one verdict, the other one gives no more: TP + FP stays half and half.
        """
        if not variant.gan:
            return {}, ()
        asked = variant.quotas(self.per_class)
        found = [drawn.counts[:, verdicts.VERDICTS.index(verdict)] for verdict in asked]
        quotas = {verdict: np.minimum.reduce([quota, *found]) for verdict, quota in asked.items()}
        short = np.any([quotas[verdict] < asked[verdict] for verdict in asked], axis=0)
        return quotas, tuple(name for name, few in zip(self.source.class_names, short, strict=True) if few)

    def _provenance(self, variant, digest, subset, drawn, short):
        config = self.config
        text = f"{len(subset.train.ids):,} images of {self.source.spec}, drawn with seed {config.seed}"
        if variant.geo:
            text += f", as many made from them by {config.geometric.transforms}"
        if variant.gan:
            kind = " and ".join(verdict.upper() for verdict in variant.verdicts)
            text += f", and generated images of a {variant.gan.upper()} that a classifier found {kind}"
        record = {
            "digest": digest,
            "request": self._dataset_digest(variant),
            "variant": variant.name,
            "description": f"{text} (tfgan_aug {__version__}, after Kono and Kawamoto).",
            "config": {name: value for name, value in config.to_dict().items() if name != "source_data_dir"},
            "subset": self.subset_stage.digest,
            "leaking": self.leaking and bool(variant.gan),
            "versions": {"tfgan_aug": __version__, "tensorflow": tf.__version__, "keras": keras.__version__},
        }
        if variant.gan:
            record["pool"] = self.pool_stages[variant.gan].digest
            record["acceptance"] = report.acceptance(subset.class_names, drawn)
            record["draws_tp_fp"] = dict(zip(subset.class_names, drawn.counts.tolist(), strict=True))
            record["short"] = short
        return record

    def _row(self, variant, drawn):
        dataset = self.datasets[variant.name]
        stage = experiment.stage(self.workdir, dataset.digest, self.source, self.config)
        if not stage.done:
            with self.progress.training(f"classifier on {variant.name}", self.config.classifier.steps) as callback:
                experiment.make(stage, dataset, self.source, self.config, self.strategy, [callback])
        minutes = self.geometric_stage.minutes if variant.geo else 0.0
        if variant.gan:
            minutes += self.judge_stage.minutes + self.gan_stages[variant.gan].minutes
            minutes += self.pool_stages[variant.gan].minutes
        result = artefacts.read_json(stage.path / "result.json")
        return {**result, "make_minutes": minutes, "train_minutes": stage.minutes}

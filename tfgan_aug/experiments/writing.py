"""Writing: the datasets of a plan, from its subset, its geometric images and its filled pools.

Artefacts: the datasets, see `datasets.augmented`.
"""

from tfgan_aug.config import GANS
from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.datasets import augmented, cards, examples, records
from tfgan_aug.experiments import copy_gate, shared_stages


def write(drawing, overwrite=False):
    """Writes the datasets of a filled `drawing.Drawing`; returns the variants whose datasets are there now.

    Raises `UserError`, once the others are written, for those that the gate on copies refuses, see `copy_gate`.

    A variant with too few images is left out with a warning, unless the drawing allows the shortfall; one without any
    generated image always. Raises
    `UserError` where another dataset is in the way and `overwrite` is False.
    """
    kept = [variant for variant in drawing.plan.variants if _enough(variant, drawing)]
    gate, refused = copy_gate.Gate(drawing), []
    for variant in kept:
        if words := gate.refusal(variant):
            refused.append(words)
            continue
        _write(variant, drawing, overwrite)
        if found := gate.found(variant):
            cards.record(drawing.plan.datasets[variant.name], copies=found)
    if refused:
        raise UserError("; ".join(refused))
    return kept


def _enough(variant, drawing):
    """Returns whether the pool has the images that a variant needs; a warning names those left out."""
    quotas, short = drawing.quotas(variant)
    if not short or (drawing.allow_shortfall and any(counts.any() for counts in quotas.values())):
        return True
    if drawing.allow_shortfall:
        same = "geo" if variant.geo else "real"
        drawing.plan.run.progress.note(f"warning: {variant.name} left out: no image was accepted, so it equals {same}")
        return False
    run, kind = drawing.plan.run, "FP" if "fp" in variant.verdicts else "TP"
    run.progress.note(
        f"warning: {variant.name} left out: too few {kind} images of {', '.join(short)} after "
        f"{run.config.samples.max_draws_per_class} draws a class; --allow_shortfall writes what there is"
    )
    return False


def _write(variant, drawing, overwrite):
    plan, run = drawing.plan, drawing.plan.run
    dataset, quotas, short = plan.datasets[variant.name], *drawing.quotas(variant)
    digest = plan.request(variant, quotas if short else None)
    with dataset.changing(run.progress.note):
        if dataset.check(digest, overwrite):
            run.progress.note(f"{variant.name}: reused {dataset.path} (digest {digest})")
        else:
            _make(variant, drawing, dataset, digest, quotas, short)


def _make(variant, drawing, dataset, digest, quotas, short):
    """Writes the dataset of a variant with this digest; `quotas` and `short` as `drawing.Drawing.quotas` has them."""
    run = drawing.plan.run
    subset, sets, pool, write_split = _inputs(variant, drawing)
    train, count = examples.training_examples(
        variant,
        subset,
        sets,
        pool=pool,
        rule=drawing.rules[variant.gan][variant.rule] if variant.gan else None,
        quotas=quotas,
        seed=run.config.seed,
    )
    held_out, held_out_count = examples.held_out_examples(subset, digest)
    contents = augmented.Contents(
        train=train,
        train_count=count,
        held_out=held_out,
        held_out_count=held_out_count,
        image_shape=run.source.image_shape,
        class_names=subset.class_names,
        info={name: getattr(run.source, name) for name in ("citation", "homepage", "license")},
    )
    described = _described(variant, drawing, digest, short) | {"surveys": dict(run.subset.surveys)}
    provenance = cards.provenance(variant, run.source, run.config, len(run.subset.train.ids), described)
    with run.progress.task(f"{variant.name}: {count:,} images"):
        dataset.write(contents, provenance, cards.text(f"{dataset.name}/{dataset.variant}", provenance), write_split)


def _inputs(variant, drawing):
    """Returns (subset, sets of geometric images, pool or None, `write_split`) to make and write the examples with."""
    plan, run = drawing.plan, drawing.plan.run
    pool = drawing.pool(variant.gan) if variant.gan else None
    if not run.runner:
        return run.subset, shared_stages.geometric_images(plan), pool, records.write_split
    # Needs the extra `beam`, which is there where there is a runner.
    from tfgan_aug.datasets import beam

    sets = [stage.path for stage in plan.geometric_stages[: variant.geo]]
    return beam.plan(run.runner, run.subset, run.subset_stage.path, sets, pool)


def _described(variant, drawing, digest, short):
    """Returns what provenance.json says of the digests and draws behind a dataset."""
    plan = drawing.plan
    described = {"digest": digest, "request": plan.request(variant), "subset": plan.run.subset_stage.digest}
    described["config"] = _config(variant, plan.run.config)
    leaks = plan.run.config.leaks([variant.gan] if variant.gan else [])
    described |= {"leaking": bool(leaks), **({"leaks": leaks} if leaks else {})}
    if variant.gan:
        described |= {"gan_seed": plan.gan_run.config.seed, "pool": plan.pool_stages[variant.gan].digest}
        described |= cards.draws(
            plan.run.subset.class_names,
            drawing.own(variant),
            short,
            drawing.little_variety(variant.gan),
            drawing.faults(variant.gan),
        )
    return described


def _config(variant, config):
    """Returns the fields that a variant's images depend on, nested dictionaries, whatever is built beside it."""
    apart = {"source_data_dir", "classifier", "table", "metrics", "sweep", "advice", *GANS} - {variant.gan}
    apart |= set() if variant.geo else {"geometric"}
    apart |= set() if variant.gan else {"judge", "samples"}
    return {name: value for name, value in fields.to_dict(config).items() if name not in apart} | {"gans": variant.gan}

"""Inner splits: a run's training images in folds, to choose by. No test image and no held-out image is read.

Artefacts: `inner/<folds>-<fold>-<percent>-<digest>/` in the workdir, the digest the config's, each the workdir of a
`table` that is scored on the fold.
"""

import dataclasses

import numpy as np

from tfgan_aug.core import artefacts, fields, workdirs
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import digests, sources, subsets
from tfgan_aug.evaluation import comparison
from tfgan_aug.experiments import summaries, table

FOLDER = "inner"


def nested(labels, positions, share, seed):
    """Those of `positions` that a share keeps, ascending: of each class the first in a seeded order, at least one.

    Smaller shares are parts of larger ones. `labels` is of the whole set, ints.
    """
    kept = []
    for label in np.unique(labels[positions]):
        own = np.random.default_rng([seed, int(label)]).permutation(positions[labels[positions] == label])
        kept.append(own[: max(1, round(share * len(own)))])
    return np.sort(np.concatenate(kept))


def run_of(run, option, folds, fold, share=1.0):
    """Returns the `Run` that trains on a share of the other folds' images, and whose held-out images are the fold.

    Its source has no test split. Images of the fold that are among the others, too, down to the pixels, are left out.
    Raises `UserError`, naming `option`, for a class with fewer images than folds, and for a judge that leaks.
    """
    subset, config = run.subset, run.config
    if who := config.leaks(config.gans):
        raise UserError(
            f"{option}: found trained_on=source_train of {who}, expected subset: a network that has seen the images "
            "left out cannot help to choose"
        )
    counts = subset.train.counts(subset.classes)
    if counts.min() < folds:
        name = subset.class_names[int(counts.argmin())]
        raise UserError(
            f"{option}={folds}: found {counts.min()} training images of class {name!r}, expected one or more for each"
        )
    split = subsets.folds(subset.train.labels, folds, config.seed)
    trained = nested(subset.train.labels, np.flatnonzero(split != fold), share, config.seed)
    known = {digests.pixel_hash(subset.train.images[position]) for position in trained}
    scored = [
        position for position in np.flatnonzero(split == fold)
        if digests.pixel_hash(subset.train.images[position]) not in known
    ]  # fmt: skip
    parts = (_part(subset.train, positions) for positions in (trained, scored))
    # A choice by folds within folds would take many trainings.
    plain = {"table.protocol": "equal_steps"} if config.table.protocol == "tuned" else {}
    config = fields.replaced(config, plain)
    # Commands that train for other steps share the workdir.
    digest = artefacts.digest([run.subset_stage.digest, table.compared(config)])
    return dataclasses.replace(
        run,
        config=config,
        workdir=run.workdir / FOLDER / f"{folds}-{fold}-{100 * share:g}-{digest}",
        source=sources.without_test(run.source),
        subset=subsets.Subset(subset.class_names, *parts),
    )


def _part(part, positions):
    ids = tuple(part.ids[position] for position in positions)
    return subsets.Part(ids, part.labels[positions], np.asarray(part.images[positions]))


def tables_for_claim(made):
    """Returns a `table.Table` for each inner split, checked, of the rows of the table `made` that it can claim.

    With the first seed of each kind. Raises `UserError` where there is nothing to choose between, where one cannot be
    made, and where test images were looked at before.
    """
    made.check_claim()
    choice, folds = made.choice, made.run.config.table.claim_folds
    rows = tuple(row for row in choice.rows if row.adds_generated_images or not (row.variant.gan or row.tuned))
    if len({row.adds_generated_images for row in rows}) < 2:
        raise UserError(
            f"--claim: found rows {', '.join(row.name for row in choice.rows)}, expected one or more with generated "
            "images and one or more without"
        )
    first, option = table.Choice(rows, choice.gan_seeds[:1], choice.classifier_seeds[:1]), "--config.table.claim_folds"
    runs, tried = [run_of(made.run, option, folds, fold) for fold in range(folds)], set()
    return [checked(run, first, made.described, "--claim", tried) for run in runs]


def checked(inner, choice, described, option, tried):
    """Returns the checked `table.Table` of an inner run; raises `UserError`, naming `option`.

    `tried` as `table.Table.check` takes it.
    """
    made = table.Table(inner, choice, described, allow_shortfall=True)
    if found := made.untuned():
        raise UserError(f"{option}: found row {found[0].name}, which is tuned, expected rows that are not")
    try:
        made.check(tried)
    except UserError as error:
        raise UserError(f"{option}, on an inner split: {error}") from None
    return made


def work(tables):
    """Makes what is missing of the tables, one after another."""
    for made in tables:
        with workdirs.writable("--workdir", made.run.workdir):
            made.run.write_subset()
            made.begin()
            made.work()


def scores(made):
    """Returns {row: {"hits", "gan", "classifier_seeds"}} of a finished inner table, as `comparison` takes it."""
    found = {}
    seeds = {"gan_seed": (None, *made.choice.gan_seeds), "classifier_seed": made.choice.classifier_seeds}
    for row in table.state_of(made.run.workdir)["rows"]:
        # Earlier sittings may have had other seeds.
        row["cells"] = [cell for cell in row["cells"] if all(cell[name] in own for name, own in seeds.items())]
        if block := summaries.finished(row, made.run.workdir):
            # The only images that an inner run is scored on.
            found[row["name"]] = summaries.of_split(block, "held_out")
    return found


def claim(tables, resamples):
    """Returns what a table claims before it is scored: {"row", "against", "inner": as `compare`}.

    The best row with generated images on the inner splits, against the best one without.
    """
    found = compare(tables, resamples)
    return {"row": found["chosen"], "against": found["strongest"], "inner": found}


def compare(tables, resamples):
    """Returns what the inner splits say of the rows that every fold has, with every training image scored once.

    {"folds", "images", "strongest": the best row without generated images, "chosen": the best one with them or None,
    "rows": {name: {"generated", "mean": percent, "versus": {"real" and the strongest: as `comparison.compare`}}}}.
    """
    of_folds = [scores(made) for made in tables]
    generated = {row.name: row.adds_generated_images for row in tables[0].choice.rows}
    pooled = {}
    for row in tables[0].choice.rows:
        own = [found[row.name] for found in of_folds if row.name in found]
        if len(own) == len(tables) and (generated[row.name] or not row.variant.gan):
            pooled[row.name] = {**own[0], "hits": np.concatenate([block["hits"] for block in own], axis=2)}
    means = {name: 100 * float(block["hits"].mean()) for name, block in pooled.items()}
    plain = {name: mean for name, mean in means.items() if not generated[name]}
    made = {name: mean for name, mean in means.items() if generated[name]}
    strongest = max(plain, key=plain.get, default=None)
    baselines = tuple(name for name in dict.fromkeys(("real", strongest)) if name)
    versus = comparison.compare_all(pooled, baselines, resamples=resamples, widen=True)
    return {
        "folds": len(tables),
        "images": next((block["hits"].shape[2] for block in pooled.values()), 0),
        "strongest": strongest,
        "chosen": max(made, key=made.get, default=None),
        "rows": {
            name: {"generated": generated[name], "mean": mean, "versus": versus[name]} for name, mean in means.items()
        },
    }

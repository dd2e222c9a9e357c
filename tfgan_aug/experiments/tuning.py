"""Tuning: how long, how fast and with how much decay the classifier of a row trains, chosen on an inner split.

Makes no file of its own: the classifiers that are tried are cells in the workdir of `inner`.
"""

import dataclasses
import itertools

import numpy as np

from tfgan_aug.classifiers.recipes import RECIPES
from tfgan_aug.core import artefacts, fields
from tfgan_aug.experiments import cells, inner, table

_OPTION = "--config.table.search_folds"
# Times the config's own; decays for a recipe that has none.
_LENGTHS, _RATES, _DECAYS = (0.5, 1.0, 2.0), (1 / 3, 1.0, 3.0), (0.1, 1.0, 10.0)
_FIRST_DECAYS = (0.0, 1e-4, 1e-3)


def settings(config):
    """Returns what is tried: `config.table.search` dicts {dotted field: value}, the first one {}: the config's own.

    The same for every row, so each of them searches for as many steps; in a seeded order.
    """
    section = config.classifier
    recipe = RECIPES[section.recipe].replace(section)
    decays = [factor * recipe.weight_decay for factor in _DECAYS] if recipe.weight_decay else _FIRST_DECAYS
    own = 1.0, 1.0, recipe.weight_decay
    others = [factors for factors in itertools.product(_LENGTHS, _RATES, decays) if factors != own]
    order = np.random.default_rng(config.seed).permutation(len(others))
    tried = [
        {
            "classifier.steps": max(1, round(length * section.steps)),
            "classifier.learning_rate": rate * recipe.learning_rate,
            "classifier.weight_decay": decay,
        }
        for length, rate, decay in (others[place] for place in order[: config.table.search - 1])
    ]
    return [{}, *tried]


def tables(made):
    """Returns a checked `table.Table` on the first of the inner splits for each row of `made` that is to be tuned.

    With that row alone, the first GAN seed and the first classifier seed. Raises `UserError` where one cannot be made.
    """
    rows = made.untuned()
    if not rows:
        return []
    run, tried = inner.run_of(made.run, _OPTION, made.run.config.table.search_folds, 0), set()
    first = (made.choice.gan_seeds[:1], made.choice.classifier_seeds[:1])
    alone = [table.Choice((dataclasses.replace(row, tuned=False),), *first) for row in rows]
    return [inner.checked(run, choice, made.described, f"row {choice.rows[0].name}", tried) for choice in alone]


def tune(made, of_folds):
    """Chooses the settings of the rows of the table `made`, by their `tables`."""
    for of_fold in of_folds:
        (row,) = of_fold.choice.rows
        made.settle(row, choose(made, of_fold))


def choose(made, of_fold):
    """Returns {"changes": the settings with the highest accuracy on the fold, "tried", "own", "best", "minutes"}.

    "own" and "best" are percent of the fold's images, with the config's settings and with the best; of equal ones it
    is the first. The config's own, and nothing tried, where the fold has no dataset of the row.
    """
    run, (row,) = of_fold.run, of_fold.choice.rows
    run.progress.note(f"row {row.name}: {made.run.config.table.search} settings are tried on an inner split")
    # The datasets, and the config's own settings.
    inner.work([of_fold])
    tried, minutes = [], of_fold.minutes()
    _, _, _, own = next(of_fold.cells())
    if own is None:
        run.progress.note(f"row {row.name}: the config's settings stay, the inner split has too few generated images")
        return {"changes": {}, "tried": 0, "own": None, "best": None, "minutes": minutes}
    for changes in settings(made.run.config):
        cell = dataclasses.replace(own, run=dataclasses.replace(run, config=fields.replaced(run.config, changes)))
        stage = cell.stage()
        cells.ensure(stage, cell)
        minutes += stage.minutes
        scores = artefacts.read_json(stage.path / "result.json")["held_out"]
        tried.append((100 * cells.accuracy(scores)[0], changes))
    best = max(tried, key=lambda one: one[0])
    return {"changes": best[1], "tried": len(tried), "own": tried[0][0], "best": best[0], "minutes": minutes}

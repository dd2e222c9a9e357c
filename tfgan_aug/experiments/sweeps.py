"""Which points a sweep has: configs and rows of the table, for each of the paper's open questions. Makes no file."""

import dataclasses

from tfgan_aug.config import GANS
from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments import families, rows

# {name: (title, label of the x axis, whether x is logarithmic)}
SWEEPS = {
    "generated": ("How many generated images?", "generated images for each real one", True),
    "ratio": ("Generated or geometric images?", "generated images' share of the added ones", False),
    "real": ("With how many real images does a GAN help?", "real images a class", True),
    "stacks": ("How many stacked GANs?", "stacks", False),
    "threshold": ("Which draws help: sure ones or those at the class border?", "mean margin of the judge", False),
    "conditional": ("Does the conditional loss already select?", "weight of the conditional loss", False),
    "rare": ("Does a GAN fill up a rare class?", "", False),
    "budget": ("How long should the GAN train?", "share of the GAN's training steps", True),
}


@dataclasses.dataclass(frozen=True)
class Point:
    """One x of a sweep: `rows` (`rows.Row`s) under `config`. `x` is None where it is measured (threshold) or a name.

    `curve` names the line that the point belongs to, `label` the point itself.
    """

    x: float | None
    label: str
    curve: str
    config: object
    rows: tuple


def parse(text):
    """Returns the names of a comma-separated text, `all` for every one; raises `UserError`, naming --sweep."""
    names = fields.words(text)
    names = list(SWEEPS) if names == ("all",) else list(names)
    if not names or not set(names) <= set(SWEEPS):
        raise UserError(f"--sweep: found {text!r}, expected some of {', '.join(SWEEPS)}, or all")
    return names


def points(name, config, available, classes):
    """Returns the points of a sweep, a list; `available` is how many training images each of the `classes` can give.

    Raises `UserError` for points that the sweep cannot have.
    """
    fields.check(config)
    if name != "rare":
        # Run with others, --sweep=rare,ratio, it cuts its own points alone.
        config = changed(config, rare_class="")
    numbers = sorted(set(getattr(config.sweep, name))) if name in _NUMBERS else ()
    if name == "budget":
        found = list(_budget(config, numbers, available, classes))
    else:
        found = list(_MAKERS[name](config, numbers, available))
    for point in found:
        try:
            fields.check(point.config)
        except UserError as error:
            raise UserError(f"--config.sweep.{name}, point {point.label}: {error}") from None
    return found


_NUMBERS = ("generated", "ratio", "real", "stacks", "threshold", "conditional", "budget")


def changed(config, **changes):
    """Returns a copy of the config with other fields, a double underscore for each dot."""
    return fields.replaced(config, {name.replace("__", "."): value for name, value in changes.items()})


def _row(name, gans=GANS):
    return next(row for row in rows.all_rows(gans) if row.name == name)


def _generated(config, factors, available):
    size = config.train_per_class or available
    for factor in factors:
        per_class, draws = round(factor * size), round(config.samples.max_draws_per_class * max(1, factor))
        if per_class < 1:
            raise UserError(f"--config.sweep.generated: found {factor:g}, expected at least {1 / size:g}: one image")
        own = changed(config, samples__per_class=per_class, samples__quota="own", samples__max_draws_per_class=draws)
        for gan in config.gans:
            yield Point(factor, f"{factor:g} x", gan, own, (_row(f"{gan}_tp"),))


def _ratio(config, shares, available):
    for share in shares:
        if share > 1:
            raise UserError(f"--config.sweep.ratio: found {share:g}, expected shares from 0 to 1")
        for gan in config.gans:
            row = _row(f"{gan}_tp_geo")
            title = f"real + {share:.0%} {gan}, {1 - share:.0%} geometric"
            own = {"generated_share": share, "geometric_share": 1 - share, "number": None, "paper": None}
            row = dataclasses.replace(row, name=f"{row.name}_{share:g}", title=title, **own)
            yield Point(share, f"{share:.0%}", gan, config, (row,))


def _real(config, counts, available):
    for count in dict.fromkeys(min(round(count), available) for count in counts):
        if count < 1:
            raise UserError("--config.sweep.real: found 0, expected 1 or more images a class")
        own = changed(config, train_per_class=count, samples__per_class=0)
        yield Point(count, f"{count}", "geo", own, (_row("geo"),))
        for gan in config.gans:
            yield Point(count, f"{count}", gan, own, (_row(f"{gan}_tp"),))


def _stacks(config, counts, available):
    for count in counts:
        if count not in (1, 2, 3):
            raise UserError(f"--config.sweep.stacks: found {count:g}, expected 1, 2 or 3")
        own = changed(config, gans="sgan", sgan__stacks=int(count))
        yield Point(count, f"{count:g}", "sgan", own, (_row("sgan_tp"),))


def _threshold(config, thresholds, available):
    for gan in config.gans:
        for threshold in thresholds:
            own = changed(config, samples__threshold=threshold)
            yield Point(None, f"confidence {threshold:g}", f"{gan}, TP from a confidence", own, (_row(f"{gan}_tp"),))
        for band in config.sweep.margins:
            own = changed(config, samples__margins=band, samples__threshold=0.0)
            yield Point(None, f"margin {band}", f"{gan}, a band of margins", own, (_row(f"{gan}_tp"),))
        yield Point(None, "FP", f"{gan}, FP", config, (_row(f"{gan}_fp"),))


def _conditional(config, weights, available):
    for weight in weights:
        own = changed(config, gans="sgan", sgan__conditional_weight=weight)
        for verdict in ("tp", "fp"):
            yield Point(weight, f"{weight:g}", verdict.upper(), own, (_row(f"sgan_{verdict}"),))


def _rare(config, numbers, available):
    whole, real = changed(config, rare_class=""), _row("real")
    cut = changed(config, samples__quota="balance", samples__per_class=0)
    yield Point(None, "not cut", "real", whole, (real,))
    yield Point(None, "cut", "real", cut, (real,))
    repeated = dataclasses.replace(
        real, name="real_balanced", title="real, rare ones repeated", number=None, balanced=True
    )
    yield Point(None, "cut, repeated", "real", cut, (repeated,))
    for gan in config.gans:
        yield Point(None, f"cut, filled by {gan}", gan, cut, (_row(f"{gan}_tp"),))


def _budget(config, shares, available, classes):
    for share in shares:
        if not 0 < share <= 1:
            raise UserError(f"--config.sweep.budget: found {share:g}, expected shares above 0, up to 1")
        changes = {}
        # Whole budgets keep their own fields, so that GANs that are there already are found.
        for family in families.FAMILIES.values() if share < 1 else ():
            steps = family.steps(config, classes * (config.train_per_class or available))
            changes |= {name: max(1, round(share * count)) if count else 0 for name, count in steps.items()}
        own = fields.replaced(config, changes)
        for gan in config.gans:
            yield Point(share, f"{share:.0%}", gan, own, (_row(f"{gan}_tp"),))


_MAKERS = {
    "generated": _generated,
    "ratio": _ratio,
    "real": _real,
    "stacks": _stacks,
    "threshold": _threshold,
    "conditional": _conditional,
    "rare": _rare,
}

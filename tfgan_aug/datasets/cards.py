"""Each dataset's card: what it holds, and what was measured for it.

Artefacts, beside the shards: `README.md`, rendered from provenance.json and from `measured.json`, what was measured:
"table" (see `experiments.findings.of_row`), "images" (see `of_images` there) and "copies" (see
`experiments.copy_gate`). What was measured also goes into the
description in dataset_info.json, so that `tfds.builder(...).info` shows it; SHA256SUMS follows.
"""

import re
import shutil

import jinja2
import keras
import tensorflow as tf

from tfgan_aug import __version__
from tfgan_aug.core import artefacts, fields, markdown
from tfgan_aug.data import surveys
from tfgan_aug.datasets import augmented, verification
from tfgan_aug.sampling import rules

MEASURED, INFO = "measured.json", "dataset_info.json"
_CLASSES_NAMED = 20
_BASELINES = {"real": "the real images alone", "geo": "real and geometric images"}
_AGAINST = {"helps": "Better than", "hurts": "Worse than", "not resolved": "Not told apart from"}


def description(variant, source, config, images, short=None):
    """Returns the origins of the variant's images in a sentence; another one says what is `short`, see `shortfall`."""
    text = f"{images:,} images of {source.spec}, drawn with seed {config.seed}"
    if variant.geo:
        names = fields.text(config.geometric.transforms)
        times = "as many" if variant.geo == 1 else f"{variant.geo} times as many"
        text += f", {'and ' if not variant.gan else ''}{times} made from them by {names}"
    if variant.gan:
        kind = rules.described(variant.verdicts, variant.rule, config.samples)
        text += f", and generated images of a {variant.gan.upper()} that a classifier found {kind}"
    if variant.selection == "relabeled":
        text += ", with the label that it gave them"
    if short:
        text += f". {shortfall(short)}"
    return f"{text} (tfgan_aug {__version__}, after Kono and Kawamoto)."


def acceptance(class_names, drawn, limit=_CLASSES_NAMED):
    """Returns one line: the share of draws that are TP, overall and a class (the first `limit` of those drawn)."""
    shares = [
        f"{name} {tp / draws:.0%}" for name, (draws, tp, _) in zip(class_names, drawn.counts, strict=True) if draws
    ]
    draws, tp, _ = drawn.counts.sum(axis=0)
    more = f", and {len(shares) - limit} more classes" if len(shares) > limit else ""
    return f"{tp / draws:.1%} of {draws:,} draws accepted ({', '.join(shares[:limit])}{more})"


def shortfall(short, limit=_CLASSES_NAMED):
    """Returns a sentence on the generated images that are missing: `short` is {class: [images, wanted ones]}."""
    found, wanted = (sum(numbers) for numbers in zip(*short.values(), strict=True))
    named = ", ".join(f"{name} {own} of {most}" for name, (own, most) in list(short.items())[:limit])
    more = f", and {len(short) - limit} more classes" if len(short) > limit else ""
    return f"{wanted - found:,} generated images are missing, too few were accepted: {named}{more}"


def little_variety(gan, spreads, option="", limit=_CLASSES_NAMED):
    """Returns a line on the classes of which a GAN draws nearly the same picture over and over; "" where it does not.

    Without those of which it draws none, see `grey`.

    `spreads` are {class: its `evaluation.spread.Spread`}; `option` is one that may help, as the command line has it.
    """
    low = {name: own for name, own in spreads.items() if own.low and not own.grey}
    if not low:
        return ""
    named = ", ".join(
        f"{name} (distances {own.distance:.2f} of the real images', {own.repeats:.0%} repeats)"
        for name, own in list(low.items())[:limit]
    )
    more = f", and of {len(low) - limit} more classes" if len(low) > limit else ""
    helps = f"{option}, or more real images of them" if option else "more real images of them, or longer training"
    return f"{gan} draws nearly the same picture over and over of {named}{more}; what may help: {helps}"


def grey(gan, spreads, budget, limit=_CLASSES_NAMED):
    """Returns a line on the classes of which a GAN draws no picture, as before it is trained; "" where it does.

    `spreads` as in `little_variety`; `budget` are the options that say how long it was trained.
    """
    found = {name: own.contrast for name, own in spreads.items() if own.grey}
    if not found:
        return ""
    every = "every class" if len(found) == len(spreads) and len(found) > 1 else ""
    named, more = ", ".join(list(found)[:limit]), len(found) - limit
    named = every or named + (f" and {more} more classes" if more > 0 else "")
    return (
        f"{gan} has learnt nothing yet of {named}: its images are all but grey, with "
        f"{max(found.values()):.1%} of the real ones' contrast at most; train it longer ({budget}), or lower its "
        "learning rate"
    )


def refused(gan, name, draws, most):
    """Returns a line on a class of which all `draws` so far were refused: by the rule of three how rare TP images are.

    `most` is where drawing gives up.
    """
    return (
        f"{gan}: none of the first {draws:,} draws of {name!r} is TP, so fewer than {3 / draws:.1%} are (95 % "
        f"confidence); drawing goes on up to {most:,} a class (--config.samples.max_draws_per_class)"
    )


def draws(class_names, drawn, short, variety="", faults=()):
    """Returns what provenance says of the draws that images were chosen from; `short` as in `shortfall`.

    `variety` are the words of `little_variety`, `faults` lines on what makes the verdicts or the images worthless.
    """
    counts = dict(zip(class_names, drawn.counts.tolist(), strict=True))
    found = {"acceptance": acceptance(class_names, drawn), "draws_tp_fp": counts, "little_variety": variety}
    return found | {"short": list(short), "shortfall": short} | ({"faults": list(faults)} if faults else {})


def copies(found):
    """Returns what the gate on copies found, `experiments.copy_gate.Gate.found`, in words."""
    names = {"features": "the judge's features"}
    near = " and ".join(f"{share:.1%} by {names.get(space, space)}" for space, share in found["near"].items())
    text = (
        f"Before this dataset was written, its {found['images']:,} generated images were compared with the training "
        f"images. Near-copies, closer to one than {1 - found['quantile']:.0%} of those are to each other: {near}."
    )
    if own := found["patches"]:
        text += (
            f" Patches of 8 by 8 pixels that lie in a training image: {own['copied']:.1%}, of real images "
            f"{own['real']:.1%}; images that start from real ones hold some by design."
        )
    return f"{text} The gate let at most {found['limit']:.1%} pass."


def provenance(variant, source, config, images, described):
    """Returns the record beside a dataset: `described` (digests, draws, config), the versions that made it."""
    return {
        "variant": variant.name,
        "source": {name: getattr(source, name) for name in ("spec", "version", "license", "citation")},
        "description": description(variant, source, config, images, described.get("shortfall")),
        "versions": {"tfgan_aug": __version__, "tensorflow": tf.__version__, "keras": keras.__version__},
        **described,
    }


def text(name, provenance, measured=None):
    """Returns the text of the README.md of a dataset: what it holds, what was measured, where it comes from.

    `name` is such as my_images_gan_aug/dcgan_tp, `measured` the content of measured.json.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tfgan_aug.datasets"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"escaped": markdown.escaped, "literal": markdown.literal}
    environment.filters["capitalized"] = lambda words: words[:1].upper() + words[1:]
    # Earlier versions recorded nothing of the source but its name in the config.
    source = {"spec": provenance.get("config", {}).get("source", ""), "version": "", "license": "", "citation": ""}
    return environment.get_template("card.md.j2").render(
        name=name,
        provenance={
            "acceptance": "",
            "faults": [],
            "little_variety": "",
            "leaking": False,
            "pool": "",
            "source": source,
            "surveys": {},
            **provenance,
        },
        table=(measured or {}).get("table"),
        images=(measured or {}).get("images"),
        copies=copies((measured or {})["copies"]) if (measured or {}).get("copies") else "",
        against=_AGAINST,
        baseline=_baseline,
        fence=_fence,
        interval=interval,
        seeds=_seeds,
        quality_table=_quality_table,
        classes_table=_classes_table,
        survey_names=surveys.NAMES,
        survey_words=surveys.words,
        survey_warnings=surveys.warnings,
    )


def record(dataset, files=None, **found):
    """Keeps what was measured of a dataset, `table`, `images` or `copies`, in measured.json, and copies `files` to it.

    `files` is {name in the dataset: path}. Card and description follow.
    """
    files = files or {}
    with dataset.changing(), verification.renewing_sums(dataset.path, "README.md", MEASURED, INFO, *files):
        for name, path in files.items():
            with artefacts.whole(dataset.path / name) as partial:
                shutil.copyfile(path, partial)
        _record(dataset, found)


def _record(dataset, found):
    path = dataset.path / MEASURED
    measured = (artefacts.read_json(path) if path.exists() else {}) | found
    artefacts.write_json(path, measured)
    provenance = artefacts.read_json(dataset.path / augmented.PROVENANCE)
    artefacts.write_text(dataset.path / "README.md", text(f"{dataset.name}/{dataset.variant}", provenance, measured))
    path = dataset.path / INFO
    info = artefacts.read_json(path)
    info["description"] = provenance["description"]
    if "table" in measured:
        info["description"] += f"\n\nMeasured: {_sentences(measured['table'])}"
    artefacts.write_json(path, info)


def interval(versus):
    """Returns a difference in words, such as `-1.2 points, 95 % interval -2.0 to -0.3 (one GAN seed)`."""
    scope = f" ({versus['scope']})" if versus["scope"] else ""
    bounds = f"{versus['low']:+.1f} to {versus['high']:+.1f}"
    return f"{versus['difference']:+.1f} points, 95 % interval {bounds}{scope}"


def _sentences(table):
    """Returns what was measured as plain text, for the description."""
    own = f"{table['accuracy']:.1f} %"
    found = [f"a classifier trained on this dataset is right on {own} of {table['total']:,} test images."]
    for name, versus in table["versus"].items():
        found.append(
            f"{_AGAINST[versus['verdict']]} {_baseline(name, versus)}: {own} instead of {versus['accuracy']:.1f} %, "
            f"{interval(versus)}."
        )
    return " ".join([*found, f"The added images took {table['make_minutes']:.1f} minutes to make."])


def _baseline(name, versus):
    """Returns a baseline in words: one that is neither of the usual two is the strongest row without a generator."""
    return _BASELINES.get(name) or f"the strongest row without generated images ({versus['title']})"


def _fence(text):
    """Returns a code block's fence that nothing in its text ends."""
    return "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))


def _seeds(table):
    kinds = [(kind, len(table[f"{kind}_seeds"])) for kind in ("gan", "classifier")]
    words = {"gan": "GAN", "classifier": "classifier"}
    return " and ".join(f"{count} {words[kind]} seed{'s' * (count > 1)}" for kind, count in kinds if count)


def _quality_table(measured):
    lines = [
        (item["class"], *(markdown.number(value, ".3g") for value in item["values"])) for item in measured["classes"]
    ]
    return markdown.table(("class", *measured["metrics"]), lines)


def _classes_table(classes):
    head = ("class", "accuracy (%)", "against real images alone (points)")
    lines = []
    for item in classes:
        own, real = item["accuracy"], item["real"]
        change = None if None in (own, real) else own - real
        lines.append((item["class"], markdown.number(own, ".1f"), markdown.number(change, "+.1f")))
    return markdown.table(head, lines)

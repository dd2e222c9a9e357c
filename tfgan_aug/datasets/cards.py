"""Each dataset's card: what it holds, and what was measured for it.

Artefact: `README.md` beside the shards. What was measured also goes into the description in dataset_info.json, so that
`tfds.builder(...).info` shows it; SHA256SUMS follows.
"""

import re
import shutil

import keras
import tensorflow as tf

from tfgan_aug import __version__
from tfgan_aug.core import artefacts, fields
from tfgan_aug.datasets import verification
from tfgan_aug.sampling import rules

NOT_MEASURED = "Not yet: `python -m tools.run_table` measures whether these images help a classifier, and at what cost."
IMAGES_NOT_MEASURED = "Not yet: `python -m tools.measure` measures how good generated images are, and whether copies."
_CLASSES_NAMED = 20
_IN_DESCRIPTION = "\n\nMeasured: "


def description(variant, source, config, images):
    """One sentence: the origins of the variant's images."""
    text = f"{images:,} images of {source.spec}, drawn with seed {config.seed}"
    if variant.geo:
        times = "as many" if variant.geo == 1 else f"{variant.geo} times as many"
        text += f", {'and ' if not variant.gan else ''}{times} made from them by {config.geometric.transforms}"
    if variant.gan:
        kind = " and ".join(verdict.upper() for verdict in variant.verdicts)
        text += f", and generated images of a {variant.gan.upper()} that a classifier found {kind}"
    text += rules.SELECTIONS[variant.rule].words(config.samples)
    if variant.selection == "relabeled":
        text += ", with the label that it gave them"
    if variant.gan and config.samples.drop_copies:
        text += f", without those close to a training image by {config.samples.drop_copies}"
    return f"{text} (tfgan_aug {__version__}, after Kono and Kawamoto)."


def acceptance(class_names, drawn, limit=_CLASSES_NAMED):
    """One line: the share of draws that are TP, overall and a class (the first `limit` of those drawn)."""
    shares = [
        f"{name} {tp / draws:.0%}" for name, (draws, tp, _) in zip(class_names, drawn.counts, strict=True) if draws
    ]
    draws, tp, _ = drawn.counts.sum(axis=0)
    more = f", and {len(shares) - limit} more classes" if len(shares) > limit else ""
    return f"{tp / draws:.1%} of {draws:,} draws accepted ({', '.join(shares[:limit])}{more})"


def draws(class_names, drawn, short):
    """What provenance says of the draws that a variant's images were chosen from; `short`: classes with too few."""
    counts = dict(zip(class_names, drawn.counts.tolist(), strict=True))
    return {"acceptance": acceptance(class_names, drawn), "draws_tp_fp": counts, "short": short}


def provenance(variant, source, config, images, described):
    """The record beside a dataset: `described` (digests and draws) with the config and the versions that made it."""
    return {
        "variant": variant.name,
        "description": description(variant, source, config, images),
        "config": {name: value for name, value in fields.to_dict(config).items() if name != "source_data_dir"},
        "versions": {"tfgan_aug": __version__, "tensorflow": tf.__version__, "keras": keras.__version__},
        **described,
    }


def text(dataset, source, provenance):
    """The text of a dataset's README.md: what it holds, where it comes from, how to read it, what to beware of."""
    leak = (
        "\n**Leaks.** The judge was trained on the source's whole train split, which holds more images than the "
        "subset: accuracies measured with this dataset do not show what the subset alone supports.\n"
        if provenance["leaking"]
        else ""
    )
    drawn = provenance.get("acceptance")
    rates = f"\nAcceptance: {drawn}.\n" if drawn else ""
    label = "the judge's" if dataset.variant.endswith("_relabeled") else "the intended one"
    return f"""# {dataset.name}/{dataset.variant}

{provenance["description"]}
{leak}{rates}
```python
import tensorflow_datasets as tfds
train = tfds.load("{dataset.name}/{dataset.variant}", data_dir=..., split="train", as_supervised=True)
```

A generated image's label is {label}. `origin` is real, geometric or the GAN; `verdict` none, tp or fp;
`predicted` and `confidence` are the judge's (-1 and NaN for images without a verdict). `provenance.json` holds
the config, the digests and the counts, `SHA256SUMS` the checksums.

## Images

{IMAGES_NOT_MEASURED}

## Measured

{NOT_MEASURED}

## Source

{source.spec} (version {source.version}). {source.license or ""}

```
{source.citation or "no citation is known for the source"}
```
"""


def record(dataset, words, lines):
    """Writes what was measured into the dataset's card (`lines` of Markdown) and description (`words`, one sentence).

    Replaces what an earlier table wrote.
    """
    path = dataset.path / "README.md"
    card = path.read_text(encoding="utf-8")
    measured = "## Measured\n\n" + "\n".join(lines) + "\n\n## Source"
    artefacts.write_text(path, re.sub(r"## Measured\n.*?\n## Source", lambda _: measured, card, flags=re.DOTALL))
    path = dataset.path / "dataset_info.json"
    info = artefacts.read_json(path)
    info["description"] = info.get("description", "").partition(_IN_DESCRIPTION)[0] + _IN_DESCRIPTION + words
    artefacts.write_json(path, info)
    verification.write_sums(dataset.path)


def record_images(dataset, lines, pairs):
    """Writes what was measured of the images into the dataset's card, and a picture of the closest pairs beside it.

    `lines` are of Markdown, `pairs` is a PNG file. Replaces what was written before.
    """
    path = dataset.path / "README.md"
    card = path.read_text(encoding="utf-8")
    section = "## Images\n\n" + "\n".join(lines) + "\n\n## Measured"
    if "\n## Images\n" in card:
        card = re.sub(r"## Images\n.*?\n## Measured", lambda _: section, card, flags=re.DOTALL)
    else:  # a card of a version before there were metrics
        card = card.replace("## Measured", section, 1)
    artefacts.write_text(path, card)
    shutil.copyfile(pairs, dataset.path / "closest_pairs.png")
    verification.write_sums(dataset.path)
